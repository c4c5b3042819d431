"""Folders of static embeddings, as Model2Vec and Sentence Transformers save them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests import clients
from tests.formats.test_formats import matching_names, refusal
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import registry
from wvcli.models.importing import import_vectors
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

TOKENS = {"[PAD]": 0, "cat": 2, "##s": 1, "猫": 3}
WORDS = ["[PAD]", "##s", "cat", "猫"]
MATRIX = np.array([[0, 0], [1, 2], [3, -4], [5, 6.5]], np.float32)


def make(folder: Path, vocabulary: Any = TOKENS, added: Any = (), **tensors: Any) -> Path:
    folder.mkdir(exist_ok=True)
    save_file(tensors or {"embeddings": MATRIX}, folder / "model.safetensors")
    tokenizer = {"model": {"type": "WordPiece", "vocab": vocabulary}, "added_tokens": list(added)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int8"])
def test_words_are_the_tokens_in_the_order_of_their_numbers(tmp_path: Path, dtype: str) -> None:
    folder = make(tmp_path / "potion", embeddings=MATRIX.astype(dtype))
    assert matching_names(folder) == ["model2vec"]
    found = formats.read(folder)
    assert (list(found), found.path) == (WORDS, folder)
    assert found.matrix.dtype == np.float32
    assert found.matrix.tolist() == MATRIX.astype(dtype).tolist()
    assert list(formats.read(folder, limit=3)) == WORDS[:3]


def test_the_folder_becomes_a_model(tmp_path: Path) -> None:
    vectors = import_vectors(make(tmp_path / "potion"), tmp_path / "m.safetensors")
    assert vectors["cat"].tolist() == [3, -4]
    assert vectors.manifest["imported"]["format"] == "model2vec"


def test_vocabularies_with_probabilities_and_added_tokens_are_read(tmp_path: Path) -> None:
    added = [{"id": 3, "content": "[MASK]"}, {"id": 0, "content": "<unk>"}]
    folder = make(tmp_path / "a", [["<unk>", 0.0], ["▁the", -2.5], ["s", -3]], added)
    assert list(formats.read(folder)) == ["<unk>", "▁the", "s", "[MASK]"]


def test_weights_are_multiplied_in_and_tokens_may_share_rows(tmp_path: Path) -> None:
    weights = np.array([1, 0.5, 2, 10], np.float64)
    mapping = np.array([0, 1, 1, 3])
    found = formats.read(make(tmp_path / "a", embeddings=MATRIX, weights=weights, mapping=mapping))
    assert found.matrix.tolist() == [[0, 0], [0.5, 1], [2, 4], [50, 65]]
    found = formats.read(make(tmp_path / "b", embeddings=MATRIX, weights=weights), limit=3)
    assert found.matrix.tolist() == [[0, 0], [0.5, 1], [6, -8]]


def test_the_folder_of_sentence_transformers_is_read(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    make(tmp_path / "static" / "0_StaticEmbedding", **{"embedding.weight": MATRIX})
    assert formats.read(tmp_path / "static").matrix.tolist() == MATRIX.tolist()


def test_rows_of_no_token_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder, notes = make(tmp_path / "a", {"a": 0, "c": 2}), list[str]()
    found = formats.read(folder, on_note=notes.append)
    assert {word: found[word].tolist() for word in found} == {"a": [0, 0], "c": [3, -4]}
    assert notes == [f"2 rows of {folder / 'model.safetensors'} were left out: they belong to no token"]


@pytest.mark.parametrize(
    ("vocabulary", "tensors", "message"),
    [
        ({"a": 4}, {}, "does not fit"),
        ({"a": 0, "b": 0}, {}, "'a' and 'b' have the number 0"),
        ({"a": "0"}, {}, "expected the vocabulary of a tokenizer"),
        ({"a": -1}, {}, "expected the vocabulary"),
        ([["a"]], {}, "expected the vocabulary"),
        ({}, {}, "expected the vocabulary"),
        ({"\ud800": 0}, {}, "is not Unicode text"),
        (TOKENS, {"encoder.weight": MATRIX}, "has no static embeddings"),
        (TOKENS, {"embeddings": MATRIX[0]}, "expected floating-point numbers [words, dimensions]"),
        (TOKENS, {"embeddings": MATRIX, "weights": MATRIX}, "expected a number for each token"),
        (TOKENS, {"embeddings": MATRIX, "weights": MATRIX[0]}, "2 weights for 4 tokens"),
        (TOKENS, {"embeddings": MATRIX, "mapping": np.array([0, 1, 2, 9])}, "'mapping' names rows"),
    ],
)
def test_folders_of_other_things_are_refused(tmp_path: Path, vocabulary: Any, tensors: Any, message: str) -> None:
    folder = make(tmp_path / "a", vocabulary, **tensors)
    assert message in refusal(registry.get("model2vec"), folder)


def test_the_file_alone_names_its_folder(tmp_path: Path) -> None:
    folder = make(tmp_path / "a")
    with pytest.raises(InputError) as caught:
        formats.read(folder / "model.safetensors")
    assert caught.value.hint == f"name its folder, {folder}, whose tokenizer.json may have them"


# --- written ---

ENGLISH = Vectors(
    Vocabulary.from_words(["the", "cat", "don't", "café", "new york"]),
    np.array([[1, 0], [0.5, 2], [3, -1], [0.25, 0.125], [1, 1]], np.float32),
    counts=np.array([100, 10, 5, 2, 1]),
)
CHINESE = Vectors(
    Vocabulary.from_words(["的", "猫", "最爱", "动物"]), np.array([[1, 0], [0, 1], [2, 0], [0, 4]], np.float32)
)
FORMATS = ["model2vec", "sentence-transformers"]


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    assert formats.write(ENGLISH, folder, name) == []
    assert matching_names(folder) == [name]
    found = formats.read(folder)
    assert list(found) == list(ENGLISH)
    assert np.array_equal(found.matrix, ENGLISH.matrix)
    assert list(formats.read(folder, limit=2)) == ["the", "cat"]


def test_words_that_are_upper_case_keep_the_case_of_text(tmp_path: Path) -> None:
    for words, lowers in ((["cat", "猫"], True), (["Cat", "cat"], False)):
        folder = tmp_path / words[0]
        formats.write(Vectors(Vocabulary.from_words(words), np.eye(2, dtype=np.float32)), folder, "model2vec")
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        assert (tokenizer["normalizer"] is not None) == lowers


@pytest.mark.client
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", FORMATS)
def test_model2vec_gives_our_vectors(tmp_path: Path, name: str) -> None:
    model2vec = clients.package("model2vec")
    formats.write(ENGLISH, tmp_path / "en", name)
    model = model2vec.StaticModel.from_pretrained(tmp_path / "en")
    assert model.tokenizer.encode("The cat, don't zzz café!").tokens == ["the", "cat", "don't", "[UNK]", "café"]
    found = model.encode(["cat", "The cat zzz", "zzz"])
    assert not found[2].any()
    if name == "model2vec":
        assert found[0].tolist() == ENGLISH["cat"].tolist()
        assert found[1].tolist() == [0.75, 1]
    else:
        weights = np.array([1e-3 / (1e-3 + 100 / 118), 1e-3 / (1e-3 + 10 / 118)])
        assert found[1] == pytest.approx((weights[:, None] * ENGLISH.matrix[:2]).mean(axis=0))
    formats.write(CHINESE, tmp_path / "zh", name)
    chinese = model2vec.StaticModel.from_pretrained(tmp_path / "zh")
    assert chinese.tokenizer.encode("猫的最爱。动物").tokens == ["猫", "的", "最爱", "动物"]
    chinese.save_pretrained(tmp_path / "saved")
    assert list(formats.read(tmp_path / "saved"))[:4] == list(CHINESE)


@pytest.mark.client
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", FORMATS)
def test_sentence_transformers_encodes_with_our_vectors(tmp_path: Path, name: str) -> None:
    transformers = clients.package("sentence_transformers")
    formats.write(ENGLISH, tmp_path / "en", name)
    model = transformers.SentenceTransformer(str(tmp_path / "en"), device="cpu")
    cat, text = model.encode(["cat", "the cat"])
    assert np.dot(cat, ENGLISH["cat"]) == pytest.approx(np.linalg.norm(cat) * np.linalg.norm(ENGLISH["cat"]))
    share = np.array([1e-3 / (1e-3 + count / 118) for count in (100, 10)]) if name in FORMATS[1:] else np.ones(2)
    assert text == pytest.approx((share[:, None] * ENGLISH.matrix[:2]).mean(axis=0))
    model.save(str(tmp_path / "saved"))
    assert list(formats.read(tmp_path / "saved")) == [*ENGLISH, "[UNK]"]
