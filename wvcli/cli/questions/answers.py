"""Questions whose answers are words of the vocabulary: from what is asked to the rows that are written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wvcli.cli.questions.input import words_in
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.errors import MissingWordError

if TYPE_CHECKING:
    from wvcli.vectors.neighbors import Among, Neighbor, Query
    from wvcli.vectors.word_vectors import Vectors

_HELD = 1 << 20  # answers held at a time: about 130 MB


@dataclass(frozen=True)
class Question:
    """A question whose answers are words near to some words and far from others.

    Attributes:
        echo: what the rows of its answers begin with.
        positive: words to be near.
        negative: words to be far from.
    """

    echo: tuple[Any, ...]
    positive: list[str]
    negative: list[str]


def answer_columns(name: str) -> tuple[Column, ...]:
    """The columns of answers that are words near to a question; `name` is the answer's own."""
    return (
        Column("rank", table_only=True, gives_way=2),
        Column(name),
        Column("similarity"),
        Column("count", table_only=True, gives_way=1),
        Column("", table_only=True),
    )


def answer_rows(
    questions: Sequence[Question],
    finder: WordLookup,
    search: "Callable[..., list[list[Neighbor]]]",
    topn: int,
    excluded: Sequence[int] = (),
) -> Iterator[list[Row]]:
    """For each question, in order, its rows: what it echoes, then for each answer the values of `answer_columns`.

    With `--missing null` a question that has no answer gets a row that says so.

    Args:
        questions: what is asked, all at once.
        finder: looks the words up.
        search: answers queries, as `Vectors.nearest`.
        topn: answers to each, at most.
        excluded: rows that are no answer to any.
    """
    from wvcli.vectors.word_vectors import query

    vectors = finder.vectors
    found = [(finder.find_all(asked.negative), finder.find_all(asked.positive)) for asked in questions]
    complete = [(near, far) for far, near in found if near is not None and far is not None]
    answers = _answers([query(near, far, excluded) for near, far in complete], search, topn, len(vectors))
    for asked, (far, near) in zip(questions, found, strict=True):
        is_known = near is not None and far is not None
        neighbors = next(answers) if is_known else []
        if is_known and not neighbors:
            finder.tell_nothing(asked.positive + asked.negative)
        rows: list[Row] = [
            (
                *asked.echo,
                rank,
                vectors.vocabulary[one.index],
                one.similarity,
                vectors.count(one.index),
                finder.mark(one.index),
            )
            for rank, one in enumerate(neighbors, 1)
        ]
        if rows:
            finder.tell_rare([*(near or []), *(far or [])])
        yield rows or ([(*asked.echo, *[None] * len(answer_columns("")))] if finder.policy == "null" else [])


def _answers(
    queries: "list[Query]", search: "Callable[..., list[list[Neighbor]]]", topn: int, words: int
) -> "Iterator[list[Neighbor]]":
    """The answers to queries, of which so many are asked together that memory holds them."""
    together = max(1, _HELD // max(1, min(topn, words)))
    for start in range(0, len(queries), together):
        yield from search(queries[start : start + together], topn=topn)


def rows_among(vectors: "Vectors", restrict_top: int | None, words_file: Path | None) -> "Among":
    """Where to look for answers: among the most frequent words, among those in a file, or both; None is anywhere.

    Raises:
        InputError: the file cannot be read.
        MissingWordError: no word of the file is in the vocabulary.
    """
    if words_file is None:
        return restrict_top
    import numpy as np

    words = words_in(words_file)
    rows = np.array([row for word in words if (row := vectors.index(word)) is not None], dtype=np.int64)
    if not len(rows):
        raise MissingWordError(f"none of the {len(words):,} words in {words_file} is in the vocabulary")
    if len(rows) < len(words):
        stderr.note(
            f"{len(words) - len(rows):,} of the {len(words):,} words in {words_file} are not in the vocabulary"
        )
    return rows[rows < restrict_top] if restrict_top else rows


def excluded_rows(vectors: "Vectors", words: list[str] | None) -> list[int]:
    """The rows of words that must not be answers."""
    rows = [(word, vectors.index(word)) for word in words or []]
    for word, row in rows:
        if row is None:
            stderr.note(f"{word!r} is not in the vocabulary and so is no answer anyway")
    return [row for _, row in rows if row is not None]
