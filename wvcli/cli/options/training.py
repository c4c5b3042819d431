"""The options of commands that train."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wvcli.cli.options import completion


def _auto_or_whole(text: str) -> int | None:
    """A whole number, or None for `auto`."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a whole number nor auto") from None


def _option(*names: str, help: str, panel: str, metavar: str | None = "N", **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, show_default=False, **more)


def _auto(name: str, help: str, panel: str) -> Any:
    return _option(name, help=f"{help} [default: auto]", panel=panel, parser=_auto_or_whole)


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Text files, plain or compressed; folders; globs; `-` for stdin; or a folder of --keep-encoded.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    _option(
        "-o",
        "--output",
        help="Model file to write [default: the first source's name with .safetensors].",
        panel="Options",
        metavar="FILE",
    ),
]

DryRun = Annotated[
    bool,
    _option("--dry-run", help="Say what the run would take; write nothing.", panel="Options", metavar=None),
]
Exact = Annotated[
    bool,
    _option("--exact", help="With --dry-run, read all of the text.", panel="Options", metavar=None),
]

Algorithm = Annotated[
    Literal["auto", "word2vec", "fasttext"],
    _option("--algorithm", help="fasttext has vectors for unseen words too.", panel="Model", metavar=None),
]
Architecture = Annotated[
    Literal["auto", "skipgram", "cbow"],
    _option("--architecture", help="Context from word, or word from context.", panel="Model", metavar=None),
]
Dim = Annotated[int | None, _auto("--dim", "Dimensions of a vector.", "Model")]
Window = Annotated[int | None, _auto("--window", "Words of context on each side, at most.", "Model")]
FixedWindow = Annotated[
    bool, _option("--fixed-window", help="Always use the whole window.", panel="Model", metavar=None)
]
MinN = Annotated[int | None, _option("--min-n", help="Shortest n-gram [default: 3].", panel="FastText")]
MaxN = Annotated[int | None, _option("--max-n", help="Longest n-gram [default: 6].", panel="FastText")]
Buckets = Annotated[int | None, _auto("--buckets", "Rows that the hashed n-grams share.", "FastText")]

Epochs = Annotated[int | None, _auto("--epochs", "Passes over the text.", "Training")]
Loss = Annotated[
    Literal["negative", "hierarchical"] | None,
    _option(
        "--loss",
        help="Negative sampling or hierarchical softmax [default: negative].",
        panel="Training",
        metavar=None,
    ),
]
Negative = Annotated[
    int | None, _option("--negative", help="Noise words for each true one [default: 5].", panel="Training")
]
NoiseExponent = Annotated[
    float | None,
    _option(
        "--noise-exponent",
        help="Power of the counts by which noise words are drawn [default: 0.75].",
        panel="Training",
        metavar="X",
    ),
]
Sample = Annotated[
    float | None,
    _option(
        "--sample",
        help="Share of the text above which a word is thinned out; 0 is off [default: 0.001].",
        panel="Training",
        metavar="X",
    ),
]
Alpha = Annotated[
    float | None,
    _option("--alpha", help="Learning rate at the start [default: 0.025].", panel="Training", metavar="X"),
]
MinAlpha = Annotated[
    float | None,
    _option("--min-alpha", help="Learning rate at the end [default: 0.0001].", panel="Training", metavar="X"),
]
Engine = Annotated[
    Literal["auto", "gensim", "fast"],
    _option("--engine", help="What trains; fast needs the extra of that name.", panel="Training", metavar=None),
]
Workers = Annotated[
    int | None, _auto("--workers", "Threads; with 1, the same run gives the same bytes.", "Training")
]
Seed = Annotated[int | None, _option("--seed", help="Start of the random numbers [default: 1].", panel="Training")]
Checkpoint = Annotated[
    float | None,
    _option(
        "--checkpoint",
        help="Save the run every so many minutes; 0 is never [default: 10 if it may last longer].",
        panel="Training",
        metavar="MINUTES",
    ),
]
Resume = Annotated[
    bool,
    _option("--resume", help="Go on from the checkpoint of an unfinished run.", panel="Training", metavar=None),
]
EarlyStop = Annotated[
    bool,
    _option("--early-stop", help="End when the loss hardly falls any more.", panel="Training", metavar=None),
]
Init = Annotated[
    Path | None,
    _option(
        "--init", help="Start from the vectors in this file, in any format.", panel="Training", metavar="FILE"
    ),
]
Freeze = Annotated[
    bool, _option("--freeze", help="Keep the vectors from --init as they are.", panel="Training", metavar=None)
]
FreezeUntil = Annotated[
    int | None,
    _option("--freeze-until", help="Keep them so for this many epochs.", panel="Training", metavar="EPOCH"),
]
Like = Annotated[
    Path | None,
    _option(
        "--like",
        help="Use this model's settings and tokenizer where none are given.",
        panel="Training",
        metavar="MODEL",
    ),
]

