"""The fast engine: a model trained by compiled loops, several times as fast as by Gensim's, at the same quality.

The initial weights, and the tables by which words are subsampled and noise words drawn, are those that Gensim
makes, to the bit (`_tables.py`), but Gensim is not loaded. Kernels that Numba compiles for this machine train the
weights.

How it works, from the outside in:

* A **stretch** of text is subsampled and cut into **tasks** of some thousand words. Each **worker**, a thread,
  takes one task after another and calls a **kernel** on it. All train the same weights without locks
  ("Hogwild").
* A **kernel** goes over the words of a task. Of each word it takes the **context**, the words in the window
  around it, and trains it on **targets**: rows of the output layer, of the word itself, which is to be
  predicted, and of noise words, which are not; with hierarchical softmax, of the inner nodes on the path to the
  word.
* Rows of weights begin on cache lines and are calculated with in **lines** of eight or sixteen numbers
  (`_simd.py`), targets in **groups** of six (`_products.py`).
* Much of the time would go to waiting for memory. So noise words are not drawn afresh for each prediction: each
  worker has a **noise pool**, some hundreds of words drawn from the whole distribution, whose rows stay in the
  cache of its core. Predictions draw from the pool, and its words are replaced one by one: the **head** of a
  **queue** of words drawn ahead takes over a **slot** of the pool (`_noise_pool.py`).
* Cores that write to the same row wait for each other. So each worker trains rows of its own, which stand behind
  those of all words (`WorkerRows` in `_state.py`): **copies** of its noise words' rows, without subwords, and
  **replicas** of the rows of the most frequent words, with several workers (`_worker_rows.py`). A **snapshot**
  holds what a copy was at first. A copy is **written back** when its word leaves the pool: what changed since
  the snapshot is added to the **shared** row. A replica is **synchronized** every few windows: written back, and
  copied again.

`_layout.py` makes all that, `_tuning.py` has the numbers, and `_kernels.py` the loops.

GloVe is none of that, for it does not predict words: see `_glove.py`.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from wvcli.errors import WvcliError
from wvcli.reporting import OnNote
from wvcli.system.compiling import (
    CompilingProcess,
    are_compiled,
    load_though_disk_is_full,
    note_if_compiling,
)
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import Engine, FloatArray, OnTokens, Trained, Trainer
from wvcli.training.engines._glove import GloveTrainer
from wvcli.training.engines._predicting import PredictingTrainer, no_memory
from wvcli.training.engines._tables import Tables
from wvcli.training.engines._tuning import CACHE_LINE, DEFAULT, Tuning
from wvcli.training.engines._workers import Workers
from wvcli.training.settings import TrainSettings

if TYPE_CHECKING:
    from wvcli.training.engines._state import Task

_COMPILER_BYTES = 85_000_000  # of memory that Numba and its compiler take
_FIRST_SEED = 2  # how many seeds are left out; models that were trained are trained again by it
_COMPILING = "compiling the fast engine for this method on this machine; its later runs start at once"


class FastTrainer(PredictingTrainer):
    """A model in training by compiled loops.

    Args:
        corpus: what it is trained on.
        settings: how, with nothing left at `auto`.
        on_tokens: called with the number of tokens trained on since the last call, from any thread.
        on_note: called when the loops have to be compiled.
        tuning: what speed depends on.

    Raises:
        WvcliError: there is not enough memory.
    """

    stretch = 2_000_000

    def __init__(
        self,
        corpus: EncodedCorpus,
        settings: TrainSettings,
        on_tokens: OnTokens,
        on_note: OnNote,
        tuning: Tuning = DEFAULT,
    ) -> None:
        super().__init__(corpus, settings)
        self._workers = settings.workers or 1
        self._on_tokens = on_tokens
        self._tuning = tuning
        self._seeds = _FIRST_SEED
        from wvcli.training.engines import _loops
        from wvcli.training.engines._layout import CompiledLoop

        method = settings.algorithm or "word2vec", settings.architecture or "skipgram"
        with note_if_compiling(on_note, _COMPILING):
            load_though_disk_is_full(lambda: _loops.load(*method))
        try:
            self._tables = Tables.of(corpus.words, corpus.frequencies, settings)
            self.loop = CompiledLoop.of(
                _loops.KERNELS[method], self._tables, settings, workers=self._workers, tuning=tuning
            )
        except MemoryError as error:
            raise no_memory(corpus, settings) from error

    @property
    def tables(self) -> Tables:
        return self._tables

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        return self.loop.tensors

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        done = self._train(self.corpus.ids(stretch.shard, stretch.start, stretch.stop), alpha, min_alpha)
        if done.tokens < 0:
            raise WvcliError(f"the encoded text {self.corpus.shards[stretch.shard]} is damaged")
        return done

    def _train(self, ids: IdArray, alpha: float, min_alpha: float) -> Trained:
        text, tokens, sampled = self._subsample(ids)
        if tokens < 0:
            return Trained(tokens, sampled)
        tasks = list(self._tasks(text, tokens, alpha, min_alpha))
        trained = Workers(self.loop, iter(tasks), self._on_tokens).run(self._workers)
        if trained != sampled:
            raise WvcliError(f"{trained:,} of {sampled:,} words of the text were trained on")
        return Trained(tokens, sampled)

    def _subsample(self, ids: IdArray) -> tuple[IdArray, int, int]:
        """Return what subsampling leaves of a text; its tokens, or -1 if an id is no word's; how many are left."""
        from wvcli.training.engines._random import subsample

        size = self._tuning.subsampling_ids
        pieces = [
            (ids[start : start + size], self._tables.keep, self._next_seed())
            for start in range(0, max(1, len(ids)), size)
        ]
        with ThreadPoolExecutor(self._workers) as workers:
            texts, tokens, sampled = zip(*workers.map(lambda piece: subsample(*piece), pieces), strict=True)
        return np.concatenate(texts), -1 if min(tokens) < 0 else sum(tokens), sum(sampled)

    def _tasks(self, text: IdArray, tokens: int, alpha: float, min_alpha: float) -> "Iterator[tuple[Task, int]]":
        """Yield a text in pieces, each with its share of the tokens that there were before subsampling."""
        from wvcli.training.engines._state import Task

        length = len(text)
        alpha_step = (alpha - min_alpha) / max(1, length)
        for start in range(0, max(1, length), self._tuning.task_ids):
            stop = min(start + self._tuning.task_ids, length)
            share = tokens * stop // max(1, length) - tokens * start // max(1, length)
            task = Task(
                ids=text,
                length=length,
                start=start,
                stop=stop,
                alpha=alpha - alpha_step * start,
                alpha_step=alpha_step,
                window=self._settings.window or 1,
                has_fixed_window=self._settings.fixed_window,
                negative=self.loop.negative,
                seed=self._next_seed(),
            )
            yield task, share

    def _next_seed(self) -> int:
        """Return a seed that was not used before in this run."""
        self._seeds += 1
        return self._settings.seed << 31 | self._seeds

    def freeze(self, words: IdArray | None) -> None:
        factors = np.ones(len(self.corpus.words), dtype=np.float32)
        if words is not None:
            factors[words] = 0
        self.loop.set_lock_factors(factors)

    def random_state(self) -> dict[str, Any]:
        return {"draws": self._seeds}

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        self._seeds = state["draws"]


def _start(corpus: EncodedCorpus, settings: TrainSettings, on_tokens: OnTokens, on_note: OnNote) -> Trainer:
    if settings.algorithm == "glove":
        return GloveTrainer(corpus, settings, on_tokens, on_note)
    return FastTrainer(corpus, settings, on_tokens, on_note)


def _compile_ahead(settings: TrainSettings) -> CompilingProcess | None:
    if settings.algorithm == "glove":
        return None
    from wvcli.training.engines import _loops, _state

    algorithm, architecture = settings.algorithm or "word2vec", settings.architecture or "skipgram"
    if not _state.is_cacheable or are_compiled(lambda: _loops.load(algorithm, architecture)):
        return None
    return CompilingProcess.start(_loops.__name__, algorithm, architecture)


ENGINE = Engine(
    "fast",
    "loops compiled for this machine",
    ("numba", "numpy"),
    ("word2vec", "fasttext", "glove"),
    _start,
    memory=_COMPILER_BYTES,
    row_multiple=CACHE_LINE,
    stretch=FastTrainer.stretch,
    compile_ahead=_compile_ahead,
)
