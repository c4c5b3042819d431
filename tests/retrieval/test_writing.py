"""Files of texts and vectors: what is written is what their own readers read."""

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from wvcli.errors import UsageError
from wvcli.retrieval.writing import embedding_file
from wvcli.system.tensor_files import map_file
from wvcli.vectors.geometry import FloatArray

TEXTS = ["the cat", "", 'a "dog",\tor\ntwo', "猫在这里", "the cat"]
VECTORS = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)

Read = Callable[[Path], "tuple[list[str], FloatArray]"]


def _read_npz(path: Path) -> "tuple[list[str], FloatArray]":
    with np.load(path, allow_pickle=False) as file:
        return file["texts"].tolist(), file["vectors"]


def _read_safetensors(path: Path) -> "tuple[list[str], FloatArray]":
    _, arrays = map_file(path)
    text, offsets = arrays["texts_utf8"].tobytes(), arrays["texts_offsets"].tolist()
    return [text[a:b].decode() for a, b in pairwise(offsets)], arrays["vectors"]


def _read_parquet(path: Path) -> "tuple[list[str], FloatArray]":
    from pyarrow import parquet

    table = parquet.read_table(path)
    return table["text"].to_pylist(), np.array(table["vector"].to_pylist(), dtype=np.float32)


def _read_sqlite(path: Path) -> "tuple[list[str], FloatArray]":
    with closing(sqlite3.connect(path)) as database:
        rows = list(database.execute("SELECT id, text, vector FROM texts ORDER BY id"))
    assert [row[0] for row in rows] == list(range(len(rows)))
    return [row[1] for row in rows], np.array([np.frombuffer(row[2], dtype="<f4") for row in rows])


def _read_jsonl(path: Path) -> "tuple[list[str], FloatArray]":
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], np.array([row["vector"] for row in rows], dtype=np.float32)


def _read_tsv(path: Path) -> "tuple[list[str], FloatArray]":
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    texts = [row[0].replace("\\t", "\t").replace("\\n", "\n") for row in rows]
    return texts, np.array([row[1:] for row in rows], dtype=np.float32)


def _read_csv(path: Path) -> "tuple[list[str], FloatArray]":
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["text", "1", "2", "3", "4"]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32)


KINDS: dict[str, Read] = {
    ".npy": lambda path: (TEXTS, np.load(path)),
    ".npz": _read_npz,
    ".safetensors": _read_safetensors,
    ".parquet": _read_parquet,
    ".sqlite": _read_sqlite,
    ".jsonl": _read_jsonl,
    ".tsv": _read_tsv,
    ".csv": _read_csv,
}


@pytest.mark.parametrize("suffix", KINDS)
def test_what_is_written_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"texts{suffix}"
    with embedding_file(path, 4) as file:
        file.add(TEXTS[:3], VECTORS[:3])
        file.add(TEXTS[3:], VECTORS[3:])
    texts, vectors = KINDS[suffix](path)
    assert texts == TEXTS
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, VECTORS)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", KINDS)
def test_no_text_is_a_file_too(suffix: str, tmp_path: Path) -> None:
    with embedding_file(tmp_path / f"texts{suffix}", 4):
        pass
    if suffix in (".npy", ".npz", ".safetensors"):
        assert KINDS[suffix](tmp_path / f"texts{suffix}")[1].shape == (0, 4)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_failure_leaves_what_was_there(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"texts{suffix}"
    path.write_text("old")

    def fail() -> None:
        with embedding_file(path, 4, overwrite=True) as file:
            file.add(TEXTS, VECTORS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    with pytest.raises(UsageError, match="exists"), embedding_file(path, 4):
        pass
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_texts_that_are_much_longer_than_others_are_not_padded(tmp_path: Path) -> None:
    texts = ["a long text " * 40_000, *["short"] * 200]
    with embedding_file(tmp_path / "texts.npz", 4) as file:
        file.add(texts, np.zeros((201, 4), dtype=np.float32))
    with np.load(tmp_path / "texts.npz") as archive:
        offsets, text = archive["texts_offsets"], archive["texts_utf8"].tobytes()
    assert text[: offsets[1]].decode() == texts[0]
    assert (tmp_path / "texts.npz").stat().st_size < 1_000_000


def test_a_suffix_that_means_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be written as \.doc"), embedding_file(tmp_path / "a.doc", 4):
        pass
