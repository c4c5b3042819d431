"""How good a classifier is: precision, recall and F1, accuracy, log loss, calibration, and differences of two."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

BINS = 10  # of probabilities, all equally wide, in which calibration is measured
SAMPLES = 1_000
_SEED = 19_930_101
_LEAST = 1e-15  # probability, whose logarithm is still a number

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LabelScores:
    """How well one label is found."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class Judgement:
    """Predictions beside the labels that texts have.

    Attributes:
        labels: the names of the labels: those of the classifier, then those that only the texts have.
        probabilities: float64 [texts, labels of the classifier].
        actual: bool [texts, labels], which labels each text has.
        is_multilabel: whether a text may have any number of labels.
    """

    labels: tuple[str, ...]
    probabilities: Reals
    actual: Flags
    is_multilabel: bool = False

    @cached_property
    def predicted(self) -> Flags:
        """bool [texts, labels]: the most probable label, or all with a probability of 0.5 and above."""
        found = np.zeros(self.actual.shape, dtype=bool)
        if self.is_multilabel:
            found[:, : self.probabilities.shape[1]] = self.probabilities >= 0.5
        else:
            found[np.arange(len(found)), self.probabilities.argmax(axis=1)] = True
        return found

    @cached_property
    def is_right(self) -> Flags:
        """bool [texts]: whether exactly the labels of a text are predicted; of one label, whether it has that."""
        if self.is_multilabel:
            return np.asarray((self.predicted == self.actual).all(axis=1))
        return np.asarray((self.predicted & self.actual).any(axis=1))

    @property
    def accuracy(self) -> float:
        """The share of texts whose prediction is right."""
        return float(self.is_right.mean())

    @cached_property
    def by_label(self) -> list[LabelScores]:
        """The scores of each label."""
        both = (self.predicted & self.actual).sum(axis=0)
        support, predicted = self.actual.sum(axis=0), self.predicted.sum(axis=0)
        precision, recall = both / np.maximum(predicted, 1), both / np.maximum(support, 1)
        f1 = 2 * both / np.maximum(support + predicted, 1)
        return [
            LabelScores(name, float(p), float(r), float(f), int(s), int(n))
            for name, p, r, f, s, n in zip(self.labels, precision, recall, f1, support, predicted, strict=True)
        ]

    @cached_property
    def _of_interest(self) -> list[LabelScores]:
        """The scores of labels that some text has or was given."""
        return [each for each in self.by_label if each.support or each.predicted]

    def mean(self, is_weighted: bool) -> LabelScores:
        """Return the mean of the scores of labels, by their support if it is weighted; others are left out."""
        each = self._of_interest
        weights = [float(one.support) if is_weighted else 1.0 for one in each]
        total = sum(weights) or 1.0

        def mean(name: str) -> float:
            return (
                sum(weight * float(getattr(one, name)) for weight, one in zip(weights, each, strict=True)) / total
            )

        support, predicted = sum(one.support for one in each), sum(one.predicted for one in each)
        name = "weighted avg" if is_weighted else "macro avg"
        return LabelScores(name, mean("precision"), mean("recall"), mean("f1"), support, predicted)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels."""
        return self.mean(False).f1

    @property
    def majority(self) -> float:
        """The accuracy of always predicting the label that most texts have."""
        return float(self.actual.mean(axis=0).max())

    @cached_property
    def log_loss(self) -> float:
        """The mean of minus the logarithm of the probability of what is true."""
        known = self.probabilities.shape[1]
        actual = self.actual[:, :known]
        if self.is_multilabel:
            of_truth = np.where(actual, self.probabilities, 1 - self.probabilities)
            return float(-np.log(np.clip(of_truth, _LEAST, 1)).sum(axis=1).mean())
        of_truth = np.where(actual, self.probabilities, 0).max(axis=1)
        return float(-np.log(np.clip(of_truth, _LEAST, 1)).mean())

    @cached_property
    def brier(self) -> float:
        """The mean squared distance of the probabilities to what is true, summed over labels."""
        padded = np.zeros(self.actual.shape)
        padded[:, : self.probabilities.shape[1]] = self.probabilities
        return float(((padded - self.actual) ** 2).sum(axis=1).mean())

    @cached_property
    def calibration_error(self) -> float:
        """The expected calibration error: how far confidence and accuracy are apart, in ten bins of confidence."""
        if self.is_multilabel:
            known = self.probabilities.shape[1]
            confidence, is_right = self.probabilities.ravel(), self.actual[:, :known].ravel()
        else:
            confidence, is_right = self.probabilities.max(axis=1), self.is_right
        return calibration_error(confidence, is_right)

    @cached_property
    def mcc(self) -> float | None:
        """Matthews' correlation coefficient for several labels; None for texts with any number of labels."""
        if self.is_multilabel:
            return None
        actual, predicted = self.actual.astype(float), self.predicted.astype(float)
        total = len(actual)
        right = float(self.is_right.sum())
        a, p = actual.sum(axis=0), predicted.sum(axis=0)
        scale = np.sqrt((total**2 - float(p @ p)) * (total**2 - float(a @ a)))
        return float((right * total - float(a @ p)) / scale) if scale else 0.0

    def confusion(self) -> list[tuple[str, str, int]]:
        """Return actual label, predicted label and number of texts, of those pairs that occur, by label."""
        rows = []
        for first, name in enumerate(self.labels):
            together = self.predicted[self.actual[:, first]].sum(axis=0)
            rows += [(name, self.labels[second], int(count)) for second, count in enumerate(together) if count]
        return rows

    def curve(self) -> list[tuple[float, float | None, float]]:
        """Return 20 thresholds, each with accuracy and share of the texts whose confidence reaches it."""
        confidence = self.probabilities.max(axis=1)
        rows: list[tuple[float, float | None, float]] = []
        for step in range(20):
            threshold = step / 20
            is_answered = confidence >= threshold
            share = float(is_answered.mean())
            rows.append((threshold, float(self.is_right[is_answered].mean()) if share else None, share))
        return rows


def calibration_error(confidence: Reals, is_right: Flags) -> float:
    """Return the expected calibration error of Naeini, Cooper and Hauskrecht (2015), in ten equally wide bins.

    Args:
        confidence: float64 [predictions], between 0 and 1.
        is_right: bool [predictions].
    """
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, weights=confidence - is_right, minlength=BINS)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))


def p_value(first: Flags, second: Flags) -> float:
    """Return how likely by chance alone one of two classifiers is so much better than the other, or more.

    By a paired bootstrap over the texts: the difference of accuracies in each sample, less that over all texts, is
    held against the latter.

    Args:
        first, second: bool [texts], whether each is right.
    """
    difference = second.astype(np.float64) - first
    observed = float(difference.mean())
    random = np.random.Generator(np.random.PCG64(_SEED))
    # Of texts with a difference, only their numbers among the sample matter.
    shares = [float((difference == value).mean()) for value in (-1, 0, 1)]
    drawn = random.multinomial(len(difference), shares, SAMPLES)
    sampled = (drawn[:, 2] - drawn[:, 0]) / len(difference)
    return float((1 + np.count_nonzero(np.abs(sampled - observed) >= abs(observed) - 1e-12)) / (1 + SAMPLES))
