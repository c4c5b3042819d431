"""SQLite: a table `words` with a row for each word, whose vector is a BLOB as the extension sqlite-vec expects it.

    CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL, count INTEGER, vector BLOB NOT NULL)

`id` is the row of the word in the model, from 0; `count` is NULL where counts are unknown; `vector` is float32,
little-endian, without a header. A unique index on `word` makes look-ups fast. A database with such a table is
read in the order of `id`, whatever else it contains; of a word that occurs again only the first vector is kept.
Python's `sqlite3` and the `sqlite3` program open it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._columns import check_count, column_blocks, decode_word, known_counts
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._reading import RowCollector
from wvcli.formats._sqlite import MAGIC, MAGNITUDE_FORMAT, has_table, is_table, open_database
from wvcli.vectors.word_vectors import Vectors

_TABLE = "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL, count INTEGER, vector BLOB NOT NULL)"
_INDEX = "CREATE UNIQUE INDEX words_word ON words (word)"
_USUAL = Reading()
_EXPECTED = "expected a table words with the columns word and vector"
_BYTES_AT_ONCE = 1 << 18  # of vectors


class _Record(NamedTuple):
    """A row of the table."""

    id: int
    word: str
    occurrences: int | None
    vector: bytes


def _columns(database: sqlite3.Connection, path: Path, reading: Reading) -> str:
    """Return the expressions to select from the table.

    Raises:
        InputError: there is no such table, or it is virtual.
    """
    if not is_table(database, "words"):
        raise InputError(f"{path} has no vectors; {_EXPECTED}")
    names = {row[1].decode(errors="replace").lower() for row in database.execute("PRAGMA table_info(words)")}
    wanted = {reading.word_column or "word": "text", reading.vector_column or "vector": "blob"}
    if len(wanted) < 2 or not {name.lower() for name in wanted} <= names:
        expected = f"expected a table words with the columns {' and '.join(wanted)}"
        raise InputError(f"{path}: the table words lacks a column; {expected}, found {', '.join(sorted(names))}")
    count = "count" if "count" in names else "NULL"
    # Otherwise a vector written as text would be read as a BLOB.
    word, vector = (
        f"CASE typeof({_quoted(name)}) WHEN '{type_name}' THEN {_quoted(name)} END"
        for name, type_name in wanted.items()
    )
    return f"rowid, {word}, {count}, {vector}"


def _quoted(name: str) -> str:
    """Return the name of a column as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _records(database: sqlite3.Connection, path: Path, reading: Reading) -> Iterator[_Record]:
    """Yield the rows of the table in the order of their ids.

    Raises:
        InputError: a row lacks a word or a vector, or its vector has another length than the first.
    """
    size = read = 0
    for id, word, count, vector in database.execute(
        f"SELECT {_columns(database, path, reading)} FROM words ORDER BY rowid"
    ):
        where = f"id {id}"
        if word is None:
            raise InputError(f"{path}, {where}: expected a word as TEXT")
        if not vector or len(vector) % 4:
            raise InputError(f"{path}, {where}: expected a BLOB of float32 numbers")
        size = size or len(vector)
        if len(vector) != size:
            raise InputError(f"{path}, {where}: expected {size // 4} numbers, found {len(vector) // 4}")
        read += size
        if read > path.stat().st_size:
            raise InputError(f"{path} is damaged: its rows form a circle")
        yield _Record(id, decode_word(word, path, where), check_count(count, f"{path}, {where}"), vector)


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    with open_database(path) as database:
        records = _records(database, path, reading)
        first = next(records, None)
        if first is None:
            raise InputError(f"{path}: the table words is empty")
        size = len(first.vector)
        rows = RowCollector(path, path.stat().st_size // size, size // 4, limit)
        records = chain([first], records)
        step = max(1, _BYTES_AT_ONCE // size)
        while not rows.is_full and (batch := list(islice(records, step))):
            matrix = np.frombuffer(b"".join(record.vector for record in batch), dtype="<f4")
            counts = known_counts([record.occurrences for record in batch])
            rows.add([record.word for record in batch], matrix.reshape(len(batch), -1), counts)
        return rows.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    try:
        with closing(sqlite3.connect(path)) as database:
            # The file gets its name when it is complete, so it needs no journal while it is written.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_TABLE)
            database.executemany("INSERT INTO words VALUES (?, ?, ?, ?)", _values(vectors, writing.dtype))
            database.execute(_INDEX)
            database.commit()
    except sqlite3.OperationalError as error:  # such as: database or disk is full
        raise OSError(str(error)) from error
    return []


def _values(vectors: Vectors, dtype: str) -> Iterator[tuple[int, str, int | None, memoryview]]:
    id = 0
    for words, counts, block in column_blocks(vectors, dtype):
        for row, word in enumerate(words):
            yield id, word, counts[row] if counts else None, block[row].data
            id += 1


FORMAT = Format(
    name="sqlite",
    suffixes=(".sqlite", ".sqlite3", ".db"),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=lambda head: head.startswith(MAGIC),
    sniff_file=lambda path: not has_table(path, MAGNITUDE_FORMAT),
    read=_read,
    read_with=_read,
    choices=frozenset({"word_column", "vector_column"}),
    write=_write,
)
