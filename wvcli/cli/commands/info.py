"""`wvcli info`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_once
from wvcli.cli.reports.training import spark
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import line, resolve_format, write_object
from wvcli.errors import InputError, UsageError

_SOMETIMES = ("imported", "init", "updated", "phrases")
_FROM_MANIFEST = ("settings", "tokenizer", "engine", "coverage", "history", "corpus", "versions", "checksum")


def info(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="Model file.", show_default="the newest model in this folder"),
    ] = None,
    model: shared.Model = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole file and hold every array against its checksum.")
    ] = False,
    command: Annotated[bool, typer.Option("--command", help="Print the command that trained it.")] = False,
    format: shared.Format = "auto",
    quiet: shared.Quiet = False,
) -> None:
    """What a model is: size, settings, coverage, provenance, checksums."""
    from wvcli.models import model_file, opening
    from wvcli.training.starting_points import why_not_updatable

    path, _ = opening.resolve(named_once(file, model))
    vectors = opening.load(path)
    if verify:
        if not vectors.manifest:
            raise UsageError(f"{path} is not a wvcli model and holds no checksums")
        damaged = model_file.damaged_tensors(model_file.open_model(path))
        if damaged:
            raise InputError(f"{path} is damaged: wrong checksum of {', '.join(damaged)}")
        stderr.note(f"all {len(vectors.manifest['checksum'])} arrays match their checksums")
    manifest = vectors.manifest
    if command:
        if not manifest:
            raise UsageError(f"{path} is not a wvcli model and does not say how it was made")
        if "imported" in manifest:
            raise UsageError(
                f"{path} was not trained here", f"it was imported from {manifest['imported']['source']}"
            )
        line(_command(path, manifest))
        return
    facts: dict[str, Any] = {
        "path": str(path),
        "format_version": manifest.get("format_version"),
        "algorithm": manifest.get("settings", {}).get("algorithm"),
        "words": len(vectors),
        "dim": vectors.dim,
    }
    facts |= {key: manifest.get(key) for key in _FROM_MANIFEST}
    facts["updatable"] = bool(manifest) and why_not_updatable(model_file.open_model(path)) is None
    facts |= {key: manifest[key] for key in _SOMETIMES if key in manifest}
    if resolve_format(format) == "table" and facts["history"]:
        losses = [epoch["loss"] for epoch in facts["history"] if epoch["loss"] is not None]
        fall = f", loss {spark(losses)} {losses[0]:.3f} to {losses[-1]:.3f}" if losses else ""
        facts["history"] = f"{len(facts['history'])} epochs{fall}"
    write_object(facts, format)


def _command(path: Path, manifest: Mapping[str, Any]) -> str:
    """The command that trained a model, with the settings that were chosen written out."""
    from wvcli.training import engines
    from wvcli.training.settings import TrainSettings

    default = TrainSettings().to_json()
    options = {
        f"--{name.replace('_', '-')}": value
        for name, value in manifest["settings"].items()
        if value != default[name] and name not in ("fixed_window", "phrases")
    }
    if "updated" in manifest:
        raise UsageError(f"{path} was updated, which no single command tells")
    reading = manifest["reading"]
    given = {"encoding": "utf-8", "encoding_errors": "strict", "field": None, "column": None}
    options |= {
        f"--{name.replace('_', '-')}": reading[name] for name, usual in given.items() if reading[name] != usual
    }
    tokenizer = manifest["tokenizer"]
    if tokenizer["stopwords"] and not reading["stopwords_file"]:
        raise UsageError(f"{path} was trained with stop words from no file", f"repeat it with --like {path}")
    options |= {"--stopwords": reading["stopwords_file"]} if reading["stopwords_file"] else {}
    options |= {"--tokenizer": tokenizer["name"]} if tokenizer["name"] != "auto" else {}
    options |= {"--min-length": tokenizer["min_length"]} if tokenizer["min_length"] > 1 else {}
    is_usual = manifest["engine"] == "gensim" and manifest["coverage"]["tokens_kept"] < engines.FAST_TOKENS
    options |= {} if is_usual else {"--engine": manifest["engine"]}
    init = manifest.get("init") or {}
    options |= {"--init": init["source"]} if init else {}
    options |= {"--freeze-until": init["freeze_until"]} if init.get("freeze_until") else {}
    flags = {
        "--fixed-window": manifest["settings"]["fixed_window"],
        "--phrases": manifest["settings"].get("phrases"),
        "--keep-case": not tokenizer["lowercase"],
        "--skip-bad": reading["skip_bad"],
        "--early-stop": manifest["early_stop"],
        "--freeze": init.get("freeze") and not init.get("freeze_until"),
    }
    words = ["wvcli", "train", *manifest["corpus"]["sources"], "-o", str(path)]
    words += [str(part) for option in options.items() for part in option]
    return shlex.join(words + [flag for flag, is_set in flags.items() if is_set])
