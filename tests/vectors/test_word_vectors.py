import json
import math
import sys
from itertools import groupby

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests import clients
from tests.against_gensim import CLOSE, Matrix, assert_same_answer, clustered, gensim_of, vectors_of
from wvcli.errors import MissingWordError, UsageError, WvcliError
from wvcli.vectors.characteristic_words import characteristic_words
from wvcli.vectors.geometry import row_norms, unit_rows
from wvcli.vectors.near_spellings import near_spellings
from wvcli.vectors.neighbors import Method, Neighbor
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import ENOUGH_FREQUENT, TRUSTED_COUNT, Lookup, Vectors, query

BLOCK = 16_384  # rows scored at a time


# --- neighbours are Gensim's ---


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_neighbours_in_a_trained_model_are_gensims(kind: str, request: pytest.FixtureRequest) -> None:
    vectors, keyed = request.getfixturevalue(kind)
    for word in list(vectors)[::7]:
        for topn in (1, 10, len(vectors) - 1):
            theirs = keyed.most_similar(word, topn=len(vectors))
            assert_same_answer(vectors.most_similar(word, topn), theirs, vectors, topn)


@pytest.mark.parametrize("word", ["unseen", "w3000", "w", "猫", "W12"])
def test_neighbours_of_a_new_word_are_gensims(fasttext: tuple[Vectors, KeyedVectors], word: str) -> None:
    vectors, keyed = fasttext
    assert word not in vectors
    np.testing.assert_array_equal(vectors[word], keyed[word])
    assert_same_answer(vectors.most_similar(word, 20), keyed.most_similar(word, topn=len(vectors)), vectors, 20)
    assert vectors.similarity(word, "w1") == pytest.approx(float(keyed.similarity(word, "w1")), abs=CLOSE)


@pytest.mark.parametrize(("rows", "dim"), [(2, 1), (3, 2), (50, 3), (700, 50), (2 * BLOCK + 5, 8)])
def test_neighbours_in_a_random_model_are_gensims(rows: int, dim: int) -> None:
    vectors = vectors_of(clustered(rows, dim, seed=rows))
    keyed = gensim_of(vectors)
    for row in {0, 1, rows // 2, rows - 1}:
        theirs = keyed.most_similar(f"word{row}", topn=rows)
        assert_same_answer(vectors.most_similar(f"word{row}", 10), theirs, vectors, 10)


finite = st.floats(-8, 8, width=32).map(lambda number: 0.0 if abs(number) < 1e-3 else number)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 25), st.integers(1, 4)).flatmap(
        lambda shape: arrays(np.float32, shape, elements=finite)
    ),
    st.integers(1, 30),
)
def test_any_neighbours_are_the_best_cosines_in_vocabulary_order(matrix: Matrix, topn: int) -> None:
    vectors = vectors_of(matrix)
    exact = matrix.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    exact = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    cosines = exact @ exact.T
    for row in range(len(matrix)):
        others = np.delete(np.arange(len(matrix)), row)
        best = np.sort(cosines[row, others])[::-1][:topn]
        answer = vectors.nearest([vectors.look_up(f"word{row}")], topn)[0]
        assert [near.similarity for near in answer] == pytest.approx(best.tolist(), abs=CLOSE)
        assert [cosines[row, near.index] for near in answer] == pytest.approx(best.tolist(), abs=CLOSE)
        assert row not in [near.index for near in answer]
        for _, tied in groupby(answer, key=lambda near: near.similarity):
            rows = [near.index for near in tied]
            assert rows == sorted(rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_an_answer_does_not_depend_on_what_else_is_asked(rows: int, dim: int, seed: int, topn: int) -> None:
    matrix = clustered(rows, dim, seed)
    matrix[seed % rows] = 0
    vectors = vectors_of(matrix)
    queries = [vectors.look_up(word) for word in vectors]
    alone = [vectors.nearest([query], topn)[0] for query in queries]
    assert vectors.nearest(queries, topn) == alone
    assert vectors.nearest(queries[::-1], topn) == alone[::-1]


def test_a_large_model_answers_batches_and_single_queries_alike() -> None:
    vectors = vectors_of(clustered(3 * BLOCK + 1, 20, seed=2))
    queries = [vectors.look_up(f"word{row}") for row in (0, BLOCK - 1, BLOCK, 2 * BLOCK, 3 * BLOCK)]
    assert vectors.nearest(queries, 25) == [vectors.nearest([query], 25)[0] for query in queries]


# --- ties ---


def test_words_with_equal_vectors_come_in_vocabulary_order() -> None:
    vectors = vectors_of([[1, 2]] * 30)
    expected = [f"word{row}" for row in range(30) if row != 7]
    for topn in (1, 3, 28, 29, 100):  # the cut goes through the tie
        assert [word for word, _ in vectors.most_similar("word7", topn)] == expected[:topn]


@pytest.mark.parametrize("topn", [1, 5, 6, 7, 40])
def test_a_tie_across_the_cut_and_across_blocks_keeps_the_first_words(topn: int) -> None:
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(2 * BLOCK + 100, 6)).astype(np.float32)
    copies = [3, 17, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3, 2 * BLOCK + 99]
    matrix[copies] = matrix[50]
    vectors = vectors_of(matrix)
    answer = vectors.nearest([vectors.look_up("word50"), vectors.look_up("word51")], topn)[0]
    assert [near.index for near in answer][:7] == copies[:topn]
    assert answer == vectors.nearest([vectors.look_up("word50")], topn)[0]


