"""finalfusion's files: as its own program wrote them, and as it reads ours where it is installed."""

import struct
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats.test_formats import ODD_WORDS, is_preserved, random_vectors, refusal, vectors_of
from wvcli import formats
from wvcli.formats import registry
from wvcli.models.model_file import open_model
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.word_vectors import Vectors

MEMBER = registry.get("finalfusion")
WORDS = ["the", "new york", "猫"]
UNITS = np.array([[0.6, 0.8], [-1, 0], [0, 1]], np.float32)
LENGTHS = np.array([5, 2, 0.5], np.float32)
NGRAMS = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float32)

# Written by the package finalfusion 0.7.1: the words, vectors and lengths above, with metadata `source = "here"`;
# without lengths; with fastText's n-grams of 2 to 3 characters in 4 buckets; with finalfusion's own.
THEIRS = {
    "plain": (
        "RmlGdQAAAAAEAAAABQAAAAEAAAACAAAABgAAAAUAAAAQAAAAAAAAAHNvdXJjZSA9ICJoZXJlIgoBAAAAIgAAAAAAAAADAAAAAAAA"
        "AAMAAAB0aGUIAAAAbmV3IHlvcmsDAAAA54yrAgAAACoAAAAAAAAAAwAAAAAAAAACAAAACgAAAAAAmpkZP83MTD8AAIC/AAAAAAAA"
        "AAAAAIA/BgAAABwAAAAAAAAAAwAAAAAAAAAKAAAAAAAAAAAAoEAAAABAAAAAPw=="
    ),
    "no lengths": (
        "RmlGdQAAAAACAAAAAQAAAAIAAAABAAAAIgAAAAAAAAADAAAAAAAAAAMAAAB0aGUIAAAAbmV3IHlvcmsDAAAA54yrAgAAACoAAAAA"
        "AAAAAwAAAAAAAAACAAAACgAAAAAAmpkZP83MTD8AAIC/AAAAAAAAAAAAAIA/"
    ),
    "fasttext": (
        "RmlGdQAAAAADAAAABwAAAAIAAAAGAAAABwAAAC4AAAAAAAAAAwAAAAAAAAACAAAAAwAAAAQAAAADAAAAdGhlCAAAAG5ldyB5b3Jr"
        "AwAAAOeMqwIAAABKAAAAAAAAAAcAAAAAAAAAAgAAAAoAAAAAAJqZGT/NzEw/AACAvwAAAAAAAAAAAACAPwAAgD8AAABAAABAQAAA"
        "gEAAAKBAAADAQAAA4EAAAABBBgAAABwAAAAAAAAAAwAAAAAAAAAKAAAAAAAAAAAAoEAAAABAAAAAPw=="
    ),
    "buckets": (
        "RmlGdQAAAAADAAAAAwAAAAIAAAAGAAAAAwAAAC4AAAAAAAAAAwAAAAAAAAACAAAAAwAAAAIAAAADAAAAdGhlCAAAAG5ldyB5b3Jr"
        "AwAAAOeMqwIAAABKAAAAAAAAAAcAAAAAAAAAAgAAAAoAAAAAAJqZGT/NzEw/AACAvwAAAAAAAAAAAACAPwAAgD8AAABAAABAQAAA"
        "gEAAAKBAAADAQAAA4EAAAABBBgAAABwAAAAAAAAAAwAAAAAAAAAKAAAAAAAAAAAAoEAAAABAAAAAPw=="
    ),
}

# Quantised, in two parts with two centroids each: alone; with fastText's n-grams, a projection and lengths.
QUANTISED = {
    "quantised": (
        "RmlGdQAAAAACAAAAAQAAAAQAAAABAAAAIgAAAAAAAAADAAAAAAAAAAMAAAB0aGUIAAAAbmV3IHlvcmsDAAAA54yrBAAAADwAAAAAAAAA"
        "AAAAAAAAAAACAAAAAgAAAAIAAAADAAAAAAAAAAEAAAAKAAAAAAAAAAA/AACAvwAAgD4AAABAAAABAQEA"
    ),
    "projected": (
        "RmlGdQAAAAADAAAABwAAAAQAAAAGAAAABwAAAC4AAAAAAAAAAwAAAAAAAAACAAAAAwAAAAQAAAADAAAAdGhlCAAAAG5ldyB5b3JrAwAA"
        "AOeMqwQAAABwAAAAAAAAAAEAAAABAAAAAgAAAAIAAAACAAAABwAAAAAAAAABAAAACgAAAAAAAAAAAAAAgD8AAIC/AAAAPwAAAD8AAIC/"
        "AACAPgAAAEAAAIA/AAAAQAAAAD8AAIA/AACAPwAAQEAAAIBAAAABAQEAAAEBAQAAAQAGAAAAGgAAAAAAAAADAAAAAAAAAAoAAAAAAAAA"
        "oEAAAABAAAAAPw=="
    ),
}
RESTORED = {
    "quantised": [[0.5, 0.25], [-1, 2], [-1, 0.25]],
    "projected": [[0.25, -0.375], [4, 4], [0.125, 0.5625]],
}
RESTORED_NGRAMS = [[2, 0.5], [2, 2], [0.75, -1.125], [1, 4.5]]


