"""Neighbours are borne out where another model has them as well."""

import numpy as np
import pytest

from wvcli.errors import InputError
from wvcli.evaluation.agreement import NEIGHBORS, borne_out
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def vectors(words: list[str], matrix: np.ndarray, counts: list[int] | None = None) -> Vectors:
    known = None if counts is None else np.array(counts, dtype=np.int64)
    return Vectors(Vocabulary.from_words(words), matrix.astype(np.float32), known)


def test_a_rotated_model_bears_out_every_neighbour_and_an_unrelated_one_few() -> None:
    rng = np.random.default_rng(3)
    words, matrix = [f"w{number}" for number in range(400)], rng.normal(size=(400, 12))
    rotation, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    order = rng.permutation(400)
    model, rotated = vectors(words, matrix), vectors([words[row] for row in order], (matrix @ rotation)[order])
    assert borne_out(model, rotated) == pytest.approx(np.ones(200))
    other = vectors(words, rng.normal(size=(400, 20)))
    chance = NEIGHBORS / 199
    assert borne_out(model, other).mean() == pytest.approx(chance, abs=0.03)
    assert borne_out(model, other) == pytest.approx(borne_out(other, model))


def test_neighbours_are_those_of_a_plain_search() -> None:
    rng = np.random.default_rng(4)
    words = [f"w{number}" for number in range(60)]
    one, two = (vectors(words, rng.normal(size=(60, 5))) for _ in range(2))
    near = [
        {word: [near for near, _ in model.most_similar(word, NEIGHBORS)] for word in words} for model in (one, two)
    ]
    shares = [len({*near[0][word]} & {*near[1][word]}) / NEIGHBORS for word in words]
    assert borne_out(one, two) == pytest.approx(shares)


def test_words_too_rare_in_either_text_are_left_out_where_there_are_enough() -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(300)]
    counts = [20] * 250 + [14] * 50
    one, two = (vectors(words, rng.normal(size=(300, 5)), counts) for _ in range(2))
    assert len(borne_out(one, two)) == 250
    assert len(borne_out(one, vectors(words, two.matrix[:], [20] * 100 + [3] * 200))) == 200


def test_models_with_hardly_a_word_in_common_are_refused() -> None:
    matrix = np.eye(20)
    one, two = (vectors([f"{name}{number}" for number in range(20)], matrix) for name in "ab")
    with pytest.raises(InputError, match="share only 0 words"):
        borne_out(one, two)
