"""Subwords for vectors that were trained without: rows of n-grams whose mean points where a word's vector does.

Follows Zhao, Mudgal and Liang, "Generalizing Word Embeddings using Bag of Subwords" (2018): a ridge regression of
the words' unit vectors on their character n-grams, each word weighted by the logarithm of its count. It is solved
by conjugate gradients (Hestenes and Stiefel, 1952), some dimensions at a time. The n-grams are hashed to buckets
like those of FastText, so that an unknown word is the mean of its n-grams' rows there, too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.reporting import OnProgress, Progress, ignore_progress
from wvcli.system.parallel import parallel_map, processors
from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray, inverse_norms
from wvcli.vectors.subwords import Subwords, bucket_rows
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_LETTERS = (3, 6)  # shortest and longest n-gram where words are spelled in letters; fastText's own
_SYLLABLES = (1, 3)  # where a character is a syllable or a word
_SYLLABLE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
_JUDGED = 10_000  # words, the most frequent ones, by which a script is told
_MOST_WORDS = 200_000  # the most frequent ones, that are fitted to
_FEWEST_BUCKETS = 1_000
_RIDGE = 0.02
_STEPS = 4  # of conjugate gradients; unknown words score no better after 6 or 20
_DIMENSIONS = 32  # solved for at a time, so that the rows in use stay in the processor's cache
_LARGEST_LENGTH, _SMALLEST_LENGTH = 1e3, 1e-3  # of vectors that float16 holds with all its precision
_FLAT = np.float32(1e-12)  # share of the first slope, the square of a gradient, that float32 cannot tell from none
_LARGEST = 65_504.0  # number that float16 holds


def has_letters(words: Sequence[str]) -> bool:
    """Return whether words are mostly spelled in letters, or signs like these: n-grams of others mean little.

    Example:
        >>> has_letters(["cat", "猫", "42"]), has_letters(["42", "43", "x1"])
        (True, False)
    """
    judged = words[:_JUDGED]
    return sum(any(map(str.isalpha, word)) for word in judged) * 2 > len(judged)


def ngram_lengths(words: Sequence[str]) -> tuple[int, int]:
    """Return how long the shortest and the longest n-gram are, in characters, for words in their script.

    Example:
        >>> ngram_lengths(["cat", "dog", "猫"]), ngram_lengths(["猫", "喜欢", "ok"])
        ((3, 6), (1, 3))
    """
    judged = words[:_JUDGED]
    is_syllabic = sum(bool(_SYLLABLE.search(word)) for word in judged) * 2 > len(judged)
    return _SYLLABLES if is_syllabic else _LETTERS


def bucket_count(words: int) -> int:
    """Return how many buckets the n-grams of a vocabulary of so many words are hashed to.

    With one for each word a file grows by a quarter; unknown words score no better with two or four.
    """
    return max(_FEWEST_BUCKETS, min(words, _MOST_WORDS))


def fit_subwords(
    vectors: Vectors, on_progress: OnProgress = ignore_progress, threads: int | None = None
) -> Subwords:
    """Fit rows of n-grams to the vectors of words, so that the mean of a word's n-grams points where it does.

    The same vectors give the same numbers, whatever the number of threads.

    Args:
        vectors: words, most frequent first, with their vectors, and their counts if known.
        on_progress: called with how far the work is, possibly from another thread.
        threads: how many, at most; None for the number of processors.

    Returns:
        Subwords with float16 [buckets, dim], scaled to the length of the words' vectors. The vector of an unknown
        word is the shorter, the less its n-grams say.

    Example:
        >>> import wvcli
        >>> subwords = fit_subwords(wvcli.load("animals.safetensors"))
        >>> subwords.matrix.dtype, subwords.vector("catlike").shape
        (dtype('float16'), (50,))
    """
    words = min(len(vectors), _MOST_WORDS)
    min_n, max_n = ngram_lengths(vectors.vocabulary)
    table = np.zeros((bucket_count(len(vectors)), vectors.dim), dtype=np.float16)
    incidence, buckets = _incidence(vectors.vocabulary, words, (min_n, max_n), len(table))
    norms = vectors.norms[:words]
    to_units = np.nan_to_num(inverse_norms(norms))
    weights = np.where(to_units > 0, _weights(vectors.counts, words), 0)
    is_sound = weights > 0
    length = float(np.median(norms[is_sound])) if is_sound.any() else 1.0
    length = min(max(length, _SMALLEST_LENGTH), _LARGEST_LENGTH)
    matrix = np.asarray(vectors.matrix[:words])
    regression = RidgeRegression.of(incidence, weights)
    parts = [slice(start, start + _DIMENSIONS) for start in range(0, vectors.dim, _DIMENSIONS)]
    solved: list[slice] = []

    def solve(part: slice) -> None:
        units = np.nan_to_num(matrix[:, part]) * to_units[:, None]
        table[buckets, part] = np.clip(regression.solve(units) * length, -_LARGEST, _LARGEST)
        solved.append(part)
        on_progress(Progress("fitting subwords", words * len(solved) // len(parts), words))

    on_progress(Progress("fitting subwords", 0, words))
    parallel_map(solve, parts, threads or processors())
    return Subwords(table, min_n, max_n, is_fitted=True)


def _weights(counts: npt.NDArray[np.int64] | None, words: int) -> Float64Array:
    """Return float64 [words], how much each word weighs; unknown counts are taken to follow Zipf's law."""
    known = words / np.arange(1, words + 1) if counts is None else counts[:words]
    weights: Float64Array = np.log1p(known)
    return weights / max(float(weights.mean()), 1e-9)


