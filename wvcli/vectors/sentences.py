"""Vectors of texts, made of those of their words, in NumPy alone.

The vector of a text is a weighted mean of the vectors of its words, less what it has in common with all texts. The
weights and what is common are fitted once, so that all texts made with one encoder lie in one space:

    mean    equal weights
    idf     inverse document frequency in a given text
    sif     smooth inverse frequency, and one common component (Arora, Liang and Ma, "A Simple but Tough-to-Beat
            Baseline for Sentence Embeddings", 2017)
    usif    the same without a parameter to set, and five components, each removed in part (Ethayarajh,
            "Unsupervised Random Walk Sentence Embeddings", 2018)
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.vectors.geometry import Float64Array, FloatArray, FloatMatrix, RowArray

Weighting = Literal["mean", "idf", "sif", "usif"]
CountArray = npt.NDArray[np.int64]

COMPONENTS: dict[Weighting, int] = {"mean": 0, "idf": 0, "sif": 1, "usif": 5}  # removed if the user says nothing

_SIF_A = 1e-3  # the parameter a of SIF, as its authors set it
_TEXT_LENGTH = 11  # words of a text where no text is known, the mean length that uSIF's authors take
_ZIPF_SHIFT = 2.7  # of the rank in the law of Zipf and Mandelbrot, which stands in for counts that are unknown
_MOST_WORDS = 20_000  # the most frequent words, from which what texts have in common is told without a text
_LONGEST = 256  # words added up one after the other; a longer text is cut in pieces
_SUMMED = 1 << 20  # bytes of sums added up together, so that they stay in the processor's cache


def word_probabilities(words: int, counts: CountArray | None = None) -> Float64Array:
    """Return float64 [words], the share of each word in all text.

    Args:
        words: how many words there are, the most frequent first.
        counts: int64 [words], their occurrences; None where they are unknown, so that the order must do.
    """
    if counts is not None and (total := int(np.sum(counts))) > 0:
        return np.asarray(counts, dtype=np.float64) / total
    shares = 1 / (np.arange(1, words + 1) + _ZIPF_SHIFT)
    found: Float64Array = shares / max(shares.sum(), 1e-12)
    return found


def word_weights(
    weighting: Weighting,
    probabilities: Float64Array,
    documents: CountArray | None = None,
    texts: int = 0,
) -> FloatArray:
    """Return float32 [words], the weight of each word in the mean of a text.

    Args:
        weighting: how words are weighted.
        probabilities: float64 [words], as `word_probabilities` returns them.
        documents: int64 [words], in how many texts each word occurs; needed for `idf`.
        texts: how many texts those are of.

    Raises:
        UsageError: `idf` is asked for without `documents`.
    """
    if weighting == "mean":
        return np.ones(len(probabilities), dtype=np.float32)
    if weighting == "idf":
        if documents is None:
            raise UsageError("`method=idf` needs texts in which words are counted", "name them with `fit`")
        return (np.log((1 + texts) / (1.0 + documents)) + 1).astype(np.float32)
    if weighting == "sif":
        return (_SIF_A / (_SIF_A + probabilities)).astype(np.float32)
    words = max(1, len(probabilities))
    frequent = 1 - (1 - 1 / words) ** _TEXT_LENGTH
    alpha = float(np.count_nonzero(probabilities > frequent)) / words
    a = (1 - alpha) / (max(alpha, 1 / words) * 0.5 * words)
    return (a / (0.5 * a + probabilities) / 2).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Components:
    """Directions that all texts have in common, which tell nothing of any one of them.

    Attributes:
        directions: float32 [components, dim], orthogonal and of unit length.
        shares: float32 [components], how much of each is removed: 1 is all of it.
    """

    directions: FloatArray
    shares: FloatArray

    @classmethod
    def none(cls, dim: int) -> "Components":
        """Return no component at all."""
        return cls(np.zeros((0, dim), dtype=np.float32), np.zeros(0, dtype=np.float32))

    def remove_from(self, vectors: FloatArray) -> None:
        """Remove them from float32 [texts, dim], in place."""
        if len(self.shares):
            vectors -= (vectors @ self.directions.T * self.shares) @ self.directions


class Moments:
    """The mean products of the dimensions of texts, of which the common components are made.

    Args:
        dim: of the vectors.
    """

    def __init__(self, dim: int) -> None:
        self._products: Float64Array = np.zeros((dim, dim))
        self.texts = 0

    def add(self, vectors: FloatArray) -> None:
        """Take in float32 [texts, dim]; those that are zero do not count."""
        exact = vectors[np.abs(vectors).max(axis=1, initial=0) > 0].astype(np.float64)
        self._products += exact.T @ exact
        self.texts += len(exact)

    def components(self, weighting: Weighting, count: int | None = None) -> Components:
        """Return the directions in which texts are longest.

        Args:
            weighting: of the words; with `usif` each is removed by its share in all of them, else wholly.
            count: how many; None for as many as is usual with the weighting.

        Raises:
            UsageError: there are not as many dimensions.
        """
        return components_of(self._products, weighting, count)


def components_of(products: Float64Array, weighting: Weighting, count: int | None = None) -> Components:
    """Return the common components that float64 [dim, dim], the mean products of dimensions, have.

    Arguments and what is raised are those of `Moments.components`.
    """
    dim = len(products)
    if count is not None and not 0 <= count <= dim:
        raise UsageError(f"`components` must be from 0 to {dim}, the dimensions of the vectors, not {count}")
    wanted = min(COMPONENTS[weighting], dim) if count is None else count
    if not wanted or not products.any() or not np.isfinite(products).all():
        return Components.none(dim)
    strengths, found = np.linalg.eigh(products)
    strengths, directions = np.maximum(strengths[::-1][:wanted], 0), found[:, ::-1].T[:wanted]
    directions, strengths = directions[strengths > 0], strengths[strengths > 0]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    directions = directions * np.where(largest < 0, -1, 1)  # so that the signs do not depend on the machine
    shares = strengths / strengths.sum() if weighting == "usif" else np.ones(len(strengths))
    return Components(directions.astype(np.float32), shares.astype(np.float32))


def expected_products(matrix: FloatMatrix, weights: FloatArray, probabilities: Float64Array) -> Float64Array:
    """Return float64 [dim, dim], the mean products of dimensions of texts whose words are drawn at random.

    It stands in for texts where there are none: a text of n words has the products of the mean word's vector, and
    the n-th part of how words vary about it. Rare words, which hardly count, are left out.
    """
    most = min(len(matrix), _MOST_WORDS)
    rows = np.asarray(matrix[:most], dtype=np.float64)
    usable = np.asarray(np.isfinite(rows).all(axis=1))
    rows = np.where(usable[:, None], rows, 0) * weights[:most, None]
    shares = np.where(usable, probabilities[:most], 0)
    shares = shares / max(shares.sum(), 1e-300)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller bears what is not finite
        mean = shares @ rows
        products = (rows * shares[:, None]).T @ rows
        found: Float64Array = (products + (_TEXT_LENGTH - 1) * np.outer(mean, mean)) / _TEXT_LENGTH
    return found


@dataclass(frozen=True, eq=False)
class SentenceEncoder:
    """Makes vectors of texts.

    Attributes:
        matrix: float32 [words, dim], the vectors of words.
        weights: float32 [words], their weights.
        components: what is removed from every text.
        weight_of_others: the weight of a word outside the vocabulary whose vector is made of subwords.

    Example:
        >>> import numpy as np
        >>> matrix = np.eye(3, dtype=np.float32)
        >>> encoder = SentenceEncoder(matrix, np.ones(3, dtype=np.float32), Components.none(3))
        >>> encoder.encode(np.array([0, 1, -1, 2]), np.array([0, 3, 4, 4]))[0].tolist()
        [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    matrix: FloatMatrix
    weights: FloatArray
    components: Components
    weight_of_others: float = 1.0

    @classmethod
    def of_words(
        cls,
        matrix: FloatMatrix,
        counts: CountArray | None = None,
        weighting: Weighting = "sif",
        components: int | None = None,
    ) -> "SentenceEncoder":
        """Return an encoder fitted to the words alone, with no text at hand.

        Args:
            matrix: float32 [words, dim].
            counts: int64 [words], occurrences; None where they are unknown, and the most frequent come first.
            weighting: how words are weighted; not `idf`, which counts texts.
            components: how many common components are removed; None for as many as is usual.

        Raises:
            UsageError: `idf` is asked for, or more components than there are dimensions.
        """
        probabilities = word_probabilities(len(matrix), counts)
        weights = word_weights(weighting, probabilities)
        wanted = COMPONENTS[weighting] if components is None else components
        if not wanted:
            return cls(matrix, weights, Components.none(matrix.shape[1]))
        products = expected_products(matrix, weights, probabilities)
        return cls(matrix, weights, components_of(products, weighting, components))

    def encode(
        self, rows: RowArray, bounds: RowArray, further: FloatArray | None = None
    ) -> tuple[FloatArray, CountArray]:
        """Return the vectors of texts, and how many words of each have one.

        A text without such a word is zero, and no number is ever NaN or infinite: a word whose vector is not
        finite counts as one that has none.

        Args:
            rows: int64 [tokens], the row of each token in `matrix`, -1 for a word without a vector.
            bounds: int64 [texts + 1]; text i is `rows[bounds[i]:bounds[i + 1]]`.
            further: float32 [others, dim], vectors of words outside the vocabulary, which are meant by the rows
                that follow those of `matrix`.

        Returns:
            float32 [texts, dim] and int64 [texts].
        """
        vectors, known = self.means(rows, bounds, further)
        with np.errstate(over="ignore", invalid="ignore"):
            self.components.remove_from(vectors)
        _zero_where_not_finite(vectors, known)
        return vectors, known

    def means(
        self, rows: RowArray, bounds: RowArray, further: FloatArray | None = None
    ) -> tuple[FloatArray, CountArray]:
        """Return what `encode` does, with the common components still in it."""
        table, numbers = self._table(rows, further)
        is_known = numbers >= 0
        before = np.concatenate([[0], np.cumsum(is_known)])[bounds]
        known = np.diff(before)
        with np.errstate(over="ignore", invalid="ignore"):
            vectors = _sums(table, numbers[is_known], before)
            np.divide(vectors, known[:, None], out=vectors, where=known[:, None] > 0)
        _zero_where_not_finite(vectors, known)
        return vectors, known

    def _table(self, rows: RowArray, further: FloatArray | None) -> tuple[FloatArray, RowArray]:
        """Return the weighted vectors of the distinct words, and int64 [tokens], where each is there, or -1."""
        words = len(self.matrix)
        others = np.zeros((0, self.matrix.shape[1]), dtype=np.float32) if further is None else further
        is_used = np.zeros(words + len(others) + 1, dtype=np.bool_)
        is_used[rows] = True  # the last is that of -1
        used = np.flatnonzero(is_used[:-1])
        inside = used[used < words]
        outside = others[used[len(inside) :] - words] * np.float32(self.weight_of_others)
        table = np.concatenate([self.matrix[inside] * self.weights[inside, None], outside])
        is_finite = np.isfinite(table).all(axis=1)
        numbers = np.full(len(is_used), -1, dtype=np.int64)
        numbers[used[is_finite]] = np.arange(np.count_nonzero(is_finite))
        return table if is_finite.all() else table[is_finite], numbers[rows]


def _zero_where_not_finite(vectors: FloatArray, known: CountArray) -> None:
    """Make texts whose numbers are beyond float32 such that have no word; in place."""
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        vectors[bad], known[bad] = 0, 0


def _sums(table: FloatArray, numbers: RowArray, bounds: RowArray) -> FloatArray:
    """Return float32 [texts, dim], the sum of the rows of `table` that the words of each text are numbered by."""
    lengths = np.diff(bounds)
    if len(lengths) and int(lengths.max()) > _LONGEST:
        pieces = np.maximum(1, -(-lengths // _LONGEST))
        first = np.cumsum(pieces) - pieces
        place = np.arange(int(pieces.sum())) - np.repeat(first, pieces)
        starts = np.repeat(bounds[:-1], pieces) + place * _LONGEST
        summed = _sums(table, numbers, np.append(starts, bounds[-1]))
        found: FloatArray = np.add.reduceat(summed, first, axis=0)
        return found
    order = np.argsort(-lengths, kind="stable")  # texts of equally many words together
    sums = np.zeros((len(lengths), table.shape[1]), dtype=np.float32)
    step = max(1, _SUMMED // max(1, 4 * table.shape[1]))
    for start in range(0, len(order), step):
        texts = order[start : start + step]
        some = np.zeros((len(texts), table.shape[1]), dtype=np.float32)
        row = np.empty_like(some)
        most, first = int(lengths[texts[0]]), bounds[texts]
        # Of texts by falling lengths, those with more words than each number.
        longer = np.searchsorted(-lengths[texts], -np.arange(most), side="left").tolist()
        for place, having in enumerate(longer):
            np.take(table, numbers[first[:having] + place], axis=0, out=row[:having], mode="clip")
            some[:having] += row[:having]
        sums[texts] = some
    return sums
