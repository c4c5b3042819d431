"""How work says how far it is: progress, notes, and one throttle for all of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

REPORT_SECONDS = 0.1  # how often progress is told, at most


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        stage: `reading` counts bytes of the sources, `training` tokens of all epochs.
        done: bytes or tokens done.
        total: bytes or tokens in all, or None when unknown.
        epoch: the epoch under way, from 1, when training.
        epochs: how many there will be, when training.
    """

    stage: Literal["reading", "training", "saving"]
    done: int = 0
    total: int | None = None
    epoch: int = 0
    epochs: int = 0


OnProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    pass


def ignore_note(note: str) -> None:
    pass


class ReadingProgress:
    """Bytes read, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress, total: int | None) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0
        self._next = 0.0

    def add(self, count: int) -> None:
        self._done += count
        if perf_counter() >= self._next:
            self._next = perf_counter() + REPORT_SECONDS
            self._on_progress(Progress("reading", self._done, self._total))


OnNote = Callable[[str], None]


def _ignore_words(done: int, most: int) -> None:
    pass


OnWords = Callable[[int, int], None]
# Is told how many words have been read or worked out, and how many there are at most.
on_words: ContextVar[OnWords] = ContextVar("watcher", default=_ignore_words)


@contextmanager
def progress_to(on_progress: OnWords | None) -> Iterator[None]:
    """Whoever is told within the block how many words have been read or worked out; None leaves it as it is."""
    before = on_words.set(on_progress or on_words.get())
    try:
        yield
    finally:
        on_words.reset(before)
