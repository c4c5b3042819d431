"""Write to stderr, as no other module does: errors, notes, summaries and progress, coloured at a terminal."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic, strftime
from typing import IO, TYPE_CHECKING, Literal, TextIO, cast

from wvcli.cli.streams.units import duration, speed
from wvcli.errors import WvcliError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from wvcli.reporting import OnProgress, Progress

_RED, _CYAN, _PLAIN = "\x1b[1;31m", "\x1b[1;36m", "\x1b[0m"
_NAMED = 10  # words or questions named in notes of one kind; the others are only counted
_LONGEST = 1_000  # characters of a message
# Between two lines of progress if stderr is not a terminal, and as long as the first minute lasts.
_LINE_SECONDS, _EARLY_LINE_SECONDS, _EARLY_SECONDS = 60.0, 10.0, 60.0
# An argument of a Python function, as errors and notes name it; what stands in quotation marks is data.
_ARGUMENT = re.compile(r"(?<!['\"])`([a-z_]+)(?:=([^`]*))?`(?!['\"])")
UNSAFE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")  # at a terminal
_BAR_COLUMNS = 20  # so that what stands beside the bar has room on 80 columns
_quiet = False
_options: Mapping[str, tuple[str, str]] = {}


def set_quiet(quiet: bool) -> None:
    """Turn off notes, summaries and progress; errors are always shown."""
    global _quiet
    _quiet = _quiet or quiet


def is_quiet() -> bool:
    """Return whether notes, summaries and progress are off."""
    return _quiet


@contextmanager
def restoring_quiet() -> Iterator[None]:
    """Turn notes on again after the block if they were turned off within it."""
    global _quiet
    before = _quiet
    try:
        yield
    finally:
        _quiet = before


def is_terminal() -> bool:
    """Return whether stderr is a terminal."""
    return sys.stderr.isatty()


def wants_colour(stream_is_terminal: bool) -> bool:
    """Return whether to colour what is written to a stream."""
    return stream_is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styles(stream_is_terminal: bool) -> Literal["auto"] | None:
    """Return Rich's name for the colours of a stream; None is no escape sequence at all."""
    return "auto" if wants_colour(stream_is_terminal) else None


def visible(text: str) -> str:
    """Return `text` as it may be shown at a terminal: it cannot control it, break a line or turn others around.

    All that comes from data or names of files and is written to a terminal passes through here: what controls a
    terminal (C0, C1), separates lines or paragraphs, or embeds, overrides or isolates a direction, is escaped as
    in Python. Joiners, direction marks and combining signs, which belong to words, stay as they are.
    """
    return text if text.isprintable() else UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def _line(label: str, colour: str, text: str) -> None:
    if wants_colour(is_terminal()):
        label = f"{colour}{label}{_PLAIN}"
    put(f"{label} {visible(text)}\n")


