"""What formats of JSON share: the object for a word, and the matrix of many.

`null` is read as NaN, and a number that float32 cannot hold as infinity. NaN and Infinity, which some programs
write, are accepted too.
"""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._columns import check_count, known_counts
from wvcli.formats._format import Reading
from wvcli.formats._reading import RowCollector
from wvcli.vectors.decimals import format_rows
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

NUMBERS_AT_ONCE = 1 << 14  # read or written at a time
KEYS = ("word", "vector")
CHOICES = frozenset({"word_column", "vector_column"})
_NUMBERS = {int, float, type(None)}
_LONGEST_LIST = 200  # characters of the keys that a message names


def keys_of(reading: Reading) -> tuple[str, str]:
    """Return the keys of a word and its vector, as the user names them or as usual."""
    return reading.word_column or KEYS[0], reading.vector_column or KEYS[1]


def expected_object(keys: tuple[str, str]) -> str:
    """Return the object that stands for a word, as messages show it."""
    return f'{{"{keys[0]}": TEXT, "{keys[1]}": [NUMBER, ...]}}'


class Record(NamedTuple):
    """A word of a file: where it stands, as errors name it, and its contents."""

    where: str
    word: str
    occurrences: int | None
    vector: list[float | None]


def record_of(found: Any, where: str, expected: str, keys: tuple[str, str] = KEYS) -> Record:
    """Return the record of `{"word": TEXT, "count": NUMBER, "vector": [NUMBER, ...]}`; other keys are ignored.

    Args:
        found: the object.
        where: where it stands, with which a message begins.
        expected: what a message says that it should be.
        keys: those of the word and of its vector.

    Raises:
        InputError: it is not such an object; the message begins with `where` and names what was expected.
    """
    try:
        word, vector = found[keys[0]], found[keys[1]]
        word.encode()  # a lone surrogate is not text
    except (LookupError, TypeError, AttributeError, UnicodeEncodeError) as error:
        is_object = isinstance(found, dict) and keys != KEYS
        has = f"; it has {', '.join(map(repr, found))}"[:_LONGEST_LIST] if is_object else ""
        raise InputError(f"{where}: {expected}{has}") from error
    if not (isinstance(vector, list) and vector and set(map(type, vector)) <= _NUMBERS):
        raise InputError(f"{where}: the vector is not a list of numbers; {expected}")
    return Record(where, word, check_count(found.get("count"), where), vector)


def number_lists(block: FloatArray) -> list[bytes]:
    """Return each row, float32 [rows, dim], as the numbers of a list between commas, the shortest that read back.

    JSON has no NaN, which is written as `null`, and no infinity, which is written as `1e999`: JSON readers make
    that infinity or the largest float64, and either is infinite as float32.
    """
    rows = [row.replace(b" ", b",") for row in format_rows(block)]
    if not np.isfinite(block).all():
        rows = [row.replace(b"nan", b"null").replace(b"inf", b"1e999") for row in rows]
    return rows


def check_length(record: Record, dim: int) -> None:
    """Refuse a vector of another length than the first one's."""
    if len(record.vector) != dim:
        raise InputError(f"{record.where}: expected {dim} numbers, found {len(record.vector)}")


def collect(path: Path, records: Iterator[Record], most: int, limit: int | None, expected: str) -> Vectors:
    """Return the vectors of records, all or those of the first `limit` words.

    Args:
        path: the file that they come from.
        records: with vectors of one length.
        most: how many there are at most.
        limit: how many words are wanted; None for all.
        expected: what the file was expected to hold, if it has none.
    """
    first = next(records, None)
    if first is None:
        raise InputError(f"{path}, line 1: {expected}")
    dim = len(first.vector)
    rows = RowCollector(path, min(most, path.stat().st_size // (2 * dim)), dim, limit)
    step = max(1, NUMBERS_AT_ONCE // dim)
    records = chain([first], records)
    while not rows.is_full and (batch := list(islice(records, min(step, rows.room or step)))):
        counts = [record.occurrences for record in batch]
        rows.add([record.word for record in batch], _matrix_of(batch), known_counts(counts))
    return rows.vectors()


def _matrix_of(batch: list[Record]) -> FloatArray:
    """Return float32 [records, dim].

    Raises:
        InputError: a whole number is beyond float64.
    """
    matrix = np.empty((len(batch), len(batch[0].vector)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for row, record in zip(matrix, batch, strict=True):
            try:
                row[:] = np.array(record.vector, dtype=np.float64)
            except OverflowError as error:
                raise InputError(f"{record.where}: a number is too large") from error
    return matrix
