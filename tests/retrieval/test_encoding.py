"""Texts as vectors: one space for all, whatever stands beside a text, and a fit that is kept."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import SENTENCES
from wvcli.errors import InputError, UsageError
from wvcli.models.model_file import OtherKindError
from wvcli.retrieval.encoding import TextEncoder, WordRows
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


@pytest.fixture(scope="module")
def model(word2vec_model: Path) -> Vectors:
    return wvcli.load(word2vec_model)


def test_a_text_has_the_same_vector_whatever_it_stands_beside(model: Vectors) -> None:
    together = wvcli.embed(SENTENCES, model)
    assert together.shape == (len(SENTENCES), model.dim)
    for text, vector in zip(SENTENCES, together, strict=True):
        assert np.allclose(wvcli.embed(text, model)[0], vector, atol=1e-6)
    assert np.array_equal(wvcli.embed(iter(SENTENCES), model), together)


def test_the_mean_is_that_of_the_words(model: Vectors) -> None:
    [vector] = wvcli.embed("The dog, the ZEBRA and the cat", model, method="mean")
    words = ["the", "dog", "the", "and", "the", "cat"]
    assert np.allclose(vector, model[words].mean(axis=0), atol=1e-6)


def test_a_text_without_a_known_word_is_zero_and_is_told(model: Vectors) -> None:
    notes: list[str] = []
    vectors = wvcli.embed(["", "zebra", "dog", "…"], model, normalize=True, on_note=notes.append)
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([0, 0, 1, 0])
    assert notes == ["3 of 4 texts have no word of the model, and vectors of zeros"]


def test_a_fit_is_kept_and_is_of_its_model(model: Vectors, fasttext_model: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(SENTENCES), encoding="utf-8")
    for method, components in (("sif", None), ("usif", 2), ("idf", 1), ("mean", 1)):
        encoder = TextEncoder(model, method=method, components=components, fit=text)
        path = encoder.save(tmp_path / "kept", overwrite=True)
        loaded = TextEncoder.load(path, model)
        assert loaded.fitted == encoder.fitted
        assert np.array_equal(loaded.encode(SENTENCES), encoder.encode(SENTENCES)), method
    assert encoder.fitted["texts"] == len(SENTENCES)
    with pytest.raises(InputError, match=r"was fitted to another model, word2vec\.safetensors"):
        TextEncoder.load(path, fasttext_model)
    with pytest.raises(OtherKindError, match=r"kept\.safetensors is a sentence encoder, not a model"):
        wvcli.load(path)
    with pytest.raises(InputError, match="is a model of word vectors, not a sentence encoder"):
        TextEncoder.load(fasttext_model, model)
    (tmp_path / "cut").write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match="cut is damaged"):
        TextEncoder.load(tmp_path / "cut", model)


def test_inverse_document_frequencies_count_texts_and_not_words(model: Vectors) -> None:
    texts = ["dog dog dog", "cat dog", "cat", "horse"]
    encoder = TextEncoder(model, method="idf", fit=iter(texts))
    weight = {word: np.log(5 / (1 + count)) + 1 for word, count in (("dog", 2), ("horse", 1), ("bread", 0))}
    for word, expected in weight.items():
        assert np.allclose(encoder.encode(word)[0], expected * model[word], atol=1e-5)


def test_words_outside_the_vocabulary_use_subwords_if_asked(fasttext_model: Path) -> None:
    model = wvcli.load(fasttext_model)
    [composed] = wvcli.embed("kittens", model, components=0)
    assert np.allclose(composed, model["kittens"], atol=1e-5)
    assert not wvcli.embed("kittens", model, missing="skip").any()
    with pytest.raises(UsageError, match="has no subwords"):
        wvcli.embed("kittens", replace(model, subwords=None), missing="subword")


def test_rows_are_those_of_a_single_look_up_before_and_after_all_words_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["dog", "new_york", "caf\u00e9", "Cat", "cat"]
    matrix = np.eye(5, dtype=np.float32)
    vectors = Vectors(Vocabulary.from_words(words), matrix, normalize=str.lower)
    asked = ["dog", "cafe\u0301", "CAT", "Cat", "New York", "none", "cat"]
    expected = [-1 if (row := vectors.index(word)) is None else row for word in asked]
    assert WordRows(vectors, "skip").of(asked)[0].tolist() == expected
    monkeypatch.setattr("wvcli.retrieval.encoding._LOOKED_UP", 0)
    assert WordRows(vectors, "skip").of(asked)[0].tolist() == expected


def test_phrases_are_joined_as_in_training(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("we saw new york\nthey left new york\n" * 30)
    model = wvcli.train(text, tmp_path / "model", dim=8, epochs=1, min_count=1, workers=1,
                        phrases=True, phrase_threshold=0.01, phrase_min_count=1)  # fmt: skip
    assert "new_york" in model
    [vector] = wvcli.embed("New York", model, method="mean")
    assert np.allclose(vector, model["new_york"], atol=1e-6)


def test_vectors_of_other_systems_keep_capitals_if_they_have_some() -> None:
    def words_of(words: list[str]) -> "Iterator[bool]":
        model = Vectors(Vocabulary.from_words(words), np.eye(len(words), dtype=np.float32))
        yield from wvcli.embed(["Paris", "paris"], model, components=0).any(axis=1).tolist()

    assert list(words_of(["Paris", "in"])) == [True, False]
    assert list(words_of(["paris", "in"])) == [True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "tfidf"}, "there is no method 'tfidf'"),
        ({"method": "idf"}, "needs texts"),
        ({"components": 25}, "must be from 0 to 24"),
        ({"fit": iter(["zebra"])}, "none of the texts"),
        ({"method": "idf", "components": 1, "fit": iter(["dog"])}, "twice"),
        ({"texts": ["dog", 3]}, "not a value of the type int"),
    ],
)
def test_what_cannot_be_is_refused(model: Vectors, arguments: dict[str, object], message: str) -> None:
    with pytest.raises((UsageError, InputError), match=message):
        wvcli.embed(**({"texts": "dog", "model": model} | arguments))  # type: ignore[arg-type]


def test_a_kept_fit_is_never_the_model_that_is_meant(
    word2vec_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(word2vec_model, "model.safetensors")
    TextEncoder(fit=iter(SENTENCES)).save("newest")
    assert wvcli.load().path == Path("model.safetensors")
