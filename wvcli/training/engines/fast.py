"""Loops of our own for a Gensim model: several times as fast, at the same quality.

Gensim makes the vocabulary, the initial weights and the tables by which words are drawn, and holds the result. Its
arrays are trained in place by loops that Numba compiles, in which the words of a window share their noise words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import WvcliError
from wvcli.reporting import OnNote
from wvcli.system.compiling import LANES, note_if_compiling
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import Engine, OnTokens, Trained
from wvcli.training.engines.gensim import GensimTrainer, training_error
from wvcli.training.settings import TrainSettings

if TYPE_CHECKING:
    from wvcli.training.engines._state import Scratch, Tables, Task, Weights, WorkerRows

    Kernel = Callable[[Task, Tables, Weights, Scratch], int]

_PLACES = 10_000  # words of text that a worker takes at a time, about a hundredth of a second
_THINNED = 1 << 18  # ids of the text that are thinned at a time
_POOL = 1 << 18  # bytes of rows of noise words at hand, at most: they are to stay in the cache of a core
_SUBWORD_POOL = 7 << 16  # the same with subwords, which have no copies beside them
_MOVED = 1 << 16  # rows laid out anew at a time
_FREQUENT = {"cbow": 128, "subword_skipgram": 1_024}  # words of which several workers have rows of their own
_PERIODS = {"cbow": 16, "subword_skipgram": 8}  # windows of all workers with which one shares those of a word
_MAX_SHARE = 32  # they have them where no word is more than such a part of the text, or of the noise words
_MIN_SHARE = 1 << 15  # nor where a word is less than such a part of these: by them its rows are shared
_RENEWED = 4  # windows of CBOW with which noise words give way once; fewer with more workers
_EXPECTED_DRAWS = 4  # of one noise word at hand, on average at most
_COMPILER = 85_000_000  # bytes of Numba and its compiler
_COMPILING = "compiling the fast engine for this machine, once; later runs start at once"


class _FastTrainer(GensimTrainer):
    """A Gensim model in training by compiled loops."""

    stretch = 2_000_000

    def __init__(
        self, corpus: EncodedCorpus, settings: TrainSettings, on_tokens: OnTokens, on_note: OnNote
    ) -> None:
        super().__init__(corpus, settings, on_tokens, on_note)
        self._settings = settings
        self._on_tokens = on_tokens
        self._keep = self.model.wv.expandos["sample_int"].astype(np.uint32)
        self._draws = 0  # how often random numbers were begun
        try:
            import wvcli.training.engines._kernels  # noqa: F401
        except ImportError as error:  # Numba is there, but not for this version of NumPy
            raise WvcliError(f"Numba cannot be used: {error}", "train with --engine gensim") from error
        with note_if_compiling(on_note, _COMPILING):
            self._loop = _loop(self.model, self.is_fasttext, settings.workers or 1)
            self._train(np.zeros(0, dtype=np.uint32), 0.0, 0.0)

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        done = self._train(self.corpus.ids(stretch.shard, stretch.start, stretch.stop), alpha, min_alpha)
        if done.tokens < 0:
            raise WvcliError(f"the encoded text {self.corpus.shards[stretch.shard]} is damaged")
        return done

    def _train(self, ids: IdArray, alpha: float, min_alpha: float) -> Trained:
        text, tokens, sampled = self._thinned(ids)
        if tokens < 0:
            return Trained(tokens, sampled)
        tasks = list(self._tasks(text, tokens, alpha, min_alpha))
        done = _Crew(self._loop, tasks, self._on_tokens).run(self._settings.workers or 1)
        if done != sampled:
            raise WvcliError(f"{done:,} of {sampled:,} words of the text were trained on")
        return Trained(tokens, sampled)

    def _thinned(self, ids: IdArray) -> tuple[IdArray, int, int]:
        """What subsampling leaves of a text; how many tokens there were, or -1 if one is no word, and are left."""
        from wvcli.training.engines._random import thinned

        starts = range(0, max(1, len(ids)), _THINNED)
        pieces = [(ids[start : start + _THINNED], self._keep, self._seed()) for start in starts]
        with ThreadPoolExecutor(self._settings.workers or 1) as workers:
            texts, tokens, sampled = zip(*workers.map(lambda piece: thinned(*piece), pieces), strict=True)
        return np.concatenate(texts), -1 if min(tokens) < 0 else sum(tokens), sum(sampled)

    def _tasks(self, text: IdArray, tokens: int, alpha: float, min_alpha: float) -> "Iterator[tuple[Task, int]]":
        """The text in pieces, each with its share of the tokens."""
        from wvcli.training.engines._state import Task

        length = len(text)
        fall = (alpha - min_alpha) / max(1, length)
        negative, window = self._loop.negative, self._settings.window or 1
        for start in range(0, max(1, length), _PLACES):
            stop = min(start + _PLACES, length)
            share = tokens * stop // max(1, length) - tokens * start // max(1, length)
            first = alpha - fall * start
            is_fixed, seed = self._settings.fixed_window, self._seed()
            yield Task(text, length, start, stop, first, fall, window, is_fixed, negative, seed), share

    def _seed(self) -> int:
        """A seed that was not used before in this run."""
        self._draws += 1
        return self._settings.seed << 31 | self._draws

    def freeze(self, words: IdArray | None) -> None:
        super().freeze(words)
        factors = _factors(self.model.wv.vectors_lockf, self._loop.rooms)
        self._loop.weights = self._loop.weights._replace(factors=factors)

    def random_state(self) -> dict[str, Any]:
        return {"draws": self._draws}

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        self._draws = state["draws"]


@dataclass
class _Loop:
    """A compiled loop and what it works on.

    Attributes:
        kernel: trains on a task and gives the number of words it trained on.
        tables: what it looks up.
        weights: what it trains.
        rooms: what each worker needs of its own.
        negative: noise words for each window; 0 with hierarchical softmax.
    """

    kernel: "Kernel"
    tables: "Tables"
    weights: "Weights"
    rooms: "list[Scratch]"
    negative: int


def _loop(model: Any, is_fasttext: bool, workers: int) -> _Loop:
    """The loop that trains a Gensim model, whose arrays are laid out anew for it."""
    from wvcli.training.engines import _kernels, _state

    name = "skipgram" if model.sg else "cbow"
    name = f"subword_{name}" if is_fasttext else name
    width = -(-model.vector_size // LANES) * LANES
    tables = _tables(model, is_fasttext)
    targets = model.negative + (int(np.diff(tables.path_starts).max()) if model.hs else 1)
    rooms = [_state.Scratch.of(own, model.window, targets, width) for own in _owns(model, name, workers, width)]
    last = rooms[-1].own
    words = _in_lines(model.wv, "vectors_vocab" if is_fasttext else "vectors", width, last.words + last.vectors)
    ngrams = _in_lines(model.wv, "vectors_ngrams", width) if is_fasttext else np.zeros(0, dtype=np.float32)
    output = _in_lines(model, "syn1" if model.hs else "syn1neg", width, last.output + last.frequent)
    factors = _factors(np.ones(len(model.wv), dtype=np.float32), rooms)
    weights = _state.Weights(words, ngrams, output, factors, width)
    return _Loop(getattr(_kernels, name), tables, weights, rooms, model.negative)


def _owns(model: Any, name: str, workers: int, width: int) -> "Iterator[WorkerRows]":
    """The rows that each worker has for itself, which stand after those of all words."""
    from wvcli.training.engines._state import WorkerRows

    words, slots, frequent, is_copied = len(model.wv), 1, 0, not name.startswith("subword")
    if model.negative:
        slots = _SUBWORD_POOL // (4 * width)
        if is_copied:
            slots = min(_POOL // (4 * width), _many(np.diff(model.cum_table, prepend=0)))
        if name in _FREQUENT:
            frequent = _frequent(model, workers, min(_FREQUENT[name], slots))
    renewed = max(1, min(_RENEWED, 2 * _RENEWED // workers))
    period = max(1, _PERIODS.get(name, 0) // workers)  # at most one word with each window
    vectors = frequent if is_copied else 0
    for worker in range(workers):
        yield WorkerRows.of(worker, words, max(1, slots), is_copied, renewed, frequent, vectors, period)


def _many(shares: npt.NDArray[Any]) -> int:
    """Among how many words, drawn by these shares, the most frequent one is to be expected a few times."""
    return int(_EXPECTED_DRAWS * shares.sum(dtype=np.float64) / shares.max())


def _frequent(model: Any, workers: int, most: int) -> int:
    """Of how many words each worker has rows of its own: none where one would learn apart for too long."""
    text = model.wv.expandos["count"] * (model.wv.expandos["sample_int"] / 2.0**32)
    noise = np.diff(model.cum_table.astype(np.float64), prepend=0.0)
    if workers < 2 or min(_many(text), _many(noise)) < _EXPECTED_DRAWS * _MAX_SHARE:
        return 0
    is_often = noise * _MIN_SHARE > noise.sum()
    return min(most, int(np.logical_and.accumulate(is_often).sum()))


def _factors(factors: npt.NDArray[np.float32], rooms: "Sequence[Scratch]") -> npt.NDArray[np.float32]:
    """What changes of a word's vector are multiplied by, and after that the same of each worker's own rows."""
    return np.concatenate([factors, *(factors[: room.own.vectors] for room in rooms)])


def _in_lines(holder: Any, name: str, width: int, length: int = 0) -> npt.NDArray[np.float32]:
    """Lay out a float32 array [rows, dim] in rows of `width`, each of which begins a line of the cache.

    The array becomes a view of the new one, which is given, flat, and has so many rows if that is more.
    """
    from wvcli.training.engines._state import aligned

    array = getattr(holder, name)
    rows, dim = array.shape
    wide = aligned((max(rows, length), width))
    if array.any():  # zeros, as all of an output layer, take no memory before they are written
        for start in range((rows - 1) // _MOVED * _MOVED, -1, -_MOVED):
            stop = min(start + _MOVED, rows)
            wide[start:stop, :dim] = array[start:stop]
            if array.flags.owndata:  # what has been copied is given back, so that there are never two of it
                array.resize((start, dim), refcheck=False)
    setattr(holder, name, wide[:rows, :dim])
    return wide.reshape(-1)


def _tables(model: Any, is_fasttext: bool) -> "Tables":
    from wvcli.training.engines import _random, _state

    words = len(model.wv)
    buckets = model.wv.buckets_word if is_fasttext else []
    points, codes = (model.wv.expandos[name] if model.hs else [] for name in ("point", "code"))
    noise = np.zeros(0, dtype=np.uint32)
    if model.negative:
        noise = _random.alias_table(np.diff(model.cum_table.astype(np.float64), prepend=0.0))
    return _state.Tables(
        noise,
        words,
        _starts(buckets, words),
        _joined(buckets, np.uint32),
        _starts(points, words),
        _joined(points, np.uint32),
        1 - _joined(codes, np.float32),
    )


def _starts(lists: Sequence[Sequence[int]], words: int) -> npt.NDArray[np.int64]:
    """int64 [words + 1], where each word's list begins when they are joined, and where the last ends."""
    return np.cumsum([0, *map(len, lists)], dtype=np.int64) if len(lists) else np.zeros(words + 1, dtype=np.int64)


