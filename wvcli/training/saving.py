"""A trained model written as a model file, with what its manifest says of how it was made."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wvcli.models import model_file
from wvcli.reporting import OnProgress, Progress, ignore_progress
from wvcli.text.settings import TextSettings
from wvcli.training import engines
from wvcli.training.loop import Run
from wvcli.training.preparation import Prepared
from wvcli.vectors.fitted_subwords import fit_subwords
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__


def save_model(
    path: Path,
    run: Run,
    prepared: Prepared,
    text: TextSettings,
    started_from: Mapping[str, Any] = MappingProxyType({}),
    *,
    overwrite: bool,
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Write what a run has trained as a model file, with n-grams fitted to its words if there are to be any.

    Args:
        path: the file to write.
        run: trained to its end.
        prepared: its corpus and settings.
        text: where the corpus came from, and how it was read.
        started_from: what the manifest says of the vectors that training started from.
        overwrite: replace an existing file.
        on_progress: called with how far it is.

    Raises:
        UsageError: the file exists and `overwrite` is false.
        WvcliError: it cannot be written.
    """
    vectors = _vectors(prepared, run.trainer, on_progress)
    on_progress(Progress("saving"))
    manifest = {
        **prepared.manifest(text),
        **started_from,
        "engine": run.engine,
        "early_stop": run.early_stop,
        "coverage": {
            **run.corpus.coverage(),
            "tokens_trained": min(epoch["tokens_trained"] for epoch in run.history),
        },
        "history": run.history,
        "versions": {
            "wvcli": __version__,
            "python": platform.python_version(),
            **engines.registry.get(run.engine).versions(),
        },
    }
    tensors = {**run.trainer.kept_tensors, **model_file.vector_tensors(vectors), **prepared.tensors()}
    model_file.save(path, tensors, manifest | model_file.about_fitted_subwords(vectors.subwords), overwrite)


def _vectors(prepared: Prepared, trainer: engines.Trainer, on_progress: OnProgress) -> Vectors:
    """Return the words with their vectors, and n-grams fitted to these if there are to be any."""
    settings, matrix = prepared.settings, trainer.vectors()
    vocabulary = Vocabulary.from_words(prepared.encoded.words)
    vectors = Vectors(vocabulary, matrix, prepared.encoded.frequencies, stored_norms=row_norms(matrix))
    if settings.algorithm == "fasttext" or settings.unknown_words != "subwords":
        return vectors
    return replace(vectors, subwords=fit_subwords(vectors, on_progress, settings.workers))
