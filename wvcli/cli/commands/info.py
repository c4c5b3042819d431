"""`wvcli info`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wvcli.cli import console, options
from wvcli.cli.output import resolved, write_object
from wvcli.errors import InputError, UsageError

_FROM_MANIFEST = ("settings", "tokenizer", "engine", "coverage", "history", "corpus", "versions", "checksum")


def info(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="Model file.", show_default="the newest model in this folder"),
    ] = None,
    model: options.Model = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the whole file and hold every array against its checksum.")
    ] = False,
    format: options.Format = "auto",
    quiet: options.Quiet = False,
) -> None:
    """What a model is: size, settings, coverage, provenance, checksums."""
    from wvcli import models, store

    path, _ = models.resolve(file or model)
    vectors = models.load(path)
    if verify:
        if not vectors.manifest:
            raise UsageError(f"{path} is not a wvcli model and holds no checksums")
        damaged = store.damaged_tensors(store.open_model(path))
        if damaged:
            raise InputError(f"{path} is damaged: wrong checksum of {', '.join(damaged)}")
        console.note(f"all {len(vectors.manifest['checksum'])} arrays match their checksums")
    manifest = vectors.manifest
    facts: dict[str, Any] = {
        "path": str(path),
        "format_version": manifest.get("format_version"),
        "algorithm": manifest.get("settings", {}).get("algorithm"),
        "words": len(vectors),
        "dim": vectors.dim,
    }
    facts |= {key: manifest.get(key) for key in _FROM_MANIFEST}
    if resolved(format) == "table" and facts["history"]:
        facts["history"] = f"{len(facts['history'])} epochs"
    write_object(facts, format)
