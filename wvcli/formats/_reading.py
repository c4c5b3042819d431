"""What readers of vectors share: the file opened, and rows of words and numbers as they come."""

import shutil
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO
from weakref import finalize

import numpy as np

from wvcli.errors import InputError, WvcliError, unreadable
from wvcli.reporting import report_words
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

MOST_IN_MEMORY = 1 << 29  # bytes of numbers read; more are put into a file


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
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


class RowCollector:
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
        report_words(len(self._words), self._most)

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
