"""`wvcli classify predict`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wvcli.cli.options import classification as options
from wvcli.cli.options import shared
from wvcli.cli.questions.classifiers import open_classifier, row_batches, text_batches
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Rows = Sequence[tuple[list[str], str]]  # what is kept of each record, and its text


def predict(
    texts: options.Texts = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            metavar="SOURCE",
            help="Read the texts from this file instead: lines, CSV, TSV, Parquet or JSON.",
            show_default=False,
        ),
    ] = None,
    model: options.Classifier = None,
    k: Annotated[
        int, typer.Option("-k", min=1, metavar="N", help="Labels of each text, the likeliest first.")
    ] = 1,
    threshold: Annotated[
        float,
        typer.Option(
            "--threshold", min=0, max=1, metavar="P", help="Give no label that is less probable than this."
        ),
    ] = 0.0,
    wide: Annotated[
        bool, typer.Option("--wide", help="Show the probability of every label, in a column for each.")
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep",
            metavar="NAME...",
            help="Columns or fields of --file to show before each text.",
            show_default=False,
        ),
    ] = None,
    column: options.Column = None,
    field: options.Field = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Give labels to texts: their most probable label, and its probability."""
    where = options.where(locals())
    if texts and file is not None:
        raise UsageError("the texts are given twice: as arguments, and with --file", "leave out one of them")
    if keep and file is None:
        raise UsageError("--keep has no effect without --file")
    if wide and k != 1:
        raise UsageError("--wide shows every label", "leave out -k")
    labeller = open_classifier(model)
    labels, kept = labeller.labels, list(keep or [])
    most = min(k, len(labels))
    is_plain = resolve_format(format) == "plain"
    columns = [Column(name) for name in (*kept, "text", *(labels if wide else ("label", "probability")))]
    batches: Iterable[Rows] = (
        ([([], text) for text in batch] for batch in text_batches(texts))
        if file is None
        else row_batches(file, kept, where)
    )
    empty = stderr.Tally("texts in total have no word, and no label")
    with writer([Column("labels")] if is_plain else columns, format, header) as out:
        for batch in batches:
            chances = labeller.probabilities([text for _, text in batch])
            blank = [not text.strip() for _, text in batch]
            for _ in range(sum(blank)):
                empty.note("a text has no word, and no label")
            if most == 1 and not (kept or wide or is_plain):
                best = _best(labels, chances, threshold, blank)
                out.write([(text, *answer) for (_, text), answer in zip(batch, best, strict=True)])
            elif wide and not is_plain:
                out.write(
                    (*of_row, text, *row) for (of_row, text), row in zip(batch, chances.tolist(), strict=True)
                )
            else:
                found = _answers(labels, chances, most, threshold, blank)
                out.write(_as_fasttext(found) if is_plain else _rows(batch, found))
    empty.report_total()
    if empty.count:
        raise typer.Exit(ExitCode.MISSING_WORD)


Answer = tuple[str | None, float | None]


def _answers(
    labels: Sequence[str], chances: "npt.NDArray[np.float64]", most: int, threshold: float, blank: Sequence[bool]
) -> Iterator[list[Answer]]:
    """Yield the labels of each text with their probabilities; one None where none is probable enough."""
    if most == 1:
        yield from ([answer] for answer in _best(labels, chances, threshold, blank))
        return
    order = (-chances).argsort(axis=1, kind="stable")[:, :most].tolist()
    for found, row, is_blank in zip(order, chances.tolist(), blank, strict=True):
        if is_blank:
            yield [(None, None)]
            continue
        named: list[Answer] = [(labels[label], row[label]) for label in found if row[label] >= threshold]
        yield named or [(None, row[found[0]])]


def _best(
    labels: Sequence[str], chances: "npt.NDArray[np.float64]", threshold: float, blank: Sequence[bool]
) -> list[Answer]:
    """Return what `_answers` yields where one label is asked for."""
    of_best = chances.max(axis=1)
    found: list[Answer] = list(
        zip(map(labels.__getitem__, chances.argmax(axis=1).tolist()), of_best.tolist(), strict=True)
    )
    for place in (of_best < threshold).nonzero()[0].tolist():
        found[place] = None, found[place][1]
    for place in [place for place, is_blank in enumerate(blank) if is_blank]:
        found[place] = None, None
    return found


def _rows(batch: Rows, found: Iterable[list[Answer]]) -> Iterator[Row]:
    for (of_row, text), answers in zip(batch, found, strict=True):
        for answer in answers:
            yield (*of_row, text, *answer)


def _as_fasttext(found: Iterable[list[Answer]]) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of fastText's `predict-prob`: each label and its probability."""
    for answers in found:
        yield (" ".join(f"__label__{label} {chance:.6f}" for label, chance in answers if label is not None),)
