"""Packed data as a stream of what is in it: gzip, bzip2 and xz, of one member or of several end to end.

Python's own readers of bzip2 and xz end without a word where a second member is damaged.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable
from io import RawIOBase
from typing import IO, Any, Protocol

from wvcli.reporting import OnNote

_AT_ONCE = 1 << 16  # bytes of packed data read at a time
_GZIP_MAGIC = b"\x1f\x8b"


class DamagedDataError(Exception):
    """Packed data is not what it should be."""


class _Member(Protocol):
    """One member being unpacked, as Python's decompressors for bzip2 and xz have it.

    Attributes:
        eof: whether its end was reached.
        needs_input: whether there is nothing more in it without further data.
        unused_data: what was given to it beyond its end.
    """

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most this many bytes of what is in it."""


class _GzipMember:
    """A member of gzip; its checksum and length are checked at its end."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.eof and not self._member.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._member.decompress(self._member.unconsumed_tail + data, max(0, max_length))


_MEMBERS: dict[str, Callable[[], _Member]] = {
    ".gz": _GzipMember,
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
}
KINDS = frozenset(_MEMBERS)


class UnpackedStream(RawIOBase):
    """The bytes in packed data.

    Zeros between two members and after the last are padding. What else follows the last member of gzip is left out
    with a note, as the program gzip does; after bzip2 and xz it is damage.

    Args:
        packed: the packed data.
        kind: how it is packed, one of `KINDS`.
        on_note: called with what is wrong and does not matter.

    Raises:
        DamagedDataError: on reading, where the data is damaged.
        EOFError: on reading, where it ends early.
    """

    def __init__(self, packed: IO[bytes], kind: str, on_note: OnNote) -> None:
        self._packed = packed
        self._kind = kind
        self._on_note = on_note
        self._member = _MEMBERS[kind]()
        self._ahead = b""  # read already, and not given to the member yet
        self._is_done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        filled = 0
        while filled < len(buffer) and not self._is_done:
            if self._member.eof:
                self._begin_next()
            else:
                data = self._unpack(len(buffer) - filled)
                buffer[filled : filled + len(data)] = data
                filled += len(data)
        return filled

    def _unpack(self, most: int) -> bytes:
        """Return at most this many bytes of the member; there may be more even where there are none."""
        is_hungry = self._member.needs_input
        packed = b""
        if is_hungry:
            packed, self._ahead = self._ahead or self._packed.read(_AT_ONCE), b""
        try:
            data = self._member.decompress(packed, most)
        except (OSError, lzma.LZMAError, zlib.error) as error:
            raise DamagedDataError(str(error)) from error
        if is_hungry and not packed and not data and not self._member.eof:
            raise EOFError
        return data

    def _begin_next(self) -> None:
        """Go on with the member that follows, if one does."""
        rest = self._member.unused_data.lstrip(b"\0")
        while len(rest) < len(_GZIP_MAGIC):
            if not (more := self._packed.read(_AT_ONCE)):
                break
            rest = (rest + more).lstrip(b"\0")
        if self._kind == ".gz" and rest and not rest.startswith(_GZIP_MAGIC):
            count = len(rest)
            while more := self._packed.read(_AT_ONCE):
                count += len(more)
            size = f"{count:,} bytes" if count > 1 else "1 byte"
            self._on_note(f"the compressed data is followed by {size} of other data, left out")
            rest = b""
        self._member, self._ahead = _MEMBERS[self._kind](), rest
        self._is_done = not rest
