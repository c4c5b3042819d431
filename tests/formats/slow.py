"""Readers that are slow and plain: loops over bytes, or the library that a format comes from.

They stand for what a file says, so that a broken one is either refused or read as it is.
"""

import json
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from gensim.models import KeyedVectors
from pyarrow import parquet
from safetensors import safe_open

from tests.clients import package
from tests.formats.test_readers import read_slowly
from wvcli.vectors.word_vectors import Vectors

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


def _arrays(words: list[str], arrays: dict[str, Any]) -> Rows:
    """Words with the rows of the one matrix there is, times the scales of eight-bit numbers, and counts."""
    matrix = arrays.get("vectors", next(iter(arrays.values())))
    if matrix.dtype == np.int8:
        matrix = matrix.astype(np.float32) * arrays["scales"].astype(np.float32)[:, None]
    counts = arrays["counts"].tolist() if "counts" in arrays else [None] * len(words)
    yield from zip(words, matrix, counts, strict=True)


def _npz(path: Path, dim: int) -> Rows:
    with np.load(path, allow_pickle=False) as arrays:
        return _arrays(arrays["words"].tolist(), {name: arrays[name] for name in arrays if name != "words"})


def _safetensors(path: Path, dim: int) -> Rows:
    with safe_open(path, "np") as file:
        names = sorted(file.keys(), key=lambda name: name == "counts")
        return _arrays(json.loads(file.metadata()["words"]), {name: file.get_tensor(name) for name in names})


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
    return parquet.ParquetFile(path, page_checksum_verification=True).read()


def _arrow(path: Path) -> Any:
    with path.open("rb") as file:
        return pyarrow.ipc.open_file(file).read_all()


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
    storage, norms = parts.storage.load_storage(path)[: len(words)], parts.norms.load_norms(path)[:]
    yield from ((word, row * norm, None) for word, row, norm in zip(words, storage, norms, strict=True))


def _finalfusion_words(data: bytes) -> list[str]:
    """The words of the chunk of words, which follows magic, version, the list of chunks and its own header."""
    place = 8 + 4 * (1 + struct.unpack_from("<I", data, 8)[0])
    while (kind := struct.unpack_from("<I", data, place)[0]) not in (1, 7):  # without n-grams, with fastText's
        place += 12 + struct.unpack_from("<Q", data, place + 4)[0]
    (count,), place = struct.unpack_from("<Q", data, place + 12), place + (20 if kind == 1 else 32)
    words = []
    for _ in range(count):
        end = place + 4 + struct.unpack_from("<I", data, place)[0]
        words.append(data[place + 4 : end].decode())
        place = end
    return words


def _spacy(path: Path, dim: int) -> Rows:
    vectors = package("spacy.vectors").Vectors().from_disk(path / "vocab")
    words = package("spacy.strings").StringStore().from_disk(path / "vocab" / "strings.json")
    yield from ((words[key], vectors.data[row], None) for key, row in vectors.key2row.items())


def _fasttext(path: Path, dim: int, layout: str) -> Rows:
    data = path.read_bytes()
    modern = data[:4] == (793712314).to_bytes(4, "little")
    settings, place = struct.unpack_from(layout, data, 8 if modern else 0), 8 if modern else 0
    place += struct.calcsize(layout)
    _, words, _ = struct.unpack_from("<3i", data, place)
    pruned = modern and struct.unpack_from("<q", data, place + 20)[0] == 0
    place += struct.calcsize("<3i2q" if modern else "<3iq")
    entries = []
    for _ in range(words):
        end = data.index(b"\0", place)
        entries.append((data[place:end], struct.unpack_from("<q", data, end + 1)[0]))
        place = end + 10
    place += struct.calcsize("<B2q" if modern else "<2q")
    bucket, shortest, longest = settings[8:11]
    mode, hashes = settings[11:13] if layout == "<14id" else (1, 1)
    table = np.frombuffer(data, "<f4", (words + bucket) * dim, place).reshape(-1, dim)
    unknown = all(count <= 1 for _, count in entries)
    for row, (word, count) in enumerate(entries):
        used = [row] if mode == 1 else []
        if word != b"</s>" and bucket and not pruned:
            used += [words + hashed % bucket for hashed in _hashes(word, shortest, longest, mode, hashes)]
        used += [0] if mode == 2 and row == 0 else []
        vector = np.zeros(dim, np.float32)
        with np.errstate(all="ignore"):
            for each in used:
                vector += table[each]
            vector *= np.float32(1 / max(1, len(used)))
        yield word.decode(errors="backslashreplace"), vector, None if unknown else count


def _hashes(word: bytes, shortest: int, longest: int, mode: int, hashes: int) -> Iterator[int]:
    """The hashes of a word's n-grams: fastText's, or so many of floret's, those of the whole word before them."""
    text = b"<" + word + b">"
    places = [place for place, byte in enumerate(text) if byte & 0xC0 != 0x80] + [len(text)]
    grams = [text] if mode == 2 else []
    for first, start in enumerate(places[:-1]):
        for last in range(first + max(1, shortest), min(first + longest, len(places) - 1) + 1):
            if last > first + 1 or 0 < first < len(places) - 2:
                grams.append(text[start : places[last]])
    for gram in grams:
        yield from _murmur(gram)[:hashes] if mode == 2 else [_fnv(gram)]


def _fnv(data: bytes) -> int:
    value = 2166136261
    for byte in data:
        value = (value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 % 2**32
    return value


def _murmur(data: bytes) -> list[int]:
    """MurmurHash3_x64_128 of Appleby's with floret's seed, in four parts."""
    first, second, low, high = 0x87C37B91114253D5, 0x4CF5AD432745937F, 2166136261, 2166136261

    def mix(part: bytes, before: int, bits: int, after: int) -> int:
        return _rotate_left(int.from_bytes(part, "little") * before % 2**64, bits) * after % 2**64

    for start in range(0, len(data) + 1, 16):
        part = data[start : start + 16]
        low ^= mix(part[:8], first, 31, second)
        if len(part) == 16:
            low = ((_rotate_left(low, 27) + high) * 5 + 0x52DCE729) % 2**64
        high ^= mix(part[8:], second, 33, first)
        if len(part) == 16:
            high = ((_rotate_left(high, 31) + low) * 5 + 0x38495AB5) % 2**64
    low, high = low ^ len(data), high ^ len(data)
    low = (low + high) % 2**64
    high = (high + low) % 2**64
    low, high = _finalise(low), _finalise(high)
    low = (low + high) % 2**64
    high = (high + low) % 2**64
    return [low % 2**32, low >> 32, high % 2**32, high >> 32]


def _rotate_left(number: int, bits: int) -> int:
    return (number << bits | number >> (64 - bits)) % 2**64


def _finalise(number: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        number = (number ^ number >> 33) * factor % 2**64
    return number ^ number >> 33


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
    "fasttext": partial(_fasttext, layout="<12id"),
    "floret": partial(_fasttext, layout="<14id"),
    "spacy": _spacy,
}
CLIENTS = {"finalfusion", "spacy", "torch"}  # whose readers are those of the libraries themselves


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
