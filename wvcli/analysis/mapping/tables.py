"""Maps and what goes into them as tables: places written and read again, groups of words, vectors with labels."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.analysis.mapping.points import MOST, Points, checked, number_of
from wvcli.analysis.mapping.word_map import WordMap
from wvcli.errors import InputError, UsageError, unreadable
from wvcli.reporting import OnNote
from wvcli.vectors.geometry import Float64Array, unit_rows

COLUMNS = ("word", "x", "y", "cluster", "name", "count")

_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_UNESCAPES = {escaped: letter for letter, escaped in _ESCAPES.items()}
_DECIMALS = 5  # of a place; the map is one unit wide


def tsv(one: WordMap) -> str:
    """Return a map as a table of tab-separated values with a heading."""
    lines = ["\t".join((*COLUMNS, *one.points.columns))]
    for row in _rows(one):
        lines.append("\t".join("" if value is None else _escaped(str(value)) for value in row.values()))
    return "\n".join(lines) + "\n"


def jsonl(one: WordMap) -> str:
    """Return a map as JSON Lines, an object for each word."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(one))


def _rows(one: WordMap) -> Iterator[dict[str, Any]]:
    places = np.round(one.places, _DECIMALS).tolist()
    for row, label in enumerate(one.points.labels):
        cluster = int(one.cluster_of[row])
        yield {
            "word": label,
            "x": places[row][0],
            "y": places[row][1],
            "cluster": cluster,
            "name": one.clusters[cluster].name,
            "count": None if one.points.counts is None else int(one.points.counts[row]),
        } | {name: values[row] for name, values in one.points.columns.items()}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def _unescaped(text: str) -> str:
    for escaped, letter in _UNESCAPES.items():
        text = text.replace(escaped, letter)
    return text


def read_places(path: Path) -> dict[str, tuple[float, float]]:
    """Return where words are, from a file that `tsv` wrote, or any whose columns begin with word, x and y.

    Raises:
        InputError: the file cannot be read, or a line has no places.
    """
    places: dict[str, tuple[float, float]] = {}
    for number, line in _lines(path):
        cells = line.split("\t")
        values = [number_of(cell.strip()) for cell in cells[1:3]]
        if len(values) == 2 and values[0] is not None and values[1] is not None:
            word = cells[0] if cells[0] in places else _unescaped(cells[0])
            places.setdefault(word, (values[0], values[1]))
        elif number > 1 or len(cells) < 3:
            raise InputError(
                f"{path}, line {number}: expected a word, x and y, separated by tabs, found {line[:80]!r}"
            )
    if not places:
        raise InputError(f"{path} holds no places of words")
    return places


def placed(points: Points, places: dict[str, tuple[float, float]], on_note: OnNote) -> tuple[Points, Float64Array]:
    """Return the points whose places are known, and these places, float64 [points, 2].

    Raises:
        UsageError: they are too few.
    """
    rows = [row for row, label in enumerate(points.labels) if label in places]
    if missing := len(points) - len(rows):
        on_note(f"left out {missing:,} words that have no place in the layout")
    kept = checked(points.where(np.array(rows, dtype=np.int64)))
    return kept, np.array([places[label] for label in kept.labels])


def read_groups(path: Path) -> dict[str, str]:
    """Return the group of each word in a file: on each line a word, a tab and the group.

    Raises:
        InputError: the file cannot be read, or a line is not these two.
    """
    groups: dict[str, str] = {}
    for number, line in _lines(path):
        word, _, group = line.partition("\t")
        if not word or not group.strip() or "\t" in group:
            raise InputError(f"{path}, line {number}: expected a word, a tab and its group, found {line[:80]!r}")
        groups.setdefault(_unescaped(word), group.strip())
    if not groups:
        raise InputError(f"{path} holds no words")
    return groups


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    text = _text(path)
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip():
            yield number, line


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: byte {error.start:,} is in no character") from error


@dataclass(frozen=True)
class Table:
    """A table of vectors with other columns.

    Attributes:
        columns: the values of each column that is no number of a vector, by name.
        vectors: the numbers of each row.
    """

    columns: dict[str, list[str]]
    vectors: list[list[float]]


