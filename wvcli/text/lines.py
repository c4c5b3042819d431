"""Lines of bytes and of text: where they end in each encoding, and how long ones are cut."""

import codecs
from collections.abc import Iterator
from io import BufferedReader

import numpy as np

_WIDE_BLOCK = 1 << 16  # bytes of UTF-16 or UTF-32 read at a time, a multiple of every character's width
_LONGEST_PIECE = 1 << 20  # bytes of one line held in memory; a longer line of plain text goes on in pieces


def _byte_order(encoding: str, start: bytes) -> tuple[str, bytes]:
    """UTF-16 or UTF-32 with its byte order, and the mark at the start; little-endian where nothing tells."""
    family = encoding[:6]
    marks = {f"{family}-le": "\ufeff".encode(f"{family}-le"), f"{family}-be": "\ufeff".encode(f"{family}-be")}
    for name, mark in marks.items():
        if start == mark and encoding in (family, name):
            return name, mark
    return (f"{family}-le" if encoding == family else encoding), b""


def _wide_pieces(stream: BufferedReader, end: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines in pieces, with the line's number; a line ends with `end` at a multiple of its width.

    A line over the limit is cut at the end of the block that takes it there.
    """
    number, width, held = 1, len(end), bytearray()
    while block := stream.read(_WIDE_BLOCK):
        start = 0
        for at in _aligned(block, end):
            yield number, bytes(held) + block[start:at]
            held.clear()
            number, start = number + 1, at + width
        held += block[start:]
        if len(held) >= _LONGEST_PIECE:
            high = held[-1] if end[0] else held[-2]
            cut = len(held) - (2 if width == 2 and 0xD8 <= high <= 0xDB else 0)  # not between two surrogates
            yield number, bytes(held[:cut])
            del held[:cut]
    if held:
        yield number, bytes(held)


def _aligned(block: bytes, end: bytes) -> Iterator[int]:
    """Where `end` stands at a multiple of its width."""
    at = block.find(end)
    while at >= 0:
        if at % len(end) == 0:
            yield at
        at = block.find(end, at + 1)


def _lines_in(block: bytes) -> int:
    """The line feeds; `bytes.count` takes ten times as long where they are many."""
    return int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n")))


def _unmarked(number: int, position: int, piece: bytes) -> bytes:
    """A piece of UTF-8 text without the byte order mark that may stand at the beginning of the first line."""
    return piece.removeprefix(codecs.BOM_UTF8) if (number, position) == (1, 0) else piece


def _pieces(stream: BufferedReader, limit: int, splits_anywhere: bool) -> Iterator[tuple[int, int, bytes]]:
    """Lines in pieces, without line ends: the line's number, the piece's place in it, and the bytes.

    A line over the limit is cut after a blank if it has one; where it has none, UTF-8 is cut between two
    characters, and other encodings are not cut.
    """
    number = 0
    while line := stream.readline(limit):
        number += 1
        for position, piece in _line_pieces(line, stream, limit, splits_anywhere):
            yield number, position, piece


def _line_pieces(
    line: bytes, stream: BufferedReader, limit: int, splits_anywhere: bool
) -> Iterator[tuple[int, bytes]]:
    """One line in pieces, as `_pieces` gives them; `line` was read of it, the rest is read here."""
    position = 0
    while not line.endswith(b"\n"):
        cut = _cut(line, splits_anywhere) if len(line) >= limit > 0 else 0
        if cut:
            yield position, line[:cut]
        position, rest = position + cut, line[cut:]
        more = stream.readline(limit)
        if not more:
            if rest:
                yield position, rest.rstrip(b"\r")
            return
        line = rest + more
    whole = line.rstrip(b"\r\n")
    if whole or not position:
        yield position, whole


def _cut(line: bytes, anywhere: bool) -> int:
    """Where a long line may be cut: after its last blank, else before its last character, else nowhere."""
    cut = max(line.rfind(b" "), line.rfind(b"\t")) + 1
    if cut or not anywhere:
        return cut
    cut = len(line) - 1  # the last byte stays, so that a carriage return is met together with its line feed
    while cut > len(line) - 4 and line[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut
