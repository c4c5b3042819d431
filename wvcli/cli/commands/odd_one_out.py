"""`wvcli odd-one-out`."""

from typing import TYPE_CHECKING

from wvcli.cli import options
from wvcli.cli.cells import Column, Row
from wvcli.cli.finder import Finder, single_rows
from wvcli.cli.opening import open_vectors
from wvcli.cli.output import writer
from wvcli.cli.queries import question_batches

if TYPE_CHECKING:
    from wvcli.vectors import Lookup

_COLUMNS = (Column("words"), Column("odd"), Column("similarity"))


def odd_one_out(
    words: options.SomeWords = None,
    model: options.Model = None,
    missing: options.MissingPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """The word that does not belong, and its cosine to the others."""
    batches = question_batches(words, "three words or more", 3, None)
    finder = Finder(open_vectors(model), missing, alone=False)
    with writer(_COLUMNS, format, header) as out:
        for batch in batches:
            out.write(single_rows(batch, finder, _odd, lambda asked: (asked, None, None)))
    finder.finish()


def _odd(words: list[str], found: "list[Lookup]") -> Row:
    from wvcli.geometry import odd

    place, similarity = odd([word.vector for word in found])
    return words, words[place], similarity
