"""GloVe (Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", 2014).

A word and its context have a vector and a bias each: the product of the vectors and the biases add up to about
the logarithm of how often the two occur near each other; pairs that are rare weigh less. Before the first epoch
all pairs are counted; an epoch is a pass over them, not over the text. The vector of a word in the end is the sum
of its two.

As in the authors' program windows are symmetric, a pair that is n words apart counts 1 / n, and what AdaGrad sums
up are the squares of steps, not of gradients; the steps of biases leave the learning rate out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError, WvcliError
from wvcli.reporting import OnNote, OnProgress, ignore_progress
from wvcli.system.compiling import note_if_compiling
from wvcli.system.memory import available_memory
from wvcli.system.parallel import parallel_map
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import FloatArray, OnTokens, Trained
from wvcli.training.engines._tuning import CACHE_LINE
from wvcli.training.settings import TrainSettings

_COMPILING = "compiling GloVe for this machine, once; later runs start at once"
_TASK_PAIRS = 10_000  # that a worker trains on at a time: some thousandths of a second of work
_MEMORY_SHARE = 8  # of the memory that is left an eighth is for counting, at most
_MOST_MEMORY = 1 << 29  # bytes
_BYTES_PER_WORD = 150  # of memory beside the vectors
_LOSS_PAIRS = 20_000
_AT_ONCE = 1_000  # pairs of these, or words whose vectors are made, at a time: little memory with many dimensions


def counting_memory(settings: TrainSettings) -> int:
    """Return the bytes of memory in which pairs are counted."""
    if settings.glove_memory is None:
        return min((available_memory() or _MOST_MEMORY) // _MEMORY_SHARE, _MOST_MEMORY)
    return settings.glove_memory << 20


def glove_bytes(settings: TrainSettings, words: int, tokens: int) -> int:
    """Return the bytes of memory that GloVe takes for a vocabulary and a text of these sizes."""
    from wvcli.training.engines._cooccurrences import table_bytes

    width = -(-((settings.dim or 1) + 1) // CACHE_LINE) * CACHE_LINE
    tables = table_bytes(tokens, words, settings.window or 1, settings.workers or 1, counting_memory(settings))
    return 4 * 4 * width * words + _BYTES_PER_WORD * words + tables


class GloveTrainer:
    """GloVe vectors in training.

    Args:
        corpus: what it is trained on; the counts are put where its shards are.
        settings: how, with nothing left at `auto`.
        on_tokens: called with the number of tokens trained on since the last call, from any thread.
        on_note: called when the loops have to be compiled.

    Raises:
        WvcliError: Numba cannot be used, or there is not enough memory.
    """

    def __init__(
        self, corpus: EncodedCorpus, settings: TrainSettings, on_tokens: OnTokens, on_note: OnNote
    ) -> None:
        self.corpus = corpus
        self._settings = settings
        self._workers = settings.workers or 1
        self._on_tokens = on_tokens
        self._dim = settings.dim or 1
        try:
            with note_if_compiling(on_note, _COMPILING):
                from wvcli.training.engines import _cooccurrences, _glove_loops

                self._counting, self._loops = _cooccurrences, _glove_loops
                self.weights = self._initial_weights()
                self._train(np.zeros(0, dtype=np.uint64))
        except ImportError as error:  # Numba is there, but not for this version of NumPy
            raise WvcliError(f"Numba cannot be used: {error}") from error
        except MemoryError as error:
            raise WvcliError(
                f"there is not enough memory for {len(corpus.words):,} words of {self._dim:,} dimensions",
                "choose a smaller `dim` or `max_vocab`, or a larger `min_count`",
            ) from error
        self._counts: _cooccurrences.Cooccurrences | None = None

    def _initial_weights(self) -> Any:
        """Return vectors and biases drawn evenly from a range that is narrow with many dimensions."""
        from wvcli.training.engines._state import aligned_zeros

        vectors, width = self._loops.VECTORS, -(-(self._dim + 1) // CACHE_LINE) * CACHE_LINE
        rows = aligned_zeros((len(self.corpus.words) * vectors * width,))
        shaped = rows.reshape(-1, vectors, width)
        random = np.random.Generator(np.random.PCG64(self._settings.seed))
        for start in range(0, len(shaped), _AT_ONCE):
            block = shaped[start : start + _AT_ONCE]
            for number in (self._loops.WORD, self._loops.CONTEXT):
                drawn = random.random((len(block), self._dim + 1), dtype=np.float32)
                block[:, number, : self._dim + 1] = (drawn - np.float32(0.5)) / np.float32(self._dim)
            for number in (self._loops.WORD_SQUARES, self._loops.CONTEXT_SQUARES):
                block[:, number] = 1  # so that the first step is that of the learning rate
        return self._loops.GloveWeights(rows, width, self._dim)

    def prepare(self, on_progress: OnProgress = ignore_progress) -> None:
        """Count the pairs."""
        self._counts = self._counting.count_cooccurrences(
            self.corpus,
            self._settings.window or 1,
            workers=self._workers,
            memory=counting_memory(self._settings),
            folder=Path(self.corpus.shards[0].parent),
            on_progress=on_progress,
        )

    @property
    def counts(self) -> Any:
        """The pairs, counted."""
        if self._counts is None:
            self.prepare()
        return self._counts

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        rows = self.weights.rows.reshape(len(self.corpus.words), -1)
        return {"glove": rows}

    @property
    def kept_tensors(self) -> Mapping[str, FloatArray]:
        return {}

    def stretches(self, least: int | None = None) -> list[Stretch]:
        """Return the parts of the pairs; each stands for as large a share of the text."""
        starts = self.counts.starts
        tokens = self.corpus.tokens_kept * starts // len(self.counts)
        return [
            Stretch(0, start, stop, share)
            for start, stop, share in zip(
                starts[:-1].tolist(), starts[1:].tolist(), np.diff(tokens).tolist(), strict=True
            )
            if start < stop
        ]

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        """Train on a part of the pairs; the learning rate is that of the settings, which AdaGrad lowers."""
        cells = self.counts.cells(stretch.start, stretch.stop)
        trained = self._train(cells, stretch.tokens)
        pairs = stretch.stop - stretch.start
        if trained != pairs:
            raise WvcliError(f"{trained:,} of {pairs:,} pairs of words were trained on")
        return Trained(stretch.tokens, stretch.tokens)

    def _train(self, cells: npt.NDArray[np.uint64], tokens: int = 0) -> int:
        """Train on pairs that stand for so many tokens, and return how many pairs there were."""
        pairs = len(cells) // 2

        def work(start: int) -> int:
            stop = min(start + _TASK_PAIRS, pairs)
            task = self._loops.GloveTask(
                cells,
                start,
                stop,
                float(self._settings.alpha),
                float(self._settings.x_max or 1),
                float(self._settings.glove_alpha),
            )
            trained: int = self._loops.train_pairs(task, self.weights)
            if share := tokens * stop // max(1, pairs) - tokens * start // max(1, pairs):
                self._on_tokens(share)
            return trained

        return sum(parallel_map(work, range(0, max(1, pairs), _TASK_PAIRS), self._workers))

    def loss(self) -> float | None:
        """Return the mean of what GloVe minimizes, half the weighted square of the error, over the first pairs."""
        pairs, counts = self.counts.pairs(0, min(_LOSS_PAIRS, len(self.counts)))
        losses = [
            self._losses(pairs[start : start + _AT_ONCE], counts[start : start + _AT_ONCE])
            for start in range(0, len(pairs), _AT_ONCE)
        ]
        directions = 2 - (pairs[:, 0] == pairs[:, 1])
        return float(np.average(np.concatenate(losses), weights=directions))

    def _losses(self, pairs: IdArray, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return float64 [pairs], the loss of each, the mean of both directions."""
        weights = np.minimum(1, counts / (self._settings.x_max or 1.0)) ** self._settings.glove_alpha
        squares = np.zeros(len(pairs))
        shaped, dim = self.weights.rows.reshape(len(self.corpus.words), -1, self.weights.width), self._dim
        for words, contexts in (pairs.T, pairs.T[::-1]):
            one = shaped[words, self._loops.WORD].astype(np.float64)
            other = shaped[contexts, self._loops.CONTEXT].astype(np.float64)
            products = np.einsum("pd,pd->p", one[:, :dim], other[:, :dim])
            squares += (products + one[:, dim] + other[:, dim] - np.log(counts)) ** 2
        losses: npt.NDArray[np.float64] = weights * squares / 4
        return losses

    def expected_sample(self) -> tuple[float, float]:
        return float(self.corpus.tokens_kept), 0.0

    def freeze(self, words: IdArray | None) -> None:
        raise UsageError("vectors cannot be kept fixed with `algorithm=glove`")

    def random_state(self) -> dict[str, Any]:
        return {}

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        """Do nothing: no random numbers are drawn after the initial vectors."""

    def vectors(self) -> FloatArray:
        shaped = self.weights.rows.reshape(len(self.corpus.words), -1, self.weights.width)
        vectors = np.empty((len(shaped), self._dim), np.float32)
        for start in range(0, len(shaped), _AT_ONCE):
            block = shaped[start : start + _AT_ONCE, :, : self._dim]
            np.add(
                block[:, self._loops.WORD],
                block[:, self._loops.CONTEXT],
                out=vectors[start : start + _AT_ONCE],
            )
        return vectors
