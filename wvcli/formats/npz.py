"""NumPy's `.npz`, a zip of `.npy` files, and an `.npy` with its words in a text file beside it.

`numpy.savez` writes an `.npz` and `numpy.load` reads it, here without pickles. Written are the arrays

    vectors         float32, float16 or int8 [words, dim]
    words           text [words]
    counts          int64 [words], where counts are known
    scales          float32 [words], with int8 only: the factor of each row; see wvcli/formats/_quantised.py

NumPy stores text in a fixed width and drops a NUL at its end. Where a word is so long that the array would become
too large, or ends with a NUL, the words are `words_utf8`, uint8 [bytes], and `words_offsets`, int64 [words + 1].

Read are these arrays, or else the only matrix of floating-point numbers and the only list of text, or those that
the user names. The words for
`NAME.npy` are in the first of `NAME.words.txt`, `NAME.words`, `NAME.vocab.txt`, `NAME.vocab` and `NAME.txt`, one
on each line.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, UsageError
from wvcli.formats._arrays import (
    Counts,
    as_counts,
    check_matrix,
    check_words,
    floats,
    map_array,
    npy_header,
    vectors_of,
    words_beside,
)
from wvcli.formats._blocks import Converted
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._quantised import INT8, SCALES, Quantised, is_quantised, restore, row_scales
from wvcli.formats._reading import RowCollector, open_input
from wvcli.system.paging import ComputedRows, blocks
from wvcli.vectors.word_vectors import Vectors

_NPY = b"\x93NUMPY"
_USUAL = Reading()
_BLOCK = 1 << 21  # bytes read at a time
_LARGEST_TEXT = 1 << 28  # bytes of the array of words, or eight times the words' own if that is more
_MOST_EMPTY = 100_000  # words that are empty; a deflated file may have millions in a few bytes
_MOST_DEFLATED = 1_032  # to one: the highest ratio of deflate
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, SyntaxError, OverflowError)


@dataclass(frozen=True)
class _Entry:
    """An array in an `.npz`, as its header describes it."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool

    @property
    def row_bytes(self) -> int:
        """The bytes of a row."""
        return int(np.prod(self.shape[1:], dtype=object)) * self.dtype.itemsize


