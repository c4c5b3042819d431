"""Tokenizing with all processors: batches of texts go to processes of their own and come back as numbers.

The processes are plain ones that this module starts and talks with over pipes. They import nothing of the main
script, so that it needs no guard; and nothing depends on how many they are: batches come back in order.

Each message is a little-endian uint64, the length, and so many bytes. To a process go first the tokenizer's
settings as JSON, then lists of texts; back come a byte that says whether it went well, and then the number of
ids as uint64, the ids as little-endian uint32 and the list of words, or else what went wrong.
"""

import atexit
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np

from wvcli.reporting import OnNote
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import scanning
from wvcli.tokens.batches import Batch, Group, batch_tokenizer, grouped
from wvcli.tokens.scanning import Scanner
from wvcli.tokens.tokenizing_workers import _Worker

_LARGE = 20_000_000  # bytes of text, a second or more of work: from there on other processes are worth their start
_ALONE = 1.0  # seconds of tokenizing after which a text of unknown size, or in a slow script, counts as large
_PACKED = _LARGE // 4  # bytes of a file that may hold so much when it is unpacked
_FEW = 0.1  # of a group, up to which it is scanned though some lines must be tokenized
_IN_FLIGHT = 3  # batches per process, so that it has one at hand while another is on its way


def batches(
    texts: Iterable[str | bytes],
    settings: TokenizerSettings,
    processes: int,
    size: int | None = None,
    on_note: OnNote = lambda note: None,
) -> Generator[Batch, None, None]:
    """The texts tokenized, in order: here at first, and in threads or other processes once they seem to be many.

    Close the iterator to end these, also after an error.

    Args:
        texts: what to tokenize, singly, or many together as in a `Group`; its errors pass through.
        settings: the tokenizer.
        processes: how many others there may be; below two there are none.
        size: bytes of all texts, if known.
        on_note: told of what must be compiled first.

    Raises:
        WvcliError: one of the processes died or failed.
        UsageError: there is no such tokenizer, or its argument is wrong.
    """
    tokenize = batch_tokenizer(settings)
    groups = grouped(texts)
    can_start = bool(sys.executable) and not getattr(sys, "frozen", False)
    processes = processes if can_start else 1
    is_compiled = scanning.is_possible(settings) and (size is None or size >= _PACKED)
    is_loaded = "numba" in sys.modules  # which takes longer than its loops take for some megabytes
    left = 0.0 if is_compiled and is_loaded and size else seconds_before_workers(size)
    if processes < 2 and not is_compiled:
        yield from map(tokenize, groups)
        return
    while left > 0:
        group = next(groups, None)
        if group is None:
            return
        start = perf_counter()
        batch = tokenize(group)
        left -= perf_counter() - start
        yield batch
    scanner = scanning.scanner_for(settings, on_note) if is_compiled else None
    if scanner or processes > 1:
        yield from _elsewhere(groups, settings, processes, scanner)
    else:
        yield from map(tokenize, groups)


def seconds_before_workers(size: int | None) -> float:
    """Seconds of tokenizing after which other processes go on with a text of so many bytes."""
    return 0.0 if (size or 0) >= _LARGE else _ALONE


def fastest_batch_tokenizer(settings: TokenizerSettings, size: int | None) -> Callable[[Group], Batch]:
    """The function by which `batches` makes each batch of a text of so many bytes, but for those in slow scripts.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
    """
    tokenize = batch_tokenizer(settings)
    scanner = None if seconds_before_workers(size) else scanning.scanner_for(settings, lambda note: None)
    if scanner is None:
        return tokenize

    def batch(group: Group) -> Batch:
        block = scanning.block_of(group)
        spans = scanner.unsafe(block)
        return scanner.batch(block, spans) if _is_safe(block, spans) else tokenize(group)

    return batch


def _is_safe(block: bytes, spans: scanning.Spans) -> bool:
    """Whether few enough of the lines must be tokenized for the rest to be worth scanning."""
    return bool(np.diff(spans).sum() <= _FEW * len(block))


def _elsewhere(
    groups: Iterator[Group], settings: TokenizerSettings, processes: int, scanner: Scanner | None
) -> Generator[Batch, None, None]:
    """The batches of the groups of texts, in order, made by other threads and processes."""
    crew = _Crew(settings, processes, scanner)
    under_way: deque[Callable[[], Batch]] = deque()
    atexit.register(crew.stop)  # for who does not close: later, threads can no longer be waited for
    try:
        for group in groups:
            if len(under_way) >= _IN_FLIGHT * crew.size():
                yield under_way.popleft()()
            under_way.append(crew.begin(group))
        while under_way:
            yield under_way.popleft()()
    finally:
        crew.stop()
        atexit.unregister(crew.stop)


class _Crew:
    """Threads that scan text, and processes that tokenize what cannot be scanned; each is started when needed."""

    def __init__(self, settings: TokenizerSettings, processes: int, scanner: Scanner | None) -> None:
        self._settings = settings
        self._processes = processes
        self._scanner = scanner
        self._threads = None if scanner is None else ThreadPoolExecutor(processes)
        self._workers: list[_Worker] = []

    def size(self) -> int:
        """How many can be busy at a time."""
        return self._processes if self._threads else max(1, len(self._workers))

    def begin(self, group: Group) -> Callable[[], Batch]:
        """Have a group of texts tokenized; gives what waits for the batch."""
        if self._scanner is not None and self._threads is not None:
            block = scanning.block_of(group)
            spans = self._scanner.unsafe(block)
            if self._processes < 2 or _is_safe(block, spans):
                return self._threads.submit(self._scanner.batch, block, spans).result
        if len(self._workers) < self._processes:
            self._workers.append(_Worker(self._settings))
        worker = min(self._workers, key=lambda worker: worker.sent - worker.received.qsize())
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
