"""finalfusion's `.fifu`: chunks for the words, the vectors and their lengths.

The layout is described at https://finalfusion.github.io/spec: the bytes `FiFu`, a version (0) and the kinds of the
chunks, then each chunk as its kind (uint32), its length in bytes (uint64) and what it holds, all little-endian.
Numbers begin at a multiple of four bytes, after one to four bytes of padding.

finalfusion takes the dot product of two vectors for their cosine, so a file holds each vector divided by its
length, and the lengths in a chunk of their own. Multiplied again they give each number back to within one part in
eight million. A row that is zero, or without a finite length, is written as it is. Vectors without the chunk of
lengths are read as they are. The n-grams of fastText are read and written; of the two kinds of finalfusion itself
only the words are read, and quantised vectors are refused.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats import Format, Writing
from wvcli.formats._blocks import blocks
from wvcli.formats._columns import decoded
from wvcli.formats._reading import RowCollector, bytes_left, open_input
from wvcli.system import paging
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.word_vectors import Vectors

_MAGIC = b"FiFu"
_START = struct.Struct("<4sII")  # the magic, the version, the number of chunks
_CHUNK = struct.Struct("<IQ")  # its kind, its length
_MOST_CHUNKS = 64  # far more than there are kinds

_PLAIN, _ARRAY, _BUCKETS, _QUANTISED, _METADATA, _LENGTHS, _FASTTEXT, _EXPLICIT = range(1, 9)
_NAMES = (
    "words",
    "vectors",
    "words with n-grams",
    "quantised vectors",
    "metadata",
    "lengths",
    "words with fastText's n-grams",
    "words with explicit n-grams",
)
# How the chunk of words begins: the number of words, and with n-grams what there is to know of them.
_WORDS = {
    kind: struct.Struct(form) for kind, form in zip((1, 3, 7, 8), ("<Q", "<QIII", "<QIII", "<QQII"), strict=True)
}
_SHAPE = struct.Struct("<QII")  # rows, columns, kind of number
_LENGTH = struct.Struct("<QI")  # how many, kind of number
_FLOAT32 = 10
_WORDS_AT_ONCE = 4_096
_NUMBERS_AT_ONCE = 1 << 16


class _Chunk(NamedTuple):
    """Where a chunk is: its kind, and the place and the number of the bytes it holds."""

    kind: int
    start: int
    size: int


class _Contents(NamedTuple):
    """What a file holds.

    Attributes:
        words: the chunk of words.
        total: how many.
        numbers: the place of the vectors in the file.
        rows: how many there are, those of n-grams included.
        dim: numbers a row.
        lengths: the place of the words' lengths in the file, or None.
        ngrams: the shortest and the longest of fastText's n-grams, or None.
    """

    words: _Chunk
    total: int
    numbers: int
    rows: int
    dim: int
    lengths: int | None
    ngrams: tuple[int, int] | None


def _unpack(form: struct.Struct, file: BinaryIO, path: Path, what: str) -> tuple[Any, ...]:
    data = file.read(form.size)
    if len(data) < form.size:
        raise InputError(f"{path} ends within {what}")
    return form.unpack(data)


def _chunks(file: BinaryIO, path: Path) -> dict[int, _Chunk]:
    """The chunks of a file by their kind.

    Raises:
        InputError: it is damaged, or lacks something.
    """
    magic, version, promised = _unpack(_START, file, path, "its header")
    if magic != _MAGIC or version != 0:
        raise InputError(f"{path} is not a finalfusion file of version 0")
    if promised > _MOST_CHUNKS:
        raise InputError(f"{path} is damaged: it says that it has {promised} chunks")
    file.seek(4 * promised, 1)
    found: dict[int, _Chunk] = {}
    for place in range(1, promised + 1):
        kind, size = _unpack(_CHUNK, file, path, f"the head of chunk {place}")
        if not 1 <= kind <= len(_NAMES) or kind in found:
            raise InputError(f"{path} is damaged: chunk {place} is of the kind {kind}")
        if size > bytes_left(file):
            raise InputError(f"{path} ends within chunk {place} ({_NAMES[kind - 1]})")
        found[kind] = _Chunk(kind, file.tell(), size)
        file.seek(size, 1)
    if bytes_left(file):
        raise InputError(f"{path}: expected the end of the file after {promised} chunks")
    return found


def _contents(file: BinaryIO, path: Path) -> _Contents:
    chunks = _chunks(file, path)
    words = next((chunks[kind] for kind in _WORDS if kind in chunks), None)
    if _QUANTISED in chunks:
        raise InputError(
            f"{path} holds quantised vectors, which cannot be read", "finalfusion can write them in full"
        )
    if words is None or _ARRAY not in chunks:
        raise InputError(f"{path} holds no words or no vectors")
    file.seek(words.start)
    count, *about = _unpack(_WORDS[words.kind], file, path, "the head of its words")
    rows, dim, numbers = _array(file, path, chunks[_ARRAY], _SHAPE)
    if not count or not dim or count > rows or (words.kind == _PLAIN and count != rows):
        raise InputError(f"{path} is damaged: it has {count} words and {rows} x {dim} numbers")
    ngrams = None
    if words.kind == _FASTTEXT:
        shortest, longest, buckets = about
        if count + buckets != rows or not 1 <= shortest <= longest or not buckets:
            raise InputError(f"{path} is damaged: its n-grams do not fit its vectors")
        ngrams = shortest, longest
    lengths = None
    if _LENGTHS in chunks:
        known, _, lengths = _array(file, path, chunks[_LENGTHS], _LENGTH)
        if known != count:
            raise InputError(f"{path} is damaged: it has {count} words and {known} lengths")
    return _Contents(words, count, numbers, rows, dim, lengths, ngrams)


def _array(file: BinaryIO, path: Path, chunk: _Chunk, form: struct.Struct) -> tuple[int, int, int]:
    """The rows, the columns and the place in the file of the numbers of a chunk."""
    file.seek(chunk.start)
    *shape, kind = _unpack(form, file, path, f"its {_NAMES[chunk.kind - 1]}")
    rows, columns = shape if len(shape) == 2 else (shape[0], 1)
    if kind != _FLOAT32:
        raise InputError(f"{path} is damaged: its {_NAMES[chunk.kind - 1]} are not float32")
    place = file.tell() + _padding(file.tell())
    if place + 4 * rows * columns != chunk.start + chunk.size:
        raise InputError(f"{path} is damaged: its {_NAMES[chunk.kind - 1]} are not {rows} x {columns} numbers")
    return rows, columns, place


def _padding(place: int) -> int:
    """The bytes before numbers that could begin at this place: at least one, as finalfusion has it."""
    return 4 - place % 4


def _read_words(file: BinaryIO, path: Path, contents: _Contents) -> Iterator[str]:
    chunk = contents.words
    end = chunk.start + chunk.size
    place = chunk.start + _WORDS[chunk.kind].size
    file.seek(place)
    for number in range(1, contents.total + 1):
        size = int.from_bytes(file.read(4), "little")
        place += 4 + size
        if place > end:
            raise InputError(f"{path}, word {number} is longer than the words of the file together")
        yield decoded(file.read(size), path, f"word {number}")
    if place != end and chunk.kind != _EXPLICIT:
        raise InputError(f"{path} is damaged: its {contents.total} words do not fill their chunk")


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        contents = _contents(file, path)
        rows = RowCollector(path, contents.total, contents.dim, limit)
        words = _read_words(file, path, contents)
        whole = np.memmap(path, np.uint8, "r")
        matrix = _floats(whole, contents.numbers, contents.rows * contents.dim).reshape(-1, contents.dim)
        lengths = None if contents.lengths is None else _floats(whole, contents.lengths, contents.total)
        for start, block in paging.blocks(matrix[: contents.total]):
            stop = start + len(block)
            if lengths is not None:
                with np.errstate(over="ignore", invalid="ignore"):
                    block = block * lengths[start:stop, None]
            rows.add([next(words) for _ in range(start, stop)], block)
            if rows.full:
                break
        else:
            next(words, None)  # looks at what follows the last one
        vectors = rows.vectors()
    if contents.ngrams is None:
        return vectors
    subwords = Subwords(matrix[contents.total :], *contents.ngrams)
    return Vectors(vectors.vocabulary, vectors.matrix, subwords=subwords, path=path)


def _floats(whole: np.memmap, place: int, count: int) -> FloatArray:
    numbers: FloatArray = np.asarray(whole[place : place + 4 * count]).view("<f4")
    return numbers


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    subwords = vectors.subwords
    kind = _PLAIN if subwords is None else _FASTTEXT
    with path.open("wb") as file:
        file.write(_START.pack(_MAGIC, 0, 3) + struct.pack("<III", kind, _ARRAY, _LENGTHS))
        _write_words(file, vectors, kind)
        total = len(vectors) + (0 if subwords is None else len(subwords.matrix))
        _write_head(file, _ARRAY, _SHAPE, (total, vectors.dim), total * vectors.dim)
        lengths = np.empty(len(vectors), dtype="<f4")
        start = 0
        step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
        for block in blocks(vectors, "float32"):
            for place in range(0, len(block), step):
                units, found = _divided(block[place : place + step])
                lengths[start : start + len(found)] = found
                start += len(found)
                file.write(units.data)
        if subwords is not None:
            for _, block in paging.blocks(subwords.matrix):
                file.write(np.ascontiguousarray(block, dtype="<f4").data)
        _write_head(file, _LENGTHS, _LENGTH, (len(vectors),), len(vectors))
        file.write(lengths.data)
    if subwords is not None and subwords.min_n == 1:
        return ["finalfusion takes < and > alone for n-grams too, so its vectors of unknown words will differ"]
    return []


def _divided(block: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rows, float32 [rows, dim], each divided by its length, and the lengths, float32 [rows]."""
    exact = block.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("nd,nd->n", exact, exact)).astype("<f4")
        divisors = np.where(lengths > 0, lengths, np.float32(1)).astype(np.float64)
        lengths[~np.isfinite(lengths)] = divisors[~np.isfinite(divisors)] = 1
        return (exact / divisors[:, None]).astype("<f4"), lengths


