"""Tokenizing with all processors: batches of texts go to processes of their own and come back as numbers.

The processes are plain ones that this module starts and talks with over pipes. They import nothing of the main
script, so that it needs no guard; and nothing depends on how many they are: batches come back in order.

Each message is a little-endian uint64, the length, and so many bytes. To a process go first the tokenizer's
settings as JSON, then lists of texts; back come a byte that says whether it went well, and then the number of
ids as uint64, the ids as little-endian uint32 and the list of words, or else what went wrong.
"""

import atexit
import json
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import IO

import numpy as np

from wvcli import scanning
from wvcli.batches import Batch, Group, Numbering, grouped, texts_of
from wvcli.errors import WvcliError
from wvcli.scanning import OnNote, Scanner
from wvcli.tokenizers import TokenizerSettings

_LARGE = 20_000_000  # bytes of text, a second or more of work: from there on other processes are worth their start
_ALONE = 1.0  # seconds of tokenizing after which a text of unknown size, or in a slow script, counts as large
_PACKED = _LARGE // 4  # bytes of a file that may hold so much when it is unpacked
_FEW = 0.1  # of a group, up to which it is scanned though some lines must be tokenized
_IN_FLIGHT = 3  # batches per process, so that it has one at hand while another is on its way
_WENT_WELL, _WENT_WRONG = b"=", b"!"
_LINES = b"\n"  # before a group that is bytes
_LENGTH = struct.Struct("<Q")
_START = "import sys; sys.path[:] = sys.argv[1:]; from wvcli.tokenizing import serve; serve()"


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
    tokenize = tokenized_by(settings)
    groups = grouped(texts)
    can_start = bool(sys.executable) and not getattr(sys, "frozen", False)
    processes = processes if can_start else 1
    is_compiled = scanning.is_possible(settings) and (size is None or size >= _PACKED)
    is_loaded = "numba" in sys.modules  # which takes longer than its loops take for some megabytes
    left = 0.0 if is_compiled and is_loaded and size else spread_after(size)
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


def spread_after(size: int | None) -> float:
    """Seconds of tokenizing after which other processes go on with a text of so many bytes."""
    return 0.0 if (size or 0) >= _LARGE else _ALONE


def quickest(settings: TokenizerSettings, size: int | None) -> Callable[[Group], Batch]:
    """The function by which `batches` makes each batch of a text of so many bytes, but for those in slow scripts.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
    """
    tokenize = tokenized_by(settings)
    scanner = None if spread_after(size) else scanning.scanner_for(settings, lambda note: None)
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


def tokenized_by(settings: TokenizerSettings) -> Callable[[Group], Batch]:
    """The function that makes a batch of a group of texts.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
    """
    tokenize, tokenize_joined, in_ascii = settings.tokenize(), settings.tokenize_joined(), settings.in_ascii

    def batch(texts: Group) -> Batch:
        numbering = Numbering()
        if isinstance(texts, bytes) and tokenize_joined and texts.isascii() and b"\0" not in texts:
            numbering.add_several(tokenize_joined(str(texts.replace(b"\n", b" \0 "), "ascii")))
            return numbering.batch()
        pairs = ((in_ascii(text) if tokenize_joined else None, text) for text in texts_of(texts))
        for is_alone, group in groupby(pairs, lambda pair: pair[0] is None or "\0" in pair[0]):
            if is_alone or not tokenize_joined:
                for _, text in group:
                    numbering.add(tokenize(text))
            else:
                numbering.add_several(tokenize_joined("".join(f"{text} \0 " for text, _ in group)))
        return numbering.batch()

    return batch


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


