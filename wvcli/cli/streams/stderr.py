"""The only writer to stderr: errors, notes, summaries and progress, in colour at a terminal that wants it."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Literal

from wvcli.errors import WvcliError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from wvcli.reporting import OnProgress, Progress

_RED, _CYAN, _PLAIN = "\x1b[1;31m", "\x1b[1;36m", "\x1b[0m"
_NAMED = 10  # of one kind; beyond, they are counted
_LINE_SECONDS = 60.0  # between two lines of progress where there is no terminal
_ARGUMENT = re.compile(r"`([a-z_]+)(?:=([^`]*))?`")  # of Python's, in an error or a note
_quiet = False
_options: Mapping[str, tuple[str, str]] = {}


def set_quiet(quiet: bool) -> None:
    """Turn off notes, summaries and progress; errors are always told."""
    global _quiet
    _quiet = _quiet or quiet


@contextmanager
def restoring_quiet() -> Iterator[None]:
    """What is turned off within is on again after it."""
    global _quiet
    before = _quiet
    try:
        yield
    finally:
        _quiet = before


def is_terminal() -> bool:
    """Whether a person reads stderr."""
    return sys.stderr.isatty()


def wants_colour(stream_is_terminal: bool) -> bool:
    """Whether to colour what goes to a stream."""
    return stream_is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styles(stream_is_terminal: bool) -> Literal["auto"] | None:
    """Rich's name for the styles to use on a stream; None is no escape sequence at all."""
    return "auto" if wants_colour(stream_is_terminal) else None


def visible(text: str) -> str:
    """`text` with control characters written out, so that data cannot steer the terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == " " else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    # Joiners, direction marks and combining signs are not "printable" to Python, yet belong to words.
    return char if ord(char) > 0x9F and not 0xD800 <= ord(char) <= 0xDFFF else ascii(char)[1:-1]


def _line(label: str, colour: str, text: str) -> None:
    if wants_colour(is_terminal()):
        label = f"{colour}{label}{_PLAIN}"
    print(f"{label} {visible(text)}", file=sys.stderr, flush=True)


def name_options(options: Mapping[str, tuple[str, str]]) -> None:
    """From now on show these options in place of the arguments of Python's that errors and notes name.

    Args:
        options: of each argument the option that sets it, and the one that turns it off, or an empty string.
    """
    global _options
    _options = options


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
    _line("error:", _RED, _with_options(f"{problem.message}; {problem.hint}" if problem.hint else problem.message))


def note(text: str) -> None:
    """Tell something worth knowing."""
    if not _quiet:
        _line("note:", _CYAN, _with_options(text))


def wrote(words: int, dim: int, where: str) -> None:
    """Tell what was written where."""
    sizes = [
        f"{number:,} {what}{'' if number == 1 else 's'}" for number, what in ((words, "word"), (dim, "dimension"))
    ]
    note(f"wrote {' of '.join(sizes)} to {where}")


def put(text: str) -> None:
    """Write text as it is, such as a prompt."""
    print(text, end="", file=sys.stderr, flush=True)


class Tally:
    """How often something was told, so that of many only the first are named and the rest is counted.

    Args:
        summary: what is said of them all, behind their number.
    """

    def __init__(self, summary: str) -> None:
        self.count = 0
        self._summary = summary

    def should_name(self) -> bool:
        """Count one more; whether it is among those to be named."""
        self.count += 1
        return self.count <= _NAMED

    def sum_up(self) -> None:
        """Tell how many there were, if not all were named."""
        if self.count > _NAMED:
            note(f"{self.count:,} {self._summary}")


def summary(draw: "Callable[[], RenderableType]") -> None:
    """Show the result of a command that has no data to print."""
    if not _quiet:
        screen = _rich()
        with screen.capture() as captured:
            screen.print(draw())
        lines = (line.rstrip() for line in captured.get().splitlines())
        print("\n".join(lines).rstrip(), file=sys.stderr, flush=True)


def _rich() -> "Console":
    from rich.console import Console

    return Console(stderr=True, color_system=styles(is_terminal()), markup=False, emoji=False, highlight=False)


class _Lines:
    """Progress as lines, for a log: one for each minute, so that a short run says nothing."""

    def __init__(self) -> None:
        self._stage, self._start, self._before = "", 0.0, 0
        self._next = monotonic() + _LINE_SECONDS

    def show(self, progress: "Progress") -> None:
        now, done, total = monotonic(), progress.done, progress.total
        if progress.stage != self._stage:
            self._stage, self._start, self._before = progress.stage, now, done
        if now < self._next:
            return
        self._next = now + _LINE_SECONDS
        share = f"{done / total:.0%}" if total else f"{done:,}"
        rate = (done - self._before) / max(1e-6, now - self._start)
        note(f"{_description(progress)}: {share}, {rate:,.0f} {_rate_unit(progress)}/s")


def _description(progress: "Progress") -> str:
    if progress.epochs:
        return f"{progress.stage} {progress.epoch}/{progress.epochs}"
    return f"{progress.stage} {progress.subject}".rstrip()


def _rate_unit(progress: "Progress") -> str:
    return "words" if progress.unit == "tokens" else progress.unit  # a person reads of words per second


@contextmanager
def progress_shown() -> "Iterator[OnProgress]":
    """Show a progress bar when stderr is a terminal, else a line every minute.

    Yields:
        A function that takes a `Progress`; a new stage starts a new bar.
    """
    if _quiet:
        yield lambda progress: None
        return
    if not is_terminal():
        yield _Lines().show
        return
    with _bars() as bars:
        current: dict[str, TaskID] = {}

        def show(progress: "Progress") -> None:
            description, total = _description(progress), progress.total
            if progress.stage not in current:
                for earlier in current.values():
                    bars.update(earlier, completed=bars.tasks[earlier].total)
                current[progress.stage] = bars.add_task(description, total=total, unit=_rate_unit(progress))
            task = current[progress.stage]
            bars.update(task, completed=progress.done, total=total, description=description)

        yield show


def _bars() -> "Bars":
    """Bars with share, rate and the time that remains."""
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
            speed = task.finished_speed or task.speed
            return Text(f"{speed:>9,.0f} {task.fields['unit']}/s" if speed else "")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=_rich(),
        transient=True,
    )
