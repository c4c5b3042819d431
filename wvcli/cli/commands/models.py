"""`wvcli models`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer
from wvcli.errors import ExitCode, InputError

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
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """List the models in a folder, newest first.

    Other commands use the first one in the current folder when no model is named: the first that was trained, not
    imported, if there is one.
    """
    from wvcli.models.opening import find
    from wvcli.system.tensor_files import NoHeaderError

    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    rows, is_damaged = [], False

    def on_problem(problem: InputError) -> None:
        nonlocal is_damaged
        if isinstance(problem, NoHeaderError):  # perhaps it never was a model
            stderr.note(f"passed over a file: {problem.message}")
        else:
            stderr.error(problem)
            is_damaged = True

    for model in find(folder, on_problem):
        words, dim = model.tensors["vectors"].shape
        algorithm = str(model.manifest["settings"].get("algorithm", ""))
        with suppress(OSError):  # removed since
            rows.append((str(model.path), algorithm, int(words), int(dim), model.path.stat().st_size))
    if not rows:
        stderr.note("no model here; train one with wvcli train FILE")
    with writer(_COLUMNS, format, header) as out:
        out.write(rows)
    if is_damaged:
        raise typer.Exit(ExitCode.INPUT)
