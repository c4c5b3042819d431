"""`wvcli vocab`."""

from itertools import islice
from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_once, open_vectors
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

_COLUMNS = (Column("rank", table_only=True), Column("word"), Column("count"))
_BATCH = 1_000  # words written at a time


def vocab(
    file: shared.ModelArgument = None,
    model: shared.Model = None,
    grep: Annotated[
        str | None,
        typer.Option(
            "--grep", metavar="REGEX", help="List only words that match this pattern.", show_default=False
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("-n", min=1, metavar="N", help="List only the first N of these.", show_default=False),
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts/--no-counts", help="Write the count of each word, or the words alone.")
    ] = True,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """List a model's words and their counts, most frequent first."""
    vectors = open_vectors(named_once(file, model))
    words = islice(vectors.vocabulary.matching(grep), top)
    with writer(_COLUMNS if counts else _COLUMNS[:-1], format, header) as out:
        while batch := list(islice(words, _BATCH)):
            if counts:
                out.write((index + 1, word, vectors.count(index)) for index, word in batch)
            else:
                out.write((index + 1, word) for index, word in batch)
