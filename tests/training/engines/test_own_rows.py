"""Rows of frequent words that each of several workers of the fast engine has for itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.training.engines import runs
from tests.training.engines.runs import BASE, encode, make_texts, train
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training import engines
from wvcli.training.engines import fast
from wvcli.training.settings import TrainSettings

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
@pytest.mark.parametrize("period", [3, 16, 10**6])
def test_what_several_workers_learn_of_frequent_words_is_shared(
    even: EncodedCorpus, monkeypatch: pytest.MonkeyPatch, period: int, settings: TrainSettings, alike: float
) -> None:
    monkeypatch.setattr(fast, "_FREQUENT", dict.fromkeys(fast._FREQUENT, 40))
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


def test_the_own_rows_of_one_word_are_shared_at_a_time() -> None:
    from wvcli.training.engines import _state
    from wvcli.training.engines._worker_rows import share_word

    @njit  # and not kept, as what it calls may change
    def share(weights: Any, room: Any, turn: int) -> None:
        share_word(_state.at_weights(weights), _state.at_room(room), turn)

    words, slots, frequent, width = 9, 4, 3, 16
    own = _state.WorkerRows.of(1, words, slots, False, 1, frequent, frequent, 1)
    room = _state.Scratch.of(own, 2, 6, width)
    room.pool[:] = 2, 5, 0, 1
    tables = [_state.aligned((50, width)) for _ in range(2)]
    firsts, befores = (own.output, own.words), (room.output_before, room.words_before)
    for table, first, before in zip(tables, firsts, befores, strict=True):
        table[:] = np.arange(50)[:, None]  # what others have changed meanwhile is in the rows of all
        table[first : first + frequent], before[:] = 7, 5
    expected = [table.copy() for table in tables]
    for turn, word in ((0, 2), (1, None), (6, 0)):
        weights = _state.Weights(tables[1].reshape(-1), tables[1][0], tables[0].reshape(-1), tables[1][0], width)
        share(weights, room, turn)
        for table, first, before, wanted in zip(tables, firsts, befores, expected, strict=True):
            if word is not None:
                wanted[word] += 2
                wanted[first + word] = wanted[word]
                assert (before.reshape(frequent, width)[word] == wanted[word]).all()
            np.testing.assert_array_equal(table, wanted)


def test_they_are_only_where_they_are_of_use(even: EncodedCorpus, tmp_path: Path) -> None:
    assert own_rows(even, CBOW) == 128
    assert own_rows(even, SUBWORDS) == WORDS
    many = encoded([[f"w{number}" for number in range(1_100)]] * 6, tmp_path / "many")
    assert own_rows(many, SUBWORDS) == 1_024
    assert own_rows(many, replace(SUBWORDS, dim=300)) == 377  # as many as there are noise words at hand
    assert own_rows(even, replace(CBOW, workers=1)) == 0
    assert own_rows(even, replace(CBOW, architecture="skipgram")) == 0
    assert own_rows(even, replace(CBOW, loss="hierarchical")) == 0
    assert own_rows(even, replace(SUBWORDS, architecture="cbow")) == 0
    seldom = encoded([[f"w{number}" for number in range(33_000)]] * 2, tmp_path / "seldom")
    assert own_rows(seldom, CBOW) == 0  # what workers learn of a word would be shared too seldom
    uneven = encoded(make_texts(400), tmp_path / "uneven")
    assert own_rows(uneven, CBOW) == 0  # its first word is a sixth of the text
    few = encoded([[f"w{number}" for number in range(40)]] * 100, tmp_path / "few")
    assert own_rows(few, CBOW) == 40
    assert np.isfinite(train(few, CBOW, "fast").tensors["vectors"]).all()
