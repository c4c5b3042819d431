"""`wvcli export`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli import console, options
from wvcli.cli.queries import open_vectors


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.", show_default=False)],
    model: options.Model = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format to write, see wvcli formats [default: by FILE's suffix].",
            show_default=False,
        ),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a model in another system's format."""
    from wvcli import formats

    chosen = formats.for_writing(file, to)
    vectors = open_vectors(model)
    for text in formats.write(vectors, file, chosen.name, overwrite=force):
        console.note(text)
    console.note(f"wrote {len(vectors):,} words of {vectors.dim} dimensions to {file} ({chosen.name})")
