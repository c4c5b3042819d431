"""Engines: each trains the vectors of an encoded corpus and accounts for every token it trained on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wvcli.encoded import EncodedCorpus, IdArray, Stretch
from wvcli.registry import Registry
from wvcli.settings import TrainSettings

FloatArray = npt.NDArray[np.float32]
OnTokens = Callable[[int], None]


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
    """

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
            callback is told, from any thread, how many tokens were trained since its last call.
    """

    name: str
    about: str
    packages: tuple[str, ...]
    start: Callable[[EncodedCorpus, TrainSettings, OnTokens], Trainer]

    def versions(self) -> dict[str, str]:
        """The versions of its packages."""
        from importlib.metadata import version

        return {package: version(package) for package in self.packages}


registry: Registry[Engine] = Registry("engine", __name__)
