"""Engines: each trains the vectors of an encoded corpus and accounts for every token it trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingExtraError, UsageError, install_line
from wvcli.registry import Registry
from wvcli.reporting import OnNote, OnProgress, ignore_note
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.settings import Algorithm, TrainSettings

FloatArray = npt.NDArray[np.float32]
OnTokens = Callable[[int], None]

AUTO = "auto"
# From this many tokens of text on, the fast engine saves more time than compiling it takes, once.
FAST_TOKENS = 1_000_000
# Of all epochs, from which on a note names the fast engine: Gensim's loops take about half a minute or more.
_LONG_TOKENS = 10_000_000


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
        extra: the extra that installs its packages, or an empty string.
        memory: bytes of memory that its packages take beyond Gensim's.
        lanes: float32 numbers of which a row in memory holds a multiple.
    """

    name: str
    about: str
    packages: tuple[str, ...]
    algorithms: tuple[Algorithm, ...]
    start: Callable[[EncodedCorpus, TrainSettings, OnTokens, OnNote], Trainer]
    extra: str = ""
    memory: int = 0
    lanes: int = 1

    def is_installed(self) -> bool:
        """Return whether all of its packages are installed."""
        return all(find_spec(package) for package in self.packages)

    def versions(self) -> dict[str, str]:
        """Return the versions of its packages."""
        from importlib.metadata import version

        return {package: version(package) for package in self.packages}


registry: Registry[Engine] = Registry("engine", __name__, choices=[AUTO])


def engine_called(name: str, algorithm: Algorithm | None = None) -> Engine | None:
    """Return the engine of this name, or None for `auto`, which is decided by the size of the text.

    Args:
        name: of the engine.
        algorithm: that it is to train. For GloVe `auto` is the one engine that can.

    Raises:
        UsageError: no engine has that name, or it does not train that algorithm.
        MissingExtraError: its packages are not installed.
    """
    if name == AUTO:
        if algorithm != "glove":
            return None
        name = "fast"
    engine = registry.get(name)
    if algorithm is not None and algorithm not in engine.algorithms:
        raise UsageError(f"`algorithm={algorithm}` does not work with `engine={name}`", "leave out `engine`")
    if not engine.is_installed():
        raise MissingExtraError(
            "`algorithm=glove`" if algorithm == "glove" else f"the engine {name}", engine.extra
        )
    return engine


def default_engine(tokens: int, on_note: OnNote = ignore_note, epochs: int = 1) -> Engine:
    """Return the engine for a text: the fast one if it is installed and the text is large.

    Args:
        tokens: of the text.
        on_note: called with which engine it is where a user may care, and with how training takes less time.
        epochs: how often the text is trained on.
    """
    fast = registry.get("fast")
    if tokens >= FAST_TOKENS and fast.is_installed():
        on_note("training with the fast engine; `engine=gensim` uses Gensim's own loops")
        return fast
    if tokens * epochs >= _LONG_TOKENS:
        how = "`engine=fast`" if fast.is_installed() else install_line(fast.extra)
        on_note(f"training with Gensim's own loops; {how} makes it several times as fast")
    return registry.get("gensim")
