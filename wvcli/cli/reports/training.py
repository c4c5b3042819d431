"""What a person sees of a run: progress while it lasts, a summary when it is done."""

import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wvcli.cli.streams import stderr
from wvcli.errors import InterruptedRunError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wvcli.reporting import Progress
    from wvcli.vectors.word_vectors import Vectors

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_EXAMPLES = 5  # words shown with their neighbours when done
_NEIGHBORS = 5  # neighbours of each
_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARKS = 40  # columns at most


@contextmanager
def interruptible_progress() -> "Iterator[tuple[Callable[[Progress], None], Callable[[], bool]]]":
    """A progress bar; and Ctrl-C, which stops at the next chance to save the run, a second one at once."""
    with stderr.progress("words") as show, _stop_on_request() as should_stop:

        def on_progress(progress: "Progress") -> None:
            what = f"{progress.stage} {progress.epoch}/{progress.epochs}" if progress.epochs else progress.stage
            show(what, progress.done, progress.total)

        try:
            yield on_progress, should_stop
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
        stderr.note("stopping in a moment; again to stop at once")

    before = {number: signal.signal(number, on_signal) for number in _STOPPING}
    try:
        yield should_stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def training_summary(vectors: "Vectors", seconds: float | None) -> "RenderableType":
    """What was trained, a taste of it, and what to type next; no time is told of a run that was resumed."""
    from rich.console import Group
    from rich.text import Text

    examples = vectors.characteristic_words(_EXAMPLES)
    asked = examples[0] if examples else vectors.vocabulary[0]
    following = Text(f"\nNext: {stderr.visible(_next_command(vectors.path, asked))}", overflow="fold")
    return Group(_facts(vectors, seconds), Text(""), _taste(vectors, examples), following)


def _next_command(path: Path | None, word: str) -> str:
    """A command to ask the model with; it names the model unless that is in the current folder."""
    words = ["wvcli", "similar", word]
    if path is not None and path.resolve().parent != Path.cwd():
        words += ["-m", str(path)]
    return shlex.join(words)


def _facts(vectors: "Vectors", seconds: float | None) -> "RenderableType":
    settings, coverage = vectors.manifest["settings"], vectors.manifest["coverage"]
    epochs, kept, read = len(vectors.manifest["history"]), coverage["tokens_kept"], coverage["tokens_read"]
    left = read - coverage.get("tokens_joined", 0)
    often = f" that occur at least {settings['min_count']} times" if settings["min_count"] > 1 else ""
    planned = "" if epochs == settings["epochs"] else f" of {settings['epochs']}"
    share = coverage["tokens_trained"] / kept
    losses = [epoch["loss"] for epoch in vectors.manifest["history"] if epoch["loss"] is not None]
    method = f"{settings['algorithm']} {settings['architecture']}, {settings['loss']} loss"
    facts = {
        "model": f"{vectors.path} ({vectors.path.stat().st_size / 1e6:,.1f} MB)" if vectors.path else "",
        "method": f"{method}, {settings['dim']} dimensions, window {settings['window']}, {epochs}{planned} "
        f"epoch{'' if epochs == 1 else 's'}",
        "vocabulary": f"{len(vectors):,} words{often}",
        "tokens": f"{read:,} read, {kept:,} ({kept / left:.1%}) in the vocabulary",
        "coverage": f"{share:.0%} of them trained on in each epoch",
        "loss": f"{spark(losses)} from {losses[0]:.3f} to {losses[-1]:.3f}" if losses else "",
        "time": f"{seconds:,.1f} s, {kept * epochs / seconds:,.0f} words/s in all" if seconds else "",
    }
    return facts_table(facts | _extras(vectors))


def facts_table(facts: Mapping[str, str]) -> "RenderableType":
    """Named facts below one another, without those that are empty."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, style="bold"), Text(stderr.visible(value), overflow="fold"))
    return table


def _extras(vectors: "Vectors") -> dict[str, str]:
    """What is told of some runs only."""
    facts = {}
    skipped, init, updated = (vectors.manifest.get(name) for name in ("corpus", "init", "updated"))
    if skipped and skipped["skipped"]:
        count = skipped["skipped"]
        facts["skipped"] = f"{count:,} unreadable record{'' if count == 1 else 's'}"
    if "phrases" in vectors.manifest:
        found, joined = vectors.manifest["phrases"]["found"], vectors.manifest["coverage"]["tokens_joined"]
        facts["phrases"] = f"{sum(found):,} found, {joined:,} tokens joined to the one before"
    if init:
        kept = "kept as they are" if init["freeze"] else "trained on"
        until = f" for {init['freeze_until']} epochs" if init["freeze_until"] else ""
        facts["start"] = f"{init['matched']:,} of {len(vectors):,} words from {init['source']}, {kept}{until}"
    if updated:
        facts["new words"] = f"{updated['new_words']:,}"
    return facts


def spark(values: list[float]) -> str:
    """Numbers as a small line of blocks, the lowest empty and the highest full."""
    low, high = min(values), max(values)
    steps = [round((value - low) / (high - low) * (len(_BLOCKS) - 1)) if high > low else 0 for value in values]
    return "".join(_BLOCKS[step] for step in steps[:: max(1, -(-len(steps) // _SPARKS))])


def _taste(vectors: "Vectors", words: list[str]) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table("word", "nearest", box=SIMPLE_HEAD, padding=(0, 2, 0, 0))
    for word in words:
        neighbors = ", ".join(stderr.visible(near) for near, _ in vectors.most_similar(word, _NEIGHBORS))
        table.add_row(Text(stderr.visible(word)), Text(neighbors))
    return table
