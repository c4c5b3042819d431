"""Write to stdout, as no other module does: tables for a person, lines and JSON for a program."""

import csv
import io
import json
import math
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from wvcli.cli.streams.columns import DECIMALS, Column, Row, cell, is_vector, number_texts, on_one_line
from wvcli.cli.streams.stderr import UNSAFE, styles, visible
from wvcli.errors import WvcliError, reason
from wvcli.text.passages import Passage

if TYPE_CHECKING:
    from rich.console import Console

_TOGETHER = 4_096  # rows written as text at a time

OutputFormat = Literal["auto", "table", "tsv", "csv", "json", "jsonl", "plain"]


class ReaderGone(Exception):
    """The reader of our output has stopped reading, as `head` does; there is nothing left to do."""


class Writer(ABC):
    """Writes rows in one format; rows may come in several batches, each of which is flushed.

    Rows hold strings, integers, floats, booleans, None, passages, lists of words (an array in JSON, elsewhere
    separated by spaces), or a vector (float32 [dim]) as their last value.

    Attributes:
        has_header_by_default: whether the names of the columns come first if the user says nothing about it.
    """

    has_header_by_default = False

    def __init__(self, columns: Sequence[Column], header: bool = False) -> None:
        self.columns = columns
        self.header = header

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: object, *details: object) -> None:
        if kind is None:
            self.close()

    @abstractmethod
    def write(self, rows: Iterable[Row]) -> None:
        """Write a batch of rows."""

    def close(self) -> None:  # noqa: B027 - a table ends with its last row
        """Write what ends the output."""


class _Lines(Writer):
    """A format for programs: each row is text of its own, between an opening and an ending."""

    separator = ""
    ending = ""

    def __init__(self, columns: Sequence[Column], header: bool = False) -> None:
        super().__init__(columns, header)
        self._shown = [index for index, column in enumerate(columns) if not column.table_only]
        self.names = [columns[index].name for index in self._shown]
        self.is_terminal = sys.stdout.isatty()
        self._is_open = False

    def write(self, rows: Iterable[Row]) -> None:
        text = "".join(map(self._next, rows))
        if text:
            _put(text)

    def _next(self, row: Row) -> str:
        values = [row[index] for index in self._shown]
        before = self.separator if self._is_open else self.opening(values)
        self._is_open = True
        return before + self.line(values)

    def close(self) -> None:
        if text := ("" if self._is_open else self.opening(None)) + self.ending:
            _put(text)

    def opening(self, first: Row | None) -> str:
        """Return what stands before the rows, the first of which has these values; None if there is no row."""
        return ""

    @abstractmethod
    def line(self, values: Row) -> str:
        """Return one row as text."""


class _Tsv(_Lines):
    def opening(self, first: Row | None) -> str:
        if not self.header:
            return ""
        if first is None or not is_vector(first[-1]):
            return self.joined(self.names)
        return self.joined([*self.names[:-1], *(str(number) for number in range(1, len(first[-1]) + 1))])

    def write(self, rows: Iterable[Row]) -> None:
        remaining = iter(rows)
        text = ""
        while grid := list(islice(remaining, _TOGETHER)):
            if is_vector(grid[0][-1]):
                text += "".join(map(self._next, grid))
                continue
            if not self._is_open:
                text, self._is_open = self.opening(grid[0]), True
            values = list(zip(*grid, strict=True))
            text += self.lines([_cells(values[index]) for index in self._shown])
        if text:
            _put(text)

    def line(self, values: Row) -> str:
        return self.joined(_flat(values))

    def lines(self, columns: Sequence[Sequence[str]]) -> str:
        """Return columns of cells as lines."""
        shown = (_each(visible if self.is_terminal else on_one_line, cells) for cells in columns)
        return "\n".join([*map("\t".join, zip(*shown, strict=True)), ""])

    def joined(self, cells: Sequence[str]) -> str:
        """Return cells as one line."""
        return self.lines([[cell] for cell in cells])


class _Csv(_Tsv):
    has_header_by_default = True  # most that read CSV take its first line for names

    def lines(self, columns: Sequence[Sequence[str]]) -> str:
        text = io.StringIO()
        shown = [map(visible, cells) for cells in columns] if self.is_terminal else columns
        csv.writer(text, lineterminator="\n").writerows(zip(*shown, strict=True))
        return text.getvalue()


class _Plain(_Lines):
    def line(self, values: Row) -> str:
        cells = _flat(values)
        return " ".join(map(visible, cells) if self.is_terminal else cells) + "\n"


