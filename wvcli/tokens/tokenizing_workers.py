"""Processes of our own that tokenize: how they are started, and what is said to them through pipes."""

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

_WENT_WELL, _WENT_WRONG = b"=", b"!"
_LINES = b"\n"  # before a group that is bytes
_LENGTH = struct.Struct("<Q")
_START = "import sys; sys.path[:] = sys.argv[1:]; from wvcli.tokens.tokenizing_workers import serve; serve()"


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
    tokenize = batch_tokenizer(TokenizerSettings.from_json(json.loads(settings)))
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
