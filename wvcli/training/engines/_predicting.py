"""What is common to engines whose models predict words: their loss, and their words' vectors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wvcli.errors import WvcliError
from wvcli.reporting import OnProgress
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import FloatArray, Trained
from wvcli.training.engines._tables import Tables
from wvcli.training.loss import LossSample
from wvcli.training.settings import TrainSettings
from wvcli.vectors.subwords import add_rows

_COMPOSED_WORDS = 4_096  # FastText words whose vectors are composed at a time


class PredictingTrainer(ABC):
    """A Word2Vec or FastText model in training.

    Attributes:
        corpus: what it is trained on.
        is_fasttext: whether it has subwords.
        stretch: tokens to train on in one call.
    """

    stretch: int

    def __init__(self, corpus: EncodedCorpus, settings: TrainSettings) -> None:
        self.corpus = corpus
        self.is_fasttext = settings.algorithm == "fasttext"
        self._settings = settings
        self._loss_sample: LossSample | None = None

    @property
    @abstractmethod
    def tables(self) -> Tables:
        """What is looked up about the words."""

    @property
    @abstractmethod
    def tensors(self) -> Mapping[str, FloatArray]:
        """The arrays as they are now, as `Trainer` names them."""

    @abstractmethod
    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        """Train on a stretch of text."""

    @abstractmethod
    def freeze(self, words: IdArray | None) -> None:
        """Leave the vectors of these words as they are from now on."""

    @abstractmethod
    def random_state(self) -> dict[str, Any]:
        """Return the state of the random numbers, as JSON."""

    @abstractmethod
    def set_random_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state of the random numbers."""

    @property
    def kept_tensors(self) -> Mapping[str, FloatArray]:
        return self.tensors

    def prepare(self, on_progress: OnProgress) -> None:  # noqa: B027
        """Do nothing: there is nothing to be done before the first epoch."""

    def stretches(self, least: int | None = None) -> Sequence[Stretch]:
        return self.corpus.stretches(least or self.stretch)

    def expected_sample(self) -> tuple[float, float]:
        counts = self.corpus.counts
        if not self._settings.sample:
            return float(counts.sum()), 0.0
        kept = self.tables.keep.astype(np.float64) / 2**32
        return float(counts @ kept), float(np.sqrt(counts @ (kept * (1 - kept))))

    def loss(self) -> float | None:
        if self._loss_sample is None:
            self._loss_sample = LossSample.of(self.corpus, self._settings)
        return self._loss_sample.loss(self) if self._loss_sample else None

    def inputs(self, words: IdArray) -> FloatArray:
        """Return float32 [words, dim], the vectors of these words as they are now."""
        if not self.is_fasttext:
            vectors: FloatArray = self.tensors["vectors"][words]
            return vectors
        composed: FloatArray = self.tensors["input.words"][words]
        ngrams = self.tables.ngrams.some(words)
        # In Gensim's order of addition, so that the sums are the same to the last bit.
        add_rows(composed, self.tensors["subwords.vectors"], ngrams.items, ngrams.starts)
        composed /= (ngrams.lengths() + 1).astype(np.float32)[:, None]
        return composed

    def pieces(self, words: IdArray) -> IdArray:
        """Return uint32 [words], how many vectors each word is made of: CBOW takes the mean over all of them."""
        return (1 + self.tables.ngrams.lengths()[words]).astype(np.uint32)

    def paths(self, word: int) -> tuple[IdArray, FloatArray]:
        """Return a word's path in the Huffman tree: its inner nodes, and at each 1 for left or -1 for right."""
        return self.tables.nodes[word], 1 - 2 * self.tables.sides[word].astype(np.float32)

    def vectors(self) -> FloatArray:
        if not self.is_fasttext:
            return self.tensors["vectors"]
        composed = self._room_for_vectors()
        for start in range(0, len(composed), _COMPOSED_WORDS):
            words = np.arange(start, min(start + _COMPOSED_WORDS, len(composed)), dtype=np.uint32)
            composed[words] = self.inputs(words)
        return composed

    def _room_for_vectors(self) -> FloatArray:
        """Return float32 [words, dim], an array for vectors that are made of n-grams."""
        return np.empty(self.tensors["input.words"].shape, dtype=np.float32)


def no_memory(corpus: EncodedCorpus, settings: TrainSettings) -> WvcliError:
    """Return the error that there is not enough memory for a model."""
    return WvcliError(
        f"there is not enough memory for {len(corpus.words):,} words of {settings.dim:,} dimensions",
        "choose a smaller `dim`, `max_vocab` or `buckets`, or a larger `min_count`",
    )


def training_error(failure: BaseException) -> WvcliError:
    """Return the error to raise when a worker has failed."""
    if isinstance(failure, WvcliError):
        return failure
    error = WvcliError(f"training failed: {str(failure) or type(failure).__name__}")
    error.__cause__ = failure
    return error
