"""Rows of frequent words that each of several workers of the fast engine has for itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.engines import runs
from tests.engines.runs import BASE, encode, make_texts, train
from wvcli import engines
from wvcli.encoded import EncodedCorpus
from wvcli.engines import fast
from wvcli.settings import TrainSettings

WORDS = 150
CBOW = replace(BASE, architecture="cbow", sample=0.0, epochs=5, workers=3)
SUBWORDS = replace(runs.SUBWORDS, sample=0.0, epochs=5, workers=3)


@pytest.fixture
def even(tmp_path: Path) -> EncodedCorpus:
    """Texts in which word n stands near the words n - 1 and n + 1, and all are about as frequent."""
    rng = np.random.default_rng(0)
    starts, steps = rng.integers(0, WORDS, (4000, 1)), rng.integers(-1, 2, (4000, 12)).cumsum(axis=1)
    return encode([[f"w{number}" for number in row] for row in (starts + steps) % WORDS], tmp_path)


def encoded(texts: list[list[str]], folder: Path) -> EncodedCorpus:
    folder.mkdir()
    return encode(texts, folder)


def own_rows(corpus: EncodedCorpus, settings: TrainSettings) -> int:
    trainer = engines.registry.get("fast").start(corpus, settings, lambda count: None, lambda note: None)
    assert isinstance(trainer, fast._FastTrainer)
    (count,) = {room.own.frequent for room in trainer._loop.rooms}
    return count


@pytest.mark.parametrize(("settings", "alike"), [(CBOW, 0.4), (SUBWORDS, 0.6)], ids=["cbow", "fasttext"])
@pytest.mark.parametrize("period", [1, 2_000, 10**6])
def test_what_several_workers_learn_of_frequent_words_is_shared(
    even: EncodedCorpus, monkeypatch: pytest.MonkeyPatch, period: int, settings: TrainSettings, alike: float
) -> None:
    monkeypatch.setattr(fast, "_FREQUENT", 40)
    monkeypatch.setattr(fast, "_PERIODS", dict.fromkeys(fast._PERIODS, period))
    assert own_rows(even, settings) == 40
    trained = train(even, settings, "fast").tensors
    vectors, lengths = trained["vectors"], np.linalg.norm(trained["output.negative"], axis=1)
    assert 0.5 < lengths[:40].mean() / lengths[40:].mean() < 2
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.array([int(word[1:]) for word in even.words])
    rows = np.argsort(numbers)
    for group in (slice(0, 40), slice(40, WORDS)):
        near, far = (rows[(numbers[group] + step) % WORDS] for step in (1, WORDS // 2))
        assert (vectors[group] * vectors[near]).sum(axis=1).min() > 0.8
        assert (vectors[group] * vectors[far]).sum(axis=1).mean() < alike


def test_they_are_only_where_they_are_of_use(even: EncodedCorpus, tmp_path: Path) -> None:
    assert own_rows(even, CBOW) == 128
    assert own_rows(even, SUBWORDS) == 128
    assert own_rows(even, replace(CBOW, workers=1)) == 0
    assert own_rows(even, replace(CBOW, architecture="skipgram")) == 0
    assert own_rows(even, replace(CBOW, loss="hierarchical")) == 0
    assert own_rows(even, replace(SUBWORDS, architecture="cbow")) == 0
    uneven = encoded(make_texts(400), tmp_path / "uneven")
    assert own_rows(uneven, CBOW) == 0  # its first word is a sixth of the text
    few = encoded([[f"w{number}" for number in range(40)]] * 100, tmp_path / "few")
    assert own_rows(few, CBOW) == 40
    assert np.isfinite(train(few, CBOW, "fast").tensors["vectors"]).all()
