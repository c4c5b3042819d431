import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

import wvcli
from tests.against_gensim import Matrix, vectors_of
from wvcli.analysis.comparison import compare
from wvcli.errors import UsageError


def drawn(rows: int, dim: int, seed: int) -> Matrix:
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)


def rotation(dim: int, seed: int) -> Matrix:
    return np.linalg.qr(drawn(dim, dim, seed).astype(np.float64))[0].astype(np.float32)


@given(
    rows=st.integers(2, 300), dim=st.integers(1, 20), seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100)
)
@settings(deadline=None, max_examples=60)
def test_a_model_turned_mirrored_and_scaled_has_not_changed(rows: int, dim: int, seed: int, scale: float) -> None:
    old = vectors_of(drawn(rows, dim, seed))
    between = compare(old, vectors_of(old.matrix @ rotation(dim, seed) * scale))
    assert between.similarity == pytest.approx(1, abs=1e-5)
    assert between.overlap.tolist() == [1.0] * rows
    assert between.change("similarity") == pytest.approx(0, abs=1e-5)
    assert between.change("overlap") == 0


@given(seed=st.integers(0, 2**32 - 1), one=st.integers(0, 99), other=st.integers(0, 99))
@settings(deadline=None, max_examples=40)
def test_two_words_that_change_places_are_found_at_the_top(seed: int, one: int, other: int) -> None:
    old = vectors_of(drawn(100, 5, seed))
    matrix = old.matrix @ rotation(5, seed)
    matrix[[one, other]] = matrix[[other, one]]
    between = compare(old, vectors_of(matrix))
    moved = [place for place in between.most_moved(2) if between.similarity[place] < 0.99]
    if one != other and old.similarity(f"word{one}", f"word{other}") < 0.9:
        assert sorted(moved) == sorted([one, other])
        assert {one, other} & set(between.most_moved(2, "overlap"))


@pytest.mark.parametrize(("old_dim", "new_dim"), [(8, 8), (8, 5), (5, 8)])
def test_the_alignment_is_that_of_scipy_on_unit_vectors_filled_up_with_zeros(old_dim: int, new_dim: int) -> None:
    old, new = drawn(400, old_dim, 1), drawn(400, new_dim, 2)
    new[:, :5] += old[:, :5]
    between = compare(vectors_of(old), vectors_of(new))
    padded = [np.pad(matrix, ((0, 0), (0, 8 - matrix.shape[1]))).astype(np.float64) for matrix in (old, new)]
    a, b = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in padded)
    turn, _ = orthogonal_procrustes(a, b)
    assert between.similarity == pytest.approx(np.einsum("nd,nd->n", a @ turn, b), abs=1e-6)


def test_overlap_is_the_share_of_the_nearest_neighbours_that_stay() -> None:
    old, new = drawn(700, 12, 3), drawn(700, 12, 4)
    new += 2 * old
    between = compare(vectors_of(old), vectors_of(new), neighbors=7)
    models = between.old, between.new
    for place in (0, 1, 350, 699):
        first, second = (
            {word for word, _ in vectors.most_similar(between.word(place), topn=7)} for vectors in models
        )
        assert between.overlap[place] == len(first & second) / 7
        near = between.nearest(place, 7)
        assert [set(words) for words in near] == [first, second]


def test_which_model_is_the_old_one_does_not_matter_to_the_figures() -> None:
    words = [f"word{index}" for index in range(60)]
    old, new = vectors_of(drawn(60, 6, 5), words), vectors_of(drawn(60, 9, 6), words[::-1])
    there, back = compare(old, new), compare(new, old)
    for by in ("similarity", "overlap"):
        assert there.change(by) == pytest.approx(back.change(by), abs=1e-7)


def test_words_with_one_vector_between_them_are_neighbours_in_any_order() -> None:
    old = np.repeat(drawn(4, 3, 7), 10, axis=0)
    between = compare(vectors_of(old), vectors_of(old @ rotation(3, 8)), neighbors=4)
    assert between.overlap.tolist() == [1.0] * 40


def test_words_are_matched_by_name_and_lost_and_gained_ones_stand_by_frequency() -> None:
    old = vectors_of(drawn(6, 4, 9), ["the", "cat", "mat", "dog", "sat", "on"])
    new = vectors_of(drawn(6, 4, 9), ["cat", "the", "fish", "on", "a", "sat"])
    between = compare(old, new)
    assert [between.word(place) for place in range(len(between))] == ["the", "cat", "sat", "on"]
    assert [old.vocabulary[row] for row in between.lost] == ["mat", "dog"]
    assert [new.vocabulary[row] for row in between.gained] == ["fish", "a"]
    assert between.shared == 4


def test_the_words_compared_are_frequent_in_both_texts() -> None:
    words = ["a", "b", "c", "d", "e"]
    old = vectors_of(drawn(5, 2, 1), words, counts=np.array([900, 800, 700, 600, 500]))
    new = vectors_of(drawn(5, 2, 2), ["e", "d", "c", "b", "a"], counts=np.array([90, 80, 70, 60, 9]))
    between = compare(old, new, top=3, min_count=10)
    assert [between.word(place) for place in range(len(between))] == ["c", "b", "d"]
    assert between.rare == 1
    assert len(compare(old, new, min_count=9)) == 5
    assert len(compare(vectors_of(old.matrix, words), new, min_count=10)) == 4  # no counts on one side


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_vector_without_direction_is_left_out_and_counted(bad: float) -> None:
    matrix = drawn(50, 4, 10)
    spoilt = matrix.copy()
    spoilt[7] = bad
    for old, new in ((matrix, spoilt), (spoilt, matrix), (spoilt, spoilt)):
        between = compare(vectors_of(old), vectors_of(new))
        assert between.without_direction == 1
        assert len(between) == 49
        assert between.change("similarity") == pytest.approx(0, abs=1e-6)
        assert between.change("overlap") == 0


@pytest.mark.parametrize(
    ("words", "counts", "said"),
    [
        (["x", "y", "z"], [9, 9, 9], "no word"),
        (["a", "y", "z"], [9, 9, 9], "one word"),
        (["a", "b", "c"], [9, 1, 1], "2 are too rare"),
    ],
)
def test_too_few_words_are_refused_but_lost_and_gained_ones_are_known(
    words: list[str], counts: list[int], said: str
) -> None:
    between = compare(
        vectors_of(drawn(3, 2, 1), ["a", "b", "c"], counts=np.array([9, 9, 9])),
        vectors_of(drawn(3, 2, 2), words, counts=np.array(counts)),
        min_count=5,
    )
    assert len(between.lost) == len(between.gained) == 3 - between.shared
    for by in ("similarity", "overlap"):
        with pytest.raises(UsageError, match=re.escape(said)):
            between.change(by)


def test_an_empty_model_shares_no_word() -> None:
    with pytest.raises(UsageError, match="no word"):
        compare(vectors_of(np.empty((0, 3))), vectors_of(drawn(4, 3, 1))).change()


@pytest.mark.parametrize("wrong", [{"top": 1}, {"neighbors": 0}])
def test_nonsense_is_refused(wrong: dict[str, int]) -> None:
    vectors = vectors_of(drawn(4, 3, 1))
    with pytest.raises(UsageError):
        compare(vectors, vectors, **wrong)


def test_two_words_have_one_neighbour_each() -> None:
    between = wvcli.compare(vectors_of(drawn(2, 3, 1)), vectors_of(drawn(2, 3, 2)), neighbors=10)
    assert between.neighbors == 1
    assert between.overlap.tolist() == [1, 1]
    assert between.nearest(0, 10) == (["word1"], ["word1"])
