"""`wvcli odd-one-out`."""

from typing import Annotated

import typer

from wvcli.cli import options
from wvcli.cli.output import Column, Row, writer
from wvcli.cli.queries import Finder, open_vectors, question_batches

_COLUMNS = (Column("words"), Column("odd"), Column("similarity"))


def odd_one_out(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD...",
            help="Three words or more; `-`, or no word and a pipe, reads lines of them from stdin.",
            show_default=False,
        ),
    ] = None,
    model: options.Model = None,
    missing: options.MissingPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """The word that does not belong with the others, and its cosine to their mean."""
    from wvcli.geometry import odd

    finder = Finder(open_vectors(model), missing, alone=False)
    with writer(_COLUMNS, format, header) as out:
        for batch in question_batches(words, "three words or more", 3, None):
            rows: list[Row] = []
            for question in batch:
                found = finder.find_all(question)
                if found is not None:
                    place, similarity = odd([word.vector for word in found])
                    rows.append((question, question[place], similarity))
                elif finder.policy == "null":
                    rows.append((question, None, None))
            out.write(rows)
    finder.finish()
