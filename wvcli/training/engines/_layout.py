"""A Gensim model laid out for a kernel: rows on cache lines, tables to look up, memory for each worker."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.training.engines import FloatArray, _kernels
from wvcli.training.engines._random import alias_table
from wvcli.training.engines._state import Scratch, Tables, Task, Weights, WorkerRows, aligned_zeros
from wvcli.training.engines._tuning import LANES, Tuning

Kernel = Callable[[Task, Tables, Weights, Scratch], int]
Float64Array = npt.NDArray[np.float64]

_NUMBER_BYTES = 4  # of a float32
_KERNELS: dict[tuple[bool, bool], Kernel] = {  # by whether there are subwords, and whether it is skip-gram
    (False, False): _kernels.cbow,
    (False, True): _kernels.skipgram,
    (True, False): _kernels.subword_cbow,
    (True, True): _kernels.subword_skipgram,
}


@dataclass
class CompiledLoop:
    """A kernel and what it is called with, besides a task.

    Attributes:
        kernel: trains on a task and returns the number of words it trained on.
        tables: what it looks up.
        weights: what it trains; the arrays of the Gensim model are views of these.
        scratch: for each worker its own memory.
        negative: noise words for each prediction; 0 with hierarchical softmax.
    """

    kernel: Kernel
    tables: Tables
    weights: Weights
    scratch: list[Scratch]
    negative: int

    @classmethod
    def of(cls, model: Any, *, has_subwords: bool, workers: int, tuning: Tuning) -> "CompiledLoop":
        """Copy the arrays of a Gensim model to a layout of their own, and return the loop that trains them."""
        width = -(-model.vector_size // LANES) * LANES
        tables = _tables(model, has_subwords)
        longest_path = int(np.diff(tables.path_starts).max()) if model.hs else 1
        scratch = [
            Scratch.of(rows, window=model.window, targets=model.negative + longest_path, width=width)
            for rows in _worker_rows(model, has_subwords, workers, width, tuning)
        ]

        def laid_out(holder: Any, name: str, rows: int = 0) -> FloatArray:
            return _lay_out(holder, name, width=width, rows=rows, rows_at_a_time=tuning.layout_rows)

        last = scratch[-1].rows
        weights = Weights(
            word_vectors=laid_out(model.wv, "vectors_vocab" if has_subwords else "vectors", last.word_rows),
            ngram_vectors=laid_out(model.wv, "vectors_ngrams") if has_subwords else np.zeros(0, np.float32),
            output=laid_out(model, "syn1" if model.hs else "syn1neg", last.output_rows),
            lock_factors=np.zeros(0, np.float32),
            width=width,
        )
        loop = cls(_KERNELS[has_subwords, bool(model.sg)], tables, weights, scratch, model.negative)
        loop.set_lock_factors(np.ones(len(model.wv), dtype=np.float32))
        return loop

    def set_lock_factors(self, factors: FloatArray) -> None:
        """Multiply changes of word vectors, and of their replicas, by these numbers from now on.

        Args:
            factors: float32 [words]; 0 freezes a word.
        """
        replicas = [factors[: scratch.rows.word_replicas] for scratch in self.scratch]
        self.weights = self.weights._replace(lock_factors=np.concatenate([factors, *replicas]))


def _worker_rows(model: Any, has_subwords: bool, workers: int, width: int, tuning: Tuning) -> Iterator[WorkerRows]:
    """Yield the rows of each worker."""
    pool_size = replicas = 0
    sync_windows = 1
    if model.negative:
        pool_size = _pool_size(model, has_subwords, width, tuning)
        if has_subwords and model.sg:
            replicas = min(tuning.subword_skipgram_replicas, pool_size)
            sync_windows = tuning.subword_skipgram_sync_windows
        elif not has_subwords and not model.sg:
            replicas = min(tuning.cbow_replicas, pool_size)
            sync_windows = tuning.cbow_sync_windows
        replicas = min(replicas, _frequent_words(model, workers, tuning))
    for worker in range(workers):
        yield WorkerRows.of(
            worker=worker,
            words=len(model.wv),
            pool_size=max(1, pool_size),
            has_copies=not has_subwords,
            output_replicas=replicas,
            word_replicas=0 if has_subwords else replicas,
            # What workers hold apart is exchanged the more often the more of them there are.
            refresh_windows=max(1, min(tuning.refresh_windows, 2 * tuning.refresh_windows // workers)),
            sync_windows=max(1, sync_windows // workers),
        )


def _pool_size(model: Any, has_subwords: bool, width: int, tuning: Tuning) -> int:
    """Return how many words the noise pool of a worker has."""
    if has_subwords:
        return tuning.subword_pool_bytes // (_NUMBER_BYTES * width)
    noise = _noise_distribution(model)
    most = int(tuning.copies_of_one_word * noise.sum() / noise.max())
    return min(tuning.pool_bytes // (_NUMBER_BYTES * width), most)


def _frequent_words(model: Any, workers: int, tuning: Tuning) -> int:
    """Return how many words are frequent enough for replicas: none if one is so frequent that these do harm."""
    noise = _noise_distribution(model)
    text = model.wv.expandos["count"] * (model.wv.expandos["sample_int"] / 2.0**32)  # after subsampling
    is_harmful = any(each.max() > tuning.max_replica_share * each.sum() for each in (text, noise))
    if is_harmful or workers < tuning.min_replica_workers:
        return 0
    is_frequent = noise > tuning.min_replica_share * noise.sum()
    return int(np.logical_and.accumulate(is_frequent).sum())


def _noise_distribution(model: Any) -> Float64Array:
    """Return float64 [words], in what proportion words are drawn as noise words."""
    return np.diff(model.cum_table.astype(np.float64), prepend=0.0)


def _lay_out(holder: Any, name: str, *, width: int, rows: int, rows_at_a_time: int) -> FloatArray:
    """Move a float32 array [n, dim] of a Gensim model to rows of `width` numbers that begin on cache lines.

    Args:
        holder: the object whose attribute the array is; the attribute becomes a view of the new array.
        name: of the attribute.
        width: numbers from one row to the next.
        rows: how many rows there are to be; n if that is more.
        rows_at_a_time: how many are moved at a time.

    Returns:
        The new array, flat.
    """
    array = getattr(holder, name)
    count, dim = array.shape
    wide = aligned_zeros((max(count, rows), width))
    if array.any():  # zeros, as all of an output layer, take no memory before they are written
        for start in range((count - 1) // rows_at_a_time * rows_at_a_time, -1, -rows_at_a_time):
            stop = min(start + rows_at_a_time, count)
            wide[start:stop, :dim] = array[start:stop]
            if array.flags.owndata:  # free what has been moved, so that there are never two of the array
                array.resize((start, dim), refcheck=False)
    setattr(holder, name, wide[:count, :dim])
    return wide.reshape(-1)


def _tables(model: Any, has_subwords: bool) -> Tables:
    """Return what the kernels look up about the words of a Gensim model."""
    words = len(model.wv)
    buckets = model.wv.buckets_word if has_subwords else []
    nodes, codes = (model.wv.expandos[name] if model.hs else [] for name in ("point", "code"))
    return Tables(
        alias_table=alias_table(_noise_distribution(model)) if model.negative else np.zeros(0, dtype=np.uint32),
        vocabulary_size=words,
        ngram_starts=_starts(buckets, words),
        ngrams=_joined(buckets, np.uint32),
        path_starts=_starts(nodes, words),
        path_nodes=_joined(nodes, np.uint32),
        path_labels=1 - _joined(codes, np.float32),
    )


def _starts(lists: Sequence[Sequence[int]], words: int) -> npt.NDArray[np.int64]:
    """Return int64 [words + 1]: where each word's list begins in the joined lists, and where the last ends."""
    return np.cumsum([0, *map(len, lists)], dtype=np.int64) if len(lists) else np.zeros(words + 1, dtype=np.int64)


def _joined(lists: Sequence[Sequence[int]], dtype: Any) -> npt.NDArray[Any]:
    """Return the lists of all words, one after another."""
    return np.concatenate([np.zeros(0, dtype=dtype), *lists], dtype=dtype, casting="unsafe")
