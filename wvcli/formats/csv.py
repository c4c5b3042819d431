"""Comma-separated values: a line for each word, the word first and then its numbers.

Words may be quoted as RFC 4180 has it, with quotation marks doubled, and may then hold commas and line ends;
quotation marks around numbers are ignored. A heading is skipped with a note, unless the user names a column: see
wvcli/formats/_csv_columns.py. An empty cell is NaN. Read is what `wvcli vector --format csv` prints, and what
pandas, R and spreadsheets save of such a table. Semicolons between cells, and commas in numbers, are not
understood. Written is a heading, and a record for each word. See wvcli/formats/_text.py for the rest of what is
accepted.
"""

import re
from collections import Counter
from itertools import takewhile
from pathlib import Path

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._csv_columns import read_columns
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._headers import BYTE_ORDER_MARK
from wvcli.formats._reading import RowCollector, open_input
from wvcli.formats._text import (
    EXAMINED_LINES,
    LineParser,
    blocks,
    check_contents,
    is_heading,
    read_lines,
    rows_left,
)
from wvcli.reporting import report_note
from wvcli.vectors.decimals import NUMBER, format_rows, parse, tokens
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_RECORD = re.compile(rb'(?:"((?:[^"]|"")*)"|([^",\n]*)),([^\n]*)\n')  # a quoted or plain word, and its numbers
_QUOTED = re.compile(rb'[",\r\n]')  # what a cell without quotation marks cannot hold
_NUMBERS_AT_ONCE = 1 << 14  # written at a time
_USUAL = Reading()


class _Parser(LineParser):
    """Parses blocks of records, a line or more each."""

    @staticmethod
    def end(data: bytes) -> int:
        """Return where in the data the last whole record ends; a quoted word may hold line ends."""
        cut = data.rfind(b"\n") + 1
        while cut and data.count(b'"', 0, cut) % 2:
            cut = data.rfind(b"\n", 0, cut - 1) + 1
        return cut

    def single(self, block: bytes) -> list[bytes]:
        """Return each record of a block, with its end."""
        records, rest = [], b""
        for line in super().single(block):
            rest += line
            if rest.count(b'"') % 2 == 0:
                records.append(rest)
                rest = b""
        return [*records, *super().single(rest)] if rest else records

    def parse(self, block: bytes) -> tuple[list[str], FloatArray]:
        """Return the words of a block of records, and their vectors, float32 [words, dim].

        Raises:
            InputError: a record is not a word and `dim` numbers.
        """
        words, numbers, end = [], [], 0
        while end < len(block) and (record := _RECORD.match(block, end)):
            quoted, plain, cells = record.groups()
            words.append(plain if quoted is None else quoted.replace(b'""', b'"'))
            numbers.append(cells.removesuffix(b"\r"))
            end = record.end()
        if block[end:].strip():
            raise self.error(block.count(b"\n", 0, end), f"expected a word and {self.dim} numbers between commas")
        matrix = self._numbers(block, numbers)
        decoded = self.reading.decode(words)
        if len(decoded) < len(words):
            line = self.number + self._line(block, len(decoded))
            raise self.reading.not_in_encoding(f"{self.path}, line {line}", words[len(decoded)])
        self.number += block.count(b"\n")
        self.rows += len(words)
        return decoded, matrix

    def _numbers(self, block: bytes, rows: list[bytes]) -> FloatArray:
        """Return float32 [records, dim], the numbers of the records of a block."""
        for record, row in enumerate(rows):
            count = row.count(b",") + 1
            if count != self.dim:
                raise self.error(self._line(block, record), f"expected {self.dim} numbers, found {count}")
        if not rows:
            return np.empty((0, self.dim), dtype=np.float32)
        text = b"\n".join(rows) + b"\n"
        is_plain = not any(character in text for character in (b'"', b" ", b"\t"))
        vectors, bad = parse(tokens(text.replace(b",", b" "))) if is_plain else (np.empty(0, np.float32), None)
        if bad is not None or len(vectors) != len(rows) * self.dim:
            text = b"\n".join(self._cleaned(block, record, row) for record, row in enumerate(rows)) + b"\n"
            vectors, _ = parse(tokens(text))
        return vectors.reshape(len(rows), self.dim)

    def _cleaned(self, block: bytes, record: int, row: bytes) -> bytes:
        """Return the cells of a record between spaces, without quotation marks; empty ones are NaN."""
        cells = [_bare(cell) or b"nan" for cell in row.split(b",")]
        for cell in cells:
            if not NUMBER.fullmatch(cell):
                shown = repr(cell[:40].decode(errors="replace"))
                raise self.error(self._line(block, record), f"{shown} is not a number")
        return b" ".join(cells)

    def _line(self, block: bytes, record: int) -> int:
        """Return the line of the block, from 0, in which a record begins."""
        return sum(single.count(b"\n") for single in self.single(block)[:record])


