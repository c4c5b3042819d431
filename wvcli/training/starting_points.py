"""What training starts from other than random vectors: vectors from a file, or a model that is trained further."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from wvcli.errors import UsageError
from wvcli.models import model_file, opening
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.text.settings import Source
from wvcli.tokens.shards import IdArray
from wvcli.training.loop import Run
from wvcli.training.preparation import PriorVocabulary
from wvcli.training.settings import TrainSettings
from wvcli.vectors.word_vectors import Vectors

# What the manifest of an updated model keeps of the model before.
_PROVENANCE = ("corpus", "reading", "coverage", "history", "init", "imported", "updated")
_SETTING_NAMES = {field.name for field in fields(TrainSettings)}


@dataclass(frozen=True)
class InitialVectors:
    """Vectors to start from, for the words that they have.

    Attributes:
        vectors: the vectors.
        source: the file they are from.
        freeze: whether they are kept as they are.
        freeze_until: the number of epochs for which they are kept, or None for all.
    """

    vectors: Vectors
    source: str
    freeze: bool
    freeze_until: int | None

    @classmethod
    def of(
        cls,
        init: Source | None,
        freeze: bool,
        freeze_until: int | None,
        on_progress: OnProgress = ignore_progress,
        on_note: OnNote = ignore_note,
    ) -> "InitialVectors | None":
        """Open the vectors that were asked for, if any.

        Args:
            init: the file.
            freeze: keep them as they are.
            freeze_until: keep them as they are for the first epochs, this many.
            on_progress: called while a file in another format is read.
            on_note: called with a line on what was left out of such a file.

        Raises:
            UsageError: `freeze` or `freeze_until` has no effect, or is out of its limits.
            InputError: the file cannot be read.
        """
        if init is None:
            if freeze or freeze_until is not None:
                name = "freeze=True" if freeze else "freeze_until"
                raise UsageError(f"`{name}` has no effect without `init`")
            return None
        if freeze_until is not None and freeze_until < 1:
            raise UsageError(f"`freeze_until` must be at least 1, not {freeze_until}")
        vectors = opening.load(init, on_progress, on_note)
        model_file.verify_vectors(vectors)
        return cls(
            vectors=vectors,
            source=os.fspath(init),
            freeze=freeze or freeze_until is not None,
            freeze_until=freeze_until,
        )

    def fitted(self, wanted: TrainSettings) -> TrainSettings:
        """Return the settings with the dimensions of these vectors.

        Raises:
            UsageError: the settings ask for others, or for another algorithm than Word2Vec.
        """
        if wanted.algorithm not in (None, "word2vec"):
            raise UsageError("`init` works only with `algorithm=word2vec`")
        if wanted.dim not in (None, self.vectors.dim):
            raise UsageError(f"`dim={wanted.dim}` does not fit {self.source}, which has {self.vectors.dim}")
        return replace(wanted, algorithm="word2vec", dim=self.vectors.dim)

    def asked_for(self) -> dict[str, Any]:
        """Return the file and what is kept fixed, as JSON."""
        return {"source": self.source, "freeze": self.freeze, "freeze_until": self.freeze_until}

    def prior_vocabulary(self) -> None:
        """Return None: the vocabulary is that of the text alone."""

    def apply(self, run: Run) -> dict[str, Any]:
        """Copy the vectors into a run before its first epoch, and return what the manifest records of them."""
        rows, theirs = _matches(run.corpus.words, self.vectors)
        run.trainer.tensors["vectors"][rows] = self.vectors.matrix[theirs]
        if self.freeze:
            run.frozen, run.freeze_until = rows, self.freeze_until
        return {
            "init": self.asked_for() | {"matched": len(rows)},
        }


def _settings(model: model_file.ModelFile) -> TrainSettings:
    """Return how a model was trained; an imported one may record settings that are not of `TrainSettings`."""
    recorded = model.manifest["settings"]
    return TrainSettings(**{name: value for name, value in recorded.items() if name in _SETTING_NAMES})


def why_not_updatable(model: model_file.ModelFile) -> tuple[str, str] | None:
    """Return why a model cannot be trained further, and a hint or an empty string; None when it can."""
    settings, needed = model.manifest["settings"], {"output.negative", "vocabulary.counts"}
    if settings.get("algorithm") == "glove":
        return (
            "was trained with GloVe, and does not hold what was counted in its text",
            "train on the old and the new text together",
        )
    if "output.hierarchical" in model.tensors or settings.get("loss") == "hierarchical":
        return (
            "was trained with hierarchical softmax, whose tree of words changes with new words",
            "only models trained with negative sampling can be updated",
        )
    if "subwords.vectors" in model.tensors:
        needed |= {"input.words"}
    missing = needed - set(model.tensors)
    if missing or not settings.get("architecture"):
        imported = "was imported and " if "imported" in model.manifest else ""
        held = _HELD_WITHOUT[min(missing)] if len(missing) == 1 else "word vectors only"
        return (
            f"{imported}holds {held}, not what training further needs",
            f"start from its vectors with wvcli train --init {model.path}",
        )
    if settings.get("context") == "sum":
        return "was trained on sums of context vectors, but wvcli trains on means", ""
    if settings.get("phrases") and "phrases.pairs" not in model.tensors:
        return "was trained with phrases, but does not hold them", ""
    try:
        _settings(model)
    except UsageError as error:
        return f"cannot be trained further with its settings: {error.message}", ""
    return None


# What a model holds that lacks this array only.
_HELD_WITHOUT = {
    "output.negative": "vectors without the output layer",
    "vocabulary.counts": "words without counts",
    "input.words": "vectors of words with those of their n-grams added",
}


@dataclass(frozen=True)
class ModelToUpdate:
    """A model that is trained further.

    Attributes:
        model: its file.
        vectors: its vectors.
    """

    model: model_file.ModelFile
    vectors: Vectors

    @classmethod
    def of(cls, model: model_file.ModelFile) -> "ModelToUpdate":
        """Open a model to train it further.

        Raises:
            UsageError: it cannot be trained further.
        """
        reason = why_not_updatable(model)
        if reason:
            raise UsageError(f"{model.path} {reason[0]}", reason[1])
        return cls(model, model.vectors())

    @property
    def is_imported(self) -> bool:
        """Whether another system trained it, so that how its text was split into words is not recorded."""
        return "imported" in self.model.manifest

    @property
    def settings(self) -> TrainSettings:
        """How it was trained; what is not recorded is `auto`, or the default."""
        return _settings(self.model)

    def prior_vocabulary(self) -> PriorVocabulary:
        """Return the words of the model with their counts, and its phrases."""
        counts = np.maximum(self.model.tensors["vocabulary.counts"], 1).tolist()  # words with 0 would be dropped
        return PriorVocabulary(
            counts=dict(zip(self.vectors.vocabulary, counts, strict=True)), phrases=self.model.phrases()
        )

    def apply(self, run: Run) -> dict[str, Any]:
        """Copy the weights into a run before its first epoch, and return what the manifest records of them."""
        rows, theirs = _matches(run.corpus.words, self.vectors)
        for name, array in run.trainer.tensors.items():
            if name == "subwords.vectors":
                array[:] = self.model.tensors[name]
            else:
                array[rows] = self.model.tensors[name][theirs]
        manifest = self.model.manifest
        before = {key: manifest[key] for key in _PROVENANCE if key in manifest}
        return {"updated": before | {"new_words": len(run.corpus.words) - len(rows)}}


def _matches(words: Sequence[str], vectors: Vectors) -> tuple[IdArray, IdArray]:
    """Return uint32 [matches] twice: the indices of those of `words` that `vectors` has, and their rows there."""
    found = [(index, vectors.index(word)) for index, word in enumerate(words)]
    pairs = [(index, row) for index, row in found if row is not None]
    matched = np.array(pairs, dtype=np.uint32).reshape(-1, 2)
    return matched[:, 0], matched[:, 1]
