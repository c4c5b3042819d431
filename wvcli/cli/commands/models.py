"""`wvcli models`."""

from contextlib import suppress
from pathlib import Path
from time import time
from typing import Annotated, Any

import typer

from wvcli.cli.options import shared
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.cli.streams.units import duration
from wvcli.errors import ExitCode, InputError, WvcliError

_COLUMNS = tuple(map(Column, ("path", "algorithm", "words", "dim", "bytes", "percent", "age")))


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
    """List the models in a folder, newest first, and the unfinished runs.

    Other commands use the first one in the current folder when no model is named: the first that was trained, not
    imported, if there is one. Of an unfinished run, it says how much is done.
    """
    from wvcli.models.model_file import is_checkpoint
    from wvcli.models.opening import find
    from wvcli.system.tensor_files import NoHeaderError

    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    rows: list[tuple[Any, ...]] = []
    is_damaged = False
    shown = duration if resolve_format(format) == "table" else round

    def on_problem(problem: WvcliError) -> None:
        nonlocal is_damaged
        if isinstance(problem, NoHeaderError):  # perhaps it never was a model
            stderr.note(f"passed over a file: {problem.message}")
        else:
            stderr.error(problem)
            is_damaged = True

    def add(path: Path, algorithm: str, words: int | None, dim: int | None) -> None:
        with suppress(OSError):  # removed since
            facts = path.stat()
            age = shown(max(0.0, time() - facts.st_mtime))
            rows.append((str(path), algorithm, words, dim, facts.st_size, None, age))

    for model in find(folder, on_problem, lambda file: add(file.path, file.manifest["kind"], None, None)):
        words, dim = model.tensors["vectors"].shape
        add(model.path, str(model.manifest["settings"].get("algorithm", "")), int(words), int(dim))
    if any(map(is_checkpoint, folder.iterdir())):
        from wvcli.training.unfinished import unfinished_runs  # a folder without a run does without

        for run in unfinished_runs(folder, on_problem):
            settings = run.settings
            row = (settings.algorithm, run.words, settings.dim, None, int(100 * run.share), shown(run.age))
            rows.append((str(run.folder), *row))
    if not rows:
        stderr.note("no model here; train one with wvcli train FILE")
    with writer(_COLUMNS, format, header) as out:
        out.write(rows)
    if is_damaged:
        raise typer.Exit(ExitCode.INPUT)