@contextmanager
def naming_options(options: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Show these options in place of the Python arguments that notes, and errors raised within the block, name.

    Args:
        options: for each argument the option that sets it, and the one that turns it off or an empty string.
    """
    global _options
    before, _options = _options, options
    try:
        yield
    except WvcliError as problem:
        problem.message, problem.hint = _with_options(problem.message), _with_options(problem.hint)
        raise
    finally:
        _options = before


def _with_options(text: str) -> str:
    return _ARGUMENT.sub(_option, text)


def _option(argument: re.Match[str]) -> str:
    name, value = argument.groups()
    if name not in _options:
        return argument[0]
    option, off = _options[name]
    if value is None or value == "True":
        return option
    return off if value == "False" else f"{option} {value}"


def error(problem: WvcliError) -> None:
    """Show a failure in one line."""
    message, hint = map(_shortened, (problem.message, problem.hint))
    _line("error:", _RED, f"{message}; {hint}" if hint else message)


def note(text: str) -> None:
    """Show something worth knowing."""
    if not _quiet:
        _line("note:", _CYAN, _with_options(_shortened(text)))


def _shortened(text: str) -> str:
    """Leave out the middle of what would fill a screen, as a word or a name from a file may."""
    text = visible(text)
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def wrote(words: int, dim: int, where: str) -> None:
    """Note what was written where."""
    sizes = [
        f"{number:,} {what}{'' if number == 1 else 's'}" for number, what in ((words, "word"), (dim, "dimension"))
    ]
    note(f"wrote {' of '.join(sizes)} to {where}")


def put(text: str) -> None:
    """Write text as it is, such as a prompt."""
    _Bearing(sys.stderr).write(text)


class _Bearing(io.TextIOBase):
    """Writes to a stream, and bears that nobody reads it any more, or that the disk is full.

    What a command does, and its exit code, do not depend on who sees its notes: a terminal may have been closed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        self.flush()
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            with suppress(OSError):  # what is buffered would fail again
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding


class Tally:
    """Counts what notes of one kind are about: the first few are named, and in the end the total is reported.

    Args:
        summary: what is said of all of them, after their number.
    """

    def __init__(self, summary: str) -> None:
        self.count = 0
        self._summary = summary

    def add(self) -> None:
        """Count one more."""
        self.count += 1

    @property
    def is_named(self) -> bool:
        """Whether the last one counted is among those that are named."""
        return self.count <= _NAMED

    def note(self, text: str) -> None:
        """Count one more, and write the note that names it if it is among the first few."""
        self.add()
        if self.is_named:
            note(text)

    def report_total(self) -> None:
        """Write how many there were, if not all were named."""
        if not self.is_named:
            note(f"{self.count:,} {self._summary}")


def summary(draw: "Callable[[], RenderableType]") -> None:
    """Show the summary of a command to a person."""
    if not _quiet:
        screen = _rich()
        with screen.capture() as captured:
            screen.print(draw())
        lines = (line.rstrip() for line in captured.get().splitlines())
        put("\n".join(lines).rstrip() + "\n")


def _rich() -> "Console":
    from rich.console import Console

    stream = cast(IO[str], _Bearing(sys.stderr))
    return Console(file=stream, color_system=styles(is_terminal()), markup=False, emoji=False, highlight=False)


class _Lines:
    """Shows progress as lines, for a log: one every ten seconds at first, then one a minute."""

    def __init__(self) -> None:
        self._work, self._start, self._before = ("", ""), 0.0, 0
        self._loss: float | None = None
        self._began = self._last = monotonic()

    def show(self, progress: "Progress") -> None:
        """Write a line if it is time for one; the first loss of an epoch comes sooner, in a line of its own."""
        now, done = monotonic(), progress.done
        if (progress.stage, progress.subject) != self._work:
            self._work, self._start, self._before = (progress.stage, progress.subject), now, done
            return  # there is no speed yet
        is_early = progress.loss != self._loss or now - self._began <= _EARLY_SECONDS
        if now - self._last < (_EARLY_LINE_SECONDS if is_early else _LINE_SECONDS):
            return
        self._last, self._loss = now, progress.loss
        rate = (done - self._before) / max(1e-6, now - self._start)
        is_counted = bool(progress.total or done)  # waiting for another process is not
        facts = [_share(progress), speed(rate, progress.unit)] if is_counted else ["under way"]
        if progress.total and rate:
            facts.append(f"{duration(max(0, progress.total - done) / rate)} left")
        if progress.loss is not None:
            facts.append(f"loss {progress.loss:.3f}")
        note(f"{strftime('%H:%M:%S')} {_description(progress)}: {', '.join(facts)}")


def _share(progress: "Progress") -> str:
    """Return how much is done: a percentage, or what is done where it is not known of how much."""
    if progress.total:
        return f"{progress.done / progress.total:.0%}"
    return f"{progress.done / 1e6:,.1f} MB" if progress.unit == "bytes" else f"{progress.done:,} {progress.unit}"


def _description(progress: "Progress") -> str:
    if progress.epochs:
        return f"{visible(progress.subject) or progress.stage} {progress.epoch}/{progress.epochs}"
    return f"{progress.stage} {visible(progress.subject)}".rstrip()


@contextmanager
def progress_shown() -> "Iterator[OnProgress]":
    """Show a progress bar when stderr is a terminal, else a line now and then.

    Yields:
        A function that takes a `Progress`; a new stage starts a new bar, and a new subject replaces the last one.
    """
    if _quiet:
        yield lambda progress: None
        return
    if not is_terminal():
        yield _Lines().show
        return
    with _bars() as bars:
        current: dict[str, TaskID] = {}
        subjects: dict[str, str] = {}

        def show(progress: "Progress") -> None:
            description, total = _description(progress), progress.total
            if subjects.get(progress.stage) != progress.subject:
                if progress.stage in current:
                    bars.remove_task(current.pop(progress.stage))
                for earlier in bars.tasks:
                    bars.update(earlier.id, completed=earlier.total)
                subjects[progress.stage] = progress.subject
                current[progress.stage] = bars.add_task(description, total=total, unit=progress.unit, loss="")
            task = current[progress.stage]
            loss = "" if progress.loss is None else f"loss {progress.loss:.3f}"
            bars.update(task, completed=progress.done, total=total, description=description, loss=loss)

        yield show


def _bars() -> "Bars":
    """Bars with share, rate, the time that remains, and the loss of the last epoch."""
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            rate = task.finished_speed or task.speed
            return Text(f"{speed(rate, task.fields['unit']):>17}" if rate else "")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(_BAR_COLUMNS),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[loss]}", markup=False),
        console=_rich(),
        transient=True,
    )
