"""`wvcli vocab`."""

from itertools import islice
from typing import Annotated

import typer

from wvcli.cli import options
from wvcli.cli.cells import Column
from wvcli.cli.opening import open_vectors
from wvcli.cli.output import writer

_COLUMNS = (Column("rank", table_only=True), Column("word"), Column("count"))
_BATCH = 1_000  # words written at a time


def vocab(
    model: options.Model = None,
    grep: Annotated[
        str | None,
        typer.Option("--grep", metavar="REGEX", help="Only words in which this matches.", show_default=False),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("-n", "--top", min=1, metavar="N", help="Only the first N of these.", show_default=False),
    ] = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """The words of a model with their counts, most frequent first."""
    vectors = open_vectors(model)
    words = islice(vectors.vocabulary.matching(grep), top)
    with writer(_COLUMNS, format, header) as out:
        while batch := list(islice(words, _BATCH)):
            out.write((index + 1, word, vectors.count(index)) for index, word in batch)
