"""Scores, intervals and tests of differences are what the books say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from wvcli.evaluation.measures import Correlation, Mean, Proportion

SPEARMAN, PEARSON = Correlation("spearman", ranked=True), Correlation("pearson", ranked=False)
NONE = np.empty(0)


def related(count: int, *weights: float, seed: int = 0) -> list[np.ndarray]:
    """A variable, and others that go with it more or less."""
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=count)
    return [gold, *(weight * gold + rng.normal(size=count) for weight in weights)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=40))
def test_correlations_are_scipys(pairs: list[tuple[int, int]]) -> None:
    ours, gold = np.array(pairs, dtype=np.float64).T
    if np.ptp(ours) == 0 or np.ptp(gold) == 0:
        assert SPEARMAN.summary(ours, gold).score is None
        assert PEARSON.summary(ours, gold).low is None
        return
    assert SPEARMAN.summary(ours, gold).score == pytest.approx(stats.spearmanr(ours, gold).statistic, abs=1e-9)
    pearson, theirs = PEARSON.summary(ours, gold), stats.pearsonr(ours, gold)
    assert pearson.score == pytest.approx(theirs.statistic, abs=1e-9)
    assert pearson.low is not None
    if abs(theirs.statistic) < 0.999999:
        assert (pearson.low, pearson.high) == pytest.approx(tuple(theirs.confidence_interval()), abs=1e-6)


def test_the_interval_of_spearman_is_that_of_bonett_and_wright() -> None:
    gold, ours = related(50, 1.0)
    summary = SPEARMAN.summary(ours, gold)
    assert summary.score is not None
    reach = 1.959964 * np.sqrt((1 + summary.score**2 / 2) / 47)
    assert summary.low == pytest.approx(np.tanh(np.arctanh(summary.score) - reach), abs=1e-6)
    assert summary.high == pytest.approx(np.tanh(np.arctanh(summary.score) + reach), abs=1e-6)


def test_items_that_are_not_covered_are_skipped_and_counted_as_similarity_0() -> None:
    gold = np.array([1.0, 2, 3, 4, 5])
    ours = np.array([0.1, np.nan, 0.3, 0.4, np.nan])
    summary = PEARSON.summary(ours, gold)
    assert summary.score == pytest.approx(stats.pearsonr([0.1, 0.3, 0.4], [1, 3, 4]).statistic)
    assert summary.score_all == pytest.approx(stats.pearsonr([0.1, 0, 0.3, 0.4, 0], gold).statistic)
    assert (summary.low, summary.high) == (None, None)  # three items tell nothing


@pytest.mark.parametrize("covered", [0, 1])
def test_too_few_items_have_no_correlation(covered: int) -> None:
    ours = np.array([0.5] * covered + [np.nan] * 3)
    assert SPEARMAN.summary(ours, np.arange(len(ours), dtype=np.float64)).score is None


@pytest.mark.parametrize("measure", [SPEARMAN, PEARSON], ids=["spearman", "pearson"])
@pytest.mark.parametrize("same", [0.1, 1 / 3, 0.123456789])
def test_equal_numbers_correlate_with_nothing(measure: Correlation, same: float) -> None:
    """However their mean is rounded."""
    gold = np.linspace(0, 1000, 19_544)
    assert measure.summary(np.full(len(gold), same), gold).score is None
    assert measure.summary(gold, np.full(len(gold), same)).score is None


def test_small_numbers_correlate_as_great_ones() -> None:
    gold, ours = related(30, 1.0)
    assert PEARSON.summary(1e-9 * ours, 1e-9 * gold).score == pytest.approx(PEARSON.summary(ours, gold).score)


def test_a_perfect_correlation_has_an_interval_without_width() -> None:
    gold = np.arange(10.0)
    assert SPEARMAN.summary(gold**3, gold).low == pytest.approx(1)


def test_wilsons_interval_is_that_of_the_book() -> None:
    outcomes = np.array([1.0] * 81 + [0.0] * 182)  # Newcombe (1998), table I
    summary = Proportion("accuracy").summary(outcomes, NONE)
    assert (summary.low, summary.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_a_proportion_is_told_over_covered_and_over_all_items() -> None:
    summary = Proportion("accuracy").summary(np.array([1.0, 0, np.nan, np.nan]), NONE)
    assert (summary.score, summary.score_all) == (0.5, 0.25)
    nothing = Proportion("accuracy").summary(np.array([np.nan, np.nan]), NONE)
    assert (nothing.score, nothing.score_all, nothing.low) == (None, 0, None)
    assert Mean("mean").summary(np.array([0.5, 1.0, np.nan, np.nan]), NONE).score_all == pytest.approx(0.375)


def test_mcnemars_test_counts_only_items_that_both_cover_and_judge_differently() -> None:
    first = np.array([0.0] * 9 + [1] + [1] * 20 + [np.nan] * 5)
    other = np.array([1.0] * 9 + [0] + [1] * 20 + [1] * 5)
    assert Proportion("accuracy").p_value(first, other, NONE) == pytest.approx(2 * 11 / 1024)
    assert Proportion("accuracy").p_value(first, first, NONE) == 1
    assert Proportion("accuracy").p_value(first, np.full(35, np.nan), NONE) is None


def test_williams_test_is_that_of_steigers_article() -> None:
    """Correlations .4 and .5 with the third variable, and .1 with each other, over 103 items: t(100) = -0.89."""
    rng = np.random.default_rng(0)
    wanted = np.array([[1, 0.4, 0.5], [0.4, 1, 0.1], [0.5, 0.1, 1]])
    drawn = rng.normal(size=(103, 3))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn.T))).T
    gold, one, two = (white @ np.linalg.cholesky(wanted).T).T
    p_value = PEARSON.p_value(one, two, gold)
    assert p_value is not None
    assert abs(stats.t.ppf(p_value / 2, 100)) == pytest.approx(0.89, abs=0.005)


@pytest.mark.parametrize("measure", [SPEARMAN, PEARSON], ids=["spearman", "pearson"])
def test_models_that_are_alike_seldom_differ_and_better_ones_nearly_always(measure: Correlation) -> None:
    alike = [measure.p_value(one, two, gold) for gold, one, two in (related(80, 1, 1, seed=n) for n in range(300))]
    assert 0.02 < np.mean(np.array(alike, dtype=np.float64) < 0.05) < 0.09
    better = [
        measure.p_value(one, two, gold) for gold, one, two in (related(80, 0.2, 2, seed=n) for n in range(50))
    ]
    assert np.mean(np.array(better, dtype=np.float64) < 0.05) > 0.95


def test_a_model_does_not_differ_from_itself() -> None:
    gold, ours = related(30, 1.0)
    assert SPEARMAN.p_value(ours, ours, gold) == 1
    assert PEARSON.p_value(ours, 2 * ours, gold) == 1
    assert PEARSON.p_value(ours[:3], gold[:3], gold[:3] * 2) is None
