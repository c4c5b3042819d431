"""Readers that are slow and plain: loops over bytes, or the library that a format comes from.

They stand for what a file says, so that a broken one is either refused or read as it is.
"""

import json
import sqlite3
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from gensim.models import KeyedVectors

from tests.clients import package
from tests.formats.test_readers import read_slowly
from wvcli.vectors import Vectors

Rows = Iterable[tuple[str, Any, int | None]]  # words with their numbers and counts, in the order of the file


def _text(name: str) -> Callable[[Path, int], Rows]:
    return lambda path, dim: ((word, row, None) for word, row in read_slowly(path.read_bytes(), name, dim).items())


def _jsonl(path: Path, dim: int) -> Rows:
    for line in path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.strip():
            found = json.loads(line.decode())
            row = [np.nan if number is None else float(number) for number in found["vector"]]
            yield found["word"], row, found.get("count")


def _sqlite(path: Path, dim: int) -> Rows:
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        names = [row[1].lower() for row in database.execute("PRAGMA table_info(words)")]
        count = "count" if "count" in names else "NULL"
        found = database.execute(f"SELECT word, {count}, vector FROM words ORDER BY rowid").fetchall()
    finally:
        database.close()
    yield from ((word, struct.unpack(f"<{dim}f", vector), occurrences) for word, occurrences, vector in found)


def _npz(path: Path, dim: int) -> Rows:
    with np.load(path, allow_pickle=False) as arrays:
        counts = arrays["counts"].tolist() if "counts" in arrays else [None] * len(arrays["words"])
        yield from zip(arrays["words"].tolist(), arrays["vectors"], counts, strict=True)


def _safetensors(path: Path, dim: int) -> Rows:
    with package("safetensors").safe_open(path, "np") as file:
        words = json.loads(file.metadata()["words"])
        names = file.keys()
        matrix = file.get_tensor("vectors" if "vectors" in names else next(n for n in names if n != "counts"))
        counts = file.get_tensor("counts").tolist() if "counts" in names else [None] * len(words)
    yield from zip(words, matrix, counts, strict=True)


def _table(read: Callable[[Path], Any]) -> Callable[[Path, int], Rows]:
    def rows(path: Path, dim: int) -> Rows:
        for row in read(path).to_pylist():
            names = {type(value): name for name, value in row.items()}
            vector = row.get("vector", row.get(names.get(list, "")))
            yield (
                row.get("word", row.get(names.get(str, ""))),
                [np.nan if number is None else number for number in vector],
                row.get("count"),
            )

    return rows


def _parquet(path: Path) -> Any:
    return package("pyarrow.parquet").ParquetFile(path, page_checksum_verification=True).read()


def _arrow(path: Path) -> Any:
    with path.open("rb") as file:
        return package("pyarrow").ipc.open_file(file).read_all()


def _torch(path: Path, dim: int) -> Rows:
    saved = package("torch").load(path, weights_only=True)
    if "state_dict" in saved:
        (matrix,) = saved["state_dict"].values()
        yield from ((word, row.numpy(), None) for word, row in zip(saved["itos"], matrix, strict=True))


def _gensim(path: Path, dim: int) -> Rows:
    found = KeyedVectors.load(str(path))  # of a file that our reader let pass, so that it names nothing strange
    counts = found.expandos.get("count", [None] * len(found.vectors))
    yield from zip(found.index_to_key, found.vectors, np.array(counts).tolist(), strict=True)


def _finalfusion(path: Path, dim: int) -> Rows:
    parts = package("finalfusion")  # by its parts, since load_finalfusion refuses a word that occurs twice
    words = _finalfusion_words(path.read_bytes())
    storage, norms = parts.storage.load_storage(path)[:], parts.norms.load_norms(path)[:]
    yield from ((word, row * norm, None) for word, row, norm in zip(words, storage, norms, strict=True))


def _finalfusion_words(data: bytes) -> list[str]:
    """The words of the chunk of words, which follows magic, version, the list of chunks and its own header."""
    place = 8 + 4 * (1 + struct.unpack_from("<I", data, 8)[0])
    while struct.unpack_from("<I", data, place)[0] != 1:
        place += 12 + struct.unpack_from("<Q", data, place + 4)[0]
    (count,), place = struct.unpack_from("<Q", data, place + 12), place + 20
    words = []
    for _ in range(count):
        end = place + 4 + struct.unpack_from("<I", data, place)[0]
        words.append(data[place + 4 : end].decode())
        place = end
    return words


def _fasttext(path: Path, dim: int) -> Rows:
    data = path.read_bytes()
    modern = data[:4] == (793712314).to_bytes(4, "little")
    place = 8 if modern else 0
    place += struct.calcsize("<12id")
    _, words, _ = struct.unpack_from("<3i", data, place)
    place += struct.calcsize("<3i2q" if modern else "<3iq")
    entries = []
    for _ in range(words):
        end = data.index(b"\0", place)
        entries.append(
            (data[place:end].decode(errors="backslashreplace"), struct.unpack_from("<q", data, end + 1)[0])
        )
        place = end + 10
    place += struct.calcsize("<B2q" if modern else "<2q")
    unknown = all(count <= 1 for _, count in entries)
    for row, (word, count) in enumerate(entries):
        numbers = struct.unpack_from(f"<{dim}f", data, place + 4 * dim * row)
        yield word, numbers, None if unknown else count


READERS: dict[str, Callable[[Path, int], Rows]] = {
    **{name: _text(name) for name in ("word2vec", "word2vec-text", "fasttext-vec", "glove")},
    "torchtext": _text("glove"),
    "jsonl": _jsonl,
    "sqlite": _sqlite,
    "npz": _npz,
    "safetensors": _safetensors,
    "parquet": _table(_parquet),
    "arrow": _table(_arrow),
    "torch": _torch,
    "gensim": _gensim,
    "finalfusion": _finalfusion,
    "fasttext": _fasttext,
}


def read(name: str, path: Path, dim: int) -> dict[str, tuple[Any, int | None]]:
    """The first vector and count of each word of a file in the format called `name`."""
    found: dict[str, tuple[Any, int | None]] = {}
    for word, row, count in READERS[name](path, dim):
        found.setdefault(word, (row, count))
    return found


def check(name: str, path: Path, found: Vectors) -> None:
    """Hold what was read of a file against what the slow reader says.

    Raises:
        AssertionError: they differ.
    """
    expected = read(name, path, found.dim)
    assert list(found) == list(expected)
    with np.errstate(over="ignore"):
        rows = np.array([row for row, _ in expected.values()], dtype=np.float64).astype(np.float32)
    rounded = 3e-7 if name == "finalfusion" else 0  # which holds unit vectors and lengths
    np.testing.assert_allclose(found.matrix[:], rows, rtol=rounded, atol=0)
    counts = [count for _, count in expected.values()]
    assert (counts if None not in counts else None) == (None if found.counts is None else found.counts.tolist())