def test_a_word_is_left_out_of_its_own_neighbours_but_its_double_is_not() -> None:
    vectors = vectors_of([[1, 0], [1, 0], [0, 1]])
    assert vectors.most_similar("word1", 1) == [("word0", 1.0)]


# --- rows that are zero, not numbers, or extreme ---


def test_a_zero_vector_has_similarity_zero_to_everything() -> None:
    vectors = vectors_of([[0, 0], [1, 0], [0, 0], [-1, 0]])
    assert vectors.most_similar("word0") == [("word1", 0.0), ("word2", 0.0), ("word3", 0.0)]
    assert vectors.most_similar("word1") == [("word0", 0.0), ("word2", 0.0), ("word3", -1.0)]
    assert vectors.similarity("word0", "word1") == vectors.similarity("word0", "word0") == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("queries", [1, 3])
def test_a_row_that_is_no_number_is_never_a_neighbour(bad: float, queries: int) -> None:
    matrix = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)
    matrix[[0, 5, 19], [0, 2, 3]] = bad
    vectors = vectors_of(matrix)
    found = vectors.nearest([vectors.look_up(f"word{row}") for row in range(1, 1 + queries)], 30)
    for row, answer in enumerate(found, 1):
        assert {near.index for near in answer} == set(range(20)) - {0, 5, 19, row}
        assert all(math.isfinite(near.similarity) for near in answer)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_query_that_is_no_number_has_no_neighbours_and_spoils_no_other(bad: float) -> None:
    vectors = vectors_of([[1, 0], [bad, 1], [1, 1], [0, 2]])
    good = vectors.look_up("word0")
    [none, some] = vectors.nearest([vectors.look_up("word1"), good], 3)
    assert none == []
    assert some == vectors.nearest([good], 3)[0]
    assert [near.index for near in some] == [2, 3]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_similarity_to_a_row_that_is_no_number_is_no_similarity(bad: float) -> None:
    vectors = vectors_of([[1, 0], [bad, 1]])
    assert not math.isfinite(vectors.similarity("word0", "word1"))


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 3e38])
def test_very_short_and_very_long_vectors_keep_their_neighbours(scale: float) -> None:
    usual = vectors_of(np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 0.2]]))
    extreme = vectors_of(usual.matrix.astype(np.float64) * scale)
    for word in usual:
        expected = usual.most_similar(word)
        assert [near for near, _ in extreme.most_similar(word)] == [near for near, _ in expected]
        assert [s for _, s in extreme.most_similar(word)] == pytest.approx([s for _, s in expected], abs=1e-5)


# --- small models, large requests ---


def test_a_single_word_has_no_neighbours() -> None:
    assert vectors_of([[1, 2]]).most_similar("word0", 5) == []


def test_an_empty_model_has_no_neighbours() -> None:
    vectors = vectors_of(np.zeros((0, 3)), [])
    assert len(vectors) == 0
    assert vectors.nearest([Lookup("new", None, np.ones(3, dtype=np.float32))], 5) == [[]]


def test_asking_for_more_neighbours_than_there_are_gives_all() -> None:
    assert [word for word, _ in vectors_of(np.eye(4)).most_similar("word2", 10**9)] == ["word0", "word1", "word3"]


def test_asking_about_nothing_gives_nothing() -> None:
    assert vectors_of(np.eye(3)).nearest([], 5) == []


