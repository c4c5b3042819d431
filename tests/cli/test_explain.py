"""`--explain`: why words are similar, as typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import Run

TEXT = """\
Nobody was at home.
The cat purred loudly on Monday.
A kitten purred as it slept.
The dog barked loudly on Sunday.
"""
CHINESE = "今天天气很好。\n我喜欢吃苹果。\n她喜欢吃香蕉。\n上海自来水来自海上。\n"
FAST: dict[str, Any] = {"dim": 8, "epochs": 1, "min_count": 1, "workers": 1}
EVIDENCE = ["context", "a_place", "a_text", "b_place", "b_text"]


Train = Callable[..., None]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Train on a text in the folder of `run`, where the model names it as `text.txt`."""

    def train(text: str, **settings: Any) -> None:
        monkeypatch.chdir(tmp_path)
        Path("text.txt").write_text(text, encoding="utf-8")
        wvcli.train("text.txt", **{**FAST, **settings})

    return train


@pytest.fixture
def trained(run: Run, train: Train) -> Run:
    """`run` in a folder with a text and its model."""
    train(TEXT)
    return run


def test_a_pair_is_shown_with_lines_of_the_corpus(trained: Run) -> None:
    result = trained("similarity", "cat", "kitten", "--explain", "--header", "-q")
    assert (result.code, result.err) == (0, "")
    assert result.rows[0] == ["a", "b", "similarity", *EVIDENCE]
    rows = [dict(zip(result.rows[0], row, strict=True)) for row in result.rows[1:]]
    assert 1 <= len(rows) <= 3
    assert {(row["a"], row["b"]) for row in rows} == {("cat", "kitten")}
    purred = next(row for row in rows if row["context"] == "purred")
    assert [purred[name] for name in EVIDENCE[1:]] == [
        "text.txt:2", "The cat purred loudly on Monday.", "text.txt:3", "A kitten purred as it slept.",
    ]  # fmt: skip


def test_every_format_carries_the_same(trained: Run) -> None:
    def answer(format: str) -> str:
        return trained("similarity", "cat", "kitten", "--explain", "--format", format).out

    objects = json.loads(answer("json"))
    assert list(objects[0]) == ["a", "b", "similarity", *EVIDENCE]
    assert [json.loads(line) for line in answer("jsonl").splitlines()] == objects
    assert [line.split("\t")[3:] for line in answer("tsv").splitlines()] == [
        [row[name] for name in EVIDENCE] for row in objects
    ]


def test_the_table_shows_the_words_in_context(trained: Run) -> None:
    result = trained("similarity", "cat", "kitten", "--explain", "--format", "table", env={"COLUMNS": "70"})
    assert all(len(line) <= 70 for line in result.out.splitlines())
    [line] = [line for line in result.out.splitlines() if " purred " in line]
    assert line.count("purred") == 3
    assert "cat purred" in line
    assert "kitten purred" in line
    heads = [line.split() for line in result.out.splitlines() if "context" in line or "similarity" in line]
    assert heads == [["a", "b", "similarity"], ["a", "b", "context", "a", "text", "b", "text"]]


def test_neighbours_are_explained_each(trained: Run) -> None:
    result = trained("similar", "cat", "-n", 30, "--explain", "--format", "jsonl")
    assert result.code == 0
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert list(rows[0]) == ["word", "neighbor", "similarity", "count", *(
        name.replace("a_", "word_").replace("b_", "neighbor_") for name in EVIDENCE
    )]  # fmt: skip
    plain = [
        json.loads(line) for line in trained("similar", "cat", "-n", 30, "--format", "jsonl").out.splitlines()
    ]
    assert list(dict.fromkeys(row["neighbor"] for row in rows)) == [row["neighbor"] for row in plain]
    kitten = [row for row in rows if row["neighbor"] == "kitten"]
    assert "purred" in {row["context"] for row in kitten}
    nobody = [row for row in rows if row["neighbor"] == "nobody"]
    assert [row["context"] for row in nobody] == [None]
    assert "note: no word occurs near both 'cat' and 'nobody' more often than by chance\n" in result.err


