"""Texts in records: fields of JSON, columns of CSV, TSV or Parquet.

With several fields or columns, each of them is a text of its own, so that the last word of a title is no context
of the first one below it; all texts of a record have its number. Or they are read apart, such as a label and a
text: then they are one line with `VALUE_END` between the values, and an empty one keeps its place. Lines that
could not be decoded are passed on where they stand among the records.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from itertools import chain
from threading import RLock
from typing import Any

from wvcli.errors import UsageError
from wvcli.system.arrow import import_arrow, input_errors
from wvcli.text.lines import BadRecord, Line, Noun

VALUE_END = "\x1f"  # the unit separator of ASCII: between values that are read apart
ITEM_END = "\x1e"  # its record separator: between the items of a list among them

_LONGEST_CELL = 2**31 - 1  # characters; the csv module's own limit is 131,072
_SWALLOWED_LINES = 4  # of a cell, from which on it is suspected to be several rows
_LONGEST_ROW = 1000  # lines of a row of TSV
_PARQUET_ROWS = 10_000  # read at a time


def json_texts(
    lines: Iterable[Line | BadRecord], fields: Sequence[str], apart: bool = False
) -> Iterator[Line | BadRecord]:
    """Yield the texts in the fields of each JSON record, one record a line, with the number of the line.

    A list of strings or numbers there, such as tokens, is one text: they stand in it with line feeds between. A
    list of such lists is several texts.

    Args:
        lines: the lines; empty ones are skipped.
        fields: their names; a dot goes into a nested object, or into each object of a list. None at all where the
            records are no objects but texts themselves.
        apart: read the fields apart; numbers and booleans there are texts, too.
    """
    paths = _paths_of(fields)
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
        yield from _texts_in(record, paths, number, apart=apart)


def json_value_texts(
    stream: BufferedReader, encoding: str, errors: str, fields: Sequence[str], apart: bool = False
) -> Iterator[Line | BadRecord]:
    """Yield what `json_texts` does, from one JSON value, which is read whole.

    It is an array of records, which are numbered, or a single record.
    """
    try:
        value = json.loads(stream.read().decode(encoding, errors))
    except (ValueError, RecursionError) as error:
        yield BadRecord(1, f"not JSON: {error}")
        return
    yield from value_texts(value if isinstance(value, list) else [value], fields, apart)


def value_texts(values: Iterable[Any], fields: Sequence[str], apart: bool = False) -> Iterator[Line | BadRecord]:
    """Yield what `json_texts` does, from values that JSON could hold, which are numbered from 1."""
    paths = _paths_of(fields)
    for number, value in enumerate(values, 1):
        yield from _texts_in(value, paths, number, "item", apart=apart)


def _paths_of(fields: Sequence[str]) -> list[list[str]]:
    return [field.split(".") for field in fields] or [[]]


def _texts_in(
    record: Any,
    paths: Sequence[list[str]],
    number: int,
    noun: Noun = "line",
    what: str = "field",
    apart: bool = False,
) -> list[Line | BadRecord]:
    """Return the texts that paths of keys lead to, one path after the other; of several paths, none that is empty.

    Where anything is wrong with one of several, that alone is returned, for the record is bad as a whole.

    Args:
        record: in which they begin.
        paths: the keys of each; a list on the way is followed into each of its items.
        number: of the record.
        noun: what the record is called in messages.
        what: such a path is called in messages.
        apart: read them apart.
    """
    found: list[Line | BadRecord] = []
    try:
        for path in paths:
            name = ".".join(path)
            of_path = list(_texts_at(record, path, number, f"{what} {name!r}" if path else "", apart))
            for each in [_value(of_path, number)] if apart else of_path:
                if isinstance(each, BadRecord) and isinstance(record, dict):
                    hint = _hint_at_several(what, name, lambda part: part.partition(".")[0] in record)
                    each = replace(each, hint=hint)
                found.append(each)
    except RecursionError:
        found = [BadRecord(number, "it is nested too deeply")]
    found = [replace(each, noun=noun) if isinstance(each, BadRecord) else each for each in found]
    if len(paths) == 1:
        return found
    bad = next((each for each in found if isinstance(each, BadRecord)), None)
    if bad is not None:
        return [bad]
    texts = [each for each in found if not isinstance(each, BadRecord)]
    if apart:
        return [(number, VALUE_END.join(text for _, text in texts))]
    return [each for each in texts if each[1]]


def _value(found: list[Line | BadRecord], number: int) -> Line | BadRecord:
    """Return what one path leads to as one value, which is empty where it leads to null."""
    bad = next((each for each in found if isinstance(each, BadRecord)), None)
    if bad is not None:
        return bad
    return number, ITEM_END.join(each[1] for each in found if not isinstance(each, BadRecord))


def _texts_at(
    value: Any, path: list[str], number: int, name: str, apart: bool = False
) -> Iterator[Line | BadRecord]:
    """Do as `_texts_in` does; `name` is what the whole path is called."""
    for depth, key in enumerate(path):
        if isinstance(value, list):
            for item in value:
                yield from _texts_at(item, path[depth:], number, name, apart)
            return
        if value is None:
            return
        if not isinstance(value, dict) or key not in value:
            found = ", ".join(map(str, value)) if isinstance(value, dict) else f"a {type(value).__name__}"
            yield BadRecord(number, f"no {name} (found: {found})")
            return
        value = value[key]
    if apart and isinstance(value, int | float):
        yield number, json.dumps(value)
    elif _is_text(value):
        yield number, _text_of(value, ITEM_END if apart else "\n")
    elif isinstance(value, list) and all(isinstance(item, list) and _is_text(item) for item in value):
        yield from ((number, _text_of(item)) for item in value)
    elif value is not None:
        shown = json.dumps(value, ensure_ascii=False, default=str)[:40]
        yield BadRecord(number, f"the {name} is not text but {shown}" if name else f"not text but {shown}")


def _is_text(value: Any) -> bool:
    """Whether a value is a string, or a list of strings and numbers."""
    if isinstance(value, list):
        return all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in value)
    return isinstance(value, str)


def _text_of(value: Any, between: str = "\n") -> str:
    """Return a string, or the items of a list with line feeds between."""
    return value if isinstance(value, str) else between.join(map(str, value))


def table_texts(
    lines: Iterable[Line | BadRecord],
    columns: Sequence[str],
    delimiter: str,
    other: str | None = None,
    apart: bool = False,
) -> Iterator[Line | BadRecord]:
    """Yield the texts in columns of each row of CSV or TSV, with the number of the line that the row ends in.

    In TSV a quotation mark is a character like any other, except where it opens a cell of several lines, as Excel
    and pandas write it.

    Args:
        lines: the lines, the first of which names the columns.
        columns: some of these names, or numbers of columns, from 1, in a table whose first line names none.
        delimiter: what stands between cells: a tab in TSV.
        other: what may stand between them if there is no such column.
        apart: read the columns apart.

    Raises:
        UsageError: there is no such column.
    """
    indices: list[int] = []
    width = 0
    source = _CsvLines(lines)
    for row in _rows(source, delimiter):
        if isinstance(row, BadRecord):
            yield row
            continue
        if not indices:
            if row.is_open:
                yield source.refused(row, width, delimiter, _UNCLOSED)
                continue
            heading = _unquoted(row.cells)
            indices, width = [_column_index(heading, column, other) for column in columns], len(heading)
            source.width = width
            if all(heading[index] != column for index, column in zip(indices, columns, strict=True)):
                yield from _texts_in_cells(row, indices, apart)
        elif row.is_open or _has_swallowed_rows(row, width, delimiter):
            yield source.refused(row, width, delimiter, _UNCLOSED)
        elif any(cell.strip() for cell in row.cells[width:]):
            what = f"{len(row.cells)} cells where the heading has {width}"
            yield source.refused(row, width, delimiter, what, _hint_for(delimiter))
        elif len(row.cells) > max(indices):
            yield from _texts_in_cells(row, indices, apart)
        elif row.cells:
            yield BadRecord(row.number, f"{len(row.cells)} columns where {max(indices) + 1} are needed")


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


def _texts_in_cells(row: _Row, indices: list[int], apart: bool) -> list[Line]:
    """Return the texts in some of the cells of a row that are not empty, or one empty text where all are.

    Read apart, the cells are one text with `VALUE_END` between.
    """
    if apart:
        return [(row.number, VALUE_END.join(row.cells[index] for index in indices))]
    texts = [row.cells[index] for index in indices if row.cells[index]]
    return [(row.number, text) for text in texts or [""]]


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
        width: cells of the heading; 0 before it is read.
    """

    def __init__(self, lines: Iterable[Line | BadRecord]) -> None:
        self._lines = iter(lines)
        self.row: list[Line] = []
        self.bad: list[BadRecord] = []
        self.is_at_end = False
        self.width = 0

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

    def cell_of_several_lines(self) -> list[str] | None:
        """Return the cells of a row of TSV that goes on after its first line, which is the last one read.

        It does if that line opens a cell with a quotation mark, which is closed before there are more tabs than a
        row has. Otherwise what follows is still to be read.
        """
        if _cells_of(self.row, "\t") is not None:
            return None
        lines = list(self.row)
        tabs = lines[0][1].count("\t")
        for line in self._lines:
            tabs += 0 if isinstance(line, BadRecord) else line[1].count("\t")
            if isinstance(line, BadRecord) or tabs >= self.width or len(lines) == _LONGEST_ROW:
                self._lines = chain(lines[1:], [line], self._lines)
                return None
            lines.append(line)
            if '"' in line[1] and (cells := _cells_of(lines, "\t")) is not None:
                if len(cells) != self.width:
                    break
                self.row = lines
                return cells
        self._lines = chain(lines[1:], self._lines)
        return None

    def refused(self, row: _Row, width: int, delimiter: str, what: str, hint: str = "") -> BadRecord:
        """Return what is wrong with a row; where it swallowed others, these are read again."""
        first = row.opening()
        rest = row.lines[first + 1 :]
        inside = rest if row.is_open else rest[:-1]
        if (inside or what is _UNCLOSED) and _are_rows((text for _, text in inside), width, delimiter):
            self._lines = chain(rest, self._lines)
            self.is_at_end = False
        return BadRecord(row.lines[first][0], what, hint)