def _write_head(file: BinaryIO, kind: int, form: struct.Struct, shape: tuple[int, ...], numbers: int) -> None:
    """What stands before the numbers of a chunk."""
    place = file.tell() + _CHUNK.size + form.size
    padding = _padding(place)
    file.write(_CHUNK.pack(kind, form.size + padding + 4 * numbers) + form.pack(*shape, _FLOAT32) + bytes(padding))


def _write_words(file: BinaryIO, vectors: Vectors, kind: int) -> None:
    vocabulary, subwords, form = vectors.vocabulary, vectors.subwords, _WORDS[kind]
    about = () if subwords is None else (subwords.min_n, subwords.max_n, len(subwords.matrix))
    size = form.size + 4 * len(vocabulary) + int(vocabulary.offsets[-1])
    file.write(_CHUNK.pack(kind, size) + form.pack(len(vocabulary), *about))
    for start in range(0, len(vocabulary), _WORDS_AT_ONCE):
        encoded = [word.encode() for word in vocabulary[start : start + _WORDS_AT_ONCE]]
        file.write(b"".join([part for word in encoded for part in (len(word).to_bytes(4, "little"), word)]))


FORMAT = Format(
    name="finalfusion",
    suffixes=(".fifu",),
    keeps="words with blanks, subwords and vectors, rounded",
    sniff=lambda head: head.startswith(_MAGIC),
    read=_read,
    write=_write,
)
