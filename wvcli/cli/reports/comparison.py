"""What a comparison of two models shows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row

if TYPE_CHECKING:
    from wvcli.analysis.comparison import Comparison, Measure

MOVED = (
    *map(Column, ("word", "similarity", "overlap")),
    Column("old_count", gives_way=1),
    Column("new_count", gives_way=1),
    Column("old_neighbors", table_only=True, gives_way=2),
    Column("new_neighbors", table_only=True, gives_way=2),
)
LISTED = (Column("word"), Column("count"))
_SHOWN = 3  # neighbours of a word in the table


def moved(between: "Comparison", most: int, by: "Measure", for_people: bool) -> Iterator[Row]:
    """Yield a row of `MOVED` for each of the words that changed most; their neighbours are for people only."""
    for index in between.most_moved(most, by):
        was, now = between.nearest(index, _SHOWN) if for_people else ([], [])
        yield (
            between.word(index),
            float(between.similarity[index]),
            float(between.overlap[index]),
            between.old.count(int(between.old_rows[index])),
            between.new.count(int(between.new_rows[index])),
            " ".join(was),
            " ".join(now),
        )


def only_in_one(between: "Comparison", lost: bool, most: int) -> Iterator[Row]:
    """Yield a row of `LISTED` for each of the first words that only one model has; note how many there are."""
    vectors, rows = (between.old, between.lost) if lost else (between.new, between.gained)
    stderr.note(f"{len(rows):,} of {len(vectors):,} words are found only in {vectors.path}")
    return ((vectors.vocabulary[row], vectors.count(row)) for row in rows[:most].tolist())


def summary(between: "Comparison", by: "Measure") -> dict[str, Any]:
    """Return the summary for a program."""
    return {
        "old": str(between.old.path),
        "new": str(between.new.path),
        "shared": between.shared,
        "compared": len(between),
        "lost": len(between.lost),
        "gained": len(between.gained),
        "neighbors": between.neighbors,
        "similarity": round(1 - between.change("similarity"), 6),
        "overlap": round(1 - between.change("overlap"), 6),
        "by": by,
        "change": round(between.change(by), 6),
    }


def facts(between: "Comparison", by: "Measure") -> dict[str, str]:
    """Return the summary for a person; an empty text is not shown."""
    old, new = between.old, between.new
    left_out = {
        f"{between.rare:,} occur less often than --min-count": between.rare,
        f"{between.without_direction:,} have a vector that is zero or not finite": between.without_direction,
    }
    uncounted = " and ".join(dict.fromkeys(str(each.path) for each in (old, new) if each.counts is None))
    dims = f"{old.dim} and {new.dim}; the smaller is padded with zeros" if old.dim != new.dim else ""
    too_few = (
        f"unreliable: only {len(between):,} words for {max(old.dim, new.dim)} dimensions align by chance alone"
    )
    similarity, overlap = 1 - between.change("similarity"), 1 - between.change("overlap")
    return {
        "compared": f"the {len(between):,} most frequent of {between.shared:,} shared words",
        "left out": "; ".join(text for text, number in left_out.items() if number),
        "no counts": f"in {uncounted}, so rare words there are not left out" if uncounted else "",
        "dimensions": dims,
        "alignment": too_few if len(between) <= max(old.dim, new.dim) else "",
        "similarity": f"{similarity:.3f} on average between a word's two vectors",
        "overlap": f"on average, {overlap:.0%} of a word's {between.neighbors} nearest neighbours are shared",
        "change": f"{between.change(by):.3f}, the mean of 1 - {by}",
        "words": f"{len(between.lost):,} lost, {len(between.gained):,} gained",
    }
