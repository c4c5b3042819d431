"""Texts in records: a field of JSON, a column of CSV, TSV or Parquet.

Lines that could not be decoded are passed on where they stand among the records.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain
from typing import Any

from wvcli.errors import InputError, MissingExtraError, UsageError
from wvcli.text.lines import BadRecord, Line

_LONGEST_CELL = 2**31 - 1  # characters; the csv module's own limit is 131,072
_SWALLOWED_LINES = 4  # of a cell, from which on it is suspected to be several rows
_PARQUET_ROWS = 10_000  # read at a time


def json_texts(lines: Iterable[Line | BadRecord], field: str) -> Iterator[Line | BadRecord]:
    """Yield the text in a field of each JSON object, one object a line, with the number of the line.

    A field that holds a list of strings, such as tokens, is one text: they stand in it with line feeds between.

    Args:
        lines: the lines; empty ones are skipped.
        field: its name; a dot goes into a nested object.
    """
    path = field.split(".")
    for line in lines:
        if isinstance(line, BadRecord):
            yield line
            continue
        number, text = line
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield BadRecord(number, f"not JSON: {error}")
            continue
        yield from _texts_at(record, path, number)


def json_array_texts(stream: BufferedReader, encoding: str, errors: str, field: str) -> Iterator[Line | BadRecord]:
    """Yield what `json_texts` does, from one JSON array, which is read whole; items are numbered, not lines."""
    try:
        records = json.loads(stream.read().decode(encoding, errors))
    except (ValueError, RecursionError) as error:
        yield BadRecord(1, f"not JSON: {error}")
        return
    for number, record in enumerate(records, 1):
        yield from _texts_at(record, field.split("."), number)


def _texts_at(record: Any, path: list[str], number: int) -> Iterator[Line | BadRecord]:
    """Yield the texts that a path of keys leads to; none where it leads to null."""
    field = ".".join(path)
    value = record
    for key in path:
        if not isinstance(value, dict) or key not in value:
            found = ", ".join(map(str, value)) if isinstance(value, dict) else f"a {type(value).__name__}"
            yield BadRecord(number, f"no field {field!r} (found: {found})")
            return
        value = value[key]
    if isinstance(value, str):
        yield number, value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield number, "\n".join(value)
    elif value is not None:
        yield BadRecord(number, f"the field {field!r} is not text but {json.dumps(value)[:40]}")


def table_texts(lines: Iterable[Line | BadRecord], column: str, delimiter: str) -> Iterator[Line | BadRecord]:
    """Yield the cells of one column of CSV or TSV, each with the number of the line that its row ends in.

    In TSV a quotation mark is a character like any other.

    Args:
        lines: the lines, the first of which names the columns.
        column: one of these names, or the number of a column, from 1, in a table whose first line names none.
        delimiter: what stands between cells: a tab in TSV.

    Raises:
        UsageError: there is no such column.
    """
    index: int | None = None
    width = 0
    source = _CsvLines(lines)
    for row in _rows(source, delimiter):
        if isinstance(row, BadRecord):
            yield row
            continue
        if index is None:
            if row.is_open:
                yield source.refused(row, width, delimiter, _UNCLOSED)
                continue
            index, width = _column_index(row.cells, column), len(row.cells)
            if row.cells[index] != column:
                yield row.number, row.cells[index]
        elif row.is_open or _has_swallowed_rows(row, width, delimiter):
            yield source.refused(row, width, delimiter, _UNCLOSED)
        elif any(cell.strip() for cell in row.cells[width:]):
            what = f"{len(row.cells)} cells where the heading has {width}"
            yield source.refused(row, width, delimiter, what, _hint_for(delimiter))
        elif len(row.cells) > index:
            yield row.number, row.cells[index]
        elif row.cells:
            yield BadRecord(row.number, f"{len(row.cells)} columns where {index + 1} are needed")


_UNCLOSED = "a quotation mark opens a cell here and is not closed before other rows follow"


def _hint_for(delimiter: str) -> str:
    """Return how to write a cell that holds a delimiter."""
    if delimiter == "\t":
        return "a cell of TSV cannot hold a tab"
    return "put a cell that holds a comma in quotation marks, and double those inside it"


@dataclass(frozen=True)
class _Row:
    """A row of a table.

    Attributes:
        cells: what is in it.
        lines: the lines that it takes up, with their numbers.
        is_open: whether a quotation mark in it is open still when the lines end.
    """

    cells: list[str]
    lines: list[Line]
    is_open: bool

    @property
    def number(self) -> int:
        """The number of its last line."""
        return self.lines[-1][0]

    def opening(self) -> int:
        """Return which of its lines opens the last cell of several lines."""
        for which in range(len(self.lines) - (0 if self.is_open else 1) - 1, 0, -1):
            # It begins and ends within quotation marks: a single mark closes one cell, and the next opens another.
            if '"' in self.lines[which][1].replace('""', ""):
                return which
        return 0


def _has_swallowed_rows(row: _Row, width: int, delimiter: str) -> bool:
    """Whether a cell of several lines is many rows, between two quotation marks that do not belong together.

    The second mark is then followed by more than a delimiter, as it was to open a cell; or each of the lines is a
    row if quotation marks are characters like any other.
    """
    if len(row.lines) == 1:
        return False
    lines = [text for _, text in row.lines[row.opening() :]]
    try:
        list(csv.reader((f"{text}\n" for _, text in row.lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return width > 1 and len(lines) >= _SWALLOWED_LINES and _are_rows(lines, width, delimiter)


def _are_rows(lines: Iterable[str], width: int, delimiter: str) -> bool:
    """Whether each line has as many cells as the heading, none with a space before it, as a comma in prose has."""
    return all(line.count(delimiter) == width - 1 and f"{delimiter} " not in line for line in lines)


class _CsvLines:
    """Lines as the csv module wants them, while what it cannot say of them is kept.

    Its own count of lines leaves out the bad ones.

    Attributes:
        row: the lines read since the last row ended.
        bad: lines met that could not be decoded.
        is_at_end: whether another line was asked for when there was none.
    """

    def __init__(self, lines: Iterable[Line | BadRecord]) -> None:
        self._lines = iter(lines)
        self.row: list[Line] = []
        self.bad: list[BadRecord] = []
        self.is_at_end = False

    def __iter__(self) -> "_CsvLines":
        return self

    def __next__(self) -> str:
        for line in self._lines:
            if not isinstance(line, BadRecord):
                self.row.append(line)
                return f"{line[1]}\n"
            self.bad.append(line)
        self.is_at_end = True
        raise StopIteration

    def refused(self, row: _Row, width: int, delimiter: str, what: str, hint: str = "") -> BadRecord:
        """Return what is wrong with a row; where it swallowed others, these are read again."""
        first = row.opening()
        rest = row.lines[first + 1 :]
        inside = rest if row.is_open else rest[:-1]
        if (inside or what is _UNCLOSED) and _are_rows((text for _, text in inside), width, delimiter):
            self._lines = chain(rest, self._lines)
            self.is_at_end = False
        return BadRecord(row.lines[first][0], what, hint)


def _rows(source: _CsvLines, delimiter: str) -> Iterator[_Row | BadRecord]:
    """Yield each row, and whatever cannot be read."""
    # The limit holds for the whole process. It stays as it is set here: readers in two threads that each put back
    # what they found would spoil each other's.
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(
        source, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    )
    row: _Row | BadRecord
    while True:
        try:
            cells = next(reader)
            row = _Row(cells, source.row, source.is_at_end)
        except csv.Error as error:
            row = BadRecord(source.row[0][0], str(error))
        except StopIteration:
            break
        source.row = []
        yield from source.bad
        source.bad.clear()
        yield row
    yield from source.bad


def _column_index(header: list[str], column: str) -> int:
    if column in header:
        return header.index(column)
    if column.isdigit() and 1 <= int(column) <= len(header):
        return int(column) - 1
    raise _no_column(column, header)


def _no_column(column: str, names: list[str]) -> UsageError:
    return UsageError(f"there is no column {column!r} (found: {', '.join(names)})")


def parquet_texts(file: Any, column: str) -> Iterator[Line | BadRecord]:
    """Yield the texts of one column of a Parquet file, each with the number of its row, from 1; needs pyarrow.

    Args:
        file: a path, or an open file that can seek.
        column: its name.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UsageError: there is no such column.
        InputError: the file is damaged.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("reading Parquet", "parquet") from error
    try:
        table = parquet.ParquetFile(file)
        if column not in table.schema_arrow.names:
            raise _no_column(column, table.schema_arrow.names)
        row = 0
        for batch in table.iter_batches(_PARQUET_ROWS, columns=[column]):
            for value in batch.column(0).to_pylist():
                row += 1
                if isinstance(value, str):
                    yield row, value
                elif value is not None:
                    yield BadRecord(row, f"the column {column!r} is not text but {value!r:.40}")
    except pyarrow.ArrowException as error:
        raise InputError(f"the Parquet file is damaged: {error}") from error
