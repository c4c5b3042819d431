"""`wvcli classify explain`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wvcli.cli.options import classification as options
from wvcli.cli.options import shared
from wvcli.cli.questions.classifiers import open_classifier, require_own, text_batches
from wvcli.cli.reports.classification import coloured
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import OutputFormat, resolve_format, text, writer

if TYPE_CHECKING:
    from wvcli.classification.classifier import Classifier, Contribution

_TOP = Column("label"), Column("feature"), Column("kind"), Column("weight"), Column("texts")
_PARTS = Column("text"), Column("label"), Column("part"), Column("contribution")
_SHOWN = Column("part"), Column("contribution")


def explain(
    texts: options.Texts = None,
    model: options.Classifier = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", metavar="NAME", help="The label to explain.", show_default="the most probable one"
        ),
    ] = None,
    by: Annotated[
        Literal["word", "ngram"],
        typer.Option("--by", help="Add up n-grams for each word, or show each."),
    ] = "word",
    n: Annotated[
        int, typer.Option("-n", min=1, metavar="N", help="Without a text: n-grams shown of each label.")
    ] = 10,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Show what speaks for the label of a text, and what against it; without a text, what speaks for each label.

    What the parts of a text add is in log-odds, and adds up to those of the label.
    """
    classifier = require_own(open_classifier(model), "an explanation")
    if (not texts and sys.stdin.isatty()) or texts == []:
        _write_top(classifier, label, n, format, header)
        return
    is_shown = resolve_format(format) == "table"
    with writer(_PARTS, format, header) as out:
        for batch in text_batches(texts):
            for each in batch:
                chosen = label if label is not None else classifier.predict([each])[0][0]
                parts = classifier.contributions(each, chosen, by)
                if is_shown:
                    _show(classifier, each, chosen, parts)
                else:
                    out.write((each, chosen, part.part, part.amount) for part in parts)


def _show(classifier: "Classifier", text_given: str, label: str, parts: "list[Contribution]") -> None:
    chance = float(classifier.probabilities([text_given])[0][classifier.labels.index(label)])
    total = sum(part.amount for part in parts)
    text(f"{label}  {chance:.1%}  log-odds {total:+.2f}")
    text(coloured([part for part in parts if part.kind == "word"] or classifier.contributions(text_given, label)))
    with writer(_SHOWN, "table") as out:
        ordered = sorted(parts, key=lambda part: -abs(part.amount))
        out.write((part.part, part.amount) for part in ordered[:20])


def _write_top(
    classifier: "Classifier", label: str | None, n: int, format: OutputFormat, header: bool | None
) -> None:
    with writer(_TOP, format, header) as out:
        for name in classifier.labels:
            if label in (None, name):
                out.write([row for row in classifier.names if row[0] == name][:n])
