"""Tokenizing with all processors: who tokenizes which part of a text, and when.

A text is tokenized here at first, and in threads and other processes once it is known to be large. Compiled loops
scan it in threads where the tokenizer and Numba allow that; processes of their own (`tokenizing_workers`) tokenize
what cannot be scanned. Nothing depends on how many there are: batches come back in order.
"""

import atexit
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import perf_counter

import numpy as np

from wvcli.reporting import OnNote, ignore_note
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import scanning
from wvcli.tokens.batches import GROUP_SIZE, Batch, Group, batch_tokenizer, grouped
from wvcli.tokens.scanning import Scanner
from wvcli.tokens.tokenizing_workers import Worker

LARGE = 20_000_000  # bytes of text, a second or more of work: from there on other processes are worth their start
SECONDS_HERE = 1.0  # of tokenizing, after which a text of unknown size, or in a slow script, counts as large

_SMALL = LARGE // 4  # bytes of a file, below which it is never scanned: it may hold four times as much, unpacked
_FEW_UNSAFE = 0.1  # of a group's bytes, up to which it is scanned though these must be tokenized
_IN_FLIGHT = 3  # batches per process, so that it has one at hand while another is on its way


def batches(
    texts: Iterable[str | bytes],
    settings: TokenizerSettings,
    processes: int,
    size: int | None = None,
    on_note: OnNote = ignore_note,
    *,
    group_size: int = GROUP_SIZE,
    seconds_here: float = SECONDS_HERE,
    scans: bool = True,
) -> Generator[Batch, None, None]:
    """Tokenize texts, and yield the batches in order.

    Close the iterator to end the threads and processes, also after an error.

    Args:
        texts: what to tokenize, one by one, or many together as in a `Group`; its errors pass through.
        settings: the tokenizer.
        processes: how many others there may be; below two there are none.
        size: bytes of all texts, if known.
        on_note: called with a note if something must be compiled first.
        group_size: characters tokenized at a time, at least.
        seconds_here: of tokenizing in this process, after which others help with a text not known to be large.
        scans: use compiled loops where they are worth it.

    Raises:
        WvcliError: one of the processes died or failed.
        UsageError: there is no such tokenizer, or its argument is wrong.
        MissingExtraError: the package that the tokenizer needs is not installed.
    """
    tokenize = batch_tokenizer(settings)
    groups = grouped(texts, group_size)
    can_start = bool(sys.executable) and not getattr(sys, "frozen", False)
    processes = processes if can_start else 1
    scans = scans and scanning.is_possible(settings) and (size is None or size >= _SMALL)
    left = _seconds_alone(processes, size, scans, seconds_here)
    while left > 0:
        group = next(groups, None)
        if group is None:
            return
        start = perf_counter()
        batch = tokenize(group)
        left -= perf_counter() - start
        yield batch
    scanner = scanning.scanner_for(settings, on_note) if scans else None
    if scanner is None and processes < 2:
        yield from map(tokenize, groups)
    else:
        yield from _batches_of_others(groups, settings, processes, scanner)


def _seconds_alone(processes: int, size: int | None, scans: bool, seconds_here: float) -> float:
    """Return the seconds of tokenizing after which threads or processes take over.

    ==================================================  =====================================================
    one process, and nothing can be scanned             never
    it can be scanned, Numba is loaded, size is known   at once
    20 MB or more                                       at once
    anything else                                       after `seconds_here`
    ==================================================  =====================================================
    """
    if processes < 2 and not scans:
        return inf
    if scans and scanning.is_loaded() and size:
        return 0.0
    return seconds_before_workers(size, seconds_here)


def seconds_before_workers(size: int | None, seconds_here: float = SECONDS_HERE) -> float:
    """Return the seconds of tokenizing after which other processes help with a text of `size` bytes."""
    return 0.0 if (size or 0) >= LARGE else seconds_here


def fastest_batch_tokenizer(settings: TokenizerSettings, size: int | None) -> Callable[[Group], Batch]:
    """Return the function by which `batches` makes most batches of a text of `size` bytes, to see how fast it is.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
        MissingExtraError: the package that the tokenizer needs is not installed.
    """
    tokenize = batch_tokenizer(settings)
    scanner = None if seconds_before_workers(size) else scanning.scanner_for(settings, ignore_note)
    if scanner is None:
        return tokenize

    def batch(group: Group) -> Batch:
        block = scanning.block_of(group)
        unsafe = scanner.unsafe_lines(block)
        return scanner.batch(block, unsafe) if _is_worth_scanning(block, unsafe) else tokenize(group)

    return batch


def _is_worth_scanning(block: bytes, unsafe: scanning.LineBounds) -> bool:
    """Whether so little of a block must be tokenized that it is worth scanning the rest."""
    return bool(np.diff(unsafe).sum() <= _FEW_UNSAFE * len(block))


def _batches_of_others(
    groups: Iterator[Group], settings: TokenizerSettings, processes: int, scanner: Scanner | None
) -> Generator[Batch, None, None]:
    """Yield the batches of the groups of texts, in order, made by other threads and processes."""
    helpers = _Helpers(settings, processes, scanner)
    in_flight: deque[Callable[[], Batch]] = deque()
    # A caller may not close this generator; after the exit handlers, threads can no longer be waited for.
    atexit.register(helpers.stop)
    try:
        for group in groups:
            if len(in_flight) >= _IN_FLIGHT * helpers.size():
                yield in_flight.popleft()()
            in_flight.append(helpers.begin(group))
        while in_flight:
            yield in_flight.popleft()()
    finally:
        helpers.stop()
        atexit.unregister(helpers.stop)


class _Helpers:
    """Threads that scan text, and processes that tokenize what cannot be scanned; each is started when needed."""

    def __init__(self, settings: TokenizerSettings, processes: int, scanner: Scanner | None) -> None:
        self._settings = settings
        self._processes = processes
        self._scanner = scanner
        self._threads = None if scanner is None else ThreadPoolExecutor(processes)
        self._workers: list[Worker] = []

    def size(self) -> int:
        """Return how many can be busy at a time."""
        return self._processes if self._threads else max(1, len(self._workers))

    def begin(self, group: Group) -> Callable[[], Batch]:
        """Have a group of texts tokenized; return the function that waits for the batch."""
        if self._scanner is not None and self._threads is not None:
            block = scanning.block_of(group)
            unsafe = self._scanner.unsafe_lines(block)
            if self._processes < 2 or _is_worth_scanning(block, unsafe):
                return self._threads.submit(self._scanner.batch, block, unsafe).result
        if len(self._workers) < self._processes:
            self._workers.append(Worker(self._settings))
        worker = min(self._workers, key=Worker.backlog)
        worker.send(group)
        return worker.take

    def stop(self) -> None:
        """End all threads and processes."""
        for worker in self._workers:
            worker.kill()
        while self._workers:
            self._workers.pop().close()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
