"""What the layouts of word2vec, GloVe and fastText share: the header, how words are taken in and given out."""

import re
import shutil
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO
from weakref import finalize

import numpy as np

from wvcli.errors import InputError, WvcliError, unreadable
from wvcli.geometry import FloatArray
from wvcli.vectors import Vectors
from wvcli.vocabulary import Vocabulary

_HEADER = re.compile(rb"[ \t]*([0-9]+)[ \t]+([0-9]+)[ \t]*\r?\n")
_LONGEST_HEADER = 200  # bytes looked at, so that a file without line ends is not read whole

FASTTEXT_MAGIC = 793_712_314  # FASTTEXT_FILEFORMAT_MAGIC_INT32 of the fastText program

# What C, C++ and Python readers of these layouts take for the end of a word; the underscore stands for each.
_BLANKS = b" \t\n\v\f\r"
_WITHOUT_BLANKS = bytes.maketrans(_BLANKS, b"_" * len(_BLANKS))
_SCANNED = 1 << 20  # bytes of a vocabulary looked through at a time
_WORDS_AT_ONCE = 4_096
MOST_IN_MEMORY = 1 << 29  # bytes of numbers read; more are put into a file


def _nobody(done: int, most: int) -> None:
    pass


Watcher = Callable[[int, int], None]
# Is told how many words have been read or worked out, and how many there are at most.
watcher: ContextVar[Watcher] = ContextVar("watcher", default=_nobody)


@contextmanager
def watched(on_progress: Watcher | None) -> Iterator[None]:
    """Whoever is told within the block how many words have been read or worked out; None leaves it as it is."""
    before = watcher.set(on_progress or watcher.get())
    try:
        yield
    finally:
        watcher.reset(before)


@dataclass(frozen=True)
class Header:
    """The first line of a file: how many words it has and how many numbers each.

    Attributes:
        words: at least 1.
        dim: at least 1.
        length: bytes of the line, line end included.
    """

    words: int
    dim: int
    length: int


def find_header(head: bytes) -> Header | None:
    """The header that a file beginning with these bytes has, or None."""
    match = _HEADER.match(head[:_LONGEST_HEADER])
    if match is None:
        return None
    words, dim = int(match[1]), int(match[2])
    return Header(words, dim, match.end()) if words and dim else None


def is_fasttext_binary(head: bytes) -> bool:
    """Whether a file that begins with these bytes is the fastText program's own `.bin`."""
    return head.startswith(FASTTEXT_MAGIC.to_bytes(4, "little"))


def read_header(file: BinaryIO, path: Path) -> Header:
    """The header of a file open at its start; the file is then at the line after it.

    Raises:
        InputError: there is no header.
    """
    head = file.read(_LONGEST_HEADER)
    refuse_fasttext_binary(path, head)
    header = find_header(head)
    if header is None:
        raise InputError(f"{path}, line 1: expected the number of words and of dimensions, such as '2000 100'")
    file.seek(header.length)
    return header


def refuse_fasttext_binary(path: Path, head: bytes) -> None:
    """Raise InputError if the file that begins with `head` is a fastText `.bin`."""
    if is_fasttext_binary(head):
        raise InputError(f"{path} is a fastText .bin and not in word2vec's layout", "the format fasttext reads it")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file, open to be read; an error of the operating system becomes an InputError."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


def bytes_left(file: BinaryIO) -> int:
    """How many bytes follow the place where the file is read."""
    place = file.tell()
    end = file.seek(0, 2)
    file.seek(place)
    return end - place


class GrowingMatrix:
    """Rows of numbers as they come, one block after the other.

    Numbers that would fill much memory are put into an unnamed file in the temporary folder and mapped.

    Args:
        path: the file they come from.
        capacity: no more rows than this are added; it must be bounded by the size of the file, not by what
            the file says of itself.
        dim: numbers a row.

    Raises:
        InputError: memory cannot hold so many numbers.
        WvcliError: the temporary folder cannot.
    """

    def __init__(self, path: Path, capacity: int, dim: int) -> None:
        self._path, self._dim, self._count = path, dim, 0
        self._matrix: FloatArray | None = None
        self._spill: IO[bytes] | None = None
        size = 4 * capacity * dim
        try:
            if size > MOST_IN_MEMORY:
                self._spill = _temporary_file(path, size)
                finalize(self, self._spill.close)
            else:
                self._matrix = np.empty((capacity, dim), dtype=np.float32)
        except (MemoryError, ValueError) as error:
            raise InputError(f"{path} holds {capacity} x {dim} numbers, more than memory can hold") from error

    def add(self, rows: FloatArray) -> None:
        """Take in float32 [rows, dim]."""
        if self._matrix is not None:
            self._matrix[self._count : self._count + len(rows)] = rows
        elif self._spill:
            try:
                self._spill.write(np.ascontiguousarray(rows, dtype=np.float32).data)
            except OSError as error:
                raise _no_room(self._path) from error
        self._count += len(rows)

    def whole(self) -> FloatArray:
        """float32 [rows, dim], everything added; nothing can be added afterwards."""
        shape = (self._count, self._dim)
        if self._spill:
            self._spill.flush()
            self._matrix = (
                np.memmap(self._spill, np.float32, "r", shape=shape) if shape[0] else np.empty(shape, "f4")
            )
            self._spill.close()  # the map keeps what is in it
        assert self._matrix is not None
        return np.asarray(self._matrix[: self._count])


