"""Rare words are marked where they are asked about, and where they are answers."""

import json
from pathlib import Path

import pytest

import wvcli
from tests.conftest import SENTENCES, Run
from wvcli.vectors.word_vectors import TRUSTED_COUNT


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in which `zyx` occurs 3 times, `once` once and all else often."""
    folder = tmp_path_factory.mktemp("rare")
    text = folder / "text.txt"
    text.write_text("\n".join([*SENTENCES * 40, *["A zyx barked."] * 3, "Once a cat barked."]) + "\n")
    path = folder / "rare.safetensors"
    wvcli.train(text, path, algorithm="word2vec", dim=12, epochs=2, min_count=1, workers=1)
    return path


def test_a_rare_word_asked_about_is_told(run: Run, model: Path) -> None:
    result = run("similar", "zyx", "cat", "once", "-n", 1, "-m", model)
    assert result.code == 0
    assert [row[0] for row in result.rows] == ["zyx", "cat", "once"]
    assert [len(row) for row in result.rows] == [4, 4, 4]
    notes = [line for line in result.err.splitlines() if "its neighbours" in line]
    assert notes == [
        "note: 'zyx' occurs only 3 times; its neighbours are unreliable",
        "note: 'once' occurs only once; its neighbours are unreliable",
    ]


def test_rare_neighbours_are_marked_in_the_table_and_counted(run: Run, model: Path) -> None:
    words = wvcli.load(model)
    result = run("similar", "cat", "-n", len(words), "-m", model, "--format", "table")
    marked = [line.split() for line in result.out.splitlines() if line.rstrip().endswith("?")]
    assert sorted(line[2] for line in marked) == ["once", "zyx"]
    assert all(line[-2:] == [str(words.count(words.index(line[2]) or 0)), "?"] for line in marked)
    frequent = len(words) - 2
    assert result.err == (
        f"note: 2 of {len(words) - 1} neighbours are rare (fewer than {TRUSTED_COUNT} occurrences, marked ?) and "
        f"unreliable; hide rare words with --restrict-top {frequent}\n"
    )
    without = run("similar", "cat", "-n", len(words), "-m", model, "--restrict-top", frequent)
    assert {row[1] for row in without.rows} == set(words) - {"cat", "once", "zyx"}
    assert without.err == ""


def test_where_all_words_are_rare_no_restriction_is_proposed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.safetensors"
    (tmp_path / "few.txt").write_text("the cat sat on the mat\nthe dog sat on the log\n")
    wvcli.train(tmp_path / "few.txt", path, algorithm="word2vec", dim=4, epochs=1, min_count=1, workers=1)
    notes = run("similar", "cat", "-n", 2, "-m", path).err.splitlines()
    assert notes[-1].endswith(f"(fewer than {TRUSTED_COUNT} occurrences, marked ?) and unreliable")


def test_where_nothing_is_rare_there_is_no_mark(run: Run, model: Path) -> None:
    result = run("similar", "cat", "-n", 3, "-m", model, "--format", "table", "--restrict-top", 10)
    assert "?" not in result.out
    assert result.out.splitlines()[1].split() == ["word", "rank", "neighbor", "similarity", "count"]
    assert result.err == ""


def test_beyond_ten_rare_words_they_are_counted(run: Run, tmp_path: Path) -> None:
    names = [f"name{letter}" for letter in "abcdefghijklm"]
    (tmp_path / "text.txt").write_text("\n".join(f"{name} met {other}" for name in names for other in names[:2]))
    settings = ("--dim", 5, "--epochs", 1, "--min-count", 1, "--workers", 1, "-q")
    assert run("train", "text.txt", *settings).code == 0
    result = run("similar", *names, "-n", 1)
    assert result.err.count("its neighbours are unreliable") == 10
    assert f"note: 13 words in total occur fewer than {TRUSTED_COUNT} times\n" in result.err
    assert run("similar", *names, "-n", 1, "-q").err == ""


def test_an_analogy_marks_rare_words_too(run: Run, model: Path) -> None:
    result = run("analogy", "cat", "zyx", "dog", "-n", 1, "-m", model)
    assert "note: 'zyx' occurs only 3 times; its neighbours are unreliable\n" in result.err
    assert len(result.rows[0]) == 6


def test_a_program_gets_the_counts_and_no_mark(run: Run, model: Path) -> None:
    words = wvcli.load(model)
    result = run("similar", "cat", "-n", len(words), "-m", model, "--format", "jsonl")
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert list(answers[0]) == ["word", "neighbor", "similarity", "count"]
    assert {answer["neighbor"]: answer["count"] for answer in answers} == {
        word: words.count(words.index(word) or 0) for word in words if word != "cat"
    }


def test_nothing_is_marked_where_counts_are_unknown(run: Run, model: Path, tmp_path: Path) -> None:
    assert run("export", "rare.vec", "-m", model).code == 0
    assert run("similar", "zyx", "-n", 1, "-m", "rare.vec").rows[0][3] == ""
    result = run("similar", "zyx", "-n", 5, "-m", "rare.vec", "--format", "table")
    assert result.err == ""
    assert "?" not in result.out


def test_nothing_is_marked_where_training_started_from_other_vectors(model: Path, tmp_path: Path) -> None:
    text = model.with_name("text.txt")
    started = wvcli.train(text, tmp_path / "a.safetensors", init=model, epochs=1, min_count=1, workers=1)
    assert wvcli.load(model).is_rare(wvcli.load(model).index("zyx") or 0)
    assert not started.is_rare(started.index("zyx") or 0)
