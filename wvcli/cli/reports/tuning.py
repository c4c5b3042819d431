"""What a person sees of trials of settings: a line for each, a table of all, and what has come of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wvcli.cli.reports.model import command_line
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import OutputFormat, resolve_format, writer
from wvcli.cli.streams.units import duration

if TYPE_CHECKING:
    from wvcli.training.trials import Trial
    from wvcli.training.tune import Tuning

STOPPING = "making no more trials"
_NONE = "–"
_COLUMNS = (
    *("trial", "algorithm", "architecture", "dim", "window", "epochs"),
    *("score", "low", "high", "covered", "loss", "seconds", "bytes", "best"),
)
_TOO_MUCH = {"time": "longer than the time that was left", "memory": "more memory than there is"}


class Trials:
    """The trials of a command, reported one by one and written as a table in the end.

    Args:
        format: of the table.
        header: whether it has one.
    """

    def __init__(self, format: OutputFormat, header: bool | None) -> None:
        self._format, self._header = format, header
        self._trials: list[Trial] = []
        self._best: Trial | None = None

    def add(self, trial: "Trial", is_best: bool) -> None:
        """Add a trial that is over, and say how it went."""
        before, self._best = self._best, trial if is_best else self._best
        self._trials.append(trial)
        what = f"trial {trial.number} ({_changes(trial.changes) or 'the first settings'})"
        if trial.score is None:
            stderr.note(f"{what}: stopped after {duration(trial.seconds)}, no score")
            return
        verdict = ""
        if before is not None and is_best:
            verdict = "; the best so far"
        elif before is not None and trial.score > (before.score or 0):
            verdict = f"; not better, since its loss is {_figure(trial.loss)} and not {_figure(before.loss)}"
        stderr.note(f"{what}: {_score(trial)}, {duration(trial.seconds)}{verdict}")

    def write(self) -> None:
        """Write all trials to stdout."""
        if not self._trials:
            return
        sets = list(self._trials[0].scores)
        several = sets if len(sets) > 1 else []
        if resolve_format(self._format) == "table":
            with writer(_table_columns(several, self._has_loss), "table") as out:
                out.write(self._table_row(trial, several) for trial in self._trials)
            return
        columns = [Column(name) for name in (*_COLUMNS, *several)]
        with writer(columns, self._format, self._header) as out:
            out.write(self._row(trial, several) for trial in self._trials)

    @property
    def _has_loss(self) -> bool:
        return any(trial.loss is not None for trial in self._trials)

    def what_is_left(self, has_model: bool) -> str:
        """Return what is left when all was stopped at once.

        Args:
            has_model: whether the model of the best trial was written.
        """
        if self._best is None:
            return "no model was written"
        settings = _options(self._best.changes) or "the first settings"
        what = "its model is kept" if has_model else "no model was written"
        return f"trial {self._best.number} was the best so far, {settings}; {what}"

    def _row(self, trial: "Trial", several: Sequence[str]) -> Row:
        settings = trial.settings
        return (
            trial.number,
            *(getattr(settings, name) for name in _COLUMNS[1:6]),
            *(trial.score, trial.low, trial.high, trial.covered, trial.loss),
            *(round(trial.seconds, 3), trial.file, trial is self._best),
            *(trial.scores.get(name) for name in several),
        )

    def _table_row(self, trial: "Trial", several: Sequence[str]) -> Row:
        settings = trial.settings
        method = "fasttext " if settings.algorithm == "fasttext" else ""
        low, high = _figure(trial.low), _figure(trial.high)
        return (
            trial.number,
            f"{method}{settings.architecture}",
            *(settings.dim, settings.window, settings.epochs),
            _figure(trial.score),
            _NONE if trial.low is None else f"{low} {high}",
            *(_figure(trial.scores.get(name)) for name in several),
            *([_figure(trial.loss)] if self._has_loss else []),
            duration(trial.seconds),
            f"{trial.file / 1e6:,.1f} MB",
            "best" if trial is self._best else None,
        )


def _table_columns(several: Sequence[str], has_loss: bool) -> list[Column]:
    return [
        Column("trial"),
        Column("method"),
        *(Column(name) for name in ("dim", "window", "epochs")),
        Column("score", figures=True),
        Column("95% interval", figures=True),
        *(Column(name, figures=True, gives_way=3) for name in several),
        *([Column("loss", figures=True)] if has_loss else []),
        Column("time", figures=True, gives_way=1),
        Column("size", figures=True, gives_way=2),
        Column(""),
    ]


def _figure(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _score(trial: "Trial") -> str:
    """Return a score with its interval."""
    score = _figure(trial.score)
    return score if trial.low is None else f"{score} ({_figure(trial.low)} to {_figure(trial.high)})"


def _changes(changes: Mapping[str, Any]) -> str:
    """Return changes of settings for a person."""
    return ", ".join(f"{name} {value}" for name, value in changes.items())


def _options(changes: Mapping[str, Any]) -> str:
    """Return changes of settings as options of the command line."""
    return " ".join(f"--{name} {value}" for name, value in changes.items())


def notes(found: "Tuning") -> Iterator[str]:
    """Yield what the trials have shown, a sentence each."""
    yield _verdict(found)
    higher = [str(trial.number) for trial in found.trials if (trial.score or 0) > (found.best.score or 0)]
    if higher:
        yield f"a higher score with a higher loss on the other half is no better: trial {', '.join(higher)}"
    for what, count in found.not_begun.items():
        is_one = count == 1
        yield (
            f"{count} {'trial was' if is_one else 'trials were'} not begun, since "
            f"{'it' if is_one else 'they'} would have taken {_TOO_MUCH[what]}"
        )


def _verdict(found: "Tuning") -> str:
    """Return whether the best is better than the first settings, and whether that is more than chance."""
    first, *others = (trial for trial in found.trials if trial.score is not None)
    name = "the first settings" if found.epochs_lowered else "the default settings"
    if found.p_value is None:
        return f"no other trial is better than {name}" if others else f"only {name} were tried"
    gain = f"trial {found.best.number} scores {_figure(found.best.score)}, {name} {_figure(first.score)}"
    p_value = "p < 0.01" if found.p_value < 0.01 else f"p = {found.p_value:.2f}"
    of = f"as the best of {1 + len(others)}, {p_value}"
    if found.p_value < 0.05:
        return f"{gain}: the difference is more than chance ({of})"
    return f"{gain}: the difference is not more than chance ({of}); {name} may be as good"


def kept(found: "Tuning") -> Iterator[str]:
    """Yield which model is kept, and the command that trains it again: a line however long, so as to be copied."""
    path = found.vectors.path
    assert path is not None
    size = path.stat().st_size / 1e6
    yield f"{path} ({size:,.1f} MB) is the model of trial {found.best.number}"
    yield f"train it again with: {command_line(found.arguments, path, {'engine': 'auto'})} --force"
