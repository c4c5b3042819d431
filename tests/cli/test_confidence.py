"""Rare words are marked where they are asked about, and where they are answers."""

import json
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import SENTENCES, Run
from wvcli.models import model_file
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import ENOUGH_FREQUENT, TRUSTED_COUNT, Vectors


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
        "unreliable; --no-rare leaves them out\n"
    )
    without = run("similar", "cat", "-n", len(words), "-m", model, "--no-rare")
    assert {row[1] for row in without.rows} == set(words) - {"cat", "once", "zyx"}
    assert len(without.rows) == frequent - 1
    assert "--no-rare" not in without.err


def test_where_all_words_are_rare_it_is_not_proposed_to_leave_them_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "few.safetensors"
    (tmp_path / "few.txt").write_text("the cat sat on the mat\nthe dog sat on the log\n")
    wvcli.train(tmp_path / "few.txt", path, algorithm="word2vec", dim=4, epochs=1, min_count=1, workers=1)
    notes = run("similar", "cat", "-n", 2, "-m", path).err.splitlines()
    assert notes[-1].endswith(f"(fewer than {TRUSTED_COUNT} occurrences) and unreliable")  # no table, no mark
    none = run("similar", "cat", "-n", 2, "-m", path, "--no-rare")
    assert (none.code, none.out) == (0, "")
    assert "no neighbour of 'cat' was found" in none.err


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


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a thousand frequent words and as many rare ones, whose names begin with `rare`."""
    path = tmp_path_factory.mktemp("large") / "large.safetensors"
    matrix = np.random.default_rng(4).normal(size=(2 * ENOUGH_FREQUENT, 8)).astype(np.float32)
    vectors = Vectors(
        Vocabulary.from_words([f"{kind}{row}" for kind in ("word", "rare") for row in range(ENOUGH_FREQUENT)]),
        matrix,
        counts=np.repeat([TRUSTED_COUNT, 2], ENOUGH_FREQUENT),
        stored_norms=row_norms(matrix),
    )
    model_file.save(
        path, model_file.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}}
    )
    return path


LEFT_OUT = "note: left out {} nearer rare word{} (fewer than 30 occurrences); --rare brings them back\n"


@pytest.mark.parametrize("question", [["similar", "word5"], ["analogy", "word5", "word6", "word7"]])
def test_rare_words_are_left_out_and_those_nearer_are_counted(run: Run, large: Path, question: list[str]) -> None:
    everything = run(*question, "-n", 5000, "-m", large, "--rare").rows
    names = [row[-3] for row in everything]
    assert sum(name.startswith("rare") for name in names) == ENOUGH_FREQUENT
    result = run(*question, "-m", large)
    assert result.rows == [row for row in everything if row[-3].startswith("word")][:10]
    nearer = names.index(result.rows[-1][-3]) - 9
    assert nearer > 1
    assert (result.code, result.err) == (0, LEFT_OUT.format(nearer, "s"))
    assert run(*question, "-m", large, "-q").out == result.out
    assert run(*question, "-m", large, "-q").err == ""
    rare = run(*question, "-m", large, "--rare")
    assert rare.rows == everything[:10]
    assert rare.err.endswith("(fewer than 30 occurrences) and unreliable\n")


def test_the_rare_words_above_a_threshold_are_counted_over_all_questions(run: Run, large: Path) -> None:
    asked = ("similar", "word5", "word6", "--min-similarity", 0.8, "-n", 5000, "-m", large)
    everything, result = run(*asked, "--rare"), run(*asked)
    rare = [row for row in everything.rows if row[1].startswith("rare")]
    assert result.rows == [row for row in everything.rows if row not in rare]
    assert result.err == LEFT_OUT.format(len(rare), "s")


def test_who_names_the_words_gets_rare_ones_too(run: Run, large: Path, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("rare1\nrare2\n")
    named = run("similar", "word5", "-m", large, "--words", "names.txt", "--format", "table")
    assert named.out.count("?") == 2
    assert "2 of 2 neighbours are rare (fewer than 30 occurrences, marked ?) and unreliable" in named.err
    first = run("similar", "word5", "-m", large, "--restrict-top", ENOUGH_FREQUENT + 500)
    assert any(row[1].startswith("rare") for row in first.rows)
    assert "left out" not in first.err
    only = run("similar", "word5", "-n", 5000, "-m", large, "--restrict-top", ENOUGH_FREQUENT + 500, "--no-rare")
    assert len(only.rows) == ENOUGH_FREQUENT - 1
    assert only.err == LEFT_OUT.format(500, "s")
    assert run("similar", "rare5", "-m", large).err.startswith("note: 'rare5' occurs only 2 times")
