"""Which texts a classifier is judged on, and scores of texts by classifiers that did not learn from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import Rows
from wvcli.classification.settings import SMOOTHING, USUAL_C, ClassifierSettings
from wvcli.classification.support_vectors import Fitted, Weights, fit
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

    def with_settings(self, settings: ClassifierSettings) -> "Problem":
        """Return the same to be learned by other settings, which ask for the same features."""
        return replace(self, settings=settings)

    def fitted(self, which: Places) -> Fitted:
        """Return what is learned from some of the texts."""
        settings = self.settings
        factor = settings.vector_emphasis or 1.0
        found = fit(
            self.rows[which],
            np.ascontiguousarray(factor * self.dense[which]),
            self.columns[which],
            self.importance(which),
            len(self.parts),
            settings.c or USUAL_C,
            settings.smoothing or SMOOTHING,
            np.array(settings.emphasis)[self.parts],
            self.workers,
        )
        return replace(found, machines=replace(found.machines, dense=factor * found.machines.dense))

    def importance(self, which: Places) -> Reals:
        """Return float64, how much some of the texts count among each other."""
        return self.weights[which] * _balanced(self.targets[which], self.settings.balance)

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


@dataclass(frozen=True)
class Scores:
    """Scores of texts, each by what was fitted to others.

    Attributes:
        machines: float64 [texts, columns], of the support vector machines; NaN for texts that were not scored.
        bayes: float64 [texts, columns], of naive Bayes.
    """

    machines: Reals
    bayes: Reals

    @classmethod
    def none(cls, problem: Problem) -> "Scores":
        """Return room for the scores of all texts."""
        shape = len(problem.targets), problem.columns.shape[1]
        return cls(np.full(shape, np.nan), np.full(shape, np.nan))

    def __getitem__(self, which: Places) -> "Scores":
        """Return those of some texts."""
        return Scores(self.machines[which], self.bayes[which])

    def mixed(self, share: float) -> Reals:
        """Return the scores by the weights that `Fitted.mixed` returns, but for rounding."""
        return (1 - share) * self.machines + share * self.bayes


def out_of_fold(problem: Problem, parts: Places, only: Sequence[int] | None = None) -> Scores:
    """Return the scores of each text by a classifier that learned from the other parts.

    Args:
        problem: what is to be learned.
        parts: int64 [texts], of which part each text is.
        only: the parts whose texts are scored; None for all.
    """
    scores = Scores.none(problem)
    each = _parts(parts, only)
    parallel_map(partial(_score_part, problem, parts, scores), each, _workers(problem, len(each)))
    return scores


def learned_and_out_of_fold(
    problem: Problem, parts: Places, only: Sequence[int] | None = None
) -> tuple[Fitted, Scores]:
    """Return what is learned from all texts, and what `out_of_fold` does, both found at the same time."""
    scores = Scores.none(problem)
    learned: list[Fitted] = []

    def learn(part: int | None) -> None:
        if part is None:
            learned.append(problem.fitted(np.arange(len(parts))))
        else:
            _score_part(problem, parts, scores, part)

    each = [None, *_parts(parts, only)]
    parallel_map(learn, each, _workers(problem, len(each)))
    return learned[0], scores


def _workers(problem: Problem, parts: int) -> int:
    """Return how many parts are learned from at a time: one where they are few, but labels are enough for all."""
    workers = problem.workers or processors()
    return 1 if parts < workers <= problem.columns.shape[1] else workers


def _parts(parts: Places, only: Sequence[int] | None) -> Sequence[int]:
    return range(int(parts.max()) + 1) if only is None else only


def _score_part(problem: Problem, parts: Places, scores: Scores, part: int) -> None:
    """Put the scores of the texts of one part into `scores`."""
    inside, outside = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
    fitted = problem.fitted(outside)
    scores.machines[inside] = problem.scores(fitted.machines, inside)
    scores.bayes[inside] = problem.scores(fitted.bayes, inside)
