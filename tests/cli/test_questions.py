"""What all commands that ask questions have in common, as typed."""

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import wvcli
from tests.conftest import Run, clean_environment
from wvcli.models import model_file
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


@dataclass(frozen=True)
class Asking:
    """A command that asks, and how many words it takes."""

    command: str
    words: int
    columns: list[str]
    options: list[str] = field(default_factory=list)

    def question(self, words: list[str]) -> list[str]:
        """As many words as it takes, the first ones again where there are too few."""
        return [words[place % len(words)] for place in range(self.words)]


ASKING = [
    Asking("vector", 1, ["word", "vector"]),
    Asking("similar", 1, ["word", "neighbor", "similarity", "count"]),
    Asking("similar", 3, ["word", "neighbor", "similarity", "count"], ["--together"]),
    Asking("analogy", 3, ["a", "b", "c", "answer", "similarity", "count"]),
    Asking("analogy", 3, ["a", "b", "c", "answer", "similarity", "count"], ["--method", "multiply"]),
    Asking("similarity", 2, ["a", "b", "similarity"]),
    Asking("odd-one-out", 4, ["words", "odd", "similarity"]),
]
every_command = pytest.mark.parametrize("asking", ASKING, ids=lambda a: " ".join([a.command, *a.options]))

ODD_WORDS = ["two words", 'quo"ted', "[bold]x[/bold]", "[/b]", ":cat:", "שלום", "مرحبا", "👩‍👩‍👧", "-n", "é"]


def saved(path: Path, words: list[str], matrix: npt.ArrayLike) -> Path:
    rows = np.array(matrix, dtype=np.float32)
    vectors = Vectors(Vocabulary.from_words(words), rows, stored_norms=row_norms(rows))
    model_file.save(
        path, model_file.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}}
    )
    return path


def numbered(rows: int) -> list[str]:
    return [f"w{row}" for row in range(rows)]


@every_command
def test_odd_words_come_out_of_every_format_as_they_went_in(run: Run, tmp_path: Path, asking: Asking) -> None:
    words = [*ODD_WORDS, "a\ttab"]
    model = saved(tmp_path / "odd.safetensors", words, np.random.default_rng(3).normal(size=(len(words), 4)))
    questions = [asking.question(ODD_WORDS[place:] + ODD_WORDS[:place]) for place in range(len(ODD_WORDS))]
    lines = "\n".join("\t".join(question) for question in questions)

    def answer(format: str) -> str:
        result = run(asking.command, *asking.options, "-m", model, "--format", format, stdin=lines)
        assert (result.code, result.err) == (0, "")
        return result.out

    objects = json.loads(answer("json"))
    assert [json.loads(line) for line in answer("jsonl").splitlines()] == objects
    assert all(list(row) == asking.columns for row in objects)
    for row, question in zip(objects, questions, strict=False) if asking.command == "odd-one-out" else ():
        assert row["words"] == question
    if asking.command in ("similar", "analogy"):
        assert {row[asking.columns[-3]] for row in objects} == set(words)
    tsv = [line.split("\t") for line in answer("tsv").splitlines()]
    assert len(tsv) == len(objects) == len(list(csv.reader(io.StringIO(answer("csv"))))) - 1
    first = [" ".join(row[asking.columns[0]]) if asking.command == "odd-one-out" else row[asking.columns[0]]
             for row in objects]  # fmt: skip
    assert [row[0] for row in tsv] == first
    assert "[bold]x[/bold]" in answer("table")
    assert len(answer("plain").splitlines()) == len(objects)


@every_command
def test_odd_words_are_taken_as_arguments(run: Run, tmp_path: Path, asking: Asking) -> None:
    model = saved(tmp_path / "odd.safetensors", ["a\ttab", *ODD_WORDS], np.eye(11) + 0.1)
    question = asking.question(["a\ttab", "-n", "[/b]", "two words"])
    result = run(asking.command, *asking.options, "-m", model, "--format", "jsonl", "--", *question)
    assert (result.code, result.err) == (0, "")
    assert "a\\ttab" in result.out


