"""How well a model in training predicts one fixed sample of its text.

The loss that Gensim adds up while it trains is float32, depends on the number of workers and is absent for
FastText. This one is computed from the weights, in float64, over the same examples each time: the mean loss
of negative sampling (Mikolov et al., "Distributed Representations of Words and Phrases", 2013, equation 4), or
the mean negative log-likelihood of hierarchical softmax (equation 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import TEXT_END, IdArray
from wvcli.training.settings import TrainSettings

_EXAMPLES = 4_000  # enough to tell epochs apart, and quick compared with an epoch
_AT_ONCE = 250  # examples: all at once would take hundreds of megabytes with 300 dimensions
_SEED = 20_130_116  # of the sample, the same for every model


@runtime_checkable
class Predictor(Protocol):
    """A model that predicts words; `Trainer` in `engines` says what its arrays are."""

    @property
    def tensors(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """The arrays as they are now, by name: float32 [rows, dim] each."""

    def inputs(self, words: IdArray) -> npt.NDArray[np.float32]:
        """Return float32 [words, dim], the vectors of these words as they are now."""

    def pieces(self, words: IdArray) -> IdArray:
        """Return uint32 [words], how many vectors each word is made of: CBOW takes the mean over all of them."""

    def paths(self, word: int) -> tuple[IdArray, npt.NDArray[np.float32]]:
        """Return a word's path in the Huffman tree: its inner nodes, and at each 1 for left or -1 for right."""


@dataclass(frozen=True)
class LossSample:
    """A fixed sample of a corpus to measure the loss on.

    Attributes:
        contexts: for each example the input words: one for skip-gram, the window for CBOW.
        targets: uint32 [examples], the word to be predicted.
        noise: uint32 [examples, negative], noise words; no columns for hierarchical softmax.
    """

    contexts: list[IdArray]
    targets: IdArray
    noise: IdArray

    @classmethod
    def of(cls, corpus: EncodedCorpus, settings: TrainSettings) -> "LossSample":
        """Draw the sample; it depends on the corpus and the settings, but not on workers, seed or engine."""
        random = np.random.Generator(np.random.PCG64(_SEED))
        window = settings.window or 1
        contexts: list[IdArray] = []
        targets: list[int] = []
        for shard in range(len(corpus.shards)):
            ids = corpus.ids(shard)
            share = _EXAMPLES * len(ids) // max(1, corpus.tokens_kept) + 1
            for position in random.integers(0, len(ids), share).tolist():
                around = _around(ids, position, window)
                if ids[position] == TEXT_END or not len(around):
                    continue
                if settings.architecture == "skipgram":
                    around = around[[random.integers(len(around))]]
                contexts.append(around)
                targets.append(int(ids[position]))
        negative = settings.negative if settings.loss == "negative" else 0
        noise = _noise(corpus, settings.noise_exponent, (len(targets), negative), random)
        return cls(contexts, np.array(targets, dtype=np.uint32), noise)

    def loss(self, trainer: Predictor) -> float:
        """Return the mean loss of the sample, in nats per example."""
        words, counts = self._counts
        pieces = trainer.pieces(words).astype(np.float64)
        inputs = counts @ (trainer.inputs(words) * pieces[:, None])
        inputs /= (counts @ pieces)[:, None]
        losses = [
            self._losses(inputs[first : first + _AT_ONCE], slice(first, first + _AT_ONCE), trainer)
            for first in range(0, len(self.targets), _AT_ONCE)
        ]
        return float(np.mean(np.concatenate(losses)))

    @cached_property
    def _counts(self) -> tuple[IdArray, Any]:
        """The distinct input words, uint32; how often each is in an example, sparse float64 [examples, words]."""
        from scipy.sparse import csr_array

        words, columns = np.unique(np.concatenate(self.contexts), return_inverse=True)
        stops = np.cumsum([0, *map(len, self.contexts)])
        counts = csr_array((np.ones(len(columns)), columns, stops), shape=(len(self.contexts), len(words)))
        return words.astype(np.uint32), counts

    def _losses(
        self, inputs: npt.NDArray[np.float64], examples: slice, trainer: Predictor
    ) -> npt.NDArray[np.float64]:
        """Return float64 [examples], the loss of each."""
        targets, noise = self.targets[examples], self.noise[examples]
        if "output.hierarchical" in trainer.tensors:
            return _hierarchical(inputs, targets, trainer)
        output = trainer.tensors["output.negative"]
        right = np.einsum("ed,ed->e", inputs, output[targets].astype(np.float64))
        wrong = np.einsum("ed,end->en", inputs, output[noise].astype(np.float64))
        is_noise = noise != targets[:, None]  # noise that is the target itself is not trained on
        losses: npt.NDArray[np.float64] = _softplus(-right) + (_softplus(wrong) * is_noise).sum(axis=1)
        return losses

    def __bool__(self) -> bool:
        return len(self.targets) > 0


def _hierarchical(
    inputs: npt.NDArray[np.float64], targets: IdArray, trainer: Predictor
) -> npt.NDArray[np.float64]:
    """Return float64 [examples], the loss of each along its target's path."""
    output = trainer.tensors["output.hierarchical"]
    losses = np.zeros(len(targets))
    for example, target in enumerate(targets.tolist()):
        nodes, sides = trainer.paths(target)
        losses[example] = _softplus(-sides * (output[nodes].astype(np.float64) @ inputs[example])).sum()
    return losses


def _around(ids: IdArray, position: int, window: int) -> IdArray:
    """Return the words within the window on both sides of a position, in the same text."""
    before = ids[max(0, position - window) : position]
    after = ids[position + 1 : position + 1 + window]
    ends_before = np.flatnonzero(before == TEXT_END)
    ends_after = np.flatnonzero(after == TEXT_END)
    before = before[ends_before[-1] + 1 :] if len(ends_before) else before
    after = after[: ends_after[0]] if len(ends_after) else after
    return np.concatenate([before, after])


def _noise(corpus: EncodedCorpus, exponent: float, shape: tuple[int, int], random: np.random.Generator) -> IdArray:
    weights = np.cumsum(corpus.frequencies.astype(np.float64) ** exponent)
    drawn = np.searchsorted(weights, random.random(shape) * weights[-1], side="right")
    noise: IdArray = drawn.astype(np.uint32)
    return noise


def _softplus(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return log(1 + exp(x)) without overflow: the loss of a binary prediction whose log-odds are -x."""
    return np.logaddexp(0, x)
