"""How sure scores are: computed again for many samples of the test items, drawn with replacement (the bootstrap).

Several models are scored on the same samples, so that their differences are known as well (Efron and Tibshirani,
"An Introduction to the Bootstrap", 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.evaluation.measures import Mean, Measure

Numbers = npt.NDArray[np.float64]

SAMPLES = 1_000
_SEED = 19_930_101  # of the samples, the same for every model
_HELD = 1 << 22  # items of samples held at a time: 32 MB
_TAIL = 0.025  # on either side of a 95 % interval


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a model made of the items of one set.

    Attributes:
        set: the name of the set.
        measure: what their score is.
        values: float64 [items], NaN for an item that is not covered.
        expected: float64 [items], what people said of the items.
    """

    set: str
    measure: Measure
    values: Numbers
    expected: Numbers

    @classmethod
    def of_mean(cls, name: str, values: Numbers) -> "Outcomes":
        """Return outcomes whose score is their mean, by the name of what was measured."""
        return cls(name, Mean(name), values, np.zeros_like(values))

    def score(self) -> float | None:
        """Return the score over the items that are covered; None where it is not defined."""
        return self.measure.summary(self.values, self.expected).score

    @property
    def covered(self) -> int:
        """How many items are covered."""
        return int(np.isfinite(self.values).sum())

    def resampled(self) -> Numbers:
        """Return float64 [SAMPLES], the scores of samples of the items that are covered."""
        is_covered = np.isfinite(self.values)
        values, expected = self.values[is_covered], self.expected[is_covered]
        random = np.random.Generator(np.random.PCG64(_SEED))
        each = max(1, _HELD // max(1, len(values)))
        scores = []
        for first in range(0, SAMPLES, each):
            items = random.integers(0, len(values), (min(each, SAMPLES - first), len(values)))
            scores.append(self.measure.resampled(values, expected, items))
        return np.concatenate(scores)


def interval(resampled: Numbers) -> tuple[float, float]:
    """Return the bounds of the 95 % confidence interval of a score, float64 [samples], not all NaN."""
    low, high = np.nanquantile(resampled, [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def p_value_of_best(scores: Sequence[float], resampled: Sequence[Numbers], best: int) -> float:
    """Return how likely by chance alone the best of several models is so much better than the first one, or more.

    That it was chosen as the best of so many is taken into account: by White's "A Reality Check for Data Snooping"
    (2000), the advantage of the best is compared with the largest of all advantages in each sample, each less what
    it is over all items.

    Args:
        scores: of the models, two or more.
        resampled: float64 [samples] for each model, its scores on the same samples.
        best: which one was chosen, from 1; the first is 0.
    """
    advantages = np.array(scores[1:]) - scores[0]
    of_samples = np.array(resampled[1:]) - resampled[0]
    known = of_samples[:, np.isfinite(of_samples).all(axis=0)]
    largest = (known - advantages[:, None]).max(axis=0)
    return float((1 + np.count_nonzero(largest >= advantages[best - 1])) / (1 + len(largest)))
