"""The loss: falling, the same measure for every method and any number of workers, and what ends a run early."""

import math
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE

METHODS = [
    {"algorithm": algorithm, "architecture": architecture, "loss": loss}
    for algorithm in ("word2vec", "fasttext")
    for architecture in ("skipgram", "cbow")
    for loss in ("negative", "hierarchical")
]


def losses(tmp_path: Path, **settings: Any) -> list[float]:
    text, model = CLONE / "sample_corpora" / "english.txt", tmp_path / "model.safetensors"
    vectors = wvcli.train(text, model, overwrite=True, dim=30, **settings)
    return [epoch["loss"] for epoch in vectors.manifest["history"]]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS, ids=lambda method: "-".join(method.values()))
def test_the_loss_falls_over_epochs(tmp_path: Path, method: dict[str, str]) -> None:
    found = losses(tmp_path, epochs=5, **method)
    assert len(found) == 5
    assert found[-1] < found[0]
    if method["loss"] == "negative":
        assert 0 < found[-1] < 6 * math.log(2)  # of an untrained model: one true word and five of noise


def test_an_untrained_model_has_the_loss_of_guessing(tmp_path: Path) -> None:
    [loss] = losses(tmp_path, epochs=1, alpha=1e-9, min_alpha=0)
    assert loss == pytest.approx(6 * math.log(2), abs=0.05)  # noise that is the true word itself does not count


def test_the_loss_hardly_depends_on_the_workers(tmp_path: Path) -> None:
    one, two = (losses(tmp_path, epochs=8, workers=workers)[-1] for workers in (1, 2))
    assert one == pytest.approx(two, rel=0.02)


def test_word2vec_and_fasttext_are_measured_alike(tmp_path: Path) -> None:
    word2vec = losses(tmp_path, epochs=8)[-1]
    fasttext = losses(tmp_path, epochs=8, algorithm="fasttext")[-1]
    assert word2vec == pytest.approx(fasttext, rel=0.25)


def test_early_stop_ends_when_the_loss_hardly_falls(tmp_path: Path) -> None:
    stopped = losses(tmp_path, epochs=60, early_stop=True, workers=1)
    assert 5 < len(stopped) < 60
    lowest_before = min(stopped[:-3])
    assert min(stopped[-3:]) > lowest_before * 0.998
    for end in range(4, len(stopped)):  # and at no earlier epoch
        assert min(stopped[end - 3 : end]) <= min(stopped[: end - 3]) * 0.998
