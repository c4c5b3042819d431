"""GloVe's own binary: float64 parameters, and the words in the vocabulary beside them."""

from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.formats.test_formats import matching_names
from wvcli import formats
from wvcli.errors import InputError

WORDS = ["the", "猫", "a\u00a0b", "dog"]
COUNTS = [90, 12, 5, 5]


def make(folder: Path, dim: int = 3, vocabulary: str = "vocab.txt", words: bytes | None = None) -> np.ndarray:
    """Write a model as glove.c does, and its vocabulary; return float64 [words, dim], what its text has."""
    rng = np.random.default_rng(dim)
    parameters = rng.normal(0, 0.3, (2 * len(WORDS), dim + 1))
    (folder / "vectors.bin").write_bytes(parameters.astype("<f8").tobytes())
    lines = "".join(f"{word} {count}\n" for word, count in zip(WORDS, COUNTS, strict=True)).encode()
    (folder / vocabulary).write_bytes(lines if words is None else words)
    sums: np.ndarray = parameters[: len(WORDS), :dim] + parameters[len(WORDS) :, :dim]
    return sums


@pytest.mark.parametrize("vocabulary", ["vocab.txt", "vectors.vocab.txt", "vectors.vocab"])
def test_vectors_are_the_sums_of_words_and_contexts_without_biases(tmp_path: Path, vocabulary: str) -> None:
    sums = make(tmp_path, vocabulary=vocabulary)
    assert matching_names(tmp_path / "vectors.bin") == ["glove-binary"]
    found = wvcli.load(tmp_path / "vectors.bin")
    assert list(found) == WORDS
    assert np.array_equal(found.matrix, sums.astype(np.float32))
    assert found.counts is not None
    assert found.counts.tolist() == COUNTS
    assert list(formats.read(tmp_path / "vectors.bin", limit=2)) == WORDS[:2]


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    make(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(InputError, match="not in a known format"):
        wvcli.load(path)
    with pytest.raises(InputError, match=r"vectors\.bin does not fit .*vocab\.txt: 248 bytes .* of 4 words"):
        formats.read(path, "glove-binary")
    path.write_bytes((np.frombuffer(whole) ** 2 + 1).tobytes())
    with pytest.raises(InputError, match="squared gradients of a GloVe model and no vectors"):
        wvcli.load(path)
    path.write_bytes(np.random.default_rng(1).bytes(len(whole)))
    assert matching_names(path) == []
    path.write_bytes(whole)
    (tmp_path / "vocab.txt").write_text("the 90\ncat\n")
    with pytest.raises(InputError, match=r"vocab\.txt, line 2: expected a word and its count"):
        formats.read(path, "glove-binary")
    (tmp_path / "vocab.txt").unlink()
    with pytest.raises(InputError, match=r"vectors\.bin has no words") as alone:
        formats.read(path, "glove-binary")
    assert "vocab.txt" in alone.value.hint


def test_words_in_another_encoding_are_read_or_left_out(tmp_path: Path) -> None:
    sums = make(tmp_path, words=b"the 90\n\xe9t\xe9 12\nx 5\ny 5\n")
    path = tmp_path / "vectors.bin"
    with pytest.raises(InputError, match=r"vocab\.txt, line 2: the word .* is not UTF-8"):
        wvcli.load(path)
    assert list(wvcli.load(path, encoding="latin-1")) == ["the", "été", "x", "y"]
    notes: list[str] = []
    found = wvcli.load(path, skip_bad=True, on_note=notes.append)
    assert list(found) == ["the", "x", "y"]
    assert np.array_equal(found.matrix, sums[[0, 2, 3]].astype(np.float32))
    assert notes == [f"line 2 of {tmp_path / 'vocab.txt'} cannot be read and was left out"]
