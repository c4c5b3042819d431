"""What training goes on from, beside the vectors of words and of subwords."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wvcli.vectors.geometry import FloatArray


@dataclass(frozen=True, eq=False)
class Weights:
    """The parts of a model that queries do without.

    Attributes:
        words: float32 [words, dim], the own vector of each word, which its n-gram vectors are added to; None
            where the words' vectors are their own.
        output: float32 [words, dim], the output layer for the loss in `settings`, or None when unknown; that of
            hierarchical softmax only as the fastText program has it.
        settings: how the model was trained, by the names of `TrainSettings`, as far as is known, and by names of
            their own what else its file tells.
        tree: float32 [inner nodes, dim], the output layer of hierarchical softmax as Gensim has it, or None.
    """

    words: FloatArray | None
    output: FloatArray | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tree: FloatArray | None = None
