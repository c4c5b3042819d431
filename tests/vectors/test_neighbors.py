"""Sums of words, analogies, the odd one out and restricted searches are Gensim's, and do not depend on company."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.against_gensim import CLOSE, assert_same_answer, clustered, gensim_of, vectors_of
from wvcli.errors import MissingWordError, UsageError
from wvcli.vectors import neighbors
from wvcli.vectors.neighbors import Method, Query, Space
from wvcli.vectors.scoring import Target
from wvcli.vectors.word_vectors import Vectors, query

BLOCK = 16_384  # rows scored at a time
METHODS: list[Method] = ["add", "multiply"]
CLOSE_SUM = 1e-5  # vectors that nearly cancel out, and small divisors, make rounding larger


def gensims(
    keyed: KeyedVectors, method: str, positive: list[str], negative: list[str], restrict: int | None = None
) -> list[tuple[str, float]]:
    """Gensim's whole answer."""
    ask = keyed.most_similar if method == "add" else keyed.most_similar_cosmul
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Call to deprecated `init_sims`", DeprecationWarning)
        answer: list[tuple[str, float]] = ask(positive, negative, topn=len(keyed), restrict_vocab=restrict)
    return answer


def drawn(vectors: Vectors, rng: np.random.Generator, positive: int, negative: int) -> tuple[list[str], list[str]]:
    words = [vectors.vocabulary[int(row)] for row in rng.integers(0, len(vectors), positive + negative)]
    return words[:positive], words[positive:]


# --- signed sums ---


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("positive", "negative"), [(1, 0), (2, 0), (2, 1), (1, 1), (4, 3), (1, 2)])
def test_analogies_in_a_trained_model_are_gensims(
    kind: str, method: Method, positive: int, negative: int, request: pytest.FixtureRequest
) -> None:
    vectors, keyed = request.getfixturevalue(kind)
    rng = np.random.default_rng(positive + 10 * negative)
    for _ in range(6):
        words = drawn(vectors, rng, positive, negative)
        ours = vectors.analogy(*words, 12, method=method)
        assert_same_answer(ours, gensims(keyed, method, *words), vectors, 12, CLOSE_SUM)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dim", [10, 50])
def test_analogies_in_a_random_model_with_doubles_are_gensims(method: Method, dim: int) -> None:
    vectors = vectors_of(clustered(900, dim, seed=dim))
    keyed = gensim_of(vectors)
    rng = np.random.default_rng(dim)
    for _ in range(10):
        words = drawn(vectors, rng, 2, 1)
        theirs = gensims(keyed, method, *words)
        assert_same_answer(vectors.analogy(*words, 10, method=method), theirs, vectors, 10, CLOSE_SUM)


@pytest.mark.parametrize("method", METHODS)
def test_words_from_subwords_take_part_in_analogies_as_gensims(
    fasttext: tuple[Vectors, KeyedVectors], method: Method
) -> None:
    vectors, keyed = fasttext
    for words in ((["unseen", "w1"], ["w2"]), (["w1", "w5"], ["nowhere"]), (["w3000"], [])):
        theirs = gensims(keyed, method, *words)
        assert_same_answer(vectors.analogy(*words, 20, method=method), theirs, vectors, 20)


def test_only_negative_words_make_a_sum_as_gensims(word2vec: tuple[Vectors, KeyedVectors]) -> None:
    vectors, keyed = word2vec
    ours = vectors.analogy([], ["w1", "w2"], 10)
    assert_same_answer(ours, gensims(keyed, "add", [], ["w1", "w2"]), vectors, 10)
    with pytest.raises(UsageError, match="needs a positive word"):
        vectors.analogy([], ["w1"], method="multiply")
    with pytest.raises(UsageError, match="nothing to be near to"):
        vectors.analogy([])


