"""The words a query command is asked about: where they come from, and what becomes of missing ones."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from wvcli.cli import console
from wvcli.errors import ExitCode, MissingWordError, UsageError

if TYPE_CHECKING:
    from wvcli.vectors import Lookup, Vectors

STDIN = "-"
_BATCH = 256  # words answered at a time
_READ = 65_536  # bytes taken from stdin at once, at most
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8
_NAMED = 10  # words named on stderr; beyond, they are counted


def open_vectors(model: Path | None) -> "Vectors":
    """The model to ask; at a terminal it is said which one was chosen."""
    from wvcli import models

    path, guessed = models.resolve(model)
    vectors = models.load(path)
    if guessed and console.is_terminal():
        console.note(f"using {path}")
    return vectors


def is_alone(words: list[str] | None) -> bool:
    """Whether a command was asked about one word only, so that its absence is the whole answer."""
    return words is not None and len(words) == 1 and words != [STDIN]


def word_batches(words: list[str] | None) -> Iterator[list[str]]:
    """The words of a command in batches: its arguments, or what stdin holds so far, again and again.

    Raises:
        UsageError: there is no word, and stdin is a terminal.
    """
    if not words and sys.stdin.isatty():
        raise UsageError("no word was given", "name one, or pipe words in, one a line")
    for is_stdin, group in groupby(words or [STDIN], lambda word: word == STDIN):
        if is_stdin:
            yield from _from_stdin()
        else:
            named = list(group)
            yield from (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))


def _from_stdin() -> Iterator[list[str]]:
    """Words in lines of stdin as they arrive, so that each pause of the writer is answered at once."""
    rest, first = b"", True
    stream = cast(BufferedReader, sys.stdin.buffer)  # its read1 gives what is there without waiting for more
    while chunk := stream.read1(_READ):
        *lines, rest = (rest + chunk).split(b"\n")
        if first and lines:
            lines[0] = lines[0].removeprefix(_MARK)
            first = False
        yield from _batches(lines)
    yield from _batches([rest.removeprefix(_MARK) if first else rest])


def _batches(lines: list[bytes]) -> Iterator[list[str]]:
    words = [word for line in lines if (word := line.decode("utf-8", "surrogateescape").strip())]
    for start in range(0, len(words), _BATCH):
        yield words[start : start + _BATCH]


@dataclass
class Finder:
    """Looks words up under a policy for missing ones, and keeps account of them.

    Attributes:
        vectors: where to look.
        policy: `error`, `skip`, `null`, `subword` or `random`; None is `subword` for a model that has them
            and else `error`.
        alone: whether the command was asked about a single word, so that its absence is the answer.
    """

    vectors: "Vectors"
    policy: str | None
    alone: bool
    _missing: int = 0
    _from_subwords: int = 0

    def __post_init__(self) -> None:
        if self.policy == "subword" and self.vectors.subwords is None:
            raise UsageError("this model has no subwords", "--missing subword needs a FastText model")
        if self.policy is None:
            self.policy = "subword" if self.vectors.subwords else "error"

    def find(self, word: str) -> "Lookup | None":
        """What is known of a word, or None when nothing is; tells the user according to the policy.

        Raises:
            MissingWordError: the only word asked about is missing, and the policy is `error`.
        """
        found = self.vectors.find(word)
        if found is not None and found.index is None:
            if self.policy == "subword":
                self._from_subwords += 1
                if self._from_subwords <= _NAMED:
                    console.note(f"{word!r} is not in the vocabulary (oov); answered from its subwords")
                return found
            found = None
        if found is None and self.policy in ("error", "subword"):
            self._tell_missing(word)
        return found

    def _tell_missing(self, word: str) -> None:
        self._missing += 1
        if self._missing > _NAMED:
            return
        near = self.vectors.suggestions(word)
        hint = f"did you mean {', '.join(near)}?" if near else ""
        problem = MissingWordError(f"{word!r} is not in the vocabulary", hint)
        if self.alone:
            raise problem
        console.error(problem)

    def finish(self) -> None:
        """Sum up what was not named, and end with the exit code for missing words if there were any."""
        if self._from_subwords > _NAMED:
            console.note(f"{self._from_subwords:,} words in all were answered from their subwords")
        if self._missing > _NAMED:
            console.note(f"{self._missing:,} words in all are not in the vocabulary")
        if self._missing:
            raise typer.Exit(ExitCode.MISSING_WORD)
