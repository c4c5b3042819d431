"""spaCy opens what is written, and what spaCy saves is read, without spaCy, with the vectors it gives itself."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients import package
from tests.conftest import Run
from tests.formats.test_formats import ODD_WORDS, random_vectors, vectors_of
from wvcli import formats
from wvcli.errors import InputError, UsageError
from wvcli.formats._spacy_keys import SYMBOLS, hashes
from wvcli.models import exporting
from wvcli.vectors.selection import Selection
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

# It warns of its own affairs, such as a PyTorch that it does not need.
pytestmark = [pytest.mark.client, pytest.mark.filterwarnings("ignore")]

WORDS = [*ODD_WORDS, "new york", "a\tb", "DATE", "nsubj", "_", "X", "a long word of many bytes, 猫猫猫"]


@pytest.fixture(scope="module")
def spacy() -> Any:
    return package("spacy")


def sample(words: list[str] = WORDS, dim: int = 6) -> Vectors:
    matrix = np.random.default_rng(len(words)).normal(0, 1, (len(words), dim)).astype(np.float32)
    return vectors_of(words, matrix)


def pipeline(spacy: Any, vectors: Vectors, lang: str = "en") -> Any:
    """A pipeline of spaCy with these vectors, which it was given word by word."""
    nlp = spacy.blank(lang)
    for word in vectors:
        nlp.vocab.set_vector(word, vectors[word])
    return nlp


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        formats.read(path, "spacy")
    assert str(path) in caught.value.message
    return f"{caught.value.message}; {caught.value.hint}"


def test_spacy_opens_it_and_finds_every_word(spacy: Any, tmp_path: Path) -> None:
    vectors = sample()
    assert formats.write(vectors, tmp_path / "words.spacy") == []
    nlp = spacy.load(tmp_path / "words.spacy")
    assert nlp.lang == "xx"
    assert nlp.meta["vectors"] == {
        "width": 6,
        "vectors": len(WORDS),
        "keys": len(WORDS),
        "name": "wvcli_vectors",
        "mode": "default",
    }
    for row, word in enumerate(vectors):
        assert nlp.vocab.has_vector(word)
        assert (nlp.vocab[word].vector == vectors.matrix[row]).all()
        assert nlp.vocab.strings[nlp.vocab.strings[word]] == word
    assert not nlp.vocab.has_vector("nowhere")
    assert not nlp.vocab["nowhere"].vector.any()
    assert nlp.vocab.vectors.data.dtype == np.float32


def test_texts_are_alike_and_words_are_near_as_here(spacy: Any, tmp_path: Path) -> None:
    vectors = sample(["cat", "dog", "the", "DATE", "naïve"])
    formats.write(vectors, tmp_path / "words.spacy")
    nlp = spacy.load(tmp_path / "words.spacy")
    doc = nlp("the cat, DATE nowhere")
    assert [token.text for token in doc] == ["the", "cat", ",", "DATE", "nowhere"]
    assert [token.has_vector for token in doc] == [True, True, False, True, False]
    assert [token.is_oov for token in doc] == [False, False, True, False, True]
    assert nlp("cat").similarity(nlp("dog")) == pytest.approx(vectors.similarity("cat", "dog"), abs=1e-6)
    mean = np.mean([vectors["cat"], vectors["dog"]], axis=0)
    assert np.allclose(nlp("cat dog").vector, mean, atol=1e-6)
    keys, _, scores = nlp.vocab.vectors.most_similar(vectors["cat"][None], n=5)
    near = [("cat", 1.0), *vectors.most_similar("cat")]
    assert [nlp.vocab.strings[int(key)] for key in keys[0]] == [word for word, _ in near]
    assert scores[0].tolist() == pytest.approx([score for _, score in near], abs=2e-4)


def test_vectors_are_taken_into_a_pipeline_of_another_language(spacy: Any, tmp_path: Path) -> None:
    vectors = sample()
    formats.write(vectors, tmp_path / "words.spacy")
    english = spacy.load(tmp_path / "words.spacy", config={"nlp.lang": "en"}, exclude=["tokenizer"])
    english.to_disk(tmp_path / "english")
    trained = spacy.blank("en")
    trained.config["initialize"]["vectors"] = str(tmp_path / "english")  # as spacy train --paths.vectors
    trained.initialize()
    filled = spacy.blank("en")
    filled.vocab.from_disk(tmp_path / "words.spacy" / "vocab")
    for nlp in (english, trained, filled):
        assert nlp.lang == "en"
        assert [token.text for token in nlp("don't")] == ["do", "n't"]
        assert all((nlp.vocab[word].vector == vectors[word]).all() for word in WORDS)


def test_pruning_keeps_the_first_words(spacy: Any, tmp_path: Path) -> None:
    vectors = sample()
    formats.write(vectors, tmp_path / "words.spacy")
    nlp = spacy.load(tmp_path / "words.spacy")
    nlp.vocab.prune_vectors(10)
    assert all((nlp.vocab[word].vector == vectors[word]).all() for word in WORDS[:10])
    nlp.to_disk(tmp_path / "pruned")
    found = formats.read(tmp_path / "pruned")
    assert list(found)[:10] == WORDS[:10]
    assert set(found) == set(WORDS)
    assert len(np.unique(found.matrix, axis=0)) == 10
    assert all((found[word] == nlp.vocab[word].vector).all() for word in WORDS)
    few = formats.read(tmp_path / "pruned", limit=12)
    assert list(few) == list(found)[:12]
    assert (few.matrix == found.matrix[:12]).all()


def test_pipelines_vocabularies_vectors_and_packages_are_read_without_spacy(
    spacy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = sample()
    nlp = pipeline(spacy, vectors)
    nlp.add_pipe("sentencizer")
    nlp("Other words, which have no vectors.")
    nlp.to_disk(tmp_path / "pipeline")
    nlp.vocab.vectors.to_disk(tmp_path / "vectors")
    (tmp_path / "en_words").mkdir()
    (tmp_path / "en_words" / "__init__.py").touch()
    nlp.to_disk(tmp_path / "en_words" / "en_words-1.0")
    monkeypatch.setitem(sys.modules, "spacy", None)
    for name in ("pipeline", "pipeline/vocab", "vectors", "en_words", "en_words/en_words-1.0"):
        assert formats.recognise(tmp_path / name).name == "spacy"
        found = formats.read(tmp_path / name)
        assert list(found) == WORDS
        assert (found.matrix == vectors.matrix).all()
        assert found.path == tmp_path / name


def test_rows_of_any_order_and_kind_of_number_are_read(spacy: Any, tmp_path: Path) -> None:
    nlp = spacy.blank("xx")
    words = ["cat", "dog", "猫"]
    for word in words:
        nlp.vocab.strings.add(word)
    for dtype in ("float16", "float32", "float64"):
        data = np.arange(8, dtype=dtype).reshape(4, 2)
        nlp.vocab.vectors = spacy.vectors.Vectors(strings=nlp.vocab.strings, data=data)
        for word, row in zip(words, [3, 0, 3], strict=True):
            nlp.vocab.vectors.add(word, row=row)
        nlp.to_disk(tmp_path / dtype)
        found = formats.read(tmp_path / dtype)
        assert list(found) == words
        assert found.matrix.dtype == np.float32
        assert found.matrix.tolist() == [[6, 7], [0, 1], [6, 7]]


def test_spacy_takes_text_of_word2vec_and_it_comes_back(spacy: Any, tmp_path: Path) -> None:
    from spacy.training.initialize import convert_vectors  # spacy init vectors

    vectors = random_vectors()
    formats.write(vectors, tmp_path / "words.txt")
    nlp = spacy.blank("xx")
    convert_vectors(nlp, tmp_path / "words.txt", truncate=0, prune=-1)
    nlp.to_disk(tmp_path / "pipeline")
    found = formats.read(tmp_path / "pipeline")
    assert list(found) == list(vectors)
    assert (found.matrix == vectors.matrix).all()


def test_what_has_no_vectors_of_words_is_refused(spacy: Any, tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.to_disk(tmp_path / "blank")
    assert "has no word vectors" in refusal(tmp_path / "blank")
    data = np.ones((10, 4), dtype=np.float32)
    nlp.vocab.vectors = spacy.vectors.Vectors(data=data, mode="floret", minn=3, maxn=5, hash_count=2)
    nlp.to_disk(tmp_path / "ngrams")
    assert "has floret vectors, which belong to n-grams" in refusal(tmp_path / "ngrams")
    nlp.vocab.strings.add("the")
    nlp.vocab.vectors = spacy.vectors.Vectors(data=data[:3], keys=["one", "two", "the"])
    nlp.to_disk(tmp_path / "nameless")  # keys are hashes, and nothing says of which words
    assert "lacks the words of 2 of 3 vectors; add them to nlp.vocab.strings" in refusal(tmp_path / "nameless")
    (tmp_path / "other").mkdir()
    assert "has no vectors of spaCy" in refusal(tmp_path / "other")
    (tmp_path / "file").write_text("text")
    assert "is not a folder" in refusal(tmp_path / "file")


def test_documents_of_spacy_are_told_as_such(spacy: Any, run: Run, tmp_path: Path) -> None:
    package("spacy.tokens").DocBin(docs=[spacy.blank("en")("the cat")]).to_disk(tmp_path / "docs.spacy")
    for command in (["similar", "cat", "-m", "docs.spacy"], ["import", "docs.spacy", "--from", "spacy"]):
        done = run(*command)
        assert done.code == 3
        assert done.err.startswith("error: docs.spacy is a DocBin of spaCy, which has documents but no vectors")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("key2row", b"", "key2row is damaged"),
        ("key2row", b"\xdf\xff\xff\xff\xff\x01\x00", "claims 4294967295 entries"),
        ("key2row", b"\x81\xa1a\x00", "is not a whole number"),
        ("key2row", b"\x93\x01\x02\x03", "is damaged"),
        ("key2row", b"\x81\x5b\x07", "it refers to row 7 of 3"),
        ("key2row", b"\x81\x5b\x00\x00", "does not end with its last entry"),
        ("key2row", b"\x81\x5b\xcf", "is damaged"),
        ("vectors.cfg", b'{"mode": "other"}', "unknown mode of vectors 'other'"),
        ("strings.json", b'{"a": 1}', "expected a list of strings"),
        ("strings.json", b'["a", 2]', "word 2: '2' is not text"),
        ("strings.json", b'["\\ud800"]', "is not Unicode text"),
        ("strings.json", b"[" * 100_000, "is not JSON"),
        ("vectors", b"\x93NUMPY\x01\x00", "is damaged or not an .npy"),
    ],
)
def test_damage_is_told_by_file(spacy: Any, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / "words.spacy"
    formats.write(random_vectors(3, 2), path)
    (path / "vocab" / name).write_bytes(content)
    assert message in refusal(path)


def test_a_map_of_few_words_in_short_numbers_is_read(spacy: Any, tmp_path: Path) -> None:
    path = tmp_path / "words.spacy"
    formats.write(random_vectors(3, 2), path)
    date, x = SYMBOLS.index("DATE"), SYMBOLS.index("X")
    (path / "vocab" / "key2row").write_bytes(b"\x82\xcd" + date.to_bytes(2, "big") + b"\x00" + bytes([x, 0xCC, 1]))
    found = formats.read(path)
    assert list(found) == ["DATE", "X"]
    assert (found.matrix == random_vectors(3, 2).matrix[:2]).all()


def test_a_pipeline_that_does_more_is_never_replaced(spacy: Any, tmp_path: Path) -> None:
    path = tmp_path / "pipeline"
    nlp = pipeline(spacy, sample())
    nlp.add_pipe("sentencizer")
    nlp.to_disk(path)
    with pytest.raises(UsageError, match="holds other things"):
        exporting.export(random_vectors(), path, name="spacy", overwrite=True)
    assert spacy.load(path).pipe_names == ["sentencizer"]
    nlp.remove_pipe("sentencizer")
    nlp.to_disk(tmp_path / "blank")
    exporting.export(random_vectors(), tmp_path / "blank", name="spacy", overwrite=True)
    assert list(formats.read(tmp_path / "blank")) == list(random_vectors())


def test_the_empty_word_goes_there_and_back(spacy: Any, tmp_path: Path) -> None:
    vectors = sample(["cat", "", "dog"])
    formats.write(vectors, tmp_path / "words.spacy")
    spacy.load(tmp_path / "words.spacy").to_disk(tmp_path / "again")
    assert list(formats.read(tmp_path / "again")) == ["cat", "", "dog"]
    assert (formats.read(tmp_path / "again").matrix == vectors.matrix).all()


@given(words=st.lists(st.text(max_size=40), min_size=1, max_size=20, unique=True))
def test_keys_are_those_of_spacy(spacy: Any, words: list[str]) -> None:
    vocabulary = Vocabulary.from_words(words)
    expected = [spacy.strings.hash_string(word) if word else None for word in words]
    found = hashes(vocabulary.text, vocabulary.offsets).tolist()
    assert [key if word else None for key, word in zip(found, words, strict=True)] == expected


def test_names_are_numbered_as_in_spacy(spacy: Any) -> None:
    assert list(SYMBOLS) == package("spacy.symbols").NAMES


def test_every_command_takes_a_pipeline(spacy: Any, run: Run, tmp_path: Path) -> None:
    vectors = sample(["cat", "dog", "new york", "DATE"])
    formats.write(vectors, tmp_path / "words.npz")
    done = run("export", "words.spacy", "-m", "words.npz")
    assert done.code == 0
    assert "wrote 4 words of 6 dimensions to words.spacy (spacy)" in done.err
    for question in (["similar", "cat"], ["vector", "new york"]):
        asked = [*question, "--format", "jsonl", "-m"]
        assert run(*asked, "words.spacy").out == run(*asked, "words.npz").out != ""
    assert run("import", "words.spacy").code == 0
    assert (tmp_path / "words.spacy.safetensors").is_file()
    refused = run("export", "words.spacy", "-m", "words.npz")
    assert refused.code == 2
    assert "add --force" in refused.err


def test_a_selection_is_written(spacy: Any, tmp_path: Path) -> None:
    chosen = Selection(words=["dog", "DATE"], normalize=True)
    exporting.export(sample(["cat", "dog", "DATE"]), tmp_path / "words.spacy", selection=chosen)
    nlp = spacy.load(tmp_path / "words.spacy")
    assert nlp.vocab.vectors.shape == (2, 6)
    assert np.linalg.norm(nlp.vocab["DATE"].vector) == pytest.approx(1)
