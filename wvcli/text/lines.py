"""Lines of text in a stream of bytes: split, numbered, decoded, and cut where they are very long.

A line ends with a line feed in the encoding of the text and with nothing else; carriage returns before it are
dropped. Only where a text begins without line feeds and with carriage returns, as old Macintosh files are written,
do both end lines.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import Any, Literal

import numpy as np

from wvcli.system.encodings import Encoding

LONGEST_PIECE = 1 << 20  # bytes of one line held in memory; a longer line of plain text comes in pieces

_CUT_OFF = ("unexpected end of data", "incomplete multibyte sequence")  # as codecs say of a character

_SNIFFED = 8192  # bytes in which line feeds are looked for
_WIDE_BLOCK = 1 << 16  # bytes of UTF-16 or UTF-32 read at a time, a multiple of every character's width

Noun = Literal["line", "row", "item"]
Line = tuple[int, str]  # its number, from 1, and its text


@dataclass(frozen=True)
class BadRecord:
    """A line or record that cannot be used.

    Attributes:
        number: which it is, from 1.
        what: what is wrong with it.
        hint: what to do about it, or an empty string.
        noun: what is numbered: the lines of a file, the rows of Parquet, the items of a JSON array.
    """

    number: int
    what: str
    hint: str = ""
    noun: Noun = "line"


class ByteLines:
    """The lines of a stream in an encoding that extends ASCII, or is like it in that a line feed is the byte 10.

    Args:
        stream: the bytes, from the beginning of the text.
        encoding: of the text.
        longest_piece: bytes of one line held in memory by `pieces` and `blocks`; they cut a longer line after a
            space, if it has one.
        first: the number of the first line; above 1 where the text began before it.
    """

    def __init__(
        self, stream: BufferedReader, encoding: Encoding, longest_piece: int = LONGEST_PIECE, first: int = 1
    ) -> None:
        self._stream = stream
        self._encoding = encoding
        self._codec = encoding.codec
        self._longest_piece = longest_piece
        self._first = first

    def whole(self) -> Iterator[Line | BadRecord]:
        """Yield every line, however long it is."""
        return self._lines(-1)

    def pieces(self) -> Iterator[Line | BadRecord]:
        """Yield every line, a very long one in several pieces with the same number."""
        return self._lines(self._longest_piece)

    def blocks(self) -> Iterator[bytes | Line | BadRecord]:
        """Yield what `pieces` does, but whole lines of UTF-8 many at a time: as bytes, a line feed after each."""
        return self.pieces()

    def _lines(self, limit: int) -> Iterator[Line | BadRecord]:
        number = self._first - 1
        while start := self._stream.readline(limit):
            number += 1
            yield from self._pieces_of(number, start, limit)

    def _pieces_of(self, number: int, line: bytes, limit: int) -> Iterator[Line | BadRecord]:
        """Yield one line; `line` is what was read of it, and the rest is read here."""
        position = 0
        while not line.endswith(b"\n"):
            cut = self._cut(line) if len(line) >= limit > 0 else 0
            if cut:
                yield self._decoded(number, position, line[:cut])
                position, line = position + cut, line[cut:]
            more = self._stream.readline(limit)
            if not more:
                if line:
                    yield self._decoded(number, position, line.rstrip(b"\r"), is_end=True)
                return
            line += more
        rest = line.rstrip(b"\r\n")
        if rest or not position:
            yield self._decoded(number, position, rest)

    def _cut(self, line: bytes) -> int:
        """Return where to cut a long line: after its last space or tab; 0 where it has none."""
        return max(line.rfind(b" "), line.rfind(b"\t")) + 1

    def _decoded(self, number: int, position: int, piece: bytes, is_end: bool = False) -> Line | BadRecord:
        """Decode a piece of a line.

        Args:
            number: of the line.
            position: of the first byte of the piece in the line.
            piece: what to decode.
            is_end: whether the whole text ends here, without the end of a line.
        """
        try:
            text = piece.decode(self._codec, self._encoding.errors)
            return (number, text) if "\0" not in text else self._without_nul(number, position, text)
        except UnicodeDecodeError as error:
            if is_end and error.end == len(piece) and error.reason in _CUT_OFF:
                return BadRecord(
                    number,
                    "the text ends in the middle of a character, as if it had been cut off",
                    "cut it after a whole line, name another encoding with `encoding`",
                )
            byte = f"byte 0x{error.object[error.start]:02x} at position {position + error.start + 1}"
            hint = "name the encoding with `encoding`, replace such bytes with `encoding_errors=replace`"
            return BadRecord(number, f"{byte} is not {self._encoding.name}", hint)

    def _without_nul(self, number: int, position: int, text: str) -> Line | BadRecord:
        """Do with a NUL, which only binary data holds, as with bytes that are not in the encoding."""
        if self._encoding.errors == "strict":
            at = position + len(text[: text.index("\0")].encode(self._codec)) + 1
            return BadRecord(
                number,
                f"a NUL character at position {at}, as in binary data and not in text",
                "replace such characters with `encoding_errors=replace`",
            )
        return number, text.replace("\0", "\ufffd" if self._encoding.errors == "replace" else "")


class Utf8Lines(ByteLines):
    """The lines of UTF-8, whose byte order mark at the beginning is not a part of the text."""

    def blocks(self) -> Iterator[bytes | Line | BadRecord]:
        number, start = self._first, b""
        while block := start + self._stream.read(self._longest_piece - len(start)):
            end = block.rfind(b"\n") + 1
            if end:
                yield from self._block(number, block[:end])
                number, start = number + _count_lines(block), block[end:]
            elif len(block) < self._longest_piece:  # the last line has no line feed
                yield from self._block(number, block.rstrip(b"\r") + b"\n", is_end=True)
                return
            else:
                yield from self._pieces_of(number, block, self._longest_piece)
                number, start = number + 1, b""

    def _block(self, number: int, block: bytes, is_end: bool = False) -> Iterator[bytes | Line | BadRecord]:
        """Yield whole lines together, or one by one where not all are good; `number` is that of the first.

        With `is_end` the last one was not ended, and the text ends there.
        """
        text = block.removeprefix(codecs.BOM_UTF8) if number == 1 else block
        if b"\r" in text:
            text = b"\n".join(line.rstrip(b"\r") for line in text.split(b"\n"))
        if b"\0" not in text and _is_utf8(text):
            yield text
        else:
            lines = block[:-1].split(b"\n")
            for offset, line in enumerate(lines):
                is_last = is_end and offset == len(lines) - 1
                yield self._decoded(number + offset, 0, line.rstrip(b"\r"), is_last)

    def _cut(self, line: bytes) -> int:
        """Return where to cut a long line: after its last space or tab, or else before its last character."""
        if cut := super()._cut(line):
            return cut
        cut = len(line) - 1  # the last byte stays, so that a carriage return is met together with its line feed
        while cut > len(line) - 4 and line[cut] & 0xC0 == 0x80:
            cut -= 1
        return cut

    def _decoded(self, number: int, position: int, piece: bytes, is_end: bool = False) -> Line | BadRecord:
        if number == 1 and position == 0:
            piece = piece.removeprefix(codecs.BOM_UTF8)
        return super()._decoded(number, position, piece, is_end)


class WideLines(ByteLines):
    """The lines of UTF-16 or UTF-32, split before they are decoded, so that a bad one spoils no other.

    The byte order is that of the mark at the beginning; without one it is little-endian.
    """

    def whole(self) -> Iterator[Line | BadRecord]:
        """Yield what `pieces` does: a very long line is cut here, too."""
        return self.pieces()

    def pieces(self) -> Iterator[Line | BadRecord]:
        self._codec = self._without_mark()
        head = self._stream.peek(_SNIFFED)[:_SNIFFED].decode(self._codec, "replace")
        line_end = "\r" if _ends_lines_with_returns(head) else "\n"
        for number, piece in self._encoded_pieces(line_end.encode(self._codec)):
            decoded = self._decoded(number, 0, piece)
            yield decoded if isinstance(decoded, BadRecord) else (number, decoded[1].rstrip("\r\n"))

    def _without_mark(self) -> str:
        """Skip the byte order mark, and return the name of the codec with its byte order."""
        codec = self._encoding.codec
        family = codec[:6]  # utf-16 or utf-32
        start = self._stream.peek(4)
        for name in (f"{family}-le", f"{family}-be"):
            mark = "\ufeff".encode(name)
            if codec in (family, name) and start.startswith(mark):
                self._stream.read(len(mark))
                return name
        return f"{family}-le" if codec == family else codec

    def _encoded_pieces(self, line_feed: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the lines with their numbers; one over the limit is cut at the end of a block."""
        number, width, held = 1, len(line_feed), bytearray()
        while block := self._stream.read(_WIDE_BLOCK):
            start = 0
            for end in _find_aligned(block, line_feed):
                yield number, bytes(held) + block[start:end]
                held.clear()
                number, start = number + 1, end + width
            held += block[start:]
            if len(held) >= self._longest_piece:
                high = held[-1] if line_feed[0] else held[-2]
                cut = len(held) - (2 if width == 2 and 0xD8 <= high <= 0xDB else 0)  # not between two surrogates
                yield number, bytes(held[:cut])
                del held[:cut]
        if held:
            yield number, bytes(held)


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or bool(str(data, "utf-8"))
    except UnicodeDecodeError:
        return False


