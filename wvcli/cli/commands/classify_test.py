"""`wvcli classify test`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wvcli.cli.options import classification as options
from wvcli.cli.options import shared
from wvcli.cli.questions.classifiers import open_classifier
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import OutputFormat, write_object, writer
from wvcli.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from wvcli.classification.labelled_texts import LabelledText
    from wvcli.classification.measures import Judgement

_GROUP = 20_000  # texts labelled at a time


def test(
    sources: options.LabelledSources,
    models: options.Classifiers = None,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Show how often each label is taken for another.")
    ] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="Show the texts with a wrong label, the surest mistakes first.")
    ] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Show accuracy and share of the texts above each probability.")
    ] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Show the figures over all labels only.")] = False,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under",
            min=0,
            max=1,
            metavar="X",
            help="Exit with 1 where the figure of --metric is lower.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        Literal["accuracy", "macro-f1"], typer.Option("--metric", help="The figure that --fail-under is about.")
    ] = "accuracy",
    label_column: options.LabelColumn = None,
    column: options.Column = None,
    label_field: options.LabelField = None,
    field: options.Field = None,
    label_separator: options.LabelSeparator = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Judge classifiers on texts with labels; two or more are compared."""
    where = options.where(locals())
    if confusion + errors + curve + summary > 1:
        raise UsageError("give one of --confusion, --errors, --curve and --summary")
    if len(models or []) > 1 and (confusion or errors or curve):
        raise UsageError("several classifiers are compared by their figures", "leave out all but one of --model")
    from wvcli.classification.labelled_texts import LabelledTexts

    rows = list(LabelledTexts(sources, on_note=stderr.note, **where))
    if not rows:
        raise InputError("there is no text to judge on")
    named: list[Path | None] = [*models] if models else [None]
    judgements = [(path, _judgement(path, rows)) for path in named]
    judgement = judgements[0][1]
    if len(judgements) > 1:
        _write_comparison([(str(path), each) for path, each in judgements], format, header)
    elif confusion:
        _write(("actual", "predicted", "count"), judgement.confusion(), format, header)
    elif errors:
        _write(("line", "text", "actual", "predicted", "probability"), _errors(rows, judgement), format, header)
    elif curve:
        _write(("threshold", "precision", "coverage"), judgement.curve(), format, header)
    elif summary:
        write_object(_figures(judgement), format)
    else:
        _write_labels(judgement, format, header)
    _note_unseen(judgement)
    worst = min((each.accuracy if metric == "accuracy" else each.macro_f1) for _, each in judgements)
    if fail_under is not None and worst < fail_under:
        stderr.note(f"{metric} is {worst:.4f}, under {fail_under:g}")
        raise typer.Exit(ExitCode.FAILED)


def _judgement(path: Path | None, rows: "list[LabelledText]") -> "Judgement":
    import numpy as np

    from wvcli.classification.judging import judged

    labeller = open_classifier(path)
    texts = [row.text for row in rows]
    groups = [texts[first : first + _GROUP] for first in range(0, len(texts), _GROUP)]
    chances = np.concatenate([labeller.probabilities(group) for group in groups])
    return judged(labeller, chances, [row.labels for row in rows])


def _note_unseen(judgement: "Judgement") -> None:
    known = judgement.probabilities.shape[1]
    if unseen := judgement.labels[known:]:
        texts = int(judgement.actual[:, known:].any(axis=1).sum())
        more = " and others" if len(unseen) > 3 else ""
        stderr.note(
            f"the classifier does not know the label {', '.join(unseen[:3])}{more}: "
            f"{texts:,} text{'' if texts == 1 else 's'} cannot be right"
        )


def _write(names: tuple[str, ...], rows: Any, format: OutputFormat, header: bool | None) -> None:
    with writer([Column(name) for name in names], format, header) as out:
        out.write(rows)


def _write_labels(judgement: "Judgement", format: OutputFormat, header: bool | None) -> None:
    names = ("label", "precision", "recall", "f1", "support", "predicted")
    each = [*judgement.by_label, judgement.mean(False), judgement.mean(True)]
    rows = [tuple(getattr(one, name) for name in names) for one in each]
    texts = len(judgement.actual)
    rows.append(("accuracy", None, None, judgement.accuracy, texts, texts))
    _write(names, rows, format, header)
    stderr.note(
        f"log loss {judgement.log_loss:.4f}, calibration error {judgement.calibration_error:.1%}, "
        f"always the most frequent label {judgement.majority:.1%}"
    )


def _figures(judgement: "Judgement") -> dict[str, Any]:
    return {
        "texts": len(judgement.actual),
        "accuracy": round(judgement.accuracy, 6),
        "macro_precision": round(judgement.mean(False).precision, 6),
        "macro_recall": round(judgement.mean(False).recall, 6),
        "macro_f1": round(judgement.macro_f1, 6),
        "weighted_f1": round(judgement.mean(True).f1, 6),
        "mcc": None if judgement.mcc is None else round(judgement.mcc, 6),
        "log_loss": round(judgement.log_loss, 6),
        "brier": round(judgement.brier, 6),
        "calibration_error": round(judgement.calibration_error, 6),
        "majority": round(judgement.majority, 6),
    }


def _errors(rows: "list[LabelledText]", judgement: "Judgement") -> list[tuple[Any, ...]]:
    import numpy as np

    wrong = np.flatnonzero(~judgement.is_right)
    confidence = judgement.probabilities.max(axis=1)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return [
        (
            rows[place].number,
            rows[place].text,
            " ".join(rows[place].labels),
            " ".join(judgement.labels[label] for label in np.flatnonzero(judgement.predicted[place])),
            float(confidence[place]),
        )
        for place in order
    ]


def _write_comparison(
    judgements: "list[tuple[str, Judgement]]", format: OutputFormat, header: bool | None
) -> None:
    from wvcli.classification.measures import p_value

    first = judgements[0][1]
    names = ("model", "accuracy", "macro_f1", "log_loss", "calibration_error", "p")
    rows = [
        (
            path,
            each.accuracy,
            each.macro_f1,
            each.log_loss,
            each.calibration_error,
            None if each is first else p_value(first.is_right, each.is_right),
        )
        for path, each in judgements
    ]
    _write(names, rows, format, header)
    stderr.note(
        "p: how likely by chance alone accuracy differs so much from that of the first, by a paired bootstrap"
    )
