"""fastText's subword n-grams: hashing, and vectors for words outside the vocabulary.

Follows Bojanowski, Grave, Joulin and Mikolov, "Enriching Word Vectors with Subword Information" (2017), and
the hash of the fastText program, which Gensim shares; and floret's variant of it (Boyd and Warmerdam, 2022), which
hashes the whole word as it does an n-gram, each to several rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.murmur import murmur

_FNV_OFFSET_BASIS = 2166136261
_FNV_PRIME = 16777619
_FLORET_SEED = 2166136261
_SUMMED = 1 << 20  # bytes of sums added up together, so that they stay in the processor's cache

ByteArray = npt.NDArray[np.uint8]


def ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """Return the character n-grams of `<word>` with lengths `min_n` to `max_n`, in fastText's order.

    The single characters `<` and `>` are left out, as fastText does.
    """
    padded = f"<{word}>"
    length = len(padded)
    return [
        padded[start:stop]
        for start in range(length)
        for stop in range(start + min_n, min(start + max_n, length) + 1)
        if stop - start > 1 or 0 < start < length - 1
    ]


def ngram_hash(ngram: str) -> int:
    """Return the 32-bit FNV-1a hash of an n-gram's UTF-8 bytes, each widened with its sign, as in fastText."""
    value = _FNV_OFFSET_BASIS
    for byte in ngram.encode("utf-8"):
        signed = byte if byte < 128 else byte | 0xFFFFFF00
        value = (value ^ signed) * _FNV_PRIME & 0xFFFFFFFF
    return value


