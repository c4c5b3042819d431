"""`wvcli similarity`."""

from wvcli.cli import options
from wvcli.cli.cells import Column
from wvcli.cli.explaining import pair_writer
from wvcli.cli.finder import Finder, single_rows
from wvcli.cli.opening import open_vectors
from wvcli.cli.queries import question_batches

_COLUMNS = (Column("a"), Column("b"), Column("similarity"))


def similarity(
    words: options.TwoWords = None,
    model: options.Model = None,
    explain: options.Explain = False,
    missing: options.MissingPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """How similar two words are: the cosine of their vectors."""
    from wvcli.geometry import cosine

    batches = question_batches(words, "two words", 2, 2)
    finder = Finder(open_vectors(model), missing, alone=False)
    with pair_writer(finder.vectors, _COLUMNS, ("a", "b"), explain, format, header) as write:
        for batch in batches:
            rows = single_rows(
                batch,
                finder,
                lambda pair, found: (*pair, cosine(found[0].vector, found[1].vector)),
                lambda pair: (*pair, None),
            )
            write([rows])
    finder.finish()
