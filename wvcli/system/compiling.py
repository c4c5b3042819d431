"""Loops compiled by Numba: a note while that takes long."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from wvcli.reporting import OnNote
from wvcli.system.garbage import gc_paused

_PATIENCE = 0.5  # seconds of waiting, after which a note is given


@contextmanager
def note_if_compiling(on_note: OnNote, note: str) -> Iterator[None]:
    """Give the note to `on_note` if something is compiled within, and that takes over half a second.

    What lies compiled in Numba's cache is only loaded, without a note.
    """
    with gc_paused():
        from numba.core import event

    timers: list[Timer] = []

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            if not timers:
                timers.append(Timer(_PATIENCE, on_note, [note]))
                timers[0].start()

        def on_end(self, event: Any) -> None:
            pass

    try:
        with gc_paused(), event.install_listener("numba:compile", Listener()):
            yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()
