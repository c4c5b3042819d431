"""`wvcli similar`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from wvcli.cli import options
from wvcli.cli.output import Column, Row, writer
from wvcli.cli.queries import Finder, is_alone, open_vectors, word_batches

_COLUMNS = (
    Column("word"),
    Column("rank", table_only=True),
    Column("neighbor"),
    Column("similarity"),
    Column("count", table_only=True),
)


def similar(
    words: options.Words = None,
    model: options.Model = None,
    topn: Annotated[int, typer.Option("-n", "--topn", min=1, metavar="N", help="Neighbours of each word.")] = 10,
    missing: options.MissingPolicy = None,
    format: options.Format = "auto",
    header: options.Header = False,
    quiet: options.Quiet = False,
) -> None:
    """The nearest neighbours of words, by cosine."""
    vectors = open_vectors(model)
    finder = Finder(vectors, missing, alone=is_alone(words))
    with writer(_COLUMNS, format, header) as out:
        for batch in word_batches(words):
            for rows in _answers(batch, finder, topn):
                out.write(rows)
    finder.finish()


def _answers(batch: list[str], finder: Finder, topn: int) -> Iterator[list[Row]]:
    """The rows of each word of a batch, in the order asked."""
    vectors = finder.vectors
    found = [finder.find(word) for word in batch]
    neighbors = iter(vectors.nearest([lookup for lookup in found if lookup is not None], topn))
    for word, lookup in zip(batch, found, strict=True):
        if lookup is not None:
            yield [
                (word, rank, vectors.vocabulary[near.index], near.similarity, vectors.count(near.index))
                for rank, near in enumerate(next(neighbors), 1)
            ]
        elif finder.policy == "null":
            yield [(word, None, None, None, None)]
