"""Figures of a classifier, by hand and against their definitions."""

import numpy as np
import pytest

from wvcli.classification.calibration import log_loss, probabilities, temperature_of
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


def test_the_temperature_undoes_a_scaling_of_the_scores() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(size=(4000, 3))
    chances = probabilities(scores, 1.0, False)
    drawn = (chances.cumsum(axis=1) > random.random((4000, 1))).argmax(axis=1)
    targets = np.eye(3, dtype=bool)[drawn]
    assert temperature_of(3 * scores, targets, False) == pytest.approx(3, rel=0.1)
    best = temperature_of(scores, targets, False)
    assert all(
        log_loss(scores, targets, best, False) <= log_loss(scores, targets, t, False) for t in (0.5, 0.9, 2)
    )


def test_a_difference_of_two_is_told_from_chance() -> None:
    first = np.array([True, False] * 100)
    assert p_value(first, first) == 1
    assert p_value(first, np.ones(200, dtype=bool)) < 0.01
    second = first.copy()
    second[1] = True
    assert p_value(first, second) > 0.1
