"""`wvcli similar`, as typed."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import wvcli
from tests.conftest import Run, clean_environment


def test_answers_with_the_query_neighbour_and_similarity_in_tsv(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", "dog", "-n", 3, "-m", word2vec_model)
    assert result.code == 0
    assert result.err == ""
    assert [row[0] for row in result.rows] == ["cat"] * 3 + ["dog"] * 3
    expected = wvcli.load(word2vec_model).most_similar("cat", topn=3)
    assert [row[1] for row in result.rows[:3]] == [word for word, _ in expected]
    assert [float(row[2]) for row in result.rows[:3]] == pytest.approx([value for _, value in expected], abs=1e-6)


def test_every_format_carries_the_same_rows(run: Run, word2vec_model: Path) -> None:
    def answer(*options: str) -> str:
        return run("similar", "cat", "猫", "-n", 2, "-m", word2vec_model, *options).out

    objects = json.loads(answer("--format", "json"))
    assert list(objects[0]) == ["word", "neighbor", "similarity", "count"]
    rows = [list(row.values()) for row in objects]
    assert [json.loads(line) for line in answer("--format", "jsonl").splitlines()] == objects
    as_text = [[word, near, f"{value:.6f}", str(count)] for word, near, value, count in rows]
    assert [line.split("\t") for line in answer("--format", "tsv").splitlines()] == as_text
    assert list(csv.reader(io.StringIO(answer("--format", "csv")))) == [list(objects[0]), *as_text]
    assert list(csv.reader(io.StringIO(answer("--format", "csv", "--no-header")))) == as_text
    assert [line.split(" ") for line in answer("--format", "plain").splitlines()] == as_text
    table = answer("--format", "table")
    assert all(near in table for _, near, *_ in rows)
    assert "猫" in table
    assert "count" in table


def test_header_names_the_columns(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", "-n", 1, "-m", word2vec_model, "--header")
    assert result.rows[0] == ["word", "neighbor", "similarity", "count"]
    assert len(result.rows) == 2


def test_the_environment_chooses_model_and_format(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", env={"WVCLI_MODEL": str(word2vec_model), "WVCLI_FORMAT": "jsonl"})
    assert json.loads(result.out.splitlines()[0])["word"] == "cat"


@pytest.mark.parametrize("arguments", [["-"], []], ids=["dash", "pipe"])
def test_reads_words_from_stdin_and_answers_in_their_order(
    run: Run, word2vec_model: Path, arguments: list[str]
) -> None:
    result = run("similar", *arguments, "-n", 1, "-m", word2vec_model, stdin=b"\xef\xbb\xbfcat\r\n\n  dog \nmouse")
    assert [row[0] for row in result.rows] == ["cat", "dog", "mouse"]
    assert result.code == 0


def test_one_missing_word_is_an_error_with_near_spellings(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "kat", "-m", word2vec_model)
    assert (result.code, result.out) == (4, "")
    assert result.err.startswith("error: 'kat' is not in the vocabulary; did you mean ")
    assert "cat" in result.err
    assert len(result.err.splitlines()) == 1


def test_a_missing_word_among_others_is_named_and_the_rest_answered(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "-", "-n", 1, "-m", word2vec_model, stdin="cat\nzzzz\ndog\n")
    assert [row[0] for row in result.rows] == ["cat", "dog"]
    assert "zzzz" in result.err
    assert result.code == 4


def test_many_missing_words_are_counted_not_all_named(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "-m", word2vec_model, stdin="".join(f"zz{n}\n" for n in range(1000)))
    assert result.code == 4
    assert "1,000 words in total are not in the vocabulary" in result.err
    assert len(result.err.splitlines()) < 15


@pytest.mark.parametrize(
    ("policy", "rows", "code"),
    [("skip", [["cat"]], 0), ("null", [["cat"], ["zzzz"]], 0), ("error", [["cat"]], 4)],
)
def test_missing_policy(run: Run, word2vec_model: Path, policy: str, rows: list[list[str]], code: int) -> None:
    result = run("similar", "cat", "zzzz", "-n", 1, "-m", word2vec_model, "--missing", policy)
    assert [[row[0]] for row in result.rows] == rows
    assert result.code == code


def test_null_rows_are_null_in_json(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "zzzz", "-m", word2vec_model, "--missing", "null", "--format", "json")
    assert json.loads(result.out) == [{"word": "zzzz", "neighbor": None, "similarity": None, "count": None}]


def test_subwords_are_refused_where_there_are_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("2 2\ncat 1 0\ndog 0 1\n")
    result = run("similar", "cat", "-m", "v.vec", "--missing", "subword")
    assert result.code == 2
    assert "FastText" in result.err


def test_fasttext_answers_unseen_words_from_subwords_and_says_so(run: Run, fasttext_model: Path) -> None:
    result = run("similar", "kitchens", "-n", 3, "-m", fasttext_model)
    assert result.code == 0
    assert "kitchen" in [row[1] for row in result.rows]
    assert "oov" in result.err
    assert run("similar", "kitchens", "-m", fasttext_model, "--missing", "error").code == 4


def test_a_query_is_looked_up_as_the_tokenizer_would_write_it(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "Cat", "-n", 1, "-m", word2vec_model)
    assert result.rows[0][:2] == ["Cat", run("similar", "cat", "-n", 1, "-m", word2vec_model).rows[0][1]]


def test_a_reader_that_stops_early_ends_the_program_quietly(word2vec_model: Path, tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("cat\n" * 100_000)
    with words.open() as stdin:
        program = subprocess.Popen(
            [sys.executable, "-m", "wvcli", "similar", "-", "-m", word2vec_model],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        )
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().startswith(b"cat\t")
        program.stdout.close()
        assert program.stderr.read() == b""
        program.stderr.close()
        assert program.wait(timeout=30) == 0


def test_serves_as_a_coprocess_answering_each_word_before_the_next(word2vec_model: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "wvcli", "similar", "-", "-n", "1", "-m", word2vec_model],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment(),
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for word in (b"cat", b"dog", b"cat"):
            program.stdin.write(word + b"\n")
            program.stdin.flush()
            assert program.stdout.readline().startswith(word + b"\t")
        program.stdin.close()
        assert program.wait(timeout=30) == 0


def test_topn_is_at_least_one_and_at_most_the_vocabulary(run: Run, word2vec_model: Path) -> None:
    assert run("similar", "cat", "-n", 0, "-m", word2vec_model).code == 2
    rows = run("similar", "cat", "-n", 100_000, "-m", word2vec_model).rows
    assert len(rows) == len(wvcli.load(word2vec_model)) - 1


def answers(run: Run, *arguments: object) -> list[tuple[str, float]]:
    """The neighbours of `cat` under some options."""
    result = run("similar", "cat", *arguments)
    assert (result.code, result.err) == (0, "")
    return [(row[1], float(row[2])) for row in result.rows]


def test_least_similarity_and_the_most_frequent_words_narrow_the_answer(run: Run, word2vec_model: Path) -> None:
    vectors = wvcli.load(word2vec_model)
    everything = answers(run, "-n", 1000, "-m", word2vec_model)
    least = everything[len(everything) // 2][1]
    near = answers(run, "-n", 1000, "-m", word2vec_model, "--min-similarity", least - 1e-5)
    assert near == everything[: len(everything) // 2 + 1]
    frequent = answers(run, "-n", 1000, "-m", word2vec_model, "--restrict-top", 12)
    assert frequent == [pair for pair in everything if vectors.vocabulary.find(pair[0]) < 12]  # type: ignore[operator]


def test_only_words_of_a_file_are_answers_and_the_unknown_ones_counted(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "animals.txt").write_bytes(b"\xef\xbb\xbfdog\r\nhorse\n\nunicorn\ncat\nmouse\nMouse\n")
    result = run("similar", "cat", "-m", word2vec_model, "--words", "animals.txt")
    assert sorted(row[1] for row in result.rows) == ["dog", "horse", "mouse"]
    assert result.err == "note: 1 of the 6 words in animals.txt is not in the vocabulary\n"
    piped = run("similar", "cat", "-m", word2vec_model, "--words", "-", stdin="dog\nhorse\nmouse")
    assert (piped.code, piped.err, piped.out) == (0, "", result.out)
    (tmp_path / "none.txt").write_text("unicorn\n")
    for file, code, said in [
        ("none.txt", 4, "none of the 1 words in none.txt is in the vocabulary"),
        ("absent.txt", 3, "cannot read absent.txt: no such file or directory"),
        (".", 3, "cannot read .: is a directory"),
    ]:
        result = run("similar", "cat", "-m", word2vec_model, "--words", file)
        assert (result.code, result.out, result.err) == (code, "", f"error: {said}\n")


def test_excluded_words_are_no_answers(run: Run, word2vec_model: Path) -> None:
    everything = answers(run, "-n", 1000, "-m", word2vec_model)
    first, second = everything[0][0], everything[1][0]
    some = answers(run, "-n", 1000, "-m", word2vec_model, "--exclude", first, "--exclude", second.upper())
    assert some == everything[2:]
    result = run("similar", "cat", "-n", 1, "-m", word2vec_model, "--exclude", "unicorn")
    assert result.rows[0][1] == first
    assert result.err == "note: 'unicorn' is not in the vocabulary, so excluding it has no effect\n"


def test_words_together_are_one_question(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", "dog", "--together", "-n", 4, "-m", word2vec_model)
    expected = wvcli.load(word2vec_model).analogy(["cat", "dog"], topn=4)
    assert [(row[0], row[1], float(row[2])) for row in result.rows] == [
        ("cat dog", word, pytest.approx(similarity, abs=1e-6)) for word, similarity in expected
    ]
    assert (
        run("similar", "cat", "--together", "-m", word2vec_model).out
        == run("similar", "cat", "-m", word2vec_model).out
    )


def test_a_word_with_no_neighbour_is_told(run: Run, word2vec_model: Path) -> None:
    options = ["-m", word2vec_model, "--min-similarity", 1]
    result = run("similar", "cat", *options)
    assert (result.code, result.out, result.err) == (0, "", "note: no neighbour of 'cat' has similarity >= 1\n")
    many = run("similar", *options, stdin="cat\n" * 500)
    assert (many.code, many.out) == (0, "")
    assert many.err.endswith("note: 500 questions in total have no answer\n")
    assert len(many.err.splitlines()) == 11
    assert run("similar", "cat", *options, "--missing", "null").out == "cat\t\t\t\n"


def test_a_narrow_table_leaves_columns_out_before_it_folds_words(run: Run, word2vec_model: Path) -> None:
    for columns, heading in ((80, "word rank neighbor similarity count"), (40, "word neighbor similarity")):
        asked = ["similar", "kitchen", "-m", word2vec_model, "--format", "table"]
        lines = run(*asked, env={"COLUMNS": str(columns)}).out.splitlines()
        assert lines[1].split() == heading.split()
        assert len(lines) == 14
        assert all("kitchen" in line for line in lines[3:13])


def test_a_narrow_table_of_analogies_or_of_what_moved_holds_words(run: Run, word2vec_model: Path) -> None:
    env = {"COLUMNS": "40"}
    compared = run(
        "compare", word2vec_model, word2vec_model, "--min-count", 1, "-n", 1, "--format", "table", env=env
    ).out
    assert compared.splitlines()[-2].split()[0] in wvcli.load(word2vec_model)
    answered = run("analogy", "cat", "mouse", "dog", "-m", word2vec_model, "--format", "table", env=env).out
    assert "mouse" in answered


def test_the_least_similarity_is_a_number(run: Run, word2vec_model: Path) -> None:
    done = run("similar", "cat", "-m", word2vec_model, "--min-similarity", "nan")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: --min-similarity must be a number, not nan\n"


def test_a_least_similarity_alone_finds_all_that_are_as_similar(run: Run, word2vec_model: Path) -> None:
    everything = run("similar", "cat", "-n", 1000, "-m", word2vec_model).rows
    assert len(everything) > 20
    assert run("similar", "cat", "--min-similarity", -1, "-m", word2vec_model).rows == everything
    assert run("similar", "cat", "--min-similarity", -1, "-n", 10, "-m", word2vec_model).rows == everything[:10]
    for wrong in (60, 1.01, -1.5):
        refused = run("similar", "cat", "--min-similarity", wrong, "-m", word2vec_model)
        assert (refused.code, refused.out) == (2, "")
        assert "-1<=x<=1" in refused.err


def test_of_a_list_of_terms_each_pair_is_written_once(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    terms = list(wvcli.load(word2vec_model))[:12]
    (tmp_path / "terms.txt").write_text("\n".join([*terms, terms[0].upper()]), encoding="utf-8")
    asked = ("similar", "--file", "terms.txt", "--min-similarity", 0.5, "-m", word2vec_model, "--format", "csv")
    header, *rows = csv.reader(io.StringIO(run(*asked).out))
    once = list(csv.reader(io.StringIO(run(*asked, "--unique-pairs").out)))
    assert once[0] == header == ["word", "neighbor", "similarity", "count"]
    first: dict[frozenset[str], list[str]] = {}
    for row in rows:
        first.setdefault(frozenset((row[0].lower(), row[1])), row)
    assert once[1:] == list(first.values())
    assert len(once) < len(rows)
    null = run("similar", terms[0], terms[0], "-n", 1, "-m", word2vec_model, "--unique-pairs", "--missing", "null")
    assert len(null.rows) == 1
    assert run("similar", "cat", "dog", "--together", "--unique-pairs", "-m", word2vec_model).code == 2


# --- vectors instead of words ---


@pytest.mark.parametrize("format", ["tsv", "plain", "jsonl"])
def test_vectors_that_another_command_prints_are_asked_about(run: Run, word2vec_model: Path, format: str) -> None:
    printed = run("vector", "cat", "dog", "-m", word2vec_model, "--format", format).out
    asked = run("similar", "--vector", "-", "-n", 2, "-m", word2vec_model, stdin=printed)
    assert (asked.code, asked.err) == (0, "")
    assert [row[0] for row in asked.rows] == ["cat", "cat", "dog", "dog"]
    assert [row[1] for row in asked.rows[::2]] == ["cat", "dog"]  # a vector has no word that is no answer
    near = run("similar", "cat", "-n", 1, "-m", word2vec_model, "--rare")
    assert asked.rows[1][1:3] == near.rows[0][1:3]


def test_a_heading_numbers_alone_and_texts_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text("3 2\ncat 1 0\ndog 0 1\nfish -1 -1\n")
    lines = 'word\t1\t2\na black cat\t2\t0.1\n0.1 3\n{"text": "two fish", "vector": [-2, -3]}\n'
    asked = run("similar", "--vector", "-", "-n", 1, "-m", "v.vec", stdin=lines)
    assert [row[:2] for row in asked.rows] == [["a black cat", "cat"], ["", "dog"], ["two fish", "fish"]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cat\t1\t2\t3", "line 2 of stdin: expected 2 numbers, as the model's vectors have, found 3"),
        ("cat\t1\tx", "line 2 of stdin: expected 2 numbers"),
        ("cat\t1\tnan", "line 2 of stdin: expected 2 numbers, all of them finite"),
        ('{"word": "cat"}', "line 2 of stdin: expected {"),
        ('{"word": "cat", "vector": 1}', "line 2 of stdin: expected 2 numbers"),
    ],
)
def test_what_is_no_vector_is_named(run: Run, tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "v.vec").write_text("2 2\ncat 1 0\ndog 0 1\n")
    refused = run("similar", "--vector", "-", "-m", "v.vec", stdin=f"ok\t1\t1\n{line}\n")
    assert refused.code == 3
    assert message in refused.err


def test_vectors_take_the_place_of_words(run: Run, word2vec_model: Path) -> None:
    for options in (["cat"], ["--together"], ["--missing", "skip"], ["--explain"], ["--file", "f"]):
        assert run("similar", "--vector", "-", *options, "-m", word2vec_model).code == 2
