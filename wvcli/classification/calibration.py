"""Probabilities from scores: how sure a classifier is, made to agree with how often it is right.

One number, the temperature, divides all scores (Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural
Networks", 2017). It is found on texts that the scores were not learned from.
"""

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures
_STEPS = 60  # of the search, each of which leaves 0.618 of the range


def probabilities(scores: Reals, temperature: float, is_multilabel: bool) -> Reals:
    """Return float64 [texts, labels], each between 0 and 1; without `is_multilabel` those of a text add up to one.

    Args:
        scores: float64 [texts, labels], or [texts, 1] for two labels that exclude each other: of the second.
        temperature: above 0.
        is_multilabel: whether a text may have any number of labels.
    """
    scaled = scores / temperature
    if is_multilabel:
        return _sigmoid(scaled)
    if scores.shape[1] == 1:
        second = _sigmoid(scaled)
        return np.concatenate([_sigmoid(-scaled), second], axis=1)
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _sigmoid(values: Reals) -> Reals:
    half = np.exp(-np.abs(values))
    return np.where(values >= 0, 1 / (1 + half), half / (1 + half))


def log_loss(scores: Reals, targets: npt.NDArray[np.bool_], temperature: float, is_multilabel: bool) -> float:
    """Return the mean of minus the logarithm of the probability of what is true.

    Args:
        scores: as for `probabilities`.
        targets: bool [texts, labels], what is true.
        temperature: above 0.
        is_multilabel: whether a text may have any number of labels.
    """
    found = probabilities(scores, temperature, is_multilabel)
    of_truth = np.where(targets, found, 1 - found if is_multilabel else 0)
    if not is_multilabel:
        of_truth = of_truth.max(axis=1)
    return float(-np.log(np.maximum(of_truth, 1e-15)).mean())


def temperature_of(scores: Reals, targets: npt.NDArray[np.bool_], is_multilabel: bool) -> float:
    """Return the temperature at which the log loss is least, by golden-section search of its logarithm."""
    ratio = (5**0.5 - 1) / 2
    low, high = np.log(_LOWEST), np.log(_HIGHEST)

    def loss(place: float) -> float:
        return log_loss(scores, targets, float(np.exp(place)), is_multilabel)

    inner, outer = high - ratio * (high - low), low + ratio * (high - low)
    at_inner, at_outer = loss(inner), loss(outer)
    for _ in range(_STEPS):
        if high - low < 1e-4:
            break
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - ratio * (high - low)
            at_inner = loss(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + ratio * (high - low)
            at_outer = loss(outer)
    return float(np.exp((low + high) / 2))
