"""Replicas of the rows of frequent words, which each of several workers of the fast engine has for itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit

from tests.training.engines import runs
from tests.training.engines.runs import BASE, encode, make_texts, start_fast, train
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training.engines._tuning import Tuning
from wvcli.training.settings import TrainSettings

WORDS = 150
CBOW = replace(BASE, architecture="cbow", sample=0.0, epochs=5, workers=3)
SUBWORDS = replace(runs.SUBWORDS, sample=0.0, epochs=5, workers=3)


@pytest.fixture(scope="module")
def even(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    """Texts in which word n stands near the words n - 1 and n + 1, and all are about as frequent."""
    rng = np.random.default_rng(0)
    starts, steps = rng.integers(0, WORDS, (4000, 1)), rng.integers(-1, 2, (4000, 12)).cumsum(axis=1)
    texts = [[f"w{number}" for number in row] for row in (starts + steps) % WORDS]
    return encode(texts, tmp_path_factory.mktemp("even"))


def encoded(texts: list[list[str]], folder: Path) -> EncodedCorpus:
    folder.mkdir()
    return encode(texts, folder)


def replicas(corpus: EncodedCorpus, settings: TrainSettings, tuning: Tuning | None = None) -> int:
    trainer = start_fast(corpus, settings, tuning or Tuning())
    (count,) = {scratch.rows.output_replicas for scratch in trainer.loop.scratch}
    return count


@pytest.mark.parametrize(("settings", "alike"), [(CBOW, 0.4), (SUBWORDS, 0.6)], ids=["cbow", "fasttext"])
@pytest.mark.parametrize("windows", [3, 16, 10**6])
def test_what_several_workers_learn_of_frequent_words_is_shared(
    even: EncodedCorpus, windows: int, settings: TrainSettings, alike: float
) -> None:
    tuning = Tuning(
        cbow_replicas=40,
        subword_skipgram_replicas=40,
        cbow_sync_windows=windows,
        subword_skipgram_sync_windows=windows,
    )
    assert replicas(even, settings, tuning) == 40
    trained = train(even, settings, "fast", tuning=tuning).tensors
    vectors, lengths = trained["vectors"], np.linalg.norm(trained["output.negative"], axis=1)
    assert 0.5 < lengths[:40].mean() / lengths[40:].mean() < 2
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = np.array([int(word[1:]) for word in even.words])
    rows = np.argsort(numbers)
    for group in (slice(0, 40), slice(40, WORDS)):
        near, far = (rows[(numbers[group] + step) % WORDS] for step in (1, WORDS // 2))
        assert (vectors[group] * vectors[near]).sum(axis=1).min() > 0.8
        assert (vectors[group] * vectors[far]).sum(axis=1).mean() < alike


def test_the_replicas_of_one_word_are_synchronized_at_a_time() -> None:
    from wvcli.training.engines import _state
    from wvcli.training.engines._worker_rows import synchronize_one

    @njit  # and not cached, as what it calls may change
    def synchronize(weights: Any, scratch: Any, turn: int) -> None:
        synchronize_one(_state.pointers(weights), _state.pointers(scratch), turn)

    words, frequent, width = 9, 3, 16
    rows = _state.WorkerRows.of(
        worker=1,
        words=words,
        pool_size=4,
        has_copies=False,
        output_replicas=frequent,
        word_replicas=frequent,
        refresh_windows=1,
        sync_windows=1,
    )
    scratch = _state.Scratch.of(rows, window=2, targets=6, width=width)
    scratch.pool[:] = 2, 5, 0, 1
    output, word_vectors = (_state.aligned_zeros((50, width)) for _ in range(2))
    matrices = (
        (output, rows.first_output_replica, scratch.output_snapshot),
        (word_vectors, rows.first_word_replica, scratch.word_snapshot),
    )
    for matrix, first, snapshot in matrices:
        matrix[:] = np.arange(50)[:, None]  # the shared rows, which other workers have changed meanwhile
        matrix[first : first + frequent], snapshot[:] = 7, 5
    expected = [matrix.copy() for matrix, _, _ in matrices]
    weights = _state.Weights(
        word_vectors=word_vectors.reshape(-1),
        ngram_vectors=np.zeros(0, np.float32),
        output=output.reshape(-1),
        lock_factors=np.zeros(0, np.float32),
        width=width,
        length=width,
    )
    for turn, word in ((0, 2), (1, None), (6, 0)):
        synchronize(weights, scratch, turn)
        for (matrix, first, snapshot), wanted in zip(matrices, expected, strict=True):
            if word is not None:
                wanted[word] += 2
                wanted[first + word] = wanted[word]
                assert (snapshot.reshape(frequent, width)[word] == wanted[word]).all()
            np.testing.assert_array_equal(matrix, wanted)


def test_there_are_replicas_only_where_they_are_of_use(even: EncodedCorpus, tmp_path: Path) -> None:
    assert replicas(even, CBOW) == 128
    assert replicas(even, SUBWORDS) == WORDS
    many = encoded([[f"w{number}" for number in range(1_100)]] * 6, tmp_path / "many")
    assert replicas(many, SUBWORDS) == 1_024
    assert replicas(many, replace(SUBWORDS, dim=300)) == 377  # as many as there are words in the noise pool
    assert replicas(even, replace(CBOW, workers=1)) == 0
    assert replicas(even, replace(CBOW, architecture="skipgram")) == 0
    assert replicas(even, replace(CBOW, loss="hierarchical")) == 0
    assert replicas(even, replace(SUBWORDS, architecture="cbow")) == 0
    seldom = encoded([[f"w{number}" for number in range(33_000)]] * 2, tmp_path / "seldom")
    assert replicas(seldom, CBOW) == 0  # a word would be synchronized too seldom
    uneven = encoded(make_texts(400), tmp_path / "uneven")
    assert replicas(uneven, CBOW) == 0  # its first word is a sixth of the text
    few = encoded([[f"w{number}" for number in range(40)]] * 100, tmp_path / "few")
    assert replicas(few, CBOW) == 40
    assert np.isfinite(train(few, CBOW, "fast").tensors["vectors"]).all()
