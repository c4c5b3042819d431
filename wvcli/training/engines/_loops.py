"""The compiled loops that a method needs, all of them called on nothing: so they are compiled, or loaded."""

import numpy as np

from wvcli.training.engines import _kernels, _state
from wvcli.training.engines._random import alias_table, subsample
from wvcli.training.engines._state import Scratch, Tables, Task, Weights, WorkerRows
from wvcli.training.engines._tuning import CACHE_LINE
from wvcli.training.settings import Algorithm, Architecture

KERNELS = {
    ("word2vec", "skipgram"): _kernels.skipgram,
    ("word2vec", "cbow"): _kernels.cbow,
    ("fasttext", "skipgram"): _kernels.subword_skipgram,
    ("fasttext", "cbow"): _kernels.subword_cbow,
}


def load(algorithm: Algorithm, architecture: Architecture) -> None:
    """Call each loop that trains by a method."""
    numbers, ids = np.zeros(CACHE_LINE, np.float32), np.zeros(2, np.uint32)
    starts = np.zeros(2, np.int64)
    rows = WorkerRows.of(
        worker=0,
        words=1,
        pool_size=1,
        has_copies=algorithm == "word2vec",
        output_replicas=0,
        word_replicas=0,
        refresh_windows=1,
        sync_windows=1,
    )
    alias_table(np.ones(1))
    subsample(ids[:0], ids, 1)
    KERNELS[algorithm, architecture](
        Task(ids[:0], 0, 0, 0, 0.0, 0.0, 1, False, 0, 1),
        Tables(ids, 1, starts, ids[:0], starts, ids[:0], numbers[:0]),
        Weights(numbers, numbers[:0], numbers, numbers, CACHE_LINE, CACHE_LINE),
        Scratch.of(rows, window=1, targets=1, width=CACHE_LINE),
    )


def main(algorithm: Algorithm, architecture: Architecture) -> None:
    """Compile them, where they can be kept: all that a `CompilingProcess` runs."""
    if _state.is_cacheable:
        load(algorithm, architecture)
