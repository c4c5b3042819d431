"""`wvcli train`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from time import perf_counter
from typing import TYPE_CHECKING, Any

from wvcli.cli import console, options
from wvcli.cli import train_options as on
from wvcli.errors import InterruptedRunError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wvcli.training import Progress
    from wvcli.vectors import Vectors

_EXAMPLES = 5  # words shown with their neighbours when done
_NEIGHBORS = 5  # neighbours of each


def train(
    sources: on.Sources,
    output: on.Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    algorithm: on.Algorithm = "auto",
    architecture: on.Architecture = "auto",
    dim: on.Dim = None,
    window: on.Window = None,
    fixed_window: on.FixedWindow = False,
    min_n: on.MinN = None,
    max_n: on.MaxN = None,
    buckets: on.Buckets = None,
    epochs: on.Epochs = None,
    loss: on.Loss = None,
    negative: on.Negative = None,
    noise_exponent: on.NoiseExponent = None,
    sample: on.Sample = None,
    alpha: on.Alpha = None,
    min_alpha: on.MinAlpha = None,
    workers: on.Workers = None,
    seed: on.Seed = None,
    early_stop: on.EarlyStop = False,
    checkpoint: on.Checkpoint = None,
    resume: on.Resume = False,
    min_count: on.MinCount = None,
    max_vocab: on.MaxVocab = None,
    tokenizer: on.Tokenizer = "auto",
    lowercase: on.Lowercase = True,
    min_length: on.MinLength = 1,
    stopwords: on.Stopwords = None,
    field: on.Field = None,
    column: on.Column = None,
    encoding: on.Encoding = "utf-8",
    encoding_errors: on.EncodingErrors = "strict",
    skip_bad: on.SkipBad = False,
) -> None:
    """Train word vectors from text and save them as a model file."""
    given = {name: None if value == "auto" and name != "tokenizer" else value for name, value in locals().items()}
    for name in ("sources", "output", "force", "quiet", "stopwords"):
        del given[name]
    started = perf_counter()
    vectors = _trained(sources, output, force, stopwords, given)
    console.summary(lambda: _summary(vectors, perf_counter() - started))


def _trained(
    sources: list[str], output: Path | None, force: bool, stopwords: Path | None, given: dict[str, Any]
) -> "Vectors":
    """Train with a progress bar; Ctrl-C stops at the next chance to save the run, a second one at once."""
    from wvcli import training
    from wvcli.corpus import read_words

    with console.progress("words") as show, _stop_on_request() as should_stop:

        def on_progress(progress: "Progress") -> None:
            what = f"{progress.stage} {progress.epoch}/{progress.epochs}" if progress.epochs else progress.stage
            show(what, progress.done, progress.total)

        try:
            return training.train(
                sources,
                output,
                stopwords=read_words(stopwords) if stopwords else (),
                overwrite=force,
                on_progress=on_progress,
                should_stop=should_stop,
                **given,
            )
        except KeyboardInterrupt:
            raise InterruptedRunError("interrupted", "no model was written") from None


@contextmanager
def _stop_on_request() -> Iterator[Callable[[], bool]]:
    """Whether SIGINT or SIGTERM came; while nobody has asked yet, and at the second one, they interrupt."""
    asked: list[bool] = []
    wanted: list[bool] = []

    def should_stop() -> bool:
        asked.append(True)
        return bool(wanted)

    def on_signal(number: int, frame: object) -> None:
        if wanted or not asked:
            raise KeyboardInterrupt
        wanted.append(True)
        console.note("stopping in a moment; again to stop at once")

    before = {number: signal(number, on_signal) for number in (SIGINT, SIGTERM)}
    try:
        yield should_stop
    finally:
        for number, handler in before.items():
            signal(number, handler)


def _summary(vectors: "Vectors", seconds: float) -> "RenderableType":
    """What was trained, a taste of it, and what to type next."""
    from rich.console import Group
    from rich.text import Text

    examples = vectors.characteristic_words(_EXAMPLES)
    asked = examples[0] if examples else vectors.vocabulary[0]
    return Group(
        _facts(vectors, seconds), Text(""), _taste(vectors, examples), Text(f"\nNext: wvcli similar {asked}")
    )


def _facts(vectors: "Vectors", seconds: float) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    settings, coverage = vectors.manifest["settings"], vectors.manifest["coverage"]
    epochs, kept, read = settings["epochs"], coverage["tokens_kept"], coverage["tokens_read"]
    share = coverage["tokens_trained"] / kept
    method = f"{settings['algorithm']} {settings['architecture']}, {settings['loss']} loss"
    facts = {
        "model": f"{vectors.path} ({vectors.path.stat().st_size / 1e6:,.1f} MB)" if vectors.path else "",
        "method": f"{method}, {settings['dim']} dimensions, window {settings['window']}, {epochs} epochs",
        "vocabulary": f"{len(vectors):,} words that occur at least {settings['min_count']} times",
        "tokens": f"{read:,} read, {kept:,} ({kept / read:.1%}) in the vocabulary",
        "coverage": f"{share:.0%} of them trained on in each epoch",
        "time": f"{seconds:,.1f} s, {kept * epochs / seconds:,.0f} words/s in all",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name, style="bold"), Text(value, overflow="fold"))
    return table


def _taste(vectors: "Vectors", words: list[str]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("word", "nearest", box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for word in words:
        neighbors = ", ".join(console.visible(near) for near, _ in vectors.most_similar(word, _NEIGHBORS))
        table.add_row(Text(console.visible(word)), Text(neighbors))
    return table
