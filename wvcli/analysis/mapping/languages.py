"""The words of two aligned models, to be shown on one map."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wvcli.analysis.mapping.points import (
    AROUND,
    FEWEST,
    TOP,
    Languages,
    Points,
    checked,
    checked_number,
    listed,
    matching,
    neighborhoods,
    others_of,
    points_of,
)
from wvcli.errors import UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.vectors.bilingual import Alignment, Side
from wvcli.vectors.geometry import RowArray

COLUMN = "language"


def words_of_languages(
    alignment: Alignment,
    names: tuple[str, str],
    top: int | None = None,
    *,
    around: Sequence[str] = (),
    grep: str | None = None,
    words: Sequence[str] | None = None,
    on_note: OnNote = ignore_note,
) -> Points:
    """Choose words of both models of an alignment, as `words_of` does for one; half of them are of either model.

    Their vectors are those in the common space. They come by their rank in their own model, so that frequent words
    of both come first.

    Args:
        alignment: of the two models.
        names: of the two, by which a reader tells them apart.
        top: how many words in all, at most; None for 10,000, or for the 300 nearest of each word in `around`, half
            of them of its own language.
        around: words of either model whose neighbourhoods are shown.
        grep: a regular expression; only words in which it matches are shown.
        words: only these are shown.
        on_note: called with a line on words that are left out.

    Raises:
        MissingWordError: a word in `around` has no vector in either model, or none of `words` has.
        UsageError: too few words of one of the models are left.
    """
    most = checked_number(top, AROUND if around else TOP)
    models = [side.vectors for side in (alignment.source, alignment.target)]
    rows = [np.arange(len(vectors), dtype=np.int64) for vectors in models]
    if words is not None:
        rows = listed(models, words, on_note)
    if around:
        near = _neighborhoods(alignment, around, max(1, most // 2))
        rows = [np.intersect1d(*both) for both in zip(rows, near, strict=True)]
        most = (most + 1) * len(around)
    if grep is not None:
        rows = [matching(vectors, kept, grep, most) for vectors, kept in zip(models, rows, strict=True)]
    lengths = _halves(len(rows[0]), len(rows[1]), most)
    sides = alignment.source, alignment.target
    halves = [
        _points_of(side, kept[:length], on_note) for side, kept, length in zip(sides, rows, lengths, strict=True)
    ]
    for half, name in zip(halves, names, strict=True):
        if len(half) < FEWEST:
            raise UsageError(
                f"{len(half)} words of {name} are too few for a map of two languages: at least {FEWEST} are needed"
            )
    others = [
        _points_of(side, others_of(side.vectors, half.rows)) for side, half in zip(sides, halves, strict=True)
    ]
    unseen = _together(alignment, names, others, ()) if any(map(len, others)) else None
    return checked(replace(_together(alignment, names, halves, around), others=unseen))


def _points_of(side: Side, rows: RowArray, on_note: OnNote = ignore_note) -> Points:
    """Return some words of a model, int64 [rows], with their vectors in the common space."""
    return points_of(side.vectors, rows, side.map(np.asarray(side.vectors.matrix[rows])), on_note)


def _neighborhoods(alignment: Alignment, around: Sequence[str], most: int) -> list[RowArray]:
    """Return for both models the rows of words, of what is nearest in their own model, and of translations."""
    rows: tuple[set[int], set[int]] = set(), set()
    for word in around:
        ways = [
            (number, way)
            for number, way in enumerate((alignment, alignment.reversed))
            if way.source.vectors.index(word) is not None
        ]
        for number, way in ways or [(0, alignment)]:
            rows[number].update(neighborhoods(way.source.vectors, [word], most).tolist())
            rows[1 - number].update(found.index for found in way.translate(word, most))
    return [np.array(sorted(found), dtype=np.int64) for found in rows]


def _halves(one: int, two: int, most: int) -> tuple[int, int]:
    """Return how many of `one` and `two` words are shown: half of `most`, or more where the other has fewer."""
    half = most // 2
    first = min(one, max(half, most - two))
    return first, min(two, most - first)


def _together(
    alignment: Alignment, names: tuple[str, str], halves: Sequence[Points], around: Sequence[str]
) -> Points:
    """Return the points of both models as one, by the place of each word among the words of its own model."""
    one, two = halves
    sides = alignment.source, alignment.target
    of = np.repeat(np.arange(2), (len(one), len(two)))
    order = np.argsort(np.concatenate([np.arange(len(one)), np.arange(len(two))]), kind="stable")
    labels = one.labels + two.labels
    counts = None if one.counts is None or two.counts is None else np.concatenate([one.counts, two.counts])
    hubness = [side.hubness[half.rows] for side, half in zip(sides, halves, strict=True)]
    about = {(number, side.vectors.index(word)) for number, side in enumerate(sides) for word in around}
    rows = np.concatenate([one.rows, two.rows])
    points = Points(
        labels,
        np.concatenate([one.units, two.units]),
        one.total + two.total,
        counts,
        rows,
        {COLUMN: [names[number] for number in of.tolist()]},
        tuple(place for place, key in enumerate(zip(of.tolist(), rows.tolist(), strict=True)) if key in about),
        Languages(names, of, np.concatenate(hubness)),
    )
    return points.where(order)
