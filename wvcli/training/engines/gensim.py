"""Gensim's own training loops, fed and watched by wvcli.

Gensim hangs when its feed or a worker fails, cuts long texts silently, and counts what it was given rather than
what it trained. So the feed never raises into Gensim, a failing worker ends the run with its error, and texts come
in lengths that Gensim takes whole.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from gensim.models import FastText, Word2Vec

from wvcli.errors import WvcliError
from wvcli.reporting import OnNote
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import Engine, FloatArray, OnTokens, Trained
from wvcli.training.engines._predicting import PredictingTrainer, no_memory, training_error
from wvcli.training.engines._tables import Lists, Tables
from wvcli.training.settings import TrainSettings

# Its warnings are not for the terminal of wvcli's users.
logging.getLogger("gensim").addHandler(logging.NullHandler())


@dataclass
class _Watch:
    """What Gensim's threads report of a run, and read of it.

    Attributes:
        on_tokens: called with the number of tokens of each batch that has been trained on.
        failure: what went wrong first, or None.
    """

    on_tokens: OnTokens
    failure: BaseException | None = None


class _Watched:
    """Mixed into Gensim's models: report each finished batch, and let a failing worker end the run."""

    watch: _Watch

    def _do_train_job(self, sentences: list[list[str]], alpha: float, inits: Any) -> tuple[int, int]:
        if self.watch.failure is not None:
            return 0, 0
        try:
            sampled, given = super()._do_train_job(sentences, alpha, inits)  # type: ignore[misc]
            self.watch.on_tokens(given)
        except BaseException as error:  # raised in this thread, Gensim would wait forever
            self.watch.failure = error
            return 0, 0
        return sampled, given

    def _clear_post_train(self) -> None:
        """Do nothing: Gensim's FastText would compose every word's vector after each stretch."""


class _WatchedWord2Vec(_Watched, Word2Vec):  # type: ignore[misc]
    pass


class _WatchedFastText(_Watched, FastText):  # type: ignore[misc]
    pass


class _Feed:
    """A stretch of text as sentences for Gensim; counts the tokens it hands over, and never raises."""

    def __init__(self, corpus: EncodedCorpus, stretch: Stretch, watch: _Watch) -> None:
        self._corpus = corpus
        self._stretch = stretch
        self._watch = watch
        self.tokens = 0

    def __iter__(self) -> Iterator[list[str]]:
        self.tokens = 0
        try:
            for sentence in self._corpus.sentences(self._stretch):
                if self._watch.failure is not None:
                    return
                self.tokens += len(sentence)
                yield sentence
        except Exception as error:
            self._watch.failure = error


class GensimTrainer(PredictingTrainer):
    """A Gensim model in training.

    Attributes:
        model: Gensim's model.

    Raises:
        WvcliError: there is not enough memory.
    """

    stretch = 500_000

    def __init__(
        self, corpus: EncodedCorpus, settings: TrainSettings, on_tokens: OnTokens, on_note: OnNote
    ) -> None:
        super().__init__(corpus, settings)
        self._watch = _Watch(on_tokens)
        try:
            self.model = _model(corpus, settings, self._watch)
        except MemoryError as error:
            raise no_memory(corpus, settings) from error

    @cached_property
    def tables(self) -> Tables:
        wv, none = self.model.wv, Lists.empty(len(self.corpus.words))
        sums = self.model.cum_table.astype(np.float64) if self.model.negative else np.zeros(0)
        return Tables(
            frequencies=wv.expandos["count"],
            keep=wv.expandos["sample_int"].astype(np.uint32),
            noise=np.diff(sums, prepend=np.zeros(min(1, len(sums)))),
            ngrams=Lists.of(wv.buckets_word) if self.is_fasttext else none,
            nodes=Lists.of(wv.expandos["point"]) if self.model.hs else none,
            sides=Lists.of(wv.expandos["code"]) if self.model.hs else none,
        )

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        wv = self.model.wv
        inputs = (
            {"input.words": wv.vectors_vocab, "subwords.vectors": wv.vectors_ngrams}
            if self.is_fasttext
            else {"vectors": wv.vectors}
        )
        if self.model.hs:
            return inputs | {"output.hierarchical": self.model.syn1}
        return inputs | {"output.negative": self.model.syn1neg}

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        feed = _Feed(self.corpus, stretch, self._watch)
        # Set, not passed: Gensim's train() takes a learning rate of 0 as none given.
        self.model.alpha, self.model.min_alpha = alpha, min_alpha
        try:
            sampled, given = self.model.train(feed, total_words=stretch.tokens, epochs=1)
        except BaseException as error:  # Ctrl-C, mostly: the threads must stop as well
            self._watch.failure = error
            raise
        failure = self._watch.failure
        if failure is not None:
            raise training_error(failure)
        if given != feed.tokens:
            raise WvcliError(f"Gensim was fed {feed.tokens:,} tokens and counted {given:,}")
        return Trained(int(given), int(sampled))

    def freeze(self, words: IdArray | None) -> None:
        factors = np.ones(len(self.corpus.words), dtype=np.float32)
        if words is not None:
            factors[words] = 0
        self.model.wv.vectors_lockf = factors

    def random_state(self) -> dict[str, Any]:
        _, key, position, has_gauss, gauss = self.model.random.get_state()
        return {"key": key.tolist(), "position": position, "has_gauss": has_gauss, "gauss": gauss}

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        key = np.array(state["key"], dtype=np.uint32)
        self.model.random.set_state(("MT19937", key, state["position"], state["has_gauss"], state["gauss"]))

    def _room_for_vectors(self) -> FloatArray:
        vectors: FloatArray = self.model.wv.vectors  # where Gensim has them; training leaves it alone
        return vectors


def _model(corpus: EncodedCorpus, settings: TrainSettings, watch: _Watch) -> Any:
    """Return a Gensim model with the corpus's vocabulary and fresh weights."""
    options: dict[str, Any] = {
        "vector_size": settings.dim,
        "window": settings.window,
        "shrink_windows": not settings.fixed_window,
        "min_count": 1,  # the vocabulary is decided already
        "sorted_vocab": 0,  # and sorted: Gensim's own sort orders ties by chance
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
        subwords = {"min_n": settings.min_n, "max_n": settings.max_n, "bucket": settings.buckets}
        model = _WatchedFastText(**options, **subwords)
    else:
        model = _WatchedWord2Vec(**options)
    model.watch = watch
    model.build_vocab_from_freq(dict(zip(corpus.words, corpus.frequencies.tolist(), strict=True)))
    return model


ENGINE = Engine(
    "gensim",
    "Gensim's own training loops",
    ("gensim", "numpy"),
    ("word2vec", "fasttext"),
    GensimTrainer,
    stretch=GensimTrainer.stretch,
)
