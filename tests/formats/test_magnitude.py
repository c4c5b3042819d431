"""Magnitude's databases, made here as its converter makes them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.formats.test_formats import matching_names
from wvcli import formats
from wvcli.errors import InputError

WORDS = ["the", "The", "new york", "猫", "the"]
PRECISION = 7


def make(path: Path, version: int = 2, change: str = "") -> np.ndarray:
    """Write a database, float32 [words, dim]; `change` is run on it in the end."""
    matrix = np.random.default_rng(4).normal(0, 2, (len(WORDS), 3)).astype(np.float32)
    lengths = np.linalg.norm(matrix.astype(np.float64), axis=1)
    has_lengths = version > 1
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        columns = "".join(f", dim_{place} INTEGER" for place in range(3)) + ", magnitude REAL" * has_lengths
        database.execute(f"CREATE TABLE `magnitude` (key TEXT COLLATE NOCASE{columns})")
        database.execute("CREATE TABLE `magnitude_format` (key TEXT COLLATE NOCASE, value INTEGER)")
        for word, row, length in zip(WORDS, matrix, lengths, strict=True):
            values = [word, *(round(float(number)) for number in row / length * 10**PRECISION)]
            values += [float(length)] * has_lengths
            database.execute(f"INSERT INTO magnitude VALUES ({', '.join('?' * len(values))})", values)
        facts = {"size": len(WORDS), "dim": 3, "precision": PRECISION, "subword": 0, "elmo": False}
        facts |= {"version": version} if has_lengths else {}
        database.executemany("INSERT INTO magnitude_format VALUES (?, ?)", facts.items())
        database.executescript(change)
        database.commit()
    return matrix if has_lengths else (matrix / lengths[:, None]).astype(np.float32)


@pytest.mark.parametrize("version", [1, 2])
def test_lengths_and_directions_make_the_vectors(tmp_path: Path, version: int) -> None:
    path = tmp_path / "v.db"
    matrix = make(path, version)
    assert matching_names(path) == ["magnitude"]
    notes: list[str] = []
    found = wvcli.load(path, on_note=notes.append)
    assert list(found) == WORDS[:4]
    np.testing.assert_allclose(found.matrix, matrix[:4], rtol=0, atol=5e-7)
    assert any("does not hold the lengths" in note for note in notes) == (version == 1)
    assert "repeated word" in notes[-1]
    assert list(formats.read(path, limit=2)) == WORDS[:2]


def test_a_vector_that_is_not_finite_has_no_length_there(tmp_path: Path) -> None:
    make(tmp_path / "v", change="UPDATE magnitude SET magnitude = NULL WHERE key = '猫'")
    assert np.isnan(wvcli.load(tmp_path / "v")["猫"]).all()


CHANGES = {
    "DELETE FROM magnitude WHERE rowid = 5": "has 4 rows of the 5",
    "INSERT INTO magnitude VALUES ('x', 1, 2, 3, 1)": "more rows than the 5",
    "UPDATE magnitude SET dim_1 = 'x' WHERE rowid = 2": "row 2: expected 3 numbers",
    "UPDATE magnitude SET dim_1 = NULL WHERE rowid = 2": "row 2: expected 3 numbers",
    "UPDATE magnitude SET magnitude = 'x' WHERE rowid = 2": "a length is not a number",
    "UPDATE magnitude SET key = NULL WHERE rowid = 2": "row 2: expected a word",
    "UPDATE magnitude SET key = cast(x'ff' AS TEXT) WHERE rowid = 2": "row 2: the word is not UTF-8",
    "UPDATE magnitude_format SET value = 4 WHERE key = 'dim'": "promises 4 dimensions and has 3",
    "UPDATE magnitude_format SET value = 3 WHERE key = 'version'": "version 3 of Magnitude's format",
    "UPDATE magnitude_format SET value = 1 WHERE key = 'elmo'": "has a language model",
    "DELETE FROM magnitude_format WHERE key = 'precision'": "lacks size, dim or precision",
    "DROP TABLE magnitude": "has no vectors",
    "DROP TABLE magnitude; CREATE VIEW magnitude AS SELECT 1 AS key": "has no vectors",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_with_a_database_is_said(tmp_path: Path, change: str) -> None:
    make(tmp_path / "v", change=change)
    with pytest.raises(InputError, match=CHANGES[change]) as caught:
        wvcli.load(tmp_path / "v")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "damage", [lambda data: data[:5000], lambda data: data[:4096] + b"\xff" * 4096 + data[8192:]]
)
def test_a_damaged_database_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "v.magnitude"
    make(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"v\.magnitude"):
        formats.read(path, "magnitude")
