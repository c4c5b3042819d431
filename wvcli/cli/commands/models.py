"""`wvcli models`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer
from wvcli.errors import ExitCode, InputError, WvcliError

_COLUMNS = tuple(map(Column, ("path", "algorithm", "words", "dim", "bytes")))


def models(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="[FOLDER]",
            exists=True,
            file_okay=False,
            help="Folder to list.",
            show_default="this folder",
        ),
    ] = Path(),
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """List the models in a folder, newest first.

    Other commands use the first one in the current folder when no model is named.
    """
    from wvcli.models import model_file
    from wvcli.models.opening import find

    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    rows, damaged = [], False
    for path in find(folder):
        try:
            opened = model_file.open_model(path)
        except WvcliError as problem:
            stderr.error(problem)
            damaged = True
            continue
        words, dim = opened.tensors["vectors"].shape
        algorithm = opened.manifest["settings"].get("algorithm", "")
        rows.append((str(path), algorithm, int(words), int(dim), path.stat().st_size))
    if not rows:
        stderr.note("no model here; train one with wvcli train FILE")
    with writer(_COLUMNS, format, header) as out:
        out.write(rows)
    if damaged:
        raise typer.Exit(ExitCode.INPUT)
