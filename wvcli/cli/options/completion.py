"""Complete the command line at Tab: commands, options, names, and words of the model.

The scripts for the shells are Typer's (`--show-completion`), and so are the rules for what may follow what. But
Typer's own answers to the shells lose apostrophes, break words at spaces and complete nothing after a colon; so
bash, zsh and fish are answered here.
"""

import os
import re
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from wvcli.vectors.vocabulary import Vocabulary

_VARIABLE = "_WVCLI_COMPLETE"  # set by the scripts, like the other variables below
_MOST = 50  # words offered: about what a person looks over
_BREAKS = ":=@"  # characters of words at which bash breaks them (COMP_WORDBREAKS)
_BREAK = f"[{_BREAKS}]+"
_OPTION = "--?[a-z-]+="
_SPECIAL = r"(?![\w%+,./:=@-])[\x00-\x7f]"  # these may have a meaning in a shell
_SPECIAL_QUOTED = r'[\\"$`]'  # these even between double quotes

Item = tuple[str, str]  # a completion, and a line about it or an empty string


def words(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the most frequent words of the model that begin like the one typed.

    There are none if no model is found, or only vectors in another format, which do not open at once unless the
    shell keeps them open.
    """
    with suppress(Exception):  # the command reports what is wrong, not the completion
        vocabulary = _vocabulary(ctx.params.get("model"))
        offered: list[str] = []
        for index in vocabulary.starting_with(incomplete).tolist():
            word = vocabulary[index]
            if word.isprintable() and not word.startswith("-"):
                offered.append(word)
            if len(offered) == _MOST:
                break
        return offered
    return []


def _vocabulary(model: str | os.PathLike[str] | None) -> "Vocabulary":
    from wvcli.models import model_file, opening

    given = os.path.expandvars(os.path.expanduser(model)) if model else None  # the shell has not expanded it yet
    path, _ = opening.resolve(given)
    return (opening.load(path) if opening.is_kept(path) else model_file.open_model(path).vectors()).vocabulary


def formats_written(incomplete: str) -> list[Item]:
    """Return the formats that can be written."""
    from wvcli.formats import registry

    return [(member.name, " ".join(member.suffixes)) for member in registry if member.write is not None]


def formats_read(incomplete: str) -> list[Item]:
    """Return the formats that can be read."""
    from wvcli.formats import registry

    return [(member.name, member.kept_text) for member in registry if member.read is not None]


def tokenizers(incomplete: str) -> list[Item]:
    """Return the tokenizers; the one that takes a pattern ends in a colon."""
    from wvcli.text.tokenizers import registry

    return [(f"{member.name}:" if member.name == "regex" else member.name, member.about) for member in registry]


def is_asked_for() -> bool:
    """Return whether a shell asks for completions, and is one of those that `answer` answers."""
    return os.environ.get(_VARIABLE, "").removeprefix("complete_") in _SHELLS


def answer(program: typer.Typer) -> tuple[str, int]:
    """Return what to print for the shell that asks, and the exit code."""
    shell = os.environ[_VARIABLE].removeprefix("complete_")
    return _SHELLS[shell](program)


def completions(group: Any, before: list[str], incomplete: str) -> list[Item]:
    """Return the completions of a word; none where a file may follow, or on any failure.

    Args:
        group: the commands, as Typer makes them.
        before: the words before it, without the program's name.
        incomplete: the beginning of the word.
    """
    from typer._completion_classes import BashComplete

    with suppress(Exception):
        rules = BashComplete(group, {}, "wvcli", _VARIABLE)
        found: Sequence[Any] = rules.get_completions(before, incomplete)
        return [(item.value, " ".join((item.help or "").split())) for item in found]
    return []


def _offers(program: typer.Typer, before: list[str], incomplete: str) -> list[Item]:
    return completions(typer.main.get_command(program), before, incomplete)


def _split(line: str) -> tuple[list[str], str]:
    """Return the complete words of a command line after the program's name, and the incomplete one at its end."""
    lexer = shlex.shlex(line + "\0", posix=True)  # the mark keeps an empty last word, and spaces that belong to it
    lexer.whitespace_split, lexer.commenters = True, ""
    found: list[str] = []
    try:
        for word in lexer:
            found.append(word)
    except ValueError:  # a quote is not closed yet
        found.append(lexer.token)
    *complete, last = (word.replace("\0", "") for word in found)
    return complete[1:], last


def _bash(program: typer.Typer) -> tuple[str, int]:
    given = os.environ.get("COMP_WORDS", "")
    pieces = given.split("\n" if "\n" in given else " ")[: int(os.environ.get("COMP_CWORD", "0")) + 1]
    typed = _joined_at_breaks(pieces)
    before, incomplete = _split(" ".join(typed))
    stays = incomplete.removesuffix(_split(f"wvcli {_replaced(pieces)}")[1])
    quote = typed[-1][0] if typed[-1].startswith(("'", '"')) else ""
    offers = _offers(program, before, incomplete)
    return "\n".join(_for_bash(value.removeprefix(stays), quote) for value, _ in offers), 0


def _replaced(pieces: list[str]) -> str:
    """Return the part of the last word that bash replaces: what follows a break, and the break if it is an @."""
    *before, last = pieces
    if re.fullmatch(_BREAK, last):
        return "@" if last.endswith("@") else ""
    behind_at = before and re.fullmatch(_BREAK, before[-1]) and before[-1].endswith("@")
    return f"@{last}" if behind_at else last


def _joined_at_breaks(pieces: list[str]) -> list[str]:
    """Return words as typed: bash passes `a:b` as three, and does not say whether spaces were between them."""
    joined = pieces[:1]
    for before, piece in pairwise(pieces):
        if len(joined) > 1 and (re.fullmatch(_BREAK, piece) or re.fullmatch(_BREAK, before)):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _for_bash(value: str, quote: str) -> str:
    """Return a word as it is typed, after an opening quote or else with special characters escaped."""
    if quote == "'":
        return value.replace("'", "'\\''")
    return re.sub(_SPECIAL_QUOTED if quote else _SPECIAL, r"\\\g<0>", value)


def _zsh(program: typer.Typer) -> tuple[str, int]:
    before, incomplete = _split(os.environ.get("_TYPER_COMPLETE_ARGS", ""))
    offers = _offers(program, before, incomplete)
    if not offers:
        return "_files", 0
    described = (f"{_escaped(value)}:{about}" if about else _escaped(value) for value, about in offers)
    array = " ".join(map(shlex.quote, described))
    behind_sign = "compset -P '*='; " if re.match(_OPTION, incomplete) else ""
    return f"{behind_sign}local -a offers; offers=({array}); _describe -V wvcli offers", 0


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(":", "\\:")  # a colon begins the description


def _fish(program: typer.Typer) -> tuple[str, int]:
    before, incomplete = _split(os.environ.get("_TYPER_COMPLETE_ARGS", ""))
    option = re.match(_OPTION, incomplete)
    first = option[0] if option else ""  # fish replaces all that was typed
    offers = [(first + value, about) for value, about in _offers(program, before, incomplete)]
    if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return "", 0 if offers else 1
    return "\n".join(f"{value}\t{about}" if about else value for value, about in offers), 0


_SHELLS: dict[str, Callable[[typer.Typer], tuple[str, int]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
