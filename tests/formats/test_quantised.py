"""Numbers of eight bits with a scale for each row, as NumPy and the safetensors package see them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tests.campaigns.mutations import mutations, outcome
from tests.conftest import Run
from tests.formats.neural import MATRIX, WORDS
from wvcli import formats
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.formats import Writing
from wvcli.formats._quantised import Quantised, restore, row_scales
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

INT8 = Writing("int8")
ABLE = ("npz", "safetensors")


def vectors_of(matrix: Any) -> Vectors:
    return Vectors(Vocabulary.from_words([f"w{row}" for row in range(len(matrix))]), matrix)


def client_arrays(path: Path) -> dict[str, Any]:
    """The arrays in a file, as its plain client has them."""
    if path.suffix == ".safetensors":
        return dict(load_file(path))
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize("name", ABLE)
def test_plain_clients_have_the_numbers_to_within_half_a_step(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"words.{name}"
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64)
    formats.write(Vectors(Vocabulary.from_words(WORDS), MATRIX, counts), path, writing=INT8)
    found = client_arrays(path)
    assert (found["vectors"].dtype, found["scales"].dtype) == (np.int8, np.float32)
    assert found["scales"].shape == (len(WORDS),)
    assert found["counts"].tolist() == counts.tolist()
    if name == "npz":
        assert found["words"].tolist() == WORDS
    else:
        with safe_open(path, framework="np") as file:
            assert json.loads(file.metadata()["words"]) == WORDS
    steps = found["scales"][:, np.newaxis].astype(np.float64)
    assert (np.abs(MATRIX - found["vectors"] * steps) <= steps / 2 * (1 + 1e-12)).all()
    assert (np.abs(found["vectors"]).max(axis=1) == [0] + [127] * (len(WORDS) - 1)).all()  # the first is zeros
    again = formats.read(path)
    assert list(again) == WORDS
    assert again.counts is not None
    assert again.counts.tolist() == counts.tolist()
    assert again.matrix.dtype == np.float32
    assert (again.matrix == found["vectors"] * found["scales"][:, np.newaxis]).all()
    assert (formats.read(path, limit=3).matrix == again.matrix[:3]).all()


@given(arrays.arrays(np.float32, (3, 4), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_no_number_is_off_by_more_than_half_a_step(matrix: Any) -> None:
    scales = row_scales(vectors_of(matrix))
    numbers = Quantised(vectors_of(matrix), scales)[0:3]
    steps = scales.astype(np.float64)[:, np.newaxis]
    assert (np.abs(numbers) <= 127).all()
    assert (np.abs(matrix - numbers * steps) <= steps / 2 * (1 + 1e-12)).all()
    assert restore(numbers, scales).dtype == np.float32


@pytest.mark.parametrize("name", ABLE)
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, name: str, number: float) -> None:
    matrix = np.array([[1, 2], [3, number]], dtype=np.float32)
    with pytest.raises(WvcliError, match="the vector of 'w1' has a number that is not finite"):
        formats.write(vectors_of(matrix), tmp_path / "words", name, writing=INT8)
    assert list(tmp_path.iterdir()) == []


def test_other_formats_refuse_them(tmp_path: Path) -> None:
    for member in formats.registry:
        if member.write and member.name not in ABLE:
            with pytest.raises(UsageError, match=f"{member.name} cannot hold int8"):
                formats.write(vectors_of(MATRIX), tmp_path / "words", member.name, writing=INT8)


@pytest.mark.parametrize("name", ABLE)
@pytest.mark.parametrize(
    "scales", [None, np.ones(2, np.float32), np.ones((3, 1), np.float32), np.ones(3, np.int32)]
)
def test_numbers_without_a_scale_for_each_row_are_refused(tmp_path: Path, name: str, scales: Any) -> None:
    path = tmp_path / f"words.{name}"
    held = {"vectors": np.ones((3, 2), np.int8)} | ({} if scales is None else {"scales": scales})
    if name == "npz":
        np.savez(path, words=np.array(["a", "b", "c"]), **held)
    else:
        save_file(held, path, {"words": json.dumps(["a", "b", "c"])})
    with pytest.raises(InputError, match="'vectors' is int8"):
        formats.read(path)


@pytest.mark.parametrize("name", ABLE)
def test_a_file_of_another_is_read_and_its_repeated_words_once(tmp_path: Path, name: str) -> None:
    path, words = tmp_path / f"words.{name}", ["a", "b", "a"]
    held = {"vectors": np.array([[1, 2], [3, -4], [5, 6]], np.int8), "scales": np.array([1, 0.5, 2], np.float16)}
    if name == "npz":
        np.savez_compressed(path, words=np.array(words), **held)
    else:
        save_file(held, path, {"words": json.dumps(words)})
    found = formats.read(path)
    assert list(found) == ["a", "b"]
    assert found.matrix.tolist() == [[1, 2], [1.5, -2]]


@pytest.mark.parametrize("name", ABLE)
def test_they_answer_queries(run: Run, tmp_path: Path, word2vec_model: Path, name: str) -> None:
    file = f"small.plain.{name}"
    assert run("export", file, "--dtype", "int8", "-m", word2vec_model).code == 0
    assert (tmp_path / file).stat().st_size < word2vec_model.stat().st_size
    ours, theirs = (run("similar", "cat", "-n", 5, "-m", model) for model in (file, word2vec_model))
    for (_, _, close, _), (_, _, exact, _) in zip(ours.rows, theirs.rows, strict=True):
        assert abs(float(close) - float(exact)) < 0.02
    refused = run("export", "out.bin", "-m", file, "--dtype", "int8")
    assert (refused.code, "cannot hold int8" in refused.err) == (2, True)


@pytest.mark.parametrize("name", ABLE)
def test_broken_files_are_refused_or_read_as_they_stand(tmp_path: Path, name: str) -> None:
    member = formats.registry.get(name)
    seen = [outcome(member, path) for path in mutations(member, tmp_path, 200, "int8")]
    assert (len(seen), "refused" in seen) == (200, True)
