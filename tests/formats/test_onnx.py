"""ONNX Runtime gives the vectors of the ids it is asked for, and the checker of the format finds no fault."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli.formats.onnx
from tests.clients import package
from tests.formats.neural import BOTH, HALF, WORDS, expected, export_words
from tests.killing import kills
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Writing
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

pytestmark = pytest.mark.client


@pytest.fixture
def runtime() -> Any:
    return package("onnxruntime")


def some_vectors(words: int) -> Vectors:
    matrix = np.random.default_rng(words).normal(size=(words, 30)).astype(np.float32)
    return Vectors(Vocabulary.from_words([f"w{row}" for row in range(words)]), matrix)


@pytest.mark.parametrize("writing", [Writing(), BOTH, HALF], ids=["plain", "special", "float16"])
def test_ids_give_vectors_and_metadata_gives_words(runtime: Any, tmp_path: Path, writing: Writing) -> None:
    assert export_words(tmp_path / "words.onnx", writing) == []
    package("onnx").checker.check_model(str(tmp_path / "words.onnx"), full_check=True)
    session = runtime.InferenceSession(str(tmp_path / "words.onnx"))
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["words"]) == WORDS
    assert metadata.get("pad") == (None if writing.pad is None else "0")
    assert metadata.get("unknown") == (None if writing.unknown is None else "1")
    ids = np.array([[3, 0, 2], [len(WORDS) - 1, 1, 3]])
    [found] = session.run(["vectors"], {"ids": ids})
    assert found.dtype == np.float32
    assert (found == expected(writing)[ids]).all()


@pytest.mark.parametrize("dim", [1, 33, 20_000])
def test_lengths_of_any_size_are_written(runtime: Any, tmp_path: Path, dim: int) -> None:
    matrix = np.random.default_rng(dim).normal(size=(60, dim)).astype(np.float32)
    formats.write(
        Vectors(Vocabulary.from_words([f"w{row}" for row in range(60)]), matrix), tmp_path / "words.onnx"
    )
    session = runtime.InferenceSession(str(tmp_path / "words.onnx"))
    [found] = session.run(None, {"ids": np.arange(60)[np.newaxis]})
    assert (found[0] == matrix).all()


@pytest.mark.parametrize("writing", [BOTH, HALF], ids=["float32", "float16"])
def test_numbers_that_protobuf_cannot_hold_are_beside_the_file(
    runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writing: Writing
) -> None:
    monkeypatch.setattr(wvcli.formats.onnx, "_MOST", 100)
    name = "all.our words.onnx"
    notes = export_words(tmp_path / name, writing)
    [beside] = tmp_path.glob("*.data")
    digest = sha256(beside.read_bytes()).hexdigest()[:8]
    assert beside.name == f"{name}.{digest}.data"
    assert notes == [
        f"the numbers exceed the 2 GiB of an ONNX file and are in {beside.name}: keep it beside the file"
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, beside.name]
    package("onnx").checker.check_model(str(tmp_path / name), full_check=True)
    session = runtime.InferenceSession(str(tmp_path / name))
    assert json.loads(session.get_modelmeta().custom_metadata_map["words"]) == WORDS
    [found] = session.run(["vectors"], {"ids": np.arange(len(WORDS))[np.newaxis]})
    assert (found[0] == expected(writing)).all()
    whole = package("onnx").load(str(tmp_path / name))
    assert len(whole.graph.initializer[0].raw_data) == beside.stat().st_size
    monkeypatch.undo()
    formats.write(some_vectors(1), tmp_path / name, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_kill_leaves_the_old_numbers_or_the_new(
    runtime: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wvcli.formats.onnx, "_MOST", 100)
    package("onnx")
    path = tmp_path / "words.onnx"
    old, new = some_vectors(1), some_vectors(2)
    formats.write(old, path)
    found = set()
    for _ in kills(lambda: formats.write(new, path, overwrite=True)):
        session = runtime.InferenceSession(str(path))
        words = json.loads(session.get_modelmeta().custom_metadata_map["words"])
        [numbers] = session.run(None, {"ids": np.arange(len(words))[np.newaxis]})
        whole = {tuple(each): each.matrix.tobytes() for each in (old, new)}
        assert whole[tuple(words)] == numbers[0].tobytes()
        found.add(len(words))
        formats.write(old, path, overwrite=True)
    assert found == {1, 2}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_number_too_large_for_float16_is_refused(tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["a", "b"]), np.array([[1, np.inf], [65520, 0]], dtype=np.float32))
    with pytest.raises(WvcliError, match="the vector of 'b' has a number too large for float16"):
        formats.write(vectors, tmp_path / "words.onnx", writing=Writing("float16"))


def test_it_is_named_when_it_is_to_be_read(tmp_path: Path) -> None:
    export_words(tmp_path / "words.onnx")
    with pytest.raises(InputError, match="in the format onnx, which wvcli can write but not read"):
        formats.read(tmp_path / "words.onnx")
