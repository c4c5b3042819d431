"""Measures: what the outcomes of the items of a test come to, how sure that is, and whether two models differ.

Outcomes are float64 [items], NaN for an item that is not covered.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import atanh, sqrt, tanh
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Items = npt.NDArray[np.int64]

_CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2)
_SAME = 1e-12  # closer to a correlation of 1 than rounding can tell


@dataclass(frozen=True)
class Summary:
    """What a measure says of some items.

    Attributes:
        score: over the items that are covered; None where it is not defined.
        score_all: over all items, those not covered counted as similarity 0, or as wrong.
        low: where the 95 % confidence interval of `score` begins; None where none is known.
        high: where it ends.
    """

    score: float | None
    score_all: float | None
    low: float | None = None
    high: float | None = None


class Measure(ABC):
    """A way to sum up outcomes."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def summary(self, outcomes: Numbers, expected: Numbers) -> Summary:
        """The score of some items.

        Args:
            outcomes: float64 [items], NaN where an item is not covered.
            expected: float64 [items], what people said of the items, for measures that compare with it.
        """

    @abstractmethod
    def resampled(self, outcomes: Numbers, expected: Numbers, items: Items) -> Numbers:
        """The score of each of several samples of the items; NaN where it is not defined.

        Args:
            outcomes: float64 [items], none of them NaN.
            expected: float64 [items].
            items: int64 [samples, drawn], the items of each sample.
        """

    @abstractmethod
    def p_value(self, first: Numbers, other: Numbers, expected: Numbers) -> float | None:
        """How likely a difference as large as that between two models is by chance, two-sided, over the items that
        both cover; None where there is no test for it.
        """


class _OfMeans(Measure):
    """A measure whose score is a mean."""

    def resampled(self, outcomes: Numbers, expected: Numbers, items: Items) -> Numbers:
        """The mean of each sample."""
        means: Numbers = outcomes[items].mean(axis=1)
        return means


class Proportion(_OfMeans):
    """The share of items that are right, with Wilson's interval; models are compared by McNemar's exact test."""

    def summary(self, outcomes: Numbers, expected: Numbers) -> Summary:
        """Outcomes are 1 for right and 0 for wrong."""
        from scipy.stats import binomtest

        right, covered = int(np.nansum(outcomes)), int(np.isfinite(outcomes).sum())
        score_all = right / len(outcomes) if len(outcomes) else None
        if not covered:
            return Summary(None, score_all)
        interval = binomtest(right, covered).proportion_ci(_CONFIDENCE, method="wilson")
        return Summary(right / covered, score_all, float(interval.low), float(interval.high))

    def p_value(self, first: Numbers, other: Numbers, expected: Numbers) -> float | None:
        """The binomial test of the items that one model has right and the other wrong."""
        from scipy.stats import binomtest

        gained, lost = int(np.sum(other > first)), int(np.sum(other < first))
        if not np.isfinite(first + other).any():
            return None
        return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


class Mean(_OfMeans):
    """The mean of the outcomes, for measures of which no interval and no test is known."""

    def summary(self, outcomes: Numbers, expected: Numbers) -> Summary:
        """Outcomes are numbers from 0 to 1."""
        covered = outcomes[np.isfinite(outcomes)]
        score_all = float(covered.sum() / len(outcomes)) if len(outcomes) else None
        return Summary(float(covered.mean()) if len(covered) else None, score_all)

    def p_value(self, first: Numbers, other: Numbers, expected: Numbers) -> float | None:
        """Not known."""
        return None


class Correlation(Measure):
    """Pearson's or Spearman's correlation of similarities with what people said.

    The interval is Fisher's, for Spearman with the variance of Bonett and Wright (2000). Models are compared by
    Williams' test of two correlations with the same third variable, as Steiger (1980) advises; for Spearman over
    ranks.
    """

    def __init__(self, name: str, ranked: bool) -> None:
        super().__init__(name)
        self._ranked = ranked

    def summary(self, outcomes: Numbers, expected: Numbers) -> Summary:
        """Outcomes are cosines."""
        covered = np.isfinite(outcomes)
        score = self._between(outcomes[covered], expected[covered])
        score_all = self._between(np.where(covered, outcomes, 0), expected)
        low, high = self._interval(score, int(covered.sum()))
        return Summary(score, score_all, low, high)

    def resampled(self, outcomes: Numbers, expected: Numbers, items: Items) -> Numbers:
        """The correlation in each sample."""
        from scipy.stats import rankdata

        one, two = outcomes[items], expected[items]
        if self._ranked:
            one, two = rankdata(one, axis=1), rankdata(two, axis=1)
        one, two = (values - values.mean(axis=1, keepdims=True) for values in (one, two))
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
        correlations = np.full(len(items), np.nan)
        np.divide(np.einsum("si,si->s", one, two), lengths, out=correlations, where=lengths > _SAME)
        return correlations

    def p_value(self, first: Numbers, other: Numbers, expected: Numbers) -> float | None:
        """Williams' t with n - 3 degrees of freedom."""
        from scipy.stats import t

        both = np.isfinite(first + other)
        count = int(both.sum())
        one, two, gold = first[both], other[both], expected[both]
        a, b, c = self._between(one, gold), self._between(two, gold), self._between(one, two)
        if a is None or b is None or c is None or count < 4:
            return None
        if c > 1 - _SAME:
            return 1.0
        determinant = max(0.0, 1 - a * a - b * b - c * c + 2 * a * b * c)
        spread = 2 * (count - 1) / (count - 3) * determinant + (a + b) ** 2 / 4 * (1 - c) ** 3
        if spread <= 0:
            return None
        return float(2 * t.sf(abs(a - b) * sqrt((count - 1) * (1 + c) / spread), count - 3))

    def _between(self, one: Numbers, two: Numbers) -> float | None:
        """Return the correlation of two variables, or None where it is not defined."""
        from scipy.stats import rankdata

        if len(one) < 2 or not (np.ptp(one) and np.ptp(two)):  # a mean of equal numbers may be rounded
            return None
        if self._ranked:
            one, two = rankdata(one), rankdata(two)
        one, two = one - one.mean(), two - two.mean()
        lengths = float(np.linalg.norm(one) * np.linalg.norm(two))
        return max(-1.0, min(1.0, float(one @ two) / lengths)) if lengths else None

    def _interval(self, score: float | None, count: int) -> tuple[float | None, float | None]:
        if score is None or count < 4:
            return None, None
        if abs(score) > 1 - _SAME:
            return score, score
        reach = _Z * sqrt((1 + score * score / 2 if self._ranked else 1) / (count - 3))
        return tanh(atanh(score) - reach), tanh(atanh(score) + reach)
