"""The options of the commands that train; the settings' choices and defaults are those of `TrainSettings`."""

from copy import copy
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from wvcli.cli.options import completion
from wvcli.cli.streams.stdout import OutputFormat
from wvcli.text.tokenizers import registry as tokenizers
from wvcli.training import settings
from wvcli.training.settings import TrainSettings, default_phrase_threshold


def _option(*names: str, help: str, panel: str, metavar: str | None = None, default: str = "", **more: Any) -> Any:
    """Return an option, whose help ends with what it is by default unless that is empty."""
    if default:
        help += f" [default: {default}]"
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, show_default=False, **more)


def _setting(name: str, help: str, panel: str, metavar: str | None = "N", default: str = "", **more: Any) -> Any:
    """Return the option for a setting, with its default; None is shown as `auto`."""
    value = getattr(TrainSettings, name)
    default = default or ("auto" if value is None else str(value))
    option = "--" + name.replace("_", "-")
    return _option(option, help=help, panel=panel, metavar=metavar, default=default, **more)


def _auto_or_whole_number(text: str) -> int | None:
    """Return a whole number, or None for `auto`."""
    if text == "auto":
        return None
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a whole number nor auto") from None


def _auto(name: str, help: str, panel: str) -> Any:
    """Return the option for a setting that is a whole number or `auto`."""
    return _setting(name, help, panel, parser=_auto_or_whole_number)


def of_the_model(setting: Any) -> Any:
    """Return the option of a setting for `update`, where a setting that is not given is the model's."""
    option = copy(get_args(setting)[1])
    option.help = option.help.rpartition(" [default: ")[0] + " [default: the model's]"
    return option


_SOURCES = typer.Argument(
    metavar="SOURCE...",
    help="Text files, plain or compressed; folders; globs; `-` for stdin; or a folder of --keep-encoded.",
    show_default=False,
)
Sources = Annotated[list[str], _SOURCES]
SourcesOrNone = Annotated[list[str] | None, _SOURCES]
Output = Annotated[
    Path | None,
    _option(
        "-o",
        "--output",
        help="Model file to write.",
        panel="Options",
        metavar="FILE",
        default="the first source's name with .safetensors",
    ),
]

ForecastFormat = Annotated[
    OutputFormat,
    _option(
        "--format",
        help="With --dry-run, the output format; auto is a table at a terminal and JSON in a pipe.",
        panel="Options",
        default="auto",
        envvar="WVCLI_FORMAT",
    ),
]
DryRun = Annotated[
    bool,
    _option("--dry-run", help="Show what the run would take, without training or writing.", panel="Options"),
]
Exact = Annotated[
    bool, _option("--exact", help="With --dry-run, read the whole text instead of a sample.", panel="Options")
]

Algorithm = Annotated[
    Literal["auto", settings.Algorithm],
    _setting(
        "algorithm",
        "fasttext makes words of their n-grams; glove learns from counts.",
        "Model",
        metavar=None,
    ),
]
Architecture = Annotated[
    Literal["auto", settings.Architecture],
    _setting(
        "architecture",
        "skipgram predicts the context from a word, cbow a word from its context.",
        "Model",
        metavar=None,
    ),
]
Dim = Annotated[int | None, _auto("dim", "Dimensions of a vector.", "Model")]
Window = Annotated[int | None, _auto("window", "Maximum number of context words on each side.", "Model")]
FixedWindow = Annotated[
    bool, _option("--fixed-window", help="Always use the whole window, not a random part of it.", panel="Model")
]
UnknownWords = Annotated[
    Literal["auto", settings.UnknownWords],
    _setting(
        "unknown_words",
        "subwords fits vectors of n-grams to those of the words, and unknown words get theirs from them; auto "
        "does it where words have letters.",
        "Model",
        metavar=None,
    ),
]
MinN = Annotated[int | None, _setting("min_n", "Shortest character n-gram.", "FastText")]
MaxN = Annotated[int | None, _setting("max_n", "Longest character n-gram.", "FastText")]
Buckets = Annotated[int | None, _auto("buckets", "Number of vectors for the hashed n-grams.", "FastText")]