@dataclass(frozen=True)
class Subwords:
    """The n-gram vectors of a model.

    Attributes:
        matrix: float32 or float16 [buckets, dim], one row a hash bucket.
        min_n: shortest n-gram, in characters.
        max_n: longest n-gram, in characters.
        hashes: rows for each n-gram and for the whole word, 1 to 4, as floret hashes them; 0 for fastText's hash,
            which gives each n-gram one row.
        is_fitted: whether they were fitted to the words' vectors, which do without them; in a FastText model the
            words' vectors are made of them.
    """

    matrix: npt.NDArray[Any]
    min_n: int
    max_n: int
    hashes: int = 0
    is_fitted: bool = False

    def buckets(self, word: str) -> list[int]:
        """Return the rows of `matrix` that make up `word`; empty for a word too short to have n-grams."""
        size = len(self.matrix)
        if self.hashes and size:
            text = np.frombuffer(word.encode("utf-8"), dtype=np.uint8)
            rows: list[int] = self._rows(text, np.array([0, len(text)]))[0].tolist()
            return rows
        return [ngram_hash(ngram) % size for ngram in ngrams(word, self.min_n, self.max_n)] if size else []

    def vector(self, word: str) -> npt.NDArray[np.float32] | None:
        """Return float32 [dim], the mean of the word's n-gram vectors, or None when it has no n-gram."""
        try:
            rows = self.buckets(word) if word else []
        except UnicodeEncodeError:  # a lone surrogate, from an argument that is not UTF-8
            return None
        if not rows:
            return None
        total = np.zeros(self.matrix.shape[1], dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # numbers that are not finite give none that is
            for row in rows:  # in Gensim's order of addition, so that the sum is the same to the last bit
                total += self.matrix[row]
            total /= len(rows)
        return total

    def add_to(self, sums: FloatArray, text: ByteArray, offsets: RowArray) -> RowArray:
        """Add to rows of numbers the n-gram vectors of a word each, one after the other in fastText's order.

        Args:
            sums: float32 [words, dim], added to in place.
            text: uint8 [bytes], the words' bytes one after the other; they need not be UTF-8.
            offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.

        Returns:
            int64 [words], how many n-grams each word has.
        """
        size = len(self.matrix)
        if not len(sums) or not size:
            return np.zeros(len(sums), dtype=np.int64)
        rows, bounds = self._rows(text, offsets)
        add_rows(sums, self.matrix, rows, bounds)
        return np.diff(bounds)

    def _rows(self, text: ByteArray, offsets: RowArray) -> tuple[RowArray, RowArray]:
        """Return the rows of many words, as `bucket_rows` does."""
        about = text, offsets, self.min_n, self.max_n, len(self.matrix)
        return floret_rows(*about, self.hashes) if self.hashes else bucket_rows(*about)


def add_rows(sums: FloatArray, matrix: npt.NDArray[Any], rows: npt.NDArray[Any], bounds: RowArray) -> None:
    """Add to each row of numbers some rows of a matrix, one after the other.

    Args:
        sums: float32 [words, dim], added to in place.
        matrix: float32 or float16 [buckets, dim].
        rows: integers, those that are added to all words, one word after the other.
        bounds: int64 [words + 1]; to word i are added `rows[bounds[i]:bounds[i + 1]]`.
    """
    counts = np.diff(bounds)
    order = np.argsort(-counts, kind="stable")  # words with equally many n-grams together
    # Numbers in a file may lie where they cannot be read as such. Of a matrix with gaps, `take` would copy all.
    table = matrix.view(np.uint8) if matrix.flags.c_contiguous else None
    step = max(1, _SUMMED // max(1, matrix.shape[1] * matrix.itemsize))
    for start in range(0, len(order), step):
        words = order[start : start + step]
        some = sums[words]
        row = np.empty(some.shape, dtype=matrix.dtype)
        most, first = int(counts[words[0]]), bounds[words]
        # Of words by falling counts, those with more n-grams than each number.
        longer = np.searchsorted(-counts[words], -np.arange(most), side="left").tolist()
        for place, having in enumerate(longer):
            taken = rows[first[:having] + place]
            if table is None:
                row[:having] = matrix[taken]
            else:
                np.take(table, taken, axis=0, out=row[:having].view(np.uint8), mode="clip")
            some[:having] += row[:having]
        sums[words] = some


def floret_rows(
    text: ByteArray, offsets: RowArray, min_n: int, max_n: int, size: int, hashes: int
) -> tuple[RowArray, RowArray]:
    """Return the rows of many words in a table of floret: the whole word's and then its n-grams', `hashes` each.

    Arguments and what is returned are those of `bucket_rows`.
    """
    padded, starts = _padded(text, offsets)
    characters = np.flatnonzero((padded & 0xC0) != 0x80)
    bounds = np.searchsorted(characters, starts)
    lengths = np.diff(bounds)
    left = np.repeat(bounds[1:], lengths) - np.arange(len(characters))
    sizes = np.arange(max(min_n, 1), min(max_n, int(lengths.max())) + 1)
    there = left[:, None] >= sizes
    if len(sizes) and sizes[0] == 1:  # the lone < and >
        there[bounds[:-1], 0] = there[bounds[1:] - 1, 0] = False
    begin, place = np.nonzero(there)
    ends = np.zeros(len(characters) + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(there, axis=1), out=ends[1:])
    before = ends[bounds]  # n-grams of the words before each
    first = np.insert(characters[begin], before[:-1], starts[:-1])
    past = np.insert(np.append(characters, len(padded))[begin + sizes[place]], before[:-1], starts[1:])
    keys = murmur(padded, first, past, _FLORET_SEED)[:, :hashes]
    return (keys % np.uint32(size)).astype(np.int64).reshape(-1), hashes * (before + np.arange(len(before)))


def bucket_rows(
    text: ByteArray, offsets: RowArray, min_n: int, max_n: int, size: int
) -> tuple[RowArray, RowArray]:
    """Return the buckets of all n-grams of many words, as `Subwords.buckets` does for one.

    Args:
        text: uint8 [bytes], the words' bytes one after the other.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
        min_n: shortest n-gram, in characters.
        max_n: longest n-gram, in characters.
        size: number of buckets.

    Returns:
        rows: int64 [n-grams], bucket after bucket.
        bounds: int64 [words + 1]; the buckets of word i are `rows[bounds[i]:bounds[i + 1]]`.
    """
    padded, starts = _padded(text, offsets)
    # A character is a byte that starts one and what follows it, as fastText takes bytes that are not UTF-8 too.
    characters = np.flatnonzero((padded & 0xC0) != 0x80)
    bounds = np.searchsorted(characters, starts)
    lengths = np.diff(bounds)
    left = np.repeat(bounds[1:], lengths) - np.arange(len(characters))  # characters up to the end of the word
    longest = min(max_n, int(lengths.max()))
    shortest = max(min_n, 1)
    found = np.zeros((len(characters), max(0, longest - shortest + 1)), dtype=np.uint32)
    there = np.zeros(found.shape, dtype=np.bool_)
    for length, hashes in _hashes(padded, characters, longest):
        if length >= shortest:
            place = length - shortest
            found[:, place] = hashes - hashes // np.uint32(size) * np.uint32(size)
            there[:, place] = left >= length
            if length == 1:  # the lone < and >
                there[bounds[:-1], place] = there[bounds[1:] - 1, place] = False
    ends = np.zeros(len(characters) + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(there, axis=1), out=ends[1:])
    return found[there].astype(np.int64), ends[bounds]


def _padded(text: ByteArray, offsets: RowArray) -> tuple[ByteArray, RowArray]:
    """Return the words' bytes with `<` before and `>` after each, and int64 [words + 1] where they start."""
    starts = offsets - offsets[0] + 2 * np.arange(len(offsets))
    padded = np.empty(int(starts[-1]), dtype=np.uint8)
    inside = np.ones(len(padded), dtype=np.bool_)
    for places, mark in ((starts[:-1], b"<"), (starts[1:] - 1, b">")):
        padded[places] = mark[0]
        inside[places] = False
    padded[inside] = text[offsets[0] : offsets[-1]]
    return padded, starts


def _hashes(padded: ByteArray, characters: RowArray, longest: int) -> Iterator[tuple[int, npt.NDArray[np.uint32]]]:
    """Yield for n from 1 to `longest` uint32 [characters], the hashes of n characters from each one on.

    Those that reach beyond their word are not to be used.
    """
    count = len(characters)
    sizes = np.diff(np.append(characters, len(padded)))
    signed = padded.view(np.int8).astype(np.int32).view(np.uint32)
    parts = []  # of each character its first byte, second byte, and so on, and which characters have one
    for byte in range(int(sizes.max())):
        having = sizes > byte
        parts.append((np.where(having, signed[np.minimum(characters + byte, len(padded) - 1)], 0), having))
    hashes = np.full(count, _FNV_OFFSET_BASIS, dtype=np.uint32)
    prime = np.uint32(_FNV_PRIME)
    for length in range(1, longest + 1):
        within = hashes[: count - length + 1]
        for byte, (values, having) in enumerate(parts):
            last = values[length - 1 :]
            if byte == 0:
                within ^= last
                within *= prime
            else:
                chosen = having[length - 1 :]
                within[chosen] = (within[chosen] ^ last[chosen]) * prime
        yield length, hashes
