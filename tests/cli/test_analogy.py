"""`wvcli analogy`, `wvcli similarity` and `wvcli odd-one-out`, as typed."""

from pathlib import Path

import pytest

import wvcli
from tests.conftest import Run


@pytest.mark.parametrize("method", ["add", "multiply"])
def test_answers_are_those_of_the_library(run: Run, word2vec_model: Path, method: str) -> None:
    result = run("analogy", "cat", "dog", "mouse", "-n", 3, "--method", method, "-m", word2vec_model)
    expected = wvcli.load(word2vec_model).analogy(["dog", "mouse"], ["cat"], 3, method=method)  # type: ignore[arg-type]
    vectors = wvcli.load(word2vec_model)
    assert [(*row[:4], float(row[4]), int(row[5])) for row in result.rows] == [
        ("cat", "dog", "mouse", word, pytest.approx(score, abs=1e-6), vectors.count(vectors.index(word) or 0))
        for word, score in expected
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--positive", "dog", "mouse", "--negative", "cat"],
        ["--positive", "dog", "--negative", "cat", "--positive", "mouse"],
        ["--positive=dog", "mouse", "--negative=cat"],
        ["--negative", "cat", "--positive", "dog", "mouse", "--"],
        ["--positive", "dog", "mouse", "-n", "10", "--negative", "cat", "-q"],
    ],
    ids=" ".join,
)
def test_a_signed_sum_is_taken_however_its_words_are_written(
    run: Run, word2vec_model: Path, arguments: list[str]
) -> None:
    rows = run("analogy", "-m", word2vec_model, *arguments).rows
    assert {tuple(row[:2]) for row in rows} == {("dog mouse", "cat")}
    assert [row[2:] for row in rows] == [
        row[3:] for row in run("analogy", "cat", "dog", "mouse", "-m", word2vec_model).rows
    ]


def test_any_sum_has_its_own_columns(run: Run, word2vec_model: Path) -> None:
    result = run("analogy", "-m", word2vec_model, "--positive", "cat", "dog", "bread", "-n", 1, "--header")
    [[answer, _]] = [
        [word, score] for word, score in wvcli.load(word2vec_model).analogy(["cat", "dog", "bread"], topn=1)
    ]
    assert result.rows[0] == ["positive", "negative", "answer", "similarity", "count"]
    assert result.rows[1][:3] == ["cat dog bread", "", answer]
    assert run("analogy", "-m", word2vec_model, "--negative", "cat", "-n", 1).rows[0][:2] == ["", "cat"]


def test_answers_come_from_the_most_frequent_words_only_if_asked(run: Run, word2vec_model: Path) -> None:
    rows = run("analogy", "cat", "dog", "mouse", "--restrict-top", 6, "-m", word2vec_model).rows
    vocabulary = wvcli.load(word2vec_model).vocabulary
    assert {row[3] for row in rows} == set(vocabulary[:6]) - {"cat", "dog", "mouse"}


def test_every_missing_word_of_a_question_is_named_in_order(run: Run, word2vec_model: Path) -> None:
    result = run("analogy", "zzzz", "cat", "qqqq", "-m", word2vec_model)
    assert (result.code, result.out) == (4, "")
    assert [line.split("'")[1] for line in result.err.splitlines()] == ["zzzz", "qqqq"]


def test_similarity_is_the_cosine(run: Run, word2vec_model: Path) -> None:
    result = run("similarity", "Cat", "dog", "-m", word2vec_model, "--header")
    assert result.rows[0] == ["a", "b", "similarity"]
    expected = wvcli.load(word2vec_model).similarity("cat", "dog")
    assert result.rows[1] == ["Cat", "dog", f"{expected:.6f}"]


def test_the_odd_one_out_is_the_librarys(run: Run, word2vec_model: Path) -> None:
    words = ["cat", "dog", "mouse", "cheese"]
    result = run("odd-one-out", *words, "-m", word2vec_model)
    odd, cosine = wvcli.load(word2vec_model).odd_one_out(words)
    assert result.rows == [["cat dog mouse cheese", odd, f"{cosine:.6f}"]]
