"""`wvcli evaluate`."""

import os
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.lookup import HAVE_SUBWORDS
from wvcli.cli.questions.opening import named_once, open_alignment, open_vectors
from wvcli.cli.reports.scores import verdicts, write_tables
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.vectors.bilingual import Alignment
    from wvcli.vectors.word_vectors import Vectors


def evaluate(
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Model files; the others are compared with the first.",
            show_default="the model of -m",
        ),
    ] = None,
    model: shared.Model = None,
    alignments: Annotated[
        list[Path] | None,
        typer.Option(
            "-a",
            "--alignment",
            metavar="FILE",
            help="Score the translations of an alignment instead, on sets of words and their translations; "
            "may be repeated.",
            show_default=False,
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FILE",
            help="Test set; its type is detected from its contents. May be repeated. "
            "Or wordsim353, simlex999 or questions-words, which are English.",
            show_default="these three",
        ),
    ] = None,
    restrict_top: Annotated[
        int,
        typer.Option(
            "--restrict-top", min=1, metavar="N", help="Use only the N most frequent words of each model."
        ),
    ] = 300_000,
    ignore_case: Annotated[
        bool,
        typer.Option("--ignore-case", help="Treat words that differ only in case as one, as Gensim does."),
    ] = False,
    missing: Annotated[
        Literal["skip", "subword"] | None,
        typer.Option(
            "--missing",
            help="Skip items with a word that is not in the vocabulary, or compose its vector from subwords.",
            show_default="subword if the model has subwords",
        ),
    ] = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Score models on word pairs, analogies and other test sets.

    Odd-one-out and category sets, in any language, are named with --set.
    """
    from wvcli.evaluation import evaluate

    named_once(models[0] if models else None, model)
    opened: Sequence[Vectors] | Sequence[Alignment]
    if alignments:
        if models or (model and str(model) != os.environ.get("WVCLI_MODEL")):
            raise UsageError("models and alignments are scored on different sets", "name one or the other")
        opened = [open_alignment(path) for path in alignments]
        asked = [alignment.source.vectors for alignment in opened]
    else:
        named: list[Path | None] = [*models] if models else [model]
        opened = asked = [open_vectors(path) for path in named]
    if missing == "subword" and any(vectors.subwords is None for vectors in asked):
        raise UsageError("a model has no subwords", HAVE_SUBWORDS)
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
    covered = {row.set for row in rows if row.covered}
    if resolve_format(format) == "table":
        write_tables([row for row in rows if row.set in covered], len(opened))
    else:
        with writer([Column(field.name) for field in fields(evaluate.Evaluation)], format, header) as out:
            out.write(map(astuple, rows))
    if len(opened) > 1:
        for verdict in verdicts(rows, len(opened)):
            stderr.note(verdict)
    for path in dict.fromkeys(row.model for row in rows):
        uncovered = dict.fromkeys(
            row.set for row in rows if row.model == path and not (row.section or row.covered)
        )
        if uncovered:
            stderr.note(f"{path} covers no item of {', '.join(uncovered)}")
    if covered.isdisjoint(evaluate.BUNDLED) and not {row.set for row in rows}.isdisjoint(evaluate.BUNDLED):
        stderr.note(
            "the bundled sets are English; none is bundled for Chinese or another language: "
            "name one with --set FILE, whose lines are word, word and score"
        )