class _JsonLines(_Lines):
    def line(self, values: Row) -> str:
        return self.object(values) + "\n"

    def object(self, values: Row) -> str:
        """Return a row as a JSON object."""
        return _json(dict(zip(self.names, map(_json_value, values), strict=True)))


class _Json(_JsonLines):
    separator = ",\n "
    ending = "]\n"

    def opening(self, first: Row | None) -> str:
        return "["

    def line(self, values: Row) -> str:
        return self.object(values)


class _Table(Writer):
    def write(self, rows: Iterable[Row]) -> None:
        from wvcli.cli.streams.tables import draw  # programs do without

        if grid := list(rows):
            _put(draw(self.columns, grid, _console()))


_WRITERS: dict[str, type[Writer]] = {
    "table": _Table,
    "tsv": _Tsv,
    "csv": _Csv,
    "json": _Json,
    "jsonl": _JsonLines,
    "plain": _Plain,
}


def resolve_format(format: OutputFormat) -> str:
    """Return `format`, with `auto` resolved: a table at a terminal, TSV in a pipe."""
    if format != "auto":
        return format
    return "table" if sys.stdout.isatty() else "tsv"


def writer(columns: Sequence[Column], format: OutputFormat, header: bool | None = None) -> Writer:
    """Return a writer of rows with these columns.

    Args:
        columns: of the rows.
        format: of the output.
        header: whether TSV and CSV begin with the names of the columns; None is the habit of the format.
    """
    kind = _WRITERS[resolve_format(format)]
    return kind(columns, kind.has_header_by_default if header is None else header)


def write_object(values: dict[str, Any], format: OutputFormat) -> None:
    """Write one object, as JSON or as rows of key and value; the keys of nested objects are joined with dots."""
    if format == "auto" and not sys.stdout.isatty():
        format = "json"
    if format == "json":
        _put(_shown_json(json.dumps(values, ensure_ascii=False, indent=2)) + "\n")
    elif format == "jsonl":
        _put(_json(values) + "\n")
    else:
        with writer([Column("key"), Column("value")], format) as out:
            out.write(_dotted(values))


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout.isatty()


def line(text: str) -> None:
    """Write one line of data."""
    _put((visible(text) if sys.stdout.isatty() else text) + "\n")


def data(lines: bytes) -> None:
    """Write lines of data that are made already, for a program: to a terminal they would have to be made safe."""
    _put(lines.decode("utf-8", "surrogateescape"))


def text(text: str) -> None:
    """Write lines of the program's own text, as they are."""
    _put(text + "\n")


def _dotted(values: dict[str, Any], prefix: str = "") -> list[Row]:
    rows: list[Row] = []
    for key, value in values.items():
        if isinstance(value, dict):
            rows += _dotted(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, value if value is None or isinstance(value, str) else _json(value)))
    return rows


def _put(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        discard_stdout()
        if isinstance(error, BrokenPipeError):
            raise ReaderGone from error
        raise WvcliError(f"cannot write to stdout: {reason(error)}") from error


def discard_stdout() -> None:
    """Drop what is buffered for a stdout that failed, lest it fail again when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush_or_discard() -> bool:
    """Write what is buffered for stdout, or drop it if stdout fails; return whether it was written."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_stdout()
        return False
    return True


def _console() -> "Console":
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal or "COLUMNS" in os.environ else 100
    return Console(color_system=styles(terminal), width=width, markup=False, emoji=False, highlight=False)


def _cells(values: Sequence[Any]) -> Sequence[str]:
    """Return the values of a column as text for programs, many at once."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {float}:
        return [f"{value:.{DECIMALS}f}" for value in values]
    return list(map(cell, values))


def _each(shown: Callable[[str], str], cells: Sequence[str]) -> Sequence[str]:
    """Return each cell as it is shown; all as they are where none holds what must not be."""
    text = "".join(cells)
    return cells if shown(text) == text else list(map(shown, cells))


def _flat(values: Row) -> list[str]:
    if is_vector(values[-1]):
        return [*map(cell, values[:-1]), *number_texts(values[-1])]
    return list(map(cell, values))


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _json(value: Any) -> str:
    return _shown_json(_encode(value))


def _shown_json(text: str) -> str:
    """Return JSON as it may be shown at a terminal, and the same to a program: what is unsafe there is escaped."""
    if not sys.stdout.isatty() or text.isprintable():
        return text
    return "\n".join(UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.split("\n"))


def _json_value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _finite(round(value, DECIMALS))
    if is_vector(value):
        return [_finite(float(text)) for text in number_texts(value)]
    if isinstance(value, Passage):
        return value.text
    return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no NaN