KeepEncoded = Annotated[
    Path | None,
    _option(
        "--keep-encoded",
        help="Keep the text as numbers in this folder, a source for further models.",
        panel="Text",
        metavar="FOLDER",
    ),
]

MinCount = Annotated[int | None, _auto("--min-count", "Leave out words that occur less often.", "Text")]
MaxVocab = Annotated[int | None, _option("--max-vocab", help="Keep only the N most frequent words.", panel="Text")]
Tokenizer = Annotated[
    str | None,
    _option(
        "--tokenizer",
        help="auto, unicode, whitespace, chinese, japanese, korean or regex:PATTERN [default: auto].",
        panel="Text",
        metavar="NAME",
        autocompletion=completion.tokenizers,
    ),
]
Lowercase = Annotated[
    bool | None,
    _option(
        "--lowercase/--keep-case",
        help="Write words in lower case, or as they stand [default: lowercase].",
        panel="Text",
        metavar=None,
    ),
]
Phrases = Annotated[
    bool | None,
    _option(
        "--phrases/--no-phrases",
        help="Join words that keep company: new york becomes new_york.",
        panel="Phrases",
        metavar=None,
    ),
]
PhrasePasses = Annotated[
    int | None,
    _option("--phrase-passes", help="How often to join; 2 gives up to four words [default: 1].", panel="Phrases"),
]
PhraseThreshold = Annotated[
    float | None,
    _option(
        "--phrase-threshold",
        help="Score that makes a phrase [default: 10, npmi 0.5].",
        panel="Phrases",
        metavar="X",
    ),
]
PhraseScorer = Annotated[
    Literal["original", "npmi"] | None,
    _option(
        "--phrase-scorer",
        help="Mikolov's score, or normalized mutual information [default: original].",
        panel="Phrases",
        metavar=None,
    ),
]
PhraseMinCount = Annotated[
    int | None,
    _option("--phrase-min-count", help="Join only words that met so often [default: 5].", panel="Phrases"),
]
MinLength = Annotated[
    int | None, _option("--min-length", help="Leave out words of fewer characters [default: 1].", panel="Text")
]
Stopwords = Annotated[
    Path | None,
    _option("--stopwords", help="Leave out the words in this file, one a line.", panel="Text", metavar="FILE"),
]
Field = Annotated[
    str | None,
    _option("--field", help="Where in JSON records the text is, as a.b.", panel="Text", metavar="NAME"),
]
Column = Annotated[
    str | None,
    _option("--column", help="Which column of CSV, TSV or Parquet holds the text.", panel="Text", metavar="NAME"),
]
SkipBad = Annotated[
    bool,
    _option("--skip-bad", help="Pass over lines and records that cannot be read.", panel="Text", metavar=None),
]
Encoding = Annotated[
    str, _option("--encoding", help="Encoding of the text [default: utf-8].", panel="Text", metavar="NAME")
]
EncodingErrors = Annotated[
    Literal["strict", "replace", "ignore"],
    _option(
        "--encoding-errors",
        help="What to do with bytes not in the encoding [default: strict].",
        panel="Text",
        metavar=None,
    ),
]
