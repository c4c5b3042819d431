"""What holds of every engine."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models.fasttext import FastTextKeyedVectors

from tests.tokens.corpora import sentences
from tests.training.engines.runs import BASE, SUBWORDS, encode, make_texts, train
from wvcli.errors import WvcliError
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.provisional_corpus import LONGEST_TEXT
from wvcli.training.settings import TrainSettings


@pytest.fixture(params=["gensim", "fast"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def corpus(tmp_path: Path) -> EncodedCorpus:
    return encode(make_texts(), tmp_path)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_one_worker_trains_the_same_twice(
    corpus: EncodedCorpus, base: TrainSettings, architecture: Any, loss: Any, engine: str
) -> None:
    settings = replace(base, architecture=architecture, loss=loss)
    first, second = train(corpus, settings, engine), train(corpus, settings, engine)
    for name, array in first.tensors.items():
        np.testing.assert_array_equal(array, second.tensors[name])


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_every_token_is_trained_in_every_epoch_and_told(
    tmp_path: Path, base: TrainSettings, workers: int, engine: str
) -> None:
    texts = [["w1"], *make_texts(300), [f"w{n % 50}" for n in range(25_000)], ["w2", "w3"]]
    corpus = encode(texts, tmp_path)
    told: list[int] = []
    trained = train(corpus, replace(base, workers=workers), engine, told.append)
    assert trained.tokens_trained == [sum(map(len, texts))] * 3
    assert told == sorted(told)
    assert told[-1] == 3 * sum(map(len, texts))
    assert all(np.isfinite(array).all() for array in trained.tensors.values())


@pytest.mark.parametrize("sample", [1e-6, 1e-4, 1e-2, 0.5])
def test_thinning_out_frequent_words_is_not_taken_for_lost_text(
    tmp_path: Path, sample: float, engine: str
) -> None:
    texts = [["the"] * 5 + [f"w{n % 300}"] * (n % 4) for n in range(2_000)]
    corpus = encode(texts, tmp_path)
    for seed in range(3):
        trained = train(corpus, replace(BASE, sample=sample, seed=seed, epochs=1), engine)
        assert trained.tokens_trained == [corpus.tokens_kept]


@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
@pytest.mark.parametrize("text", ["a b", "b a a", "a b c " * 3_400])
def test_the_smallest_corpora_train(
    tmp_path: Path, base: TrainSettings, loss: Any, text: str, engine: str
) -> None:
    corpus = encode([text.split()], tmp_path)
    trained = train(corpus, replace(base, loss=loss, workers=3, sample=0.0), engine)
    assert trained.tokens_trained == [corpus.tokens_kept] * 3
    assert trained.tensors["vectors"].shape == (len(corpus.words), 16)


def test_the_last_word_of_a_very_long_text_is_trained(tmp_path: Path, engine: str) -> None:
    """Gensim by itself drops what a text has beyond 10,000 tokens and counts it as trained."""
    text = ["one", "two", "three"] * 66_660 + ["last", "word"] * 10
    corpus = encode([text], tmp_path)
    settings = replace(BASE, sample=0.0, epochs=1)
    untouched = train(corpus, replace(settings, alpha=1e-9, min_alpha=0.0), engine).tensors["vectors"]
    trained = train(corpus, settings, engine)
    assert trained.tokens_trained == [200_000]
    moved = np.abs(trained.tensors["vectors"] - untouched).max(axis=1)
    assert dict(zip(corpus.words, (moved > 1e-5).tolist(), strict=True)) == dict.fromkeys(corpus.words, True)


def test_batches_of_long_texts_are_whole(tmp_path: Path, engine: str) -> None:
    texts = [[f"w{n % 90}" for n in range(length)] for length in (9_999, 10_000, 1, 10_000, 5_001, 5_000, 2)]
    corpus = encode(texts, tmp_path)
    assert max(map(len, sentences(corpus))) == LONGEST_TEXT
    trained = train(corpus, replace(BASE, workers=2, epochs=1, sample=0.0), engine)
    assert trained.tokens_trained == [40_003]


@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_training_tells_of_itself_within_an_epoch(tmp_path: Path, base: TrainSettings, engine: str) -> None:
    """Gensim by itself has nothing to say before an epoch is over."""
    corpus = encode(make_texts(4_000), tmp_path)
    told: list[int] = []
    train(corpus, replace(base, epochs=1), engine, told.append)
    assert len(told) >= 4
    assert told[0] < corpus.tokens_kept / 3


def test_the_learning_rate_ends_where_it_was_told_to(tmp_path: Path, engine: str) -> None:
    """Gensim by itself takes a learning rate of 0 for one not given."""
    corpus = encode(make_texts(2_500), tmp_path)
    ends = [
        train(corpus, replace(BASE, epochs=1, min_alpha=end), engine).tensors["vectors"]
        for end in (0.0, 1e-4, 0.025)
    ]
    assert not np.array_equal(ends[0], ends[1])
    still = replace(BASE, alpha=1e-9, min_alpha=0.0)
    once, often = train(corpus, replace(still, epochs=1), engine), train(corpus, replace(still, epochs=4), engine)
    np.testing.assert_allclose(once.tensors["vectors"], often.tensors["vectors"], atol=1e-6)
    moved = [np.abs(end - once.tensors["vectors"]).mean() for end in ends]
    assert moved[0] < moved[1] < moved[2]


@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_words_in_like_company_become_alike(tmp_path: Path, base: TrainSettings, engine: str) -> None:
    corpus = encode(make_texts(2_000, words=60), tmp_path)
    trained = train(corpus, replace(base, epochs=15, alpha=0.05, min_n=6, max_n=6, sample=0.0), engine)
    vectors = trained.tensors["vectors"]
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    row = {word: index for index, word in enumerate(corpus.words)}
    near = np.mean([units[row[f"w{n}"]] @ units[row[f"w{n + 1}"]] for n in range(20)])
    far = np.mean([units[row[f"w{n}"]] @ units[row[f"w{n + 20}"]] for n in range(20)])
    assert near > far + 0.3


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_fasttext_vectors_are_composed_as_gensim_composes_them(
    corpus: EncodedCorpus, architecture: Any, engine: str
) -> None:
    """While it trains, Gensim's `wv.vectors` are the untrained ones."""
    settings = replace(SUBWORDS, architecture=architecture)
    tensors = train(corpus, settings, engine).tensors
    keyed = FastTextKeyedVectors(vector_size=16, min_n=2, max_n=4, bucket=300)
    keyed.index_to_key = corpus.words
    keyed.key_to_index = {word: row for row, word in enumerate(corpus.words)}
    keyed.vectors_vocab, keyed.vectors_ngrams = tensors["input.words"], tensors["subwords.vectors"]
    keyed.recalc_char_ngram_buckets()
    keyed.adjust_vectors()
    np.testing.assert_array_equal(tensors["vectors"], keyed.vectors)
    untrained = train(corpus, replace(settings, alpha=1e-9, min_alpha=0.0), engine).tensors["vectors"]
    assert np.abs(tensors["vectors"] - untrained).max() > 0.01


