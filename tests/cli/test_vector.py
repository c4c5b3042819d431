"""`wvcli vector`, as typed."""

import json
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import Run
from wvcli.vectors.vocabulary import Vocabulary


@pytest.mark.parametrize(("format", "separator"), [("tsv", "\t"), ("csv", ","), ("plain", " ")])
def test_numbers_give_back_the_same_float32(run: Run, word2vec_model: Path, format: str, separator: str) -> None:
    result = run("vector", "cat", "-m", word2vec_model, "--format", format, "--no-header")
    word, *numbers = result.out.rstrip("\n").split(separator)
    assert word == "cat"
    assert np.array_equal(np.array(numbers, dtype=np.float32), wvcli.load(word2vec_model)["cat"])


def test_json_holds_word_and_vector(run: Run, word2vec_model: Path) -> None:
    [answer] = json.loads(run("vector", "猫", "-m", word2vec_model, "--format", "json").out)
    assert answer["word"] == "猫"
    assert np.array_equal(np.array(answer["vector"], dtype=np.float32), wvcli.load(word2vec_model)["猫"])


def test_header_numbers_the_dimensions(run: Run, word2vec_model: Path) -> None:
    result = run("vector", "cat", "-m", word2vec_model, "--header")
    assert result.rows[0] == ["word", *map(str, range(1, 25))]
    assert run("vector", "cat", "-m", word2vec_model, "--format", "csv").out == result.out.replace("\t", ",")


def test_stand_ins_for_missing_words(run: Run, word2vec_model: Path) -> None:
    zeros = run("vector", "zzzz", "-m", word2vec_model, "--missing", "null")
    assert [float(cell) for cell in zeros.rows[0][1:]] == [0.0] * 24
    drawn = run("vector", "zzzz", "yyyy", "-m", word2vec_model, "--missing", "random")
    assert drawn.code == 0
    again = run("vector", "zzzz", "-m", word2vec_model, "--missing", "random")
    assert drawn.rows[0] == again.rows[0]
    assert drawn.rows[0][1:] != drawn.rows[1][1:]
    assert all(abs(float(cell)) <= 0.5 / 24 for cell in drawn.rows[0][1:])


def test_fasttext_vectors_of_unseen_words_come_from_subwords(run: Run, fasttext_model: Path) -> None:
    result = run("vector", "kitchens", "-m", fasttext_model)
    assert result.code == 0
    assert "oov" in result.err
    assert np.array_equal(np.array(result.rows[0][1:], dtype=np.float32), wvcli.load(fasttext_model)["kitchens"])


def test_what_is_printed_reads_back(run: Run, tmp_path: Path) -> None:
    words = ["cat", "new york", "a,b", 'say "hi"', "猫", "2"]
    matrix = np.random.default_rng(5).normal(0, 1, (len(words), 5)).astype(np.float32)
    wvcli.export(wvcli.Vectors(Vocabulary.from_words(words), matrix), tmp_path / "v.npz")
    for format in ("tsv", "csv", "json", "jsonl", "plain"):
        for header in ("--header", "--no-header"):
            for asked in (words, words[:1]):
                printed = run("vector", *asked, "-m", "v.npz", "--format", format, header)
                (tmp_path / "printed").write_text(printed.out, encoding="utf-8")
                found = wvcli.load(tmp_path / "printed")
                assert list(found) == asked
                assert np.array_equal(found.matrix, matrix[: len(asked)])
