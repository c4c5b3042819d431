"""Models of other systems, imported and trained further, held against these systems going on themselves."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, Word2Vec

import wvcli
from tests.clients import program
from tests.conftest import Run
from wvcli.models import model_file
from wvcli.models.importing import import_vectors

WORDS = ["the", "cat", "dog", "and", "sat", "mat", "rug", "chased", "mouse", "old"]
# Word k is in every (k + 1)th line, so that no two occur equally often and the order of rows is the same.
SENTENCES = [[word for k, word in enumerate(WORDS) if line % (k + 1) == 0] for line in range(180)]
TEXT = "\n".join(map(" ".join, SENTENCES)) + "\n"
OTHER = "the wombat sat on the mat and the wombat chased the dog\nthe quokka sat once on a log\n" * 60
COMMON: dict[str, Any] = {"vector_size": 12, "min_count": 1, "workers": 1, "epochs": 3, "sample": 0, "seed": 4}
SUBWORDS = {"bucket": 300, "min_n": 2, "max_n": 4}


def trained(kind: str, **options: Any) -> Any:
    """A model of Gensim's."""
    if kind == "fasttext":
        return FastText(SENTENCES, **COMMON, **SUBWORDS, **options)
    return Word2Vec(SENTENCES, **COMMON, **options)


def imported(model: Any, folder: Path) -> Path:
    """The model file made of what Gensim saves."""
    model.save(str(folder / "theirs.model"))
    import_vectors(folder / "theirs.model", folder / "ours.safetensors")
    return folder / "ours.safetensors"


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_going_on_from_an_import_is_gensim_going_on(tmp_path: Path, kind: str, sg: int) -> None:
    theirs = trained(kind, sg=sg, negative=3, window=2, ns_exponent=0.5)
    path = imported(theirs, tmp_path)
    tensors = model_file.open_model(path).tensors
    assert np.array_equal(tensors["output.negative"], theirs.syn1neg)
    if kind == "fasttext":
        assert np.array_equal(tensors["input.words"], theirs.wv.vectors_vocab)
        assert np.array_equal(tensors["subwords.vectors"], theirs.wv.vectors_ngrams)
        np.testing.assert_allclose(tensors["vectors"], theirs.wv.vectors, atol=1e-6)
    else:
        assert np.array_equal(tensors["vectors"], theirs.wv.vectors)

    (tmp_path / "text").write_text(TEXT)
    ours = wvcli.update(path, tmp_path / "text", tmp_path / "more.safetensors", epochs=1, workers=1)
    theirs.random = np.random.RandomState(COMMON["seed"])  # it went on from where its first training ended
    theirs.build_vocab(SENTENCES, update=True)
    theirs.train(SENTENCES, total_words=len(TEXT.split()), epochs=1, start_alpha=0.025, end_alpha=0.0001)
    assert list(ours) == theirs.wv.index_to_key
    np.testing.assert_allclose(ours.matrix, theirs.wv.vectors, atol=1e-5)
    assert np.abs(ours.matrix - tensors["vectors"]).max() > 1e-3
    assert [ours.count(row) for row in range(len(ours))] == [
        theirs.wv.get_vecattr(word, "count") for word in theirs.wv.index_to_key
    ]


@pytest.mark.parametrize("kind", ["word2vec", "fasttext"])
def test_new_words_are_learnt_and_old_ones_not_forgotten(run: Run, tmp_path: Path, kind: str) -> None:
    path = imported(trained(kind, sg=1), tmp_path)
    (tmp_path / "text").write_text(OTHER)
    before = wvcli.load(path)
    assert run("update", path, "text", "-o", "slow.safetensors", "--alpha", 1e-6, "--min-alpha", 0).code == 0
    after = wvcli.load(tmp_path / "slow.safetensors")
    assert {"wombat", "quokka"} < set(after)
    for word in before:  # hardly any learning, so what was known must still be there
        np.testing.assert_allclose(after[word], before[word], atol=1e-3)
    done = run("update", path, "text", "-o", "more.safetensors", "--epochs", 10)
    assert "note: the text is split at white space" in done.err
    losses = [epoch["loss"] for epoch in wvcli.load(tmp_path / "more.safetensors").manifest["history"]]
    assert losses[-1] < losses[0]
    facts = json.loads(run("info", "more.safetensors").out)
    assert facts["updated"]["imported"]["source"].endswith("theirs.model")
    assert facts["updatable"]
    assert run("update", "more.safetensors", "text", "-o", "again.safetensors", "--epochs", 1).code == 0


