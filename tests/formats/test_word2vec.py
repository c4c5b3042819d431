"""The binary layout of word2vec, and the other thing that is called `.bin`."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import Reading, Writing, registry
from wvcli.system.encodings import Encoding

WORD2VEC = registry.get("word2vec")


def record(word: bytes, *numbers: float, end: bytes = b"") -> bytes:
    return word + b" " + struct.pack(f"<{len(numbers)}f", *numbers) + end


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_line_ends_after_vectors_are_accepted_and_none_is_written(tmp_path: Path, end: bytes) -> None:
    # The bytes of the first number are a line end and a space, which must not be mistaken for separators.
    tricky = struct.unpack("<f", b"\n \n ")[0]
    rows = {"a": (tricky, 0.5), "猫": (-2.0, tricky), "": (0.0, 1.0)}
    records = b"".join(record(word.encode(), *numbers, end=end) for word, numbers in rows.items())
    path = tmp_path / "file.bin"
    path.write_bytes(b"3 2\n" + records)
    found = formats.read(path)
    assert list(found) == list(rows)
    assert found.matrix.tolist() == [list(numbers) for numbers in rows.values()]
    assert WORD2VEC.write
    WORD2VEC.write(found, path, Writing())
    plain = [record(word.encode() or b"_", *numbers) for word, numbers in rows.items()]
    assert path.read_bytes() == b"3 2\n" + b"".join(plain)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"3 2\n" + record(b"a", 1, 2) + record(b"b", 1, 2), "word 3 of 3: the file ends here; expected a word"),
        (
            b"2 2\n" + record(b"a", 1, 2) + record(b"b", 1, 2)[:-1],
            "word 2 of 2: .* a space and 8 bytes of numbers",
        ),
        (b"2 2\n" + record(b"a", 1, 2) + b"bbbbbbbbbb", "word 2 of 2: the file ends here"),
        (b"2 2\n", "word 1 of 2: the file ends here"),
        (b"1 2\n" + record(b"a", 1, 2, end=b"\n\n"), "after word 1, found 1 bytes more"),
        (b"1 2\n" + record(b"a", 1, 2) * 2, "after word 1, found 10 bytes more"),
        (b"1 2\n" + record(b"a", 1, 2) + bytes(3_000_000), "after word 1, found 3000000 bytes more"),
        (b"2 1\n" + record(b"a", 1) + record(b"\xe7\x8c", 2), "word 2: the word '\ufffd' is not UTF-8"),
        (b"2 1\n" + record(b"a", 1) + b"b" * 3_000_000, "word 2: no space follows"),
    ],
)
def test_a_wrong_word_is_named_with_what_was_expected(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(data)
    assert WORD2VEC.read
    with pytest.raises(InputError, match=problem) as caught:
        WORD2VEC.read(path, None)
    assert caught.value.message.startswith(str(path))


def test_words_and_vectors_larger_than_a_block_are_read(tmp_path: Path) -> None:
    numbers = np.random.default_rng(4).normal(size=(2, 700_000)).astype("<f4")
    words = [b"a" * 50_000, b"b"]
    path = tmp_path / "file.bin"
    path.write_bytes(b"2 700000\n" + b"".join(w + b" " + n.tobytes() for w, n in zip(words, numbers, strict=True)))
    found = formats.read(path)
    assert list(found) == [word.decode() for word in words]
    assert (found.matrix == numbers).all()


def test_a_few_numbers_that_look_like_text_are_still_binary(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"2 2\na ABC=DEF=b GHI=JKL=")
    assert [member.name for member in registry if member.sniff(path.read_bytes())] == ["word2vec"]
    assert list(formats.read(path)) == ["a", "b"]


def test_a_fasttext_binary_is_refused_by_name_of_its_format(tmp_path: Path) -> None:
    # The first fields of a fastText file: magic, version, dim, window, epoch, minimum count.
    path = tmp_path / "cc.bin"
    path.write_bytes(struct.pack("<6i", 793712314, 12, 100, 5, 5, 5) + bytes(1000))
    assert [member.name for member in registry if member.sniff(path.read_bytes())] == ["fasttext"]
    with pytest.raises(InputError, match=r"cc\.bin is a fastText \.bin and not in word2vec's layout") as caught:
        formats.read(path, "word2vec")
    assert "the format fasttext reads it" in caught.value.hint


def test_what_follows_the_limit_does_not_matter(tmp_path: Path) -> None:
    numbers = np.arange(8, dtype="<f4").reshape(4, 2)
    words = [b"a", b"a", b"b", b"\xff"]
    data = b"".join(word + b" " + row.tobytes() for word, row in zip(words, numbers, strict=True))
    (tmp_path / "file.bin").write_bytes(b"4 2\n" + data)
    notes: list[str] = []
    found = formats.read(tmp_path / "file.bin", limit=2, on_note=notes.append)
    assert (list(found), found.matrix.tolist()) == (["a", "b"], [[0, 1], [4, 5]])
    assert len(notes) == 1
    with pytest.raises(InputError, match=r"word 4: the word .* is not UTF-8"):
        formats.read(tmp_path / "file.bin", limit=3)


def test_words_in_another_encoding_are_read_replaced_or_left_out(tmp_path: Path) -> None:
    data = b"3 1\n" + record(b"a", 1) + record(b"caf\xe9", 2) + record(b"b", 3)
    (tmp_path / "file.bin").write_bytes(data)
    notes: list[str] = []

    def read(*reading: Any) -> dict[str, float]:
        found = formats.read(
            tmp_path / "file.bin", reading=Reading(Encoding.of(*reading[:2]), reading[2]), on_note=notes.append
        )
        return {word: float(found[word][0]) for word in found}

    assert read("latin-1", "strict", False) == {"a": 1, "café": 2, "b": 3}
    assert read("utf-8", "replace", False) == {"a": 1, "caf\ufffd": 2, "b": 3}
    assert notes == []
    assert read("utf-8", "strict", True) == {"a": 1, "b": 3}
    assert notes == [f"1 word was left out of {tmp_path / 'file.bin'}, not being UTF-8"]
