"""The lines that begin in a range of a file's bytes, so that several can read one file, each its part of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import IO, Any

from wvcli.errors import unreadable
from wvcli.text.addresses import is_remote, open_object
from wvcli.text.sources import TIMEOUT, display_name

_BUFFER = 1 << 20
_BLOCK = 1 << 13  # bytes in which the end of a line is looked for at a time


@contextmanager
def reading_lines(
    file: str, start: int, stop: int | None, on_bytes: Callable[[int], None]
) -> Iterator["BufferedReader[Any]"]:
    """Open the lines that begin in a range of a file, or of an object of cloud storage, that is not packed.

    Args:
        file: a path or an address.
        start: the byte from which on a line may begin.
        stop: the byte before which the last line begins; None for the end of the file.
        on_bytes: called with the number of bytes read since the last call.

    Raises:
        InputError: the source cannot be read.
    """
    with opened(file) as raw:
        first = line_start(raw, start)
        last = None if stop is None else line_start(raw, stop)
        raw.seek(first)
        limited = _LimitedStream(raw, None if last is None else last - first, on_bytes)
        yield BufferedReader(limited, _BUFFER)


def count_lines_before(file: str, start: int) -> int:
    """Return how many lines of a file begin before the first one that begins at a byte or after it.

    Raises:
        InputError: the source cannot be read.
    """
    with opened(file) as raw:
        left = line_start(raw, start)
        raw.seek(0)
        count = 0
        while left and (block := raw.read(min(left, _BUFFER))):
            count += block.count(b"\n")
            left -= len(block)
        return count


def line_start(raw: IO[bytes], at: int) -> int:
    """Return where the first line begins that begins at a byte or after it; the size of the file if none does."""
    if at == 0:
        return 0
    raw.seek(at - 1)
    position = at - 1
    while block := raw.read(_BLOCK):
        found = block.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(block)
    return position


@contextmanager
def opened(file: str) -> Iterator[IO[bytes]]:
    """Open a file, or an object of cloud storage, of which parts can be read: what is opened can seek.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open_object(file, TIMEOUT) if is_remote(file) else open(file, "rb") as raw:
            yield raw
    except OSError as error:
        raise unreadable(display_name(file), error) from error


class _LimitedStream(RawIOBase):
    """The next bytes of a stream, as many as are said, None for all; it reports how many were read."""

    def __init__(self, raw: IO[bytes], length: int | None, on_bytes: Callable[[int], None]) -> None:
        self._raw = raw
        self._left = length
        self._on_bytes = on_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        most = len(buffer) if self._left is None else min(len(buffer), self._left)
        data = self._raw.read(most)
        buffer[: len(data)] = data
        if self._left is not None:
            self._left -= len(data)
        self._on_bytes(len(data))
        return len(data)
