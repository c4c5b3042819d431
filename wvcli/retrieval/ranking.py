"""The best passages: by the cosine of vectors, by the words they share with a question, and by both together.

Words are scored by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009),
and two rankings are joined by the reciprocals of the ranks (Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion
Outperforms Condorcet and Individual Rank Learning Methods", 2009).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray

_K1, _B = 1.2, 0.75  # of BM25: how soon more of a word counts no more, and how much the length of a passage counts
_RANK_SHIFT = 60  # added to ranks before their reciprocals are taken
FUSED = 1_000  # passages of each ranking that are joined


class Nearest:
    """The passages with the greatest cosines so far; of equal ones those that come first.

    Args:
        query: float32 [dim], of unit length; or zeros, to which nothing is near.
        most: how many are kept.

    Attributes:
        query: as given.
        numbers: int64, of the passages, the nearest first.
        similarities: float32, their cosines.
    """

    def __init__(self, query: FloatArray, most: int) -> None:
        self.query, self._most = query, most
        self.numbers: RowArray = np.zeros(0, dtype=np.int64)
        self.similarities: FloatArray = np.zeros(0, dtype=np.float32)

    def add(self, start: int, units: FloatArray) -> RowArray:
        """Take in float32 [passages, dim], vectors of unit length or zero, of which the latter are never near.

        Args:
            start: the number of the first.
            units: the vectors.

        Returns:
            int64 [kept], the numbers of those that are among the best now.
        """
        similarities = units @ self.query
        places = np.flatnonzero(units.any(axis=1) & self.query.any())
        if len(self.numbers) == self._most:
            places = places[similarities[places] > self.similarities[-1]]
        numbers = np.concatenate([self.numbers, start + places])
        values = np.concatenate([self.similarities, similarities[places]])
        order = np.lexsort((numbers, -values))[: self._most]
        self.numbers, self.similarities = numbers[order], values[order]
        return self.numbers[self.numbers >= start]


class WordMatches:
    """The passages that have words of a question, and what BM25 needs to know of all passages.

    Args:
        terms: how many distinct words the question has.
    """

    def __init__(self, terms: int) -> None:
        self._numbers: list[RowArray] = []
        self._counts: list[npt.NDArray[np.int64]] = []
        self._lengths: list[npt.NDArray[np.int64]] = []
        self._terms = terms
        self._passages = self._tokens = 0

    def add(self, start: int, counts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        """Take in passages.

        Args:
            start: the number of the first.
            counts: int64 [passages, terms], how often each has each word.
            lengths: int64 [passages], how many words each has in all.
        """
        places = np.flatnonzero(counts.any(axis=1))
        self._numbers.append(start + places)
        self._counts.append(counts[places])
        self._lengths.append(lengths[places])
        self._passages += len(lengths)
        self._tokens += int(lengths.sum())

    def best(self, most: int) -> tuple[RowArray, Float64Array]:
        """Return the numbers and scores of the passages that BM25 puts first, at most so many."""
        numbers = np.concatenate([np.zeros(0, dtype=np.int64), *self._numbers])
        counts = np.concatenate([np.zeros((0, self._terms), dtype=np.int64), *self._counts])
        lengths = np.concatenate([np.zeros(0, dtype=np.int64), *self._lengths])
        having = np.count_nonzero(counts, axis=0)
        idf = np.log(1 + (self._passages - having + 0.5) / (having + 0.5))
        mean = max(1.0, self._tokens / max(1, self._passages))
        share = counts * (_K1 + 1) / (counts + _K1 * (1 - _B + _B * lengths[:, None] / mean))
        scores: Float64Array = share @ idf
        order = np.lexsort((numbers, -scores))[:most]
        return numbers[order], scores[order]


def term_counts(ids: RowArray, bounds: RowArray, terms: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return int64 [passages, terms], how often each passage has each word.

    Args:
        ids: integers [tokens], the number of each token's word.
        bounds: int64 [passages + 1]; passage i is `ids[bounds[i]:bounds[i + 1]]`.
        terms: the numbers of the words.
    """
    found = np.zeros((len(bounds) - 1, len(terms)), dtype=np.int64)
    for column, term in enumerate(terms):
        places = np.flatnonzero(ids == term)
        np.add.at(found[:, column], np.searchsorted(bounds, places, side="right") - 1, 1)
    return found


def fused(first: RowArray, second: RowArray) -> RowArray:
    """Return the numbers of two rankings as one ranking, by the sum of the reciprocals of their ranks."""
    scores: dict[int, float] = {}
    for ranking in (first, second):
        for rank, number in enumerate(ranking.tolist(), 1):
            scores[number] = scores.get(number, 0.0) + 1 / (_RANK_SHIFT + rank)
    return np.array(sorted(scores, key=lambda number: (-scores[number], number)), dtype=np.int64)
