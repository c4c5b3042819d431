"""Read the words and questions of a query command from its arguments, from stdin or from a file."""

import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from itertools import chain, groupby
from pathlib import Path
from typing import cast

from wvcli.errors import InputError, UsageError, unreadable
from wvcli.system import mapped_files

Batch = list[list[str]]  # questions of several words each

STDIN = "-"
_BATCH = 256  # words answered at a time
_READ = 65_536  # bytes taken from stdin at once, at most
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8


def is_alone(words: list[str] | None) -> bool:
    """Return whether a command was asked about one word only, so that its absence is the whole answer."""
    return words is not None and len(words) == 1 and words != [STDIN]


def word_batches(words: list[str] | None) -> Iterator[list[str]]:
    """Return the words of a command in batches: its arguments, or lines of stdin as they arrive.

    Raises:
        UsageError: there is no word, and stdin is a terminal.
    """
    if not words and sys.stdin.isatty():
        raise UsageError("no word was given", "name one, or pipe in one word per line")
    for is_stdin, group in groupby(words or [STDIN], lambda word: word == STDIN):
        if is_stdin:
            for lines in _from_stdin():
                yield [word for _, word in lines]
        else:
            named = list(group)
            yield from (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))


def question_batches(words: list[str] | None, expected: str, fewest: int, most: int | None) -> Iterator[Batch]:
    """Return the questions of a command that asks about several words together, in batches like `word_batches`.

    The arguments are one question. So is each line of stdin: words separated by tabs, or by white space if it has
    no tab. The arguments are checked at once, lines of stdin as they are read.

    Args:
        words: the arguments.
        expected: what a question is, such as `two words`.
        fewest: least number of words in a question.
        most: most words in a question; None for any number.

    Raises:
        UsageError: the arguments are too few or too many, or there is none and stdin is a terminal.
        InputError: a line of stdin has too few or too many words; the lines before it are answered first.
    """

    def fits(question: list[str]) -> bool:
        return fewest <= len(question) and (most is None or len(question) <= most)

    if words and words != [STDIN]:
        if not fits(words):
            hint = "quote a word that contains spaces" if len(words) > fewest else ""
            raise UsageError(f"expected {expected}, got {len(words)}", hint)
        return iter([[words]])
    if not words and sys.stdin.isatty():
        raise UsageError(f"expected {expected}", "name them, or pipe in lines of them")
    return _questions_from_stdin(expected, fits)


def _questions_from_stdin(expected: str, fits: Callable[[list[str]], bool]) -> Iterator[Batch]:
    for lines in _from_stdin():
        questions: Batch = []
        for number, line in lines:
            question = [word.strip() for word in line.split("\t")] if "\t" in line else line.split()
            if not fits(question) or not all(question):
                yield questions
                found = len(question)
                raise InputError(f"line {number} of stdin: expected {expected} separated by tabs, found {found}")
            questions.append(question)
        yield questions


def words_in(path: Path) -> list[str]:
    """Return the words in a file, one per line; `-` is stdin.

    Raises:
        InputError: the file cannot be read.
    """
    return [word for _, word in _lines_in(path)]


def pairs_in(path: Path) -> dict[str, str]:
    """Return the pairs of words in a file, one per line and separated by a tab, as a dictionary; `-` is stdin.

    Raises:
        InputError: the file cannot be read, a line is not two words, or two lines disagree about a word.
    """
    pairs: dict[str, str] = {}
    for number, line in _lines_in(path):
        first, _, second = line.partition("\t")
        if not first or not second or "\t" in second:
            raise InputError(f"{path}, line {number}: expected a word, a tab and another word, found {line!r}")
        if pairs.setdefault(first, second) != second:
            raise InputError(f"{path}, line {number}: {first!r} already has another name")
    return pairs


def _lines_in(path: Path) -> Iterator[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers."""
    try:
        content = sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    return chain.from_iterable(_batches(content.split(b"\n"), 0))


def _from_stdin() -> Iterator[list[tuple[int, str]]]:
    """Yield numbered lines of stdin as they arrive, so that each pause of the writer is answered at once."""
    rest, count = b"", 0
    stream = cast(BufferedReader, sys.stdin.buffer)  # its read1 returns what is there without waiting for more
    while chunk := stream.read1(_READ):
        mapped_files.check_unchanged()
        *lines, rest = (rest + chunk).split(b"\n")
        yield from _batches(lines, count)
        count += len(lines)
    yield from _batches([rest], count)


def _batches(lines: list[bytes], before: int) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines that are not blank, with the number of each, in batches."""
    if lines and not before:
        lines[0] = lines[0].removeprefix(_MARK)
    numbered = [
        (number, text)
        for number, line in enumerate(lines, before + 1)
        if (text := line.decode("utf-8", "surrogateescape").strip())
    ]
    for start in range(0, len(numbered), _BATCH):
        yield numbered[start : start + _BATCH]