def _joined(lists: Sequence[Sequence[int]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=dtype), *lists], dtype=dtype, casting="unsafe")


@dataclass
class _Crew:
    """Workers that share the tasks of a stretch of text."""

    loop: _Loop
    tasks: "list[tuple[Task, int]]"
    on_tokens: OnTokens
    done: int = 0
    failures: list[BaseException] = field(default_factory=list)

    def run(self, workers: int) -> int:
        """Do all tasks; gives the number of words trained on."""
        lock, tasks = Lock(), iter(self.tasks)
        others = [Thread(target=self._work, args=(n, lock, tasks), daemon=True) for n in range(1, workers)]
        try:
            for other in others:
                other.start()
            self._work(0, lock, tasks)
            for other in others:
                other.join()
        except BaseException as failure:  # Ctrl-C, mostly: the others must stop as well
            self.failures.append(failure)
            raise
        if self.failures:
            raise training_error(self.failures[0])
        return self.done

    def _work(self, number: int, lock: Lock, tasks: "Iterator[tuple[Task, int]]") -> None:
        """Take one task after another until none is left or a worker has failed."""
        try:
            room = self.loop.rooms[number]
            while not self.failures:
                with lock:
                    task, tokens = next(tasks, (None, 0))
                if task is None:
                    return
                done = self.loop.kernel(task, self.loop.tables, self.loop.weights, room)
                with lock:
                    self.done += done
                if tokens:
                    self.on_tokens(tokens)
        except Exception as failure:
            self.failures.append(failure)


ENGINE = Engine(
    "fast",
    "loops compiled for this machine",
    ("gensim", "numba", "numpy"),
    _FastTrainer,
    extra="fast",
    memory=_COMPILER,
    lanes=LANES,
)