@pytest.mark.parametrize("topn", [0, -1])
def test_fewer_than_one_neighbour_is_refused(topn: int) -> None:
    vectors = vectors_of(np.eye(3))
    with pytest.raises(UsageError, match=f"at least 1, not {topn}"):
        vectors.most_similar("word0", topn)


def test_a_vector_that_comes_from_elsewhere_finds_its_own_word_too() -> None:
    vectors = vectors_of(np.eye(3))
    assert vectors.nearest([Lookup("elsewhere", None, vectors["word1"])], 1) == [[Neighbor(1, 1.0)]]


# --- similarity ---


def test_similarities_are_gensims(word2vec: tuple[Vectors, KeyedVectors]) -> None:
    vectors, keyed = word2vec
    words = list(vectors)[:40]
    for first, second in zip(words, words[::-1], strict=True):
        assert vectors.similarity(first, second) == pytest.approx(
            float(keyed.similarity(first, second)), abs=CLOSE
        )


@given(arrays(np.float32, (2, 3), elements=finite))
def test_similarity_is_symmetric_and_a_cosine(matrix: Matrix) -> None:
    vectors = vectors_of(matrix)
    similarity = vectors.similarity("word0", "word1")
    assert similarity == vectors.similarity("word1", "word0")
    assert -1 - CLOSE <= similarity <= 1 + CLOSE
    assert vectors.most_similar("word0")[0][1] == pytest.approx(similarity, abs=CLOSE)


def test_answers_are_plain_numbers_that_json_takes() -> None:
    vectors = vectors_of(np.eye(3), counts=np.array([9, 5, 1]))
    answers = [vectors.similarity("word0", "word1"), vectors.most_similar("word0"), vectors.count(0), vectors.dim]
    assert json.loads(json.dumps(answers)) == [0.0, [["word1", 0.0], ["word2", 0.0]], 9, 3]


# --- looking words up ---


def test_a_missing_word_is_an_error_with_near_spellings() -> None:
    vectors = vectors_of(np.eye(5), ["the", "house", "horse", "Berlin", "zebra"])
    for asked, expected in [("hause", ["house", "horse"]), ("HOUSE", ["house"]), ("berlin", ["Berlin"])]:
        with pytest.raises(MissingWordError) as caught:
            vectors.most_similar(asked)
        assert repr(asked) in caught.value.message
        assert caught.value.hint.startswith(f"did you mean {expected[0]}")
        assert near_spellings(vectors.vocabulary, asked)[: len(expected)] == expected
    with pytest.raises(MissingWordError) as caught:
        vectors["qqqqqq"]
    assert caught.value.hint == ""


@pytest.mark.parametrize("word", ["", "\udc80", "caf\udce9", "\x00", "a b", "x" * 10_000])
def test_an_odd_word_is_missing_and_nothing_worse(word: str) -> None:
    subwords = Subwords(np.ones((10, 2), dtype=np.float32), 3, 6)
    plain = vectors_of(np.eye(2), ["cat", "dog"])
    with pytest.raises(MissingWordError):
        plain.most_similar(word)
    assert word not in plain
    with_subwords = vectors_of(np.eye(2), ["cat", "dog"], subwords=subwords)
    if word == "" or "\udc80" <= word[-1] <= "\udcff":
        with pytest.raises(MissingWordError):
            with_subwords.most_similar(word)
    else:
        assert with_subwords[word].tolist() == [1, 1]
    assert word not in with_subwords


def test_a_word_from_subwords_has_a_vector_but_is_not_in_the_vocabulary(
    fasttext: tuple[Vectors, KeyedVectors],
) -> None:
    vectors, _ = fasttext
    found = vectors.find("unseen")
    assert found is not None
    assert found.index is None
    assert "unseen" not in vectors
    assert "w1" in vectors
    assert "" not in vectors
    assert vectors.find("") is None


def test_a_word_is_looked_up_as_written_before_it_is_normalized() -> None:
    vectors = vectors_of(np.eye(3), ["us", "US", "it"], normalize=str.lower)
    assert vectors.index("US") == 1
    assert vectors.index("us") == 0
    assert vectors.index("IT") == 2
    assert vectors.index("Us") == 0
    assert [word for word, _ in vectors.most_similar("IT")] == ["us", "US"]


# --- norms ---


