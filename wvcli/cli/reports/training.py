"""What a person sees of a run: a forecast before it, progress while it lasts, a summary when it is done."""

import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

import typer

from wvcli.cli.reports.facts import facts_table, loss_in_a_line
from wvcli.cli.streams import stderr
from wvcli.errors import InterruptedRunError
from wvcli.system import signals

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wvcli.reporting import OnProgress, Progress
    from wvcli.vectors.word_vectors import Vectors

_STOPPING = (signal.SIGINT, *signals.ENDING)
SAVED_FROM = 5.0  # seconds; what was lost before is soon repeated
_SAVING = "stopping as soon as the run is saved"
_SAME_REQUEST = 1.0  # seconds in which a second signal belongs to the first
_EXAMPLES = 5  # words shown with their neighbours when done
_NEIGHBORS = 5  # neighbours of each


@contextmanager
def interruptible_progress(
    saved_from: float = SAVED_FROM,
) -> "Iterator[tuple[OnProgress, Callable[[], bool]]]":
    """Show a progress bar; Ctrl-C then stops the run as soon as it can be saved, a second Ctrl-C at once.

    A run that was saved when it was stopped ends the program, after a note that says how to go on.

    Args:
        saved_from: seconds from which on a run is worth saving; before, Ctrl-C stops it at once.

    Yields:
        What to call with the progress, and a function that returns whether to stop.
    """
    try:
        with stderr.progress_shown() as on_progress, stop_on_request(saved_from) as should_stop:
            yield on_progress, should_stop
    except KeyboardInterrupt:
        raise InterruptedRunError("interrupted", "no model was written") from None
    except InterruptedRunError as stopped:
        if stopped.checkpoint is None:
            raise
        command = shlex.join(("wvcli", "train", "--resume", str(stopped.checkpoint)))
        stderr.note(f"{stopped.message}; go on with: {command}")
        raise typer.Exit(stopped.exit_code) from None


@contextmanager
def stop_on_request(saved_from: float, note: str = _SAVING) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether a signal to stop came, which is noted; a later signal interrupts.

    The first one interrupts, too, if the function has not been called yet, or the time is not up: then nothing
    would be saved, or nothing worth it. One right after the first is the same request: `timeout` of the GNU core
    utilities sends its signal to the program and then to its whole group.
    """
    started = monotonic()
    is_saveable = False
    asked: float | None = None  # when

    def should_stop() -> bool:
        nonlocal is_saveable
        is_saveable = True
        return asked is not None

    def on_signal(number: int, frame: object) -> None:
        nonlocal asked
        now = monotonic()
        if asked is None and is_saveable and now - started >= saved_from:
            asked = now
            stderr.note(f"{note}; press Ctrl-C again to stop at once")
        elif asked is None or now - asked >= _SAME_REQUEST:
            raise KeyboardInterrupt

    before = {number: signals.handle(number, on_signal) for number in _STOPPING}
    try:
        yield should_stop
    finally:
        for number, handler in before.items():
            signals.handle(number, handler)


def readable_forecast(forecast: Mapping[str, Any]) -> dict[str, str]:
    """Return a forecast's JSON for a person: in the units people use, and without the settings of rare use."""
    settings = forecast["settings"]
    about = "" if forecast["is_exact"] else "about "
    facts = {"tokens": f"{about}{forecast['tokens']:,}"}
    for count, words in forecast["vocabulary"].items():
        facts[f"words with --min-count {count}"] = f"{about}{words:,}"
    for name in ("algorithm", "architecture", "dim", "window", "epochs", "min_count", "workers"):
        if settings[name] is None:  # it means nothing to the algorithm
            continue
        facts[f"--{name.replace('_', '-')}"] = str(settings[name])
    facts["--engine"] = forecast["engine"]
    facts["vocabulary"] = f"{about}{forecast['words']:,} words"
    minutes, seconds = divmod(round(forecast["seconds"]), 60)
    facts["time"] = f"about {minutes} min {seconds} s" if minutes else f"about {seconds} s"
    for name, label in (("memory", "memory"), ("disk", "temporary files"), ("file", "model file")):
        facts[label] = f"about {forecast[name] / 1e6:,.0f} MB"
    return facts


