"""Engines: each trains the vectors of an encoded corpus and accounts for every token it trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.encoding import EncodedCorpus
from wvcli.registry import Registry
from wvcli.settings import TrainSettings

OnTokens = Callable[[int], None]


@dataclass(frozen=True)
class Trained:
    """What an engine gives back.

    Attributes:
        tensors: `vectors`, float32 [words, dim], and what is needed to train on: `output.negative` or
            `output.hierarchical`, and for FastText `subwords.vectors` and `input.words`.
        tokens_trained: for each epoch the tokens trained on, before subsampling, by the engine's own count.
        versions: the packages that did the work.
    """

    tensors: dict[str, npt.NDArray[np.float32]]
    tokens_trained: list[int]
    versions: dict[str, str]


@dataclass(frozen=True)
class Engine:
    """A way to train.

    Attributes:
        name: what users call it.
        about: one line for the help.
        train: trains on a corpus by settings in which nothing is `auto` any more; the callback is given the
            number of tokens done in all epochs so far, from any thread.
    """

    name: str
    about: str
    train: Callable[[EncodedCorpus, TrainSettings, OnTokens], Trained]


registry: Registry[Engine] = Registry("engine", __name__)


def versions_of(*packages: str) -> dict[str, str]:
    """The installed versions of packages."""
    from importlib.metadata import version

    return {package: version(package) for package in packages}


Options = dict[str, Any]
