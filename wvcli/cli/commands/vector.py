"""`wvcli vector`."""

from wvcli.cli import options
from wvcli.cli.cells import Column
from wvcli.cli.finder import Finder
from wvcli.cli.opening import open_vectors
from wvcli.cli.output import writer
from wvcli.cli.queries import is_alone, word_batches

_COLUMNS = (Column("word"), Column("vector"))


def vector(
    words: options.Words = None,
    model: options.Model = None,
    missing: options.MissingVectorPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """The vectors of words.

    With --missing, null is written as zeros; random gives numbers that are the same for a word each time.
    """
    vectors = open_vectors(model)
    finder = Finder(vectors, missing, alone=is_alone(words))
    with writer(_COLUMNS, format, header) as out:
        for batch in word_batches(words):
            rows = []
            for word in batch:
                found = finder.find(word)
                if found is not None:
                    rows.append((word, found.vector))
                elif finder.policy in ("null", "random"):
                    rows.append((word, vectors.stand_in(word, finder.policy)))
            out.write(rows)
    finder.finish()
