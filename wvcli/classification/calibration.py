"""Probabilities from scores: how sure a classifier is, made to agree with how often it is right.

Two numbers are found on texts that the scores were not learned from: a temperature, which divides all scores (Guo,
Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017), and, for labels that exclude each
other, a shift. Of such labels each was learned against all others (Zadrozny and Elkan, "Transforming Classifier
Scores into Accurate Multiclass Probability Estimates", 2002): the logistic functions of their shifted scores are
divided by their sum. The lower the shift, the nearer this is to the softmax of the scores.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_TEMPERATURES = 0.05, 20.0  # the lowest and the highest
_SHIFTS = -8.0, 6.0  # the same; at the lowest it is as good as the softmax
_ROUNDS = 4  # in which one and the other are found in turn
_ENOUGH = 20_000  # texts that tell them
_WORTH = 0.01  # share by which a shift must lower the log loss to be taken
_NARROW = 1e-3  # range in which a search ends


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities.

    Attributes:
        temperature: above 0, by which scores are divided.
        shift: what is then added to the scores of labels that exclude each other, more than two; minus infinity
            for the softmax.
    """

    temperature: float = 1.0
    shift: float = -inf


def probabilities(scores: Reals, calibration: Calibration, is_multilabel: bool) -> Reals:
    """Return float64 [texts, labels], each between 0 and 1; without `is_multilabel` those of a text add up to one.

    Args:
        scores: float64 [texts, labels], or [texts, 1] for two labels that exclude each other: of the second.
        calibration: found by `calibrated`, or its default.
        is_multilabel: whether a text may have any number of labels.
    """
    scaled = scores / calibration.temperature
    if is_multilabel:
        return _sigmoid(scaled)
    if scores.shape[1] == 1:
        second = _sigmoid(scaled)
        return np.concatenate([_sigmoid(-scaled), second], axis=1)
    if calibration.shift > -inf:
        # The logarithm of the logistic function, but for the shift, which all labels share.
        scaled = scaled - np.logaddexp(0, scaled + calibration.shift)
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _sigmoid(values: Reals) -> Reals:
    half = np.exp(-np.abs(values))
    return np.where(values >= 0, 1 / (1 + half), half / (1 + half))


def log_loss(scores: Reals, targets: Flags, calibration: Calibration, is_multilabel: bool) -> float:
    """Return the mean of minus the logarithm of the probability of what is true.

    Args:
        scores: as for `probabilities`.
        targets: bool [texts, labels], what is true.
        calibration: as for `probabilities`.
        is_multilabel: whether a text may have any number of labels.
    """
    found = probabilities(scores, calibration, is_multilabel)
    of_truth = np.where(targets, found, 1 - found if is_multilabel else 0)
    if not is_multilabel:
        of_truth = of_truth.max(axis=1)
    return float(-np.log(np.maximum(of_truth, 1e-15)).mean())


def calibrated(scores: Reals, targets: Flags, is_multilabel: bool) -> Calibration:
    """Return the calibration at which the log loss is least; without a shift where that is nearly as good."""
    if len(scores) > _ENOUGH:
        some = np.linspace(0, len(scores) - 1, _ENOUGH).astype(np.int64)
        scores, targets = scores[some], targets[some]

    def at_temperature(shift: float) -> Calibration:
        def loss(place: float) -> float:
            return log_loss(scores, targets, Calibration(exp(place), shift), is_multilabel)

        low, high = _TEMPERATURES
        return Calibration(exp(_least(loss, log(low), log(high))), shift)

    found = plain = at_temperature(-inf)
    if is_multilabel or scores.shape[1] == 1:
        return plain
    for _ in range(_ROUNDS):
        temperature = found.temperature

        def loss(shift: float, temperature: float = temperature) -> float:
            return log_loss(scores, targets, Calibration(temperature, shift), is_multilabel)

        found = at_temperature(_least(loss, *_SHIFTS))
    losses = [log_loss(scores, targets, each, is_multilabel) for each in (found, plain)]
    return found if losses[0] < (1 - _WORTH) * losses[1] else plain


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function is least, by golden-section search."""
    ratio = (5**0.5 - 1) / 2
    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    at_inner, at_outer = function(inner), function(outer)
    while high - low > _NARROW:
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - ratio * (high - low)
            at_inner = function(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + ratio * (high - low)
            at_outer = function(outer)
    return (low + high) / 2