class Rows:
    """Words and vectors as they are read. Of a word that occurs again only the first vector is kept.

    Args:
        path: the file they come from.
        capacity: no more rows than this are added; it must be bounded by the size of the file, not by what
            the file says of itself.
        dim: numbers a row.
        limit: keep the first so many words only; None for all.

    Raises:
        InputError: memory cannot hold so many numbers.
    """

    def __init__(self, path: Path, capacity: int, dim: int, limit: int | None = None) -> None:
        self._path = path
        self._limit = limit
        self._most = capacity if limit is None else min(capacity, limit)
        self._words: dict[str, None] = {}
        self._matrix = GrowingMatrix(path, self._most, dim)
        self._counts = array("q")

    def add(self, words: Sequence[str], vectors: FloatArray, counts: Sequence[int] | None = None) -> None:
        """Take in the vectors, float32 [words, dim], of some words, and their counts where they are known.

        Counts that are unknown for some words are unknown for all.
        """
        filled = len(self._words)
        fresh: dict[str, int] = {}
        for row, word in enumerate(words):
            if word not in self._words:
                fresh.setdefault(word, row)
        if self._limit is not None and filled + len(fresh) > self._limit:
            fresh = dict(islice(fresh.items(), self._limit - filled))
        self._matrix.add(vectors if len(fresh) == len(vectors) else vectors[list(fresh.values())])
        self._words.update(dict.fromkeys(fresh))
        if counts is not None:
            self._counts.extend([counts[row] for row in fresh.values()])
        watcher.get()(len(self._words), self._most)

    @property
    def full(self) -> bool:
        """Whether as many words are kept as the limit allows."""
        return self._limit is not None and len(self._words) >= self._limit

    def vectors(self) -> Vectors:
        """Everything added, in the order in which it came."""
        vocabulary = Vocabulary.from_words(list(self._words))
        self._words = {}
        matrix = self._matrix.whole()
        counts = np.array(self._counts, dtype=np.int64) if len(self._counts) == len(matrix) else None
        return Vectors(vocabulary, matrix, counts, path=self._path)


def _temporary_file(path: Path, size: int) -> IO[bytes]:
    try:
        if shutil.disk_usage(tempfile.gettempdir()).free < size:
            raise _no_room(path)
        return tempfile.TemporaryFile()
    except OSError as error:
        raise _no_room(path) from error


def _no_room(path: Path) -> WvcliError:
    folder = tempfile.gettempdir()
    return WvcliError(
        f"the folder {folder} has no room for the numbers of {path}", "set TMPDIR to a folder that has"
    )


class WritableWords:
    """The words of a vocabulary as these layouts can hold them.

    A blank, a tab or a line end inside a word is written as `_`, and so is an empty word, because the programs
    that read these files end a word there.

    Raises:
        WvcliError: two words would be written alike.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._changed: dict[int, bytes] = {}
        taken: dict[str, str] = {}
        for index in _unwritable(vocabulary):
            word = vocabulary[index]
            written = word.encode().translate(_WITHOUT_BLANKS) or b"_"
            name = written.decode()
            other = name if name in vocabulary else taken.setdefault(name, word)
            if other != word:
                raise WvcliError(f"{word!r} and {other!r} would both be written as {name!r}")
            self._changed[index] = written

    def between(self, start: int, stop: int) -> list[bytes]:
        """The UTF-8 bytes of the words in these rows."""
        offsets = self._vocabulary.offsets[start : stop + 1]
        text = self._vocabulary.text[offsets[0] : offsets[-1]].tobytes()
        places = (offsets - offsets[0]).tolist()
        return [
            self._changed.get(index) or text[first:last]
            for index, first, last in zip(range(start, stop), places, places[1:], strict=False)
        ]

    def notes(self) -> list[str]:
        """What to tell the user: nothing, or one note on the words that were changed."""
        if not self._changed:
            return []
        first = self._vocabulary[min(self._changed)]
        count = len(self._changed)
        words = "1 word with blanks was" if count == 1 else f"{count} words with blanks were"
        return [f"{words} written with _ (first: {first!r})"]


def _unwritable(vocabulary: Vocabulary) -> Iterator[int]:
    """The ids of the words that are empty or hold a blank, each once and in order."""
    offsets = vocabulary.offsets
    for start in range(0, len(vocabulary), _WORDS_AT_ONCE):
        stop = min(start + _WORDS_AT_ONCE, len(vocabulary))
        bounds = offsets[start : stop + 1] - offsets[start]
        text = vocabulary.text[offsets[start] : offsets[stop]]
        blanks = np.flatnonzero((text == ord(" ")) | ((text >= ord("\t")) & (text <= ord("\r"))))
        holding = np.searchsorted(bounds, blanks, side="right") - 1
        empty = np.flatnonzero(np.diff(bounds) == 0)
        yield from (start + np.union1d(holding, empty)).tolist()
