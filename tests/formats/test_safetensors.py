"""Plain safetensors files, against the safetensors package."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tests.conftest import Run
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Writing
from wvcli.models import model_file
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = ["the", "new york", '"quoted"', "猫", "line\nend", "", "\0"]


def sample(counts: bool = True) -> Vectors:
    matrix = np.random.default_rng(4).normal(0, 1, (len(WORDS), 5)).astype(np.float32)
    known = np.arange(len(WORDS), 0, -1, dtype=np.int64) * 5 if counts else None
    return Vectors(Vocabulary.from_words(WORDS), matrix, known)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_safetensors_package_opens_what_is_written(tmp_path: Path, dtype: str, counts: bool) -> None:
    vectors, path = sample(counts), tmp_path / "plain.safetensors"
    assert formats.write(vectors, path, writing=Writing(dtype, pad=0, unknown=1)) == []
    tensors = load_file(path)
    assert set(tensors) == ({"vectors", "counts"} if counts else {"vectors"})
    assert tensors["vectors"].dtype == dtype
    assert tensors["vectors"].tobytes() == vectors.matrix.astype(dtype).tobytes()
    with safe_open(path, framework="np") as file:
        texts = file.metadata()
    assert json.loads(texts["words"]) == WORDS
    assert (texts["pad"], texts["unknown"]) == ("0", "1")
    assert not model_file.is_model(path)
    found = formats.read(path)
    assert list(found) == WORDS
    assert found.matrix.tolist() == vectors.matrix.astype(dtype).astype(np.float32).tolist()


def test_it_answers_queries_and_becomes_a_model(run: Run, word2vec_model: Path) -> None:
    assert run("export", "plain.safetensors", "-m", word2vec_model).code == 0
    asked = run("similar", "cat", "-n", 3, "-m", "plain.safetensors")
    assert asked.rows == run("similar", "cat", "-n", 3, "-m", word2vec_model).rows
    assert run("vocab", "-m", "plain.safetensors").rows == run("vocab", "-m", word2vec_model).rows
    assert run("import", "plain.safetensors", "-o", "model.safetensors").code == 0
    assert run("similar", "cat", "-n", 3, "-m", "model.safetensors").rows == asked.rows


@pytest.mark.parametrize("ending", [".words.txt", ".words", ".vocab.txt", ".vocab", ".txt"])
@pytest.mark.parametrize("name", ["vectors", "embedding.weight"])
def test_words_may_lie_beside_it(tmp_path: Path, name: str, ending: str) -> None:
    others = {"bias": np.zeros(3, np.float32), "ids": np.zeros((2, 2), np.int64)}
    save_file({name: np.eye(3, dtype=np.float16), **others}, tmp_path / "e.st")
    with pytest.raises(InputError) as caught:
        formats.read(tmp_path / "e.st")
    assert "put them into e.words.txt" in caught.value.hint
    (tmp_path / f"e{ending}").write_bytes("\ufeffthe\t90\r\nnew york\n猫\n".encode())
    found = formats.read(tmp_path / "e.st")
    assert list(found) == ["the", "new york", "猫"]
    assert found.matrix.tolist() == np.eye(3).tolist()
    (tmp_path / f"e{ending}").write_text("the\ncat\n")
    with pytest.raises(InputError, match="2 lines for the 3 vectors"):
        formats.read(tmp_path / "e.st")
    (tmp_path / f"e{ending}").write_bytes(b"a\n\xff\nb\n")
    with pytest.raises(InputError, match="not UTF-8 at byte 2"):
        formats.read(tmp_path / "e.st")


def test_bfloat16_is_read(tmp_path: Path) -> None:
    numbers = np.array([[1, -2.5], [0.15625, 3e38], [np.inf, -0.0]], dtype=np.float32)
    halves = (numbers.view(np.uint32) >> 16).astype("<u2")
    texts = {"words": json.dumps(["a", "b", "c"])}
    header = {"__metadata__": texts, "w": {"dtype": "BF16", "shape": [3, 2], "data_offsets": [0, 12]}}
    text = json.dumps(header).encode()
    (tmp_path / "b.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + halves.tobytes())
    found = formats.read(tmp_path / "b.safetensors").matrix
    assert found.tobytes() == (halves.astype(np.uint32) << 16).tobytes()


@pytest.mark.parametrize(
    ("tensors", "texts", "message"),
    [
        ({"a": np.eye(2), "b": np.eye(3)}, {}, r"not exactly one matrix \(matrices: a, b\)"),
        ({"a": np.zeros(2)}, {}, "matrices: none"),
        ({"vectors": np.zeros(2)}, {}, r"'vectors' is float64 \[2\]"),
        ({"vectors": np.zeros((2, 2), np.int8)}, {}, "'vectors' is int8"),
        ({"vectors": np.zeros((0, 2))}, {}, r"'vectors' is float64 \[0, 2\]"),
        ({"vectors": np.eye(2)}, {"words": "the cat"}, "the words in its header are not JSON"),
        ({"vectors": np.eye(2)}, {"words": '{"the": 0}'}, "the words in its header are not a list"),
        ({"vectors": np.eye(2)}, {"words": '["a", 2]'}, "word 2: '2' is not text"),
        ({"vectors": np.eye(2)}, {"words": '["a", "\\ud800"]'}, "not Unicode text"),
        ({"vectors": np.eye(2)}, {"words": '["a"]'}, "2 vectors for 1 words"),
        ({"vectors": np.eye(2), "counts": np.zeros(2)}, {"words": '["a", "b"]'}, "the counts are float64"),
        ({"vectors": np.eye(2), "counts": np.zeros(3, int)}, {"words": '["a", "b"]'}, "2 vectors for 2 words"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, tensors: Any, texts: Any, message: str) -> None:
    save_file(tensors, tmp_path / "e.safetensors", texts)
    with pytest.raises(InputError, match=message) as caught:
        formats.read(tmp_path / "e.safetensors")
    assert str(tmp_path / "e.safetensors") in caught.value.message


def test_of_a_word_that_occurs_again_the_first_vector_is_kept(tmp_path: Path) -> None:
    tensors = {"vectors": np.arange(8, dtype=np.float32).reshape(4, 2), "counts": np.array([9, 8, 7, 6])}
    save_file(tensors, tmp_path / "e.safetensors", {"words": '["a", "b", "a", "c"]'})
    found = formats.read(tmp_path / "e.safetensors")
    assert list(found) == ["a", "b", "c"]
    assert found.matrix.tolist() == [[0, 1], [2, 3], [6, 7]]
    assert found.counts is not None
    assert found.counts.tolist() == [9, 8, 6]


def test_numbers_too_large_for_float16_are_refused(tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["a"]), np.array([[1, 7e4]], dtype=np.float32))
    for name in ("safetensors", "npz"):
        with pytest.raises(WvcliError, match="the vector of 'a' has a number too large for float16"):
            formats.write(vectors, tmp_path / "e", name, writing=Writing("float16"))
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("between", [" ", "\t"])
@pytest.mark.parametrize("ending", [".vocab.txt", ".vocab"])
def test_counts_come_with_the_words_of_a_vocabulary_beside_it(tmp_path: Path, ending: str, between: str) -> None:
    save_file({"vectors": np.eye(3, dtype=np.float32)}, tmp_path / "e.safetensors")
    lines = [("the", 90), ("new york", 7), ("猫", 0)]
    beside = tmp_path / f"e{ending}"
    beside.write_text("".join(f"{word}{between}{count}\n" for word, count in lines), encoding="utf-8")
    found = formats.read(tmp_path / "e.safetensors")
    assert list(found) == ["the", "new york", "猫"]
    assert found.counts is not None
    assert found.counts.tolist() == [90, 7, 0]
    beside.write_text("the\nroom 2\nroom 3\n")
    found = formats.read(tmp_path / "e.safetensors")
    assert (list(found), found.counts) == (["the", "room 2", "room 3"], None)


def test_a_list_of_words_beside_it_keeps_their_numbers(tmp_path: Path) -> None:
    save_file({"vectors": np.eye(2, dtype=np.float32)}, tmp_path / "e.safetensors")
    (tmp_path / "e.words.txt").write_text("room 1\nroom 2\n")
    found = formats.read(tmp_path / "e.safetensors")
    assert (list(found), found.counts) == (["room 1", "room 2"], None)


def test_negative_counts_are_refused(tmp_path: Path) -> None:
    for counts in (np.array([5, -1]), np.array([5, 2**64 - 1], dtype=np.uint64)):
        save_file({"vectors": np.eye(2), "counts": counts}, tmp_path / "e.safetensors", {"words": '["a", "b"]'})
        with pytest.raises(InputError, match="word 2: expected a count, found -1"):
            formats.read(tmp_path / "e.safetensors")
