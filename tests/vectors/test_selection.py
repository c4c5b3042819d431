"""What is taken of vectors on their way out, against the same worked out on the whole matrix."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.system import paging
from wvcli.vectors.geometry import FloatArray, unit_rows
from wvcli.vectors.lazy import Lazy
from wvcli.vectors.selection import Selection, select
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = [f"w{number}" for number in range(40)]


def vectors(words: list[str] = WORDS, dim: int = 6, **more: Any) -> Vectors:
    rng = np.random.default_rng(5)
    matrix = (rng.normal(0, 1, (len(words), dim)) * 3.0 ** -np.arange(dim) + 0.5).astype(np.float32)
    counts = np.arange(len(words), 0, -1, dtype=np.int64)
    return Vectors(Vocabulary.from_words(words), matrix, counts, **more)


def taken(chosen: Selection, of: Vectors | None = None) -> tuple[list[str], FloatArray, Vectors]:
    found = select(of or vectors(), chosen).vectors
    return list(found), np.asarray(found.matrix), found


def test_everything_is_the_same_and_keeps_what_belongs_to_it() -> None:
    whole = vectors(stored_norms=np.arange(40, dtype=np.float32), path=Path("x"), manifest={"checksum": {}})
    words, matrix, found = taken(Selection(), whole)
    assert words == WORDS
    assert (matrix == whole.matrix).all()
    assert found.path == Path("x")
    assert found.stored_norms is whole.stored_norms


def test_the_first_words_are_taken_with_their_counts_and_norms() -> None:
    whole = vectors(stored_norms=np.arange(40, dtype=np.float32))
    words, matrix, found = taken(Selection(top=3), whole)
    assert words == WORDS[:3]
    assert (matrix == whole.matrix[:3]).all()
    assert found.counts is not None
    assert found.counts.tolist() == [40, 39, 38]
    assert found.norms.tolist() == [0, 1, 2]
    assert taken(Selection(top=1000))[0] == WORDS


def test_words_come_in_the_order_in_which_they_are_named() -> None:
    found = select(vectors(), Selection(words=["w7", "no", "w3", "w7", "W0", "nor"], top=2))
    assert list(found.vectors) == ["w7", "w3"]
    assert (np.asarray(found.vectors.matrix) == vectors().matrix[[7, 3]]).all()
    assert found.vectors.counts is not None
    assert found.vectors.counts.tolist() == [33, 37]
    assert found.notes == ["3 of the words to select are not in the vocabulary (first: 'no')"]
    with pytest.raises(UsageError, match="none of the words"):
        select(vectors(), Selection(words=["no"]))


def test_words_outside_the_vocabulary_are_made_of_subwords() -> None:
    subwords = Subwords(np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32), 2, 4)
    whole = vectors(subwords=subwords)
    words, matrix, found = taken(Selection(words=["w1", "unheard", "w0"], unknown="zero"), whole)
    assert words == ["<unk>", "w1", "unheard", "w0"]
    assert (matrix[2] == whole["unheard"]).all()
    assert (matrix[[1, 3]] == whole.matrix[[1, 0]]).all()
    assert found.counts is not None
    assert found.counts.tolist() == [0, 39, 0, 40]
    assert found.subwords is subwords
    assert taken(Selection(normalize=True), whole)[2].subwords is None


def test_lengths_become_one_and_zero_stays_zero() -> None:
    whole = vectors()
    whole.matrix[4] = 0
    _, matrix, found = taken(Selection(normalize=True), whole)
    assert (matrix == unit_rows(whole.matrix)).all()
    assert np.delete(found.norms, 4) == pytest.approx(1)
    assert found.norms[4] == 0


@pytest.mark.parametrize("dim", [1, 4, 6])
def test_dimensions_are_the_principal_components(dim: int) -> None:
    whole = vectors()
    found = select(whole, Selection(dim=dim))
    centred = whole.matrix.astype(np.float64) - whole.matrix.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    matrix = np.asarray(found.vectors.matrix)
    expected = centred @ directions[:dim].T
    assert matrix.shape == (40, dim)
    np.testing.assert_allclose(np.abs(matrix), np.abs(expected), atol=1e-5)
    share = (sizes[:dim] ** 2).sum() / (sizes**2).sum()
    assert found.notes == [f"{dim} of 6 dimensions keep {share:.1%} of the variance"]
    turned = Vectors(whole.vocabulary, -whole.matrix)  # signs do not hang on the data's
    np.testing.assert_allclose(np.asarray(select(turned, Selection(dim=dim)).vectors.matrix), -matrix, atol=1e-5)


def test_dimensions_that_cannot_be_had_are_refused() -> None:
    with pytest.raises(UsageError, match="have 6 dimensions"):
        select(vectors(), Selection(dim=7))
    damaged = vectors()
    damaged.matrix[3, 3] = np.nan
    with pytest.raises(UsageError, match="not finite"):
        select(damaged, Selection(dim=2))


def test_special_rows_come_first() -> None:
    words, matrix, found = taken(Selection(pad=True, unknown="mean", top=5, dim=3, normalize=True))
    assert words == ["<pad>", "<unk>", *WORDS[:5]]
    assert found.counts is not None
    assert found.counts[:2].tolist() == [0, 0]
    assert not matrix[0].any()
    np.testing.assert_allclose(matrix[1], unit_rows(matrix[2:].mean(axis=0, keepdims=True))[0], atol=1e-6)
    assert not taken(Selection(unknown="zero"))[1][0].any()
    drawn = taken(Selection(unknown="random"))[1][0]
    assert drawn.any()
    assert (np.abs(drawn) <= 0.5 / 6).all()
    assert (drawn == taken(Selection(unknown="random"))[1][0]).all()
    assert Selection(pad=True, unknown="zero").special_rows == (0, 1)
    assert Selection(unknown="zero").special_rows == (None, 0)
    assert Selection(pad=True).special_rows == (0, None)


def test_words_are_renamed() -> None:
    found = select(vectors(), Selection(rename={"w0": "w1", "w1": "w0", "x": "y"}, top=3))
    assert list(found.vectors) == ["w1", "w0", "w2"]
    assert found.notes == ["1 of the words to rename is not among those written (first: 'x')"]
    with pytest.raises(UsageError, match="two words would both be called 'w3'"):
        select(vectors(), Selection(rename={"w1": "w3"}))
    taken_already = vectors(["<unk>", "a"])
    with pytest.raises(UsageError, match="<unk>") as caught:
        select(taken_already, Selection(unknown="zero"))
    assert "`rename`" in caught.value.hint
    renamed = select(taken_already, Selection(unknown="zero", rename={"<unk>": "unk"})).vectors
    assert list(renamed) == ["<unk>", "unk", "a"]


@given(data=st.data(), special=st.integers(0, 2), gathered=st.booleans())
@settings(deadline=None)
def test_rows_are_those_of_the_whole_however_they_are_asked_for(
    data: st.DataObject, special: int, gathered: bool
) -> None:
    base = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
    rows = np.array([8, 0, 0, 3], dtype=np.int64) if gathered else None
    first = np.full((special, 3), 7, dtype=np.float32)
    lazy = Lazy(base, rows, lambda block: block * 2, first)
    whole = np.concatenate([first, (base if rows is None else base[rows]) * 2])
    assert lazy.shape == whole.shape
    assert (lazy.ndim, lazy.nbytes, len(lazy)) == (whole.ndim, whole.nbytes, len(whole))
    assert (np.asarray(lazy) == whole).all()
    ends = st.none() | st.integers(-20, 20)
    part = slice(data.draw(ends), data.draw(ends), data.draw(st.sampled_from([None, 1, 2, -1])))
    assert (lazy[part] == whole[part]).all()
    place = data.draw(st.integers(-len(whole), len(whole) - 1))
    assert (lazy[place] == whole[place]).all()
    places = np.array(data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1)))
    assert (lazy[places] == whole[places]).all()
    assert (lazy[np.arange(len(whole)) % 2 == 0] == whole[::2]).all()


def test_a_row_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError):
        Lazy(np.zeros((3, 2), np.float32))[3]


def test_what_is_given_back_to_the_system_is_read_again(tmp_path: Path) -> None:
    numbers = np.arange(300_000, dtype=np.float32).reshape(-1, 3)
    numbers.tofile(tmp_path / "numbers")
    mapped = np.memmap(tmp_path / "numbers", np.float32, "r", shape=numbers.shape)
    part = np.asarray(mapped[1000:50_000])
    paging.release(part)
    assert (part == numbers[1000:50_000]).all()
    for kept in (numbers[:10], np.memmap(tmp_path / "numbers", np.float32, "c", shape=numbers.shape)):
        kept[0] = 5
        paging.release(kept)
        assert (kept[0] == 5).all()


def test_a_model_is_saved_from_rows_that_are_worked_out(tmp_path: Path) -> None:
    chosen = select(vectors(), Selection(top=9, normalize=True)).vectors
    path = tmp_path / "model.safetensors"
    model_file.save(path, model_file.vector_tensors(chosen), {"settings": {}, "tokenizer": {}})
    model = model_file.open_model(path)
    assert model_file.damaged_tensors(model) == []
    assert list(model.vectors()) == WORDS[:9]
    assert (model.vectors().matrix == unit_rows(vectors().matrix[:9])).all()


@pytest.mark.parametrize(
    ("more", "lost"),
    [({}, 3), ({"unknown": "mean"}, 3), ({"top": 9, "pad": True}, 2), ({"words": ["w1", "w7", "w9"]}, 2)],
)
def test_rows_that_are_not_finite_become_zeros_with_a_note(more: dict[str, Any], lost: int) -> None:
    whole = vectors()
    whole.matrix[[0, 7]] = np.nan
    whole.matrix[9, 2] = np.inf
    chosen = select(whole, Selection(normalize=True, **more))
    rows = range(0, len(chosen.vectors), 7)
    matrix = np.concatenate([chosen.vectors.matrix[start : start + 7] for start in rows])
    assert np.isfinite(matrix).all()
    expected = f"{lost} vectors were not finite and became zeros, since no length can be given to them"
    assert chosen.notes == [expected]
    assert (np.asarray(chosen.vectors.matrix) == matrix).all()
    assert chosen.notes == [expected]
