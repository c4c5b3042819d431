"""Settings of a classifier found by trying: one is changed at a time, from the best so far on, within a time."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.classification.preparation import Learnable, Preparation
from wvcli.classification.settings import EMPHASIS, EMPHASIS_OF_IDEOGRAPHS, USUAL_C, ClassifierSettings
from wvcli.classification.trial import Outcome, Trial
from wvcli.errors import UsageError
from wvcli.reporting import Progress

# The values that are tried of each setting, in this order of settings; a step is to the next value, up or down.
_VALUES: Mapping[str, tuple[Any, ...]] = {
    "c": (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0),
    "emphasis": (
        (1.0, 1.5, 1.0),
        EMPHASIS,
        (1.0, 0.7, 1.0),
        (1.0, 0.7, 1.5),
        EMPHASIS_OF_IDEOGRAPHS,
        (1.0, 0.5, 2.0),
    ),
    "smoothing": (0.125, 0.25, 0.5, 1.0, 2.0, 4.0),
    "characters": (None, (3, 3), (2, 4), (2, 5), (2, 6), (1, 6)),
    "ideographs": (1, 2, 3, 4, 5),
    "ngrams": (1, 2, 3, 4),
    "min_count": (1, 2, 3, 5),
}  # fmt: skip
_COUNTED = ("characters", "ideographs", "ngrams", "min_count")  # by which other features are found

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TriedSettings:
    """Settings that were tried.

    Attributes:
        number: of the trial, from 1.
        changes: what of them differs from the first ones, by name.
        accuracy: on texts held out.
        log_loss: on the same, the less the better.
        seconds: that it took.
        is_best: whether they were the best so far.
    """

    number: int
    changes: Mapping[str, Any]
    accuracy: float
    log_loss: float
    seconds: float
    is_best: bool


OnTrial = Callable[[TriedSettings], None]


def ignore_trial(tried: TriedSettings) -> None:
    """Do nothing."""


def check_minutes(minutes: float | None) -> None:
    """Refuse a time that is none.

    Raises:
        UsageError: it is not above 0.
    """
    if minutes is not None and not 0 < minutes < inf:
        raise UsageError(f"`tune` must be a number of minutes above 0, not {minutes:g}")


@dataclass(frozen=True)
class Tuned:
    """What came of trials.

    Attributes:
        outcome: of the best settings, learned from all texts.
        trial: by which they were judged, with what they learn from.
        trials: all, in order.
    """

    outcome: Outcome
    trial: Trial
    trials: tuple[TriedSettings, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what a manifest says of the trials."""
        best = [each for each in self.trials if each.is_best][-1]
        return {
            "trials": len(self.trials),
            "best": best.number,
            "changes": dict(best.changes),
            "accuracy_of_first": round(self.trials[0].accuracy, 6),
            "accuracy_of_best": round(best.accuracy, 6),
        }


def tuned(
    prepared: Preparation,
    trial: Trial,
    settings: ClassifierSettings,
    deadline: float,
    on_trial: OnTrial = ignore_trial,
    should_stop: Callable[[], bool] = lambda: False,
) -> Tuned:
    """Try settings until nothing is left to try, or the time is up, and learn from all texts with the best.

    The first trial is made whatever time there is. Settings other than the default stay as they are.

    Args:
        prepared: the texts; in the end `found` is what the best settings learn from.
        trial: how to judge.
        settings: the first ones.
        deadline: by `perf_counter`, at which all should be over.
        on_trial: called after each trial.
        should_stop: called before each trial; True ends them.
    """
    first = replace(prepared.found.settings, c=settings.c or USUAL_C)
    search = _steps(first, _searched(prepared, settings))
    candidate, learnable = next(search), prepared.found
    scores: dict[ClassifierSettings, Reals] = {}
    trials: list[TriedSettings] = []
    best, best_quality = learnable, (-inf, -inf)
    while not trials or not (should_stop() or _is_over(trials, deadline)):
        begun = perf_counter()
        prepared.on_progress(Progress("trying settings", len(trials), None, unit="items"))
        learnable = _learnable(prepared, learnable, candidate)
        judged = replace(trial, problem=learnable.problem)
        settled, found = judged.scores(candidate)
        scores[settled], learnable = found, replace(learnable, settings=settled)
        quality = judged.accuracy(found), -judged.log_loss(found)
        is_best = quality > best_quality
        if is_best:
            best, best_quality = learnable, quality
        changes = _changes(first, candidate)
        trials.append(
            TriedSettings(len(trials) + 1, changes, quality[0], -quality[1], perf_counter() - begun, is_best)
        )
        on_trial(trials[-1])
        try:
            candidate = search.send(is_best)
        except StopIteration:
            break
    prepared.found = best
    judged = replace(trial, problem=best.problem)
    return Tuned(judged.learned(scores, best.settings), judged, tuple(trials))


def _learnable(prepared: Preparation, before: Learnable, settings: ClassifierSettings) -> Learnable:
    """Return what is learned from by some settings; with the features of those before, where they are the same."""
    if any(getattr(settings, name) != getattr(before.settings, name) for name in _COUNTED):
        return prepared.learnable(settings)
    return replace(before, settings=settings, problem=replace(before.problem, settings=settings))


def _is_over(trials: Sequence[TriedSettings], deadline: float) -> bool:
    """Whether there is no time for one more trial and for learning from all texts with the best."""
    return perf_counter() + 2 * max(each.seconds for each in trials[-2:]) > deadline


def _changes(first: ClassifierSettings, settings: ClassifierSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in _VALUES if getattr(settings, name) != getattr(first, name)}


def _searched(prepared: Preparation, given: ClassifierSettings) -> list[str]:
    """Return the settings to change: those that have their default."""
    usual = ClassifierSettings()
    names = [name for name in _VALUES if getattr(given, name) == getattr(usual, name)]
    if not prepared.are_ideographic:
        names.remove("ideographs")
    return names


def _steps(first: ClassifierSettings, names: Sequence[str]) -> Generator[ClassifierSettings, bool, None]:
    """Yield settings to try, the first ones first; what is sent back is whether they are the best so far."""
    yield first
    best, tried, before = first, {first}, None
    while before != best:
        before = best
        for name in names:
            for step in (1, -1):
                moved = False
                while (candidate := _next(best, name, step)) not in tried:
                    tried.add(candidate)
                    if not (yield candidate):
                        break
                    best, moved = candidate, True
                if moved:
                    break


def _next(settings: ClassifierSettings, name: str, step: int) -> ClassifierSettings:
    """Return settings with the next value of one of them, or the same at the end of its values."""
    values, value = _VALUES[name], getattr(settings, name)
    place = values.index(value) + step
    return replace(settings, **{name: values[place]}) if 0 <= place < len(values) else settings