@every_command
def test_a_model_of_one_word_gets_an_answer_or_one_line(run: Run, tmp_path: Path, asking: Asking) -> None:
    model = saved(tmp_path / "one.safetensors", ["only"], [[1, 2]])
    result = run(asking.command, *asking.options, *asking.question(["only"]), "-m", model)
    assert result.code == 0
    assert len(result.out.splitlines() + result.err.splitlines()) == 1


@every_command
@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf")])
def test_rows_that_are_zero_or_not_numbers_get_an_answer_or_one_line(
    run: Run, tmp_path: Path, asking: Asking, bad: float
) -> None:
    matrix = np.random.default_rng(5).normal(size=(9, 3))
    matrix[[1, 4]] = bad
    model = saved(tmp_path / "bad.safetensors", numbered(9), matrix)
    for words in (["w1", "w4"], ["w1", "w2", "w3"], ["w2", "w3"]):
        result = run(asking.command, *asking.options, *asking.question(words), "-m", model, "--format", "json")
        assert result.code == 0
        rows = json.loads(result.out)
        assert rows or result.err.startswith("note: no ")
        if not np.isfinite(bad):
            assert {"w1", "w4"}.isdisjoint(row.get("neighbor", row.get("answer")) for row in rows)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_the_similarity_of_a_vector_that_is_no_number_is_said_to_be_unknown(
    run: Run, tmp_path: Path, bad: float
) -> None:
    model = saved(tmp_path / "bad.safetensors", numbered(3), np.array([[bad, 1], [1, 2], [2, 1]]))
    result = run("similarity", "w0", "w1", "-m", model)
    assert (result.code, result.out) == (0, "w0\tw1\tnan\n")
    assert result.err.endswith(
        "note: the similarity of 'w0' and 'w1' is unknown: a vector holds NaN or infinity\n"
    )
    assert "unknown" not in run("similarity", "w2", "w1", "-m", model).err


@pytest.mark.parametrize("asking", [ASKING[1], ASKING[2], ASKING[3], ASKING[4]], ids=str)
def test_more_answers_than_there_are_words_are_all(run: Run, tmp_path: Path, asking: Asking) -> None:
    model = saved(tmp_path / "five.safetensors", numbered(5), np.eye(5) + 0.1)
    question = asking.question(["w0", "w1", "w2"])
    result = run(asking.command, *asking.options, *question, "-m", model, "-n", 10**9)
    assert sorted(row[-3] for row in result.rows) == sorted(set(numbered(5)) - set(question))


@every_command
def test_empty_stdin_is_answered_with_nothing(run: Run, word2vec_model: Path, asking: Asking) -> None:
    for stdin in ("", "\n\n  \n", b"\xef\xbb\xbf"):
        result = run(asking.command, *asking.options, "-m", word2vec_model, stdin=stdin)
        assert (result.code, result.out, result.err) == (0, "", "")


@every_command
def test_questions_on_stdin_are_answered_as_when_typed(run: Run, word2vec_model: Path, asking: Asking) -> None:
    words = ["cat", "dog", "mouse", "bread", "cheese"]
    questions = [asking.question(words[start:]) for start in range(2)]
    options = [*asking.options, "-m", word2vec_model]
    typed = "".join(run(asking.command, *options, *question).out for question in questions)
    for between, arguments in (("\t", []), (" ", ["-"])):
        lines = "\r\n".join(between.join(question) for question in questions)
        assert run(asking.command, *options, *arguments, stdin="\ufeff\n" + lines).out == typed


@every_command
def test_questions_in_a_file_are_answered_as_when_piped(
    run: Run, word2vec_model: Path, tmp_path: Path, asking: Asking
) -> None:
    good = asking.question(["cat", "dog", "mouse"])
    lines = "\ufeff" + "\t".join(good) + "\r\n\n" + "\t".join(good)
    (tmp_path / "lines.txt").write_text(lines)
    options = [*asking.options, "-m", word2vec_model]
    piped = run(asking.command, *options, stdin=lines)
    assert piped.rows
    for given in (["--file", "lines.txt"], ["--file", "-"]):
        result = run(asking.command, *options, *given, stdin=lines)
        assert (result.code, result.out, result.err) == (0, piped.out, "")
    both = run(asking.command, *options, *good, "--file", "lines.txt")
    assert (both.code, both.out) == (2, "")
    assert both.err == (
        "error: the questions are given twice: as arguments, and with --file; leave out one of them\n"
    )
    absent = run(asking.command, *options, "--file", "absent.txt")
    assert (absent.code, absent.err) == (3, "error: cannot read absent.txt: no such file or directory\n")


