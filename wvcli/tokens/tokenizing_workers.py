"""Processes of our own that tokenize: how they are started, and what is sent to them and back through pipes.

They are plain processes. They import nothing of the main script, so that it needs no guard.

Each message is a little-endian uint64, its length, and then that number of bytes:

* to a process, first the tokenizer's settings as JSON, and then groups of texts. A group of strings is packed by
  `_pack`; one of bytes follows a line feed as it is.
* from a process, for each group, a byte that says whether it went well. If so, the number of ids as uint64, the
  ids as little-endian uint32 and the packed list of words follow; if not, what went wrong.
"""

import json
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import IO

import numpy as np

from wvcli.errors import WvcliError
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.batches import Batch, Group, batch_tokenizer

_LENGTH = struct.Struct("<Q")
_LINES = b"\n"  # before a group that is bytes
_SUCCESS, _FAILURE = b"=", b"!"
_NUL_SEPARATED, _AS_JSON = b"=", b"["  # how strings are packed


class Worker:
    """A process that tokenizes, and two threads that keep its pipes moving.

    Attributes:
        sent: groups sent whose batch was not taken yet.
        received: the answers that were not taken; None after the last.

    Raises:
        WvcliError: the process cannot be started.
    """

    def __init__(self, settings: TokenizerSettings) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _start_code(), *sys.path],
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

    def backlog(self) -> int:
        """Return how many groups it has not tokenized yet."""
        return self.sent - self.received.qsize()

    def send(self, texts: Group) -> None:
        """Give it texts to tokenize."""
        self._outgoing.put(_LINES + texts if isinstance(texts, bytes) else _pack(texts))
        self.sent += 1

    def take(self) -> Batch:
        """Return the batch of the first texts sent whose batch was not taken yet.

        Raises:
            WvcliError: the process died, or could not tokenize them.
        """
        answer = self.received.get()
        if answer is None:
            raise WvcliError(
                f"a process that tokenized text ended early ({self._ending()})",
                "if the system stopped it for lack of memory, try on a machine with more of it",
            )
        self.sent -= 1
        if answer[:1] != _SUCCESS:
            raise WvcliError(f"text could not be tokenized: {answer[1:].decode('utf-8', 'replace')}")
        return _unpack_batch(answer)

    def _ending(self) -> str:
        code = self._process.wait()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End the process now, whatever it is doing."""
        self._process.kill()
        self._outgoing.put(None)

    def close(self) -> None:
        """Wait until the process has ended, and release all that belongs to it."""
        self._process.wait()
        for thread in self._threads:
            thread.join()
        self._close_input()
        if self._process.stdout:
            self._process.stdout.close()

    def _close_input(self) -> None:
        try:
            if self._process.stdin:
                self._process.stdin.close()
        except OSError:  # what was not written yet has nowhere to go
            pass

    def _write(self) -> None:
        if (stream := self._process.stdin) is None:
            return
        try:
            while (message := self._outgoing.get()) is not None:
                _send(stream, message)
        except OSError:  # it is gone, which reading from it shows
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
    """Tokenize the groups of texts that come on standard input until it ends: all that a worker's process runs."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    settings = _receive(source)
    if settings is None:
        return
    tokenize = batch_tokenizer(TokenizerSettings.from_json(json.loads(settings)))
    try:
        while (message := _receive(source)) is not None:
            _send(sink, _answer(tokenize, message))
    except BrokenPipeError:  # nobody listens any more
        pass


def _start_code() -> str:
    """Return the code that a worker's process runs; its arguments are the folders in which it finds modules."""
    return f"import sys; sys.path[:] = sys.argv[1:]; from {serve.__module__} import serve; serve()"


def _answer(tokenize: Callable[[Group], Batch], message: bytearray) -> bytes:
    try:
        batch = tokenize(bytes(message[1:]) if message[:1] == _LINES else _unpack(message))
        ids = batch.ids.astype("<u4", copy=False).tobytes()
        return b"".join((_SUCCESS, _LENGTH.pack(len(batch.ids)), ids, _pack(batch.words)))
    except Exception as error:
        return _FAILURE + f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _unpack_batch(answer: bytearray) -> Batch:
    """Return the batch that `_answer` packed."""
    [count] = _LENGTH.unpack_from(answer, 1)
    start = 1 + _LENGTH.size
    ids = np.frombuffer(answer, dtype="<u4", count=count, offset=start)
    return Batch(_unpack(memoryview(answer)[start + ids.nbytes :]), ids.astype(np.uint32, copy=False))


def _pack(strings: Sequence[str]) -> bytes:
    """Return any strings as bytes: with NULs between them, or as JSON if they hold NULs themselves or are none."""
    joined = "\0".join(strings)
    if not strings or joined.count("\0") != len(strings) - 1:
        return _AS_JSON + json.dumps(list(strings), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return _NUL_SEPARATED + joined.encode("utf-8", "surrogatepass")


def _unpack(data: bytes | bytearray | memoryview) -> list[str]:
    """Return the strings that `_pack` packed."""
    text = str(data[1:], "utf-8", "surrogatepass")
    strings: list[str] = json.loads(text) if data[:1] == _AS_JSON else text.split("\0")
    return strings


def _send(stream: IO[bytes], message: bytes) -> None:
    for part in (_LENGTH.pack(len(message)), message):
        left = memoryview(part)
        while left:
            left = left[stream.write(left) :]
    stream.flush()


def _receive(stream: IO[bytes]) -> bytearray | None:
    """Return the next message, or None when the stream ends before or in it."""
    head = _read_exactly(stream, _LENGTH.size)
    return None if head is None else _read_exactly(stream, *_LENGTH.unpack(head))


def _read_exactly(stream: IO[bytes], length: int) -> bytearray | None:
    """Read `length` bytes; return None when the stream ends before."""
    data = bytearray(length)
    left = memoryview(data)
    while left:
        count = stream.readinto(left)  # type: ignore[attr-defined]
        if not count:
            return None
        left = left[count:]
    return data
