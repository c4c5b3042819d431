"""Read the words and questions of a query command from its arguments, from stdin or from a file.

Only a line feed ends a line, with the carriage return before it, and only spaces and tabs stand between and around
words: every other character belongs to its word, U+00A0 and U+3000 too. A word that the vocabulary has with spaces
around it keeps them. `\\t`, `\\n` and `\\r` are a tab, a line feed and a carriage return, as TSV writes them, in a
word that the vocabulary has with these and not with the backslash.
"""

import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, groupby
from pathlib import Path
from shlex import quote
from typing import IO, TextIO, cast

from wvcli.errors import InputError, UsageError, unreadable
from wvcli.system import mapped_files

Batch = list[list[str]]  # questions of several words each

STDIN = "-"
_BATCH = 256  # words answered at a time
_READ = 65_536  # bytes taken from stdin at once, at most
_LONGEST = 1 << 20  # bytes of a line
_BLANKS = " \t"
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r"}  # as TSV writes what would end a cell or a line
_ESCAPED = re.compile(r"\\[tnr]")
_FEED = b"\n"
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8


def is_alone(words: list[str] | None) -> bool:
    """Return whether a command was asked about one word only, so that its absence is the whole answer."""
    return words is not None and len(words) == 1 and words != [STDIN]


def word_batches(
    words: list[str] | None, vocabulary: Collection[str], file: Path | None = None
) -> Iterator[list[str]]:
    """Return the words of a command in batches: its arguments, lines of stdin as they arrive, or lines of a file.

    Args:
        words: the arguments.
        vocabulary: the words of the model; they tell which spaces around a word are a part of it.
        file: where to read the words instead; `-` is stdin.

    Raises:
        UsageError: there is no word, and stdin is a terminal; or there are words, and a file as well.
        InputError: the file cannot be read, or a line is too long for a word.
    """
    check_asked_once(words, file)
    if file is not None:
        for lines in line_batches(file):
            yield [_word(line, vocabulary) for _, line in lines]
        return
    if not words and _standard_input().isatty():
        raise UsageError("no word was given", "name one, or pipe in one word per line")
    for is_stdin, group in groupby(words or [STDIN], lambda word: word == STDIN):
        if is_stdin:
            for lines in line_batches(Path(STDIN)):
                yield [_word(line, vocabulary) for _, line in lines]
        else:
            named = [_argument(word) for word in group]
            yield from (named[start : start + _BATCH] for start in range(0, len(named), _BATCH))


def text_batches(texts: list[str] | None) -> Iterator[list[str]]:
    """Return the texts of a command in batches: its arguments, or lines of stdin as they arrive, blank ones too.

    Raises:
        UsageError: there is no text, and stdin is a terminal.
        InputError: a line is too long.
    """
    if not texts and sys.stdin.isatty():
        raise UsageError("no text was given", "name one, or pipe in one text per line")
    for is_stdin, group in groupby(texts or [STDIN], lambda text: text == STDIN):
        if is_stdin:
            for _, block in line_blocks(sys.stdin.buffer, "stdin"):
                yield block.decode("utf-8", "surrogateescape").split("\n")[:-1]
        else:
            yield [_argument(text) for text in group]


