"""`wvcli compare`."""

from typing import Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_first
from wvcli.cli.reports import comparison as report
from wvcli.cli.reports.facts import facts_table
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import resolve_format, write_object, writer
from wvcli.errors import UsageError, WvcliError


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="OLD NEW",
            help="Two models or files in other formats, the earlier first; after -m OLD only the second.",
            show_default=False,
        ),
    ],
    model: shared.OneModel = None,
    topn: Annotated[int, typer.Option("-n", min=1, metavar="N", help="Number of words to show.")] = 20,
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
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Find the words that changed most between two models."""
    from wvcli.analysis import comparison
    from wvcli.models import opening

    if lost + gained + summary > 1:
        raise UsageError("--lost, --gained and --summary cannot be combined", "give only one of them")
    if fail_over is not None and not 0 <= fail_over < float("inf"):
        raise UsageError(f"--fail-over must be at least 0 (got {fail_over:g})")
    old, others = named_first(names, model, "two models")
    if len(others) > 1:
        raise UsageError(f"expected two models, got {len(others) + 1}")
    before, after = (opening.load(path, on_note=stderr.note) for path in (old, others[0]))
    between = comparison.compare(before, after, restrict_top, neighbors, min_count)
    if summary:
        write_object(report.summary(between, by), format)
    elif lost or gained:
        with writer(report.LISTED, format, header) as out:
            out.write(report.only_in_one(between, lost, topn))
    else:
        with writer(report.MOVED, format, header) as out:
            out.write(report.moved(between, topn, by, resolve_format(format) == "table"))
        stderr.summary(lambda: facts_table(report.facts(between, by)))
    if fail_over is not None and (change := round(between.change(by), 6)) > fail_over:
        raise WvcliError(f"the change of {by} is {change:.6f}, above {fail_over:g}")
