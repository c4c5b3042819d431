"""The bootstrap: intervals and differences that are what other ways of computing them give."""

import numpy as np
import pytest
from scipy import stats

from wvcli.evaluation.measures import Correlation, Proportion
from wvcli.evaluation.resampling import SAMPLES, Numbers, Outcomes, interval, p_value_of_best

SPEARMAN, ACCURACY = Correlation("spearman", ranked=True), Proportion("accuracy")


def related(count: int, *weights: float, seed: int = 0) -> list[Numbers]:
    """A variable, and others that go with it more or less."""
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=count)
    return [gold, *(weight * gold + rng.normal(size=count) for weight in weights)]


def test_samples_are_scored_as_the_whole_is() -> None:
    gold, ours = related(30, 1.0)
    items = np.random.default_rng(1).integers(0, 30, (5, 30))
    for measure, values in ((SPEARMAN, ours), (Correlation("pearson", ranked=False), ours), (ACCURACY, ours > 0)):
        outcomes = values.astype(np.float64)
        expected = [measure.summary(outcomes[drawn], gold[drawn]).score for drawn in items]
        assert measure.resampled(outcomes, gold, items) == pytest.approx(expected)


def test_a_sample_without_a_correlation_has_none() -> None:
    constant = np.zeros((1, 3), dtype=np.int64)
    assert np.isnan(SPEARMAN.resampled(np.arange(3.0), np.arange(3.0), constant)).all()


def test_intervals_are_near_those_of_formulas() -> None:
    gold, ours = related(300, 1.0)
    outcomes = Outcomes("pairs", SPEARMAN, ours, gold)
    theirs = SPEARMAN.summary(ours, gold)
    assert interval(outcomes.resampled()) == pytest.approx((theirs.low, theirs.high), abs=0.03)
    right = (ours > 0).astype(np.float64)
    wilson = ACCURACY.summary(right, gold)
    found = interval(Outcomes("odd", ACCURACY, right, gold).resampled())
    assert found == pytest.approx((wilson.low, wilson.high), abs=0.02)


def test_items_that_are_not_covered_are_left_out() -> None:
    values = np.array([1, 0, np.nan, 1])
    outcomes = Outcomes.of_mean("mean", values)
    assert (outcomes.covered, outcomes.score()) == (3, pytest.approx(2 / 3))
    assert outcomes.resampled().shape == (SAMPLES,)
    assert np.isfinite(outcomes.resampled()).all()


def scored(values: Numbers, gold: Numbers) -> tuple[float, Numbers]:
    outcomes = Outcomes("pairs", SPEARMAN, values, gold)
    score = outcomes.score()
    assert score is not None
    return score, outcomes.resampled()


def test_a_large_difference_is_more_than_chance_and_a_small_one_is_not() -> None:
    gold, first, better = related(200, 0.5, 3.0)
    same = first + np.random.default_rng(1).normal(scale=0.2, size=200)
    scores, resampled = zip(*(scored(values, gold) for values in (first, same, better)), strict=True)
    assert p_value_of_best(scores, resampled, 2) < 0.01
    assert p_value_of_best(scores[:2], resampled[:2], 1) > 0.05


def test_the_best_of_two_is_tested_as_a_paired_difference() -> None:
    rng = np.random.default_rng(5)
    first = rng.normal(size=400)
    other = first + 0.02 + rng.normal(scale=0.3, size=400)
    (low, of_low), (high, of_high) = (scored_mean(values) for values in (first, other))
    one_sided = stats.ttest_rel(other, first, alternative="greater").pvalue
    assert p_value_of_best([low, high], [of_low, of_high], 1) == pytest.approx(one_sided, abs=0.03)


def scored_mean(values: Numbers) -> tuple[float, Numbers]:
    outcomes = Outcomes.of_mean("mean", values)
    score = outcomes.score()
    assert score is not None
    return score, outcomes.resampled()


def test_the_best_of_many_is_often_as_good_by_chance() -> None:
    """Of twenty models no better than the first, the best alone would seem to be better than chance."""
    rng = np.random.default_rng(2)
    first = rng.normal(size=200)
    others = [first + rng.normal(scale=0.5, size=200) for _ in range(20)]
    scores, resampled = zip(*(scored_mean(values) for values in (first, *others)), strict=True)
    best = int(np.argmax(scores[1:])) + 1
    alone = p_value_of_best([scores[0], scores[best]], [resampled[0], resampled[best]], 1)
    assert alone < 0.05
    assert p_value_of_best(scores, resampled, best) > 0.1
