"""Every option that more than one command has, once."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wvcli.cli.options import completion
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import OutputFormat

Missing = Literal["error", "skip", "null", "subword"]
Dtype = Literal["float32", "float16", "int8"]
UnknownRow = Literal["zero", "mean", "random"]
MissingVector = Literal["error", "skip", "null", "subword", "random"]


def _be_quiet(value: bool) -> bool:
    stderr.set_quiet(value)
    return value


def output(default: str) -> Any:
    """The option that names a model file to write, which `default` says what it is without."""
    return typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=f"Model file to write [default: {default}].",
        show_default=False,
    )


def _words(metavar: str, help: str) -> Any:
    return typer.Argument(metavar=metavar, help=help, show_default=False, autocompletion=completion.words)


Words = Annotated[
    list[str] | None,
    _words("WORD...", "Words to look up; `-`, or no word and a pipe, reads them from stdin, one a line."),
]
TwoWords = Annotated[
    list[str] | None,
    _words("A B", "Two words; `-`, or no word and a pipe, reads lines of two words from stdin."),
]
ThreeWords = Annotated[
    list[str] | None,
    _words("A B C", "A is to B as C is to ?; `-`, or no word and a pipe, reads lines of three words from stdin."),
]
SomeWords = Annotated[
    list[str] | None,
    _words("WORD...", "Three words or more; `-`, or no word and a pipe, reads lines of them from stdin."),
]
Topn = Annotated[int, typer.Option("-n", "--topn", min=1, metavar="N", help="Answers to each question.")]
RestrictTop = Annotated[
    int | None,
    typer.Option(
        "--restrict-top",
        min=1,
        metavar="N",
        help="Look only among the N most frequent words.",
        show_default=False,
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FILE",
        envvar="WVCLI_MODEL",
        readable=False,  # told when it is opened, as any file that cannot be read
        help="Model file, or vectors in another format [default: the newest model in this folder].",
        show_default=False,
    ),
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Show lines of the corpus in which the two words stand near the same words."),
]
Format = Annotated[
    OutputFormat,
    typer.Option("--format", envvar="WVCLI_FORMAT", help="auto is a table at a terminal and TSV in a pipe."),
]
Header = Annotated[bool, typer.Option("--header", help="Begin TSV and CSV with a line of column names.")]
MissingPolicy = Annotated[
    Missing | None,
    typer.Option(
        "--missing",
        help="What to do with a word that is not in the vocabulary [default: subword where the model has "
        "them, else error].",
        show_default=False,
    ),
]
MissingVectorPolicy = Annotated[
    MissingVector | None,
    typer.Option(
        "--missing",
        help="What to do with a word that is not in the vocabulary [default: subword where the model has "
        "them, else error].",
        show_default=False,
    ),
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", callback=_be_quiet, help="No notes and no progress on stderr.")
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Overwrite an existing file.")]