def test_a_missing_word_in_an_analogy_is_told(word2vec: tuple[Vectors, KeyedVectors]) -> None:
    with pytest.raises(MissingWordError, match="'zzz'"):
        word2vec[0].analogy(["w1", "w2"], ["zzz"])


def exact_scores(vectors: Vectors, positive: list[int], negative: list[int], method: str) -> np.ndarray:
    """The definition, in float64 over the whole vocabulary."""
    exact = vectors.matrix.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    units = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    if method == "add":
        total = units[positive].sum(axis=0) - units[negative].sum(axis=0)
        length = np.linalg.norm(total)
        return units @ total / length if length > 1e-6 else np.zeros(len(units))
    above = np.prod((1 + units @ units[positive].T) / 2, axis=1)
    return above / (np.prod((1 + units @ units[negative].T) / 2, axis=1) + 1e-6)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(3, 40), st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from(METHODS),
    st.integers(1, 3), st.integers(0, 3), st.integers(1, 12), st.integers(1, 60),
)  # fmt: skip
def test_any_analogy_is_the_best_by_definition_even_among_few_and_beside_zeros(
    rows: int, dim: int, seed: int, method: Method, positive: int, negative: int, topn: int, among: int
) -> None:
    rng = np.random.default_rng(seed)
    matrix = clustered(rows, dim, seed)
    matrix[rng.integers(0, rows, 2)] = 0
    vectors = vectors_of(matrix)
    chosen = rng.integers(0, rows, positive + negative).tolist()
    plus, minus = chosen[:positive], chosen[positive:]
    found = [[vectors.look_up(f"word{row}") for row in side] for side in (plus, minus)]
    [answer] = vectors.nearest([query(*found)], topn, method=method, among=among)
    scores = exact_scores(vectors, plus, minus, method)
    left = [row for row in range(min(among, rows)) if row not in chosen]
    best = np.sort(scores[left])[::-1][:topn]
    assert [near.similarity for near in answer] == pytest.approx(best.tolist(), rel=2e-3, abs=1e-4)
    assert set(chosen).isdisjoint(near.index for near in answer)
    assert all(near.index < among for near in answer)


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 60), st.integers(1, 20), st.integers(0, 2**32 - 1), st.sampled_from(METHODS))
def test_an_analogy_does_not_depend_on_what_else_is_asked(rows: int, dim: int, seed: int, method: Method) -> None:
    matrix = clustered(rows, dim, seed)
    matrix[seed % rows] = 0
    vectors = vectors_of(matrix)
    rng = np.random.default_rng(seed)
    triples = rng.integers(0, rows, (9, 3))
    asked = [
        query([vectors.look_up(f"word{b}"), vectors.look_up(f"word{c}")], [vectors.look_up(f"word{a}")])
        for a, b, c in triples
    ]
    alone = [vectors.nearest([one], 5, method=method)[0] for one in asked]
    assert vectors.nearest(asked, 5, method=method) == alone


@pytest.mark.parametrize("method", METHODS)
def test_an_analogy_among_the_first_words_is_gensims(
    word2vec: tuple[Vectors, KeyedVectors], method: Method
) -> None:
    vectors, keyed = word2vec
    for a, b, c in np.random.default_rng(4).integers(0, 200, (12, 3)).tolist():
        positive, negative = [vectors.vocabulary[b], vectors.vocabulary[c]], [vectors.vocabulary[a]]
        theirs = gensims(keyed, method, positive, negative, 200)
        if method == "multiply":  # whose restriction Gensim forgets
            theirs = [(word, score) for word, score in theirs if keyed.key_to_index[word] < 200]
        ours = vectors.analogy(positive, negative, 3, method=method, among=200)
        assert_same_answer(ours, theirs, vectors, 3, CLOSE_SUM)


# --- restrictions ---