def theirs(name: str, path: Path) -> Path:
    path.write_bytes(b64decode((THEIRS | QUANTISED)[name]))
    return path


@pytest.mark.parametrize("name", THEIRS)
def test_what_finalfusion_wrote_is_read(tmp_path: Path, name: str) -> None:
    found = formats.read(theirs(name, tmp_path / "file"))
    assert list(found) == WORDS
    assert np.array_equal(found.matrix, UNITS if name == "no lengths" else UNITS * LENGTHS[:, None])
    assert found.counts is None
    if name != "fasttext":
        assert found.subwords is None
        return
    assert found.subwords is not None
    assert (found.subwords.min_n, found.subwords.max_n) == (2, 3)
    assert np.array_equal(found.subwords.matrix, NGRAMS)
    direction = found["dog"] / np.linalg.norm(found["dog"])
    assert direction == pytest.approx([0.62188214, 0.7831108], abs=1e-6)  # as finalfusion has it


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_vectors_are_restored_as_finalfusion_restores_them(tmp_path: Path, name: str) -> None:
    found = formats.read(theirs(name, tmp_path / "file"))
    assert list(found) == WORDS
    lengths = 1 if name == "quantised" else LENGTHS[:, None]
    assert np.array_equal(found.matrix, np.array(RESTORED[name], np.float32) * lengths)
    assert list(formats.read(tmp_path / "file", limit=2)) == WORDS[:2]
    if name == "projected":
        assert found.subwords is not None
        assert np.array_equal(found.subwords.matrix, RESTORED_NGRAMS)


