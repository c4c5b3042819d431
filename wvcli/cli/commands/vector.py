"""`wvcli vector`."""

from wvcli.cli.options import shared
from wvcli.cli.questions.input import is_alone, word_batches
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

_COLUMNS = (Column("word"), Column("vector"))


def vector(
    words: shared.Words = None,
    file: shared.QuestionFile = None,
    model: shared.Model = None,
    missing: shared.MissingVectorPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Print the vectors of words.

    For a missing word, --missing null prints zeros, and random prints numbers that depend on the word alone.
    """
    from wvcli.vectors.substitutes import substitute_vector

    vectors = open_vectors(model)
    lookup = WordLookup(
        vectors,
        missing,
        alone=is_alone(words),
        command="vector",
        unanswered_file=unanswered_file(unanswered, file),
    )
    with writer(_COLUMNS, format, header) as out:
        for batch in word_batches(words, vectors.vocabulary, file):
            rows = []
            for word in batch:
                found = lookup.find_all([word])
                if found:
                    rows.append((word, found[0].vector))
                elif lookup.policy in ("null", "random"):
                    rows.append((word, substitute_vector(word, lookup.policy, vectors.dim)))
            out.write(rows)
    lookup.finish()
