import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from gensim.models import FastText, Word2Vec
from gensim.models.fasttext import FastTextKeyedVectors

from wvcli import encoding, engines
from wvcli.encoded import EncodedCorpus
from wvcli.encoding import LONGEST_TEXT, Encoding
from wvcli.errors import WvcliError
from wvcli.run import Run
from wvcli.settings import TrainSettings

TIME_LIMIT = 60  # seconds; each of these runs takes less than two
BASE = TrainSettings(
    algorithm="word2vec", architecture="skipgram", dim=16, window=4, epochs=3, min_count=1, workers=1, sample=0.01
)
SUBWORDS = replace(BASE, algorithm="fasttext", min_n=2, max_n=4, buckets=300)


def silent(tokens: int) -> None:
    pass


def make_texts(texts: int = 400, words: int = 120, length: int = 12, seed: int = 0) -> list[list[str]]:
    """Texts in which word n stands near the words n - 1 and n + 1, of Zipf's frequencies."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, words + 1)
    starts = rng.choice(words, size=texts, p=weights / weights.sum())
    steps = rng.integers(-1, 2, size=(texts, length)).cumsum(axis=1)
    return [[f"w{(start + step) % words}" for step in row] for start, row in zip(starts, steps, strict=True)]


def encode(texts: list[list[str]], folder: Path) -> EncodedCorpus:
    return Encoding.of([" ".join(text) for text in texts], str.split, folder).trimmed(1)


@pytest.fixture
def corpus(tmp_path: Path) -> EncodedCorpus:
    return encode(make_texts(), tmp_path)


@dataclass
class Trained:
    """What came of a run: its arrays, the words' vectors among them, and the tokens of each epoch."""

    tensors: dict[str, npt.NDArray[np.float32]]
    tokens_trained: list[int]


def train(corpus: EncodedCorpus, settings: TrainSettings, on_tokens: Callable[[int], None] = silent) -> Trained:
    """Train, and fail rather than wait for ever."""
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            done: list[int] = []
            trainer = engines.registry.get("gensim").start(
                corpus, settings, lambda count: (done.append(count), on_tokens(sum(done)))[0]
            )
            run = Run(corpus, settings, trainer)
            run.go()
            tensors = {**trainer.tensors, "vectors": trainer.vectors()}
            outcome["trained"] = Trained(tensors, [epoch["tokens_trained"] for epoch in run.history])
        except BaseException as error:
            outcome["error"] = error

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(TIME_LIMIT)
    assert not thread.is_alive(), "the run hangs"
    if "error" in outcome:
        raise outcome["error"]
    trained: Trained = outcome["trained"]
    return trained


def plain_gensim(corpus: EncodedCorpus, settings: TrainSettings) -> dict[str, npt.NDArray[np.float32]]:
    """The same by Gensim alone, used with the care that its traps ask for."""
    options: dict[str, Any] = {
        "vector_size": settings.dim,
        "window": settings.window,
        "shrink_windows": not settings.fixed_window,
        "min_count": 1,
        "sg": int(settings.architecture == "skipgram"),
        "hs": int(settings.loss == "hierarchical"),
        "negative": settings.negative if settings.loss == "negative" else 0,
        "sorted_vocab": 0,
        "ns_exponent": settings.noise_exponent,
        "sample": settings.sample,
        "alpha": settings.alpha,
        "min_alpha": settings.min_alpha,
        "seed": settings.seed,
        "workers": 1,
        "epochs": settings.epochs,
    }
    if settings.algorithm == "fasttext":
        options |= {"min_n": settings.min_n, "max_n": settings.max_n, "bucket": settings.buckets}
    model = (FastText if settings.algorithm == "fasttext" else Word2Vec)(**options)
    model.build_vocab_from_freq(dict(zip(corpus.words, corpus.counts.tolist(), strict=True)))
    model.train(list(corpus.sentences()), total_words=corpus.tokens_kept, epochs=model.epochs)
    tensors = {"vectors": model.wv.vectors}
    tensors["output.hierarchical" if model.hs else "output.negative"] = model.syn1 if model.hs else model.syn1neg
    if settings.algorithm == "fasttext":
        tensors |= {"subwords.vectors": model.wv.vectors_ngrams, "input.words": model.wv.vectors_vocab}
    return tensors


# Every setting that bears on training, each away from its usual value.
VARIANTS = {
    "nothing": {},
    "architecture": {"architecture": "cbow"},
    "loss": {"loss": "hierarchical"},
    "dim": {"dim": 9},
    "window": {"window": 1},
    "fixed_window": {"fixed_window": True},
    "epochs": {"epochs": 5},
    "negative": {"negative": 1},
    "noise_exponent": {"noise_exponent": -0.5},
    "sample": {"sample": 0.0},
    "alpha": {"alpha": 0.1},
    "min_alpha": {"min_alpha": 0.0},
    "a constant learning rate": {"min_alpha": 0.025},
    "seed": {"seed": 2**32 - 1},
}
FASTTEXT_VARIANTS = VARIANTS | {"min_n": {"min_n": 1}, "max_n": {"max_n": 6}, "buckets": {"buckets": 50}}


