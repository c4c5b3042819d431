"""Texts in records: a field of JSON, a column of CSV, TSV or Parquet.

Lines that could not be decoded are passed on where they stand among the records.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from io import BufferedReader
from typing import Any

from wvcli.errors import InputError, MissingExtraError, UsageError
from wvcli.text.lines import BadRecord, Line

_LONGEST_CELL = 2**31 - 1  # characters; the csv module's own limit is 131,072
_PARQUET_ROWS = 10_000  # read at a time


def json_texts(lines: Iterable[Line | BadRecord], field: str) -> Iterator[Line | BadRecord]:
    """Yield the text in a field of each JSON object, one object a line, with the number of the line.

    A field that holds a list of texts yields each of them.

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
        yield from ((number, item) for item in value)
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
    for row in _rows(lines, delimiter):
        if isinstance(row, BadRecord):
            yield row
            continue
        number, cells = row
        if index is None:
            index = _column_index(cells, column)
            if cells[index] != column:
                yield number, cells[index]
        elif len(cells) > index:
            yield number, cells[index]
        elif cells:
            yield BadRecord(number, f"{len(cells)} columns where {index + 1} are needed")


class _CsvLines:
    """Lines as the csv module wants them, while what it cannot say of them is kept.

    Its own count of lines leaves out the bad ones.

    Attributes:
        number: of the line that was read last.
        bad: lines met that could not be decoded.
    """

    def __init__(self, lines: Iterable[Line | BadRecord]) -> None:
        self._lines = lines
        self.number = 0
        self.bad: list[BadRecord] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if isinstance(line, BadRecord):
                self.bad.append(line)
            else:
                self.number, text = line
                yield f"{text}\n"


def _rows(lines: Iterable[Line | BadRecord], delimiter: str) -> Iterator[tuple[int, list[str]] | BadRecord]:
    """Yield the cells of each row with the number of its last line, and whatever cannot be read."""
    # The limit holds for the whole process. It stays as it is set here: readers in two threads that each put back
    # what they found would spoil each other's.
    csv.field_size_limit(_LONGEST_CELL)
    source = _CsvLines(lines)
    reader = csv.reader(
        source, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    )
    row: tuple[int, list[str]] | BadRecord
    while True:
        try:
            cells = next(reader)
            row = source.number, cells
        except csv.Error as error:
            row = BadRecord(source.number, str(error))
        except StopIteration:
            break
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
