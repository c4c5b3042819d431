"""Questions whose answers are words of the vocabulary: from the words asked about to the rows of the output."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wvcli.cli.questions.input import words_in
from wvcli.cli.questions.lookup import RARE, WordLookup
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.errors import MissingWordError

if TYPE_CHECKING:
    from wvcli.vectors.neighbors import Among, Neighbor, Query
    from wvcli.vectors.word_vectors import Vectors

_HELD = 1 << 20  # answers held at a time: about 130 MB


@dataclass(frozen=True)
class Question:
    """A question whose answers are words near some words and far from others.

    Attributes:
        echo: what the rows of its answers begin with.
        positive: words to be near.
        negative: words to be far from.
    """

    echo: tuple[Any, ...]
    positive: list[str]
    negative: list[str]


def answer_columns(name: str) -> tuple[Column, ...]:
    """Return the columns of answers, of which `name` holds the answer itself."""
    return (
        Column("rank", table_only=True, gives_way=2),
        Column(name),
        Column("similarity"),
        Column("count", gives_way=1),
        Column("", table_only=True),
    )


def answer_rows(
    questions: Sequence[Question],
    lookup: WordLookup,
    search: "Callable[..., list[list[Neighbor]]]",
    topn: int,
    excluded: Sequence[int] = (),
) -> Iterator[list[Row]]:
    """Yield the rows of each question, in order: its echo, then for each answer the values of `answer_columns`.

    With `--missing null` a question without an answer gets a row without values.

    Args:
        questions: all of them are searched for together.
        lookup: looks the words up.
        search: answers queries, like `Vectors.nearest`.
        topn: most answers to each question.
        excluded: rows of words that are never answers.
    """
    from wvcli.vectors.word_vectors import query

    vectors = lookup.vectors
    found = [lookup.find_all(asked.negative + asked.positive) for asked in questions]
    queries = [
        query(words[len(asked.negative) :], words[: len(asked.negative)], excluded)
        for asked, words in zip(questions, found, strict=True)
        if words is not None
    ]
    answers = _answers(queries, search, topn, len(vectors))
    for asked, words in zip(questions, found, strict=True):
        neighbors = next(answers) if words is not None else []
        if words is not None and not neighbors:
            lookup.report_unanswered(asked.positive + asked.negative)
        lookup.count_neighbors(neighbors)
        rows: list[Row] = [
            (
                *asked.echo,
                rank,
                vectors.vocabulary[one.index],
                one.similarity,
                vectors.count(one.index),
                RARE if vectors.is_rare(one.index) else None,
            )
            for rank, one in enumerate(neighbors, 1)
        ]
        if rows:
            lookup.report_rare(words or [])
        yield rows or ([(*asked.echo, *[None] * len(answer_columns("")))] if lookup.policy == "null" else [])


def _answers(
    queries: "list[Query]", search: "Callable[..., list[list[Neighbor]]]", topn: int, words: int
) -> "Iterator[list[Neighbor]]":
    """Yield the answers to queries, searching for as many together as fit in memory."""
    together = max(1, _HELD // max(1, min(topn, words)))
    for start in range(0, len(queries), together):
        yield from search(queries[start : start + together], topn=topn)


def rows_among(vectors: "Vectors", restrict_top: int | None, words_file: Path | None) -> "Among":
    """Return where to look for answers: the most frequent words, those in a file, or both; None is everywhere.

    Raises:
        InputError: the file cannot be read.
        MissingWordError: no word of the file is in the vocabulary.
    """
    if words_file is None:
        return restrict_top
    import numpy as np

    words = words_in(words_file, vectors.vocabulary)
    rows = np.array([row for word in words if (row := vectors.index(word)) is not None], dtype=np.int64)
    if not len(rows):
        raise MissingWordError(f"none of the {len(words):,} words in {words_file} is in the vocabulary")
    if len(rows) < len(words):
        stderr.note(
            f"{len(words) - len(rows):,} of the {len(words):,} words in {words_file} are not in the vocabulary"
        )
    return rows[rows < restrict_top] if restrict_top else rows


def excluded_rows(vectors: "Vectors", words: list[str] | None) -> list[int]:
    """Return the rows of words that must not be answers."""
    rows = [(word, vectors.index(word)) for word in words or []]
    for word, row in rows:
        if row is None:
            stderr.note(f"{word!r} is not in the vocabulary, so excluding it has no effect")
    return [row for _, row in rows if row is not None]
