"""What readers share: opening files that belong together, and collecting words and vectors as they are read."""

import os
import shutil
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO
from weakref import finalize

import numpy as np

from wvcli.errors import InputError, WvcliError, first_line, unreadable
from wvcli.reporting import report_note, report_words
from wvcli.system.locks import no_temporary_space, place_for_temporary_files
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

MOST_IN_MEMORY = 1 << 29  # bytes of numbers; more are put into a temporary file


_Identity = tuple[int, int]  # of a file: its device and its number there


def _identity_of(path: Path | int) -> _Identity | None:
    """Return the identity of the file of a name or descriptor; None if there is none."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


class OpenedFiles:
    """The files that a reader opened, by which it is known whether they belong together."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, _Identity | None]] = []

    def add(self, path: Path, identity: _Identity | None) -> None:
        """Remember which file was opened by a name; None if there was none to open."""
        self._found.append((path, identity))

    def belong_together(self) -> bool:
        """Whether none of them was replaced after another one was opened.

        Several files are replaced at one moment, and so is a folder: if each of them still has its name, they were
        all opened before that moment or after it. A single file may have been replaced, if it was read as it was.
        """
        if len({path for path, _ in self._found}) <= 1:
            return len(set(self._found)) <= 1
        return all(_identity_of(path) == found for path, found in self._found)


_opened: ContextVar[OpenedFiles | None] = ContextVar("opened", default=None)


@contextmanager
def opened_files() -> Iterator[OpenedFiles]:
    """Within the block, remember the files that `open_input` opens."""
    found = OpenedFiles()
    before = _opened.set(found)
    try:
        yield found
    finally:
        _opened.reset(before)


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read; an error of the operating system within the block becomes an InputError."""
    opened, identity = _opened.get(), None
    try:
        try:
            file = path.open("rb")
            identity = _identity_of(file.fileno())
        finally:
            if opened:
                opened.add(path, identity)
        with file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def parsing(path: Path) -> Iterator[None]:
    """Parse a file of another system: whatever goes wrong within the block is damage, an InputError naming it."""
    try:
        yield
    except WvcliError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error
    except MemoryError as error:
        raise InputError(f"{path} cannot be read: it takes more memory than there is") from error
    except RecursionError as error:
        raise InputError(f"{path} is damaged: it is nested too deeply") from error
    except Exception as error:  # a reader meets bytes that nobody thought of
        raise InputError(f"{path} is damaged: {first_line(error)}") from error


def bytes_left(file: BinaryIO) -> int:
    """Return how many bytes follow the current position of the file."""
    position = file.tell()
    end = file.seek(0, 2)
    file.seek(position)
    return end - position


class GrowingMatrix:
    """A matrix that is filled one block of rows after the other.

    Large ones are put into an unnamed file in the temporary folder, which is memory-mapped.

    Args:
        path: the file that the numbers come from.
        capacity: the most rows that can be added; it must be bounded by the size of the file, not by what the
            file claims.
        dim: the number of columns.

    Raises:
        InputError: memory cannot hold that many numbers.
        WvcliError: the temporary folder has no space for them.
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
            raise InputError(f"{path} has {capacity} x {dim} numbers, more than fit into memory") from error

    def add(self, rows: FloatArray) -> None:
        """Append float32 [rows, dim]."""
        if self._matrix is not None:
            self._matrix[self._count : self._count + len(rows)] = rows
        elif self._spill:
            try:
                self._spill.write(np.ascontiguousarray(rows, dtype=np.float32).data)
            except OSError as error:
                raise no_temporary_space(f"the vectors of {self._path}") from error
        self._count += len(rows)

    def whole(self) -> FloatArray:
        """Return float32 [rows, dim], everything added; nothing can be added afterwards."""
        shape = (self._count, self._dim)
        if self._spill:
            self._spill.flush()
            self._matrix = (
                np.memmap(self._spill, np.float32, "r", shape=shape) if shape[0] else np.empty(shape, "f4")
            )
            self._spill.close()  # the map keeps its contents
        assert self._matrix is not None
        return np.asarray(self._matrix[: self._count])


