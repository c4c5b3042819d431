"""`wvcli info`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import chosen, named_once
from wvcli.cli.reports.training import spark
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import line, resolve_format, write_object
from wvcli.errors import UsageError

_SOMETIMES = ("imported", "init", "updated", "phrases")
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
}
_NEGATED = {"lowercase": "--keep-case"}  # options that turn a default off


def info(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="Model file.", show_default="the newest model in this folder"),
    ] = None,
    model: shared.Model = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole file and check every array against its checksum.")
    ] = False,
    command: Annotated[bool, typer.Option("--command", help="Print the command that trained the model.")] = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """Show a model's size, settings, coverage, provenance and checksums."""
    from wvcli.models import model_file, opening
    from wvcli.training.starting_points import why_not_updatable

    path = chosen(named_once(file, model))
    opened = opening.open_if_model(path)  # once: what is shown and what is verified are of one file
    vectors = opened.vectors() if opened else opening.load(path, on_note=stderr.note)
    if verify:
        if not opened:
            raise UsageError(f"{path} is not a wvcli model and has no checksums")
        model_file.verify(opened)
        stderr.note(f"all {len(vectors.manifest['checksum'])} arrays match their checksums")
    manifest = vectors.manifest
    if command:
        if not manifest:
            raise UsageError(f"{path} is not a wvcli model and does not record how it was made")
        with model_file.reading_manifest(path):
            if "imported" in manifest:
                raise UsageError(
                    f"{path} was not trained here", f"it was imported from {manifest['imported']['source']}"
                )
            typed = _command(path, manifest)
        line(typed)
        return
    facts: dict[str, Any] = {
        "path": str(path),
        "format_version": manifest.get("format_version"),
        "algorithm": manifest.get("settings", {}).get("algorithm"),
        "words": len(vectors),
        "dim": vectors.dim,
    }
    facts |= {key: manifest.get(key) for key in _FROM_MANIFEST}
    with model_file.reading_manifest(path):
        facts["updatable"] = opened is not None and why_not_updatable(opened) is None
        facts |= {key: manifest[key] for key in _SOMETIMES if key in manifest}
        if resolve_format(format) == "table" and facts["history"]:
            losses = [epoch["loss"] for epoch in facts["history"] if epoch["loss"] is not None]
            fall = f", loss {spark(losses)} {losses[0]:.3f} to {losses[-1]:.3f}" if losses else ""
            facts["history"] = f"{len(facts['history'])} epochs{fall}"
    write_object(facts, format)


def _command(path: Path, manifest: Mapping[str, Any]) -> str:
    """Return the command that trained a model, with the options that were not left at their defaults.

    Raises:
        UsageError: no single command trains such a model.
    """
    from wvcli.training import engines
    from wvcli.training.settings import TrainSettings

    if "updated" in manifest:
        raise UsageError(f"{path} was updated, so no single command trains it")
    reading, tokenizer, init = manifest["reading"], manifest["tokenizer"], manifest.get("init") or {}
    if tokenizer["stopwords"] and not reading["stopwords_file"]:
        raise UsageError(f"{path} was trained with stop words from no file", f"repeat it with --like {path}")
    is_small = manifest["coverage"]["tokens_kept"] < engines.FAST_TOKENS  # Gensim trains it by default
    default = TrainSettings().to_json() | _DEFAULTS | {"engine": "gensim" if is_small else None}
    given = {
        **manifest["settings"],
        **{name: reading.get(name) for name in ("encoding", "encoding_errors", "field", "column", "delimiter")},
        "stopwords": reading["stopwords_file"],
        "tokenizer": tokenizer["name"],
        "min_length": tokenizer["min_length"],
        "engine": manifest["engine"],
        "init": init.get("source"),
        "freeze_until": init.get("freeze_until") or None,
        "lowercase": tokenizer["lowercase"],
        "skip_bad": reading["skip_bad"],
        "early_stop": manifest["early_stop"],
        "freeze": bool(init.get("freeze") and not init.get("freeze_until")),
    }
    words = ["wvcli", "train", *manifest["corpus"]["sources"], "-o", str(path)]
    flags = []
    for name, value in given.items():
        if value != default[name]:
            option = _NEGATED[name] if value is False else f"--{name.replace('_', '-')}"
            if isinstance(value, bool):
                flags.append(option)
            else:
                words += [option, str(value)]
    return shlex.join(words + flags)
