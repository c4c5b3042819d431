"""The words of two models, to be shown side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wvcli.analysis.comparison import compare
from wvcli.analysis.mapping.points import TOP, Points, checked, others_of, points_of, words_of
from wvcli.reporting import OnNote, ignore_note
from wvcli.vectors.geometry import unit_rows
from wvcli.vectors.word_vectors import Vectors

_MOVED = 100  # words listed


@dataclass(frozen=True, eq=False)
class Pair:
    """The same words by two models.

    Attributes:
        old: by the one model.
        new: by the other, in the same order.
        moved: the words that moved most, by number, with the cosine of their two vectors after alignment.
    """

    old: Points
    new: Points
    moved: list[tuple[int, float]]


def words_of_both(
    old: Vectors,
    new: Vectors,
    top: int | None = None,
    *,
    around: Sequence[str] = (),
    grep: str | None = None,
    words: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> Pair:
    """Choose words that two models have, as `words_of` does among those that `compare` compares.

    Raises:
        MissingWordError: as for `words_of`.
        UsageError: as for `words_of`; or the models share too few words.
    """
    between = compare(old, new, max(2, top or TOP))
    points = words_of(
        old, top, around=around, grep=grep, words=words, among=between.old_rows.tolist(), on_note=on_note
    )
    place = {row: place for place, row in enumerate(between.old_rows.tolist())}
    places = np.array([place[row] for row in points.rows.tolist()])
    rows = between.new_rows[places]
    counts = None if new.counts is None else np.asarray(new.counts[rows], dtype=np.int64)
    others = others_of(new, rows)
    other = Points(
        points.labels,
        unit_rows(new.matrix[rows]),
        len(new),
        counts,
        rows,
        others=points_of(new, others, unit_rows(new.matrix[others])) if len(others) else None,
    )
    cosines = between.similarity[places]
    first = np.argsort(cosines, kind="stable")[:_MOVED].tolist()
    return Pair(points, checked(other), [(row, float(cosines[row])) for row in first])
