"""What is known of a model: its facts, and the command that trained it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wvcli.cli.reports.facts import loss_in_a_line
from wvcli.cli.streams.units import duration
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.models.model_file import ModelFile
    from wvcli.training.unfinished import UnfinishedRun
    from wvcli.vectors.word_vectors import Vectors

_SOMETIMES = ("imported", "init", "updated", "phrases", "cluster")
_FROM_MANIFEST = ("settings", "tokenizer", "engine", "coverage", "history", "corpus", "versions", "checksum")

_DEFAULTS = {  # of train's options that are no hyper-parameters
    "encoding": "utf-8",
    "encoding_errors": "strict",
    "field": None,
    "column": None,
    "delimiter": None,
    "skip_bad": False,
    "tokenizer": "auto",
    "lowercase": True,
    "min_length": 1,
    "stopwords": None,
    "early_stop": False,
    "init": None,
    "freeze": False,
    "freeze_until": None,
    "cluster": None,
    "work": None,
    "replicas": 1,
    "rounds": None,
}
_NEGATED = {"lowercase": "--keep-case"}  # options that turn a default off


def facts(path: Path, vectors: "Vectors", model: "ModelFile | None", for_people: bool) -> dict[str, Any]:
    """Return what is known of vectors by the name of each fact; for people, the loss of all epochs in a line.

    Args:
        path: their file.
        vectors: the vectors.
        model: the model file that they are of; None for a file in another format.
        for_people: whether a person reads it.

    Raises:
        InputError: the manifest is damaged.
    """
    from wvcli.models.model_file import reading_manifest
    from wvcli.training.starting_points import why_not_updatable

    manifest = vectors.manifest
    with reading_manifest(path):
        known: dict[str, Any] = {
            "path": str(path),
            "format_version": manifest.get("format_version"),
            "algorithm": manifest.get("settings", {}).get("algorithm"),
            "words": len(vectors),
            "dim": vectors.dim,
            **{key: manifest.get(key) for key in _FROM_MANIFEST},
            "updatable": model is not None and why_not_updatable(model) is None,
            **{key: manifest[key] for key in _SOMETIMES if key in manifest},
        }
        if for_people and known["history"]:
            known["history"] = _history_in_a_line(known["history"])
    return known


def facts_of_other(file: "ModelFile") -> dict[str, Any]:
    """Return what is known of a file of wvcli's that is no model of word vectors: the kind comes first."""
    first = {key: file.manifest.get(key) for key in ("kind", "format_version")}
    return {**first, **{key: value for key, value in file.manifest.items() if key not in first}}


def _history_in_a_line(history: list[dict[str, Any]]) -> str:
    """Return how many epochs there were, and how the loss fell."""
    losses = [epoch["loss"] for epoch in history if epoch["loss"] is not None]
    count = f"{len(history)} epoch{'' if len(history) == 1 else 's'}"
    return f"{count}, loss {loss_in_a_line(losses)}" if losses else count


def training_command(model: "ModelFile") -> str:
    """Return the command that trained a model, with the options that were not left at their defaults.

    Raises:
        UsageError: no single command trains such a model.
        InputError: its manifest is damaged.
    """
    from wvcli.models.model_file import reading_manifest

    with reading_manifest(model.path):
        return _command(model.path, model.manifest)


def _command(path: Path, manifest: Mapping[str, Any]) -> str:
    from dataclasses import fields

    from wvcli.text.sources import IN_MEMORY
    from wvcli.training import engines, record
    from wvcli.training.settings import TrainSettings

    if "imported" in manifest:
        raise UsageError(f"{path} was not trained here", f"it was imported from {manifest['imported']['source']}")
    if IN_MEMORY in manifest["corpus"]["sources"]:
        raise UsageError(f"{path} was trained by a Python program, on texts that were in no file")
    if "updated" in manifest:
        raise UsageError(f"{path} was updated, so no single command trains it")
    if about := manifest.get("cluster"):
        replicas, rounds = about["replicas"], about["rounds"]
        raise UsageError(
            f"{path} was trained by {replicas} replicas on a cluster",
            f"repeat it with --like {path} --replicas {replicas} --rounds {rounds}, and --cluster and --work",
        )
    if manifest["tokenizer"]["stopwords"] and not manifest["reading"]["stopwords_file"]:
        raise UsageError(f"{path} was trained with stop words from no file", f"repeat it with --like {path}")
    names = {field.name for field in fields(TrainSettings)}
    settings = TrainSettings(**{name: value for name, value in manifest["settings"].items() if name in names})
    engine = None if engines.is_long(manifest["coverage"]["tokens_kept"], settings) else "gensim"
    if settings.algorithm == "glove":  # which one engine trains
        engine = manifest["engine"]
    return command_line(record.of_model(manifest), path, {"engine": engine})


def command_line(record: Mapping[str, Any], output: Path, defaults: Mapping[str, Any]) -> str:
    """Return the command that asks for a run.

    Args:
        record: the arguments of `train`, by name.
        output: the model file.
        defaults: the values of options that need not be given, beside those of `_DEFAULTS`.
    """
    from wvcli.training.settings import TrainSettings

    usual = TrainSettings().to_json() | _DEFAULTS | dict(defaults)
    words, flags = ["wvcli", "train", *record["sources"], "-o", str(output)], []
    for name, value in record.items():
        if name == "sources" or value == usual[name]:
            continue
        option = _NEGATED[name] if value is False else f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            flags.append(option)
        else:
            words += [word for each in _values(value) for word in (option, str(each))]
    return shlex.join(words + flags)


def _values(value: Any) -> list[Any]:
    """Return the values of an option, which is given once for each."""
    return value if isinstance(value, list) else [value]


def unfinished_facts(run: "UnfinishedRun", for_people: bool) -> dict[str, Any]:
    """Return what is known of an unfinished run by the name of each fact.

    Args:
        run: the run.
        for_people: whether a person reads it.
    """
    from wvcli.text.sources import IN_MEMORY

    minutes = {"checkpoint": f"{run.options.checkpoint:g}"} if run.options.checkpoint else {}
    defaults = {"engine": "auto", "keep_encoded": None, "checkpoint": None}
    asked = run.record()
    command = None  # texts and stop words that a Python program has in memory are in no command
    has_unnamed_words = run.text.tokenizer.stopwords and not asked["stopwords"]
    if IN_MEMORY not in asked["sources"] and not has_unnamed_words:
        command = command_line(asked | minutes | {"cluster": run.options.cluster}, run.output, defaults)
    losses: Any = run.losses
    if for_people:
        losses = loss_in_a_line(losses)
    return {
        "path": str(run.folder),
        "command": command,
        "resume": shlex.join(["wvcli", "train", "--resume", str(run.folder)]),
        "progress": f"{run.share:.0%}" if for_people else round(run.share, 4),
        "epoch": run.epoch,
        "epochs": run.epochs,
        "loss": losses,
        "age": duration(run.age) if for_people else round(run.age),
        "engine": run.state.get("engine"),
        "words": run.words,
        "tokens": run.tokens,
        "settings": run.settings.to_json(),
    }
