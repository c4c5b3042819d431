"""Figures of a classifier, by hand and against their definitions."""

from math import inf

import numpy as np
import pytest

from wvcli.classification.calibration import (
    Calibration,
    best_share,
    calibrated,
    label_offsets,
    log_loss,
    probabilities,
)
from wvcli.classification.measures import Judgement, calibration_error, p_value


def judgement() -> Judgement:
    chances = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    actual = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
    return Judgement(("a", "b", "new"), chances, actual)


def test_precision_recall_and_f1_of_each_label() -> None:
    found = judgement()
    names = ("label", "precision", "recall", "support", "predicted")
    assert [tuple(getattr(each, name) for name in names) for each in found.by_label] == [
        ("a", 0.5, 1.0, 1, 2),
        ("b", 0.5, 0.5, 2, 2),
        ("new", 0.0, 0.0, 1, 0),
    ]
    assert [each.f1 for each in found.by_label] == pytest.approx([2 / 3, 0.5, 0])
    assert found.accuracy == 0.5
    assert found.macro_f1 == pytest.approx(7 / 18)
    assert found.mean(True).recall == pytest.approx(0.5)
    assert found.confusion() == [("a", "a", 1), ("b", "a", 1), ("b", "b", 1), ("new", "b", 1)]
    assert found.majority == 0.5


def test_calibration_error_is_zero_for_what_is_as_sure_as_right() -> None:
    assert calibration_error(np.array([0.75] * 4), np.array([1, 1, 1, 0], dtype=bool)) == 0
    assert calibration_error(np.array([0.95, 0.95]), np.array([1, 0], dtype=bool)) == pytest.approx(0.45)


@pytest.mark.parametrize("shift", [-inf, -1.0])
def test_scores_are_calibrated_by_what_was_true(shift: float) -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(4000, 3))
    chances = probabilities(scores, Calibration(shift=shift), False)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    drawn = (chances.cumsum(axis=1) > random.random((4000, 1))).argmax(axis=1)
    targets = np.eye(3, dtype=bool)[drawn]
    found = calibrated(3 * scores, targets, False)
    assert np.abs(probabilities(3 * scores, found, False) - chances).mean() < 0.02
    others = [Calibration(3), Calibration(2), Calibration(6), Calibration(3, 0), Calibration(3, -1)]
    least = log_loss(3 * scores, targets, found, False)
    # One without a shift is taken where it costs less than a hundredth.
    assert all(0.99 * least <= log_loss(3 * scores, targets, other, False) for other in others)


def test_a_low_shift_is_the_softmax() -> None:
    scores = np.array([[3.0, -1.0, 0.0], [0.0, 0.0, 5.0]])
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities(scores, Calibration(), False), softmax)
    np.testing.assert_allclose(probabilities(scores, Calibration(shift=-40.0), False), softmax)


KINDS = pytest.mark.parametrize(("columns", "is_multilabel"), [(1, False), (3, False), (3, True)])


def drawn(scores: np.ndarray, is_multilabel: bool) -> np.ndarray:
    """Return labels as probable as scores say."""
    random = np.random.default_rng(2)
    chances = probabilities(scores, Calibration(), is_multilabel)
    if is_multilabel:
        return random.random(chances.shape) < chances
    labels = (chances.cumsum(axis=1) > random.random((len(chances), 1))).argmax(axis=1)
    return np.eye(chances.shape[1], dtype=bool)[labels]


@KINDS
def test_the_best_share_of_second_scores_makes_the_log_loss_least(columns: int, is_multilabel: bool) -> None:
    first, second, noise = np.random.default_rng(1).normal(size=(3, 2000, columns))
    targets = drawn(2 * first + second, is_multilabel)

    def loss(share: float) -> float:
        scores = (1 - share) * first + share * second
        return log_loss(scores, targets, calibrated(scores, targets, is_multilabel), is_multilabel)

    share = best_share(first, second, targets, is_multilabel)
    assert share == pytest.approx(1 / 3, abs=0.05)
    assert all(loss(share) <= loss(share * factor) + 1e-5 for factor in (0.8, 1.25))
    assert best_share(first, -second, targets, is_multilabel) == 0
    assert best_share(noise, first, targets, is_multilabel) > 0.9


@KINDS
def test_labels_are_predicted_as_often_as_they_are(columns: int, is_multilabel: bool) -> None:
    scores = np.random.default_rng(1).normal(size=(2000, columns))
    targets = drawn(scores, is_multilabel)
    moved = 2 * (scores + 0.3 * (np.arange(columns) + 1))
    offsets = label_offsets(moved, targets, np.ones(2000), is_multilabel)
    chances = probabilities(moved + offsets, calibrated(moved + offsets, targets, is_multilabel), is_multilabel)
    np.testing.assert_allclose(chances.mean(axis=0), targets.mean(axis=0), atol=0.02)


def test_a_difference_of_two_is_told_from_chance() -> None:
    first = np.array([True, False] * 100)
    assert p_value(first, first) == 1
    assert p_value(first, np.ones(200, dtype=bool)) < 0.01
    second = first.copy()
    second[1] = True
    assert p_value(first, second) > 0.1