class TrainingTime:
    """Measures how long a command trains, and how much: a resumed run has been trained before."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._first: int | None = None  # tokens trained on before

    def watched(self, on_progress: "OnProgress") -> "OnProgress":
        """Return what to call with the progress in place of `on_progress`."""

        def show(progress: "Progress") -> None:
            if progress.stage == "training" and self._first is None:
                self._first = progress.done
            on_progress(progress)

        return show

    def summary(self, tokens: int) -> str:
        """Return the time since the command began, and its speed, for a run of so many tokens in all epochs."""
        if self._first is None:  # there was nothing to resume
            return ""
        seconds = perf_counter() - self._started
        since = " since it was resumed" if self._first else ""
        return f"{seconds:,.1f} s{since}, {(tokens - self._first) / seconds:,.0f} words/s overall"


def training_summary(vectors: "Vectors", time: TrainingTime) -> "RenderableType":
    """Return what was trained, examples of it, and what to type next.

    Args:
        vectors: the trained model.
        time: how long it took.
    """
    from rich.console import Group
    from rich.text import Text

    from wvcli.vectors.characteristic_words import characteristic_words

    examples = characteristic_words(vectors, _EXAMPLES)
    asked = examples[0] if examples else vectors.vocabulary[0]
    following = Text(f"\nNext: {stderr.visible(_next_command(vectors.path, asked))}", overflow="fold")
    return Group(_facts(vectors, time), Text(""), _examples(vectors, examples), following)


def _next_command(path: Path | None, word: str) -> str:
    """Return a command that asks the model; it names the model if another would be asked without that."""
    from wvcli.models import opening

    words = ["wvcli", "similar", word]
    if path is not None and not opening.is_default(path):
        words += ["-m", str(path)]
    return shlex.join(words)


def _facts(vectors: "Vectors", time: TrainingTime) -> "RenderableType":
    settings, coverage = vectors.manifest["settings"], vectors.manifest["coverage"]
    epochs, kept, read = len(vectors.manifest["history"]), coverage["tokens_kept"], coverage["tokens_read"]
    left = read - coverage.get("tokens_joined", 0)
    often = f" that occur at least {settings['min_count']} times" if settings["min_count"] > 1 else ""
    planned = "" if epochs == settings["epochs"] else f" of {settings['epochs']}"
    share = coverage["tokens_trained"] / kept
    losses = [epoch["loss"] for epoch in vectors.manifest["history"] if epoch["loss"] is not None]
    method = f"{settings['algorithm']} {settings['architecture']}, {settings['loss']} loss"
    if settings["algorithm"] == "glove":
        method = f"glove, x-max {settings['x_max']:g}"
    facts = {
        "model": f"{vectors.path} ({vectors.path.stat().st_size / 1e6:,.1f} MB)" if vectors.path else "",
        "method": f"{method}, {settings['dim']} dimensions, window {settings['window']}, {epochs}{planned} "
        f"epoch{'' if epochs == 1 else 's'}",
        "vocabulary": f"{len(vectors):,} words{often}",
        "text": _share_in_no_word(vectors),
        "tokens": f"{read:,} read, {kept:,} ({kept / left:.1%}) in the vocabulary",
        "coverage": f"{share:.0%} of them trained on in each epoch",
        "loss": loss_in_a_line(losses),
        "time": time.summary(kept * epochs),
    }
    return facts_table(facts | _extras(vectors))


def _share_in_no_word(vectors: "Vectors") -> str:
    """Return how much of the text is in no word; nothing where it is not known."""
    from wvcli.text.characters import share_in_no_word

    corpus, tokenizer = vectors.manifest["corpus"], vectors.manifest["tokenizer"]
    share = share_in_no_word(corpus["characters"], corpus["characters_in_words"])
    if share is None:
        return ""
    is_filtered = tokenizer["min_length"] > 1 or tokenizer["stopwords"]
    left_out = ", or in one left out" if is_filtered else ""
    return f"{corpus['characters']:,} characters, {share:.1%} in no word{left_out}"


def _extras(vectors: "Vectors") -> dict[str, str]:
    """Return the facts that only some runs have."""
    facts = {}
    skipped, init, updated = (vectors.manifest.get(name) for name in ("corpus", "init", "updated"))
    if skipped and skipped["skipped"]:
        count = skipped["skipped"]
        facts["skipped"] = f"{count:,} unreadable record{'' if count == 1 else 's'}"
    if "phrases" in vectors.manifest:
        found, joined = vectors.manifest["phrases"]["found"], vectors.manifest["coverage"]["tokens_joined"]
        facts["phrases"] = f"{sum(found):,} found, {joined:,} tokens joined to the one before them"
    if init:
        fixed = "kept fixed" if init["freeze"] else "trained further"
        until = f" for the first {init['freeze_until']} epochs" if init["freeze_until"] else ""
        facts["start"] = f"{init['matched']:,} of {len(vectors):,} words from {init['source']}, {fixed}{until}"
    if updated:
        facts["new words"] = f"{updated['new_words']:,}"
    return facts


def _examples(vectors: "Vectors", words: list[str]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("word", "nearest", box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    rare = not vectors.has_enough_frequent  # as `similar` answers
    for word in words:
        neighbors = ", ".join(
            stderr.visible(near) for near, _ in vectors.most_similar(word, _NEIGHBORS, rare=rare)
        )
        table.add_row(Text(stderr.visible(word)), Text(neighbors))
    return table