def test_norms_are_computed_block_by_block_as_at_once() -> None:
    matrix = clustered(BLOCK + 3, 7, seed=9)
    np.testing.assert_allclose(row_norms(matrix), np.linalg.norm(matrix, axis=1), rtol=1e-6)
    assert row_norms(matrix[:0]).shape == (0,)


def test_unit_rows_have_length_one_or_zero() -> None:
    units = unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), [1, 0], atol=1e-7)


def test_asking_changes_nothing_in_the_model() -> None:
    matrix = clustered(50, 4, seed=1)
    before = matrix.copy()
    vectors = Vectors(Vocabulary.from_words([f"w{n}" for n in range(50)]), matrix)
    vectors.most_similar("w3")
    vectors.similarity("w1", "w2")
    characteristic_words(vectors, 2)
    np.testing.assert_array_equal(matrix, before)


def test_a_zero_query_is_answered_without_scoring_every_row() -> None:
    matrix = clustered(BLOCK + 5, 4, seed=3)
    matrix[7] = 0
    vectors = vectors_of(matrix)
    assert [near for near, _ in vectors.most_similar(vectors.vocabulary[7], topn=3)] == vectors.vocabulary[:3]


def test_a_row_too_short_for_float32_has_no_infinite_similarity() -> None:
    vectors = vectors_of(np.array([[1, 0], [1e-40, 1e-40], [0.5, 0.5]], dtype=np.float32), ["a", "tiny", "b"])
    similarities = dict(vectors.most_similar("a"))
    assert similarities == {"b": pytest.approx(0.5**0.5), "tiny": 0}
    assert vectors.similarity("a", "tiny") == vectors.similarity("tiny", "tiny") == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_has_no_similarity_and_no_warning(bad: float) -> None:
    vectors = vectors_of([[bad, 1], [0, 0], [1, 1]])
    assert all(math.isnan(vectors.similarity("word0", word)) for word in vectors)


def test_words_are_rare_below_the_trusted_count() -> None:
    counts = np.array([TRUSTED_COUNT + 1, TRUSTED_COUNT, TRUSTED_COUNT - 1, 1])
    vocabulary, matrix = Vocabulary.from_words(["a", "b", "c", "d"]), np.eye(4, dtype=np.float32)
    counted = Vectors(vocabulary, matrix, counts)
    assert [counted.is_rare(row) for row in range(4)] == [False, False, True, True]
    assert counted.frequent == 2
    assert not any(Vectors(vocabulary, matrix).is_rare(row) for row in range(4))
    started = Vectors(vocabulary, matrix, counts, manifest={"init": {"source": "other.vec"}})
    assert not any(started.is_rare(row) for row in range(4))


@pytest.mark.parametrize("word", [3, None, {"cat": 1}.keys])
def test_what_is_no_string_is_no_word(word: object) -> None:
    vectors = Vectors(Vocabulary.from_words(["cat", "dog"]), np.eye(2, dtype=np.float32))
    for ask in (vectors.most_similar, vectors.find, vectors.__getitem__):
        with pytest.raises(UsageError, match=f"not a value of the type {type(word).__name__}"):
            ask(word)  # type: ignore[arg-type]
    assert word not in vectors


def test_a_word_is_found_in_every_form_that_is_canonically_equivalent() -> None:
    words = ["caf\u00e9", "nai\u0308ve", "\u212b", "e\u0301", "\u00e9", "new_y\u00f6rk"]
    vectors = Vectors(Vocabulary.from_words(words), np.eye(6, dtype=np.float32))
    found = {
        "cafe\u0301": 0,
        "na\u00efve": 1,
        "\u212b": 2,  # itself, although NFC is another character
        "e\u0301": 3,  # there as it stands
        "\u00e9": 4,
        "new yo\u0308rk": 5,
    }
    assert {word: vectors.index(word) for word in found} == found
    assert vectors.index("cafe") is None
    assert vectors.index("\u00a0caf\u00e9") is None
    assert vectors.index("new\u00a0y\u00f6rk") is None


# --- as in Gensim and pandas ---


def test_sums_of_words_are_asked_as_in_gensim() -> None:
    vectors = vectors_of(clustered(60, 5, seed=3))
    keyed = gensim_of(vectors)
    for positive, negative in ((["word1", "word9"], ["word4"]), ("word7", []), (["word7"], "word2")):
        theirs = keyed.most_similar(positive=positive, negative=negative, topn=len(vectors))
        assert_same_answer(vectors.most_similar(positive=positive, negative=negative), theirs, vectors, 10)
    assert vectors.most_similar(["word1", "word9"], 3) == vectors.most_similar(positive=["word1", "word9"], topn=3)
    for positive, topn in (((), 3), ("word1", ["word4"])):
        with pytest.raises(UsageError):
            vectors.most_similar(positive, topn)