def read_points(path: Path, label: str | None = None, top: int | None = None) -> Points:
    """Read vectors with labels from a table: TSV, CSV, or JSON Lines.

    In TSV and CSV the vector of a row is in its last cells, all that are numbers in every row; the cells before it
    are columns, named by a heading, or by their numbers from 1. In JSON Lines it is the list of numbers. Of the
    other columns `label` says what is written on the map; the rest can colour it.

    Args:
        path: the file, whose suffix says what it is.
        label: a column, by name or by number from 1; None for the first.
        top: how many rows to take, at most.

    Raises:
        InputError: the file cannot be read, or a row does not fit the others.
        UsageError: there is no such column, or there are too few rows.
    """
    kind = path.suffix.lower()
    read = {".tsv": _cells, ".csv": _cells, ".txt": _cells, ".jsonl": _objects}.get(kind)
    if read is None:
        raise UsageError(f"`vectors` is read from .tsv, .csv and .jsonl, not from {path.name}")
    most = MOST if top is None else top
    table = read(path)
    if not table.vectors:
        raise InputError(f"{path} holds no vectors")
    name = _column(table, label)
    numbers = np.array(table.vectors[:most], dtype=np.float32)
    units = unit_rows(numbers)
    has_direction = np.flatnonzero(units.any(axis=1))
    columns = {key: [values[row] for row in has_direction.tolist()] for key, values in table.columns.items()}
    labels = columns.pop(name, None) or [str(row + 1) for row in has_direction.tolist()]
    return checked(Points(labels, units[has_direction], len(table.vectors), None, has_direction, columns))


def _column(table: Table, label: str | None) -> str:
    names = list(table.columns)
    if label is None:
        return names[0] if names else ""
    if label in names:
        return label
    if label.isascii() and label.isdecimal() and 1 <= int(label) <= len(names):
        return names[int(label) - 1]
    known = ", ".join(names) or "none"
    raise UsageError(f"`label` must be one of the columns ({known}), not {label!r}")


def _cells(path: Path) -> Table:
    if path.suffix.lower() == ".csv":
        rows = [row for row in csv.reader(io.StringIO(_text(path))) if row]
    else:
        rows = [line.split("\t") for _, line in _lines(path)]
    if not rows:
        return Table({}, [])
    body = rows[1:] if len(rows) > 1 and _is_heading(rows[0], rows[1]) else rows
    wide = len(body[0])
    start = wide - min(_width(row) for row in body[:100] if len(row) == wide)  # a label may be a number, too
    heading = rows[0] if body is not rows and len(rows[0]) >= start else [str(at + 1) for at in range(start)]
    before = len(rows) - len(body)
    vectors = []
    for number, row in enumerate(body, before + 1):
        values = [number_of(cell.strip()) for cell in row[start:]]
        if len(row) != wide or start == wide or None in values:
            raise InputError(
                f"{path}, row {number}: expected {wide - start} numbers at the end, like the rows before"
            )
        vectors.append([value for value in values if value is not None])
    return Table({heading[at]: [_unescaped(row[at]) for row in body] for at in range(start)}, vectors)


def _is_heading(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first row names the columns: has fewer numbers, or counts those of the vector as wvcli does."""
    wide = _width(second)
    counted = [str(number) for number in range(1, wide + 1)]
    return _width(first) < wide or (
        wide > 1 and any(list(first[-most:]) == counted[:most] for most in (wide, wide - 1))
    )


def _width(row: Sequence[str]) -> int:
    """Return how many cells at the end of a row are numbers."""
    wide = 0
    for cell in reversed(row):
        if number_of(cell.strip()) is None:
            break
        wide += 1
    return wide


def _objects(path: Path) -> Table:
    vectors: list[list[float]] = []
    columns: dict[str, list[str]] = {}
    for number, line in _lines(path):
        vector, others = _object(line)
        if vector is None or (vectors and len(vector) != len(vectors[0])):
            expected = f"of {len(vectors[0])} " if vectors else ""
            raise InputError(f"{path}, line {number}: expected an object with a list {expected}of numbers")
        for name, value in others.items():
            columns.setdefault(name, [""] * len(vectors)).append("" if value is None else str(value))
        vectors.append(vector)
        for values in columns.values():
            values.extend([""] * (len(vectors) - len(values)))
    return Table(columns, vectors)


def _object(line: str) -> tuple[list[float] | None, dict[str, Any]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None, {}
    if not isinstance(row, dict):
        return None, {}
    vector = next((key for key, value in row.items() if _is_vector(value)), None)
    if vector is None:
        return None, {}
    return row.pop(vector), {key: value for key, value in row.items() if not isinstance(value, dict | list)}


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def grouped(points: Points, name: str, groups: dict[str, str]) -> Points:
    """Return points with one more column, the group of each word; it is empty for words without one."""
    values = [groups.get(label, "") for label in points.labels]
    return replace(points, columns={name: values, **points.columns})
