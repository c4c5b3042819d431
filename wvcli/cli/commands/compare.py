"""`wvcli compare`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
        Path,
        typer.Argument(metavar="OLD", help="Earlier model, or vectors in another format.", show_default=False),
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Model to compare with it.", show_default=False)],
    topn: Annotated[int, typer.Option("-n", "--topn", min=1, metavar="N", help="Number of words to show.")] = 20,
    by: Annotated[
        shared.Measure,
        typer.Option(
            "--by", help="Measure of change: cosine similarity after alignment, or overlap of neighbours."
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
        typer.Option(
            "--min-count", min=1, metavar="N", help="Leave out words that occur less often in either text."
        ),
    ] = 20,
    neighbors: Annotated[
        int,
        typer.Option(
            "-k", "--neighbors", min=1, metavar="N", help="Number of neighbours of each word to compare."
        ),
    ] = 10,
    lost: Annotated[bool, typer.Option("--lost", help="Show the words found only in OLD.")] = False,
    gained: Annotated[bool, typer.Option("--gained", help="Show the words found only in NEW.")] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Write only the summary, as one object.")] = False,
    fail_over: Annotated[
        float | None,
        typer.Option(
            "--fail-over",
            metavar="X",
            help="Exit with code 1 if the change, the mean of 1 - the measure of --by, is above X.",
            show_default=False,
        ),
    ] = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """Find the words that changed most between two models, and those found in only one."""
    from wvcli.analysis import comparison
    from wvcli.models import opening

    if lost + gained + summary > 1:
        raise UsageError("--lost, --gained and --summary cannot be combined", "give only one of them")
    if fail_over is not None and not 0 <= fail_over < float("inf"):
        raise UsageError(f"--fail-over must be at least 0 (got {fail_over:g})")
    before, after = (opening.load(path, on_note=stderr.note) for path in (old, new))
    between = comparison.compare(before, after, restrict_top, neighbors, min_count)
    if summary:
        write_object(_summary(between, by), format)
    elif lost or gained:
        with writer(_LISTED, format, header) as out:
            out.write(_only_in_one(between, lost, topn))
    else:
        with writer(_MOVED, format, header) as out:
            out.write(_moved(between, topn, by, resolve_format(format) == "table"))
        stderr.summary(lambda: facts_table(_facts(between, by)))
    if fail_over is not None and (change := round(between.change(by), 6)) > fail_over:
        raise WvcliError(f"the change of {by} is {change:.6f}, above {fail_over:g}")


def _moved(between: "Comparison", most: int, by: "Measure", for_people: bool) -> Iterator[Row]:
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


def _only_in_one(between: "Comparison", lost: bool, most: int) -> Iterator[Row]:
    vectors, rows = (between.old, between.lost) if lost else (between.new, between.gained)
    stderr.note(f"{len(rows):,} of {len(vectors):,} words are found only in {vectors.path}")
    return ((vectors.vocabulary[row], vectors.count(row)) for row in rows[:most].tolist())


def _summary(between: "Comparison", by: "Measure") -> dict[str, Any]:
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


def _facts(between: "Comparison", by: "Measure") -> dict[str, str]:
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
