"""Engines: each trains the vectors of an encoded corpus and accounts for every token it trained on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingExtraError, install_line
from wvcli.registry import Registry
from wvcli.reporting import OnNote
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray
from wvcli.training.settings import TrainSettings

FloatArray = npt.NDArray[np.float32]
OnTokens = Callable[[int], None]

AUTO = "auto"
LARGE = 1_000_000  # tokens, from which on compiling repays itself, once
_VERY_LARGE = 20_000_000  # tokens, from which on it is worth telling of the extra


@dataclass(frozen=True)
class Trained:
    """What an engine did with a stretch of text.

    Attributes:
        tokens: tokens trained on, before subsampling, by the engine's own count.
        sampled: of these, how many subsampling left.
    """

    tokens: int
    sampled: int


class Trainer(Protocol):
    """A model in training.

    Its arrays are trained in place: `vectors` (Word2Vec) or `input.words` and `subwords.vectors` (FastText), and
    `output.negative` or `output.hierarchical`.

    Attributes:
        stretch: tokens that it takes a few seconds for or less: the grain of checkpoints.
    """

    stretch: int

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        """The arrays as they are now."""

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        """Train on a stretch of text while the learning rate falls evenly from `alpha` to `min_alpha`.

        Raises:
            WvcliError: the engine failed.
        """

    def expected_sample(self) -> tuple[float, float]:
        """How many tokens subsampling leaves of an epoch: the expectation and the standard deviation."""

    def inputs(self, words: IdArray) -> FloatArray:
        """float32 [words, dim], the vectors of these words as they are now."""

    def pieces(self, words: IdArray) -> IdArray:
        """uint32 [words], how many vectors each word is made of: CBOW takes the mean over all of them."""

    def paths(self, word: int) -> tuple[IdArray, FloatArray]:
        """The inner nodes on a word's way down the Huffman tree, and at each 1 or -1 for the side it takes."""

    def freeze(self, words: IdArray | None) -> None:
        """Keep the vectors of these words as they are from now on; None sets all free again."""

    def random_state(self) -> dict[str, Any]:
        """The state of the random numbers, as JSON."""

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        """Go back to a state of the random numbers."""

    def vectors(self) -> FloatArray:
        """float32 [words, dim], the vectors of all words, in the order of the vocabulary."""


@dataclass(frozen=True)
class Engine:
    """A way to train.

    Attributes:
        name: what users call it.
        about: one line for the help.
        packages: what it stands on, whose versions the model records.
        start: a model with fresh weights for a corpus, by settings in which nothing is `auto` any more; the
            first callback is told, from any thread, how many tokens were trained since its last call, the second
            what is worth knowing.
        extra: what to install it with, or an empty string.
        memory: bytes that its packages take beyond Gensim's.
        lanes: what the length of a row in memory is a multiple of.
    """

    name: str
    about: str
    packages: tuple[str, ...]
    start: Callable[[EncodedCorpus, TrainSettings, OnTokens, OnNote], Trainer]
    extra: str = ""
    memory: int = 0
    lanes: int = 1

    def is_installed(self) -> bool:
        """Whether all of its packages are there."""
        return all(find_spec(package) for package in self.packages)

    def versions(self) -> dict[str, str]:
        """The versions of its packages."""
        from importlib.metadata import version

        return {package: version(package) for package in self.packages}


registry: Registry[Engine] = Registry("engine", __name__)


def engine_called(name: str) -> Engine | None:
    """The engine of this name, or None for `auto`, which is decided by the size of the text.

    Raises:
        UsageError: there is none.
        MissingExtraError: its packages are not installed.
    """
    if name == AUTO:
        return None
    engine = registry.get(name)
    if not engine.is_installed():
        raise MissingExtraError(f"the engine {name}", engine.extra)
    return engine


def default_engine(tokens: int, on_note: OnNote = lambda note: None) -> Engine:
    """The engine for a text of so many tokens: the fast one if it is installed and the text is not small."""
    fast = registry.get("fast")
    if tokens < LARGE:
        return registry.get("gensim")
    if fast.is_installed():
        on_note("training with the fast engine; --engine gensim takes Gensim's own loops")
        return fast
    if tokens >= _VERY_LARGE:
        on_note(f"training with Gensim's own loops; several times as fast after {install_line(fast.extra)}")
    return registry.get("gensim")
