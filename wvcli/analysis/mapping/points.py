"""What is shown on a map: words of a model, or the labelled vectors of a table."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingWordError, UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.system.patterns import Pattern
from wvcli.vectors.geometry import FloatArray, RowArray, unit_rows
from wvcli.vectors.word_vectors import Vectors

FEWEST = 5  # fewer have no neighbourhoods that a picture could show
MOST = 200_000  # on one map; the time grows with the square of their number
TOP = 10_000
AROUND = 300  # neighbours of a word that a map around it shows


@dataclass(frozen=True, eq=False)
class Points:
    """What a map shows, the most frequent first.

    Attributes:
        labels: the words.
        units: float32 [points, dim], their vectors at length 1.
        total: how many the model or file has.
        counts: int64 [points], occurrences in the training text, or None when unknown.
        rows: int64 [points], the row of each in what it was taken from.
        columns: what else is known of each point, by the name of the column.
        asked: labels that the map is about, which are shown before all others.
    """

    labels: list[str]
    units: FloatArray
    total: int
    counts: npt.NDArray[np.int64] | None
    rows: RowArray
    columns: dict[str, list[str]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


def words_of(
    vectors: Vectors,
    top: int | None = None,
    *,
    around: Sequence[str] = (),
    grep: str | None = None,
    words: Sequence[str] | None = None,
    among: Collection[int] | None = None,
    on_note: OnNote = ignore_note,
) -> Points:
    """Choose the words of a model that a map shows: the most frequent of those that meet every condition.

    Args:
        vectors: the model.
        top: how many, at most; None for 10,000, or for the 300 nearest of each word in `around`.
        around: words whose neighbourhoods are shown.
        grep: a regular expression; only words in which it matches are shown.
        words: only these are shown.
        among: only words in these rows are shown.
        on_note: called with a line on words that are left out.

    Raises:
        MissingWordError: a word in `around` has no vector, or none of `words` has.
        UsageError: too few words are left, or the vectors have one dimension only.
    """
    most = _checked(top, AROUND if around else TOP)
    rows = np.arange(len(vectors), dtype=np.int64)
    if words is not None:
        rows = _listed(vectors, words, on_note)
    if around:
        rows = np.intersect1d(rows, _neighborhoods(vectors, around, most))
        most = (most + 1) * len(around)
    if among is not None:
        rows = np.intersect1d(rows, np.fromiter(among, np.int64, len(among)))
    if grep is not None:
        rows = _matching(vectors, rows, grep, most)
    rows = rows[:most]
    units = unit_rows(vectors.matrix[rows])
    has_direction = units.any(axis=1)
    if missing := int(len(rows) - has_direction.sum()):
        on_note(f"left out {missing:,} words whose vectors are zero or not finite")
    rows, units = rows[has_direction], units[has_direction]
    labels = [vectors.vocabulary[row] for row in rows.tolist()]
    counts = None if vectors.counts is None else np.asarray(vectors.counts[rows], dtype=np.int64)
    asked = [vectors.index(word) for word in around]
    return checked(
        Points(
            labels,
            units,
            len(vectors),
            counts,
            rows,
            asked=tuple(vectors.vocabulary[row] for row in asked if row is not None and row in rows),
        )
    )


def checked(points: Points) -> Points:
    """Return points that a map can be made of.

    Raises:
        UsageError: they are too few, or have one dimension only.
    """
    if len(points) < FEWEST:
        words = "1 word" if len(points) == 1 else f"{len(points)} words"
        raise UsageError(f"a map of {words} shows nothing: at least {FEWEST} are needed")
    if points.units.shape[1] < 2:
        raise UsageError("the vectors have 1 dimension, and a map needs 2 or more")
    return points


def _checked(top: int | None, default: int) -> int:
    if top is None:
        return default
    if not 1 <= top <= MOST:
        raise UsageError(f"`top` must be from 1 to {MOST:,}, not {top:,}")
    return top


def _listed(vectors: Vectors, words: Sequence[str], on_note: OnNote) -> RowArray:
    found = [vectors.index(word) for word in words]
    rows = np.unique(np.array([row for row in found if row is not None], dtype=np.int64))
    if not len(rows):
        raise MissingWordError("none of the words is in the vocabulary")
    if missing := [word for word, row in zip(words, found, strict=True) if row is None]:
        named = ", ".join(map(repr, missing[:3])) + (", ..." if len(missing) > 3 else "")
        on_note(f"{len(missing):,} of the words are not in the vocabulary: {named}")
    return rows


def _neighborhoods(vectors: Vectors, around: Sequence[str], most: int) -> RowArray:
    """Return the rows of words and of their neighbours; rare ones are left out as `similar` leaves them out."""
    asked = [vectors.look_up(word) for word in around]
    found = vectors.nearest(asked, most, rare=not vectors.has_enough_frequent)
    rows = {word.index for word in asked if word.index is not None}
    for neighbors in found:
        rows |= {neighbor.index for neighbor in neighbors}
    return np.array(sorted(rows), dtype=np.int64)


def _matching(vectors: Vectors, rows: RowArray, pattern: str, most: int) -> RowArray:
    matches = Pattern(pattern).matches
    found: list[int] = []
    for row in rows.tolist():
        if matches(vectors.vocabulary[row]):
            found.append(row)
            if len(found) == most:
                break
    return np.array(found, dtype=np.int64)


def number_of(label: str) -> float | None:
    """Return the number that a label is, or None; `1,000` and `nan` are no numbers."""
    return float(label) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", label) else None