def open_lines(stream: BufferedReader, encoding: Encoding, longest_piece: int = LONGEST_PIECE) -> ByteLines:
    """Return the lines of a stream, by the class for its encoding; arguments as for `ByteLines`."""
    kind = WideLines if encoding.is_wide else Utf8Lines if encoding.is_utf8 else ByteLines
    head = str(stream.peek(_SNIFFED)[:_SNIFFED], "latin-1")
    if not encoding.is_wide and _ends_lines_with_returns(head):
        stream = BufferedReader(_WithLineFeeds(stream), LONGEST_PIECE)
    return kind(stream, encoding, longest_piece)


def open_following_lines(stream: BufferedReader, encoding: Encoding, longest_piece: int, first: int) -> ByteLines:
    """Return the lines of a later part of a text whose lines end with line feeds.

    Args:
        stream: the bytes, from the beginning of a line.
        encoding: of the text, not a wide one.
        longest_piece: as for `ByteLines`.
        first: the number of the first line, above 1.
    """
    return (Utf8Lines if encoding.is_utf8 else ByteLines)(stream, encoding, longest_piece, first)


def can_be_divided(head: bytes, encoding: Encoding) -> bool:
    """Whether line feeds end the lines of a text that begins so, and no other byte in it is one."""
    return not encoding.is_wide and not _ends_lines_with_returns(str(head[:_SNIFFED], "latin-1"))


def _ends_lines_with_returns(head: str) -> bool:
    """Whether a text that begins so has carriage returns at the ends of its lines and no line feeds."""
    return "\n" not in head and "\r" in head.rstrip("\r")


class _WithLineFeeds(RawIOBase):
    """The bytes of a stream with line feeds in place of carriage returns, and of pairs of both."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._is_after_return = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while data := self._stream.read(len(buffer)):
            rest = data[1:] if self._is_after_return and data.startswith(b"\n") else data
            self._is_after_return = data.endswith(b"\r")
            lines = rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if lines:
                buffer[: len(lines)] = lines
                return len(lines)
        return 0


def _find_aligned(block: bytes, line_feed: bytes) -> Iterator[int]:
    """Yield where `line_feed` stands at a multiple of its width."""
    at = block.find(line_feed)
    while at >= 0:
        if at % len(line_feed) == 0:
            yield at
        at = block.find(line_feed, at + 1)


def _count_lines(block: bytes) -> int:
    """Count the line feeds; `bytes.count` takes ten times as long where they are many."""
    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))