@pytest.mark.parametrize("command", ["similar", "vector", "analogy", "similarity", "odd-one-out"])
def test_the_name_of_a_file_of_words_hints_at_how_to_read_it(
    run: Run, word2vec_model: Path, fasttext_model: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "my terms.txt").write_text("cat\n")
    result = run(command, "my terms.txt", "-m", word2vec_model)
    if command in ("similar", "vector"):
        hint = f"for the words in that file: wvcli {command} - < 'my terms.txt'\n"
        assert (result.code, result.out) == (4, "")
        assert result.err == f"error: 'my terms.txt' is not in the vocabulary; {hint}"
        assert run(command, "my terms.txt", "-m", fasttext_model).err.endswith(f"from its subwords; {hint}")
    else:
        assert (result.code, result.out) == (2, "")
        assert result.err.endswith("to read the questions in my terms.txt: --file 'my terms.txt'\n")


def test_several_words_in_one_hint_at_phrases_and_at_asking_together(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "kitchen floor", "-m", word2vec_model)
    assert result.code == 4
    assert result.err == (
        "error: 'kitchen floor' is not in the vocabulary; --together takes its words as one question, and a model "
        "trained with --phrases has phrases as words\n"
    )
    assert run("similar", "kitchen", "floor", "--together", "-m", word2vec_model).code == 0
    assert "--together" not in run("vector", "kitchen floor", "-m", word2vec_model).err
    assert "--phrases" in run("similarity", "kitchen floor", "cat", "-m", word2vec_model).err
    assert "--phrases" not in run("similar", "kitchen zzzz", "-m", word2vec_model).err


@every_command
def test_the_questions_without_an_answer_are_listed(
    run: Run, word2vec_model: Path, tmp_path: Path, asking: Asking
) -> None:
    good = asking.question(["cat", "dog", "mouse"])
    bad = [[*good[:-1], f"zz{number}"] for number in range(12)]
    (tmp_path / "asked.txt").write_text("\n".join("\t".join(question) for question in (good, *bad)))
    listed = tmp_path / "unanswered.txt"
    said = {
        "skip": f"note: skipped 12 of 13 questions: they have words outside the vocabulary; {listed} lists them\n",
        "error": f"error: 12 words are not in the vocabulary; {listed} lists them\n",
        "null": "",
    }
    for policy in said:
        done = run(asking.command, *asking.options, "-m", word2vec_model, "--file", "asked.txt", "--missing",
                   policy, "--unanswered", listed)  # fmt: skip
        assert done.err == said[policy]  # what is in the file is not said again
        assert listed.read_text() == "".join("\t".join(["missing", *question]) + "\n" for question in bad)
    run(asking.command, *asking.options, *bad[0], "-m", word2vec_model, "--unanswered", listed)
    assert listed.read_text() == "\t".join(["missing", *bad[0]]) + "\n"
    refused = run(asking.command, "-m", word2vec_model, "--file", "asked.txt", "--unanswered", "asked.txt")
    assert (refused.code, refused.out) == (2, "")
    assert "asked.txt holds the questions themselves" in refused.err
    assert (tmp_path / "asked.txt").stat().st_size > 0
    nowhere = run(asking.command, *good, "-m", word2vec_model, "--unanswered", "none/file")
    assert (nowhere.code, nowhere.err) == (1, "error: cannot write none/file: no such file or directory\n")


