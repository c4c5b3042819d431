"""Texts in records: a field of JSON Lines, a column of CSV or TSV or Parquet."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

from wvcli.errors import InputError, MissingExtraError, UsageError

_LONGEST_CELL = 2**31 - 1  # characters; the csv module's own limit is 131,072
_PARQUET_ROWS = 10_000  # read at a time


@dataclass(frozen=True)
class Bad:
    """A record that cannot be used.

    Attributes:
        line: where, from 1; for Parquet the row.
        what: what is wrong with it.
        hint: what to do about it.
    """

    line: int
    what: str
    hint: str = ""


Line = tuple[int, str]  # a text and where it is, from 1


def json_texts(lines: Iterable[Line], field: str) -> Iterator[Line | Bad]:
    """The text at `field` of each JSON object, one a line, with its line; a dot goes into a nested object.

    A field that holds a list of texts gives each of them.
    """
    path = field.split(".")
    for number, line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Bad(number, f"not JSON: {error}")
            continue
        yield from _texts_at(record, path, number)


def json_array_texts(stream: BufferedReader, encoding: str, errors: str, field: str) -> Iterator[Line | Bad]:
    """As `json_texts`, from a file that is one JSON array; it is read whole. Places are items, not lines."""
    try:
        records = json.loads(stream.read().decode(encoding, errors))
    except (ValueError, RecursionError) as error:
        yield Bad(1, f"not JSON: {error}")
        return
    for number, record in enumerate(records, 1):
        yield from _texts_at(record, field.split("."), number)


def _texts_at(record: Any, path: list[str], number: int) -> Iterator[Line | Bad]:
    value = record
    for key in path:
        if not isinstance(value, dict) or key not in value:
            known = ", ".join(map(str, value)) if isinstance(value, dict) else f"a {type(value).__name__}"
            yield Bad(number, f"no field {'.'.join(path)}", f"there is: {known}")
            return
        value = value[key]
    if isinstance(value, str):
        yield number, value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield from ((number, item) for item in value)
    elif value is not None:
        yield Bad(number, f"the field {'.'.join(path)} holds no text but {json.dumps(value)[:40]}")


def table_texts(lines: Iterable[Line], column: str, delimiter: str) -> Iterator[Line | Bad]:
    """The cells of one column of CSV, or of TSV, where quotes are text like any other, with the line they end in.

    Args:
        lines: the lines, the first of which names the columns.
        column: a name of that line, or the number of a column, from 1, in a table without names.
        delimiter: what stands between cells.

    Raises:
        UsageError: there is no such column.
    """
    csv.field_size_limit(_LONGEST_CELL)
    place = -1
    for number, row in _rows(lines, delimiter):
        if isinstance(row, str):
            yield Bad(number, row)
        elif place < 0:
            place = _place(row, column)
            if row[place] != column:
                yield number, row[place]
        elif len(row) > place:
            yield number, row[place]
        elif row:
            yield Bad(number, f"{len(row)} columns where {place + 1} are needed")


def _rows(lines: Iterable[Line], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Rows with the number of their last line; a row that cannot be parsed is told as a string."""
    number = 0

    def numbered() -> Iterator[str]:
        nonlocal number
        for number, line in lines:  # noqa: B007 - it is read outside
            yield f"{line}\n"

    rows = (
        csv.reader(numbered(), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        if delimiter == "\t"
        else csv.reader(numbered(), delimiter=delimiter)
    )
    while True:
        try:
            row = next(rows)
            yield number, row
        except StopIteration:
            return
        except csv.Error as error:
            yield number, str(error)


def _place(header: list[str], column: str) -> int:
    if column in header:
        return header.index(column)
    if column.isdigit() and 1 <= int(column) <= len(header):
        return int(column) - 1
    raise UsageError(f"there is no column {column!r}", f"there is: {', '.join(header)}")


def parquet_texts(file: Any, column: str) -> Iterator[Line | Bad]:
    """The texts of one column of a Parquet file with their rows, from 1; needs pyarrow.

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
            raise UsageError(f"there is no column {column!r}", f"there is: {', '.join(table.schema_arrow.names)}")
        row = 0
        for batch in table.iter_batches(_PARQUET_ROWS, columns=[column]):
            for value in batch.column(0).to_pylist():
                row += 1
                if isinstance(value, str):
                    yield row, value
                elif value is not None:
                    yield Bad(row, f"the column {column} holds no text but {value!r:.40}")
    except pyarrow.ArrowException as error:
        raise InputError(f"the Parquet file is damaged: {error}") from error
