"""The options of the commands that classify."""

import re
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from wvcli.cli.options import training as text

Balance = Literal["none", "sqrt", "full"]  # the library's, whose modules import NumPy, which help does without

_PANEL = "Reading"


def _option(*names: str, help: str, panel: str = "Options", metavar: str | None = None, default: str = "") -> Any:
    if default:
        help += f" [default: {default}]"
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, show_default=False)


def _reading(option: Any) -> Any:
    """Return an option of `train` under this group's heading."""
    found = copy(get_args(option)[1])
    found.rich_help_panel = _PANEL
    return Annotated[get_args(option)[0], found]


LabelledSources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Texts with labels: lines of label, tab, text; fastText's __label__NAME; CSV, TSV, Parquet, JSON; a "
        "folder of folders, each a label; `-` for stdin.",
        show_default=False,
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TEXT...",
        help="Texts. `-` reads one per line from stdin; so does a pipe when no text is given.",
        show_default=False,
    ),
]
Classifier = Annotated[
    Path | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FILE",
        envvar="WVCLI_CLASSIFIER",
        readable=False,
        help="Classifier, or a .bin or .ftz of fastText supervised.",
        show_default="the newest classifier in this folder",
    ),
]
Classifiers = Annotated[
    list[Path] | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FILE",
        readable=False,
        help="Classifier, or a .bin or .ftz of fastText supervised; give it twice or more to compare.",
        show_default="the newest classifier in this folder",
    ),
]
LabelColumn = Annotated[
    str | None,
    _option("--label-column", help="Column of the labels.", panel=_PANEL, metavar="NAME", default="label"),
]
LabelField = Annotated[
    str | None,
    _option(
        "--label-field",
        help="Field of the labels in JSON, as a.b; a list holds several.",
        panel=_PANEL,
        metavar="NAME",
        default="label",
    ),
]
WeightColumn = Annotated[
    str | None,
    _option("--weight-column", help="Column of how much each text counts.", panel=_PANEL, metavar="NAME"),
]
WeightField = Annotated[
    str | None,
    _option("--weight-field", help="Field of how much each text counts.", panel=_PANEL, metavar="NAME"),
]
LabelSeparator = Annotated[
    str | None,
    _option(
        "--label-separator",
        help="What stands between several labels in one cell, such as a comma.",
        panel=_PANEL,
        metavar="TEXT",
    ),
]
Column = _reading(text.Column)
Field = _reading(text.Field)
Delimiter = _reading(text.Delimiter)
Encoding = _reading(text.Encoding)
EncodingErrors = _reading(text.EncodingErrors)
SkipBad = _reading(text.SkipBad)
Tokenizer = _reading(text.Tokenizer)
Lowercase = _reading(text.Lowercase)
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        metavar="N",
        help="Number of threads; any number gives the same bytes. [default: one a processor]",
        show_default=False,
    ),
]

_RANGE = re.compile(r"(\d+)-(\d+)")


def characters(given: str) -> tuple[int, int] | None:
    """Return the shortest and longest n-gram of characters that `2-5` names, or None for `none`."""
    if given == "none":
        return None
    found = _RANGE.fullmatch(given)
    if found is None:
        raise typer.BadParameter(f"{given!r} is neither two lengths, such as 2-5, nor none")
    return int(found[1]), int(found[2])


def where(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return, of a command's arguments, those that say where labels and texts are, for the library."""
    names = (
        "label_column", "column", "weight_column", "label_field", "field", "weight_field", "label_separator",
        "delimiter", "encoding", "encoding_errors", "skip_bad",
    )  # fmt: skip
    return {name: values[name] for name in names if name in values}
