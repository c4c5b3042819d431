"""How much runs at the same time: processors, and the threads of BLAS or our own."""

import os
from collections.abc import Callable, Sequence
from mmap import mmap
from threading import Thread, local
from typing import TypeVar

from wvcli.errors import WvcliError

Part = TypeVar("Part")
Answer = TypeVar("Answer")

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
_ROOM = 96 << 20  # bytes of addresses that NumPy and BLAS with one thread need, measured, and some for the work
_ROOM_FOR_PRODUCTS = 128 << 20  # where BLAS is given large products
_ROOM_OF_THREAD = 48 << 20  # that BLAS needs for each further thread
_here = local()  # of each thread whether it is one of several that divide work


def processors() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def keep_blas_single_threaded() -> None:
    """Have BLAS run in the thread that calls it, if NumPy is not imported yet and the user does not say otherwise.

    OpenBLAS starts its threads with NumPy and lets them spin, which costs a short program more than all it asks;
    and what is done between its products stays in one thread. `parallel_map` uses the processors instead.
    """
    os.environ.setdefault(_BLAS_THREADS, "1")


def fit_blas_into_memory() -> None:
    """Where the process has a limit of memory, have BLAS start no threads that it has no room for.

    OpenBLAS ends the process, with words of its own, where it finds no room.

    Raises:
        WvcliError: there is no room for NumPy, even with one thread.
    """
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit
    except ImportError:  # Windows
        return
    if getrlimit(RLIMIT_AS)[0] == RLIM_INFINITY:
        return
    room = _ROOM if os.environ.get(_BLAS_THREADS) == "1" else _ROOM_FOR_PRODUCTS
    if not _has_room(room + processors() * _ROOM_OF_THREAD):
        keep_blas_single_threaded()
        if not _has_room(room):
            raise WvcliError(
                f"not enough memory: less than {room >> 20} MiB are left of the limit of this process",
                "raise the limit, ulimit -v",
            )


def _has_room(size: int) -> bool:
    """Return whether the process may have so many more bytes of addresses."""
    try:
        mmap(-1, size).close()
    except OSError:
        return False
    return True


def threads() -> int:
    """Return how many threads to divide work among: one where BLAS has threads itself."""
    return processors() if os.environ.get(_BLAS_THREADS) == "1" else 1


def parallel_map(
    function: Callable[[Part], Answer], parts: Sequence[Part], most: int | None = None
) -> list[Answer]:
    """Return what `function` returns for each part, in order, several computed at a time.

    Within a part another `parallel_map` computes one at a time. When a part fails, or the wait for the others is
    interrupted, no further part is begun.

    Args:
        function: called from several threads.
        parts: its argument, one after the other.
        most: threads at most; None for `threads()`, which is right where matrix products take the time.
    """
    workers = 1 if getattr(_here, "is_worker", False) else min(most or threads(), len(parts))
    if workers < 2:
        return [function(part) for part in parts]
    answers: dict[int, Answer] = {}
    failures: list[BaseException] = []

    def work(first: int) -> None:
        _here.is_worker = True
        try:
            for number in range(first, len(parts), workers):
                if not failures:
                    answers[number] = function(parts[number])
        except BaseException as failure:
            failures.append(failure)
        finally:
            _here.is_worker = False

    # The executors of the standard library take longer to import than one question takes to answer.
    others = [Thread(target=work, args=(first,), daemon=True) for first in range(1, workers)]
    try:
        for other in others:
            other.start()
        work(0)
        for other in others:
            other.join()
    except BaseException as failure:
        failures.append(failure)
    if failures:
        raise failures[0]
    return [answers[number] for number in range(len(parts))]
