"""Engines: each trains the vectors of an encoded corpus and accounts for every token it trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingPackageError, UsageError, first_line
from wvcli.registry import Registry
from wvcli.reporting import OnNote, OnProgress, ignore_note
from wvcli.system.compiling import CompilingProcess
from wvcli.system.garbage import gc_paused
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.settings import Algorithm, TrainSettings

FloatArray = npt.NDArray[np.float32]
OnTokens = Callable[[int], None]

AUTO = "auto"
# About how many seconds one of Gensim's threads takes to train on a million words, at 100 dimensions and with
# windows of five words: by whether there are subwords, and whether it is skip-gram.
_GENSIM_SECONDS = {(False, True): 3.0, (False, False): 0.8, (True, True): 8.0, (True, False): 5.0}
# Of these seconds, from which on the fast engine is taken: as many as compiling its loops takes once, so that not
# even the first run takes longer.
_LONG_SECONDS = 9.0
_INSTALL_NUMBA = 'pip install "numba>=0.61"'


@dataclass(frozen=True)
class Trained:
    """What an engine did with a stretch of text.

    Attributes:
        tokens: tokens trained on, before subsampling, by the engine's own count.
        sampled: tokens of these that were left after subsampling.
    """

    tokens: int
    sampled: int


class Trainer(Protocol):
    """A model in training.

    Its arrays are trained in place: `vectors` (Word2Vec) or `input.words` and `subwords.vectors` (FastText), and
    `output.negative` or `output.hierarchical`; or `glove`, in which each row is all that is trained of a word.
    """

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        """The arrays as they are now, by name: float32 [rows, numbers] each."""

    @property
    def kept_tensors(self) -> Mapping[str, FloatArray]:
        """Those of the arrays that the model file holds, so that it can be trained further."""

    def prepare(self, on_progress: OnProgress) -> None:
        """Do what must be done once before the first epoch, or before a run is continued.

        Raises:
            WvcliError: the engine failed.
        """

    def stretches(self, least: int | None = None) -> Sequence[Stretch]:
        """Return the parts of an epoch, in order.

        Checkpoints are made between them, so each takes a few seconds at most.

        Args:
            least: tokens of each, or more; None for as many as are fast.
        """

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        """Train on a stretch of text while the learning rate falls evenly from `alpha` to `min_alpha`.

        Raises:
            WvcliError: the engine failed.
        """

    def expected_sample(self) -> tuple[float, float]:
        """Return the expected number of tokens that subsampling leaves of an epoch, and its standard deviation."""

    def loss(self) -> float | None:
        """Return the loss of one fixed sample as it is now; None where there is nothing to measure it on."""

    def freeze(self, words: IdArray | None) -> None:
        """Leave the vectors of these words as they are from now on; None trains all again.

        Raises:
            UsageError: the algorithm cannot do that.
        """

    def random_state(self) -> dict[str, Any]:
        """Return the state of the random numbers, as JSON."""

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state of the random numbers."""

    def vectors(self) -> FloatArray:
        """Return float32 [words, dim], the vectors of all words, in the order of the vocabulary."""


@dataclass(frozen=True)
class Engine:
    """A way to train.

    Attributes:
        name: what users call it.
        about: one line for the help.
        packages: the packages it uses, whose versions the model records.
        algorithms: those that it trains.
        start: makes a model with fresh weights for a corpus, by settings in which nothing is `auto` any more. The
            first callback is called with the number of tokens trained on since its last call, from any thread; the
            second with notes for the user.
        memory: bytes of memory that its packages take beyond Gensim's.
        row_multiple: float32 numbers of which a row in memory holds a multiple.
        stretch: tokens that its trainers train on in one call, or more.
        compile_ahead: starts a process that compiles what training by some settings calls; returns None where
            nothing is to be compiled, or such a process would be of no use.
    """

    name: str
    about: str
    packages: tuple[str, ...]
    algorithms: tuple[Algorithm, ...]
    start: Callable[[EncodedCorpus, TrainSettings, OnTokens, OnNote], Trainer]
    memory: int = 0
    row_multiple: int = 1
    stretch: int = 0
    compile_ahead: Callable[[TrainSettings], CompilingProcess | None] = lambda settings: None

    def import_failure(self) -> str:
        """Import its packages; return why one of them cannot be imported, or an empty string."""
        with gc_paused():
            for package in self.packages:
                try:
                    import_module(package)
                except Exception as error:  # whatever a package raises that does not fit the others
                    return first_line(error)
        return ""

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages."""
        from importlib.metadata import version

        return {package: version(package) for package in self.packages}


registry: Registry[Engine] = Registry("engine", __name__, choices=[AUTO])


def engine_called(name: str, algorithm: Algorithm | None = None) -> Engine | None:
    """Return the engine of this name, or None for `auto`, which is decided by how much there is to train.

    Args:
        name: of the engine.
        algorithm: that it is to train. For GloVe `auto` is the one engine that can.

    Raises:
        UsageError: no engine has that name, or it does not train that algorithm.
        MissingPackageError: its packages cannot be imported.
    """
    if name == AUTO:
        if algorithm != "glove":
            return None
        name = "fast"
    engine = registry.get(name)
    if algorithm is not None and algorithm not in engine.algorithms:
        raise UsageError(f"`algorithm={algorithm}` does not work with `engine={name}`", "leave out `engine`")
    if failure := engine.import_failure():
        needs = "`algorithm=glove`" if algorithm == "glove" else f"the engine {name}"
        raise MissingPackageError(f"{needs} needs Numba, which cannot be imported ({failure})", _INSTALL_NUMBA)
    return engine


def is_long(tokens: int, settings: TrainSettings) -> bool:
    """Return whether training takes so long with Gensim's loops that the fast engine is taken by default.

    It depends on the text and the settings alone, not on the computer, nor on what is compiled already: the engine
    decides what the vectors will be.

    Args:
        tokens: of the text.
        settings: nothing of theirs that matters here is `auto`.
    """
    is_skipgram = settings.architecture == "skipgram"
    millions = tokens * (settings.epochs or 1) / 1e6
    seconds = _GENSIM_SECONDS[settings.algorithm == "fasttext", is_skipgram] * millions
    windows = (settings.window or 1) / 5 if is_skipgram else 1
    return seconds * windows * (settings.dim or 1) / 100 >= _LONG_SECONDS


def default_engine(tokens: int, settings: TrainSettings, on_note: OnNote = ignore_note) -> Engine:
    """Return the engine for a text: the fast one if training is long and Numba can be imported.

    Args:
        tokens: of the text.
        settings: to train by; nothing of theirs that matters here is `auto`.
        on_note: called with which engine it is where a user may care, and with how training takes less time.
    """
    if is_long(tokens, settings):
        fast = registry.get("fast")
        failure = fast.import_failure()
        if not failure:
            on_note("training with the fast engine; `engine=gensim` uses Gensim's own loops")
            return fast
        on_note(
            f"training with Gensim's own loops, because Numba cannot be imported ({failure}); "
            f"{_INSTALL_NUMBA} makes it several times as fast"
        )
    return registry.get("gensim")
