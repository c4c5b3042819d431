"""What is told of a classifier: how it was trained, and why a text has a label."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wvcli.cli.reports.facts import facts_table
from wvcli.cli.streams.stderr import visible, wants_colour
from wvcli.cli.streams.units import duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wvcli.classification.classifier import Classifier, Contribution
    from wvcli.classification.tuning import TriedSettings

_SHOWN_LABELS = 12
_PLAIN = "\x1b[0m"
_FOR = ("\x1b[32m", "\x1b[1;32m", "\x1b[1;30;42m")  # green: slightly, clearly and strongly for the label
_AGAINST = ("\x1b[31m", "\x1b[1;31m", "\x1b[1;37;41m")  # red: against it
_STEPS = (0.15, 0.4, 0.75)  # of the largest contribution, from which on a colour is taken


def training_summary(classifier: "Classifier", seconds: float) -> "RenderableType":
    """Return what came of a training, as a table of facts."""
    manifest = classifier.manifest
    held, counts = manifest["held_out"], manifest["counts"]
    shown = [f"{label} {count:,}" for label, count in list(counts.items())[:_SHOWN_LABELS]]
    rest = len(counts) - len(shown)
    size = classifier.path.stat().st_size / 1e6 if classifier.path else 0
    facts = {
        "classifier": str(classifier.path or ""),
        "texts": f"{manifest['texts']:,}",
        "labels": ", ".join(shown) + (f" and {rest:,} more" if rest else ""),
        "features": f"{len(classifier.hashes):,}, {size:.1f} MB",
        "judged on": held["how"],
        "accuracy": f"{held['accuracy']:.1%} (always the most frequent label: {held['majority']:.1%})",
        "macro F1": f"{held['macro_f1']:.3f}",
        "calibration": f"off by {held['calibration_error']:.1%} on average, log loss {held['log_loss']:.3f}",
        "C": f"{classifier.settings.c:g}",
        **_tuning(manifest.get("tuning")),
        "time": f"{seconds:.1f} s" if seconds < 10 else duration(seconds),
    }
    return facts_table(facts)


def _tuning(record: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what came of trials, if there were any."""
    if record is None:
        return {}
    before, after = record["accuracy_of_first"], record["accuracy_of_best"]
    settings = _changes(record["changes"]) or "the first settings"
    return {"tuning": f"{record['trials']} trials, best: {settings}; {before:.1%} before, {after:.1%} after"}


def trial_note(tried: "TriedSettings") -> str:
    """Return a line about settings that were tried."""
    seconds = f"{tried.seconds:.1f} s" if tried.seconds < 10 else duration(tried.seconds)
    verdict = "; the best so far" if tried.is_best and tried.number > 1 else ""
    settings = _changes(tried.changes) or "the first settings"
    score = f"accuracy {tried.accuracy:.2%}, log loss {tried.log_loss:.4f}"
    return f"trial {tried.number} ({settings}): {score}, {seconds}{verdict}"


def _changes(changes: Mapping[str, Any]) -> str:
    """Return changes of settings for a person."""
    return ", ".join(f"{name} {_value(value)}" for name, value in changes.items())


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, int | float) else "-".join(map(str, value))


def coloured(parts: Sequence["Contribution"]) -> str:
    """Return the words of a text, coloured by what they add to the log-odds of its label."""
    words = [part for part in parts if part.kind == "word"]
    largest = max((abs(word.amount) for word in words), default=0.0) or 1.0
    if not wants_colour(sys.stdout.isatty()):
        return " ".join(visible(word.part) for word in words)
    return " ".join(_coloured(visible(word.part), word.amount / largest) for word in words)


def _coloured(word: str, share: float) -> str:
    step = sum(abs(share) >= bound for bound in _STEPS)
    if not step:
        return word
    return f"{(_FOR if share > 0 else _AGAINST)[step - 1]}{word}{_PLAIN}"