class _Worker:
    """A process that tokenizes, and two threads that keep its pipes going.

    Attributes:
        sent: batches sent whose answer was not taken.
        received: the answers that were not taken; None after the last.
    """

    def __init__(self, settings: TokenizerSettings) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal goes to the main process only
                bufsize=0,  # a thread that waits in a buffered stream would hold its lock at the program's end
            )
        except OSError as error:
            raise WvcliError(f"cannot start a process to tokenize text: {error.strerror or error}") from error
        self.sent = 0
        self.received: SimpleQueue[bytearray | None] = SimpleQueue()
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._outgoing.put(json.dumps(settings.to_json()).encode())
        self._threads = [Thread(target=run, daemon=True) for run in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def send(self, texts: Group) -> None:
        """Give it texts to tokenize."""
        self._outgoing.put(_LINES + texts if isinstance(texts, bytes) else _packed(texts))
        self.sent += 1

    def take(self) -> Batch:
        """The batch of the first texts sent whose batch was not taken yet.

        Raises:
            WvcliError: the process died, or could not tokenize them.
        """
        answer = self.received.get()
        if answer is None:
            raise WvcliError(
                f"a process that tokenized text ended early ({self._ending()})",
                "if the system stopped it for want of memory, try on a machine with more of it",
            )
        self.sent -= 1
        if answer[:1] != _WENT_WELL:
            raise WvcliError(f"text could not be tokenized: {answer[1:].decode('utf-8', 'replace')}")
        return _batch(answer)

    def _ending(self) -> str:
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End it now, whatever it is at."""
        self._process.kill()
        self._outgoing.put(None)

    def close(self) -> None:
        """Wait for its end, and let go of all that belongs to it."""
        self._process.wait()
        for thread in self._threads:
            thread.join()
        self._close_input()
        if self._process.stdout:
            self._process.stdout.close()

    def _write(self) -> None:
        if (stream := self._process.stdin) is None:
            return
        try:
            while (message := self._outgoing.get()) is not None:
                _send(stream, message)
        except OSError:  # it is gone, as reading from it tells
            pass

    def _close_input(self) -> None:
        try:
            if self._process.stdin:
                self._process.stdin.close()
        except OSError:  # what was not written yet has nowhere to go
            pass

    def _read(self) -> None:
        if (stream := self._process.stdout) is None:
            return
        try:
            while (message := _receive(stream)) is not None:
                self.received.put(message)
        finally:
            self.received.put(None)


def serve() -> None:
    """Tokenize the texts that come on standard input until it ends; what another process runs."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    settings = _receive(source)
    if settings is None:
        return
    tokenize = tokenized_by(TokenizerSettings.from_json(json.loads(settings)))
    try:
        while (message := _receive(source)) is not None:
            _send(sink, _answer(tokenize, message))
    except BrokenPipeError:  # nobody listens any more
        pass


def _answer(tokenize: Callable[[Group], Batch], message: bytearray) -> bytes:
    try:
        batch = tokenize(bytes(message[1:]) if message[:1] == _LINES else _unpacked(message))
        ids = batch.ids.astype("<u4", copy=False).tobytes()
        return b"".join((_WENT_WELL, _LENGTH.pack(len(batch.ids)), ids, _packed(batch.words)))
    except Exception as error:
        return _WENT_WRONG + f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _batch(answer: bytearray) -> Batch:
    """What `_answer` packed."""
    [count] = _LENGTH.unpack_from(answer, 1)
    start = 1 + _LENGTH.size
    ids = np.frombuffer(answer, dtype="<u4", count=count, offset=start)
    return Batch(_unpacked(memoryview(answer)[start + ids.nbytes :]), ids.astype(np.uint32, copy=False))


def _packed(strings: Sequence[str]) -> bytes:
    """Any strings as bytes: with NULs between them, or as JSON where they hold NULs themselves, or are none."""
    joined = "\0".join(strings)
    if not strings or joined.count("\0") != len(strings) - 1:
        return b"[" + json.dumps(list(strings), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return b"=" + joined.encode("utf-8", "surrogatepass")


def _unpacked(data: bytes | bytearray | memoryview) -> list[str]:
    """What `_packed` packed."""
    text = str(data[1:], "utf-8", "surrogatepass")
    strings: list[str] = json.loads(text) if data[:1] == b"[" else text.split("\0")
    return strings


def _send(stream: IO[bytes], message: bytes) -> None:
    for part in (_LENGTH.pack(len(message)), message):
        left = memoryview(part)
        while left:
            left = left[stream.write(left) :]
    stream.flush()


def _receive(stream: IO[bytes]) -> bytearray | None:
    """The next message, or None when the stream ends before or in it."""
    head = _exactly(stream, _LENGTH.size)
    return None if head is None else _exactly(stream, *_LENGTH.unpack(head))


def _exactly(stream: IO[bytes], length: int) -> bytearray | None:
    """So many bytes, or None when the stream ends before."""
    data = bytearray(length)
    left = memoryview(data)
    while left:
        count = stream.readinto(left)  # type: ignore[attr-defined]
        if not count:
            return None
        left = left[count:]
    return data
