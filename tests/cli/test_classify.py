"""`wvcli classify` from the command line: streams, formats, exit codes, and files of the wrong kind."""

import json
import shutil
from pathlib import Path

import pytest

import wvcli
from tests.conftest import CLONE, Run

REVIEWS = CLONE / "sample_corpora" / "reviews.tsv"


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reviews") / "reviews.classifier.safetensors"
    wvcli.train_classifier([str(REVIEWS)], path)
    return path


@pytest.fixture
def trained(reviews: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(reviews, tmp_path))


def test_training_writes_the_file_and_says_how_good_it_is(run: Run, reviews: Path, tmp_path: Path) -> None:
    result = run("classify", "train", REVIEWS)
    assert (result.code, result.out) == (0, "")
    assert "negative 300, positive 300" in result.err
    assert (tmp_path / reviews.name).stat().st_size == reviews.stat().st_size


def test_from_labelled_lines_to_labels_in_a_pipe(run: Run, trained: Path, tmp_path: Path) -> None:
    asked = run("classify", "predict", "-", "--format", "jsonl", stdin="the soup was cold\n\n服务很好\n")
    assert asked.code == 4
    rows = [json.loads(line) for line in asked.out.splitlines()]
    assert [(row["text"], row["label"]) for row in rows] == [
        ("the soup was cold", "negative"), ("", None), ("服务很好", "positive"),
    ]  # fmt: skip
    assert "using reviews.classifier.safetensors" in asked.err
    assert run("classify", "predict", "服务很好", "--format", "plain", "-q").out == "__label__positive 0.999999\n"
    assert run("classify", "predict", "soup", "--threshold", "0.999", "-q").rows[0][1] == ""
    two = run("classify", "predict", "soup", "-k", "2", "-q").rows
    assert {row[1] for row in two} == {"negative", "positive"}
    (tmp_path / "new.csv").write_text("id,text\n7,the soup was cold\n")
    kept = run("classify", "predict", "--file", "new.csv", "--column", "text", "--keep", "id", "-q")
    assert kept.rows[0][:3] == ["7", "the soup was cold", "negative"]
    wide = run("classify", "predict", "soup", "--wide", "--format", "csv", "-q")
    assert wide.out.splitlines()[0] == "text,negative,positive"


def test_figures_and_gates(run: Run, trained: Path) -> None:
    labels = run("classify", "test", REVIEWS, "-q").rows
    assert [row[0] for row in labels] == ["negative", "positive", "macro avg", "weighted avg", "accuracy"]
    summary = json.loads(run("classify", "test", REVIEWS, "--summary", "-q").out)
    assert summary["accuracy"] > 0.99
    gate = run("classify", "test", REVIEWS, "--summary", "--fail-under", "1", "--metric", "macro-f1")
    assert gate.code == (0 if summary["macro_f1"] == 1 else 1)
    compared = run("classify", "test", REVIEWS, "-m", trained, "-m", trained, "-q").rows
    assert compared[1][5] == "1.000000"
    (trained.parent / "new.tsv").write_text("mixed\tthe soup\nnegative\tthe soup was cold\n")
    unseen = run("classify", "test", "new.tsv")
    assert "does not know the label mixed: 1 text cannot be right" in unseen.err
    assert unseen.rows[0][0] == "mixed" or "mixed" in {row[0] for row in unseen.rows}


def test_explanations_and_listings(run: Run, trained: Path) -> None:
    parts = run("classify", "explain", "the soup was cold", "-q").rows
    assert [row[2] for row in parts] == ["the", "soup", "was", "cold", "(bias)"]
    top = run("classify", "explain", "-n", "2", "-q", "--format", "tsv", "--label", "negative", stdin="")
    assert top.code == 0
    listed = run("models").rows
    assert listed[0][:2] == ["reviews.classifier.safetensors", "classifier"]
    info = json.loads(run("info", trained, "--verify").out)
    assert info["kind"] == "classifier"
    assert info["held_out"]["accuracy"] > 0.95
    assert run("similar", "cat").code == 3


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("a\tx\na\ty\n", 3, "all 2 texts have the label 'a'"),
        ("just words\n", 3, "expected a label, a tab and a text"),
        ("a\t...\nb\t \n", 3, "no text with a word in it"),
        ("", 3, "there is no text"),
    ],
)
def test_a_bad_source_gets_one_line(run: Run, tmp_path: Path, text: str, code: int, told: str) -> None:
    (tmp_path / "bad.txt").write_text(text)
    result = run("classify", "train", "bad.txt")
    assert (result.code, result.out) == (code, "")
    assert told in result.err
    assert result.err.count("error:") == 1


def test_a_file_of_the_wrong_kind(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    asked = run("classify", "predict", "x", "-m", word2vec_model)
    assert (asked.code, "not a classifier" in asked.err) == (3, True)
    assert run("classify", "predict", "x").code == 3
    (tmp_path / "a.bin").write_bytes(b"2 2\ncat " + bytes(16))
    assert run("classify", "test", REVIEWS, "-m", "a.bin").code == 3