@pytest.mark.client
def test_a_fasttext_file_goes_through_a_model_unchanged_and_can_be_trained_further(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text(TEXT)
    (tmp_path / "more").write_text(OTHER)
    fasttext = program("fasttext")
    options = ["-minCount", 1, "-dim", 8, "-bucket", 200, "-thread", 1, "-epoch", 2, "-neg", 3, "-minn", 2]
    command = [fasttext, "skipgram", "-input", tmp_path / "text", "-output", tmp_path / "m", *options]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    assert "note: it can be trained further with wvcli update m.safetensors\n" in run("import", "m.bin").err
    assert run("export", "same.fasttext.bin", "-m", "m.safetensors").code == 0
    assert (tmp_path / "same.fasttext.bin").read_bytes() == (tmp_path / "m.bin").read_bytes()
    before, tensors = wvcli.load(tmp_path / "m.bin"), model_file.open_model(tmp_path / "m.safetensors").tensors
    assert before.subwords is not None
    for row, word in enumerate(before):  # the model file's rule, which holds for the end of a line too
        ngrams = before.subwords.matrix[before.subwords.buckets(word)]
        mean = np.concatenate([tensors["input.words"][row : row + 1], ngrams]).mean(axis=0)
        np.testing.assert_allclose(tensors["vectors"][row], mean, atol=1e-6)
    slow = ["--alpha", 1e-6, "--min-alpha", 0]
    assert run("update", "m.safetensors", "more", "-o", "n.safetensors", *slow).code == 0
    after = wvcli.load(tmp_path / "n.safetensors")
    for word in before:
        np.testing.assert_allclose(after[word], before[word], atol=1e-3)
    settings = after.manifest["settings"]
    assert (settings["negative"], settings["noise_exponent"], settings["buckets"], settings["min_n"]) == (
        3,
        0.5,
        200,
        2,
    )


@pytest.mark.parametrize("name", ["word2vec", "fasttext"])
@pytest.mark.parametrize("version", ["3.8.3", "4.1.2", "4.3.3"])
def test_models_of_older_gensims_can_be_trained_further(run: Run, tmp_path: Path, version: str, name: str) -> None:
    (tmp_path / "text").write_text("the cat and the dog\n" * 20)
    path = tmp_path / "m.safetensors"
    import_vectors(Path(__file__).parents[1] / f"formats/gensim_files/{version}.{name}.model", path)
    assert model_file.open_model(path).tensors["output.negative"].any()
    assert run("update", path, "text", "--force", "--min-count", 1).code == 0


def test_the_tree_of_hierarchical_softmax_is_kept(run: Run, tmp_path: Path) -> None:
    model = trained("word2vec", hs=1, negative=0)
    path = imported(model, tmp_path)
    assert np.array_equal(model_file.open_model(path).tensors["output.hierarchical"], model.syn1)
    assert "hierarchical softmax" in run("update", path, "nothing").err
    assert json.loads(run("info", path).out)["updatable"] is False


def test_what_is_missing_for_training_is_named(run: Run, tmp_path: Path) -> None:
    path = imported(trained("word2vec", cbow_mean=0, sg=0), tmp_path)
    assert "sums of context vectors" in run("update", path, "nothing").err
    model = trained("word2vec")
    model.save(str(tmp_path / "m.model"), sep_limit=1)
    files = [tmp_path / "m.model", *sorted(tmp_path.glob("m.model.*.npy"))]
    assert len(files) > 2
    assert run("import", "m.model").code == 0
    facts = json.loads(run("info", "m.safetensors").out)["imported"]
    assert facts["sha256"] == sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    (tmp_path / "m.model.syn1neg.npy").unlink()
    assert run("import", "m.model", "--force").err.count("note:") == 1  # nothing of training further
    assert "holds vectors without the output layer" in run("update", "m.safetensors", "nothing").err
    model.wv.save(str(tmp_path / "m.kv"))
    assert run("import", "m.kv", "--force").code == 0
    assert "holds vectors without the output layer" in run("update", "m.safetensors", "nothing").err


def test_text_for_an_imported_model_is_split_as_wanted(run: Run, tmp_path: Path) -> None:
    path = imported(trained("word2vec"), tmp_path)
    (tmp_path / "text").write_text("The Cat, and the WOMBAT.\n" * 30)
    assert run("update", path, "text", "-o", "a.safetensors").code == 0
    assert {"The", "Cat,", "WOMBAT."} < set(wvcli.load(tmp_path / "a.safetensors"))
    done = run("update", path, "text", "-o", "b.safetensors", "--tokenizer", "unicode", "--lowercase")
    assert "white space" not in done.err
    assert set(wvcli.load(tmp_path / "b.safetensors")) == {*WORDS, "wombat"}
    refused = run("update", "b.safetensors", "text", "-f", "--tokenizer", "unicode")
    assert (refused.code, "as the model's own was" in refused.err) == (2, True)