class _RaisedLimit:
    """Raises the csv module's limit on the length of a cell within a block.

    The limit holds for the whole process. Blocks may overlap, in several threads too: the last to end restores it.
    """

    def __init__(self) -> None:
        self._lock = RLock()  # a collected reader may end its block while another begins, in the same thread
        self._blocks = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = csv.field_size_limit()
                csv.field_size_limit(max(self._before, _LONGEST_CELL))
            self._blocks += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                csv.field_size_limit(self._before)


_CELLS_OF_ANY_LENGTH = _RaisedLimit()


def _rows(source: _CsvLines, delimiter: str) -> Iterator[_Row | BadRecord]:
    """Yield each row, and whatever cannot be read."""
    with _CELLS_OF_ANY_LENGTH:
        yield from _tsv_rows(source) if delimiter == "\t" else _csv_rows(source, delimiter)


def _csv_rows(source: _CsvLines, delimiter: str) -> Iterator[_Row | BadRecord]:
    """Do as `_rows` does for CSV."""
    reader = csv.reader(source, delimiter=delimiter)
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


def _tsv_rows(source: _CsvLines) -> Iterator[_Row | BadRecord]:
    """Yield what `_rows` does, from lines whose cells stand between tabs."""
    for line in source:
        cells = line[:-1].split("\t") if line != "\n" else []
        if source.width > 1 and (line.startswith('"') or '\t"' in line):
            cells = source.cell_of_several_lines() or cells
        row = _Row(cells, source.row, is_open=False)
        source.row = []
        yield from source.bad
        source.bad.clear()
        yield row
    yield from source.bad


