"""`wvcli export`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli import completion, console, options
from wvcli.cli.queries import open_vectors
from wvcli.errors import UsageError


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
            autocompletion=completion.formats_written,
        ),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a model in another system's format."""
    from wvcli import formats

    if str(file) == "-":
        raise UsageError("a model is exported to a file, not to stdout")
    chosen = formats.for_writing(file, to)
    vectors = open_vectors(model)
    for text in formats.write(vectors, file, chosen.name, overwrite=force):
        console.note(text)
    if vectors.subwords is not None and "subwords" not in chosen.keeps:
        console.note(f"{chosen.name} has no room for subwords: words outside the vocabulary will have no vector")
    console.note(f"wrote {len(vectors):,} words of {vectors.dim} dimensions to {file} ({chosen.name})")
