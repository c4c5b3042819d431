"""What training starts from: vectors from elsewhere, or a model that is trained further."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from wvcli.errors import UsageError
from wvcli.models import model_file, opening
from wvcli.text.settings import Source
from wvcli.tokens.shards import IdArray
from wvcli.training.loop import Run
from wvcli.training.preparation import Known
from wvcli.training.settings import TrainSettings
from wvcli.vectors.word_vectors import Vectors

# Of a model before its update.
_PROVENANCE = ("corpus", "reading", "coverage", "history", "init", "imported", "updated")
_SETTINGS = {each.name for each in fields(TrainSettings)}


@dataclass(frozen=True)
class InitialVectors:
    """Vectors from elsewhere to start from."""

    vectors: Vectors
    source: str
    freeze: bool
    freeze_until: int | None

    @classmethod
    def of(cls, init: Source | None, freeze: bool, freeze_until: int | None) -> "InitialVectors | None":
        if init is None:
            if freeze or freeze_until is not None:
                name = "freeze=True" if freeze else "freeze_until"
                raise UsageError(f"`{name}` has no effect without `init`")
            return None
        if freeze_until is not None and freeze_until < 1:
            raise UsageError(f"`freeze_until` must be at least 1, not {freeze_until}")
        return cls(opening.load(init), os.fspath(init), freeze or freeze_until is not None, freeze_until)

    def fitted(self, wanted: TrainSettings) -> TrainSettings:
        """The settings with these vectors' dimensions."""
        if wanted.algorithm == "fasttext":
            raise UsageError("`init` works with `algorithm=word2vec` only")
        if wanted.dim not in (None, self.vectors.dim):
            raise UsageError(f"`dim={wanted.dim}` does not fit {self.source}, which has {self.vectors.dim}")
        return replace(wanted, algorithm="word2vec", dim=self.vectors.dim)

    def known(self) -> None:
        """Nothing is known before the text is read."""

    def apply(self, run: Run) -> dict[str, Any]:
        """Put the vectors of the words they have into the model; gives what the manifest says of it."""
        rows, theirs = _matches(run.corpus.words, self.vectors)
        run.trainer.tensors["vectors"][rows] = self.vectors.matrix[theirs]
        if self.freeze:
            run.frozen, run.freeze_until = rows, self.freeze_until
        said = {"source": self.source, "matched": len(rows), "freeze": self.freeze}
        return {"init": said | {"freeze_until": self.freeze_until}}


def _settings(model: model_file.ModelFile) -> TrainSettings:
    given = model.manifest["settings"]
    return TrainSettings(**{name: value for name, value in given.items() if name in _SETTINGS})


def why_not_updatable(model: model_file.ModelFile) -> tuple[str, str] | None:
    """Why a model cannot be trained further, and what to do instead; None where it can."""
    settings, needed = model.manifest["settings"], {"output.negative", "vocabulary.counts"}
    if "output.hierarchical" in model.tensors or settings.get("loss") == "hierarchical":
        return (
            "was trained with hierarchical softmax, whose tree of words changes with new words",
            "only models trained with negative sampling can be updated",
        )
    if "subwords.vectors" in model.tensors:
        needed |= {"input.words"}
    missing = needed - set(model.tensors)
    if missing or not settings.get("architecture"):
        what = "was imported and " if "imported" in model.manifest else ""
        lacks = _LACKS[min(missing)] if len(missing) == 1 else "word vectors only"
        return (
            f"{what}holds {lacks}, not what training further needs",
            f"start from its vectors with wvcli train --init {model.path}",
        )
    if settings.get("context") == "sum":
        return "was trained on sums of context vectors, where wvcli takes means", ""
    if settings.get("phrases") and "phrases.pairs" not in model.tensors:
        return "was trained with phrases, but does not hold them", ""
    try:
        _settings(model)
    except UsageError as error:
        return f"cannot be trained further with its settings: {error.message}", ""
    return None


_LACKS = {
    "output.negative": "vectors without the output layer",
    "vocabulary.counts": "words without counts",
    "input.words": "vectors of words with those of their n-grams added",
}


@dataclass(frozen=True)
class ModelToUpdate:
    """A model that is trained further."""

    model: model_file.ModelFile
    vectors: Vectors

    @classmethod
    def of(cls, model: model_file.ModelFile) -> "ModelToUpdate":
        reason = why_not_updatable(model)
        if reason:
            raise UsageError(f"{model.path} {reason[0]}", reason[1])
        return cls(model, model.vectors())

    @property
    def imported(self) -> bool:
        """Whether it was trained by another system, which does not tell how its text was split into words."""
        return "imported" in self.model.manifest

    @property
    def settings(self) -> TrainSettings:
        """How it was trained; what is not known is `auto`, or as usual."""
        return _settings(self.model)

    def known(self) -> Known:
        """The words of the model with their counts, and its phrases."""
        counts = np.maximum(self.model.tensors["vocabulary.counts"], 1).tolist()  # 0 would be no word of the model
        return Known(dict(zip(self.vectors.vocabulary, counts, strict=True)), self.model.phrases())

    def apply(self, run: Run) -> dict[str, Any]:
        """Put the old weights into the new model; gives what the manifest says of it."""
        rows, theirs = _matches(run.corpus.words, self.vectors)
        for name, array in run.trainer.tensors.items():
            if name == "subwords.vectors":
                array[:] = self.model.tensors[name]
            else:
                array[rows] = self.model.tensors[name][theirs]
        manifest = self.model.manifest
        new = len(run.corpus.words) - len(rows)
        earlier = {key: manifest[key] for key in _PROVENANCE if key in manifest}
        return {"updated": earlier | {"new_words": new}}


def _matches(words: Sequence[str], vectors: Vectors) -> tuple[IdArray, IdArray]:
    """uint32 [matches] twice: the places of those of `words` that `vectors` has, and their rows there."""
    found = [(place, vectors.index(word)) for place, word in enumerate(words)]
    pairs = [(place, row) for place, row in found if row is not None]
    matched = np.array(pairs, dtype=np.uint32).reshape(-1, 2)
    return matched[:, 0], matched[:, 1]