def _bare(cell: bytes) -> bytes:
    return cell.replace(b'"', b"").strip(b" \t")


def _first_rows(text: bytes) -> list[list[bytes]]:
    """Return the cells of the first records of a text; of a line that is not a record, the line."""
    rows: list[list[bytes]] = []
    end = 0
    while end < len(text) and len(rows) < EXAMINED_LINES:
        record = _RECORD.match(text, end)
        if record:
            quoted, plain, cells = record.groups()
            rows.append([plain if quoted is None else quoted, *map(_bare, cells.removesuffix(b"\r").split(b","))])
        else:
            rows.append(list(filter(None, [text[end:].partition(b"\n")[0].removesuffix(b"\r")])))
        end = record.end() if record else text.find(b"\n", end) + 1 or len(text)
    return rows


def _dimensions(rows: list[list[bytes]]) -> int:
    """Return how many numbers most records end with, or 0."""
    counts = Counter(map(_numbers_at_end, filter(None, rows)))
    return counts.most_common(1)[0][0] if counts else 0


def _numbers_at_end(row: list[bytes]) -> int:
    """Return how many numbers a record ends with; empty cells among them are missing ones."""
    cells = list(takewhile(lambda cell: not cell or NUMBER.fullmatch(cell), reversed(row[1:])))
    return len(cells) if any(cells) else 0


def _has_heading(rows: list[list[bytes]], dim: int) -> bool:
    """Whether the first record names the columns: one of them not with a number, or all as a numbered sequence."""
    has_names = not all(NUMBER.fullmatch(cell) or not cell for cell in rows[0][1:])
    return len(rows) > 1 and len(rows[0]) == dim + 1 and (has_names or is_heading(rows, dim))


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    if reading.word_column is not None or reading.vector_column is not None:
        return read_columns(path, limit, reading)
    with open_input(path) as file:
        head = next(blocks(file, path, _Parser.end), b"")
        start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
        rows = _first_rows(head[start:])
        dim = _dimensions(rows)
        if not dim:
            raise InputError(f"{path}, line 1: expected a word and then its numbers, between commas")
        check_contents(path, rows, dim)
        number = 1
        if _has_heading(rows, dim):
            report_note(f"line 1 of {path} is a heading and was skipped")
            number, start = 2, head.index(b"\n", start) + 1
        parser = _Parser(path, dim, None, number, reading)
        most = rows_left(file, start, dim, limit)
        return read_lines(file, parser, RowCollector(path, most, dim, limit)).vectors()


def _sniff(head: bytes) -> bool:
    """Return whether most records end with equally many numbers."""
    end = _Parser.end(head)
    rows = list(filter(None, _first_rows((head[:end] if end else head + b"\n").removeprefix(BYTE_ORDER_MARK))))
    dim = _dimensions(rows)
    matching = [row for row in rows if _numbers_at_end(row) >= dim]
    has_decimals = any(cell and not cell.isdigit() for row in matching for cell in row[-dim:])
    return dim > 0 and 2 * len(matching) > len(rows) and (dim > 1 or has_decimals)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    """Write a heading, `word` and the numbers of the dimensions as `wvcli vector` has it, then the records."""
    step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
    with path.open("wb") as file:
        file.write(",".join(["word", *map(str, range(1, vectors.dim + 1))]).encode() + b"\n")
        for start in range(0, len(vectors), step):
            rows = slice(start, min(start + step, len(vectors)))
            numbers = format_rows(vectors.matrix[rows])
            records = zip(vectors.vocabulary[rows], numbers, strict=True)
            file.write(b"".join([b"%b,%b\n" % (_cell(word), row.replace(b" ", b",")) for word, row in records]))
    return []


def _cell(word: str) -> bytes:
    """Return a word as a cell, quoted if it must be."""
    cell = word.encode()
    return b'"%b"' % cell.replace(b'"', b'""') if _QUOTED.search(cell) else cell


FORMAT = Format(
    name="csv",
    suffixes=(".csv",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    choices=frozenset({"encoding", "word_column", "vector_column"}),
    write=_write,
)
