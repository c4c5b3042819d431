"""Split the lines of the shell into words, and complete them."""

import os
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wvcli.cli.options import completion
from wvcli.cli.options.completion import Item
from wvcli.cli.streams import stderr

_MOST = 50  # files offered
_SPACES = " \t\r\n"  # which end a word as in a shell; other white space of Unicode is part of it

# An apostrophe between two letters belongs to its word, unless it stands between double quotes.
_DOUBLE_QUOTED_OR_APOSTROPHE = re.compile(r""" ("(?:[^"\\]|\\.)*") | (?<=\w)'(?=\w) """, re.VERBOSE)
_SAFE = re.compile(r"""(?: [^\s"'\\] | (?<=\w)'(?=\w) )+""", re.VERBOSE)


@dataclass(frozen=True)
class Completion:
    """A possible completion of a line, from column `start` on.

    Attributes:
        text: what is written into the line, followed by a space if the word is complete.
        name: what is shown in the menu.
        about: a short description, or an empty string.
        start: the column, from 0.
    """

    text: str
    name: str
    about: str
    start: int


@dataclass(frozen=True)
class Unfinished:
    """A line that is being typed.

    Attributes:
        words: the complete words.
        last: the beginning of the last word, possibly empty.
        start: the column where that word begins, from 0.
    """

    words: list[str]
    last: str
    start: int


def split(line: str) -> list[str]:
    """Return the words of a line, split as in a POSIX shell but for apostrophes in words; none for a comment.

    A line with an unclosed quote is split at spaces, and its quotes are ordinary characters.
    """
    line = line.strip(_SPACES)
    if line.startswith("#"):
        return []
    words = _quoted_words(line)
    return list(map(_expanded, re.findall(rf"[^{_SPACES}]+", line) if words is None else words))


def _quoted_words(line: str) -> list[str] | None:
    """Return the words of a line, or None if a quote is not closed."""
    lexer = shlex.shlex(_DOUBLE_QUOTED_OR_APOSTROPHE.sub(lambda found: found[1] or '"\'"', line), posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":  # where `\` separates folders
        lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        return None


def _expanded(word: str) -> str:
    return os.path.expanduser(word) if word.startswith("~/") else word


def unfinished(line: str) -> Unfinished:
    """Split a line that is being typed: the last word begins after the last space outside quotes."""
    for space in reversed([*re.finditer(rf"[{_SPACES}]+", line)]):
        before = _quoted_words(line[: space.start()])
        if before is not None:
            last = line[space.end() :]
            return Unfinished(list(map(_expanded, before)), _bare(last), space.end())
    return Unfinished([], _bare(line), 0)


def _bare(word: str) -> str:
    """Return an unfinished word without its opening quote."""
    return word[1:] if word[:1] in ("'", '"') and len(word) > 1 else word


def quoted(word: str) -> str:
    """Return `word` with the quotes that it needs in a line."""
    if _SAFE.fullmatch(word):
        return word
    return shlex.quote(word) if {'"', "\\"}.intersection(word) else f'"{word}"'


def completions(group: Any, line: str) -> list[Completion]:
    """Return the completions of a line that is being typed: those that Tab offers outside, or files.

    Args:
        group: the commands, as Typer makes them.
        line: the text before the cursor.
    """
    typed = unfinished(line)
    before, last, option = typed.words, typed.last, ""
    if before[:1] == ["wvcli"]:
        before = before[1:]
    with stderr.restoring_quiet():
        offered = completion.completions(group, before.copy(), last)
    if last == "-":
        offered = [item for item in offered if item[0].startswith("--")]
    if before and re.match("--[a-z-]+=", last):
        option, sign, last = last.partition("=")
        option += sign
    if before and not offered and not last.startswith("-"):
        offered = _files(last)
    return [
        Completion(option + quoted(value) + ("" if value.endswith(os.sep) else " "), value, about, typed.start)
        for value, about in offered
    ]


def _files(beginning: str) -> list[Item]:
    """Return the files and folders whose path begins so; hidden ones only if their dot is typed."""
    folder, name = os.path.split(beginning)
    found: list[str] = []
    with suppress(OSError), os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
        found = [
            os.path.join(folder, entry.name) + (os.sep if entry.is_dir() else "")
            for entry in entries
            if entry.name.startswith(name) and (name.startswith(".") or not entry.name.startswith("."))
        ]
    return [(path, "") for path in sorted(found)[:_MOST] if stderr.visible(path) == path]
