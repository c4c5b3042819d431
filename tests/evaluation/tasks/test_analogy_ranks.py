"""The place of the right answer is the one it has when all words are sorted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.against_gensim import clustered, vectors_of
from wvcli.evaluation.tasks import _analogy_ranks
from wvcli.evaluation.tasks._analogy_ranks import TOP, Question, answer_ranks
from wvcli.vectors.geometry import directions
from wvcli.vectors.word_vectors import Vectors


def questions_of(words: int, count: int, seed: int) -> list[Question]:
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, words, (count, 4)).tolist()
    return [Question((a, b, c), (d,) if d not in (a, b, c) else (), (a, b, c)) for a, b, c, d in drawn]


def answered(vectors: Vectors, question: Question, among: int, place: int) -> Question:
    """The question with the answer that 3CosAdd puts at some place."""
    a, b, c = (directions(vectors.matrix)[:among] @ directions(vectors.matrix)[term] for term in question.terms)
    order = [row for row in np.argsort(a - b - c).tolist() if row not in question.excluded]
    return Question(question.terms, tuple(order[place : place + 1]), question.excluded)


def by_sorting(vectors: Vectors, questions: list[Question], among: int) -> list[list[int]]:
    """The ranks of the answers by the definition of 3CosAdd and 3CosMul, in float64."""
    units = directions(vectors.matrix)
    classes = []
    for question in questions:
        a, b, c = ((units[:among] * units[term]).sum(axis=1) for term in question.terms)
        product = (1 + b) / 2 * (1 + c) / 2 / ((1 + a) / 2 + 1e-6)
        fit = np.isfinite(vectors.matrix[:among]).all(axis=1)
        own = []
        for scores in (b + c - a, product):
            order = [
                row
                for row in np.lexsort((np.arange(len(scores)), -scores)).tolist()
                if fit[row] and row not in question.excluded
            ]
            place = min([order.index(answer) for answer in question.answers if answer in order], default=TOP)
            own.append(0 if place == 0 else 1 if place < TOP else TOP)
        classes.append(own)
    return classes


@pytest.mark.parametrize("among", [700, 450, 3])
def test_places_are_those_of_sorted_scores(among: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_analogy_ranks, "_ROWS", 64)  # many blocks, groups and parts
    monkeypatch.setattr(_analogy_ranks, "_TOGETHER", 7)
    monkeypatch.setattr(_analogy_ranks, "_QUESTIONS", 50)
    vectors = vectors_of(clustered(700, 8, seed=1))
    questions = questions_of(among, 160, seed=2)
    near = [
        answered(vectors, question, among, n % 8) for n, question in enumerate(questions_of(among, 80, seed=3))
    ]
    questions += near
    told: list[int] = []
    found = answer_ranks(vectors, directions(vectors.matrix), questions, among, told.append)
    assert found.tolist() == by_sorting(vectors, questions, among)
    assert among == 3 or {0, 1, TOP} <= {*found.ravel().tolist()}
    assert told == sorted(told)
    assert told[-1] == len(questions)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=6, max_size=14),
    st.integers(0, 10_000),
    st.sampled_from([None, np.nan, np.inf]),
)
def test_equal_scores_come_in_the_order_of_the_vocabulary(
    rows: list[list[int]], seed: int, unfit: float | None
) -> None:
    """Small whole numbers make equal rows, opposite rows and zero rows common."""
    matrix = np.array(rows, dtype=np.float32)
    words = len(matrix)
    if unfit is not None:
        matrix = np.concatenate([matrix, np.full((1, 3), unfit, dtype=np.float32)])
    vectors = vectors_of(matrix)
    units = directions(matrix)
    questions = [
        question
        for question in questions_of(words, 25, seed)
        if all(units[row].any() for row in (*question.terms, *question.answers))
    ]
    # float64 rounds equal scores of unequal rows apart: only where no two scores nearly meet is the order defined
    found = answer_ranks(vectors, units, questions, len(matrix)).tolist()
    for ours, theirs, question in zip(found, by_sorting(vectors, questions, len(matrix)), questions, strict=True):
        if not has_near_ties(units, question):
            assert ours == theirs


def has_near_ties(units: np.ndarray, question: Question) -> bool:
    """Whether a word that is not the same vector as the answer scores the same but for rounding."""
    if not question.answers:
        return False
    [answer] = question.answers
    a, b, c = (units @ units[term] for term in question.terms)
    for scores in (b + c - a, (1 + b) * (1 + c) / (1 + a + 2e-6)):
        near = np.isclose(scores, scores[answer], rtol=1e-9, atol=1e-9)
        if any(near[row] and not (units[row] == units[answer]).all() for row in range(len(units))):
            return True
    return False


def test_no_question_is_answered_by_nothing() -> None:
    vectors = vectors_of(clustered(20, 4, seed=3))
    assert answer_ranks(vectors, directions(vectors.matrix), [], 20).shape == (0, 2)