def test_a_missing_word_and_one_without_neighbours_are_told_apart(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    asked = ("similar", "cat", "zzzz", "--min-similarity", 1, "-m", word2vec_model, "--missing", "null")
    listed = run(*asked, "--unanswered", "list")
    assert listed.rows == [["cat", "", "", ""], ["zzzz", "", "", ""]]
    assert listed.err == "note: 1 question has no answer; list lists them\n"
    assert (tmp_path / "list").read_text() == "missing\tzzzz\nno neighbor\tcat\n"


@every_command
def test_one_missing_word_does_not_stop_the_rest(run: Run, word2vec_model: Path, asking: Asking) -> None:
    good = asking.question(["cat", "dog", "mouse"])
    lines = "\n".join("\t".join(question) for question in (good, [*good[:-1], "kat"], good))
    options = [*asking.options, "-m", word2vec_model, "--format", "jsonl"]
    alone = run(asking.command, *options, stdin="\t".join(good)).out

    result = run(asking.command, *options, stdin=lines)
    assert (result.code, result.out) == (4, alone * 2)
    assert result.err.startswith("error: 'kat' is not in the vocabulary; did you mean ")
    assert len(result.err.splitlines()) == 1

    skipped = run(asking.command, *options, "--missing", "skip", stdin=lines)
    assert (skipped.code, skipped.out) == (0, alone * 2)
    assert skipped.err == "note: skipped 1 of 3 questions: they have words outside the vocabulary\n"

    null = run(asking.command, *options, "--missing", "null", stdin=lines)
    assert (null.code, null.err) == (0, "")
    assert null.out.startswith(alone)
    assert null.out.endswith(alone)
    [row] = [json.loads(line) for line in null.out[len(alone) : -len(alone)].splitlines()]
    if asking.command == "vector":
        assert set(row["vector"]) == {0}
    else:
        assert row["similarity"] is None
        assert "kat" in str(row)


@every_command
def test_a_missing_word_alone_is_an_error_with_near_spellings(
    run: Run, word2vec_model: Path, asking: Asking
) -> None:
    question = asking.question(["kat", "dog", "mouse", "bread"])
    result = run(asking.command, *asking.options, *question, "-m", word2vec_model)
    assert (result.code, result.out) == (4, "")
    assert "'kat' is not in the vocabulary; did you mean " in result.err
    assert len(result.err.splitlines()) == 1


@every_command
def test_fasttext_answers_from_subwords_and_says_so(run: Run, fasttext_model: Path, asking: Asking) -> None:
    question = asking.question(["kitchens", "dog", "mouse", "bread"])
    result = run(asking.command, *asking.options, *question, "-m", fasttext_model)
    assert result.code == 0
    assert result.out
    assert result.err == "note: 'kitchens' is not in the vocabulary (oov); answered from its subwords\n"


def test_a_word2vec_model_answers_from_subwords_when_it_is_asked_to(run: Run, word2vec_model: Path) -> None:
    asked = ("similar", "kitchens", "catty", "-n", 2, "-m", word2vec_model)
    refused = run(*asked)
    assert (refused.code, refused.out) == (4, "")
    first, second = refused.err.splitlines()
    assert first.startswith("error: 'kitchens' is not in the vocabulary; did you mean kitchen")
    assert first.endswith("? --missing subword answers from its n-grams")
    assert not second.endswith("n-grams")  # it is said once
    result = run(*asked, "--missing", "subword")
    assert result.code == 0
    assert [row[0] for row in result.rows] == ["kitchens"] * 2 + ["catty"] * 2
    assert result.err.splitlines()[0] == (
        "note: 'kitchens' is not in the vocabulary (oov); answered from its subwords"
    )
    vectors = wvcli.load(word2vec_model, from_subwords=True)
    assert [row[1] for row in result.rows[:2]] == [word for word, _ in vectors.most_similar("kitchens", 2)]
    assert run(*asked, "--missing", "null").rows[0] == ["kitchens", "", "", ""]


@every_command
def test_serves_as_a_coprocess_through_a_fifo(word2vec_model: Path, tmp_path: Path, asking: Asking) -> None:
    fifo = tmp_path / "questions"
    os.mkfifo(fifo)
    shell = f'exec "{sys.executable}" -m wvcli {" ".join([asking.command, *asking.options])} - <questions'
    with (
        subprocess.Popen(
            ["bash", "-c", shell],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            env=clean_environment() | {"WVCLI_MODEL": str(word2vec_model)},
        ) as program,
        fifo.open("wb", buffering=0) as questions,
    ):
        assert program.stdout is not None
        for first in ("cat", "dog", "cat"):
            asked = asking.question([first, "mouse", "bread"])
            questions.write(("\t".join(asked) + "\n").encode())
            answer = program.stdout.readline().decode()
            assert answer.startswith(first)
            for _ in range(9 if asking.command in ("similar", "analogy") else 0):
                program.stdout.readline()
        questions.close()
        assert program.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("command", "line", "said"),
    [
        ("similarity", "cat\tdog\tmouse", "expected two words separated by tabs, found 3"),
        ("similarity", "cat", "expected two words separated by tabs, found 1"),
        ("similarity", "cat\t\tdog", "expected two words separated by tabs, found 3"),
        ("analogy", "cat\tdog", "expected three words (A is to B as C is to ?) separated by tabs, found 2"),
        ("analogy", "a b c d", "expected three words (A is to B as C is to ?) separated by tabs, found 4"),
        ("odd-one-out", "cat dog", "expected three words or more separated by tabs, found 2"),
    ],
)
def test_a_line_with_the_wrong_number_of_words_is_named_after_those_before_it_are_answered(
    run: Run, word2vec_model: Path, command: str, line: str, said: str
) -> None:
    good = {"similarity": "cat\tdog", "analogy": "cat\tdog\tmouse", "odd-one-out": "cat\tdog\tbread"}[command]
    before = run(command, "-m", word2vec_model, stdin=good).out
    result = run(command, "-m", word2vec_model, stdin=f"{good}\n\n{line}\n{good}\n")
    assert (result.code, result.out) == (3, before)
    assert result.err == f"error: line 3 of stdin: {said}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["similarity", "cat"], "expected two words, got 1"),
        (
            ["similarity", "cat", "dog", "mouse", "bread"],
            "expected two words, got 4; quote a word that contains spaces",
        ),
        (["analogy", "cat", "dog"], "expected three words (A is to B as C is to ?), got 2"),
        (["odd-one-out", "cat", "dog"], "expected three words or more, got 2"),
        (["analogy", "cat", "--positive", "dog"], "give either A B C, or --positive and --negative"),
        (["analogy", "--positive"], "option --positive requires a word"),
        (["analogy", "--negative", "cat", "--method", "multiply"], "a product of cosines needs a positive word"),
        (["similar", "cat", "--restrict-top", "0"], "0 is not in the range"),
        (["similar", "-", "--words", "-"], "stdin cannot hold both"),
        (["vocab", "--grep", "[a"], "the pattern '[a' is not a regular expression"),
        (["vocab", "-n", "0"], "0 is not in the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line(run: Run, word2vec_model: Path, arguments: list[str], said: str) -> None:
    result = run(*arguments, "-m", word2vec_model)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_a_word_with_blanks_needs_a_tab_on_its_line(run: Run, tmp_path: Path) -> None:
    model = saved(tmp_path / "blanks.safetensors", ["new york", "new", "york"], np.eye(3) + 0.5)
    assert run("similarity", "-m", model, stdin="new york\n").rows[0][:2] == ["new", "york"]
    assert run("similarity", "-m", model, stdin="new york\tyork\n").rows[0][:2] == ["new york", "york"]


SPACED = [
    "x",
    "\u00a0x",
    "\u3000",
    "\u00a0",
    "x\u2028y",
    "\u2003z",
    "z",
    "a\u0085",
    "\x1cq",
    "q",
    " q",
    "\u3000a b",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_end_of_a_line_is_taken_off_a_word(run: Run, tmp_path: Path, end: str) -> None:
    """Unicode has white space that is part of a word; none of it is lost, and each question has its row."""
    model = saved(tmp_path / "m.safetensors", SPACED, np.eye(len(SPACED)))
    lines = "".join(word + end for word in SPACED)
    result = run("vector", "-", "-m", model, "--format", "jsonl", stdin=lines)
    assert (result.code, result.err) == (0, "")
    rows = [json.loads(line) for line in result.out.rstrip("\n").split("\n")]
    assert [row["word"] for row in rows] == SPACED
    assert [row["vector"].index(1) for row in rows] == list(range(len(SPACED)))
    pairs = "".join(f"{word}\t{other}{end}" for word, other in pairwise(SPACED))
    result = run("similarity", "-m", model, "--format", "jsonl", stdin=pairs)
    asked = [json.loads(line) for line in result.out.rstrip("\n").split("\n")]
    assert [(row["a"], row["b"]) for row in asked] == list(pairwise(SPACED))
    result = run(
        "vector", "-", "-m", model, "--format", "jsonl", "--missing", "null", stdin="\u2003\nx \n\t z\n \n"
    )
    rows = [json.loads(line) for line in result.out.rstrip("\n").split("\n")]
    assert [row["word"] for row in rows] == ["\u2003", "x", "z"]
    assert not any(rows[0]["vector"])


def test_a_line_without_tabs_is_split_at_spaces_of_ascii_alone(run: Run, tmp_path: Path) -> None:
    model = saved(tmp_path / "m.safetensors", SPACED, np.eye(len(SPACED)))
    result = run("similarity", "-m", model, "--format", "json", stdin=" \u00a0x  \u3000 \n")
    assert [(row["a"], row["b"]) for row in json.loads(result.out)] == [("\u00a0x", "\u3000")]


def test_lists_of_words_keep_every_character_of_a_word(run: Run, tmp_path: Path) -> None:
    model = saved(tmp_path / "m.safetensors", SPACED, np.eye(len(SPACED)))
    (tmp_path / "words.txt").write_text("".join(f"{word} \n" for word in SPACED[:9]), newline="")
    (tmp_path / "names.txt").write_text("\u00a0x\tRENAMED\u3000\n", newline="")
    run("export", "out.jsonl", "-m", model, "--words", "words.txt", "--rename", "names.txt", "-q")
    lines = (tmp_path / "out.jsonl").read_text().rstrip("\n").split("\n")
    expected = ["RENAMED\u3000" if word == "\u00a0x" else word for word in SPACED[:9]]
    assert [json.loads(line)["word"] for line in lines] == expected
    result = run("similar", "z", "--words", "words.txt", "-m", model, "--format", "json")
    assert {row["neighbor"] for row in json.loads(result.out)} == set(SPACED[:9]) - {"z"}


def test_tabs_and_line_ends_in_words_read_back_from_tsv(run: Run, tmp_path: Path) -> None:
    words = ["a\ttab", "two\nlines", "re\rturn", "\\theta", "a\\nb", "a\nb", "x"]
    model = saved(tmp_path / "m.safetensors", words, np.eye(len(words)))
    printed = run("vocab", "-m", model, "-n", 9).out
    assert printed.splitlines()[0] == "a\\ttab\t"
    column = "".join(line.split("\t")[0] + "\n" for line in printed.splitlines())
    result = run("vector", "-", "-m", model, "--format", "jsonl", stdin=column)
    asked = [json.loads(line)["word"] for line in result.out.splitlines()]
    assert asked == [words[4] if word == "a\nb" else word for word in words]  # of two, the one as it stands
    assert (
        run("vector", "-", "-m", model, stdin=column).out.splitlines()[0]
        == run("vector", words[0], "-m", model).out[:-1]
    )
    pairs = run("similarity", "-m", model, "--format", "jsonl", stdin="a\\ttab\ttwo\\nlines\nre\\rturn x\n")
    assert [list(json.loads(line).values())[:2] for line in pairs.out.splitlines()] == [
        words[:2],
        ["re\rturn", "x"],
    ]
    missing = run("vector", "-", "-m", model, "--missing", "null", stdin="C:\\new\n")
    assert missing.out.startswith("C:\\new\t")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_line_that_never_ends_is_refused(run: Run, tmp_path: Path) -> None:
    model = saved(tmp_path / "m.safetensors", ["a", "b"], np.eye(2))
    for arguments in (["similar", "a", "--words", "/dev/zero"], ["export", "o.txt", "--rename", "/dev/zero"]):
        result = run(*arguments, "-m", model)
        assert (result.code, result.out) == (3, "")
        assert "line 1 of /dev/zero is longer than 1 MiB" in result.err
    result = run("vector", "-", "-m", model, stdin=b"a\n" + b"b" * (3 << 20))
    assert (result.code, result.out.split("\t")[0]) == (3, "a")
    assert "line 2 of stdin is longer than 1 MiB" in result.err
