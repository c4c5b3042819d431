"""`wvcli similarity`."""

from math import isnan
from typing import TYPE_CHECKING

from wvcli.cli.options import shared
from wvcli.cli.questions.explanations import pair_writer
from wvcli.cli.questions.input import Questions
from wvcli.cli.questions.lookup import WordLookup, single_rows
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row

if TYPE_CHECKING:
    from wvcli.vectors.word_vectors import Lookup

_COLUMNS = (Column("a"), Column("b"), Column("similarity"))


def similarity(
    words: shared.TwoWords = None,
    file: shared.QuestionFile = None,
    model: shared.Model = None,
    explain: shared.Explain = False,
    missing: shared.MissingPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Measure how similar two words are: the cosine of their vectors."""
    from wvcli.vectors.geometry import cosine

    unknown = stderr.Tally("similarities in total are unknown, since vectors hold NaN or infinity")

    def row(pair: list[str], found: "list[Lookup]") -> Row:
        value = cosine(found[0].vector, found[1].vector)
        if isnan(value):
            unknown.note(
                f"the similarity of {pair[0]!r} and {pair[1]!r} is unknown: a vector holds NaN or infinity"
            )
        return *pair, value

    questions = Questions(words, "two words", 2, 2, file)
    lookup = WordLookup(
        open_vectors(model),
        missing,
        alone=False,
        command="similarity",
        unanswered_file=unanswered_file(unanswered, file),
    )
    with pair_writer(lookup.vectors, _COLUMNS, ("a", "b"), explain, format, header) as write:
        for batch in questions.batches(lookup.vectors.vocabulary):
            rows = single_rows(
                batch,
                lookup,
                row,
                lambda pair: (*pair, None),
            )
            write([rows])
    unknown.report_total()
    lookup.finish()
