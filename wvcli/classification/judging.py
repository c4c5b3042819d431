"""A classifier judged on labelled texts."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wvcli.classification.measures import Judgement


class Labeller(Protocol):
    """What gives probabilities of labels to texts: a classifier, or one of fastText's."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def is_multilabel(self) -> bool:
        """Whether a text may have any number of labels."""

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return float64 [texts, labels]."""


def judged(classifier: Labeller, chances: npt.NDArray[np.float64], names: Sequence[tuple[str, ...]]) -> Judgement:
    """Return what a classifier says of texts beside the labels that they have, new ones included."""
    unseen = sorted({name for found in names for name in found} - set(classifier.labels))
    labels = (*classifier.labels, *unseen)
    place = {label: number for number, label in enumerate(labels)}
    actual = np.zeros((len(names), len(labels)), dtype=bool)
    for row, found in enumerate(names):
        actual[row, [place[name] for name in found]] = True
    return Judgement(labels, chances, actual, classifier.is_multilabel)


def scores_of(judgement: Judgement) -> dict[str, Any]:
    """Return the figures that sum up a judgement, by name."""
    return {
        "texts": len(judgement.actual),
        "accuracy": round(judgement.accuracy, 6),
        "macro_f1": round(judgement.macro_f1, 6),
        "log_loss": round(judgement.log_loss, 6),
        "calibration_error": round(judgement.calibration_error, 6),
        "majority": round(judgement.majority, 6),
    }
