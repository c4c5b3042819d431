"""How near rows are to what is asked for, judged from cosines in float32 and then exactly, in NumPy alone."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray

EPSILON = 1e-6  # keeps 3CosMul from dividing by zero; the same as Gensim's

_ROUNDING = 2e-5  # more than float32 rounding can move a cosine of unit vectors at any usual dimension


class Target(ABC):
    """How rows are scored from their cosines to some of the vectors of a search.

    The cosines of a search are [vectors, rows]; those of one target, as `exact` takes them, are [terms, rows] in
    the order of `terms`. Cosines in float32 are off by less than `_ROUNDING / 2`.

    Attributes:
        terms: the places, among the vectors of the search, of those that the score is made from.
        excluded: rows that are left out.
    """

    terms: tuple[int, ...]
    excluded: tuple[int, ...]

    @abstractmethod
    def optimistic(self, cosines: FloatArray) -> FloatArray:
        """float32 [rows], not below the score that any row may have."""

    @abstractmethod
    def pessimistic(self, cosines: FloatArray, columns: RowArray) -> FloatArray:
        """float32 [columns], below every optimistic score by which a row must be kept to stay among the best."""

    @abstractmethod
    def exact(self, cosines: Float64Array) -> Float64Array:
        """float64 [rows], the scores."""


class Cosine(Target):
    """The cosine to one vector."""

    def __init__(self, place: int, excluded: tuple[int, ...] = ()) -> None:
        self.terms, self.excluded = (place,), excluded
        self._place = place

    def optimistic(self, cosines: FloatArray) -> FloatArray:
        """The cosines themselves; `pessimistic` bears the whole rounding, which saves an addition."""
        scores: FloatArray = cosines[self._place]
        return scores

    def pessimistic(self, cosines: FloatArray, columns: RowArray) -> FloatArray:
        """The cosines less twice what rounding may move them."""
        scores: FloatArray = cosines[self._place, columns] - np.float32(_ROUNDING)
        return scores

    def exact(self, cosines: Float64Array) -> Float64Array:
        """The cosines."""
        scores: Float64Array = cosines[0]
        return scores


class Product(Target):
    """A product of (1 + cosine) / 2 over a product of the same, plus 1e-6: 3CosMul of Levy and Goldberg (2014)."""

    def __init__(self, positive: Sequence[int], negative: Sequence[int], excluded: tuple[int, ...] = ()) -> None:
        self.terms, self.excluded = (*positive, *negative), excluded
        self._positive = len(positive)

    def optimistic(self, cosines: FloatArray) -> FloatArray:
        """Every cosine is moved to where the score is highest."""
        bound: FloatArray = self._score([cosines[term] for term in self.terms], np.float32(_ROUNDING / 2))
        return bound

    def pessimistic(self, cosines: FloatArray, columns: RowArray) -> FloatArray:
        """Every cosine is moved to where the score is lowest."""
        bound: FloatArray = self._score(
            [cosines[term, columns] for term in self.terms], np.float32(-_ROUNDING / 2)
        )
        return bound

    def exact(self, cosines: Float64Array) -> Float64Array:
        """The scores, as Gensim's `most_similar_cosmul` defines them."""
        scores: Float64Array = self._score(list(cosines), np.float64(0))
        return scores

    def _score(self, cosines: Sequence[Any], slack: Any) -> Any:
        score = _halves(cosines[: self._positive], slack)
        if self._positive < len(cosines):
            below = _halves(cosines[self._positive :], -slack)
            below += slack.dtype.type(EPSILON)
            score /= below
        else:
            score /= slack.dtype.type(1 + EPSILON)
        return score


def _halves(cosines: Sequence[Any], slack: Any) -> Any:
    """Return the product of (1 + cosine + slack) / 2, none of which is below 0."""
    product: Any = None
    for cosine in cosines:
        factor = cosine + (1 + slack)
        factor *= 0.5
        np.maximum(factor, 0, out=factor)
        product = factor if product is None else np.multiply(product, factor, out=product)
    return product


class Candidates:
    """The rows seen so far that may be among the best of a target, with all that may tie with them."""

    def __init__(self, target: Target, wanted: int, least: float) -> None:
        self._target = target
        self._wanted = wanted
        self._floor = np.float32(least - _ROUNDING)
        self._optimistic = np.empty(0, dtype=np.float32)
        self._pessimistic = np.empty(0, dtype=np.float32)
        self.rows: RowArray = np.empty(0, dtype=np.int64)

    def add(self, rows: RowArray, cosines: FloatArray) -> None:
        """Take in the cosines, float32 [vectors, rows], of some rows; NaN is never among the best."""
        scores = self._target.optimistic(cosines)
        columns = np.flatnonzero(scores >= self._floor)
        if not len(columns):
            return
        self.rows = np.concatenate([self.rows, rows[columns]])
        self._optimistic = np.concatenate([self._optimistic, scores[columns]])
        self._pessimistic = np.concatenate([self._pessimistic, self._target.pessimistic(cosines, columns)])
        surplus = len(self.rows) - self._wanted
        if surplus > 0:
            self._floor = max(self._floor, np.partition(self._pessimistic, surplus)[surplus])
            kept = self._optimistic >= self._floor
            self.rows = self.rows[kept]
            self._optimistic, self._pessimistic = self._optimistic[kept], self._pessimistic[kept]
