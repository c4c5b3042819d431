"""`wvcli compare`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.reports.training import facts_table
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import resolve_format, write_object, writer
from wvcli.errors import UsageError, WvcliError

if TYPE_CHECKING:
    from wvcli.analysis.comparison import Comparison, Measure

_MOVED = (
    *map(Column, ("word", "similarity", "overlap")),
    Column("old_count", gives_way=1),
    Column("new_count", gives_way=1),
    Column("old_neighbors", table_only=True, gives_way=2),
    Column("new_neighbors", table_only=True, gives_way=2),
)
_LISTED = (Column("word"), Column("count"))
_SHOWN = 3  # neighbours of a word in the table


def compare(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="Model, or vectors in another format.", show_default=False)
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The one to hold against it.", show_default=False)],
    topn: Annotated[int, typer.Option("-n", "--topn", min=1, metavar="N", help="Words shown.")] = 20,
    by: Annotated[
        Literal["similarity", "overlap"],
        typer.Option(
            "--by", help="What moving means: the cosine after alignment falls, or the overlap of neighbours."
        ),
    ] = "similarity",
    restrict_top: Annotated[
        int,
        typer.Option(
            "--restrict-top",
            min=2,
            metavar="N",
            help="Compare only the N words that are most frequent in both models.",
        ),
    ] = 10_000,
    min_count: Annotated[
        int,
        typer.Option("--min-count", min=1, metavar="N", help="Leave out words rarer than this in either text."),
    ] = 20,
    neighbors: Annotated[
        int, typer.Option("-k", "--neighbors", min=1, metavar="N", help="Neighbours of each word to compare.")
    ] = 10,
    lost: Annotated[bool, typer.Option("--lost", help="Show the words that only OLD has.")] = False,
    gained: Annotated[bool, typer.Option("--gained", help="Show the words that only NEW has.")] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Write the summary as one object, and no words.")
    ] = False,
    fail_over: Annotated[
        float | None,
        typer.Option(
            "--fail-over",
            metavar="X",
            help="Exit with 1 when the change is above X; it is the mean of 1 - what --by names.",
            show_default=False,
        ),
    ] = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """Which words moved most between two models, came or went."""
    from wvcli.analysis import comparison
    from wvcli.models import opening

    if lost + gained + summary > 1:
        raise UsageError("--lost, --gained and --summary are one answer each", "give one of them")
    if fail_over is not None and not 0 <= fail_over < float("inf"):
        raise UsageError(f"--fail-over must be a number from 0 up, not {fail_over}")
    between = comparison.compare(opening.load(old), opening.load(new), restrict_top, neighbors, min_count)
    if summary:
        write_object(_summary(between, by), format)
    elif lost or gained:
        with writer(_LISTED, format, header) as out:
            out.write(_only_in_one(between, lost, topn))
    else:
        with writer(_MOVED, format, header) as out:
            out.write(_moved(between, topn, by, resolve_format(format) == "table"))
        stderr.summary(lambda: facts_table(_told(between, by)))
    if fail_over is not None and (change := round(between.change(by), 6)) > fail_over:
        raise WvcliError(f"the change, {change:.6f} by {by}, is above {fail_over:g}")


def _moved(between: "Comparison", most: int, by: "Measure", for_people: bool) -> Iterator[Row]:
    for place in between.most_moved(most, by):
        was, now = between.nearest(place, _SHOWN) if for_people else ([], [])
        yield (
            between.word(place),
            float(between.similarity[place]),
            float(between.overlap[place]),
            between.old.count(int(between.old_rows[place])),
            between.new.count(int(between.new_rows[place])),
            " ".join(was),
            " ".join(now),
        )


def _only_in_one(between: "Comparison", lost: bool, most: int) -> Iterator[Row]:
    vectors, rows = (between.old, between.lost) if lost else (between.new, between.gained)
    stderr.note(f"{len(rows):,} of {len(vectors):,} words are only in {vectors.path}")
    return ((vectors.vocabulary[row], vectors.count(row)) for row in rows[:most].tolist())


def _summary(between: "Comparison", by: "Measure") -> dict[str, Any]:
    """What a program may want to know."""
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


def _told(between: "Comparison", by: "Measure") -> dict[str, str]:
    """What a person may want to know."""
    old, new = between.old, between.new
    left_out = {
        f"{between.rare:,} are rarer than --min-count": between.rare,
        f"{between.without_direction:,} have a vector that is zero or not finite": between.without_direction,
    }
    uncounted = " and ".join(dict.fromkeys(str(each.path) for each in (old, new) if each.counts is None))
    dims = f"{old.dim} and {new.dim}, the smaller filled up with zeros" if old.dim != new.dim else ""
    overlap = (
        f"{1 - between.change('overlap'):.3f} of {between.neighbors} nearest neighbours are the same, in the mean"
    )
    loose = f"only {len(between):,} words for {max(old.dim, new.dim)} dimensions: they align whatever they mean"
    return {
        "compared": f"{len(between):,} of {between.shared:,} shared words, the most frequent in both",
        "left out": "; ".join(text for text, number in left_out.items() if number),
        "no counts": f"in {uncounted}: words rare there are not left out" if uncounted else "",
        "dimensions": dims,
        "alignment": loose if len(between) <= max(old.dim, new.dim) else "",
        "similarity": f"{1 - between.change('similarity'):.3f} in the mean, between the two vectors of a word",
        "overlap": overlap,
        "change": f"{between.change(by):.3f}, the mean of 1 - {by}",
        "words": f"{len(between.lost):,} lost, {len(between.gained):,} gained",
    }
