"""Comma-separated values of which the user names the column of words, or one that holds whole vectors.

A whole vector in a cell is what pandas and NumPy print of a list: `[0.1, 0.2]` or `[0.1 0.2]`, over several lines
or not. Without a column of vectors, the numbers are in all columns behind that of the words.
"""

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._format import Reading
from wvcli.formats._reading import RowCollector, note_skipped, open_input
from wvcli.vectors.word_vectors import Vectors

_NUMBERS_AT_ONCE = 1 << 14
_LARGEST_CELL = 1 << 22  # characters; over a hundred thousand numbers
_AS_SPACES = str.maketrans("[](),;", "      ")


class _Row(NamedTuple):
    """A word and its numbers."""

    word: str
    numbers: list[float]


def _place(path: Path, heading: list[str], name: str) -> int:
    """Return the place of a column.

    Raises:
        InputError: there is none of this name, or several.
    """
    if heading.count(name) != 1:
        how_many = "several columns" if name in heading else "no column"
        raise InputError(f"{path} has {how_many} {name!r} (columns: {', '.join(heading)})"[:400])
    return heading.index(name)


def _numbers(cells: list[str], where: str) -> list[float]:
    """Return the numbers of cells; an empty one is NaN."""
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in cells]
    except ValueError as error:
        raise InputError(f"{where}: {str(error).partition(': ')[2][:60]} is not a number") from error


def _rows(text: TextIO, path: Path, reading: Reading) -> Iterator[_Row]:
    """Yield the records below the heading.

    Raises:
        InputError: a column is missing, or a record is damaged.
    """
    csv.field_size_limit(_LARGEST_CELL)
    records = csv.reader(text)
    heading = next(records, [])
    word = 0 if reading.word_column is None else _place(path, heading, reading.word_column)
    vector = None if reading.vector_column is None else _place(path, heading, reading.vector_column)
    dim, skipped, line = 0, [], 2
    for record in records:
        where, line = f"{path}, line {line}", records.line_num + 1
        try:
            if len(record) != len(heading):
                raise InputError(f"{where}: expected {len(heading)} cells, found {len(record)}")
            cells = record[word + 1 :] if vector is None else record[vector].translate(_AS_SPACES).split()
            numbers = _numbers(cells, where)
            dim = dim or len(numbers)
            if len(numbers) != dim or not dim:
                raise InputError(f"{where}: expected {dim or 'some'} numbers, found {len(numbers)}")
        except InputError:
            if not reading.skip_bad:
                raise
            skipped.append(int(where.rpartition(" ")[2]))
        else:
            yield _Row(record[word], numbers)
    if skipped:
        note_skipped(path, len(skipped), skipped[0])


def read_columns(path: Path, limit: int | None, reading: Reading) -> Vectors:
    """Read a file by the names of its columns.

    Raises:
        InputError: it has no such column, or a record is damaged.
    """
    codec = "utf-8-sig" if reading.encoding.is_utf8 else reading.encoding.codec
    with open_input(path) as file, TextIOWrapper(file, codec, reading.encoding.errors, newline="") as text:
        try:
            rows = _rows(text, path, reading)
            first = next(rows, None)
            if first is None:
                raise InputError(f"{path} has no words")
            dim = len(first.numbers)
            collector = RowCollector(path, path.stat().st_size // dim, dim, limit)
            rows = chain([first], rows)
            step = max(1, _NUMBERS_AT_ONCE // dim)
            while not collector.is_full and (batch := list(islice(rows, step))):
                with np.errstate(over="ignore"):
                    matrix = np.array([row.numbers for row in batch], dtype=np.float64).astype(np.float32)
                collector.add([row.word for row in batch], matrix)
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        return collector.vectors()
