"""`wvcli compare`, as typed."""

import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import SENTENCES, Run
from wvcli.cli.commands.compare import compare

COLUMNS = ["word", "similarity", "overlap", "old_count", "new_count"]


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a text in which the cat and the cheese have changed places, and one word is new."""
    swap = {"cat": "cheese", "cheese": "cat", "baker": "grocer"}
    text = tmp_path_factory.mktemp("other") / "other.txt"
    lines = [" ".join(swap.get(word.strip("."), word) for word in line.split()) for line in SENTENCES]
    text.write_text("\n".join(lines * 40) + "\n", encoding="utf-8")
    path = text.with_suffix(".safetensors")
    wvcli.train(text, path, dim=24, epochs=5, min_count=1, workers=1)
    return path


def written(path: Path, words: list[str], matrix: list[list[float]]) -> Path:
    lines = [f"{word} {' '.join(map(str, row))}" for word, row in zip(words, matrix, strict=True)]
    path.write_text(f"{len(words)} {len(matrix[0])}\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_words_that_moved_come_with_what_was_measured(
    run: Run, word2vec_model: Path, other_model: Path
) -> None:
    result = run("compare", word2vec_model, other_model, "-n", 5, "--header")
    assert result.code == 0
    assert result.rows[0] == COLUMNS
    similarities = [float(row[1]) for row in result.rows[1:]]
    assert len(similarities) == 5
    assert similarities == sorted(similarities)
    between = wvcli.compare(wvcli.load(word2vec_model), wvcli.load(other_model))
    assert [row[0] for row in result.rows[1:]] == [between.word(place) for place in between.most_moved(5)]
    assert all(int(row[3]) >= 20 for row in result.rows[1:])
    assert "the mean of 1 - similarity" in result.err
    assert run("compare", word2vec_model, other_model, "-q").err == ""


def test_the_defaults_are_those_of_the_library() -> None:
    command, library = inspect.signature(compare).parameters, inspect.signature(wvcli.compare).parameters
    for option, name in (("restrict_top", "top"), ("neighbors", "neighbors"), ("min_count", "min_count")):
        assert command[option].default == library[name].default


def test_ordered_by_overlap(run: Run, word2vec_model: Path, other_model: Path) -> None:
    rows = run("compare", word2vec_model, other_model, "--by", "overlap", "-k", 3, "-n", 1000).rows
    overlaps = [float(row[2]) for row in rows]
    assert overlaps == sorted(overlaps)
    assert {round(3 * overlap, 3) for overlap in overlaps} <= {0, 1, 2, 3}


def test_a_table_tells_the_neighbours_and_machine_formats_do_not(
    run: Run, word2vec_model: Path, other_model: Path
) -> None:
    objects = json.loads(run("compare", word2vec_model, other_model, "-n", 3, "--format", "json").out)
    assert [list(row) for row in objects] == [COLUMNS] * 3
    assert "neighbors" in run("compare", word2vec_model, other_model, "-n", 3, "--format", "table").out


def test_a_model_and_itself_have_not_changed(run: Run, word2vec_model: Path) -> None:
    for by in ("similarity", "overlap"):
        result = run("compare", word2vec_model, word2vec_model, "--by", by, "--fail-over", 0)
        assert result.code == 0
        assert {tuple(row[1:3]) for row in result.rows} == {("1.000000", "1.000000")}


def test_the_summary_is_one_object(run: Run, word2vec_model: Path, other_model: Path) -> None:
    result = run("compare", word2vec_model, other_model, "--summary", "--by", "overlap")
    assert result.err == ""
    facts = json.loads(result.out)
    assert facts["change"] == pytest.approx(1 - facts["overlap"], abs=2e-6)
    assert (facts["lost"], facts["gained"]) == (1, 1)
    assert facts["shared"] == len(wvcli.load(word2vec_model)) - 1
    assert facts["compared"] <= facts["shared"]


def test_fail_over_fails_above_and_not_at_the_change(run: Run, word2vec_model: Path, other_model: Path) -> None:
    change = json.loads(run("compare", word2vec_model, other_model, "--summary").out)["change"]
    assert change > 0
    at = run("compare", word2vec_model, other_model, "-q", "--fail-over", change)
    above = run("compare", word2vec_model, other_model, "-q", "--fail-over", change - 0.000001)
    assert (at.code, at.err) == (0, "")
    assert above.code == 1
    assert above.out == at.out != ""
    assert above.err.startswith(f"error: the change of similarity is {change:.6f}, above ")
    assert len(above.err.splitlines()) == 1


def test_words_lost_and_gained(run: Run, word2vec_model: Path, other_model: Path) -> None:
    lost = run("compare", word2vec_model, other_model, "--lost", "--header")
    assert lost.rows == [["word", "count"], ["baker", "40"]]
    assert "1 of" in lost.err
    assert run("compare", word2vec_model, other_model, "--gained").rows == [["grocer", "40"]]
    assert run("compare", word2vec_model, other_model, "--lost", "--fail-over", 0).code == 1


def test_foreign_files_of_other_dimensions_with_odd_words_and_bad_vectors(run: Run, tmp_path: Path) -> None:
    words = ["[/b]", ":cat:", "שלום", "😀", "zero", "none", "dog"]
    matrix = np.random.default_rng(1).normal(size=(7, 2)).tolist()
    matrix[4], matrix[5] = [0.0, 0.0], [float("nan"), 1.0]
    old = written(tmp_path / "old.txt", words, matrix)
    new = written(tmp_path / "new.txt", words, [[*row, 0.0] for row in matrix])
    result = run("compare", old, new, "--format", "table")
    assert result.code == 0
    assert "[/b]" in result.out
    assert "שלום" in result.out
    assert "2 have a vector that is zero or not finite" in result.err
    assert "dimensions" in result.err
    assert "no counts" in result.err
    rows = run("compare", old, new, "--fail-over", 0).rows
    assert {tuple(row[1:]) for row in rows} == {("1.000000", "1.000000", "", "")}


def test_models_without_a_word_in_common_are_told_and_their_words_listed(run: Run, tmp_path: Path) -> None:
    old = written(tmp_path / "old.txt", ["a", "b"], [[1, 2], [2, 1]])
    new = written(tmp_path / "new.txt", ["c", "d"], [[1, 2], [2, 1]])
    for options in ([], ["--summary"], ["--fail-over", "0.5"], ["--format", "json"]):
        result = run("compare", old, new, *options)
        assert (result.code, result.out) == (2, "")
        assert "share no word" in result.err
        assert len(result.err.splitlines()) == 1
    assert run("compare", old, new, "--gained").rows == [["c", ""], ["d", ""]]


@pytest.mark.parametrize(
    "options",
    [
        *("--fail-over nan", "--fail-over -0.1", "--fail-over inf", "--fail-over much", "--lost --gained"),
        *("-n 0", "-k 0", "--restrict-top 1", "--by magic", "--min-count 1000000"),
    ],
)
def test_nonsense_is_one_line(run: Run, word2vec_model: Path, options: str) -> None:
    result = run("compare", word2vec_model, word2vec_model, *options.split())
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1


def test_a_missing_or_damaged_file_is_named(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copy(word2vec_model, tmp_path / "damaged.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-100])
    for old, new in (("none.safetensors", word2vec_model), (word2vec_model, damaged), (tmp_path, word2vec_model)):
        result = run("compare", old, new)
        assert (result.code, result.out) == (3, "")
        assert len(result.err.splitlines()) == 1
    assert run("compare", word2vec_model).code == 2