def test_pairs_from_stdin_are_explained_in_their_order(trained: Run) -> None:
    result = trained("similarity", "-", "--explain", stdin="cat\tkitten\nCat\tdog\n")
    assert result.code == 0
    assert list(dict.fromkeys(row[0] for row in result.rows)) == ["cat", "Cat"]
    assert {row[3] for row in result.rows if row[0] == "Cat"} == {"loudly", "on", "the"}


def test_chinese(run: Run, train: Train) -> None:
    train(CHINESE)
    rows = run("similarity", "苹果", "香蕉", "--explain").rows
    assert {tuple(row[3:]) for row in rows} == {
        (context, "text.txt:2", "我喜欢吃苹果。", "text.txt:3", "她喜欢吃香蕉。") for context in ("喜欢", "吃")
    }
    table = run("similarity", "苹果", "香蕉", "--explain", "--format", "table").out
    assert "我喜欢吃苹果。" in table


def unexplained(run: Run, *arguments: object, format: str = "tsv") -> str:
    """What is said when a pair cannot be explained; a person still gets the answer, a program no half row."""
    result = run("similarity", "cat", "kitten", "--explain", "--format", format, *arguments)
    assert result.code == 3
    if format == "table":
        assert result.out.split()[-3:-1] == ["cat", "kitten"]
    else:
        assert result.out == ""
    [line] = [line for line in result.err.splitlines() if not line.startswith("note: using ")]
    return line.removeprefix("error: cannot explain: ")


def test_a_changed_corpus_explains_nothing(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT + "More.\n")
    assert unexplained(trained) == "text.txt has changed since the model was trained"


def test_a_vanished_corpus_explains_nothing(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").unlink()
    for format in ("csv", "json", "table"):
        assert unexplained(trained, format=format) == (
            "the text that the model was trained on is gone: there is no text.txt; "
            "go to the folder where it was trained"
        )


def test_a_corpus_that_is_no_text_any_more_explains_nothing(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes(b"\xff\xfe\xfd\n")
    assert "text.txt" in unexplained(trained)


def test_text_from_a_pipe_explains_nothing(run: Run) -> None:
    assert run("train", "-", "-o", "piped.safetensors", "--dim", 8, "--epochs", 1, stdin=TEXT).code == 0
    assert unexplained(run) == "the model was trained on standard input, which cannot be read again"


def test_vectors_from_elsewhere_explain_nothing(trained: Run) -> None:
    assert trained("export", "out.vec").code == 0
    assert "out.vec does not say which text it was trained on" in unexplained(trained, "-m", "out.vec")


def test_a_word_made_of_subwords_has_no_lines(run: Run, train: Train) -> None:
    train(TEXT, algorithm="fasttext", buckets=100)
    result = run("similarity", "-", "--explain", stdin="cats kitten\ncat kitten\n")
    assert result.code == 0
    assert result.rows[0][3:] == [""] * 5
    assert "purred" in {row[3] for row in result.rows[1:]}
    assert "note: words outside the vocabulary have no lines to show\n" in result.err


def test_words_taken_together_are_not_explained(trained: Run) -> None:
    result = trained("similar", "cat", "dog", "--together", "--explain")
    assert result.code == 2
    assert "--together" in result.err


def test_explaining_imports_no_gensim(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "gensim.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "scipy.py").write_text("raise RuntimeError('imported')")
    result = trained("similarity", "cat", "kitten", "--explain", "-q", env={"PYTHONPATH": str(tmp_path)})
    assert (result.code, result.err) == (0, "")


def test_another_text_of_the_same_name_does_not_hide_the_one_beside_the_model(run: Run, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    text = "\n".join(["the cat chased the mouse", "the dog chased the mouse"] * 40) + "\n"
    (tmp_path / "corpus.txt").write_text(text, encoding="utf-8")
    run("train", "corpus.txt", "-o", "away/model.safetensors", "--min-count", 1, "--epochs", 2, "-q")
    (tmp_path / "corpus.txt").rename(away / "corpus.txt")
    (tmp_path / "corpus.txt").write_text("something else\n", encoding="utf-8")
    done = run("similarity", "cat", "dog", "--explain", "-m", "away/model.safetensors")
    assert done.code == 0, done.err
    assert "away/corpus.txt" in done.out
