"""`wvcli similarity`."""

from typing import Annotated

import typer

from wvcli.cli import options
from wvcli.cli.output import Column, Row, writer
from wvcli.cli.queries import Finder, open_vectors, question_batches

_COLUMNS = (Column("a"), Column("b"), Column("similarity"))


def similarity(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="A B",
            help="Two words; `-`, or no word and a pipe, reads lines of two words from stdin.",
            show_default=False,
        ),
    ] = None,
    model: options.Model = None,
    missing: options.MissingPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """How similar two words are: the cosine of their vectors."""
    from wvcli.geometry import cosine

    finder = Finder(open_vectors(model), missing, alone=False)
    with writer(_COLUMNS, format, header) as out:
        for batch in question_batches(words, "two words", 2, 2):
            rows: list[Row] = []
            for a, b in batch:
                found = finder.find_all([a, b])
                if found is not None:
                    rows.append((a, b, cosine(found[0].vector, found[1].vector)))
                elif finder.policy == "null":
                    rows.append((a, b, None))
            out.write(rows)
    finder.finish()