class _Archive:
    """An open `.npz`; arrays are read a block of rows at a time."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self.path = path
        self._file = file
        self.entries = {entry.name: entry for entry in map(self._entry, file.infolist()) if entry}

    def _entry(self, info: zipfile.ZipInfo) -> _Entry | None:
        if "\0" in info.orig_filename:  # where zipfile ends a name
            raise ValueError("the name of an array is damaged")
        if not info.filename.endswith(".npy"):
            return None
        with self._file.open(info) as file:
            shape, fortran, dtype = npy_header(file)
            entry = _Entry(info.filename.removesuffix(".npy"), dtype, shape, fortran)
        claimed = int(np.prod(shape, dtype=object)) * dtype.itemsize
        packed = min(info.compress_size, self.path.stat().st_size)
        if claimed > info.file_size or info.file_size > _MOST_DEFLATED * (packed + 1):
            raise ValueError(f"{entry.name!r} claims {claimed} bytes")
        return entry

    def rows(self, entry: _Entry) -> Iterator[npt.NDArray[Any]]:
        """Yield the array a block of rows at a time; one in Fortran order as a whole.

        Raises:
            ValueError: it consists of pickled objects, or ends early.
        """
        if entry.dtype.hasobject:
            raise ValueError(f"{entry.name!r} is pickled; save it with dtype=str or as numbers")
        with self._file.open(f"{entry.name}.npy") as file:
            npy_header(file)
            count = entry.shape[0]
            step = count if entry.is_fortran else max(1, _BLOCK // max(1, entry.row_bytes))
            for start in range(0, count, max(1, step)):
                shape = (min(step, count - start), *entry.shape[1:])
                data = _read_exactly(file, shape[0] * entry.row_bytes)
                yield np.frombuffer(data, entry.dtype).reshape(shape, order="F" if entry.is_fortran else "C")
            if file.read(1):
                raise ValueError(f"{entry.name!r} is longer than its header says")

    def read(self, entry: _Entry) -> npt.NDArray[Any]:
        """Return the whole array."""
        return np.concatenate([np.empty((0, *entry.shape[1:]), entry.dtype), *self.rows(entry)])


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = file.read(size)
        if not part:
            raise ValueError("an array ends early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@contextmanager
def _archive(path: Path) -> Iterator[_Archive]:
    try:
        with open_input(path) as file, zipfile.ZipFile(file) as archive:
            yield _Archive(path, archive)
    except (*_DAMAGE, RuntimeError) as error:  # RuntimeError: it is encrypted
        raise InputError(f"{path} is damaged: {str(error) or type(error).__name__}") from error


def _find(archive: _Archive, name: str, kinds: str, axes: int, option: str, wanted: str | None) -> _Entry:
    """Return the entry that the user wants, if there is one, or the one of this name.

    Otherwise it is the only one with this many axes and one of these kinds of dtype.
    """
    if (wanted or name) in archive.entries:
        return archive.entries[wanted or name]
    matching = [
        entry for entry in archive.entries.values() if entry.dtype.kind in kinds and len(entry.shape) == axes
    ]
    if len(matching) != 1 or wanted:
        found = ", ".join(sorted(archive.entries)) or "none"
        hint = f"choose with `{option}`" if len(matching) > 1 else ""
        raise InputError(f"{archive.path} has no array {wanted or name!r} (arrays: {found})", hint)
    return matching[0]


def _words(archive: _Archive, wanted: str | None) -> list[str]:
    entries = archive.entries
    if wanted is None and "words" not in entries and {"words_utf8", "words_offsets"} <= set(entries):
        _check_number(entries["words_offsets"].shape[0] - 1, entries["words_utf8"].shape[0])
        text = archive.read(entries["words_utf8"]).tobytes()
        offsets = archive.read(entries["words_offsets"])
        if offsets.dtype.kind not in "iu" or offsets.ndim != 1 or not _are_bounds(offsets, len(text)):
            raise ValueError("'words_offsets' does not divide 'words_utf8' into words")
        return [text[start:stop].decode() for start, stop in pairwise(offsets.tolist())]
    entry = _find(archive, "words", "USO", 1, "word_column", wanted)
    if len(entry.shape) != 1 or entry.dtype.kind not in "USO":
        raise ValueError(f"{entry.name!r} is {entry.dtype} {list(entry.shape)}; expected text [words]")
    if not entry.dtype.itemsize:
        _check_number(entry.shape[0], 0)
    words: list[str] = []
    empty = 0
    for block in archive.rows(entry):
        found = block.tolist()
        words += [word.decode() if isinstance(word, bytes) else word for word in found]
        empty += found.count("") + found.count(b"")
        _check_number(empty, _MOST_EMPTY)
    return words


def _check_number(words: int, most: int) -> None:
    """Refuse more words than this many bytes hold, of which one may be empty; a small file may claim millions."""
    if words > most + 1:
        raise ValueError(f"it claims {words:,} words, most of them empty")


def _are_bounds(offsets: npt.NDArray[Any], end: int) -> bool:
    is_complete = bool(len(offsets)) and offsets[0] == 0 and offsets[-1] == end
    return bool(is_complete and (offsets[1:] >= offsets[:-1]).all())


def _read_zip(path: Path, limit: int | None, reading: Reading) -> Vectors:
    with _archive(path) as archive:
        entry = _find(archive, "vectors", "f", 2, "matrix", reading.matrix)
        scales = _scales(archive, entry)
        if scales is None:
            check_matrix(path, entry.name, np.broadcast_to(np.zeros((), entry.dtype), entry.shape))
        words = (
            words_beside(path, entry.shape[0], reading)[0]
            if reading.words
            else _words(archive, reading.word_column)
        )
        if len(words) != entry.shape[0]:
            raise ValueError(f"it has {entry.shape[0]} vectors for {len(words)} words")
        check_words(path, words)
        counts = _counts(archive, words, limit)
        rows = RowCollector(path, len(words), entry.shape[1], limit)
        start = 0
        for block in archive.rows(entry):
            stop = start + len(block)
            rows.add(words[start:stop], floats(block) if scales is None else restore(block, scales[start:stop]))
            start = stop
            if rows.is_full:
                break
    found = rows.vectors()
    return Vectors(found.vocabulary, found.matrix, counts, path=path)


def _scales(archive: _Archive, entry: _Entry) -> npt.NDArray[Any] | None:
    """Return float [words], the scales of the rows of an int8 array; None for other arrays."""
    scales = archive.entries.get(SCALES)
    return archive.read(scales) if scales and is_quantised(entry, scales) else None


def _counts(archive: _Archive, words: list[str], limit: int | None) -> Counts | None:
    """Return int64 [distinct words], at most the first `limit`, or None."""
    if "counts" not in archive.entries:
        return None
    counts = as_counts(archive.path, archive.read(archive.entries["counts"]))
    if len(counts) != len(words):
        raise ValueError(f"it has {len(counts)} counts for {len(words)} words")
    first = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))
    return counts[sorted(first.values())][:limit]


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    with open_input(path) as file:
        is_zip = file.read(2) == b"PK"
    if is_zip:
        return _read_zip(path, limit, reading)
    if reading.matrix:
        raise UsageError(f"{path} is a single array", "leave out `matrix`")
    matrix = map_array(path)
    check_matrix(path, path.name, matrix)
    words, counts = words_beside(path, len(matrix), reading)
    return vectors_of(path, words, matrix, limit, counts)


def _write_array(file: zipfile.ZipFile, name: str, array: Any) -> None:
    """Write an array a block of rows at a time."""
    dtype = array.dtype.newbyteorder("<")
    header = {"descr": dtype.str, "fortran_order": False, "shape": tuple(map(int, array.shape))}
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for _, block in blocks(array):
            member.write(np.ascontiguousarray(block, dtype=dtype).reshape(-1).view(np.uint8).data)


class _FixedWidthWords(ComputedRows[np.str_]):
    """The words as NumPy text of a fixed width, made when rows are read."""

    def __init__(self, vectors: Vectors, width: int) -> None:
        self.dtype = np.dtype(f"<U{max(1, width)}")
        self.shape = (len(vectors),)
        self._vocabulary = vectors.vocabulary

    def __getitem__(self, rows: slice, /) -> npt.NDArray[np.str_]:
        return np.array(self._vocabulary[rows], dtype=self.dtype)


def _write_words(file: zipfile.ZipFile, vectors: Vectors) -> None:
    vocabulary = vectors.vocabulary
    width = max(map(len, vocabulary))
    size = 4 * width * len(vocabulary)
    if size <= max(_LARGEST_TEXT, 8 * len(vocabulary.text)) and not any(
        word.endswith("\0") for word in vocabulary
    ):
        _write_array(file, "words", _FixedWidthWords(vectors, width))
    else:
        _write_array(file, "words_utf8", vocabulary.text)
        _write_array(file, "words_offsets", vocabulary.offsets)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with zipfile.ZipFile(path, "w") as file:
        if writing.dtype == INT8:
            scales = row_scales(vectors)
            _write_array(file, "vectors", Quantised(vectors, scales))
            _write_array(file, SCALES, scales)
        else:
            _write_array(file, "vectors", Converted(vectors, writing.dtype))
        _write_words(file, vectors)
        if vectors.counts is not None:
            _write_array(file, "counts", vectors.counts)
    return []


def _sniff(head: bytes) -> bool:
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return head.startswith(_NPY) or (head.startswith(b"PK\x03\x04") and name.endswith(b".npy"))


FORMAT = Format(
    name="npz",
    suffixes=(".npz",),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    choices=frozenset({"matrix", "words", "word_column"}),
    write=_write,
    dtypes=("float32", "float16", INT8),
)
