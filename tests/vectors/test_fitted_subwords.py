from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from wvcli.errors import MissingWordError
from wvcli.vectors import fitted_subwords
from wvcli.vectors.fitted_subwords import RidgeRegression, fit_subwords, has_letters, ngram_lengths
from wvcli.vectors.geometry import FloatArray, cosine
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

STEMS = ["garden", "wander", "market", "silver", "winter", "letter", "branch", "candle"]
PREFIXES = ["", "under", "out", "mis", "fore"]
ENDINGS = ["", "ing", "less", "ship", "wards"]


@pytest.fixture(scope="module")
def composed() -> tuple[Vectors, dict[str, FloatArray]]:
    """Words whose vectors are sums of those of their parts, and some of these held out, with their vectors."""
    rng = np.random.default_rng(5)
    parts = {part: rng.normal(size=20).astype(np.float32) for part in [*STEMS, *PREFIXES, *ENDINGS]}
    every = {
        before + stem + after: parts[before] + 2 * parts[stem] + parts[after]
        for before, stem, after in product(PREFIXES, STEMS, ENDINGS)
    }
    words = rng.permutation(list(every)).tolist()
    known, unknown = words[:170], words[170:]
    vectors = Vectors(
        Vocabulary.from_words(known),
        3 * np.array([every[word] for word in known], dtype=np.float32),
        counts=np.arange(len(known), 0, -1),
    )
    return vectors, {word: every[word] for word in unknown}


@pytest.fixture(scope="module")
def fitted(composed: tuple[Vectors, dict[str, FloatArray]]) -> Subwords:
    return fit_subwords(composed[0])


def vector_of(subwords: Subwords, word: str) -> FloatArray:
    found = subwords.vector(word)
    assert found is not None
    return found


def test_unknown_words_point_where_those_with_the_same_parts_do(
    composed: tuple[Vectors, dict[str, FloatArray]], fitted: Subwords
) -> None:
    vectors, unknown = composed
    cosines = [cosine(vector_of(fitted, word), expected) for word, expected in unknown.items()]
    assert np.mean(cosines) > 0.85
    lengths = [np.linalg.norm(vector_of(fitted, word)) for word in unknown]
    assert 0.5 < np.mean(lengths) / np.median(vectors.norms) < 1.1


def test_they_are_written_as_float16_that_says_how_they_came_about(fitted: Subwords) -> None:
    assert fitted.is_fitted
    assert fitted.matrix.dtype == np.float16
    assert (fitted.min_n, fitted.max_n, fitted.hashes) == (3, 6, 0)


def test_many_words_sum_up_as_one_does(fitted: Subwords) -> None:
    words = ["undergarden", "silvership", "x", "winterless"]
    vocabulary = Vocabulary.from_words(words)
    sums = np.zeros((len(words), 20), dtype=np.float32)
    counts = fitted.add_to(sums, vocabulary.text, vocabulary.offsets)
    for word, total, count in zip(words, sums, counts, strict=True):
        assert np.allclose(total / count, vector_of(fitted, word), atol=1e-6)


def test_the_number_of_threads_changes_nothing(
    composed: tuple[Vectors, dict[str, FloatArray]], fitted: Subwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitted_subwords, "_DIMENSIONS", 7)
    one, three = (fit_subwords(composed[0], threads=threads).matrix for threads in (1, 3))
    assert (one == three).all()


def test_many_steps_give_the_solution_of_the_normal_equations() -> None:
    from scipy.sparse import csr_array

    rng = np.random.default_rng(2)
    sums = rng.random((30, 12)) * (rng.random((30, 12)) < 0.3)
    weights, targets = rng.random(30) + 0.1, rng.normal(size=(30, 4)).astype(np.float32)
    gram = sums.T @ (weights[:, None] * sums) + 0.1 * np.eye(12)
    exact = np.linalg.solve(gram, sums.T @ (weights[:, None] * targets))
    regression = RidgeRegression.of(csr_array(sums.astype(np.float32)), weights, ridge=0.1)
    assert np.allclose(regression.solve(targets, steps=100), exact, atol=1e-4)
    assert np.abs(regression.solve(targets, steps=2) - exact).max() > 1e-3


def test_rows_that_are_zero_or_not_finite_weigh_nothing(composed: tuple[Vectors, dict[str, FloatArray]]) -> None:
    vectors, unknown = composed
    odd = vectors.matrix[:].copy()
    odd[[0, 5, 7]] = np.array([[0], [np.nan], [np.inf]])
    subwords = fit_subwords(Vectors(vectors.vocabulary, odd, counts=vectors.counts))
    assert np.isfinite(subwords.matrix).all()
    cosines = [cosine(vector_of(subwords, word), expected) for word, expected in unknown.items()]
    assert np.mean(cosines) > 0.8


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e30])
def test_any_length_of_vectors_is_fitted(composed: tuple[Vectors, dict[str, FloatArray]], scale: float) -> None:
    vectors, unknown = composed
    subwords = fit_subwords(Vectors(vectors.vocabulary, vectors.matrix[:] * np.float32(scale)))
    assert np.isfinite(subwords.matrix).all()
    if scale:
        word, expected = next(iter(unknown.items()))
        assert cosine(vector_of(subwords, word), expected) > 0.5


@pytest.mark.parametrize(
    ("words", "lengths", "letters"),
    [
        (["cat", "don't", "42", "naïve"], (3, 6), True),
        (["кошка", "собака"], (3, 6), True),
        (["猫", "喜欢", "ok"], (1, 3), True),
        (["ねこ", "カメラ", "日本"], (1, 3), True),
        (["고양이", "개"], (1, 3), True),
        (["1", "2", "3a"], (3, 6), False),
        (["😀", "👍", "!"], (3, 6), False),
        ([], (3, 6), False),
    ],
)
def test_the_script_of_the_words_says_how_long_ngrams_are_and_if_they_mean_anything(
    words: Sequence[str], lengths: tuple[int, int], letters: bool
) -> None:
    assert (ngram_lengths(words), has_letters(words)) == (lengths, letters)


def test_unknown_words_are_missing_unless_they_are_asked_for(
    composed: tuple[Vectors, dict[str, FloatArray]], fitted: Subwords
) -> None:
    from dataclasses import replace

    known = replace(composed[0], subwords=fitted)
    word = next(iter(composed[1]))
    assert known.find(word) is None
    assert known.find(word, from_subwords=True) is not None
    with pytest.raises(MissingWordError) as caught:
        known.look_up(word)
    assert caught.value.hint.endswith("`from_subwords=True` answers from its n-grams")
    answering = replace(known, from_subwords=True)
    assert (answering[word] == vector_of(fitted, word)).all()
    assert word not in answering  # it is not in the vocabulary
    assert answering.most_similar(word, 1)
    trained = replace(known, subwords=replace(fitted, is_fitted=False))
    assert trained.find(word) is not None
    assert replace(trained, from_subwords=False).find(word) is None
