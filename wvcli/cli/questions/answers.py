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
    from wvcli.vectors.geometry import FloatArray
    from wvcli.vectors.neighbors import Among, Neighbor, Query
    from wvcli.vectors.word_vectors import Lookup, Vectors

_HELD = 1 << 20  # answers held at a time: about 130 MB


@dataclass(frozen=True)
class Question:
    """A question whose answers are words near some words and far from others.

    Attributes:
        echo: what the rows of its answers begin with.
        positive: words to be near.
        negative: words to be far from.
        vector: float32 [dim], what to be near if there are no words; else None.
    """

    echo: tuple[Any, ...]
    positive: list[str]
    negative: list[str]
    vector: "FloatArray | None" = None


@dataclass(frozen=True)
class Search:
    """How answers are searched for.

    Attributes:
        nearest: answers queries, like `Vectors.nearest`.
        topn: most answers to each question; None for all.
        min_similarity: answers that score less are left out.
        count_rare_nearer: counts the rare words that are no answers, like `Vectors.count_rare_nearer`; None where
            rare words are answers like all others.
        excluded: rows of words that are never answers.
        seen: the pairs of words answered so far, each of which is an answer once; None where they may come twice.
    """

    nearest: "Callable[..., list[list[Neighbor]]]"
    topn: int | None
    min_similarity: float | None = None
    count_rare_nearer: "Callable[[list[Query], list[float]], list[int]] | None" = None
    excluded: Sequence[int] = ()
    seen: "set[frozenset[int | str]] | None" = None

    def answers(self, queries: "list[Query]", most: int) -> "list[list[Neighbor]]":
        """Return the answers to queries, at most so many to each."""
        return self.nearest(
            queries, topn=most, min_similarity=self.min_similarity, rare=self.count_rare_nearer is None
        )

    def new_pairs(self, word: "Lookup", neighbors: "list[Neighbor]") -> "list[Neighbor]":
        """Return the neighbours that make a pair with a word that was no answer before."""
        if self.seen is None:
            return neighbors
        new = []
        for near in neighbors:
            pair = frozenset((word.word if word.index is None else word.index, near.index))
            if pair not in self.seen:
                self.seen.add(pair)
                new.append(near)
        return new

    def count_left_out(self, queries: "list[Query]", answers: "list[list[Neighbor]]") -> int:
        """Return how many rare words are nearer than the last answer to a query, or would be one more answer."""
        if self.count_rare_nearer is None:
            return 0
        asked, least = [], []
        for one, found in zip(queries, answers, strict=True):
            is_full = self.topn is not None and len(found) >= self.topn
            if is_full or (found and self.min_similarity is None):
                asked.append(one)
                least.append(found[-1].similarity)
            elif self.min_similarity is not None:
                asked.append(one)
                least.append(self.min_similarity)
        return sum(self.count_rare_nearer(asked, least)) if asked else 0


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
    search: Search,
) -> Iterator[list[Row]]:
    """Yield the rows of each question, in order: its echo, then for each answer the values of `answer_columns`.

    With `--missing null` a question without an answer gets a row without values.

    Args:
        questions: all of them are searched for together.
        lookup: looks the words up.
        search: searches for the answers.
    """
    from wvcli.vectors.word_vectors import Lookup, query

    vectors = lookup.answers_from
    found = [
        lookup.find_all(asked.negative + asked.positive)
        if asked.vector is None
        else [Lookup(str(asked.echo[0]), None, asked.vector)]
        for asked in questions
    ]
    queries = [
        query(words[len(asked.negative) :], words[: len(asked.negative)], search.excluded)
        for asked, words in zip(questions, map(lookup.crossed, found), strict=True)
        if words is not None
    ]
    answers = _answers(queries, lookup, search)
    for asked, words in zip(questions, found, strict=True):
        neighbors = next(answers) if words is not None else []
        if words is not None and not neighbors:
            lookup.report_unanswered([word.word for word in words])
        fresh = search.new_pairs(words[0], neighbors) if words else neighbors
        lookup.count_neighbors(fresh)
        rows: list[Row] = [
            (
                *asked.echo,
                rank,
                vectors.vocabulary[one.index],
                one.similarity,
                vectors.count(one.index),
                RARE if vectors.is_rare(one.index) else None,
            )
            for rank, one in enumerate(fresh, 1)
        ]
        if rows:
            lookup.report_rare(words or [])
        if not neighbors and lookup.policy == "null":
            rows = [(*asked.echo, *[None] * len(answer_columns("")))]
        yield rows


def _answers(queries: "list[Query]", lookup: WordLookup, search: Search) -> "Iterator[list[Neighbor]]":
    """Yield the answers to queries, searching for as many together as fit in memory."""
    words = max(1, len(lookup.answers_from))
    most = words if search.topn is None else min(search.topn, words)
    for start in range(0, len(queries), max(1, _HELD // most)):
        asked = queries[start : start + max(1, _HELD // most)]
        found = search.answers(asked, most)
        if not stderr.is_quiet():  # counting takes as long as searching
            lookup.count_left_out(search.count_left_out(asked, found))
        yield from found


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
        unknown = len(words) - len(rows)
        stderr.note(
            f"{unknown:,} of the {len(words):,} words in {words_file} {'is' if unknown == 1 else 'are'} "
            "not in the vocabulary"
        )
    return rows[rows < restrict_top] if restrict_top else rows


def leaves_out_rare(
    vectors: "Vectors", rare: bool | None, restrict_top: int | None, words_file: Path | None
) -> bool:
    """Return whether rare words are no answers: as the user says, or else where there are enough others.

    Whoever names the words to look among means all of them, if nothing else is said.
    """
    if rare is not None:
        return not rare
    return restrict_top is None and words_file is None and vectors.has_enough_frequent


def excluded_rows(vectors: "Vectors", words: list[str] | None) -> list[int]:
    """Return the rows of words that must not be answers."""
    rows = [(word, vectors.index(word)) for word in words or []]
    for word, row in rows:
        if row is None:
            stderr.note(f"{word!r} is not in the vocabulary, so excluding it has no effect")
    return [row for _, row in rows if row is not None]