class RowCollector:
    """Collects words and vectors as they are read; of a word that occurs again only the first vector is kept.

    What is left out for that is named in a note.

    Args:
        path: the file that they come from.
        capacity: the most rows that can be added; it must be bounded by the size of the file, not by what the
            file claims.
        dim: the number of dimensions.
        limit: keep only the first `limit` words; None for all.

    Raises:
        InputError: memory cannot hold that many numbers.
    """

    def __init__(self, path: Path, capacity: int, dim: int, limit: int | None = None) -> None:
        self._path = path
        self._limit = limit
        self._most = capacity if limit is None else min(capacity, limit)
        self._words: dict[str, None] = {}
        self._matrix = GrowingMatrix(path, self._most, dim)
        self._counts = array("q")
        self._repeated = 0
        self._first_repeated: str | None = None

    def add(self, words: Sequence[str], vectors: FloatArray, counts: Sequence[int] | None = None) -> None:
        """Append words, their vectors, float32 [words, dim], and their counts where they are known.

        Counts that are unknown for some words are unknown for all.
        """
        filled = len(self._words)
        new: dict[str, int] = {}
        for row, word in enumerate(words):
            if word not in self._words:
                new.setdefault(word, row)
        if self._limit is not None and filled + len(new) > self._limit:
            new = dict(islice(new.items(), self._limit - filled))
            words = words[: next(reversed(new.values())) + 1] if new else []
        if len(new) < len(words):
            self._note_repeated(words, new)
        self._matrix.add(vectors if len(new) == len(vectors) else vectors[list(new.values())])
        self._words.update(dict.fromkeys(new))
        if counts is not None:
            self._counts.extend([counts[row] for row in new.values()])
        report_words(len(self._words), self._most)

    def _note_repeated(self, words: Sequence[str], new: Mapping[str, int]) -> None:
        """Count the words whose vector is not kept; `new` has those that are, with their rows."""
        self._repeated += len(words) - len(new)
        if self._first_repeated is None:
            self._first_repeated = next(word for row, word in enumerate(words) if new.get(word) != row)

    @property
    def room(self) -> int | None:
        """How many words more the limit allows; None without one."""
        return None if self._limit is None else self._limit - len(self._words)

    @property
    def is_limited(self) -> bool:
        """Whether the number of words kept is limited."""
        return self._limit is not None

    @property
    def is_full(self) -> bool:
        """Whether as many words are kept as the limit allows."""
        return self._limit is not None and len(self._words) >= self._limit

    def vectors(self) -> Vectors:
        """Return everything added, in order."""
        if self._first_repeated is not None:
            note_repeated(self._path, self._repeated, self._first_repeated)
        vocabulary = Vocabulary.from_words(list(self._words))
        self._words = {}
        matrix = self._matrix.whole()
        counts = np.array(self._counts, dtype=np.int64) if len(self._counts) == len(matrix) else None
        return Vectors(vocabulary, matrix, counts, path=self._path)


def note_repeated(path: Path, count: int, first: str) -> None:
    """Report that vectors were left out, since their words had one before."""
    vectors = "1 vector of a repeated word was" if count == 1 else f"{count:,} vectors of repeated words were"
    report_note(f"{vectors} left out of {path}: a word keeps its first (first repeated: {first!r})")


def note_skipped(path: Path, count: int, first: int) -> None:
    """Report that lines were left out, since they cannot be read; `first` is the number of the first."""
    if count == 1:
        report_note(f"line {first} of {path} cannot be read and was left out")
    else:
        report_note(f"{count:,} lines of {path} cannot be read and were left out, the first of them line {first}")


def _temporary_file(path: Path, size: int) -> IO[bytes]:
    try:
        folder = place_for_temporary_files()
        if shutil.disk_usage(folder).free < size:
            raise no_temporary_space(f"the vectors of {path}")
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise no_temporary_space(f"the vectors of {path}") from error
