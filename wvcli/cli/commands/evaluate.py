"""`wvcli evaluate`."""

from dataclasses import astuple, fields
from pathlib import Path
from typing import Annotated, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.opening import named_once, open_vectors
from wvcli.cli.reports.scores import write_tables
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.errors import UsageError


def evaluate(
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Model files; each is compared with the first.",
            show_default="what -m means",
        ),
    ] = None,
    model: shared.Model = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FILE",
            help="Test items, told by their content; may be repeated [default: the English sets inside Gensim].",
            show_default=False,
        ),
    ] = None,
    restrict_top: Annotated[
        int,
        typer.Option(
            "--restrict-top", min=1, metavar="N", help="Look only at the N most frequent words of a model."
        ),
    ] = 300_000,
    ignore_case: Annotated[
        bool,
        typer.Option("--ignore-case", help="Take words that differ in case for one, as Gensim's evaluation does."),
    ] = False,
    missing: Annotated[
        Literal["skip", "subword"] | None,
        typer.Option(
            "--missing",
            help="Skip items with a word that is not in the vocabulary, or take its subwords [default: subword "
            "where the model has them].",
            show_default=False,
        ),
    ] = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """How good vectors are, by word pairs, analogies and the like.

    Sets of odd words and of categories, in any language, are named with --set.
    """
    from wvcli.evaluation import evaluate

    named_once(models[0] if models else None, model)
    named: list[Path | None] = [*models] if models else [model]
    opened = [open_vectors(path) for path in named]
    if missing == "subword" and any(vectors.subwords is None for vectors in opened):
        raise UsageError("a model has no subwords", "--missing subword needs FastText models")
    with stderr.progress_shown() as show:
        rows = list(
            evaluate.evaluate(
                opened,
                sets or (),
                restrict_top=restrict_top,
                ignore_case=ignore_case,
                from_subwords=missing != "skip",
                on_progress=show,
            )
        )
    if resolve_format(format) == "table":
        write_tables(rows, len(opened))
    else:
        with writer([Column(field.name) for field in fields(evaluate.Evaluation)], format, header) as out:
            out.write(map(astuple, rows))
    for uncovered in dict.fromkeys((row.model, row.set) for row in rows if not (row.section or row.covered)):
        stderr.note("{} covers no item of {}".format(*uncovered))
