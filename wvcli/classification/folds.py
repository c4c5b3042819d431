"""Which texts a classifier is judged on, and scores of texts by classifiers that did not learn from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import Rows
from wvcli.classification.logistic_regression import Weights, fit
from wvcli.classification.settings import SMOOTHING, ClassifierSettings
from wvcli.system.parallel import parallel_map, processors

Reals = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

SEED = 1


@dataclass(frozen=True)
class Problem:
    """What a classifier is to learn.

    Attributes:
        rows: the features of texts.
        dense: float64 [texts, columns], vectors of texts.
        targets: bool [texts, labels], which labels each text has.
        weights: float64 [texts], how much each counts.
        parts: uint8 [features], in which part of a row each is.
        is_multilabel: whether a text may have any number of labels.
        settings: how to learn.
        workers: threads.
    """

    rows: Rows
    dense: Reals
    targets: npt.NDArray[np.bool_]
    weights: Reals
    parts: npt.NDArray[np.uint8]
    is_multilabel: bool
    settings: ClassifierSettings
    workers: int | None = None

    @property
    def columns(self) -> npt.NDArray[np.bool_]:
        """bool [texts, columns of the weights]: of two labels that exclude each other, the second alone."""
        is_binary = self.targets.shape[1] == 2 and not self.is_multilabel
        return self.targets[:, 1:] if is_binary else self.targets

    def fitted(self, which: Places, c: float) -> Weights:
        """Return what is learned from some of the texts."""
        targets = self.columns[which]
        return fit(
            self.rows[which],
            np.ascontiguousarray(self.dense[which]),
            targets,
            self.weights[which] * _balanced(self.targets[which], self.settings.balance),
            len(self.parts),
            c,
            self.settings.smoothing or SMOOTHING,
            np.array(self.settings.emphasis)[self.parts],
            self.workers,
        )

    def scores(self, weights: Weights, which: Places) -> Reals:
        """Return float64 [texts, columns], the scores of some of the texts."""
        return weights.scores(self.rows[which], np.ascontiguousarray(self.dense[which]))


def _balanced(targets: npt.NDArray[np.bool_], balance: str) -> Reals:
    """Return float64 [texts], what each text counts so that its labels count alike, with a mean of one."""
    if balance == "none":
        return np.ones(len(targets))
    counts = np.maximum(targets.sum(axis=0), 1)
    each = (targets / counts).sum(axis=1) / np.maximum(targets.sum(axis=1), 1)
    each = np.sqrt(each) if balance == "sqrt" else each
    return np.asarray(each / each.mean())


def dealt(targets: npt.NDArray[np.bool_], parts: int) -> Places:
    """Return int64 [texts], the part of each text, from 0; texts of the same labels are spread over all parts.

    Args:
        targets: bool [texts, labels].
        parts: how many.
    """
    random = np.random.Generator(np.random.PCG64(SEED))
    shuffled = random.permutation(len(targets))
    first = targets[shuffled].argmax(axis=1)
    order = shuffled[np.argsort(first, kind="stable")]
    found = np.empty(len(targets), dtype=np.int64)
    found[order] = np.arange(len(targets)) % parts
    return found


def out_of_fold(problem: Problem, parts: Places, c: float, only: Sequence[int] | None = None) -> Reals:
    """Return float64 [texts, columns], the score of each text by a classifier that learned from the other parts.

    Args:
        problem: what is to be learned.
        parts: int64 [texts], of which part each text is.
        c: the inverse of regularisation.
        only: the parts whose texts are scored; None for all. Others have NaN.
    """
    scores = _no_scores(problem)
    each = _parts(parts, only)
    parallel_map(partial(_score_part, problem, parts, c, scores), each, _workers(problem, len(each)))
    return scores


def learned_and_out_of_fold(
    problem: Problem, parts: Places, c: float, only: Sequence[int] | None = None
) -> tuple[Weights, Reals]:
    """Return what is learned from all texts, and what `out_of_fold` does, both found at the same time."""
    scores = _no_scores(problem)
    learned: list[Weights] = []

    def learn(part: int | None) -> None:
        if part is None:
            learned.append(problem.fitted(np.arange(len(parts)), c))
        else:
            _score_part(problem, parts, c, scores, part)

    each = [None, *_parts(parts, only)]
    parallel_map(learn, each, _workers(problem, len(each)))
    return learned[0], scores


def _workers(problem: Problem, parts: int) -> int:
    """Return how many parts are learned from at a time: one where they are few, but labels are enough for all."""
    workers = problem.workers or processors()
    return 1 if parts < workers <= problem.columns.shape[1] else workers


def _no_scores(problem: Problem) -> Reals:
    return np.full((len(problem.targets), problem.columns.shape[1]), np.nan)


def _parts(parts: Places, only: Sequence[int] | None) -> Sequence[int]:
    return range(int(parts.max()) + 1) if only is None else only


def _score_part(problem: Problem, parts: Places, c: float, scores: Reals, part: int) -> None:
    """Put the scores of the texts of one part into `scores`."""
    inside, outside = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
    scores[inside] = problem.scores(problem.fitted(outside, c), inside)
