"""How good a classifier is on texts that it did not learn from, and which C is best there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wvcli.classification.calibration import log_loss, probabilities, temperature_of
from wvcli.classification.folds import Places, Problem, dealt, out_of_fold
from wvcli.classification.measures import Judgement
from wvcli.classification.preparation import Preparation
from wvcli.classification.settings import FEW
from wvcli.reporting import OnProgress, Progress, ignore_progress

_CANDIDATES = (3.0, 10.0, 30.0, 100.0, 300.0)  # of C
USUAL_C = 5.0  # beside the best from 3 to 30 on reviews, questions and news
FOLDS = 5  # in which texts are judged
_HOLDOUT = 0.1
_MUCH = 10_000_000  # features of all texts times labels, from which on one part is held out in place of five

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        c: the best inverse of regularisation.
        temperature: by which its scores are to be divided.
        judgement: predictions beside labels, each by a C that was chosen without its text.
    """

    c: float
    temperature: float
    judgement: Judgement


@dataclass(frozen=True)
class Trial:
    """Texts held out of learning.

    Attributes:
        labels: their names.
        problem: what is to be learned.
        parts: int64 [texts], the part of each text.
        only: the parts that are held out one after the other; None for all.
        how: what that is, in words.
        on_progress: called with how far it is.
    """

    labels: tuple[str, ...]
    problem: Problem
    parts: Places
    only: tuple[int, ...] | None
    how: str
    on_progress: OnProgress = ignore_progress

    @classmethod
    def of(cls, prepared: Preparation, holdout: float | None, folds: int | None) -> "Trial":
        """Return the trial asked for; if none is, 5 folds, or a tenth of the texts where learning takes long."""
        problem, labels = prepared.problem, prepared.labels
        texts = len(problem.targets)
        if folds is None and holdout is None and len(problem.rows.numbers) * problem.columns.shape[1] < _MUCH:
            folds = FOLDS
        if folds is not None:
            folds = min(folds, texts)
            parts = dealt(problem.targets, folds)
            return cls(labels, problem, parts, None, f"{folds} folds", prepared.on_progress)
        share = holdout or _HOLDOUT
        held = max(1, min(texts - 1, round(share * texts)))
        parts = (spread_order(problem, held) == 0).astype(np.int64) ^ 1
        return cls(labels, problem, parts, (0,), f"{held:,} held-out texts", prepared.on_progress)

    @cached_property
    def scored(self) -> Places:
        """int64, the places of the texts that are held out at some time."""
        return np.flatnonzero(np.isin(self.parts, self.only)) if self.only else np.arange(len(self.parts))

    def outcome(self, c: float | None) -> Outcome:
        """Return what comes of it.

        Args:
            c: the inverse of regularisation; None to choose it where texts are few.
        """
        usual = _CANDIDATES if len(self.parts) <= FEW else (USUAL_C,)
        candidates = usual if c is None else (c,)
        tried: dict[float, Reals] = {}
        for number, candidate in enumerate(candidates):
            self.on_progress(Progress("judging", number, len(candidates), unit="items"))
            tried[candidate] = out_of_fold(self.problem, self.parts, candidate, self.only)
        chosen = self._best(tried, self.scored)
        targets = self.problem.targets[self.scored]
        temperature = temperature_of(tried[chosen][self.scored], targets, self.problem.is_multilabel)
        return Outcome(chosen, temperature, self.judgement(self._honest(tried), self.scored, temperature))

    def judgement(self, scores: Reals, which: Places, temperature: float) -> Judgement:
        """Return predictions by scores of some of the texts, beside their labels."""
        is_multilabel = self.problem.is_multilabel
        chances = probabilities(scores, temperature, is_multilabel)
        return Judgement(self.labels, chances, self.problem.targets[which], is_multilabel)

    def _best(self, tried: Mapping[float, Reals], which: Places) -> float:
        """Return the C by which most of some texts are labelled rightly; of several the one of least log loss."""

        def badness(c: float) -> tuple[float, float]:
            scores, targets = tried[c][which], self.problem.targets[which]
            is_multilabel = self.problem.is_multilabel
            temperature = temperature_of(scores, targets, is_multilabel)
            accuracy = self.judgement(scores, which, temperature).accuracy
            return -accuracy, log_loss(scores, targets, temperature, is_multilabel)

        return next(iter(tried)) if len(tried) == 1 else min(tried, key=badness)

    def _honest(self, tried: Mapping[float, Reals]) -> Reals:
        """Return the scores of each part by the C that is best on the others, lest the choice flatter itself."""
        found = np.empty((len(self.parts), self.problem.columns.shape[1]))
        for part in np.unique(self.parts[self.scored]):
            here = self.scored[self.parts[self.scored] == part]
            others = self.scored[self.parts[self.scored] != part]
            found[here] = tried[self._best(tried, others if len(others) else here)][here]
        return found[self.scored]


def spread_order(problem: Problem, held: int) -> Places:
    """Return int64 [texts], 0 for `held` texts, spread over all labels, and 1 for the others."""
    texts = len(problem.targets)
    order = np.argsort(dealt(problem.targets, texts), kind="stable")
    found = np.ones(texts, dtype=np.int64)
    found[order[np.linspace(0, texts - 1, held).round().astype(np.int64)]] = 0
    return found
