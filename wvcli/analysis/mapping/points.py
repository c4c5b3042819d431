"""What is shown on a map: words of a model, or the labelled vectors of a table."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingWordError, UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.system.patterns import Pattern
from wvcli.vectors.clusters import IdArray
from wvcli.vectors.geometry import FloatArray, RowArray, unit_rows
from wvcli.vectors.word_vectors import Vectors

FEWEST = 5  # fewer have no neighbourhoods that a picture could show
MOST = 200_000  # on one map; the time grows with the square of their number
TOP = 10_000
SEARCHED = 50_000  # most frequent words, among which the nearest of a word on the map are looked for
AROUND = 300  # neighbours of a word that a map around it shows


@dataclass(frozen=True, eq=False)
class Languages:
    """Which words of a map are of which of two aligned models.

    Attributes:
        names: of the two.
        of: int64 [points], 0 for the words of the first, 1 for those of the second.
        hubness: float32 [points], the mean cosine of each word to its ten nearest of the other model.
    """

    names: tuple[str, str]
    of: IdArray
    hubness: FloatArray

    def where(self, rows: RowArray) -> "Languages":
        """Return what is said of some of the points, int64 [points]."""
        return Languages(self.names, self.of[rows], self.hubness[rows])

    def with_others(self, others: "Languages") -> "Languages":
        """Return what is said of these points and, after them, of others."""
        of, hubness = ((self.of, others.of), (self.hubness, others.hubness))
        return Languages(self.names, np.concatenate(of), np.concatenate(hubness))


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
        asked: points that the map is about, by number, which are shown before all others.
        languages: of which model each word is, where the words of two aligned models are on one map.
        others: words of the model that the map does not show, among which the nearest of a word may be; None where
            there are none.
    """

    labels: list[str]
    units: FloatArray
    total: int
    counts: npt.NDArray[np.int64] | None
    rows: RowArray
    columns: dict[str, list[str]] = field(default_factory=dict)
    asked: tuple[int, ...] = ()
    languages: Languages | None = None
    others: "Points | None" = None

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, rows: RowArray) -> "Points":
        """Return some of the points, int64 [points]."""
        places = {row: place for place, row in enumerate(rows.tolist())}
        return Points(
            [self.labels[row] for row in rows.tolist()],
            self.units[rows],
            self.total,
            None if self.counts is None else self.counts[rows],
            self.rows[rows],
            {name: [values[row] for row in rows.tolist()] for name, values in self.columns.items()},
            tuple(places[row] for row in self.asked if row in places),
            None if self.languages is None else self.languages.where(rows),
            self.others,
        )


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
    most = checked_number(top, AROUND if around else TOP)
    rows = np.arange(len(vectors), dtype=np.int64)
    if words is not None:
        [rows] = listed([vectors], words, on_note)
    if around:
        rows = np.intersect1d(rows, neighborhoods(vectors, around, most))
        most = (most + 1) * len(around)
    if among is not None:
        rows = np.intersect1d(rows, np.fromiter(among, np.int64, len(among)))
    if grep is not None:
        rows = matching(vectors, rows, grep, most)
    points = points_of(vectors, rows[:most], unit_rows(vectors.matrix[rows[:most]]), on_note)
    places = {row: place for place, row in enumerate(points.rows.tolist())}
    asked = (places.get(vectors.index(word)) for word in around)
    others = others_of(vectors, points.rows)
    return checked(
        replace(
            points,
            asked=tuple(place for place in asked if place is not None),
            others=points_of(vectors, others, unit_rows(vectors.matrix[others])) if len(others) else None,
        )
    )


def others_of(vectors: Vectors, shown: RowArray) -> RowArray:
    """Return int64 [rows], the frequent words of a model that a map does not show.

    They are those that `similar` answers with: rare words are left out as it leaves them out, and of very large
    models all but the first `SEARCHED`, so that no map has to wait for neighbours that nobody looks at.
    """
    last = vectors.frequent if vectors.has_enough_frequent else len(vectors)
    return np.setdiff1d(np.arange(min(last, SEARCHED)), shown)


def points_of(vectors: Vectors, rows: RowArray, units: FloatArray, on_note: OnNote = ignore_note) -> Points:
    """Return some words of a model as points; those without a direction are left out.

    Args:
        vectors: the model.
        rows: int64 [rows], its rows.
        units: float32 [rows, dim], their vectors at length 1, or zeros.
        on_note: called with a line if words are left out.
    """
    has_direction = units.any(axis=1)
    if missing := int(len(rows) - has_direction.sum()):
        on_note(f"left out {missing:,} words whose vectors are zero or not finite")
    rows = rows[has_direction]
    counts = None if vectors.counts is None else np.asarray(vectors.counts[rows], dtype=np.int64)
    labels = [vectors.vocabulary[row] for row in rows.tolist()]
    return Points(labels, units[has_direction], len(vectors), counts, rows)


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


def checked_number(top: int | None, default: int) -> int:
    """Return how many words to show at most.

    Raises:
        UsageError: `top` is out of range.
    """
    if top is None:
        return default
    if not 1 <= top <= MOST:
        raise UsageError(f"`top` must be from 1 to {MOST:,}, not {top:,}")
    return top


def listed(models: Sequence[Vectors], words: Sequence[str], on_note: OnNote) -> list[RowArray]:
    """Return for each model the rows of the words that it has, int64 [rows], in their order.

    Raises:
        MissingWordError: no model has any.
    """
    found = [[vectors.index(word) for word in words] for vectors in models]
    rows = [np.unique(np.array([row for row in each if row is not None], dtype=np.int64)) for each in found]
    missing = [word for word, places in zip(words, zip(*found, strict=True), strict=True) if set(places) == {None}]
    if len(missing) == len(words):
        raise MissingWordError("none of the words is in the vocabulary")
    if missing:
        named = ", ".join(map(repr, missing[:3])) + (", ..." if len(missing) > 3 else "")
        on_note(f"{len(missing):,} of the words are not in the vocabulary: {named}")
    return rows


def neighborhoods(vectors: Vectors, around: Sequence[str], most: int) -> RowArray:
    """Return the rows of words and of their neighbours; rare ones are left out as `similar` leaves them out."""
    asked = [vectors.look_up(word) for word in around]
    found = vectors.nearest(asked, most, rare=not vectors.has_enough_frequent)
    rows = {word.index for word in asked if word.index is not None}
    for neighbors in found:
        rows |= {neighbor.index for neighbor in neighbors}
    return np.array(sorted(rows), dtype=np.int64)


def matching(vectors: Vectors, rows: RowArray, pattern: str, most: int) -> RowArray:
    """Return the first `most` of some rows, int64 [rows], in whose words a regular expression matches."""
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