def _incidence(vocabulary: Vocabulary, words: int, lengths: tuple[int, int], buckets: int) -> tuple[Any, RowArray]:
    """Return which n-grams the first words have.

    Returns:
        A sparse matrix, float32 [words, used buckets], with the share that each bucket has in a word's n-grams;
        and int64 [used buckets], their numbers. Those of most n-grams come first: their rows are then near to
        each other.
    """
    from scipy.sparse import csr_array

    found, bounds = bucket_rows(vocabulary.text, vocabulary.offsets[: words + 1], *lengths, buckets)
    uses = np.bincount(found, minlength=buckets)
    used = np.argsort(-uses, kind="stable")[: np.count_nonzero(uses)]
    columns = np.empty(buckets, dtype=np.int32)
    columns[used] = np.arange(len(used))
    counts = np.diff(bounds)
    shares = (1 / np.maximum(counts, 1)).astype(np.float32)
    matrix = csr_array((np.repeat(shares, counts), columns[found], bounds), shape=(words, len(used)))
    matrix.sum_duplicates()
    return matrix, used


@dataclass(frozen=True, eq=False)
class RidgeRegression:
    """Finds the rows whose weighted sums are nearest to some targets, and are themselves not long.

    Attributes:
        weighted: sparse float32 [words, rows], the sums, each word times the root of its weight.
        transposed: the same, [rows, words].
        roots: float32 [words, 1], the roots of the words' weights.
        diagonal: float32 [rows, 1], that of the normal equations, by which conjugate gradients are preconditioned.
        ridge: how much the length of a row counts.
    """

    weighted: Any
    transposed: Any
    roots: FloatArray
    diagonal: FloatArray
    ridge: float

    @classmethod
    def of(cls, sums: Any, weights: Float64Array, ridge: float = _RIDGE) -> "RidgeRegression":
        """Prepare it for sums of rows, sparse [words, rows], and the weights of the words, float64 [words]."""
        roots = np.sqrt(weights).astype(np.float32)[:, None]
        weighted = sums.multiply(roots).tocsr()
        transposed = weighted.T.tocsr()
        squares = np.bincount(weighted.indices, weighted.data**2, minlength=weighted.shape[1])
        return cls(weighted, transposed, roots, (squares[:, None] + ridge).astype(np.float32), ridge)

    def solve(self, targets: FloatArray, steps: int = _STEPS) -> FloatArray:
        """Return float32 [rows, dims] for targets, float32 [words, dims]; each dimension is solved by itself.

        It is the solution after many steps; after some, what is left says little of other words.
        """
        ridge = np.float32(self.ridge)
        residual = np.ascontiguousarray(targets * self.roots, dtype=np.float32)
        solution = np.zeros((len(self.diagonal), targets.shape[1]), dtype=np.float32)
        gradient = self.transposed @ residual
        improved = gradient / self.diagonal
        direction = improved
        slope = _dots(gradient, improved)
        flat = slope * _FLAT
        for step in range(steps):
            if step:
                gradient = self.transposed @ residual - ridge * solution
                improved = gradient / self.diagonal
                before, slope = slope, _dots(gradient, improved)
                slope[slope <= flat] = 0  # solved but for rounding, which must not be followed
                direction = improved + direction * _quotient(slope, before)
            change = self.weighted @ direction
            length = _quotient(slope, _dots(change, change) + ridge * _dots(direction, direction))
            solution += length * direction
            residual -= length * change
        return solution


def _dots(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return float32 [dims], the dot product of each column of one matrix with that of another."""
    dots: FloatArray = np.einsum("nd,nd->d", first, second)
    return dots


def _quotient(number: FloatArray, divisor: FloatArray) -> FloatArray:
    """Return float32 [dims], 0 where the divisor is 0, as it is once a dimension is solved."""
    return np.divide(number, divisor, out=np.zeros_like(number), where=divisor > 0)
