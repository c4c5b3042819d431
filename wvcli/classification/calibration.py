"""Probabilities from scores: how sure a classifier is, made to agree with how often it is right.

Numbers are found on texts that the scores were not learned from: offsets, so that no label is predicted too often
(where texts are few, frequent labels are, as all is uncertain); a temperature, which divides all scores (Guo,
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
_TURNS = 20  # in which labels are predicted more and less often
_STEPS = 30  # of Newton's method, at most
_GAIN = 1e-6  # of the log loss by a step, below which it ends
_RIDGE = 1e-6  # on the weights that it finds, so that they are finite where scores are never wrong


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


def best_share(first: Reals, second: Reals, targets: Flags, is_multilabel: bool) -> float:
    """Return the share of the second scores, from 0 to 1, in a mean of both at which the log loss is least.

    The mean may have any temperature: this is a logistic regression of two numbers, solved by Newton's method.

    Args:
        first, second: scores of the same texts, as for `probabilities`.
        targets: bool [texts, labels], what is true.
        is_multilabel: whether a text may have any number of labels.
    """
    both = np.stack([first, second], axis=2)
    scales = np.sqrt((both**2).mean(axis=(0, 1))) + 1e-12
    both /= scales
    truth = targets[:, -first.shape[1] :]
    texts = targets.size if is_multilabel else len(targets)

    def loss(weights: Reals) -> float:
        found = log_loss(both @ weights, targets, Calibration(), is_multilabel)
        return found + _RIDGE * float(weights @ weights)

    weights, least = np.array([1.0, 0.0]), inf
    for _ in range(_STEPS):
        before, least = least, loss(weights)
        if before - least < _GAIN:
            break
        chances = probabilities(both @ weights, Calibration(), is_multilabel)[:, -first.shape[1] :]
        slope = np.einsum("tc,tci->i", chances - truth, both) / texts + 2 * _RIDGE * weights
        if is_multilabel or first.shape[1] == 1:
            curvature = np.einsum("tc,tci,tcj->ij", chances * (1 - chances), both, both)
        else:
            means = np.einsum("tc,tci->ti", chances, both)
            curvature = np.einsum("tc,tci,tcj->ij", chances, both, both) - means.T @ means
        step = np.linalg.solve(curvature / texts + 2 * _RIDGE * np.eye(2), slope)
        while loss(weights - step) > least and np.abs(step).max() > _NARROW:
            step /= 2
        weights -= step
    of_first, of_second = np.maximum(weights / scales, 0)
    return round(float(of_second / max(of_first + of_second, 1e-12)), 6)


def label_offsets(scores: Reals, targets: Flags, weights: Reals, is_multilabel: bool) -> Reals:
    """Return float64 [columns of `scores`], what to add so that each label is predicted as often as it occurs.

    They are found as in iterative scaling: the logarithm of how often a label is to how often it is predicted is
    added, again and again. Every label has one text more, so that rare ones change less.

    Args:
        scores: as for `probabilities`.
        targets: bool [texts, labels], what is true.
        weights: float64 [texts], how much each counts.
        is_multilabel: whether a text may have any number of labels.
    """
    calibration = Calibration(_temperature(scores, targets, -inf, is_multilabel))
    offsets = np.zeros(scores.shape[1])
    for _ in range(_TURNS):
        chances = probabilities(scores + offsets, calibration, is_multilabel)
        change = np.log((weights @ targets + 1) / (weights @ chances + 1))
        if is_multilabel:
            change -= np.log((weights @ ~targets + 1) / (weights @ (1 - chances) + 1))
        elif len(offsets) == 1:
            change = change[1:] - change[0]
        offsets += calibration.temperature * change
    return offsets


def calibrated(scores: Reals, targets: Flags, is_multilabel: bool) -> Calibration:
    """Return the calibration at which the log loss is least; without a shift where that is nearly as good."""
    if len(scores) > _ENOUGH:
        some = np.linspace(0, len(scores) - 1, _ENOUGH).astype(np.int64)
        scores, targets = scores[some], targets[some]

    def at_temperature(shift: float) -> Calibration:
        return Calibration(_temperature(scores, targets, shift, is_multilabel), shift)

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


def _temperature(scores: Reals, targets: Flags, shift: float, is_multilabel: bool) -> float:
    """Return the temperature at which the log loss is least."""

    def loss(place: float) -> float:
        return log_loss(scores, targets, Calibration(exp(place), shift), is_multilabel)

    low, high = _TEMPERATURES
    return exp(_least(loss, log(low), log(high)))


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
