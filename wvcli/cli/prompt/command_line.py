"""Lines of the shell: how one is split into words, and what may stand next in one."""

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

# An apostrophe between two letters belongs to its word, unless it stands between double quotes.
_DOUBLE_QUOTED_OR_APOSTROPHE = re.compile(r""" ("(?:[^"\\]|\\.)*") | (?<=\w)'(?=\w) """, re.VERBOSE)
_SAFE = re.compile(r"""(?: [^\s"'\\] | (?<=\w)'(?=\w) )+""", re.VERBOSE)


@dataclass(frozen=True)
class Completion:
    """What may stand in a line from column `start` on.

    Attributes:
        text: as it is written there, with a blank after it when it is whole.
        name: as it is shown.
        about: what it is, in a few words, or an empty string.
        start: the column.
    """

    text: str
    name: str
    about: str
    start: int


@dataclass(frozen=True)
class Unfinished:
    """A line as far as it is typed.

    Attributes:
        words: the whole words.
        last: what there is of the word that is being typed, perhaps nothing.
        start: where that word begins in the line.
    """

    words: list[str]
    last: str
    start: int


def split(line: str) -> list[str]:
    """The words of a line, as a POSIX shell splits it but for apostrophes within words; none for a comment.

    A line whose quotes do not pair is split at its white space and its quotes are letters.
    """
    line = line.strip()
    if line.startswith("#"):
        return []
    words = _quoted_words(line)
    return list(map(_at_home, line.split() if words is None else words))


def _quoted_words(line: str) -> list[str] | None:
    """The words of a line, or None when its quotes do not pair."""
    lexer = shlex.shlex(_DOUBLE_QUOTED_OR_APOSTROPHE.sub(lambda found: found[1] or '"\'"', line), posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":  # where `\` stands between folders
        lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        return None


def _at_home(word: str) -> str:
    return os.path.expanduser(word) if word.startswith("~/") else word


def unfinished(line: str) -> Unfinished:
    """A line that is being typed: the last word begins where the quotes before it pair."""
    for blank in reversed([*re.finditer(r"\s+", line)]):
        before = _quoted_words(line[: blank.start()])
        if before is not None:
            last = line[blank.end() :]
            return Unfinished(list(map(_at_home, before)), _bare(last), blank.end())
    return Unfinished([], _bare(line), 0)


def _bare(word: str) -> str:
    """An unfinished word without the quote it begins with."""
    return word[1:] if word[:1] in ("'", '"') and len(word) > 1 else word


def quoted(word: str) -> str:
    """`word` as it is written in a line."""
    if _SAFE.fullmatch(word):
        return word
    return shlex.quote(word) if {'"', "\\"}.intersection(word) else f'"{word}"'


def completions(group: Any, line: str) -> list[Completion]:
    """What may stand at the end of a line that is being typed: what Tab offers outside, and files.

    Args:
        group: the commands, as Typer makes them.
        line: what stands before the cursor.
    """
    typed = unfinished(line)
    before, last, option = typed.words, typed.last, ""
    if before[:1] == ["wvcli"]:
        before = before[1:]
    with stderr.restoring_quiet():
        offered = completion.possible(group, before.copy(), last)
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


def _files(begun: str) -> list[Item]:
    """Files and folders whose path begins so; hidden ones when their dot is typed."""
    folder, name = os.path.split(begun)
    found: list[str] = []
    with suppress(OSError), os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
        found = [
            os.path.join(folder, entry.name) + (os.sep if entry.is_dir() else "")
            for entry in entries
            if entry.name.startswith(name) and (name.startswith(".") or not entry.name.startswith("."))
        ]
    return [(path, "") for path in sorted(found)[:_MOST] if stderr.visible(path) == path]
