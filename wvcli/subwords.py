"""fastText's subword n-grams: hashing, and vectors for words outside the vocabulary.

Follows Bojanowski, Grave, Joulin and Mikolov, "Enriching Word Vectors with Subword Information" (2017), and
the hash of the fastText program, which Gensim shares.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FNV_OFFSET_BASIS = 2166136261
_FNV_PRIME = 16777619


def ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """The character n-grams of `<word>` with lengths `min_n` to `max_n`, in fastText's order.

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
    """The 32-bit FNV-1a hash of an n-gram's UTF-8 bytes, each widened as a signed byte, as fastText does."""
    value = _FNV_OFFSET_BASIS
    for byte in ngram.encode("utf-8"):
        signed = byte if byte < 128 else byte | 0xFFFFFF00
        value = (value ^ signed) * _FNV_PRIME & 0xFFFFFFFF
    return value


@dataclass(frozen=True)
class Subwords:
    """The n-gram vectors of a FastText model.

    Attributes:
        matrix: float32 [buckets, dim], one row a hash bucket.
        min_n: shortest n-gram, in characters.
        max_n: longest n-gram, in characters.
    """

    matrix: npt.NDArray[np.float32]
    min_n: int
    max_n: int

    def buckets(self, word: str) -> list[int]:
        """The rows of `matrix` that make up `word`; empty for a word too short to have n-grams."""
        size = len(self.matrix)
        return [ngram_hash(ngram) % size for ngram in ngrams(word, self.min_n, self.max_n)] if size else []

    def vector(self, word: str) -> npt.NDArray[np.float32] | None:
        """float32 [dim], the mean of the word's n-gram vectors, or None when it has no n-gram."""
        try:
            rows = self.buckets(word) if word else []
        except UnicodeEncodeError:  # a lone surrogate, from an argument that is not UTF-8
            return None
        if not rows:
            return None
        total = np.zeros(self.matrix.shape[1], dtype=np.float32)
        for row in rows:  # in Gensim's order of addition, so that the sum is the same to the last bit
            total += self.matrix[row]
        total /= len(rows)
        return total