@pytest.mark.client
@pytest.mark.parametrize("lengths", [False, True])
def test_what_finalfusion_quantises_is_read_as_it_reads_it(tmp_path: Path, lengths: bool) -> None:
    quantized, vocab = client().storage.quantized, client().vocab
    rng = np.random.default_rng(6)
    words = [f"w{number}" for number in range(300)]
    product = quantized.PQ(
        rng.normal(size=(5, 200, 4)).astype(np.float32), rng.normal(size=(20, 20)).astype(np.float32)
    )
    codes = rng.integers(0, 200, (300, 5), dtype=np.uint8)
    norms = rng.uniform(1, 2, 300).astype(np.float32) if lengths else None
    storage = quantized.QuantizedArray(product, codes, norms)
    client().Embeddings(storage=storage, vocab=vocab.SimpleVocab(words)).write(str(tmp_path / "file"))
    found = formats.read(tmp_path / "file")
    assert list(found) == words
    np.testing.assert_allclose(found.matrix, storage.embedding(slice(None)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("subwords", [None, Subwords(NGRAMS, 2, 3)])
def test_the_same_bytes_are_written_as_finalfusion_writes(tmp_path: Path, subwords: Subwords | None) -> None:
    whole = vectors_of(WORDS, UNITS * LENGTHS[:, None])
    whole = Vectors(whole.vocabulary, whole.matrix, subwords=subwords)
    formats.write(whole, tmp_path / "file.fifu")
    expected = b64decode(THEIRS["fasttext" if subwords else "plain"])
    assert (tmp_path / "file.fifu").read_bytes() == (expected if subwords else without_metadata(expected))


def without_metadata(data: bytes) -> bytes:
    """The bytes of a file that has metadata, without; the padding then happens to be the same."""
    magic, version, count, *kinds = struct.unpack("<4s6I", data[:28])
    [size] = struct.unpack("<Q", data[32:40])
    assert (size % 4, kinds[0]) == (0, 5)
    return struct.pack("<4s5I", magic, version, count - 1, *kinds[1:]) + data[40 + size :]


def client() -> Any:
    return pytest.importorskip(
        "finalfusion", reason="the package finalfusion, which must be compiled, is not installed"
    )


@pytest.mark.client
@pytest.mark.parametrize("mmap", [True, False])
def test_finalfusion_reads_what_is_written(tmp_path: Path, mmap: bool) -> None:
    words = [*ODD_WORDS, "new york", "a\tb", ""]
    whole = vectors_of(words, random_vectors(len(words), 9).matrix * 100)
    formats.write(whole, tmp_path / "file.fifu")
    found = client().load_finalfusion(str(tmp_path / "file.fifu"), mmap=mmap)
    assert found.vocab.words == words
    assert np.asarray(found.norms) == pytest.approx(np.linalg.norm(whole.matrix, axis=1))
    assert is_preserved(MEMBER, np.asarray(found.storage) * np.asarray(found.norms)[:, None], whole.matrix)
    found.write(str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (tmp_path / "file.fifu").read_bytes()


@pytest.mark.client
def test_finalfusion_finds_the_same_neighbours_and_vectors_of_unknown_words(
    fasttext_model: Path, tmp_path: Path
) -> None:
    whole = open_model(fasttext_model).vectors()
    formats.write(whole, tmp_path / "file.fifu")
    found = client().load_finalfusion(str(tmp_path / "file.fifu"))
    near = [(near.word, float(near.similarity)) for near in found.word_similarity("cat", 5)]
    expected = whole.most_similar("cat", 5)
    assert [word for word, _ in near] == [word for word, _ in expected]
    assert [score for _, score in near] == pytest.approx([score for _, score in expected], abs=1e-6)
    for word in ("catnip", "猫舎", "x"):
        ours = whole[word]
        assert found.embedding(word) == pytest.approx(ours / np.linalg.norm(ours), abs=1e-6)
    again = formats.read(tmp_path / "file.fifu")
    assert np.array_equal(again["catnip"], whole["catnip"])


def test_single_characters_as_ngrams_are_noted(tmp_path: Path) -> None:
    whole = vectors_of(WORDS, UNITS)
    [note] = formats.write(
        Vectors(whole.vocabulary, whole.matrix, subwords=Subwords(NGRAMS, 1, 2)), tmp_path / "file.fifu"
    )
    assert "its vectors of unknown words will differ" in note


def test_rows_without_a_length_are_written_as_they_are(tmp_path: Path) -> None:
    matrix = np.array([[0, -0.0], [np.nan, 1], [np.inf, 2], [3e38, 3e38], [1e-45, 0]], np.float32)
    formats.write(vectors_of(list("abcde"), matrix), tmp_path / "file.fifu")
    found = formats.read(tmp_path / "file.fifu").matrix
    assert np.array_equal(found, matrix, equal_nan=True)
    assert np.array_equal(np.signbit(found[0]), [False, True])


@pytest.mark.parametrize(
    ("place", "piece", "message"),
    [
        (0, b"FuFi", "not a finalfusion file of version 0"),
        (4, b"\1\0\0\0", "not a finalfusion file of version 0"),
        (8, b"\xff\xff\xff\xff", "it claims 4294967295 chunks"),
        (8, b"\1\0\0\0", "ends within chunk 1 (vectors)"),
        (20, b"\x11\0\0\0", "chunk 1 has the type 17"),
        (24, b"\xff" * 8, "ends within chunk 1 (words)"),
        (32, b"\xff" * 8, "words and 3 x 2 numbers"),
        (32, b"\2" + bytes(7), "2 words and 3 x 2 numbers"),
        (32, bytes(8), "0 words"),
        (40, b"\xff\xff\xff\xff", "word 1: longer than all words of the file together"),
        (44, b"\xff", "word 1: the word is not UTF-8"),
        (78, b"\xff" * 8, "its vectors are not"),
        (90, b"\1", "its vectors are not float32"),
    ],
)
def test_damage_is_told(tmp_path: Path, place: int, piece: bytes, message: str) -> None:
    data = b64decode(THEIRS["no lengths"])
    (tmp_path / "file").write_bytes(data[:place] + piece + data[place + len(piece) :])
    assert message in refusal(MEMBER, tmp_path / "file")


@pytest.mark.parametrize(
    ("place", "piece", "message"),
    [
        (78, b"\2", "are not 2 numbers in 2 parts"),
        (86, b"\3", "are not 2 numbers in 3 parts"),
        (86, b"\0", "are not 2 numbers in 0 parts"),
        (94, b"\3", "its quantised vectors do not fill their chunk"),
        (98, b"\xff" * 8, "its quantised vectors do not fill their chunk"),
        (106, b"\2", "are not uint8 for float32"),
        (132, b"\2", "names a centroid that is not among its 2"),
    ],
)
def test_damage_of_quantised_vectors_is_told(tmp_path: Path, place: int, piece: bytes, message: str) -> None:
    data = b64decode(QUANTISED["quantised"])
    (tmp_path / "file").write_bytes(data[:place] + piece + data[place + len(piece) :])
    assert message in refusal(MEMBER, tmp_path / "file")


@pytest.mark.parametrize("name", [*THEIRS, *QUANTISED])
def test_a_file_that_ends_early_is_refused(tmp_path: Path, name: str) -> None:
    data = b64decode((THEIRS | QUANTISED)[name])
    for stop in range(1, len(data)):
        (tmp_path / "file").write_bytes(data[:stop])
        refusal(MEMBER, tmp_path / "file")


def test_a_word_again_is_dropped(tmp_path: Path) -> None:
    data = b64decode(THEIRS["no lengths"]).replace("猫".encode(), b"the")
    (tmp_path / "file").write_bytes(data)
    found = formats.read(tmp_path / "file")
    assert list(found) == WORDS[:2]
    assert np.array_equal(found.matrix, UNITS[:2])
