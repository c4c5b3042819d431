"""Magnitude's `.magnitude`, an SQLite database that the package pymagnitude reads.

    magnitude (key TEXT, dim_0 INTEGER, dim_1 INTEGER, ..., magnitude REAL)
    magnitude_format (key TEXT, value INTEGER)

A number is a unit vector's times 10 to the power of `precision`, a row of `magnitude_format`, rounded; `magnitude`
is the length of the vector. Their product restores a vector to within half a unit of that precision. Files of the
format's version 1 have no lengths, and their vectors are read as unit vectors. Words come in the order of the
file; of a word that occurs again only the first vector is kept. The n-grams and the index that a file may hold
besides are left out.
"""

import re
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._columns import decode_word
from wvcli.formats._format import Format, Kept
from wvcli.formats._reading import RowCollector
from wvcli.formats._sqlite import MAGIC, MAGNITUDE_FORMAT, has_table, is_table, open_database
from wvcli.reporting import report_note
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_TABLE = "magnitude"
_NEWEST = 2  # version of the format
_MOST_DIGITS = 18  # of a whole number in SQLite
_NUMBERS_AT_ONCE = 1 << 16
_EXPECTED = "expected Magnitude's tables magnitude and magnitude_format"


class _About(NamedTuple):
    """What a database says of its vectors.

    Attributes:
        words: how many there are.
        dim: numbers of each.
        unit: the number that stands for 1.
        has_lengths: whether the lengths of vectors are known.
    """

    words: int
    dim: int
    unit: float
    has_lengths: bool


def _about(database: sqlite3.Connection, path: Path) -> _About:
    """Read what a database says of its vectors.

    Raises:
        InputError: it is none of Magnitude's, newer than what is known, damaged, or of a language model.
    """
    if not (is_table(database, _TABLE) and is_table(database, MAGNITUDE_FORMAT)):
        raise InputError(f"{path} has no vectors; {_EXPECTED}")
    rows = database.execute(f"SELECT key, value FROM {MAGNITUDE_FORMAT}")
    facts: dict[Any, Any] = {}
    for key, value in rows:
        facts.setdefault(key, value)
    version, words, dim, precision = (facts.get(key) for key in (b"version", b"size", b"dim", b"precision"))
    if facts.get(b"elmo"):
        raise InputError(f"{path} has a language model, ELMo, and no vectors of words")
    if version not in (None, *range(_NEWEST + 1)):
        raise InputError(f"{path} has version {version} of Magnitude's format; expected 1 or 2")
    names = {row[1].lower() for row in database.execute(f"PRAGMA table_info({_TABLE})")}
    columns = {name for name in names if re.fullmatch(rb"dim_[0-9]+", name)}
    if (
        not (isinstance(words, int) and isinstance(dim, int) and isinstance(precision, int))
        or words < 1
        or not 0 <= precision <= _MOST_DIGITS
    ):
        raise InputError(f"{path} is damaged: its table {MAGNITUDE_FORMAT} lacks size, dim or precision")
    if not dim or columns != {b"dim_%d" % place for place in range(dim)} or b"key" not in names:
        raise InputError(f"{path} is damaged: it promises {dim} dimensions and has {len(columns)}")
    return _About(words, dim, 10.0**precision, b"magnitude" in names)


def _numbers(rows: list[tuple[Any, ...]], about: _About, path: Path) -> FloatArray:
    """Return float32 [rows, dim], the vectors of rows that hold an id, a word, numbers and a length.

    Raises:
        InputError: what should be a number is none.
    """
    numbers = np.array([row[2 : 2 + about.dim] for row in rows])
    if numbers.dtype.kind not in "if":
        bad = next(row for row in rows if not all(isinstance(number, int | float) for number in row[2:-1]))
        raise InputError(f"{path}, row {bad[0]}: expected {about.dim} numbers")
    if not about.has_lengths:
        return (numbers / about.unit).astype(np.float32)
    # SQLite has no NaN, the length of a vector that has one: it is NULL there.
    lengths = [np.nan if row[-1] is None else row[-1] for row in rows]
    if not all(isinstance(length, int | float) for length in lengths):
        raise InputError(f"{path}, rows {rows[0][0]} to {rows[-1][0]}: a length is not a number")
    with np.errstate(over="ignore", invalid="ignore"):
        return (numbers * (np.array(lengths, np.float64)[:, None] / about.unit)).astype(np.float32)


def _rows(database: sqlite3.Connection, about: _About) -> Iterator[tuple[Any, ...]]:
    columns = ", ".join(f"dim_{place}" for place in range(about.dim))
    length = "magnitude" if about.has_lengths else "NULL"
    word = "CASE typeof(key) WHEN 'text' THEN key END"
    yield from database.execute(f"SELECT rowid, {word}, {columns}, {length} FROM {_TABLE} ORDER BY rowid")


def _read(path: Path, limit: int | None) -> Vectors:
    with open_database(path) as database:
        about = _about(database, path)
        most = min(about.words, path.stat().st_size // about.dim)  # a number takes a byte at least
        collector = RowCollector(path, most, about.dim, limit)
        rows, read = _rows(database, about), 0
        step = max(1, _NUMBERS_AT_ONCE // about.dim)
        while not collector.is_full and (batch := list(islice(rows, step))):
            read += len(batch)
            if read > most:
                raise InputError(f"{path} is damaged: it has more rows than the {about.words} that it claims")
            words = []
            for row in batch:
                if row[1] is None:
                    raise InputError(f"{path}, row {row[0]}: expected a word as TEXT")
                words.append(decode_word(row[1], path, f"row {row[0]}"))
            collector.add(words, _numbers(batch, about, path))
        if read < about.words and not collector.is_full:
            raise InputError(f"{path} is damaged: it has {read} rows of the {about.words} that it claims")
    if not about.has_lengths:
        report_note(f"{path} does not hold the lengths of vectors: all have length 1")
    return collector.vectors()


FORMAT = Format(
    name="magnitude",
    suffixes=(".magnitude",),
    keeps=frozenset({Kept.SPACES}),
    sniff=lambda head: head.startswith(MAGIC),
    sniff_file=lambda path: has_table(path, MAGNITUDE_FORMAT),
    read=_read,
)