@pytest.mark.parametrize(
    ("base", "change"),
    [pytest.param(BASE, change, id=f"word2vec, {name}") for name, change in VARIANTS.items()]
    + [pytest.param(SUBWORDS, change, id=f"fasttext, {name}") for name, change in FASTTEXT_VARIANTS.items()],
)
def test_each_setting_trains_as_in_gensim(
    corpus: EncodedCorpus, base: TrainSettings, change: dict[str, Any]
) -> None:
    settings = replace(base, **change)
    ours, theirs = train(corpus, settings).tensors, plain_gensim(corpus, settings)
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
        assert ours[name].dtype == np.float32
    if change:
        other = train(corpus, base).tensors["vectors"]
        same_shape = other.shape == ours["vectors"].shape
        assert not (same_shape and np.allclose(other, ours["vectors"], rtol=1e-4, atol=1e-6))


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_one_worker_trains_the_same_twice(
    corpus: EncodedCorpus, base: TrainSettings, architecture: Any, loss: Any
) -> None:
    settings = replace(base, architecture=architecture, loss=loss)
    first, second = train(corpus, settings), train(corpus, settings)
    for name, array in first.tensors.items():
        np.testing.assert_array_equal(array, second.tensors[name])


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_every_token_is_trained_in_every_epoch_and_told(tmp_path: Path, base: TrainSettings, workers: int) -> None:
    texts = [["w1"], *make_texts(300), [f"w{n % 50}" for n in range(25_000)], ["w2", "w3"]]
    corpus = encode(texts, tmp_path)
    told: list[int] = []
    trained = train(corpus, replace(base, workers=workers), told.append)
    assert trained.tokens_trained == [sum(map(len, texts))] * 3
    assert told == sorted(told)
    assert told[-1] == 3 * sum(map(len, texts))
    assert all(np.isfinite(array).all() for array in trained.tensors.values())


@pytest.mark.parametrize("sample", [1e-6, 1e-4, 1e-2, 0.5])
def test_thinning_out_frequent_words_is_not_taken_for_lost_text(tmp_path: Path, sample: float) -> None:
    texts = [["the"] * 5 + [f"w{n % 300}"] * (n % 4) for n in range(2_000)]
    corpus = encode(texts, tmp_path)
    for seed in range(3):
        trained = train(corpus, replace(BASE, sample=sample, seed=seed, epochs=1))
        assert trained.tokens_trained == [corpus.tokens_kept]


@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
@pytest.mark.parametrize("text", ["a b", "b a a", "a b c " * 3_400])
def test_the_smallest_corpora_train(tmp_path: Path, base: TrainSettings, loss: Any, text: str) -> None:
    corpus = Encoding.of([text], str.split, tmp_path).trimmed(1)
    trained = train(corpus, replace(base, loss=loss, workers=3, sample=0.0))
    assert trained.tokens_trained == [corpus.tokens_kept] * 3
    assert trained.tensors["vectors"].shape == (len(corpus.words), 16)


def test_the_last_word_of_a_very_long_text_is_trained(tmp_path: Path) -> None:
    """Gensim by itself drops what a text has beyond 10,000 tokens and counts it as trained."""
    text = ["one", "two", "three"] * 66_660 + ["last", "word"] * 10
    corpus = encode([text], tmp_path)
    settings = replace(BASE, sample=0.0, epochs=1)
    untouched = train(corpus, replace(settings, alpha=1e-9, min_alpha=0.0)).tensors["vectors"]
    trained = train(corpus, settings)
    assert trained.tokens_trained == [200_000]
    moved = np.abs(trained.tensors["vectors"] - untouched).max(axis=1)
    assert dict(zip(corpus.words, (moved > 1e-5).tolist(), strict=True)) == dict.fromkeys(corpus.words, True)


def test_batches_of_long_texts_are_whole(tmp_path: Path) -> None:
    texts = [[f"w{n % 90}" for n in range(length)] for length in (9_999, 10_000, 1, 10_000, 5_001, 5_000, 2)]
    corpus = encode(texts, tmp_path)
    assert max(map(len, corpus.sentences())) == LONGEST_TEXT
    trained = train(corpus, replace(BASE, workers=2, epochs=1, sample=0.0))
    assert trained.tokens_trained == [40_003]


@pytest.mark.parametrize("sample", [0.0, 0.01])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_text_that_gensim_drops_without_a_word_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: TrainSettings, sample: float
) -> None:
    """Were a text not split, Gensim would drop its end, and count it as trained."""
    monkeypatch.setattr(encoding, "LONGEST_TEXT", 12_000)
    text = [f"w{n % 500}" for n in range(12_000)]
    corpus = encode([text] * 3, tmp_path)
    assert max(map(len, corpus.sentences())) == 12_000
    with pytest.raises(WvcliError, match="did not train on the whole text: 36,000 of 36,000"):
        train(corpus, replace(base, epochs=1, sample=sample))