def line_blocks(stream: IO[bytes], source: str) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines as they can be read, with a line feed after each, and the number of the first, from 1.

    Raises:
        InputError: the stream cannot be read, or a line is too long.
    """
    rest, number = b"", 1
    reader = cast(BufferedReader, stream)
    try:
        while chunk := reader.read1(_READ):
            mapped_files.check_unchanged()
            lines, feed, rest = (rest + chunk).rpartition(b"\n")
            if len(rest) > _LONGEST:
                where = f"line {number + lines.count(_FEED) + len(feed)} of {source}"
                raise InputError(f"{where} is longer than {_LONGEST >> 20} MiB")
            if feed:
                yield number, _plain_lines(lines + feed, number)
                number += lines.count(_FEED) + 1
    except OSError as error:
        raise unreadable(source, error) from error
    if rest:
        yield number, _plain_lines(rest + _FEED, number)


def _plain_lines(block: bytes, number: int) -> bytes:
    """Return lines without carriage returns at their ends, and the first one without a byte order mark."""
    return (block.removeprefix(_MARK) if number == 1 else block).replace(b"\r\n", _FEED)


@dataclass(frozen=True)
class Questions:
    """The questions of a command that asks about several words together.

    The arguments are one question. So is each line of stdin or of a file: words separated by tabs, or by spaces if
    it has no tab. The arguments are checked at once, lines as they are read.

    Attributes:
        words: the arguments.
        expected: what a question is, such as `two words`.
        fewest: least number of words in a question.
        most: most words in a question; None for any number.
        file: where to read the questions, instead of arguments; `-` is stdin.

    Raises:
        UsageError: the arguments are too few or too many, there is none and stdin is a terminal, or there is a
            file as well.
    """

    words: list[str] | None
    expected: str
    fewest: int
    most: int | None
    file: Path | None = None

    def __post_init__(self) -> None:
        check_asked_once(self.words, self.file)
        if self.file is not None:
            return
        if self.words and self.words != [STDIN]:
            if not self._fits(self.words):
                hint = "quote a word that contains spaces" if len(self.words) > self.fewest else ""
                if len(self.words) == 1 and is_file(self.words[0]):
                    hint = f"to read the questions in {self.words[0]}: --file {quote(self.words[0])}"
                raise UsageError(f"expected {self.expected}, got {len(self.words)}", hint)
        elif not self.words and _standard_input().isatty():
            raise UsageError(f"expected {self.expected}", "name them, or pipe in lines of them")

    def _fits(self, question: list[str]) -> bool:
        return self.fewest <= len(question) and (self.most is None or len(question) <= self.most)

    def batches(self, vocabulary: Collection[str]) -> Iterator[Batch]:
        """Return the questions in batches like `word_batches`.

        Raises:
            InputError: a line has too few or too many words; the lines before it are answered first.
        """
        if self.words and self.words != [STDIN]:
            return iter([[[_argument(word) for word in self.words]]])
        return self._from_lines(self.file or Path(STDIN), vocabulary)

    def _from_lines(self, path: Path, vocabulary: Collection[str]) -> Iterator[Batch]:
        for lines in line_batches(path):
            questions: Batch = []
            for number, line in lines:
                question = _words(line, vocabulary)
                if not self._fits(question) or not all(question):
                    yield questions
                    found = f"found {len(question)}"
                    raise InputError(
                        f"line {number} of {shown_name(path)}: expected {self.expected} separated by tabs, {found}"
                    )
                questions.append(question)
            yield questions


def check_asked_once(words: list[str] | None, file: Path | None) -> None:
    """Refuse words beside a file of them.

    Raises:
        UsageError: there are both.
    """
    if words and file is not None:
        raise UsageError("the questions are given twice: as arguments, and with --file", "leave out one of them")


def is_file(word: str) -> bool:
    """Return whether a word is the name of a file, so that what is in it may have been meant."""
    try:
        return Path(word).is_file()
    except (OSError, ValueError):  # too long a name, or one with a NUL
        return False


def _argument(word: str) -> str:
    """Return a word of the command line as UTF-8 has it, whatever the locale says of its bytes."""
    return os.fsencode(word).decode("utf-8", "surrogateescape")


def _words(line: str, vocabulary: Collection[str]) -> list[str]:
    """Split a line at its tabs, or at spaces where it has none."""
    if "\t" in line:
        return [_word(cell, vocabulary) for cell in line.split("\t")]
    return [_word(word, vocabulary) for word in line.split(" ") if word]


def _word(text: str, vocabulary: Collection[str]) -> str:
    """Leave off the spaces and tabs around a word, unless the vocabulary has it with them.

    A word that the vocabulary does not have as it stands is the one that TSV writes so, if it has that one.
    """
    word = text.strip(_BLANKS)
    if word != text and text in vocabulary:
        return text
    if "\\" in word and word not in vocabulary:
        meant = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], word)
        return meant if meant in vocabulary else word
    return word


def words_in(path: Path, vocabulary: Collection[str]) -> list[str]:
    """Return the words in a file, one per line; `-` is stdin.

    Raises:
        InputError: the file cannot be read, or a line is too long for a word.
    """
    return [_word(line, vocabulary) for _, line in _lines_in(path)]


def pairs_in(path: Path, vocabulary: Collection[str]) -> dict[str, str]:
    """Return the pairs of words in a file, one per line and separated by a tab, as a dictionary; `-` is stdin.

    Raises:
        InputError: the file cannot be read, a line is not two words, or two lines disagree about a word.
    """
    pairs: dict[str, str] = {}
    for number, line in _lines_in(path):
        old, _, new = line.partition("\t")
        first, second = _word(old, vocabulary), new.strip(_BLANKS)
        if not first or not second or "\t" in second:
            raise InputError(f"{path}, line {number}: expected a word, a tab and another word, found {line!r}")
        if pairs.setdefault(first, second) != second:
            raise InputError(f"{path}, line {number}: {first!r} already has another name")
    return pairs


def _standard_input() -> TextIO:
    """Return stdin.

    Raises:
        UsageError: the model was read from it.
    """
    if sys.stdin.closed:
        raise UsageError("standard input is the model", "give words as arguments or in a file")
    return sys.stdin


def shown_name(path: Path) -> str:
    """Return the name of a file as messages show it."""
    return "stdin" if str(path) == STDIN else str(path)


def _lines_in(path: Path) -> Iterator[tuple[int, str]]:
    """Return the lines that are not blank, with their numbers."""
    try:
        yield from chain.from_iterable(line_batches(path))
    except OSError as error:  # of stdin
        raise unreadable(path, error) from error


def line_batches(path: Path) -> Iterator[list[tuple[int, str]]]:
    """Yield numbered lines as they arrive, so that each pause of a writer to stdin is answered at once.

    Raises:
        InputError: the file cannot be read.
    """
    if str(path) == STDIN:
        yield from _numbered(_standard_input().buffer, "stdin")
        return
    try:
        with path.open("rb") as file:
            yield from _numbered(file, str(path))
    except OSError as error:
        raise unreadable(path, error) from error


def _numbered(stream: IO[bytes], source: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines that are not blank, with the number of each, in batches as they can be read.

    Raises:
        InputError: a line is too long for a word.
    """
    rest, count = b"", 0
    reader = cast(BufferedReader, stream)  # its read1 returns what is there without waiting for more
    while chunk := reader.read1(_READ):
        mapped_files.check_unchanged()
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST:
            raise InputError(f"line {count + len(lines) + 1} of {source} is longer than {_LONGEST >> 20} MiB")
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
        if (text := line.removesuffix(b"\r").decode("utf-8", "surrogateescape")).strip(_BLANKS)
    ]
    for start in range(0, len(numbered), _BATCH):
        yield numbered[start : start + _BATCH]
