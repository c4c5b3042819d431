"""`wvcli import`."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.streams import stderr


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="File or folder of another system, packed or not; an address; - is stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[Path | None, shared.output("FILE's name with .safetensors, in this folder")] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FORMAT",
            help="Format of FILE; wvcli formats lists them.",
            show_default="detected from its contents",
            autocompletion=completion.formats_read,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("-n", min=1, metavar="N", help="Take only the first N words.", show_default=False),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option(
            "--member",
            metavar="NAME",
            help="File or folder in an archive, if it holds vectors more than once.",
            show_default=False,
        ),
    ] = None,
    matrix: Annotated[
        str | None,
        typer.Option("--matrix", metavar="NAME", help="Matrix, if a file holds several.", show_default=False),
    ] = None,
    word_column: Annotated[
        str | None,
        typer.Option(
            "--word-column",
            metavar="NAME",
            help="Column or key of the words, if it is not `word`.",
            show_default=False,
        ),
    ] = None,
    vector_column: Annotated[
        str | None,
        typer.Option(
            "--vector-column",
            metavar="NAME",
            help="Column or key of the vectors, if it is not `vector`.",
            show_default=False,
        ),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            "--words",
            metavar="FILE",
            help="Words of an array without words: one per line, or a column of Parquet.",
            show_default=False,
        ),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(
            "--prefix",
            metavar="TEXT",
            help="Take only words that begin with TEXT, without it.",
            show_default=False,
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="REGEX",
            help="Take only words that match REGEX whole, and of these what its first group matches.",
            show_default=False,
        ),
    ] = None,
    unique_vectors: Annotated[
        bool, typer.Option("--unique-vectors", help="Of words with one and the same vector, take the first.")
    ] = False,
    encoding: shared.WordEncoding = "utf-8",
    encoding_errors: shared.WordEncodingErrors = "strict",
    skip_bad: shared.SkipBadWords = False,
    unknown_words: Annotated[
        Literal["subwords", "none"],
        typer.Option(
            "--unknown-words",
            help="subwords fits vectors of n-grams to those of the words, and unknown words get theirs from them.",
        ),
    ] = "none",
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
) -> None:
    """Turn another system's vectors into a model file that opens at once."""
    from wvcli.models import opening
    from wvcli.models.importing import import_vectors
    from wvcli.models.model_file import open_model
    from wvcli.training.starting_points import why_not_updatable

    notes: list[str] = []
    with stderr.progress_shown() as show:
        vectors = import_vectors(
            file,
            output,
            name=name,
            limit=limit,
            member=member,
            matrix=matrix,
            word_column=word_column,
            vector_column=vector_column,
            words=words,
            prefix=prefix,
            pattern=pattern,
            unique_vectors=unique_vectors,
            encoding=encoding,
            encoding_errors=encoding_errors,
            skip_bad=skip_bad,
            unknown_words=unknown_words,
            overwrite=overwrite,
            on_progress=show,
            on_note=notes.append,
        )
    stderr.wrote(len(vectors), vectors.dim, str(vectors.path))
    for note in notes:
        stderr.note(note)
    if vectors.path and not opening.is_default(vectors.path):
        stderr.note(f"to use it, name it: -m {quote(str(vectors.path))}; without -m another model is meant")
    if vectors.path and why_not_updatable(open_model(vectors.path)) is None:
        stderr.note(f"it can be trained further with wvcli update {quote(str(vectors.path))}")