XMax = Annotated[
    float | None,
    _setting("x_max", "Count of a pair of words from which on it has the whole weight.", "GloVe", metavar="X"),
]
GloveAlpha = Annotated[
    float | None,
    _setting("glove_alpha", "Power by which the weight of a pair grows with its count.", "GloVe", metavar="X"),
]
GloveMemory = Annotated[
    int | None, _setting("glove_memory", "Megabytes in which pairs are counted; the rest goes to disk.", "GloVe")
]

Epochs = Annotated[int | None, _auto("epochs", "Passes over the text.", "Training")]
Loss = Annotated[
    settings.Loss | None,
    _setting("loss", "Negative sampling or hierarchical softmax.", "Training", metavar=None),
]
Negative = Annotated[int | None, _setting("negative", "Noise words for each true word.", "Training")]
NoiseExponent = Annotated[
    float | None,
    _setting("noise_exponent", "Noise words are drawn by their counts to this power.", "Training", metavar="X"),
]
Sample = Annotated[
    float | None,
    _setting(
        "sample",
        "Subsample words that make up more than this share of the text; 0 turns it off.",
        "Training",
        metavar="X",
    ),
]
Alpha = Annotated[
    float | None,
    _setting("alpha", "Learning rate at the start.", "Training", metavar="X", default="0.025, or 0.05 with glove"),
]
MinAlpha = Annotated[float | None, _setting("min_alpha", "Learning rate at the end.", "Training", metavar="X")]
EngineName = Literal["auto", "gensim", "fast"]
Engine = Annotated[
    EngineName,
    _option(
        "--engine",
        help="The training loops: Gensim's own, or compiled ones.",
        panel="Training",
        default="auto",
    ),
]
Workers = Annotated[
    int | None, _auto("workers", "Number of threads; with 1, the same run gives the same bytes.", "Training")
]
Seed = Annotated[
    int | None,
    _setting("seed", "Seed of the random numbers; it settles the result with --workers 1 only.", "Training"),
]
Checkpoint = Annotated[
    float | None,
    _option(
        "--checkpoint",
        help="Save the state of the run every N minutes; 0: only when it is stopped.",
        panel="Training",
        metavar="N",
        default="10 if the run is likely to take longer",
    ),
]
Resume = Annotated[
    bool,
    _option(
        "--resume",
        help="Continue an unfinished run: alone, with its X.checkpoint, or with the command that began it.",
        panel="Training",
        metavar="FILE",  # --resume=X.checkpoint
    ),
]
EarlyStop = Annotated[
    bool, _option("--early-stop", help="Stop when the loss hardly falls any more.", panel="Training")
]
Init = Annotated[
    Path | None,
    _option(
        "--init", help="Start from the vectors in this file, in any format.", panel="Training", metavar="FILE"
    ),
]
Freeze = Annotated[bool, _option("--freeze", help="Keep the --init vectors fixed.", panel="Training")]
FreezeUntil = Annotated[
    int | None,
    _option(
        "--freeze-until",
        help="Keep the --init vectors fixed for the first N epochs.",
        panel="Training",
        metavar="N",
    ),
]
Like = Annotated[
    Path | None,
    _option(
        "--like",
        help="Take the settings and tokenizer that are not given from this model.",
        panel="Training",
        metavar="MODEL",
    ),
]