@pytest.mark.parametrize("restrict", [1, 2, 50, 300, 301, 10**9])
def test_a_search_among_the_first_words_is_gensims(word2vec: tuple[Vectors, KeyedVectors], restrict: int) -> None:
    vectors, keyed = word2vec
    for word in ("w0", "w40", "w299"):
        theirs = keyed.most_similar(word, topn=len(vectors), restrict_vocab=restrict)
        assert_same_answer(vectors.most_similar(word, 10, among=restrict), theirs, vectors, 10)


@pytest.mark.parametrize("rows", [40, 2 * BLOCK + 9])
def test_a_search_among_some_rows_gives_these_in_the_order_of_the_whole_search(rows: int) -> None:
    vectors = vectors_of(clustered(rows, 6, seed=3))
    among = np.random.default_rng(3).permutation(rows)[: rows // 2]
    some = vectors.most_similar("word7", rows, among=among)
    allowed = {f"word{row}" for row in among}
    assert some == [pair for pair in vectors.most_similar("word7", rows) if pair[0] in allowed]
    assert vectors.most_similar("word7", 5, among=np.concatenate([among, among])) == some[:5]


def test_nothing_lies_among_no_rows() -> None:
    vectors = vectors_of(np.eye(3))
    assert vectors.most_similar("word0", among=np.empty(0, dtype=np.int64)) == []
    assert vectors_of(np.zeros((3, 2))).most_similar("word0", among=np.empty(0, dtype=np.int64)) == []


@pytest.mark.parametrize("among", [0, -3, np.array([0, 3]), np.array([-1, 2])])
def test_rows_that_are_not_there_are_refused(among: int | np.ndarray) -> None:
    with pytest.raises(UsageError, match="to look among must be"):
        vectors_of(np.eye(3)).most_similar("word0", among=among)


@pytest.mark.parametrize("least", [-1.0, -0.3, 0.0, 0.2, 0.999, 1.5])
def test_least_similarity_cuts_the_answer_short(least: float) -> None:
    vectors = vectors_of(clustered(300, 5, seed=6))
    everything = vectors.most_similar("word3", 300)
    expected = [pair for pair in everything if pair[1] >= least]
    assert vectors.most_similar("word3", 300, min_similarity=least) == expected
    assert vectors.most_similar("word3", 4, min_similarity=least) == expected[:4]


def test_a_similarity_exactly_the_least_is_kept() -> None:
    vectors = vectors_of([[1, 0], [3, 4], [0, 0], [0, 1]])
    assert vectors.most_similar("word0", min_similarity=0.6) == [("word1", 0.6)]
    assert [word for word, _ in vectors.most_similar("word0", min_similarity=0.0)] == ["word1", "word2", "word3"]
    assert vectors.most_similar("word2", min_similarity=0.1) == []


# --- rows that are zero or not numbers ---


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_rows_without_numbers_are_no_answers_and_have_none(method: Method, bad: float) -> None:
    matrix = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    matrix[5, 2] = bad
    vectors = vectors_of(matrix)
    answer = vectors.analogy(["word1", "word2"], ["word3"], 30, method=method)
    assert {word for word, _ in answer} == {f"word{row}" for row in range(20) if row not in (1, 2, 3, 5)}
    assert all(math.isfinite(score) for _, score in answer)
    for words in ((["word5", "word1"], ["word2"]), (["word1", "word2"], ["word5"])):
        assert vectors.analogy(*words, method=method) == []


@pytest.mark.parametrize("row", [[2e38, 3e38], [1e-40, 0]], ids=["too long", "too short"])
def test_a_row_whose_length_float32_cannot_tell_is_judged_alike_whatever_the_number_of_answers(
    row: list[float],
) -> None:
    vectors = vectors_of([[1, 0], row, [1, 1], [-1, 0.5], [0, 1], [-1, -1]])
    whole = vectors.most_similar("word0", 5)
    assert dict(whole).get("word1", 0) == 0  # no answer, or as far as a zero vector
    for topn in range(1, 6):
        assert vectors.most_similar("word0", topn) == whole[:topn]


def test_all_neighbours_of_many_words_are_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = vectors_of(clustered(90, 4, seed=9))
    asked = [vectors.look_up(word) for word in vectors]
    whole = vectors.nearest(asked, 10**9)
    passes: list[int] = []
    search = Space._search

    def counted(self: Space, vectors: np.ndarray, targets: list[Target], *rest: Any) -> Any:
        passes.append(len(targets))
        return search(self, vectors, targets, *rest)

    monkeypatch.setattr(Space, "_search", counted)
    monkeypatch.setattr(neighbors, "_HELD", 900)
    assert vectors.nearest(asked, 10**9) == whole
    assert max(passes) == 10
    assert vectors_of(np.empty((0, 3))).nearest([Query.of([np.ones(3, np.float32)])], 5) == [[]]


@pytest.mark.parametrize("method", METHODS)
def test_zero_vectors_in_an_analogy_say_nothing(method: Method) -> None:
    vectors = vectors_of([[0, 0], [1, 0], [0.9, 0.1], [0, 0], [0, 1]])
    [first, *_] = vectors.analogy(["word0", "word1"], ["word3"], method=method)
    assert first[0] == "word2"
    nothing = vectors.analogy(["word0"], ["word3"], method=method)
    assert [word for word, _ in nothing] == ["word1", "word2", "word4"]
    assert len({score for _, score in nothing}) == 1


def test_words_that_cancel_out_are_as_near_to_all() -> None:
    vectors = vectors_of([[1, 0], [1, 0], [0, 1], [1, 1]])
    assert vectors.analogy(["word0"], ["word1"]) == [("word2", 0.0), ("word3", 0.0)]


def test_no_question_has_no_answer() -> None:
    vectors = vectors_of(np.eye(4))
    assert vectors.nearest([], 3) == []
    assert vectors.rank([], [], 3) == []


def test_a_query_may_leave_out_any_rows() -> None:
    vectors = vectors_of(np.eye(4) + 0.1)
    asked = Query.of([vectors["word1"]], excluded=[1, 3, 1])
    assert [near.index for near in vectors.nearest([asked])[0]] == [0, 2]


# --- the odd one out ---


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_the_odd_one_out_is_gensims(kind: str, request: pytest.FixtureRequest) -> None:
    vectors, keyed = request.getfixturevalue(kind)
    rng = np.random.default_rng(2)
    for size in (3, 4, 7, 30):
        words = [vectors.vocabulary[int(row)] for row in rng.permutation(len(vectors))[:size]]
        odd, cosine = vectors.odd_one_out(words)
        assert odd == keyed.doesnt_match(words)
        others = [word for word in words if word != odd]
        mean = keyed.get_mean_vector(others)
        assert cosine == pytest.approx(float(keyed.cosine_similarities(mean, keyed[[odd]])[0]), abs=CLOSE)


def test_a_new_word_can_be_the_odd_one_out_as_gensims(fasttext: tuple[Vectors, KeyedVectors]) -> None:
    vectors, keyed = fasttext
    for words in (["unseen", "w1", "w2", "w3"], ["w10", "w20", "nowhere", "unseen"]):
        assert vectors.odd_one_out(words)[0] == keyed.doesnt_match(words)


def test_the_odd_one_out_needs_three_words_and_is_the_first_of_equals() -> None:
    vectors = vectors_of([[1, 0], [0, 1], [0, 0], [np.nan, 1]])
    for few in ([], ["word0"], ["word0", "word1"]):
        with pytest.raises(UsageError, match=f"not of {len(few)}"):
            vectors.odd_one_out(few)
    assert vectors.odd_one_out(["word0", "word0", "word0"]) == ("word0", 1.0)
    assert vectors.odd_one_out(["word0", "word2", "word0"]) == ("word2", 0.0)
    assert vectors.odd_one_out(["word0", "word1", "word3"]) == ("word3", 0.0)
