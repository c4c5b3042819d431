"""navec's archives, made here as its `Navec.dump` makes them."""

import gzip
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

import wvcli
from wvcli import formats
from wvcli.errors import InputError

WORDS = ["кот", "собака", "a\u2028b", "<unk>", "<pad>"]
COUNTS = [9, 7, 2, 0, 0]
CENTROIDS = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 4  # of two parts three, of two numbers each
CODES = np.array([[0, 2], [1, 1], [2, 0], [0, 0], [1, 2]], np.uint8)


def make(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "meta.json").write_text(json.dumps({"id": "news", "protocol": 1}))
    numbers = np.array([len(WORDS), *COUNTS], "<u4").tobytes()
    (folder / "vocab.bin").write_bytes(gzip.compress(numbers + "\n".join(WORDS).encode()))
    shape = np.array([len(WORDS), 4, 2, 3], "<u4").tobytes()
    (folder / "pq.bin").write_bytes(shape + CODES.tobytes() + CENTROIDS.tobytes())
    return folder


def test_an_archive_is_read_as_it_is(tmp_path: Path) -> None:
    folder = make(tmp_path / "v")
    with tarfile.open(tmp_path / "navec.tar", "w") as archive:
        for file in folder.iterdir():
            archive.add(file, file.name)
    expected = np.concatenate([CENTROIDS[0][CODES[:, 0]], CENTROIDS[1][CODES[:, 1]]], axis=1)
    for path in (folder, tmp_path / "navec.tar"):
        found = wvcli.load(path)
        assert list(found) == WORDS
        assert np.array_equal(found.matrix, expected)
        assert found.counts is not None
        assert found.counts.tolist() == COUNTS
    assert list(formats.read(folder, limit=2)) == WORDS[:2]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("meta.json", b'{"protocol": 2}', "has protocol 2 of navec"),
        ("meta.json", b"[]", "meta.json is damaged"),
        ("vocab.bin", gzip.compress(b"\2\0\0\0" + bytes(8) + b"a")[:-6], "vocab.bin is damaged"),
        ("vocab.bin", gzip.compress(b"\2\0\0\0" + bytes(8) + b"a"), "it has 1 words and 2 counts"),
        ("vocab.bin", gzip.compress(b"\2\0\0\0" + bytes(4)), "vocab.bin is damaged"),
        ("vocab.bin", gzip.compress(b"\1\0\0\0" + bytes(4) + b"a"), "it has 5 vectors for 1 words"),
        ("pq.bin", b"\5\0\0\0", "it ends early"),
        ("pq.bin", np.array([5, 4, 3, 3], "<u4").tobytes(), "4 dimensions cannot be 3 parts of 3 centroids"),
        ("pq.bin", np.array([5, 4, 2, 3], "<u4").tobytes(), "expected 74 bytes, found 16"),
        ("pq.bin", np.array([5, 4, 2, 1], "<u4").tobytes() + b"\1" * 10 + bytes(16), "names a centroid"),
    ],
)
def test_damage_is_told(tmp_path: Path, file: str, content: bytes, message: str) -> None:
    folder = make(tmp_path / "v")
    (folder / file).write_bytes(content)
    with pytest.raises(InputError, match=message):
        wvcli.load(folder)
