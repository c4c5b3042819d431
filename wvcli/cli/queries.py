"""The words a query command is asked about: where they come from, and what becomes of missing ones."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, groupby
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING, cast

import typer

from wvcli.cli import console
from wvcli.cli.cells import Row
from wvcli.errors import ExitCode, InputError, MissingWordError, UsageError, unreadable

if TYPE_CHECKING:
    from wvcli.vectors import Lookup, Vectors

Batch = list[list[str]]  # questions of several words each

STDIN = "-"
_BATCH = 256  # words answered at a time
_READ = 65_536  # bytes taken from stdin at once, at most
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8
_LARGE = 1 << 26  # bytes of a file whose reading is shown
_LONG = 1.0  # seconds to open a file that are worth a remark
_NAMED = 10  # words named on stderr; beyond, they are counted
_RARE = "?"  # stands beside what is not to be trusted


def open_vectors(model: Path | None, is_asked_again: bool = True) -> "Vectors":
    """The model to ask; at a terminal it is said which one was chosen.

    It is said of vectors in another format that took long to open how they can open at once, if they may well be
    opened again.
    """
    from wvcli import models

    path, guessed = models.resolve(model)
    started = perf_counter()
    with _opening(path) as show:
        vectors = models.load(path, show)
    took = perf_counter() - started
    if guessed and console.is_terminal():
        console.note(f"using {path}")
    if is_asked_again and not vectors.manifest and took >= _LONG and not models.is_kept(path):
        console.note(
            f"opening {path} took {took:.1f} s; once imported it opens at once: wvcli import {quote(str(path))}"
        )
    return vectors


def named_once(argument: Path | None, option: Path | None) -> Path | None:
    """The model named as an argument or with `-m`, which WVCLI_MODEL stands in for.

    Raises:
        UsageError: it is named both ways.
    """
    if argument and option and str(option) != os.environ.get("WVCLI_MODEL"):
        raise UsageError(f"the model is named twice: {argument}, and {option} with -m", "name it once")
    return argument or option


@contextmanager
def _opening(path: Path) -> Iterator[Callable[[int, int], None] | None]:
    """Progress while a large file is read; a model is only mapped."""
    from wvcli import store

    if not path.is_file() or path.stat().st_size < _LARGE or store.is_model(path):
        yield None
        return
    with console.progress("words") as show:
        yield lambda done, most: show(f"opening {path.name}", done, most)


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
            for lines in _from_stdin():
                yield [word for _, word in lines]
        else:
            named = list(group)
            yield from (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))


def question_batches(words: list[str] | None, expected: str, fewest: int, most: int | None) -> Iterator[Batch]:
    """The questions of a command that asks about several words together, in batches as `word_batches` has them.

    The arguments are one question. A line of stdin is one: words with tabs between them, or where there is no tab
    with white space.

    Args:
        words: the arguments.
        expected: what a question is, as in `two words`.
        fewest: words of a question, at least.
        most: words of a question, at most; None for any number.

    Raises:
        UsageError: the arguments are not as many words, or there is none and stdin is a terminal.
        InputError: a line of stdin is not as many words; the lines before it are answered first.
    """

    def fits(question: list[str]) -> bool:
        return fewest <= len(question) and (most is None or len(question) <= most)

    if words and words != [STDIN]:
        if not fits(words):
            hint = "quote a word that holds blanks" if len(words) > fewest else ""
            raise UsageError(f"expected {expected}, not {len(words)}", hint)
        return iter([[words]])
    if not words and sys.stdin.isatty():
        raise UsageError(f"expected {expected}", "name them, or pipe lines of them in")
    return _questions_from_stdin(expected, fits)


def _questions_from_stdin(expected: str, fits: Callable[[list[str]], bool]) -> Iterator[Batch]:
    for lines in _from_stdin():
        questions: Batch = []
        for number, line in lines:
            question = [word.strip() for word in line.split("\t")] if "\t" in line else line.split()
            if not fits(question) or not all(question):
                yield questions
                found = len(question)
                raise InputError(f"line {number} of stdin: expected {expected} with tabs between, found {found}")
            questions.append(question)
        yield questions


def words_in(path: Path) -> list[str]:
    """The words in a file, or in stdin where it is `-`, one a line."""
    try:
        content = sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    return [word for _, word in chain.from_iterable(_batches(content.split(b"\n"), 0))]


def pairs_in(path: Path) -> dict[str, str]:
    """The words in a file by the words beside them, one pair a line with a tab between.

    Raises:
        InputError: the file cannot be read, or a line is not two words, or begins like another.
    """
    pairs: dict[str, str] = {}
    for number, line in enumerate(words_in(path), 1):
        first, _, second = line.partition("\t")
        if not first or not second or "\t" in second:
            raise InputError(f"{path}, line {number}: expected a word, a tab and another word, found {line!r}")
        if pairs.setdefault(first, second) != second:
            raise InputError(f"{path}, line {number}: {first!r} stands there twice")
    return pairs


def _from_stdin() -> Iterator[list[tuple[int, str]]]:
    """Numbered lines of stdin as they arrive, so that each pause of the writer is answered at once."""
    rest, count = b"", 0
    stream = cast(BufferedReader, sys.stdin.buffer)  # its read1 gives what is there without waiting for more
    while chunk := stream.read1(_READ):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from _batches(lines, count)
        count += len(lines)
    yield from _batches([rest], count)


def _batches(lines: list[bytes], before: int) -> Iterator[list[tuple[int, str]]]:
    """The lines that are not blank, by the number of each, in batches."""
    if lines and not before:
        lines[0] = lines[0].removeprefix(_MARK)
    numbered = [
        (number, text)
        for number, line in enumerate(lines, before + 1)
        if (text := line.decode("utf-8", "surrogateescape").strip())
    ]
    for start in range(0, len(numbered), _BATCH):
        yield numbered[start : start + _BATCH]


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
    _unanswered: int = 0
    _rare: int = 0
    _neighbors: int = 0
    _rare_neighbors: int = 0

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

    def find_all(self, words: list[str]) -> "list[Lookup] | None":
        """What is known of the words of one question, or None when one is missing; every missing one is told."""
        found = [known for word in words if (known := self.find(word)) is not None]
        return found if len(found) == len(words) else None

    def tell_nothing(self, words: list[str]) -> None:
        """Tell that a question with all its words has no answer; beyond some, this is counted."""
        self._unanswered += 1
        if self._unanswered <= _NAMED:
            console.note(f"there is no answer for {' '.join(map(repr, words))}")

    def tell_rare(self, words: "list[Lookup]") -> None:
        """Tell which words of a question are too rare to trust its answer; beyond some, they are counted."""
        for word in words:
            if word.index is not None and self.vectors.is_rare(word.index):
                self._rare += 1
                if self._rare <= _NAMED:
                    times = self.vectors.count(word.index)
                    often = "once" if times == 1 else f"{times} times"
                    console.note(f"{word.word!r} occurs {often}; its neighbours are not to be trusted")

    def mark(self, index: int) -> str | None:
        """What stands beside a neighbour: a mark if it is too rare to be trusted as one."""
        self._neighbors += 1
        if not self.vectors.is_rare(index):
            return None
        self._rare_neighbors += 1
        return _RARE

    def _sum_up_rare(self) -> None:
        from wvcli.vectors import TRUSTED_COUNT

        if self._rare > _NAMED:
            console.note(f"{self._rare:,} words in all occur fewer than {TRUSTED_COUNT} times")
        if self._rare_neighbors:
            frequent = self.vectors.frequent
            console.note(
                f"{self._rare_neighbors:,} of {self._neighbors:,} neighbours ({_RARE}) occur fewer than "
                f"{TRUSTED_COUNT} times and are not to be trusted"
                + (f"; --restrict-top {frequent} leaves such words out" if frequent else "")
            )

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
        if self._unanswered > _NAMED:
            console.note(f"{self._unanswered:,} questions in all have no answer")
        self._sum_up_rare()
        if self._missing > _NAMED:
            console.note(f"{self._missing:,} words in all are not in the vocabulary")
        if self._missing:
            raise typer.Exit(ExitCode.MISSING_WORD)


def single_rows(
    batch: Batch,
    finder: Finder,
    answer: "Callable[[list[str], list[Lookup]], Row]",
    nothing: Callable[[list[str]], Row],
) -> list[Row]:
    """The rows of questions that have one answer each, in order.

    Args:
        batch: the words of each question.
        finder: looks them up.
        answer: the row for the words of a question and what is known of them.
        nothing: with `--missing null`, the row for a question with a missing word.
    """
    rows = []
    for words in batch:
        found = finder.find_all(words)
        if found is not None:
            rows.append(answer(words, found))
        elif finder.policy == "null":
            rows.append(nothing(words))
    return rows
