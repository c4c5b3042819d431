"""How good a classifier is on texts that it did not learn from, and which C is best there; then the classifier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wvcli.classification.calibration import Calibration, calibrated, log_loss, probabilities
from wvcli.classification.folds import Places, Problem, dealt, learned_and_out_of_fold, out_of_fold
from wvcli.classification.logistic_regression import Weights
from wvcli.classification.measures import Judgement
from wvcli.classification.preparation import Preparation
from wvcli.classification.settings import FEW, ClassifierSettings
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
        settings: the best ones.
        weights: what is learned with them from all texts.
        calibration: of their scores.
        judgement: predictions beside labels, each by settings that were chosen without its text.
    """

    settings: ClassifierSettings
    weights: Weights
    calibration: Calibration
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
        problem, labels = prepared.found.problem, prepared.labels
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

    def outcome(self, settings: ClassifierSettings) -> Outcome:
        """Return what comes of it.

        Args:
            settings: of the classifier; without C it is chosen where texts are few.
        """
        few = settings.c is None and len(self.parts) <= FEW
        chosen = settings if few else replace(settings, c=settings.c or USUAL_C)
        if chosen.c is not None:
            self.on_progress(Progress("training", 0, None))
            weights, scores = learned_and_out_of_fold(self.problem, self.parts, chosen.c, self.only)
            return self._outcome({chosen: scores[self.scored]}, chosen, weights)
        tried: dict[ClassifierSettings, Reals] = {}
        for number, candidate in enumerate(_CANDIDATES):
            self.on_progress(Progress("judging", number, len(_CANDIDATES), unit="items"))
            tried[replace(settings, c=candidate)] = self.scores(candidate)
        return self.learned(tried, self._best(tried, self._all))

    def scores(self, c: float) -> Reals:
        """Return float64 [scored, columns], the scores of the texts that are held out."""
        return out_of_fold(self.problem, self.parts, c, self.only)[self.scored]

    def learned(self, tried: Mapping[ClassifierSettings, Reals], chosen: ClassifierSettings) -> Outcome:
        """Learn from all texts by settings that were found best.

        Args:
            tried: scores of the texts held out, by the settings with which they were found.
            chosen: of these, those of `problem`.
        """
        self.on_progress(Progress("training", 0, None))
        weights = self.problem.fitted(np.arange(len(self.parts)), chosen.c or USUAL_C)
        return self._outcome(tried, chosen, weights)

    def _outcome(
        self, tried: Mapping[ClassifierSettings, Reals], chosen: ClassifierSettings, weights: Weights
    ) -> Outcome:
        targets = self.problem.targets[self.scored]
        calibration = calibrated(tried[chosen], targets, self.problem.is_multilabel)
        judgement = self.judgement(self._honest(tried), self.scored, calibration)
        return Outcome(chosen, weights, calibration, judgement)

    def judgement(self, scores: Reals, which: Places, calibration: Calibration) -> Judgement:
        """Return predictions by scores of some of the texts, beside their labels."""
        is_multilabel = self.problem.is_multilabel
        chances = probabilities(scores, calibration, is_multilabel)
        return Judgement(self.labels, chances, self.problem.targets[which], is_multilabel)

    def accuracy(self, scores: Reals, which: Places | None = None) -> float:
        """Return the accuracy of scores of texts held out, or of some of these."""
        which = self._all if which is None else which
        return self.judgement(scores[which], self.scored[which], Calibration()).accuracy

    def log_loss(self, scores: Reals, which: Places | None = None) -> float:
        """Return the log loss of scores of texts held out, or of some of these, calibrated on themselves."""
        which = self._all if which is None else which
        targets, is_multilabel = self.problem.targets[self.scored[which]], self.problem.is_multilabel
        calibration = calibrated(scores[which], targets, is_multilabel)
        return log_loss(scores[which], targets, calibration, is_multilabel)

    @property
    def _all(self) -> Places:
        return np.arange(len(self.scored))

    def _best(self, tried: Mapping[ClassifierSettings, Reals], which: Places) -> ClassifierSettings:
        """Return the settings best on some of the texts held out: by accuracy, then by log loss."""
        accuracies = {settings: self.accuracy(scores, which) for settings, scores in tried.items()}
        best = [settings for settings, accuracy in accuracies.items() if accuracy == max(accuracies.values())]
        return best[0] if len(best) == 1 else min(best, key=lambda each: self.log_loss(tried[each], which))

    def _honest(self, tried: Mapping[ClassifierSettings, Reals]) -> Reals:
        """Return the scores of each part by the settings best on the others, lest the choice flatter itself."""
        parts = self.parts[self.scored]
        found = np.empty((len(parts), self.problem.columns.shape[1]))
        for part in np.unique(parts):
            here, others = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
            found[here] = tried[self._best(tried, others if len(others) else here)][here]
        return found


def spread_order(problem: Problem, held: int) -> Places:
    """Return int64 [texts], 0 for `held` texts, spread over all labels, and 1 for the others."""
    texts = len(problem.targets)
    order = np.argsort(dealt(problem.targets, texts), kind="stable")
    found = np.ones(texts, dtype=np.int64)
    found[order[np.linspace(0, texts - 1, held).round().astype(np.int64)]] = 0
    return found
