"""Gensim's own training loops, fed and watched by us.

Gensim hangs when its feed or a worker fails, cuts long texts without a word, and counts what it was given
rather than what it trained. So the feed never raises into Gensim, a failing worker ends the run with its
error, texts come in lengths Gensim takes whole, and each epoch is held against three counts: the tokens fed,
the tokens Gensim says it was given, and the tokens that subsampling must have left of them.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from gensim.models import FastText, Word2Vec

from wvcli.encoding import EncodedCorpus
from wvcli.engines import Engine, OnTokens, Options, Trained, versions_of
from wvcli.errors import WvcliError
from wvcli.settings import TrainSettings

logging.getLogger("gensim").addHandler(logging.NullHandler())  # its warnings are not for our users' terminal

# Standard deviations by which the subsampled count may miss its expectation; chance does that never (1e-23).
_MOST_DEVIATIONS = 10


@dataclass
class _Watch:
    """What is seen of a run from inside Gensim's threads."""

    on_tokens: OnTokens
    tokens_done: int = 0
    failure: BaseException | None = None
    lock: Lock = field(default_factory=Lock)

    def add(self, tokens: int) -> None:
        with self.lock:
            self.tokens_done += tokens
            self.on_tokens(self.tokens_done)


class _Watched:
    """Mixed into Gensim's models: reports each finished batch, and turns a failing worker into a failed run."""

    watch: _Watch

    def _do_train_job(self, sentences: list[list[str]], alpha: float, inits: Any) -> tuple[int, int]:
        if self.watch.failure is not None:
            return 0, 0
        try:
            sampled, given = super()._do_train_job(sentences, alpha, inits)  # type: ignore[misc]
            self.watch.add(given)
        except BaseException as error:  # it must not leave this thread, or Gensim waits for ever
            self.watch.failure = error
            return 0, 0
        return sampled, given


class _WatchedWord2Vec(_Watched, Word2Vec):  # type: ignore[misc]
    pass


class _WatchedFastText(_Watched, FastText):  # type: ignore[misc]
    pass


class _Feed:
    """The corpus as Gensim wants it, once an epoch; counts what it hands over and never raises."""

    def __init__(self, corpus: EncodedCorpus, watch: _Watch) -> None:
        self._corpus = corpus
        self._watch = watch
        self.tokens = 0

    def __iter__(self) -> Iterator[list[str]]:
        self.tokens = 0
        try:
            for sentence in self._corpus.sentences():
                if self._watch.failure is not None:
                    return
                self.tokens += len(sentence)
                yield sentence
        except Exception as error:
            self._watch.failure = error


def _train(corpus: EncodedCorpus, settings: TrainSettings, on_tokens: OnTokens) -> Trained:
    watch = _Watch(on_tokens)
    model = _model(corpus, settings, watch)
    feed = _Feed(corpus, watch)
    epochs = settings.epochs or 1
    fall = (settings.alpha - settings.min_alpha) / epochs
    tokens_trained = []
    for epoch in range(epochs):
        # Set, not passed: Gensim takes a learning rate of 0 given to train() for one not given.
        model.alpha = settings.alpha - fall * epoch
        model.min_alpha = settings.min_alpha if epoch == epochs - 1 else settings.alpha - fall * (epoch + 1)
        tokens_trained.append(_train_epoch(model, feed, corpus, watch))
    return Trained(_tensors(model), tokens_trained, versions_of("gensim", "numpy"))


def _train_epoch(model: Any, feed: _Feed, corpus: EncodedCorpus, watch: _Watch) -> int:
    """Train one epoch; the tokens trained on, which all counts agree on."""
    try:
        sampled, given = model.train(feed, total_words=corpus.tokens_kept, epochs=1)
    except BaseException as error:  # Ctrl-C, mostly: the threads must stop as well
        watch.failure = error
        raise
    if watch.failure is not None:
        if isinstance(watch.failure, WvcliError):
            raise watch.failure
        raise WvcliError(f"training failed: {watch.failure}") from watch.failure
    expected, deviation = _expected_sample(model, corpus.counts)
    if given != feed.tokens or abs(sampled - expected) > _MOST_DEVIATIONS * deviation + 1:
        raise WvcliError(
            f"Gensim did not train on the whole text: {feed.tokens:,} tokens were fed, it counted {given:,} "
            f"and trained {sampled:,} where {expected:,.0f} were due"
        )
    return int(given)


def _expected_sample(model: Any, counts: npt.NDArray[np.int64]) -> tuple[float, float]:
    """How many tokens subsampling leaves of an epoch: the expectation and the standard deviation."""
    if not model.sample:
        return float(counts.sum()), 0.0
    kept = model.wv.expandos["sample_int"].astype(np.float64) / 2**32
    return float(counts @ kept), float(np.sqrt(counts @ (kept * (1 - kept))))


def _model(corpus: EncodedCorpus, settings: TrainSettings, watch: _Watch) -> Any:
    """A Gensim model with the corpus's vocabulary and fresh weights."""
    options: Options = {
        "vector_size": settings.dim,
        "window": settings.window,
        "shrink_windows": not settings.fixed_window,
        "min_count": 1,  # the vocabulary is decided already
        "sorted_vocab": 0,  # and sorted: Gensim's own sort leaves ties to chance
        "sg": int(settings.architecture == "skipgram"),
        "hs": int(settings.loss == "hierarchical"),
        "negative": settings.negative if settings.loss == "negative" else 0,
        "ns_exponent": settings.noise_exponent,
        "sample": settings.sample,
        "alpha": settings.alpha,
        "min_alpha": settings.min_alpha,
        "workers": settings.workers,
        "seed": settings.seed,
    }
    if settings.algorithm == "fasttext":
        model = _WatchedFastText(**options, min_n=settings.min_n, max_n=settings.max_n, bucket=settings.buckets)
    else:
        model = _WatchedWord2Vec(**options)
    model.watch = watch
    model.build_vocab_from_freq(dict(zip(corpus.words, corpus.counts.tolist(), strict=True)))
    return model


def _tensors(model: Any) -> dict[str, npt.NDArray[np.float32]]:
    tensors = {"vectors": model.wv.vectors}
    if isinstance(model, FastText):
        tensors["subwords.vectors"] = model.wv.vectors_ngrams
        tensors["input.words"] = model.wv.vectors_vocab
    if model.hs:
        tensors["output.hierarchical"] = model.syn1
    else:
        tensors["output.negative"] = model.syn1neg
    return tensors


ENGINE = Engine("gensim", "Gensim's own training loops", _train)
