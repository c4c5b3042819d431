"""Loops compiled by Numba: in a process beside this one, and a note where this one has to wait.

What was compiled lies in Numba's cache on disk, from which later runs load it.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from wvcli.reporting import OnNote, OnProgress, Progress
from wvcli.system.garbage import gc_paused
from wvcli.system.parallel import processors

_PATIENCE = 0.5  # seconds of waiting, after which a note is given
_POLL_SECONDS = 0.1  # between two looks at the other process
_MOST_FAILURES = 200  # of keeping compiled code on disk: more than there are functions


class NotCompiledError(Exception):
    """A loop is not in Numba's cache."""


@contextmanager
def note_if_compiling(on_note: OnNote, note: str) -> Iterator[None]:
    """Give the note to `on_note` if something is compiled within, and that takes over half a second.

    What lies compiled in Numba's cache is only loaded, without a note.
    """
    timers: list[Timer] = []

    def begin() -> None:
        if not timers:
            timers.append(Timer(_PATIENCE, on_note, [note]))
            timers[0].start()

    try:
        with _when_compiling(begin):
            yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def are_compiled(load: Callable[[], None]) -> bool:
    """Return whether all loops that a function calls are in Numba's cache; then they are loaded by that."""

    def refuse() -> None:
        raise NotCompiledError

    try:
        with _when_compiling(refuse):
            load()
    except NotCompiledError:
        return False
    return True


@contextmanager
def _when_compiling(begin: Callable[[], None]) -> Iterator[None]:
    """Call `begin` whenever Numba begins to compile a function within; what it raises, the call of that raises."""
    with gc_paused():
        from numba.core import event

    class Listener(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            begin()

        def on_end(self, event: Any) -> None:
            pass

    with gc_paused(), event.install_listener("numba:compile", Listener()):
        yield


def load_though_disk_is_full(load: Callable[[], None]) -> None:
    """Call a function that calls loops, though what is compiled of them may not be kept on disk.

    Numba fails after it has compiled a function that it cannot write, and does not compile it again when asked
    the next time.
    """
    for _ in range(_MOST_FAILURES):
        with suppress(OSError):
            return load()
    return load()


class CompilingProcess:
    """A process that compiles loops and leaves them in Numba's cache, while this one does something else.

    It is a plain process that imports nothing of the main script, so that this needs no guard. Nothing depends on
    whether it succeeds: what it has not left in the cache is compiled here when it is called.

    Args:
        module: in which there is a function `main`, which calls the loops.
        arguments: for that function.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        code = f"import sys; sys.path[:] = sys.argv[1:]; from {module} import main; main{arguments!r}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *sys.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal goes to the main process only
        )

    @classmethod
    def start(cls, module: str, *arguments: str) -> "CompilingProcess | None":
        """Start one, if it is of use: on one processor it would only take time from this process."""
        if processors() < 2 or not sys.executable or getattr(sys, "frozen", False):
            return None
        try:
            return cls(module, *arguments)
        except OSError:
            return None

    def wait(self, on_progress: OnProgress, subject: str) -> None:
        """Wait until it has ended.

        Args:
            on_progress: called now and then.
            subject: what is compiled.
        """
        while True:
            try:
                self._process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                on_progress(Progress("compiling", subject=subject))
            else:
                return

    def stop(self) -> None:
        """End it, whatever it is doing; Numba's cache has each function whole, or not at all."""
        self._process.kill()
        self._process.wait()