def _cells_of(lines: list[Line], delimiter: str) -> list[str] | None:
    """Return the cells of a row in these lines; None if a cell is open still at their end, or they are none."""
    try:
        [cells] = csv.reader((f"{text}\n" for _, text in lines), delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return cells


def _unquoted(heading: list[str]) -> list[str]:
    """Return the names of columns without quotation marks around them."""
    return [name[1:-1].replace('""', '"') if re.fullmatch('"[^"]+"', name) else name for name in heading]


def _column_index(header: list[str], column: str, other: str | None) -> int:
    if column in header:
        return header.index(column)
    if column.isdigit() and 1 <= int(column) <= len(header):
        return int(column) - 1
    raise _no_column(column, header, other)


def _no_column(column: str, names: list[str], other: str | None = None) -> UsageError:
    name = "tab" if other == "\t" else f"'{other}'"
    return UsageError(
        f"there is no column {column!r} (found: {', '.join(names)})",
        f"if {name} stands between the columns, add `delimiter={name}`"
        if other
        else _hint_at_several("column", column, {*names, *map(str, range(1, len(names) + 1))}.__contains__),
    )


def _hint_at_several(what: str, name: str, is_known: Callable[[str], bool]) -> str:
    """Return how to name several columns or fields, if a name seems to be a list of them; else nothing."""
    parts = [part.strip() for part in name.split(",")]
    if len(parts) < 2 or not all(map(is_known, parts)):
        return ""
    return f"name each of several by itself: {' '.join(f'`{what}={part}`' for part in parts)}"


def parquet_texts(
    file: Any, columns: Sequence[str], name: str, apart: bool = False, groups: range | None = None
) -> Iterator[Line | BadRecord]:
    """Yield the texts of columns of a Parquet file, each with the number of its row, from 1; needs pyarrow.

    Args:
        file: a path, or an open file that can seek.
        columns: their names; a dot goes into a struct, or into each struct of a list.
        name: what messages call the file.
        apart: read the columns apart.
        groups: the row groups that are read; None for all.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UsageError: there is no such column.
        InputError: the file is damaged.
    """
    arrow = import_arrow("reading Parquet")
    from pyarrow import parquet

    with input_errors(name, arrow):
        table = parquet.ParquetFile(file)
        read, paths = _columns_to_read(table, columns)
        groups = range(table.num_row_groups) if groups is None else groups
        row = sum(table.metadata.row_group(number).num_rows for number in range(groups.start))
        for batch in table.iter_batches(_PARQUET_ROWS, row_groups=groups, columns=read):
            names = batch.schema.names
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                if len(values) == 1 and isinstance(values[0], str):
                    yield row, values[0]
                else:
                    record = dict(zip(names, values, strict=True))
                    yield from _texts_in(record, paths, row, "row", "column", apart)


def row_group_bytes(file: Any, columns: Sequence[str], name: str) -> list[int]:
    """Return how many bytes the columns take in each row group of a Parquet file, unpacked.

    Args and errors are as for `parquet_texts`.
    """
    arrow = import_arrow("reading Parquet")
    from pyarrow import parquet

    with input_errors(name, arrow):
        table = parquet.ParquetFile(file)
        read, _ = _columns_to_read(table, columns)
        groups = [table.metadata.row_group(number) for number in range(table.num_row_groups)]
        return [
            sum(
                chunk.total_uncompressed_size
                for chunk in map(group.column, range(group.num_columns))
                if any(f"{chunk.path_in_schema}.".startswith(f"{column}.") for column in read)
            )
            for group in groups
        ]


def _columns_to_read(table: Any, columns: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return which columns of an open Parquet file hold others, and the keys that lead to these.

    Raises:
        UsageError: there is no such column.
    """
    known = {inner: path for field in table.schema_arrow for inner, path in _columns_in(field)}
    for column in columns:
        if column not in known:
            raise _no_column(column, list(known))
    leaves = {table.schema.column(number).path for number in range(len(table.schema))}
    read = [column if column in leaves else known[column][0] for column in columns]
    return read, [known[column] for column in columns]


def _columns_in(field: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of a column of Parquet and of all within it, each with the keys that lead there."""
    yield field.name, [field.name]
    kind = field.type
    while hasattr(kind, "value_type"):  # of the items of a list
        kind = kind.value_type
    if hasattr(kind, "fields"):
        for inner in kind.fields:
            for name, path in _columns_in(inner):
                yield f"{field.name}.{name}", [field.name, *path]
