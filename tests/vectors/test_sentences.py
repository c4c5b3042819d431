"""Vectors of texts: weights as published, common components, and no number that is not finite."""

from itertools import pairwise

import numpy as np
import pytest

from wvcli.errors import UsageError
from wvcli.vectors.sentences import (
    COMPONENTS,
    Components,
    Moments,
    SentenceEncoder,
    word_probabilities,
    word_weights,
)

RNG = np.random.default_rng(7)
WORDS, DIM = 200, 12
COUNTS = (10_000 / np.arange(1, WORDS + 1)).astype(np.int64)
# As in real vectors, what all words have in common is longer than what they have not.
MATRIX = (RNG.normal(size=(WORDS, DIM)) + 3 * np.eye(DIM)[0]).astype(np.float32)


def texts(lengths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of words drawn as often as they occur, and where each text begins."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    return RNG.choice(WORDS, size=bounds[-1], p=COUNTS / COUNTS.sum()), bounds


@pytest.mark.parametrize("method", ["mean", "sif", "usif"])
def test_a_text_is_the_weighted_mean_of_its_words(method: str) -> None:
    """Also where it is so long that it is added up in pieces, or empty, or has words without a vector."""
    rows, bounds = texts([3, 0, 1, 700, 256, 257, 9])
    rows[1] = rows[-1] = -1
    encoder = SentenceEncoder.of_words(MATRIX, COUNTS, method, components=0)
    vectors, known = encoder.encode(rows, bounds)
    for text, (start, stop) in enumerate(pairwise(bounds)):
        inside = rows[start:stop][rows[start:stop] >= 0]
        weighted = MATRIX[inside].astype(np.float64) * encoder.weights[inside, None]
        expected = weighted.mean(axis=0) if len(inside) else np.zeros(DIM)
        assert known[text] == len(inside)
        assert np.allclose(vectors[text], expected, atol=1e-4)


def test_weights_are_those_of_the_papers() -> None:
    shares = word_probabilities(WORDS, COUNTS)
    assert np.allclose(word_weights("sif", shares), 1e-3 / (1e-3 + shares))
    alpha = np.mean(shares > 1 - (1 - 1 / WORDS) ** 11)
    a = (1 - alpha) / (alpha * WORDS / 2)
    assert np.allclose(word_weights("usif", shares), (a / 2) / (a / 2 + shares))
    documents = np.array([4, 1, 0])
    assert np.allclose(word_weights("idf", shares[:3], documents, 4), np.log(5 / (1 + documents)) + 1)
    with pytest.raises(UsageError, match="needs texts"):
        word_weights("idf", shares)


def test_words_without_counts_are_taken_by_their_order() -> None:
    shares = word_probabilities(1000)
    assert shares.sum() == pytest.approx(1)
    assert (np.diff(shares) < 0).all()
    assert np.array_equal(shares, word_probabilities(1000, np.zeros(1000, dtype=np.int64)))


def test_the_common_component_of_texts_is_theirs_and_is_removed() -> None:
    rows, bounds = texts([8] * 500)
    encoder = SentenceEncoder.of_words(MATRIX, COUNTS, "sif", 0)
    plain, _ = encoder.encode(rows, bounds)
    moments = Moments(DIM)
    moments.add(plain[:300])
    moments.add(np.concatenate([plain[300:], np.zeros((9, DIM), dtype=np.float32)]))
    assert moments.texts == 500
    found = moments.components("sif")
    first = np.linalg.svd(plain.astype(np.float64))[2][0]
    assert abs(float(found.directions[0] @ first)) == pytest.approx(1, abs=1e-5)
    removed, _ = SentenceEncoder(MATRIX, encoder.weights, found).encode(rows, bounds)
    assert np.abs(removed @ found.directions[0]).max() < 1e-4


def test_without_texts_the_component_is_nearly_that_of_texts_of_such_words() -> None:
    rows, bounds = texts([11] * 800)
    moments = Moments(DIM)
    moments.add(SentenceEncoder.of_words(MATRIX, COUNTS, "sif", 0).encode(rows, bounds)[0])
    fitted = moments.components("sif").directions[0]
    told = SentenceEncoder.of_words(MATRIX, COUNTS, "sif").components.directions[0]
    assert float(fitted @ told) > 0.99


def test_usif_removes_each_component_in_part() -> None:
    components = SentenceEncoder.of_words(MATRIX, COUNTS, "usif").components
    assert len(components.shares) == COMPONENTS["usif"]
    assert components.shares.sum() == pytest.approx(1)
    assert (np.diff(components.shares) <= 0).all()


@pytest.mark.parametrize("components", [-1, DIM + 1])
def test_there_are_no_more_components_than_dimensions(components: int) -> None:
    with pytest.raises(UsageError, match="`components` must be from 0 to 12"):
        SentenceEncoder.of_words(MATRIX, COUNTS, "sif", components)


def test_no_number_is_ever_infinite_or_nan() -> None:
    matrix = MATRIX.copy()
    matrix[0], matrix[1, 3], matrix[2:4] = np.nan, np.inf, 3e38
    encoder = SentenceEncoder.of_words(matrix, COUNTS, "mean", 1)
    vectors, known = encoder.encode(np.array([0, 1, 5, 0, 2, 3, 2]), np.array([0, 2, 4, 7]))
    assert np.isfinite(vectors).all()
    assert known.tolist() == [0, 1, 0]
    assert not vectors[0].any()


def test_words_of_subwords_have_the_weight_of_a_word_that_never_occurs() -> None:
    further = RNG.normal(size=(2, DIM)).astype(np.float32)
    encoder = SentenceEncoder(MATRIX, np.full(WORDS, 0.25, dtype=np.float32), Components.none(DIM), 0.5)
    vectors, known = encoder.encode(np.array([WORDS + 1, 3]), np.array([0, 1, 2]), further)
    assert np.allclose(vectors, [further[1] * 0.5, MATRIX[3] * 0.25])
    assert known.tolist() == [1, 1]


def test_nothing_makes_nothing() -> None:
    encoder = SentenceEncoder.of_words(MATRIX, COUNTS)
    none = np.zeros(0, dtype=np.int64)
    assert encoder.encode(none, np.zeros(1, dtype=np.int64))[0].shape == (0, DIM)
    assert not encoder.encode(none, np.zeros(4, dtype=np.int64))[0].any()
