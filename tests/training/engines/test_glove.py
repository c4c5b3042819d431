"""GloVe: what it minimizes, by what steps, and that it learns."""

import sys
from collections.abc import Callable
from dataclasses import replace
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import wvcli
from tests.conftest import CLONE, SENTENCES
from tests.training.engines.runs import encode, make_texts, silent, train
from wvcli.cli.reports.model import training_command
from wvcli.errors import InterruptedRunError, MissingPackageError, UsageError, WvcliError
from wvcli.models import model_file
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training.engines import _cooccurrences, _glove
from wvcli.training.engines._glove import GloveTrainer
from wvcli.training.settings import TrainSettings
from wvcli.training.train import plan

BASE = TrainSettings(algorithm="glove", dim=16, window=4, epochs=3, min_count=1, workers=1, alpha=0.05, x_max=10.0)
DIM = 16
GLOVE: dict[str, Any] = {"algorithm": "glove", "workers": 1}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    return encode(make_texts(), tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of pairs, and tasks of workers, so small that a tiny corpus has many."""
    monkeypatch.setattr(_cooccurrences, "_PAIRS_OF_PART", 1_000)
    monkeypatch.setattr(_glove, "_TASK_PAIRS", 10)


def start(corpus: EncodedCorpus, settings: TrainSettings = BASE) -> GloveTrainer:
    return GloveTrainer(corpus, settings, silent, lambda note: None)


Rows = npt.NDArray[np.float64]


def rows_of(trainer: GloveTrainer) -> Rows:
    """Float64 [words, 4, dim + 1]: word, sums of its squares, context, sums of its squares, with their biases."""
    rows = trainer.tensors["glove"].astype(np.float64)
    return rows.reshape(len(rows), 4, -1)[:, :, : DIM + 1]


def plain_epoch(rows: Rows, pairs: Any, counts: Any, settings: TrainSettings) -> float:
    """Train on all pairs in turn, as the authors' program does; return the mean loss before each step."""
    losses = []
    for (one, other), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        for word, context in {(one, other), (other, one)} if one == other else ((one, other), (other, one)):
            w, w_squares, c, c_squares = rows[word, 0], rows[word, 1], rows[context, 2], rows[context, 3]
            error = w[:DIM] @ c[:DIM] + w[DIM] + c[DIM] - log(count)
            weighted = min(1.0, count / (settings.x_max or 1)) ** settings.glove_alpha * error
            losses.append(weighted * error / 2)
            w_step, c_step = settings.alpha * weighted * c[:DIM], settings.alpha * weighted * w[:DIM]
            w[:DIM] -= w_step / np.sqrt(w_squares[:DIM])
            c[:DIM] -= c_step / np.sqrt(c_squares[:DIM])
            w_squares[:DIM] += w_step**2
            c_squares[:DIM] += c_step**2
            w[DIM] -= weighted / sqrt(w_squares[DIM])
            c[DIM] -= weighted / sqrt(c_squares[DIM])
            w_squares[DIM] += weighted**2
            c_squares[DIM] += weighted**2
    return float(np.mean(losses))


@pytest.mark.parametrize("changes", [{}, {"x_max": 100.0, "glove_alpha": 0.5, "alpha": 0.1}])
def test_an_epoch_is_the_paper_s_steps(corpus: EncodedCorpus, changes: dict[str, Any]) -> None:
    settings = replace(BASE, **changes)
    trainer = start(corpus, settings)
    expected = rows_of(trainer)
    pairs, counts = trainer.counts.pairs(0, len(trainer.counts))
    for _ in range(3):
        for stretch in trainer.stretches():
            trainer.train(stretch, 0.5, 0.1)  # as the loop falls for others; GloVe takes that of the settings
        plain_epoch(expected, pairs, counts, settings)
    np.testing.assert_allclose(rows_of(trainer), expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(trainer.vectors(), (expected[:, 0] + expected[:, 2])[:, :DIM], atol=1e-3)


def test_the_loss_is_what_is_minimized_over_both_directions(corpus: EncodedCorpus) -> None:
    trainer = start(corpus)
    pairs, counts = trainer.counts.pairs(0, len(trainer.counts))
    still = replace(BASE, alpha=1e-9)
    loss = trainer.loss()
    rows = rows_of(trainer)
    rows[:, 1::2, DIM] = 1e30  # biases stay, too
    assert loss == pytest.approx(plain_epoch(rows, pairs, counts, still), rel=1e-3)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.usefixtures("small_parts")
def test_every_token_counts_in_every_epoch_and_is_reported(corpus: EncodedCorpus, workers: int) -> None:
    reported: list[int] = []
    trained = train(corpus, replace(BASE, workers=workers), "fast", reported.append)
    assert trained.tokens_trained == [corpus.tokens_kept] * 3
    assert reported == sorted(reported)
    assert reported[-1] == 3 * corpus.tokens_kept
    assert len(reported) > 30
    assert all(np.isfinite(array).all() for array in trained.tensors.values())


@pytest.mark.usefixtures("small_parts")
def test_one_worker_trains_the_same_twice_whatever_the_memory(corpus: EncodedCorpus) -> None:
    first, second = (train(corpus, replace(BASE, glove_memory=memory), "fast") for memory in (None, 1))
    np.testing.assert_array_equal(first.tensors["glove"], second.tensors["glove"])
    other = train(corpus, replace(BASE, seed=2), "fast")
    assert not np.allclose(first.tensors["vectors"], other.tensors["vectors"], atol=1e-3)


@pytest.mark.parametrize("workers", [1, 3])
def test_words_that_stand_near_each_other_become_neighbours(corpus: EncodedCorpus, workers: int) -> None:
    vectors = train(corpus, replace(BASE, workers=workers, epochs=30), "fast").tensors["vectors"]
    numbers = np.array([int(word[1:]) for word in corpus.words])
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -1)
    frequent = np.flatnonzero(corpus.counts >= 20)
    apart = np.abs(numbers[cosines[frequent].argmax(axis=1)] - numbers[frequent])
    assert np.median(np.minimum(apart, 120 - apart)) <= 8  # two windows; 30 by chance


def test_a_part_of_the_pairs_that_is_missing_ends_the_run(corpus: EncodedCorpus) -> None:
    trainer = start(corpus)
    stretch = trainer.stretches()[0]
    with pytest.raises(WvcliError, match="are damaged"):
        trainer.train(replace(stretch, stop=stretch.stop + 1), 0.05, 0.05)


@pytest.mark.parametrize("dim", [1, 15, 16, 31, 300])
def test_vectors_of_any_length_are_trained(tmp_path: Path, dim: int) -> None:
    corpus = encode([["a", "b", "c", "a"], ["b", "b"]], tmp_path)
    trained = train(corpus, replace(BASE, dim=dim, workers=2), "fast")
    assert trained.tensors["vectors"].shape == (3, dim)
    assert np.isfinite(trained.tensors["vectors"]).all()
    assert trained.tensors["vectors"].all()


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("\n".join(SENTENCES * 30), encoding="utf-8")
    return "corpus.txt"


def test_a_model_holds_the_sums_and_says_how_it_was_trained(text: str) -> None:
    vectors = wvcli.train(text, "m.safetensors", dim=12, epochs=20, **GLOVE)
    model = model_file.open_model(Path("m.safetensors"))
    assert set(model.tensors) == {
        "vectors", "norms", "vocabulary.text", "vocabulary.offsets", "vocabulary.order", "vocabulary.counts",
        "subwords.fitted",
    }  # fmt: skip
    settings, coverage = vectors.manifest["settings"], vectors.manifest["coverage"]
    assert {"algorithm": "glove", "alpha": 0.05, "x_max": 10.0, "window": 10}.items() <= settings.items()
    assert settings["architecture"] is None
    assert vectors.manifest["engine"] == "fast"
    assert coverage["tokens_trained"] == coverage["tokens_kept"] == coverage["tokens_read"]
    losses = [epoch["loss"] for epoch in vectors.manifest["history"]]
    assert losses[-1] < losses[5] < losses[0]


def test_the_command_of_a_model_trains_it_again(text: str) -> None:
    wvcli.train(text, "m.safetensors", dim=12, epochs=5, x_max=3, **GLOVE)
    command = training_command(model_file.open_model(Path("m.safetensors")))
    assert command == (
        "wvcli train corpus.txt -o m.safetensors --algorithm glove --alpha 0.05 --dim 12 --epochs 5 "
        "--min-count 1 --unknown-words subwords --window 10 --workers 1 --x-max 3"
    )
    again = wvcli.train(text, "again.safetensors", like="m.safetensors")
    assert Path("again.safetensors").read_bytes() == Path("m.safetensors").read_bytes()
    other = wvcli.train(text, "other.safetensors", like="m.safetensors", algorithm="word2vec", epochs=1)
    settings = other.manifest["settings"]
    assert (settings["alpha"], settings["x_max"], settings["architecture"]) == (0.025, None, "skipgram")
    assert len(again) == len(other)


def stops_after(stretches: int) -> Callable[[], bool]:
    answers = iter([False] * stretches)
    return lambda: next(answers, True)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("checkpoint", [0, 5])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(text: str, checkpoint: int) -> None:
    wvcli.train(text, "whole.safetensors", dim=12, epochs=6, **GLOVE)
    with pytest.raises(InterruptedRunError, match="interrupted in epoch"):
        wvcli.train(
            text, "m.safetensors", dim=12, epochs=6, should_stop=stops_after(40), checkpoint=checkpoint, **GLOVE
        )
    Path("m.safetensors.checkpoint", "cooccurrences.7.run").write_bytes(b"of a run that was killed")
    wvcli.resume("m.safetensors.checkpoint")
    assert Path("m.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()
    assert not Path("m.safetensors.checkpoint").exists()


def test_nothing_is_left_of_a_run_that_is_started_over(text: str) -> None:
    folder = Path("m.safetensors.checkpoint")
    folder.mkdir()
    for name in ("cooccurrences", "cooccurrences.3.run", "00000.ids"):
        (folder / name).write_bytes(b"left by a run that was killed")
    wvcli.train(text, "m.safetensors", dim=4, epochs=1, **GLOVE)
    assert not folder.exists()


def test_what_makes_no_sense_is_refused(text: str) -> None:
    vectors = wvcli.train(text, "m.safetensors", dim=4, epochs=1, **GLOVE)
    assert vectors.path is not None
    with pytest.raises(UsageError, match="was trained with GloVe, and does not hold what was counted"):
        wvcli.update("m.safetensors", text, overwrite=True)
    with pytest.raises(UsageError, match="`init` works only with `algorithm=word2vec`"):
        wvcli.train(text, "n.safetensors", init="m.safetensors", **GLOVE)
    with pytest.raises(UsageError, match="`algorithm=glove` does not work with `engine=gensim`"):
        wvcli.train(text, "n.safetensors", engine="gensim", **GLOVE)


def test_numba_is_named_when_it_is_missing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingPackageError, match="`algorithm=glove` needs Numba, which cannot be imported"):
        wvcli.train(text, "n.safetensors", **GLOVE)


def test_a_dry_run_knows_what_it_takes(text: str) -> None:
    forecast = plan(text, dim=12, epochs=5, **GLOVE)
    model = wvcli.train(text, "m.safetensors", dim=12, epochs=5, **GLOVE)
    assert forecast.settings.to_json() == model.manifest["settings"]
    assert (forecast.engine, forecast.words) == ("fast", len(model))
    assert forecast.file == pytest.approx(Path("m.safetensors").stat().st_size, rel=0.5)
    assert 4 * forecast.tokens < forecast.disk < 100 * forecast.tokens
    assert 0 < forecast.seconds < 60


def test_the_sample_corpus_gives_sensible_neighbours(tmp_path: Path) -> None:
    source = CLONE / "sample_corpora" / "english.txt"
    vectors = wvcli.train(source, tmp_path / "m.safetensors", dim=50, epochs=15, **GLOVE)
    near = {word for word, _ in vectors.most_similar("cat", 10)}
    assert near & {"dog", "cats", "parrot", "canary", "kitten", "mouse", "puppy"}
