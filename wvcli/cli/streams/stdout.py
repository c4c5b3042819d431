"""The only writer to stdout: rows as a table for a person, or as lines and JSON for a program."""

import csv
import io
import json
import math
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from wvcli.cli.streams.columns import DECIMALS, Column, Row, cell, is_vector, number_texts
from wvcli.cli.streams.stderr import styles, visible
from wvcli.errors import WvcliError, reason
from wvcli.text.passages import Passage

if TYPE_CHECKING:
    from rich.console import Console

OutputFormat = Literal["auto", "table", "tsv", "csv", "json", "jsonl", "plain"]


class ReaderGone(Exception):
    """Whatever read our output has stopped reading, as `head` does; there is nothing left to do."""


class Writer(ABC):
    """Writes rows in one format; rows may come in several batches, each of which is flushed.

    Rows hold strings, integers, floats, booleans, None, passages, lists of words (an array in JSON, elsewhere with
    blanks between them), or a vector (float32 [dim]) as their last value.
    """

    def __init__(self, columns: Sequence[Column], header: bool = False) -> None:
        self.columns = columns
        self._data = [place for place, column in enumerate(columns) if not column.table_only]
        self.names = [columns[place].name for place in self._data]
        self.header = header

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: object, *details: object) -> None:
        if kind is None:
            self.close()

    @abstractmethod
    def write(self, rows: Iterable[Row]) -> None:
        """Write a batch of rows."""

    def close(self) -> None:  # noqa: B027 - most formats end with their last row
        """Write what ends the output."""


class _Lines(Writer):
    """A format in which each row is text of its own."""

    def write(self, rows: Iterable[Row]) -> None:
        text = "".join(self.line([row[place] for place in self._data]) for row in rows)
        if text:
            _put(text)

    @abstractmethod
    def line(self, values: Row) -> str:
        """One row as text."""


class _Delimited(_Lines):
    delimiter = "\t"

    def line(self, values: Row) -> str:
        first = ""
        if self.header:
            self.header = False
            *names, last = self.names
            numbers = (
                [str(number) for number in range(1, len(values[-1]) + 1)] if is_vector(values[-1]) else [last]
            )
            first = self.joined([*names, *numbers])
        return first + self.joined(_flat(values))

    def close(self) -> None:
        if self.header:  # there was no row
            _put(self.joined(self.names))

    def joined(self, cells: Sequence[str]) -> str:
        return "\t".join(map(visible if sys.stdout.isatty() else _on_one_line, cells)) + "\n"


class _Csv(_Delimited):
    def joined(self, cells: Sequence[str]) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(visible, cells) if sys.stdout.isatty() else cells)
        return line.getvalue()


class _Plain(_Delimited):
    def __init__(self, columns: Sequence[Column], header: bool = False) -> None:
        super().__init__(columns, header=False)

    def joined(self, cells: Sequence[str]) -> str:
        return " ".join(map(visible, cells) if sys.stdout.isatty() else cells) + "\n"


class _JsonLines(_Lines):
    def line(self, values: Row) -> str:
        return _json(dict(zip(self.names, map(_json_value, values), strict=True))) + "\n"


class _Json(_JsonLines):
    _started = False

    def line(self, values: Row) -> str:
        opening = ",\n " if self._started else "["
        self._started = True
        return opening + super().line(values).rstrip("\n")

    def close(self) -> None:
        _put("]\n" if self._started else "[]\n")


class _Table(Writer):
    def write(self, rows: Iterable[Row]) -> None:
        from wvcli.cli.streams.tables import draw  # programs do without

        if grid := list(rows):
            console = _console()
            with console.capture() as capture:
                console.print(draw(self.columns, grid, console))
            _put(capture.get())


_WRITERS: dict[str, type[Writer]] = {
    "table": _Table,
    "tsv": _Delimited,
    "csv": _Csv,
    "json": _Json,
    "jsonl": _JsonLines,
    "plain": _Plain,
}


def resolve_format(format: OutputFormat) -> str:
    """`format`, with `auto` decided: a table at a terminal, TSV in a pipe."""
    if format != "auto":
        return format
    return "table" if sys.stdout.isatty() else "tsv"


def writer(columns: Sequence[Column], format: OutputFormat, header: bool = False) -> Writer:
    """A writer for rows of these columns."""
    return _WRITERS[resolve_format(format)](columns, header)


def write_object(values: dict[str, Any], format: OutputFormat) -> None:
    """Write one object: JSON as it is, other formats as rows of key and value with nested keys dotted."""
    if format == "auto" and not sys.stdout.isatty():
        format = "json"
    if format == "json":
        _put(json.dumps(values, ensure_ascii=False, indent=2) + "\n")
    elif format == "jsonl":
        _put(_json(values) + "\n")
    else:
        with writer([Column("key"), Column("value")], format) as out:
            out.write(_dotted(values))


def line(text: str) -> None:
    """Write one line of text."""
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
    """Drop what Python still holds for a stdout that failed, lest it fail again when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush_or_discard() -> None:
    """Write what is still held for stdout, or drop it if stdout fails."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_stdout()


def _console() -> "Console":
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal or "COLUMNS" in os.environ else 100
    return Console(color_system=styles(terminal), width=width, markup=False, emoji=False, highlight=False)


def _flat(values: Row) -> list[str]:
    *plain, last = values
    cells = [cell(value) for value in plain]
    return cells + (number_texts(last) if is_vector(last) else [cell(last)])


def _on_one_line(text: str) -> str:
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _json_value(value: Any) -> Any:
    if is_vector(value):
        return [_finite(float(text)) for text in number_texts(value)]
    if isinstance(value, float):
        return _finite(round(value, DECIMALS))
    if isinstance(value, Passage):
        return value.text
    return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has no NaN
