"""ONNX Runtime gives the vectors of the ids it is asked for, and the checker of the format finds no fault."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli.formats.onnx
from tests.clients import package
from tests.formats.neural import BOTH, HALF, WORDS, expected, export_words
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Writing
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

pytestmark = pytest.mark.client


@pytest.fixture
def runtime() -> Any:
    return package("onnxruntime")


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
    assert export_words(tmp_path / name, writing) == [
        f"the numbers exceed the 2 GiB of an ONNX file and are in {name}.data: keep it beside the file"
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == [name, f"{name}.data"]
    package("onnx").checker.check_model(str(tmp_path / name), full_check=True)
    session = runtime.InferenceSession(str(tmp_path / name))
    assert json.loads(session.get_modelmeta().custom_metadata_map["words"]) == WORDS
    [found] = session.run(["vectors"], {"ids": np.arange(len(WORDS))[np.newaxis]})
    assert (found[0] == expected(writing)).all()
    whole = package("onnx").load(str(tmp_path / name))
    assert len(whole.graph.initializer[0].raw_data) == (tmp_path / f"{name}.data").stat().st_size


def test_a_number_too_large_for_float16_is_refused(tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["a", "b"]), np.array([[1, np.inf], [65520, 0]], dtype=np.float32))
    with pytest.raises(WvcliError, match="the vector of 'b' has a number too large for float16"):
        formats.write(vectors, tmp_path / "words.onnx", writing=Writing("float16"))


def test_it_is_named_when_it_is_to_be_read(tmp_path: Path) -> None:
    export_words(tmp_path / "words.onnx")
    with pytest.raises(InputError, match="in the format onnx, which wvcli can write but not read"):
        formats.read(tmp_path / "words.onnx")