# --- failures end the run; Gensim by itself would wait for ever ---


@pytest.fixture
def sharded(tmp_path: Path) -> EncodedCorpus:
    """A corpus in many shards, more than Gensim's queues hold at once."""
    corpus = encode(make_texts(10_000, words=200), tmp_path, shard_ids=5_000)
    assert len(corpus.shards) > 20
    return corpus


def delete(path: Path) -> None:
    path.unlink(missing_ok=True)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def fill_with_unknown_words(path: Path) -> None:
    path.write_bytes(np.array([7, 2_000_000, 0xFFFFFFFF], dtype="<u4").tobytes())


def remove_folder(path: Path) -> None:
    shutil.rmtree(path.parent, ignore_errors=True)


@pytest.mark.parametrize(("base", "workers"), [(BASE, 1), (SUBWORDS, 3)], ids=["word2vec", "fasttext"])
@pytest.mark.parametrize("damage", [delete, empty, fill_with_unknown_words, remove_folder])
def test_text_lost_during_training_ends_the_run_with_an_error(
    sharded: EncodedCorpus, base: TrainSettings, damage: Callable[[Path], None], workers: int, engine: str
) -> None:
    def lose(tokens: int) -> None:
        if tokens < sharded.tokens_kept / 3:
            damage(sharded.shards[-1])

    with pytest.raises(WvcliError) as caught:
        train(sharded, replace(base, workers=workers, epochs=2), engine, lose)
    assert caught.value.message


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("failure", [RuntimeError("the listener is gone"), MemoryError(), WvcliError("our own")])
def test_a_failure_inside_a_worker_ends_the_run_with_an_error(
    sharded: EncodedCorpus, failure: Exception, epoch: int, engine: str
) -> None:
    def fail(tokens: int) -> None:
        if tokens > (epoch - 1) * sharded.tokens_kept:
            raise failure

    with pytest.raises(WvcliError) as caught:
        train(sharded, replace(BASE, workers=2, epochs=2), engine, fail)
    if isinstance(failure, WvcliError):
        assert caught.value is failure
    else:
        assert caught.value.__cause__ is failure
        assert not caught.value.message.rstrip().endswith(":")