MinCount = Annotated[int | None, _auto("min_count", "Leave out words that occur fewer than N times.", "Text")]
MaxVocab = Annotated[
    int | None, _option("--max-vocab", help="Keep only the N most frequent words.", panel="Text", metavar="N")
]
Tokenizer = Annotated[
    str | None,
    _option(
        "--tokenizer",
        help=f"{', '.join(name for name in tokenizers.names() if name != 'regex')} or regex:PATTERN.",
        panel="Text",
        metavar="NAME",
        default="auto",
        autocompletion=completion.tokenizers,
    ),
]
Lowercase = Annotated[
    bool | None,
    _option(
        "--lowercase/--keep-case",
        help="Write words in lower case, or leave them as they are.",
        panel="Text",
        default="lowercase",
    ),
]
MinLength = Annotated[
    int | None,
    _option(
        "--min-length", help="Leave out words of fewer than N characters.", panel="Text", metavar="N", default="1"
    ),
]
Stopwords = Annotated[
    Path | None,
    _option("--stopwords", help="Leave out the words in this file, one per line.", panel="Text", metavar="FILE"),
]
Field = Annotated[
    list[str] | None,
    _option(
        "--field",
        help="Where the text is in JSON records, as a.b; may be repeated.",
        panel="Text",
        metavar="NAME",
    ),
]
Column = Annotated[
    list[str] | None,
    _option(
        "--column",
        help="Which column of CSV, TSV or Parquet holds the text; may be repeated.",
        panel="Text",
        metavar="NAME",
    ),
]
Delimiter = Annotated[
    str | None,
    _option(
        "--delimiter",
        help="What stands between the cells of a table: a character, or tab.",
        panel="Text",
        metavar="CHARACTER",
        default="told from the file",
    ),
]
Encoding = Annotated[
    str, _option("--encoding", help="Encoding of the text.", panel="Text", metavar="NAME", default="utf-8")
]
EncodingErrors = Annotated[
    Literal["strict", "replace", "ignore"],
    _option(
        "--encoding-errors",
        help="What to do with bytes that are not in the encoding.",
        panel="Text",
        default="strict",
    ),
]
SkipBad = Annotated[
    bool, _option("--skip-bad", help="Skip lines and records that cannot be read, and count them.", panel="Text")
]
Cluster = Annotated[
    str | None,
    _option(
        "--cluster",
        help="Read the text and train there: spark://HOST:7077, yarn, k8s://..., sc://HOST, local[N], or "
        "processes[N], which need no Spark.",
        panel="Cluster",
        metavar="ADDRESS",
    ),
]
Work = Annotated[
    str | None,
    _option(
        "--work",
        help="Folder that all machines of the --cluster reach, and this one: a path, or s3://BUCKET/FOLDER.",
        panel="Cluster",
        metavar="FOLDER",
    ),
]
Replicas = Annotated[
    int,
    _option(
        "--replicas",
        help="Copies of the model that the --cluster trains at a time; with more than 1, the vectors are others.",
        panel="Cluster",
        metavar="N",
        default="1",
    ),
]
Rounds = Annotated[
    int | None,
    _option(
        "--rounds",
        help="How often the replicas are brought together in an epoch.",
        panel="Cluster",
        metavar="N",
        default="auto",
        parser=_auto_or_whole_number,
    ),
]

KeepEncoded = Annotated[
    Path | None,
    _option(
        "--keep-encoded",
        help="Keep the text as numbers in this folder, as a source for further models.",
        panel="Text",
        metavar="FOLDER",
    ),
]

Phrases = Annotated[
    bool | None,
    _option(
        "--phrases/--no-phrases",
        help="Join words that often occur together: new york becomes new_york.",
        panel="Phrases",
        default="phrases" if TrainSettings.phrases else "no-phrases",
    ),
]
PhrasePasses = Annotated[
    int | None, _setting("phrase_passes", "How often to join; 2 gives phrases of up to four words.", "Phrases")
]
PhraseThreshold = Annotated[
    float | None,
    _setting(
        "phrase_threshold",
        "Score above which two words are a phrase.",
        "Phrases",
        metavar="X",
        default=f"{default_phrase_threshold('original'):g}, or {default_phrase_threshold('npmi'):g} with npmi",
    ),
]
PhraseScorer = Annotated[
    settings.PhraseScorer | None,
    _setting(
        "phrase_scorer",
        "Mikolov's score, or normalized pointwise mutual information.",
        "Phrases",
        metavar=None,
    ),
]
PhraseMinCount = Annotated[
    int | None, _setting("phrase_min_count", "Join only words that occur together at least N times.", "Phrases")
]
