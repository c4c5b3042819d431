"""How work reports how far it is: one kind of progress, notes, and one throttle.

Functions that take long have the arguments `on_progress`, called with a `Progress` now and then, and `on_note`,
called with a line of text that is worth knowing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

_REPORT_SECONDS = 0.1  # between two reports, at least

Unit = Literal["bytes", "tokens", "words", "items"]


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is.

    Attributes:
        stage: what is being done, such as `reading`, `training` or `saving`; `done` starts again with each stage.
        done: bytes, tokens, words or items done.
        total: as many in all, or None when unknown.
        epoch: the epoch under way, from 1, when training; else 0.
        epochs: how many there will be, when training; else 0.
        unit: what is counted: bytes of the sources when reading text, tokens of all epochs when training.
        loss: of the last epoch that is complete, when training; else None.
        subject: what it is done to, such as the name of a file; an empty string where that is plain.
    """

    stage: str
    done: int = 0
    total: int | None = None
    epoch: int = 0
    epochs: int = 0
    unit: Unit = "words"
    loss: float | None = None
    subject: str = ""


OnProgress = Callable[[Progress], None]
OnNote = Callable[[str], None]


def ignore_progress(progress: Progress) -> None:
    """Do nothing."""


def ignore_note(note: str) -> None:
    """Do nothing."""


class Throttle:
    """Keeps reports a tenth of a second apart."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self) -> bool:
        """Whether to report now; if so, the time to the next report starts."""
        now = perf_counter()
        if now < self._next:
            return False
        self._next = now + _REPORT_SECONDS
        return True


class ReadingProgress:
    """Reports the bytes of a text that have been read."""

    def __init__(self, on_progress: OnProgress, total: int | None) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0
        self._throttle = Throttle()

    def add(self, count: int) -> None:
        """Count bytes that were read."""
        self._done += count
        if self._throttle.is_due():
            self._on_progress(Progress("reading", self._done, self._total, unit="bytes"))


# Readers of formats report through this variable, since one of them may compute its vectors long after it was
# called: when they are asked for, on behalf of whoever exports or imports them then.
_on_words: ContextVar[Callable[[int, int], None] | None] = ContextVar("on_words", default=None)


def report_words(done: int, most: int) -> None:
    """Report how many words have been read or computed, and how many there are at most."""
    on_words = _on_words.get()
    if on_words:
        on_words(done, most)


_on_note: ContextVar[OnNote] = ContextVar("on_note", default=ignore_note)


def report_note(note: str) -> None:
    """Report what is worth knowing about a file that is being read."""
    _on_note.get()(note)


@contextmanager
def notes_reported_to(on_note: OnNote) -> Iterator[None]:
    """Within the block, pass what `report_note` is given on to `on_note`."""
    before = _on_note.set(on_note)
    try:
        yield
    finally:
        _on_note.reset(before)


@contextmanager
def words_reported_to(on_progress: OnProgress, stage: str, subject: str = "") -> Iterator[None]:
    """Within the block, pass what `report_words` is given on to `on_progress`."""

    def on_words(done: int, most: int) -> None:
        on_progress(Progress(stage, done, most, subject=subject))

    before = _on_words.set(on_words)
    try:
        yield
    finally:
        _on_words.reset(before)
