"""`wvcli export`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.questions.input import pairs_in, words_in
from wvcli.cli.questions.opening import named_once, open_vectors
from wvcli.cli.streams import stderr
from wvcli.errors import UsageError


def export(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="[MODEL] FILE",
            help="File or folder to write; before it the model, or vectors in another format to convert.",
            show_default=False,
        ),
    ],
    model: shared.Model = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Format to write; wvcli formats lists them.",
            show_default="by FILE's suffix",
            autocompletion=completion.formats_written,
        ),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            "--words",
            metavar="FILE",
            help="Write only the words in this file, one per line, in its order; `-` is stdin.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("-n", min=1, metavar="N", help="Write only the first N words.", show_default=False),
    ] = None,
    rename: Annotated[
        Path | None,
        typer.Option(
            "--rename",
            metavar="FILE",
            help="Rename words as listed in this file: on each line the old name, a tab and the new name.",
            show_default=False,
        ),
    ] = None,
    dim: Annotated[
        int | None,
        typer.Option(
            "--dim",
            min=1,
            metavar="N",
            help="Reduce to N dimensions by principal component analysis.",
            show_default=False,
        ),
    ] = None,
    normalize: Annotated[bool, typer.Option("--normalize", help="Scale every vector to unit length.")] = False,
    dtype: Annotated[
        shared.Dtype | None,
        typer.Option("--dtype", help="Number type, if the format has several.", show_default=False),
    ] = None,
    pad: Annotated[
        bool, typer.Option("--pad", help="Add the word <pad> as row 0, with a vector of zeros.")
    ] = False,
    unknown: Annotated[
        shared.Unknown | None,
        typer.Option(
            "--unk",
            help="Add the word <unk>, for words outside the vocabulary, before the first word.",
            show_default=False,
        ),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(
            "--clusters",
            min=1,
            metavar="N",
            help="Write no vectors but each word and its cluster, one of N, as word2vec -classes does.",
            show_default=False,
        ),
    ] = None,
    encoding: shared.WordEncoding = "utf-8",
    encoding_errors: shared.WordEncodingErrors = "strict",
    skip_bad: shared.SkipBadWords = False,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
) -> None:
    """Write a model, or other vectors, in another system's format.

    wvcli export ft.bin vectors.glove.txt converts one file into another.
    """
    from wvcli import formats
    from wvcli.models import exporting
    from wvcli.models.word_clusters import export_clusters
    from wvcli.vectors.selection import Selection

    *named, file = files
    if len(named) > 1:
        raise UsageError(f"expected a model and a file to write, got {len(files)} names")
    model = named_once(named[0] if named else None, model)
    if str(file) == "-":
        raise UsageError("a model is exported to a file, not to stdout")
    if clusters is not None and (name or dtype or pad or unknown):
        raise UsageError(
            "with `clusters` words are written with their cluster, and no vectors",
            "leave out `name`, `dtype`, `pad` and `unknown`",
        )
    chosen = formats.for_writing(file, name).name if clusters is None else ""
    reading = {"encoding": encoding, "encoding_errors": encoding_errors, "skip_bad": skip_bad}
    vectors = open_vectors(model, is_asked_again=False, reading=reading)
    selection = Selection(
        words=None if words is None else words_in(words, vectors.vocabulary),
        top=top,
        rename={} if rename is None else pairs_in(rename, vectors.vocabulary),
        dim=dim,
        normalize=normalize,
        pad=pad,
        unknown=unknown,
    )
    with stderr.progress_shown() as show:
        told: dict[str, Any] = {"overwrite": overwrite, "on_progress": show, "on_note": stderr.note}
        if clusters is None:
            written = exporting.export(vectors, file, name=chosen, selection=selection, dtype=dtype, **told)
        else:
            clustered = export_clusters(vectors, file, clusters, selection=selection, **told)
    if clusters is None:
        stderr.wrote(len(written), written.dim, f"{file} ({chosen})")
    else:
        found = max(clustered.values()) + 1
        stderr.note(f"wrote {len(clustered):,} words in {found:,} cluster{'' if found == 1 else 's'} to {file}")
