"""A model laid out for a kernel: rows on cache lines, tables to look up, memory for each worker."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.training.engines import FloatArray
from wvcli.training.engines import _state as state
from wvcli.training.engines._random import alias_table
from wvcli.training.engines._simd import LANES
from wvcli.training.engines._state import Scratch, Task, Weights, WorkerRows, aligned_zeros
from wvcli.training.engines._tables import Tables, draw_weights
from wvcli.training.engines._tuning import CACHE_LINE, Tuning
from wvcli.training.settings import TrainSettings

Kernel = Callable[[Task, state.Tables, Weights, Scratch], int]
Float64Array = npt.NDArray[np.float64]

_NUMBER_BYTES = 4  # of a float32


@dataclass
class CompiledLoop:
    """A kernel and what it is called with, besides a task.

    Attributes:
        kernel: trains on a task and returns the number of words it trained on.
        tables: what it looks up.
        weights: what it trains.
        scratch: for each worker its own memory.
        negative: noise words for each prediction; 0 with hierarchical softmax.
        tensors: float32 [rows, dim], the rows of words, buckets and inner nodes, by the names of `Trainer`; views
            of the weights.
    """

    kernel: Kernel
    tables: state.Tables
    weights: Weights
    scratch: list[Scratch]
    negative: int
    tensors: Mapping[str, FloatArray]

    @classmethod
    def of(
        cls, kernel: Kernel, tables: Tables, settings: TrainSettings, *, workers: int, tuning: Tuning
    ) -> "CompiledLoop":
        """Return the loop that trains a fresh model.

        Args:
            kernel: trains it.
            tables: of its vocabulary.
            settings: nothing of theirs that matters here is `auto`.
            workers: how many threads there will be.
            tuning: what speed depends on.

        Raises:
            MemoryError: there is not enough memory.
        """
        words, dim = len(tables.frequencies), settings.dim or 1
        width = -(-dim // CACHE_LINE) * CACHE_LINE
        is_hierarchical, has_subwords = settings.loss == "hierarchical", settings.algorithm == "fasttext"
        negative = 0 if is_hierarchical else settings.negative
        longest_path = int(tables.nodes.lengths().max()) if is_hierarchical else 1
        scratch = [
            Scratch.of(rows, window=settings.window or 1, targets=negative + longest_path, width=width)
            for rows in _worker_rows(tables, settings, workers, width, tuning)
        ]
        last = scratch[-1].rows
        word_vectors = aligned_zeros((max(words, last.word_rows), width))
        ngram_vectors = aligned_zeros((settings.buckets or 1 if has_subwords else 0, width))
        output = aligned_zeros((max(words, last.output_rows), width))
        draw_weights(word_vectors[:words, :dim], settings.seed)
        draw_weights(ngram_vectors[:, :dim], settings.seed + 1)
        inputs = (
            {"input.words": word_vectors[:words, :dim], "subwords.vectors": ngram_vectors[:, :dim]}
            if has_subwords
            else {"vectors": word_vectors[:words, :dim]}
        )
        name = "output.hierarchical" if is_hierarchical else "output.negative"
        loop = cls(
            kernel=kernel,
            tables=_looked_up(tables),
            weights=Weights(
                word_vectors=word_vectors.reshape(-1),
                ngram_vectors=ngram_vectors.reshape(-1),
                output=output.reshape(-1),
                lock_factors=np.zeros(0, np.float32),
                width=width,
                length=-(-dim // LANES) * LANES,
            ),
            scratch=scratch,
            negative=negative,
            tensors=inputs | {name: output[:words, :dim]},
        )
        loop.set_lock_factors(np.ones(words, dtype=np.float32))
        return loop

    def set_lock_factors(self, factors: FloatArray) -> None:
        """Multiply changes of word vectors, and of their replicas, by these numbers from now on.

        Args:
            factors: float32 [words]; 0 freezes a word.
        """
        replicas = [factors[: scratch.rows.word_replicas] for scratch in self.scratch]
        self.weights = self.weights._replace(lock_factors=np.concatenate([factors, *replicas]))


def _worker_rows(
    tables: Tables, settings: TrainSettings, workers: int, width: int, tuning: Tuning
) -> Iterator[WorkerRows]:
    """Yield the rows of each worker."""
    has_subwords, is_skipgram = settings.algorithm == "fasttext", settings.architecture == "skipgram"
    pool_size = replicas = 0
    sync_windows = 1
    if len(tables.noise):
        pool_size = _pool_size(tables.noise, has_subwords, width, tuning)
        if has_subwords and is_skipgram:
            replicas = min(tuning.subword_skipgram_replicas, pool_size)
            sync_windows = tuning.subword_skipgram_sync_windows
        elif not has_subwords and not is_skipgram:
            replicas = min(tuning.cbow_replicas, pool_size)
            sync_windows = tuning.cbow_sync_windows
        replicas = min(replicas, _frequent_words(tables, workers, tuning))
    for worker in range(workers):
        yield WorkerRows.of(
            worker=worker,
            words=len(tables.frequencies),
            pool_size=max(1, pool_size),
            has_copies=not has_subwords,
            output_replicas=replicas,
            word_replicas=0 if has_subwords else replicas,
            # What workers hold apart is exchanged the more often the more of them there are.
            refresh_windows=max(1, min(tuning.refresh_windows, 2 * tuning.refresh_windows // workers)),
            sync_windows=max(1, sync_windows // workers),
        )


def _pool_size(noise: Float64Array, has_subwords: bool, width: int, tuning: Tuning) -> int:
    """Return how many words the noise pool of a worker has."""
    if has_subwords:
        return tuning.subword_pool_bytes // (_NUMBER_BYTES * width)
    most = int(tuning.copies_of_one_word * noise.sum() / noise.max())
    return min(tuning.pool_bytes // (_NUMBER_BYTES * width), most)


def _frequent_words(tables: Tables, workers: int, tuning: Tuning) -> int:
    """Return how many words are frequent enough for replicas: none if one is so frequent that these do harm."""
    noise = tables.noise
    text = tables.frequencies * (tables.keep / 2.0**32)  # after subsampling
    is_harmful = any(each.max() > tuning.max_replica_share * each.sum() for each in (text, noise))
    if is_harmful or workers < tuning.min_replica_workers:
        return 0
    is_frequent = noise > tuning.min_replica_share * noise.sum()
    return int(np.logical_and.accumulate(is_frequent).sum())


def _looked_up(tables: Tables) -> state.Tables:
    """Return the tables as kernels look things up in them."""
    return state.Tables(
        alias_table=alias_table(tables.noise) if len(tables.noise) else np.zeros(0, dtype=np.uint32),
        vocabulary_size=len(tables.frequencies),
        ngram_starts=tables.ngrams.starts,
        ngrams=tables.ngrams.items,
        path_starts=tables.nodes.starts,
        path_nodes=tables.nodes.items,
        path_labels=1 - tables.sides.items.astype(np.float32),
    )
