"""JSON: arrays of objects, and objects with the vector of each word."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Run
from tests.formats.test_formats import ODD_WORDS, bits, matching_names, refusal
from wvcli import formats
from wvcli.formats import registry

WORDS = [*ODD_WORDS, "new york", "a\nb", '"[{', "\\"]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_dictionaries_and_arrays_are_read(tmp_path: Path, indent: int | None, ensure_ascii: bool) -> None:
    matrix = np.random.default_rng(2).normal(0, 1, (len(WORDS), 5)).astype(np.float32)
    by_word = dict(zip(WORDS, matrix.tolist(), strict=True))
    as_objects = [{"id": 7, "vector": vector, "word": word} for word, vector in by_word.items()]
    for value in (by_word, as_objects):
        text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
        (tmp_path / "file").write_text(f"\ufeff\n{text}\n", encoding="utf-8")
        assert matching_names(tmp_path / "file") == ["json"]
        found = formats.read(tmp_path / "file")
        assert list(found) == WORDS
        assert bits(found.matrix) == bits(matrix)
        assert list(formats.read(tmp_path / "file", limit=3)) == WORDS[:3]


def test_counts_missing_numbers_and_repeated_words(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(
        '[{"word": "a", "count": 3, "vector": [1, null]}, {"word": "b", "count": 2, "vector": [1e60, -Infinity]},'
        ' {"word": "a", "count": 1, "vector": [5, 6]}]'
    )
    notes: list[str] = []
    found = formats.read(tmp_path / "a", on_note=notes.append)
    assert list(found) == ["a", "b"]
    assert bits(found.matrix) == bits(np.array([[1, np.nan], [np.inf, -np.inf]], np.float32))
    assert found.counts is not None
    assert found.counts.tolist() == [3, 2]
    assert len(notes) == 1


def test_a_file_of_many_blocks_is_read_entry_by_entry(tmp_path: Path) -> None:
    words = [f"w{place}猫" for place in range(20_000)]
    value: Any = {word: [place + 0.25] * 12 for place, word in enumerate(words)}
    (tmp_path / "file").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    assert (tmp_path / "file").stat().st_size > 2 << 20
    found = formats.read(tmp_path / "file")
    assert list(found) == words
    assert (found.matrix == np.arange(20_000)[:, None] + 0.25).all()


def test_what_the_program_prints_is_read(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    printed = run("vector", "cat", "dog", "--format", "json", "-m", word2vec_model).out
    (tmp_path / "some").write_text(printed, encoding="utf-8")
    assert run("import", "some", "-o", "m.safetensors").code == 0
    assert run("vector", "cat", "dog", "--format", "json", "-m", "m.safetensors").out == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1.5], "b": [1, 2]}', "word 2: expected 1 numbers, found 2"),
        ('{"a": [1.5], "b": "x"}', "word 2: the vector is not a list of numbers"),
        ('{"a": [1.5], "b": []}', "word 2: the vector is not a list of numbers"),
        ('{"a": [1.5], "b": 3}', "word 2: not JSON (expected a string, an array or an object, found '3')"),
        ('{"a": [1.5], 2: [3]}', "word 2: not JSON"),
        ('{"a": [1.5] "b": [3]}', "word 2: not JSON (expected ',', found '\"')"),
        ('{"a": [1.5], "b": [3]', "word 3: not JSON (expected ',', found the end of the file)"),
        ('{"a": [1.5], "b": [3', "word 2: not JSON"),
        ('{"a": [1.5]} {}', "word 2: not JSON (found '{' after the end)"),
        ('{"a": [1.5], "\\ud800": [3]}', "word 2: expected"),
        ('[{"word": "a", "vector": [1]}, {"word": "b"}]', "word 2: expected"),
        ('[{"word": "a", "vector": [1]}, ["b", [1]]]', "word 2: expected"),
        ('[{"word": "a", "vector": [1], "count": -2}]', "word 1: expected a count, found -2"),
        ("[]", "line 1: expected"),
        ("[" * 100_000, "word 1: not JSON"),
    ],
)
def test_what_is_not_words_and_vectors_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "file").write_text(text)
    assert message in refusal(registry.get("json"), tmp_path / "file")


def test_what_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b'{"a": [1.5], "\xff": [2.5]}')
    assert "word 1: not UTF-8" in refusal(registry.get("json"), tmp_path / "file")
