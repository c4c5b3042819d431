"""Vectors of a FastText model that are computed when they are needed."""

from copy import copy
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from wvcli import formats
from wvcli.models import exporting, importing
from wvcli.reporting import Progress
from wvcli.vectors.composed import Composed, Composition
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

COUNT, DIM = 22_000, 24


def composition(directions: int, seed: int = 1) -> tuple[Vocabulary, Composition]:
    """Words of random letters, most of whose vectors lie in so many directions."""
    rng = np.random.default_rng(seed)
    letters = rng.choice(list("abcdeé猫"), (COUNT, 9))
    words = [*dict.fromkeys("".join(row[: 3 + place % 7]) for place, row in enumerate(letters))]
    words[7] = "</s>"
    basis = rng.normal(size=(directions, DIM))

    def rows(count: int) -> FloatArray:
        drawn = rng.normal(size=(count, directions)) @ basis + 0.05 * rng.normal(size=(count, DIM))
        return np.asarray(drawn, dtype=np.float32)

    vocabulary = Vocabulary.from_words(words)
    subwords = Subwords(rows(3_000), 2, 4)
    return vocabulary, Composition(rows(len(words)), subwords, vocabulary.text, vocabulary.offsets, 7)


def whole(given: Composition) -> FloatArray:
    return np.concatenate([given.part(part.start, part.stop) for part in given.parts()])


def unused(given: Composition) -> FloatArray:
    raise AssertionError("all vectors were worked out")


@pytest.fixture(scope="module")
def narrow() -> tuple[Vocabulary, Composition, Vectors]:
    """Vectors in few directions, and as an array."""
    vocabulary, given = composition(4)
    return vocabulary, given, Vectors(vocabulary, whole(given))


def test_one_vector_is_computed_without_the_others(narrow: tuple[Vocabulary, Composition, Vectors]) -> None:
    vocabulary, given, array = narrow
    lazy = Vectors(vocabulary, Composed(given, unused), subwords=given.subwords)
    for row in (0, 7, 11, len(vocabulary) - 1):
        assert (lazy[vocabulary[row]] == array.matrix[row]).all()
    assert lazy.similarity(vocabulary[3], vocabulary[4]) == array.similarity(vocabulary[3], vocabulary[4])


def test_neighbours_are_those_of_an_array(narrow: tuple[Vocabulary, Composition, Vectors]) -> None:
    vocabulary, given, array = narrow
    lazy = Vectors(vocabulary, Composed(given, whole), subwords=given.subwords)
    for row in (0, 7, 5_000):
        assert lazy.most_similar(vocabulary[row]) == array.most_similar(vocabulary[row])
    near, far = [vocabulary[3], vocabulary[4]], [vocabulary[5]]
    assert lazy.analogy(near, far) == array.analogy(near, far)
    assert (lazy.norms == array.norms).all()


def test_it_can_be_used_as_the_array_that_it_stands_for() -> None:
    _, given = composition(4, seed=4)
    array, lazy = whole(given), Composed(given, whole)
    assert (lazy[3] == array[3]).all()
    for found, expected in (
        (lazy * 2, array * 2),
        (lazy @ array[0], array @ array[0]),
        (np.abs(lazy), np.abs(array)),
        (lazy.mean(axis=0), array.mean(axis=0)),
        (lazy.T[0], array.T[0]),
        (lazy[5:9], array[5:9]),
        (np.array(lazy, dtype=np.float64), array),
    ):
        assert (found == expected).all()


def test_nothing_is_worked_out_to_tell_what_it_has(narrow: tuple[Vocabulary, Composition, Vectors]) -> None:
    lazy = Composed(narrow[1], unused)
    assert not hasattr(lazy, "nothing_of_the_kind")
    assert copy(lazy).shape == lazy.shape
    assert repr(lazy)


@pytest.mark.filterwarnings("error")
def test_numbers_that_are_not_finite_or_nothing_but_zero(narrow: tuple[Vocabulary, Composition, Vectors]) -> None:
    vocabulary, given, _ = narrow
    for value, rows in ((np.nan, [9]), (np.inf, [9]), (3e38, [9, 10]), (0, range(len(vocabulary)))):
        own = np.array(given.own)
        own[list(rows)] = value
        table = given.subwords.matrix * (0 if value == 0 else 1)
        broken = Composition(own, Subwords(table, 2, 4), given.text, given.offsets, 7)
        array, lazy = Vectors(vocabulary, whole(broken)), Vectors(vocabulary, Composed(broken, whole))
        assert lazy.most_similar(vocabulary[0]) == array.most_similar(vocabulary[0])


def test_a_file_of_many_words_is_answered_as_its_import_is(run: Run, tmp_path: Path) -> None:
    vocabulary, given = composition(4, seed=3)
    vectors = Vectors(vocabulary, whole(given), subwords=given.subwords)
    formats.write(vectors, tmp_path / "many.fasttext.bin")
    assert isinstance(formats.read(tmp_path / "many.fasttext.bin").matrix, Composed)
    word = vocabulary[100]
    first = run("similar", word, "-m", "many.fasttext.bin", "-q")
    assert first.code == 0
    assert len(first.rows) == 10
    assert run("import", "many.fasttext.bin", "-o", "many.safetensors").code == 0
    assert run("similar", word, "-m", "many.safetensors", "-q").out == first.out


def test_it_is_told_how_far_the_vectors_of_many_words_are_worked_out(tmp_path: Path) -> None:
    vocabulary, given = composition(4, seed=5)
    many = tmp_path / "many.fasttext.bin"
    formats.write(Vectors(vocabulary, whole(given), subwords=given.subwords), many)
    told: list[Progress] = []
    exporting.export(formats.read(many), tmp_path / "m.npz", on_progress=told.append)
    importing.import_vectors(many, tmp_path / "m.safetensors", on_progress=told.append)
    assert told.count(Progress("computing", len(vocabulary), len(vocabulary), subject="vectors")) == 2
