"""How good a classifier is on texts that it did not learn from, and which C is best there; then the classifier."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from wvcli.classification.calibration import (
    Calibration,
    best_share,
    calibrated,
    label_offsets,
    log_loss,
    probabilities,
)
from wvcli.classification.folds import Places, Problem, Scores, dealt, learned_and_out_of_fold, out_of_fold
from wvcli.classification.measures import Judgement
from wvcli.classification.preparation import Preparation
from wvcli.classification.settings import FEW, USUAL_C, ClassifierSettings
from wvcli.classification.support_vectors import Weights
from wvcli.reporting import OnProgress, Progress, ignore_progress

_CANDIDATES = (0.1, 0.5)  # of C
_CANDIDATES_OF_FEW = (*_CANDIDATES, 2.0)
_EMPHASES = (1.0, 2.0)  # of vectors of texts, that are tried
FOLDS = 5  # in which texts are judged
_HOLDOUT = 0.1
# Features of all texts times labels, from which on one part is held out in place of five, and C is not chosen.
MUCH = 10_000_000

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        settings: the best ones.
        weights: what is learned with them from all texts, with the offsets.
        offsets: float64 [columns], of labels, see `label_offsets`.
        calibration: of their scores.
        judgement: predictions beside labels, each by settings that were chosen without its text.
    """

    settings: ClassifierSettings
    weights: Weights
    offsets: Reals
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
        if folds is None and holdout is None and not _is_much(problem):
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
            settings: of the classifier.
        """
        candidates = self.candidates(settings)
        if len(candidates) == 1:
            self.on_progress(Progress("training", 0, None))
            fitted, found = learned_and_out_of_fold(
                self.problem.with_settings(candidates[0]), self.parts, self.only
            )
            chosen, scores = self._mixed(candidates[0], found[self.scored])
            return self._outcome({chosen: scores}, chosen, fitted.mixed(chosen.share or 0))
        tried: dict[ClassifierSettings, Reals] = {}
        for number, candidate in enumerate(candidates):
            self.on_progress(Progress("judging", number, len(candidates), unit="items"))
            chosen, scores = self.scores(candidate)
            tried[chosen] = scores
        return self.learned(tried, self._best(tried, self._all))

    def candidates(self, settings: ClassifierSettings) -> list[ClassifierSettings]:
        """Return the settings to try: what is not given is chosen, but for C where learning takes long."""
        usual = (USUAL_C,) if _is_much(self.problem) else _CANDIDATES
        cs = (settings.c,) if settings.c else _CANDIDATES_OF_FEW if self._are_few else usual
        emphases: tuple[float | None, ...] = (settings.vector_emphasis,)
        if self.problem.dense.shape[1] and not settings.vector_emphasis and not _is_much(self.problem):
            emphases = _EMPHASES
        return [replace(settings, c=c, vector_emphasis=emphasis) for c, emphasis in product(cs, emphases)]

    def scores(self, settings: ClassifierSettings) -> tuple[ClassifierSettings, Reals]:
        """Return the settings with the best share of naive Bayes, and the scores of the texts that are held out.

        Args:
            settings: by which to learn.

        Returns:
            The settings, and float64 [scored, columns].
        """
        found = out_of_fold(self.problem.with_settings(settings), self.parts, self.only)
        return self._mixed(settings, found[self.scored])

    def _mixed(self, settings: ClassifierSettings, scores: Scores) -> tuple[ClassifierSettings, Reals]:
        share = settings.share
        if share is None:
            targets = self.problem.targets[self.scored]
            share = best_share(scores.machines, scores.bayes, targets, self.problem.is_multilabel)
        return replace(settings, share=share), scores.mixed(share)

    def learned(self, tried: Mapping[ClassifierSettings, Reals], chosen: ClassifierSettings) -> Outcome:
        """Learn from all texts by settings that were found best.

        Args:
            tried: scores of the texts held out, by the settings with which they were found.
            chosen: of these, those of `problem`.
        """
        self.on_progress(Progress("training", 0, None))
        fitted = self.problem.with_settings(chosen).fitted(np.arange(len(self.parts)))
        return self._outcome(tried, chosen, fitted.mixed(chosen.share or 0))

    def _outcome(
        self, tried: Mapping[ClassifierSettings, Reals], chosen: ClassifierSettings, weights: Weights
    ) -> Outcome:
        targets = self.problem.targets[self.scored]
        offsets = self._offsets(tried[chosen], self._all)
        calibration = calibrated(tried[chosen] + offsets, targets, self.problem.is_multilabel)
        judgement = self.judgement(self._honest(tried), self.scored, calibration)
        weights = replace(weights, biases=weights.biases + offsets)
        return Outcome(chosen, weights, offsets, calibration, judgement)

    def _offsets(self, scores: Reals, which: Places) -> Reals:
        """Return the offsets of labels by the scores of some of the texts held out; many texts need none."""
        if not self._are_few:
            return np.zeros(scores.shape[1])
        here = self.scored[which]
        problem = self.problem
        return label_offsets(scores[which], problem.targets[here], problem.importance(here), problem.is_multilabel)

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
    def _are_few(self) -> bool:
        return len(self.parts) <= FEW

    @property
    def _all(self) -> Places:
        return np.arange(len(self.scored))

    def _best(self, tried: Mapping[ClassifierSettings, Reals], which: Places) -> ClassifierSettings:
        """Return the settings best on some of the texts held out.

        Of few texts the log loss tells more; of many it is the accuracy, then the log loss.
        """
        if self._are_few:
            return min(tried, key=lambda each: self.log_loss(tried[each], which))
        accuracies = {settings: self.accuracy(scores, which) for settings, scores in tried.items()}
        best = [settings for settings, accuracy in accuracies.items() if accuracy == max(accuracies.values())]
        return best[0] if len(best) == 1 else min(best, key=lambda each: self.log_loss(tried[each], which))

    def _honest(self, tried: Mapping[ClassifierSettings, Reals]) -> Reals:
        """Return the scores of each part by settings and offsets found on the others, lest they flatter it."""
        parts = self.parts[self.scored]
        found = np.empty((len(parts), self.problem.columns.shape[1]))
        for part in np.unique(parts):
            here, others = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
            others = others if len(others) else here
            scores = tried[self._best(tried, others)]
            found[here] = scores[here] + self._offsets(scores, others)
        return found


def _is_much(problem: Problem) -> bool:
    """Whether learning takes long."""
    return bool(len(problem.rows.numbers) * problem.columns.shape[1] >= MUCH)


def spread_order(problem: Problem, held: int) -> Places:
    """Return int64 [texts], 0 for `held` texts, spread over all labels, and 1 for the others."""
    texts = len(problem.targets)
    order = np.argsort(dealt(problem.targets, texts), kind="stable")
    found = np.ones(texts, dtype=np.int64)
    found[order[np.linspace(0, texts - 1, held).round().astype(np.int64)]] = 0
    return found