def test_several_words_give_a_matrix() -> None:
    vectors = vectors_of(clustered(9, 3, seed=1))
    assert np.array_equal(vectors[["word2", "word0", "word2"]], vectors.matrix[[2, 0, 2]])
    assert (vectors[[]].shape, vectors[[]].dtype) == ((0, 3), np.float32)
    with pytest.raises(MissingWordError, match="'word9' is not in the vocabulary"):
        vectors[["word0", "word9"]]


def test_without_pandas_there_is_no_data_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(WvcliError, match="a data frame needs pandas") as caught:
        vectors_of(np.eye(2)).to_dataframe()
    assert caught.value.hint == "pip install pandas"


@pytest.mark.client
def test_a_data_frame_has_a_row_for_each_word() -> None:
    clients.package("pandas")
    vectors = vectors_of(clustered(9, 3, seed=1))
    frame = vectors.to_dataframe()
    assert (list(frame.index), frame.index.name, frame.shape) == (list(vectors), "word", (9, 3))
    assert np.array_equal(frame.loc["word4"].to_numpy(), vectors["word4"])


# --- rare words ---


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("method", ["add", "multiply"])
@pytest.mark.parametrize("among", [None, 200, "some"])
def test_without_rare_words_the_answers_are_those_of_all_less_the_rare(
    is_sorted: bool, method: Method, among: int | str | None
) -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 2 * TRUSTED_COUNT, size=300)
    counts = np.sort(counts)[::-1] if is_sorted else counts
    vectors = vectors_of(rng.normal(size=(300, 6)), counts=counts)
    rows = rng.choice(300, 150, replace=False) if among == "some" else among
    asked = [
        query([vectors.look_up(f"word{row}"), vectors.look_up("word3")], [vectors.look_up("word5")])
        for row in (0, 120, 299)
    ]
    everything = vectors.nearest(asked, 300, method=method, among=rows)  # type: ignore[arg-type]
    expected = [[near for near in answer if not vectors.is_rare(near.index)] for answer in everything]
    found = vectors.nearest(asked, 10, method=method, among=rows, rare=False)  # type: ignore[arg-type]
    assert found == [answer[:10] for answer in expected]
    least = [answer[-1].similarity for answer in found]
    nearer = [
        sum(vectors.is_rare(near.index) and near.similarity > floor for near in answer)
        for answer, floor in zip(everything, least, strict=True)
    ]
    assert vectors.count_rare_nearer(asked, least, method=method, among=rows) == nearer  # type: ignore[arg-type]
    assert sum(nearer) > 3
    assert [word for word, _ in vectors.most_similar("word0", 9, rare=False)] == [
        word for word, _ in vectors.most_similar("word0", 299) if not vectors.is_rare(int(word[4:]))
    ][:9]
    assert [word for word, _ in vectors.analogy(["word0"], ["word9"], 9, rare=False)] == [
        word for word, _ in vectors.analogy(["word0"], ["word9"], 299) if not vectors.is_rare(int(word[4:]))
    ][:9]


def test_no_word_is_left_out_as_rare_where_counts_tell_nothing() -> None:
    matrix, few = clustered(50, 4, seed=1), np.ones(50, dtype=np.int64)
    for vectors in (vectors_of(matrix), vectors_of(matrix, counts=few, manifest={"init": {"source": "x"}})):
        assert vectors.most_similar("word1", 9, rare=False) == vectors.most_similar("word1", 9)
        assert not vectors.has_enough_frequent
    assert vectors_of(matrix, counts=few).most_similar("word1", 9, rare=False) == []


@pytest.mark.parametrize("frequent", [ENOUGH_FREQUENT - 1, ENOUGH_FREQUENT])
def test_there_are_enough_frequent_words_from_a_thousand_on(frequent: int) -> None:
    counts = np.repeat([TRUSTED_COUNT, TRUSTED_COUNT - 1], [frequent, 500])
    vectors = vectors_of(np.ones((frequent + 500, 1)), counts=counts)
    assert vectors.has_enough_frequent == (frequent == ENOUGH_FREQUENT)
