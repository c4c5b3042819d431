"""`wvcli odd-one-out`."""

from typing import TYPE_CHECKING

from wvcli.cli.options import shared
from wvcli.cli.questions.input import Questions
from wvcli.cli.questions.lookup import WordLookup, single_rows
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import writer

if TYPE_CHECKING:
    from wvcli.vectors.word_vectors import Lookup

_COLUMNS = (Column("words"), Column("odd"), Column("similarity"))


def odd_one_out(
    words: shared.SomeWords = None,
    file: shared.QuestionFile = None,
    model: shared.Model = None,
    missing: shared.MissingPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Find the word that does not belong with the others."""
    questions = Questions(words, "three words or more", 3, None, file)
    lookup = WordLookup(
        open_vectors(model),
        missing,
        alone=False,
        command="odd-one-out",
        unanswered_file=unanswered_file(unanswered, file),
    )
    with writer(_COLUMNS, format, header) as out:
        for batch in questions.batches(lookup.vectors.vocabulary):
            out.write(single_rows(batch, lookup, _odd, lambda asked: (asked, None, None)))
    lookup.finish()


def _odd(words: list[str], found: "list[Lookup]") -> Row:
    from wvcli.vectors.geometry import least_central

    index, similarity = least_central([word.vector for word in found])
    return words, words[index], similarity
