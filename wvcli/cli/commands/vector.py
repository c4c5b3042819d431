"""`wvcli vector`."""

from wvcli.cli.options import shared
from wvcli.cli.questions.input import is_alone, word_batches
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

_COLUMNS = (Column("word"), Column("vector"))


def vector(
    words: shared.Words = None,
    model: shared.Model = None,
    missing: shared.MissingVectorPolicy = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """The vectors of words.

    With --missing, null is written as zeros; random gives numbers that are the same for a word each time.
    """
    from wvcli.vectors.substitutes import substitute_vector

    vectors = open_vectors(model)
    finder = WordLookup(vectors, missing, alone=is_alone(words))
    with writer(_COLUMNS, format, header) as out:
        for batch in word_batches(words):
            rows = []
            for word in batch:
                found = finder.find(word)
                if found is not None:
                    rows.append((word, found.vector))
                elif finder.policy in ("null", "random"):
                    rows.append((word, substitute_vector(word, finder.policy, vectors.dim)))
            out.write(rows)
    finder.finish()
