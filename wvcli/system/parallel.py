"""How much runs at the same time: processors, and the threads of BLAS or our own."""

import os
from collections.abc import Callable, Sequence
from threading import Thread, local
from typing import TypeVar

Part = TypeVar("Part")
Answer = TypeVar("Answer")

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
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
