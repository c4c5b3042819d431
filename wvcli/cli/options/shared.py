"""The options that several commands share, each written once."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wvcli.cli.options import completion
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import OutputFormat

Missing = Literal["error", "skip", "null", "subword"]
MissingVector = Literal["error", "skip", "null", "subword", "random"]

# These repeat the library's, whose modules import NumPy, which help does without; a test holds them to it.
Dtype = Literal["float32", "float16", "int8"]
Unknown = Literal["zero", "mean", "random"]
Method = Literal["add", "multiply"]
LayoutMethod = Literal["tsne", "pca"]
Measure = Literal["similarity", "overlap"]
AlignmentMethod = Literal["multistep", "procrustes"]


def _be_quiet(value: bool) -> bool:
    stderr.set_quiet(value)
    return value


def output(default: str) -> Any:
    """Return the option that names the model file to write; `default` says which one it is otherwise."""
    return typer.Option("-o", "--output", metavar="FILE", help="Model file to write.", show_default=default)


def _words(metavar: str, help: str, per_line: str) -> Any:
    return typer.Argument(
        metavar=metavar,
        help=f"{help} `-` reads {per_line} per line from stdin; so does a pipe when no word is given.",
        show_default=False,
        autocompletion=completion.words,
    )


Words = Annotated[list[str] | None, _words("WORD...", "Words to look up.", "one word")]
TwoWords = Annotated[list[str] | None, _words("A B", "Two words.", "two words")]
ThreeWords = Annotated[list[str] | None, _words("A B C", "A is to B as C is to the answer.", "three words")]
SomeWords = Annotated[list[str] | None, _words("WORD...", "Three words or more.", "three words or more")]
QuestionFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="Read the questions from this file, one per line, instead of WORDs; `-` is stdin.",
        show_default=False,
    ),
]
Unanswered = Annotated[
    Path | None,
    typer.Option(
        "--unanswered",
        metavar="FILE",
        help="List the questions without an answer in this file, with the reason first: missing, or no neighbor.",
        show_default=False,
    ),
]
Topn = Annotated[int, typer.Option("-n", min=1, metavar="N", help="Number of answers to each question.")]
RestrictTop = Annotated[
    int | None,
    typer.Option(
        "--restrict-top", min=1, metavar="N", help="Search only the N most frequent words.", show_default=False
    ),
]
Rare = Annotated[
    bool | None,
    typer.Option(
        "--rare/--no-rare",
        help="Let rare words, of fewer than 30 occurrences, be answers, or leave them out.",
        show_default="no-rare if 1,000 words are not rare",
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "-m",
        "--model",
        metavar="FILE",
        envvar="WVCLI_MODEL",
        readable=False,  # a file that cannot be read is reported when it is opened, like any other
        help="Model file, or vectors in another format.",
        show_default="the newest model in this folder",
    ),
]
ModelArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[MODEL]",
        help="Model file, or vectors in another format; as with -m.",
        show_default="the newest model in this folder",
    ),
]
Alignment = Annotated[
    Path | None,
    typer.Option(
        "-a",
        "--alignment",
        metavar="FILE",
        envvar="WVCLI_ALIGNMENT",
        readable=False,  # as for a model
        help="Alignment of two models, made by wvcli align.",
        show_default="the newest alignment in this folder",
    ),
]
OneModel = Annotated[
    Path | None,
    typer.Option("-m", "--model", metavar="FILE", help="The model, if it is no argument.", show_default=False),
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Show lines of the corpus in which the two words occur near the same words."),
]
Format = Annotated[
    OutputFormat,
    typer.Option(
        "--format", envvar="WVCLI_FORMAT", help="Output format; auto is a table at a terminal and TSV in a pipe."
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Begin TSV and CSV with a line of column names.",
        show_default="CSV has one, TSV has none",
    ),
]
_MISSING = typer.Option(
    "--missing",
    help="What to do about a word that is not in the vocabulary.",
    show_default="subword for FastText models, else error",
)
MissingPolicy = Annotated[Missing | None, _MISSING]
MissingVectorPolicy = Annotated[MissingVector | None, _MISSING]
WordEncoding = Annotated[
    str,
    typer.Option("--encoding", metavar="NAME", help="Encoding of the words in text vectors and word2vec's files."),
]
WordEncodingErrors = Annotated[
    Literal["strict", "replace", "ignore"],
    typer.Option("--encoding-errors", help="What to do with bytes that are not in the encoding."),
]
SkipBadWords = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out lines and words that cannot be read, and count them.")
]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", callback=_be_quiet, help="Show no notes and no progress on stderr.")
]
Force = Annotated[bool, typer.Option("-f", "--force", help="Overwrite an existing file.")]