@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_training_tells_of_itself_within_an_epoch(tmp_path: Path, base: TrainSettings) -> None:
    """Gensim by itself has nothing to say before an epoch is over."""
    corpus = encode(make_texts(4_000), tmp_path)
    told: list[int] = []
    train(corpus, replace(base, epochs=1), told.append)
    assert len(told) >= 4
    assert told[0] < corpus.tokens_kept / 3


def test_the_learning_rate_ends_where_it_was_told_to(tmp_path: Path) -> None:
    """Gensim by itself takes a learning rate of 0 for one not given."""
    corpus = encode(make_texts(2_500), tmp_path)
    ends = [train(corpus, replace(BASE, epochs=1, min_alpha=end)).tensors["vectors"] for end in (0.0, 1e-4, 0.025)]
    assert not np.array_equal(ends[0], ends[1])
    still = replace(BASE, alpha=1e-9, min_alpha=0.0)
    once, often = train(corpus, replace(still, epochs=1)), train(corpus, replace(still, epochs=4))
    np.testing.assert_allclose(once.tensors["vectors"], often.tensors["vectors"], atol=1e-6)
    moved = [np.abs(end - once.tensors["vectors"]).mean() for end in ends]
    assert moved[0] < moved[1] < moved[2]


@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_words_in_like_company_become_alike(tmp_path: Path, base: TrainSettings) -> None:
    corpus = encode(make_texts(2_000, words=60), tmp_path)
    trained = train(corpus, replace(base, epochs=15, alpha=0.05, min_n=6, max_n=6, sample=0.0))
    vectors = trained.tensors["vectors"]
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    row = {word: index for index, word in enumerate(corpus.words)}
    near = np.mean([units[row[f"w{n}"]] @ units[row[f"w{n + 1}"]] for n in range(20)])
    far = np.mean([units[row[f"w{n}"]] @ units[row[f"w{n + 20}"]] for n in range(20)])
    assert near > far + 0.3


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_fasttext_vectors_are_composed_as_gensim_composes_them(corpus: EncodedCorpus, architecture: Any) -> None:
    """While it trains, Gensim's `wv.vectors` are the untrained ones."""
    settings = replace(SUBWORDS, architecture=architecture)
    tensors = train(corpus, settings).tensors
    keyed = FastTextKeyedVectors(vector_size=16, min_n=2, max_n=4, bucket=300)
    keyed.index_to_key = corpus.words
    keyed.key_to_index = {word: row for row, word in enumerate(corpus.words)}
    keyed.vectors_vocab, keyed.vectors_ngrams = tensors["input.words"], tensors["subwords.vectors"]
    keyed.recalc_char_ngram_buckets()
    keyed.adjust_vectors()
    np.testing.assert_array_equal(tensors["vectors"], keyed.vectors)
    untrained = train(corpus, replace(settings, alpha=1e-9, min_alpha=0.0)).tensors["vectors"]
    assert np.abs(tensors["vectors"] - untrained).max() > 0.01


# --- failures end the run; Gensim by itself would wait for ever ---


@pytest.fixture
def sharded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EncodedCorpus:
    """A corpus in many shards, more than Gensim's queues hold at once."""
    monkeypatch.setattr(encoding, "SHARD_IDS", 5_000)
    corpus = encode(make_texts(10_000, words=200), tmp_path)
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
    sharded: EncodedCorpus, base: TrainSettings, damage: Callable[[Path], None], workers: int
) -> None:
    def lose(tokens: int) -> None:
        if tokens < sharded.tokens_kept / 3:
            damage(sharded.shards[-1])

    with pytest.raises(WvcliError) as caught:
        train(sharded, replace(base, workers=workers, epochs=2), lose)
    assert caught.value.message


@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("failure", [RuntimeError("the listener is gone"), MemoryError(), WvcliError("our own")])
def test_a_failure_inside_a_worker_ends_the_run_with_an_error(
    sharded: EncodedCorpus, failure: Exception, epoch: int
) -> None:
    def fail(tokens: int) -> None:
        if tokens > (epoch - 1) * sharded.tokens_kept:
            raise failure

    with pytest.raises(WvcliError) as caught:
        train(sharded, replace(BASE, workers=2, epochs=2), fail)
    if isinstance(failure, WvcliError):
        assert caught.value is failure
    else:
        assert caught.value.__cause__ is failure
        assert not caught.value.message.rstrip().endswith(":")


def test_the_packages_that_trained_are_named() -> None:
    import gensim

    assert engines.registry.get("gensim").versions() == {
        "gensim": gensim.__version__,
        "numpy": np.__version__,
    }
