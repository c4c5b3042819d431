"""finalfusion's `.fifu`: chunks for the words, the vectors and their norms.

The finalfusion programs write and read it. The layout is described at https://finalfusion.github.io/spec: the
bytes `FiFu`, a version (0, uint32), the number of chunks (uint32) and the type of each (uint32), then each chunk
as its type (uint32), its length in bytes (uint64) and its contents, all little-endian. Numbers begin at a
multiple of four bytes, after one to four bytes of padding.

finalfusion uses the dot product of two vectors as their cosine, so a file holds each vector divided by its norm,
and the norms in a chunk of their own. Their product restores each number to within one part in eight million. A
row that is zero, or whose norm is not finite, is written as it is. Vectors without the chunk of norms are read
as they are. fastText's n-grams are read and written; with finalfusion's own two types of n-grams only the words
are read. Vectors that are quantised, to centroids of their parts, are restored; see
wvcli/formats/_product_quantised.py.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._blocks import blocks
from wvcli.formats._columns import decode_word
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._product_quantised import ProductQuantised
from wvcli.formats._reading import GrowingMatrix, RowCollector, bytes_left, open_input
from wvcli.system import paging
from wvcli.system.mapped_files import map_whole
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.word_vectors import Vectors

_MAGIC = b"FiFu"
_START = struct.Struct("<4sII")  # the magic, the version, the number of chunks
_CHUNK = struct.Struct("<IQ")  # its type, its length
_MOST_CHUNKS = 64  # far more than there are types

_PLAIN, _ARRAY, _BUCKETS, _QUANTISED, _METADATA, _NORMS, _FASTTEXT, _EXPLICIT = range(1, 9)
_NAMES = (
    "words",
    "vectors",
    "words with n-grams",
    "quantised vectors",
    "metadata",
    "norms",
    "words with fastText's n-grams",
    "words with explicit n-grams",
)
# How a chunk of words begins: the number of words, then for n-grams their lengths and the number of buckets.
_WORDS = {
    kind: struct.Struct(form) for kind, form in zip((1, 3, 7, 8), ("<Q", "<QIII", "<QIII", "<QQII"), strict=True)
}
_SHAPE = struct.Struct("<QII")  # rows, columns, number type
_NORMS_SHAPE = struct.Struct("<QI")  # how many, number type
_QUANTISED_HEAD = struct.Struct("<5IQII")  # see `_quantised`
_UINT8, _FLOAT32 = 1, 10
_WORDS_AT_ONCE = 4_096
_NUMBERS_AT_ONCE = 1 << 16


class _Chunk(NamedTuple):
    """A chunk: its type, and the offset and the number of bytes of its contents."""

    kind: int
    start: int
    size: int


class _Contents(NamedTuple):
    """The contents of a file.

    Attributes:
        words: the chunk of words.
        total: the number of words.
        numbers: the offset of the vectors in the file.
        rows: the number of vectors, those of n-grams included.
        dim: the number of dimensions.
        quantised: how the vectors are quantised, or None.
        norms: the offset of the words' norms in the file, or None.
        ngrams: the lengths of fastText's shortest and longest n-grams, or None.
    """

    words: _Chunk
    total: int
    numbers: int
    rows: int
    dim: int
    quantised: "_Quantised | None"
    norms: int | None
    ngrams: tuple[int, int] | None


class _Quantised(NamedTuple):
    """How the vectors of a file are quantised.

    Attributes:
        parts: into which a vector is cut.
        centroids: of each part.
        is_projected: whether restored vectors are multiplied by a matrix.
        has_lengths: whether each has a length.
    """

    parts: int
    centroids: int
    is_projected: bool
    has_lengths: bool


def _unpack(form: struct.Struct, file: BinaryIO, path: Path, what: str) -> tuple[Any, ...]:
    data = file.read(form.size)
    if len(data) < form.size:
        raise InputError(f"{path} is damaged: it ends within {what}")
    return form.unpack(data)


def _chunks(file: BinaryIO, path: Path) -> dict[int, _Chunk]:
    """Find the chunks of a file, by their type.

    Raises:
        InputError: it is damaged.
    """
    magic, version, promised = _unpack(_START, file, path, "its header")
    if magic != _MAGIC or version != 0:
        raise InputError(f"{path} is not a finalfusion file of version 0")
    if promised > _MOST_CHUNKS:
        raise InputError(f"{path} is damaged: it claims {promised} chunks")
    file.seek(4 * promised, 1)
    found: dict[int, _Chunk] = {}
    for number in range(1, promised + 1):
        kind, size = _unpack(_CHUNK, file, path, f"the head of chunk {number}")
        if not 1 <= kind <= len(_NAMES) or kind in found:
            raise InputError(f"{path} is damaged: chunk {number} has the type {kind}")
        if size > bytes_left(file):
            raise InputError(f"{path} is damaged: it ends within chunk {number} ({_NAMES[kind - 1]})")
        found[kind] = _Chunk(kind, file.tell(), size)
        file.seek(size, 1)
    if bytes_left(file):
        raise InputError(f"{path}: expected the end of the file after {promised} chunks")
    return found


def _contents(file: BinaryIO, path: Path) -> _Contents:
    chunks = _chunks(file, path)
    words = next((chunks[kind] for kind in _WORDS if kind in chunks), None)
    if words is None or not {_ARRAY, _QUANTISED} & set(chunks):
        raise InputError(f"{path} has no words or no vectors")
    file.seek(words.start)
    count, *about = _unpack(_WORDS[words.kind], file, path, "the head of its words")
    quantised = None
    if _ARRAY in chunks:
        rows, dim, numbers = _array(file, path, chunks[_ARRAY], _SHAPE)
    else:
        rows, dim, numbers, quantised = _quantised(file, path, chunks[_QUANTISED])
    if not count or not dim or count > rows or (words.kind == _PLAIN and count != rows):
        raise InputError(f"{path} is damaged: it has {count} words and {rows} x {dim} numbers")
    ngrams = None
    if words.kind == _FASTTEXT:
        shortest, longest, buckets = about
        if count + buckets != rows or not 1 <= shortest <= longest or not buckets:
            raise InputError(f"{path} is damaged: its n-grams do not match its vectors")
        ngrams = shortest, longest
    norms = None
    if _NORMS in chunks:
        known, _, norms = _array(file, path, chunks[_NORMS], _NORMS_SHAPE)
        if known != count:
            raise InputError(f"{path} is damaged: it has {count} words and {known} norms")
    return _Contents(words, count, numbers, rows, dim, quantised, norms, ngrams)


def _array(file: BinaryIO, path: Path, chunk: _Chunk, form: struct.Struct) -> tuple[int, int, int]:
    """Return the number of rows and of columns of the numbers in a chunk, and their offset in the file."""
    file.seek(chunk.start)
    *shape, kind = _unpack(form, file, path, f"its {_NAMES[chunk.kind - 1]}")
    rows, columns = shape if len(shape) == 2 else (shape[0], 1)
    if kind != _FLOAT32:
        raise InputError(f"{path} is damaged: its {_NAMES[chunk.kind - 1]} are not float32")
    offset = file.tell() + _padding(file.tell())
    if offset + 4 * rows * columns != chunk.start + chunk.size:
        raise InputError(f"{path} is damaged: its {_NAMES[chunk.kind - 1]} are not {rows} x {columns} numbers")
    return rows, columns, offset


def _quantised(file: BinaryIO, path: Path, chunk: _Chunk) -> tuple[int, int, int, _Quantised]:
    """Return the numbers of rows and columns, the offset of the numbers of a chunk, and how they are quantised."""
    file.seek(chunk.start)
    what = f"its {_NAMES[chunk.kind - 1]}"
    is_projected, has_lengths, parts, dim, centroids, rows, *kinds = _unpack(_QUANTISED_HEAD, file, path, what)
    if kinds != [_UINT8, _FLOAT32]:
        raise InputError(f"{path} is damaged: {what} are not uint8 for float32")
    if is_projected > 1 or has_lengths > 1 or not parts or not centroids or dim % parts:
        raise InputError(
            f"{path} is damaged: {what} are not {dim} numbers in {parts} parts of {centroids} centroids"
        )
    offset = file.tell() + _padding(file.tell())
    numbers = is_projected * dim * dim + centroids * dim + has_lengths * rows
    if offset + 4 * numbers + rows * parts != chunk.start + chunk.size:
        raise InputError(f"{path} is damaged: {what} do not fill their chunk")
    return rows, dim, offset, _Quantised(parts, centroids, bool(is_projected), bool(has_lengths))


def _padding(offset: int) -> int:
    """Return the number of bytes between this offset and the numbers: at least one, as in finalfusion."""
    return 4 - offset % 4


def _read_words(file: BinaryIO, path: Path, contents: _Contents) -> Iterator[str]:
    chunk = contents.words
    end = chunk.start + chunk.size
    offset = chunk.start + _WORDS[chunk.kind].size
    file.seek(offset)
    for number in range(1, contents.total + 1):
        size = int.from_bytes(file.read(4), "little")
        offset += 4 + size
        if offset > end:
            raise InputError(f"{path}, word {number}: longer than all words of the file together")
        yield decode_word(file.read(size), path, f"word {number}")
    if offset != end and chunk.kind != _EXPLICIT:
        raise InputError(f"{path} is damaged: its {contents.total} words do not fill their chunk")


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        contents = _contents(file, path)
        rows = RowCollector(path, contents.total, contents.dim, limit)
        words = _read_words(file, path, contents)
        whole = map_whole(file, path)
        matrix = _matrix(whole, path, contents, 0, contents.total)
        norms = None if contents.norms is None else _floats(whole, contents.norms, contents.total)
        for start, block in paging.blocks(matrix):
            stop = start + len(block)
            if norms is not None:
                with np.errstate(over="ignore", invalid="ignore"):
                    block = block * norms[start:stop, None]
            rows.add([next(words) for _ in range(start, stop)], block)
            if rows.is_full:
                break
        else:
            next(words, None)  # checks what follows the last one
        vectors = rows.vectors()
    if contents.ngrams is None:
        return vectors
    ngrams = _matrix(whole, path, contents, contents.total, contents.rows)
    subwords = Subwords(_restored(path, ngrams), *contents.ngrams)
    return Vectors(vectors.vocabulary, vectors.matrix, subwords=subwords, path=path)


def _matrix(
    whole: npt.NDArray[np.uint8], path: Path, contents: _Contents, start: int, stop: int
) -> FloatArray | ProductQuantised:
    """Return some rows of the vectors, float32 [stop - start, dim]."""
    dim, quantised, at = contents.dim, contents.quantised, contents.numbers
    if quantised is None:
        return _floats(whole, at + 4 * start * dim, (stop - start) * dim).reshape(-1, dim)
    projection = lengths = None
    if quantised.is_projected:
        projection = _floats(whole, at, dim * dim).reshape(dim, dim)
        at += projection.nbytes
    centroids = _floats(whole, at, quantised.centroids * dim)
    at += centroids.nbytes
    if quantised.has_lengths:
        lengths = _floats(whole, at + 4 * start, stop - start)
        at += 4 * contents.rows
    codes = whole[at + start * quantised.parts : at + stop * quantised.parts].reshape(-1, quantised.parts)
    shape = (quantised.parts, quantised.centroids, dim // quantised.parts)
    return ProductQuantised(path, codes, centroids.reshape(shape), projection, lengths)


def _restored(path: Path, matrix: FloatArray | ProductQuantised) -> FloatArray:
    """Return all rows of a matrix, float32 [rows, dim]; large ones in a temporary file."""
    if isinstance(matrix, np.ndarray):
        return matrix
    rows = GrowingMatrix(path, len(matrix), matrix.shape[1])
    for _, block in paging.blocks(matrix):
        rows.add(block)
    return rows.whole()


def _floats(whole: npt.NDArray[np.uint8], offset: int, count: int) -> FloatArray:
    numbers: FloatArray = whole[offset : offset + 4 * count].view("<f4")
    return numbers


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    subwords = vectors.subwords
    kind = _PLAIN if subwords is None else _FASTTEXT
    with path.open("wb") as file:
        file.write(_START.pack(_MAGIC, 0, 3) + struct.pack("<III", kind, _ARRAY, _NORMS))
        _write_words(file, vectors, kind)
        total = len(vectors) + (0 if subwords is None else len(subwords.matrix))
        _write_head(file, _ARRAY, _SHAPE, (total, vectors.dim), total * vectors.dim)
        norms = np.empty(len(vectors), dtype="<f4")
        start = 0
        step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
        for block in blocks(vectors, "float32"):
            for row in range(0, len(block), step):
                units, found = _normalise(block[row : row + step])
                norms[start : start + len(found)] = found
                start += len(found)
                file.write(units.data)
        if subwords is not None:
            for _, block in paging.blocks(subwords.matrix):
                file.write(np.ascontiguousarray(block, dtype="<f4").data)
        _write_head(file, _NORMS, _NORMS_SHAPE, (len(vectors),), len(vectors))
        file.write(norms.data)
    if subwords is not None and subwords.min_n == 1:
        return ["finalfusion counts < and > alone as n-grams too, so its vectors of unknown words will differ"]
    return []


def _normalise(block: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the rows, float32 [rows, dim], each divided by its norm, and the norms, float32 [rows]."""
    exact = block.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("nd,nd->n", exact, exact)).astype("<f4")
        divisors = np.where(norms > 0, norms, np.float32(1)).astype(np.float64)
        norms[~np.isfinite(norms)] = divisors[~np.isfinite(divisors)] = 1
        return (exact / divisors[:, None]).astype("<f4"), norms


def _write_head(file: BinaryIO, kind: int, form: struct.Struct, shape: tuple[int, ...], numbers: int) -> None:
    """Write what stands before the numbers of a chunk."""
    padding = _padding(file.tell() + _CHUNK.size + form.size)
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
    keeps=frozenset({Kept.SPACES, Kept.SUBWORDS}),
    sniff=lambda head: head.startswith(_MAGIC),
    read=_read,
    write=_write,
)
