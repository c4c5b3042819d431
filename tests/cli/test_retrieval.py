"""`embed`, `search` and `grep`: what they print, for whom, and their exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SENTENCES, Run
from wvcli.cli.program import COMMANDS
from wvcli.cli.streams import failures
from wvcli.errors import WvcliError


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    return tmp_path / "text.txt"


def test_embed_has_a_row_for_each_line_of_a_pipe(run: Run, word2vec_model: Path) -> None:
    done = run("embed", "-m", word2vec_model, "--format", "jsonl", stdin="the cat\n\nzzz\r\n猫\nthe cat")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["text"] for row in rows] == ["the cat", "", "zzz", "猫", "the cat"]
    assert [any(row["vector"]) for row in rows] == [True, False, False, True, True]
    assert rows[0] == rows[4]
    assert done.code == 4
    assert done.err.count("has no word of the model; its vector is zeros") == 2


@pytest.mark.parametrize("format", ["tsv", "csv", "plain", "json"])
def test_embed_writes_every_format(format: str, run: Run, word2vec_model: Path) -> None:
    done = run("embed", "the cat", "a, b\tdog", "-m", word2vec_model, "--format", format, "--header", "-q")
    assert (done.code, done.err) == (0, "")
    if format == "json":
        assert [row["text"] for row in json.loads(done.out)] == ["the cat", "a, b\tdog"]
        return
    separator, heading = {"tsv": ("\t", 1), "csv": (",", 1), "plain": (" ", 0)}[format]
    lines = done.out.splitlines()[heading:]
    assert [len(line.split(separator)) >= 24 for line in lines] == [True, True]
    if heading:
        assert done.out.startswith(separator.join(["text", "1", "2", "3"]))
        assert lines[1].startswith({"tsv": "a, b\\tdog\t", "csv": '"a, b\tdog",'}[format])


def test_embed_writes_a_file_and_keeps_a_fit(run: Run, word2vec_model: Path, text: Path, tmp_path: Path) -> None:
    model = ("-m", word2vec_model)
    assert run("embed", *model, "--fit", text, "--save-fit", "kept").err == (
        "note: wrote the weights and components to kept.safetensors\n"
    )
    done = run("embed", *model, "--use-fit", "kept.safetensors", "--file", text, "-o", "texts.npy")
    assert (done.code, done.out) == (0, "")
    assert done.err == "note: wrote 8 texts of 24 dimensions to texts.npy\n"
    assert np.load(tmp_path / "texts.npy").shape == (8, 24)
    facts = json.loads(run("info", "kept.safetensors", "--verify").out)
    assert (facts["kind"], facts["fit"]["texts"]) == ("sentence encoder", 8)
    assert run("models").rows[0][:2] == ["kept.safetensors", "sentence encoder"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["embed", "cat", "--file", "text.txt"], 2, "given twice"),
        (["embed", "cat", "--save-fit", "x"], 2, "--save-fit has no effect without --fit"),
        (["embed", "cat", "--method", "idf"], 2, "--method idf needs texts in which words are counted"),
        (["embed", "cat", "-o", "texts.doc"], 2, "cannot be written as .doc"),
        (["embed", "cat", "--column", "1"], 2, "no effect without --file or --fit"),
        (["embed", "--file", "none.txt"], 3, "there is no file none.txt"),
        (["embed", "cat", "--use-fit", "text.txt"], 3, "text.txt is not a sentence encoder"),
        (
            ["search", "zzz", "text.txt"],
            4,
            "no word of 'zzz' is in the vocabulary; --hybrid",
        ),
        (["search", "cat"], 2, "there is nothing to search"),
        (["search", "cat", "-", "--hybrid"], 2, "--hybrid reads the text twice"),
        (["search", "-", "-"], 2, "stdin cannot hold both"),
        (["search", "cat", "text.txt", "--index", "text.txt"], 3, "text.txt is not a search index"),
    ],
)
def test_bad_input_is_refused_in_a_line(
    arguments: list[str], code: int, message: str, run: Run, word2vec_model: Path, text: Path
) -> None:
    done = run(*arguments, "-m", word2vec_model)
    assert done.code == code, done.err
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_search_answers_each_line_of_a_pipe(run: Run, word2vec_model: Path, text: Path) -> None:
    stdin = f"{SENTENCES[0]}\nzzz\n{SENTENCES[5]}\n"
    done = run("search", "-", text, "-n", "1", "-m", word2vec_model, "--index", "text.index", stdin=stdin)
    assert done.rows == [
        [SENTENCES[0], "1", "1.000000", f"{text}:1", SENTENCES[0]],
        [SENTENCES[5], "1", "1.000000", f"{text}:6", SENTENCES[5]],
    ]
    assert done.code == 4
    assert "no word of 'zzz'" in done.err
    header = run("search", "cat", text, "-n", "1", "-m", word2vec_model, "--hybrid", "--header").rows[0]
    assert header == ["query", "rank", "similarity", "bm25", "place", "text"]


def test_grep_shows_lines_as_grep_does(run: Run, word2vec_model: Path, text: Path, tmp_path: Path) -> None:
    def grep(*arguments: object, stdin: str = "") -> "tuple[int, str]":
        done = run("grep", *arguments, "-t", "0.9999", "--model", word2vec_model, stdin=stdin)
        return done.code, done.out

    other = tmp_path / "other.txt"
    other.write_text("no such animal\n")
    bread = f"{SENTENCES[4]}\n{SENTENCES[6]}\n"
    assert grep("bread", text) == (0, bread)
    assert grep("bread", stdin=text.read_text(encoding="utf-8")) == (0, bread)
    assert grep("-n", "-o", "bread", "text.txt") == (0, "5:Bread\n7:bread\n")
    assert grep("-c", "bread", "text.txt", "other.txt") == (0, "text.txt:2\nother.txt:0\n")
    assert grep("-c", "-h", "-v", "bread", "text.txt", "other.txt") == (0, "6\n1\n")
    assert grep("-l", "bread", "text.txt", "other.txt") == (0, "text.txt\n")
    assert grep("-L", "bread", "text.txt", "other.txt") == (0, "other.txt\n")
    assert grep("-H", "-m", "1", "bread", "text.txt") == (0, f"text.txt:{SENTENCES[4]}\n")
    assert grep("horse", "baker", "text.txt", "-n", "-B", "1") == (
        0, f"5-{SENTENCES[4]}\n6:{SENTENCES[5]}\n7:{SENTENCES[6]}\n",
    )  # fmt: skip
    assert grep("-e", "bread", "-q", "text.txt") == (0, "")
    assert grep("bread", "other.txt") == (1, "")
    assert grep("bread", "none.txt", "text.txt", "-m", "1", "-h") == (3, f"{SENTENCES[4]}\n")
    assert grep("zzz", "text.txt") == (4, "")
    assert grep("bread", "text.txt", "-m", "0") == (2, "")
    (tmp_path / "rows.jsonl").write_text('{"text": "a loaf of bread"}\n')
    assert grep("-c", "bread", "rows.jsonl", "none.gz") == (3, "rows.jsonl:1\n")
    assert grep("-o", "--color", "always", "猫", "text.txt") == (0, "\x1b[1;31m猫\x1b[0m\n")
    code, out = grep("bread", "text.txt", "-m", "1", "--format", "jsonl")
    assert json.loads(out) == {
        "file": "text.txt", "line": 5, "similarity": 1.0, "word": "bread", "text": SENTENCES[4]
    }  # fmt: skip
    assert code == 0


def test_a_failure_of_grep_is_never_taken_for_no_match() -> None:
    """Its code 1 means no line; where other commands fail with 1, it fails with 2."""

    def fail() -> None:
        raise WvcliError("cannot write")

    assert [failures.exit_code(fail, COMMANDS[name].failed) for name in ("search", "grep")] == [1, 2]
    assert failures.exit_code(lambda: 1, COMMANDS["grep"].failed) == 1
