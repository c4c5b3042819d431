"""What formats of SQLite share: opening a database that others made."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from wvcli.errors import InputError
from wvcli.formats._reading import open_input

MAGIC = b"SQLite format 3\0"
MAGNITUDE_FORMAT = "magnitude_format"  # the table by which Magnitude's databases are told from others


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read; an error of SQLite within the block becomes an InputError."""
    with open_input(path) as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InputError(f"{path} is not an SQLite database")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = bytes
            database.execute("PRAGMA trusted_schema = OFF")  # code in the file is not run
            yield database
    except UnicodeDecodeError as error:  # in what SQLite says of a damaged file
        raise InputError(f"{path} is damaged: database disk image is malformed") from error
    except (sqlite3.Error, OverflowError) as error:
        raise InputError(f"{path} is damaged or in use: {' '.join(str(error).split())[:200]}") from error


def is_table(database: sqlite3.Connection, name: str) -> bool:
    """Whether a database has a table of this name, and no view or virtual table, which might run code."""
    found = database.execute(
        "SELECT 1 FROM sqlite_master WHERE lower(name) = ? AND type = 'table' AND rootpage > 0", (name,)
    )
    return found.fetchone() is not None


def has_table(path: Path, name: str) -> bool:
    """Whether a file is a database with a table of this name; false for one that is damaged."""
    try:
        with open_database(path) as database:
            return is_table(database, name)
    except InputError:
        return False
