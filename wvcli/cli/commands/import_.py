"""`wvcli import`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli import completion, console, options


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File or folder of another system.", show_default=False)
    ],
    output: Annotated[Path | None, options.output("FILE's name in this folder")] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help="Format of FILE, see wvcli formats [default: told by its content].",
            show_default=False,
            autocompletion=completion.formats_read,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="Take the first N words only.", show_default=False),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a model of another system's vectors, which opens at once."""
    from wvcli.exchange import import_vectors

    notes: list[str] = []
    with console.progress("words") as show:
        vectors = import_vectors(
            file, output, name=name, limit=limit, overwrite=force, on_progress=show, on_note=notes.append
        )
    console.wrote(len(vectors), vectors.dim, str(vectors.path))
    for note in notes:
        console.note(note)
