"""`wvcli evaluate`, as typed."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_main import at_a_terminal
from tests.conftest import Run, clean_environment

COLUMNS = [
    *("model", "set", "kind", "section", "measure", "items", "covered", "from_subwords"),
    *("score", "score_all", "low", "high", "p_value", "in_common", "score_common"),
]
PAIRS = "cat\tdog\t9\ncat\tkitchen\t4\nmouse\tcheese\t5\nbread\tcake\t8\nhorse\tfence\t2\ncat\tzzzz\t1\n"


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    file = tmp_path / "some pairs.tsv"
    file.write_text(PAIRS)
    return file


def test_scores_the_english_sets_inside_gensim(run: Run, word2vec_model: Path) -> None:
    result = run("evaluate", word2vec_model, "--missing", "skip", "--format", "json")
    assert result.code == 0
    rows = json.loads(result.out)
    assert list(rows[0]) == COLUMNS
    assert list(dict.fromkeys(row["set"] for row in rows)) == ["wordsim353", "simlex999", "questions-words"]
    whole = {(row["set"], row["measure"]): row for row in rows if row["section"] is None}
    assert (whole["wordsim353", "spearman"]["items"], whole["simlex999", "pearson"]["items"]) == (353, 999)
    assert whole["questions-words", "mul@5"]["items"] == 19_544
    assert [row["section"] for row in rows if row["measure"] == "add@1"][:2] == [None, "capital-common-countries"]
    assert all(row["covered"] <= row["items"] for row in rows)
    assert "covers no item of wordsim353, questions-words" in result.err


def test_every_format_carries_the_same_rows(run: Run, word2vec_model: Path, pairs: Path) -> None:
    def answer(*options: str) -> str:
        return run("evaluate", "-m", word2vec_model, "--set", pairs, *options).out

    objects = json.loads(answer("--format", "json"))
    assert [row["measure"] for row in objects] == ["spearman", "pearson"]
    assert (objects[0]["items"], objects[0]["covered"], objects[0]["set"]) == (6, 6, "some pairs")
    assert [json.loads(line) for line in answer("--format", "jsonl").splitlines()] == objects
    lines = [line.split("\t") for line in answer("--header").splitlines()]
    assert lines[0] == COLUMNS
    assert [dict(zip(COLUMNS, line, strict=True))["score"] for line in lines[1:]] == [
        f"{row['score']:.6f}" for row in objects
    ]
    assert list(csv.reader(io.StringIO(answer("--format", "csv")))) == lines
    table = answer("--format", "table")
    assert "some pairs" in table
    assert f"{objects[0]['score']:.3f}" in table
    assert f"{objects[0]['low']:.3f} {objects[0]['high']:.3f}" in table


def test_several_models_stand_one_below_the_other(
    run: Run, word2vec_model: Path, fasttext_model: Path, pairs: Path
) -> None:
    result = run("evaluate", word2vec_model, fasttext_model, "--set", pairs, "--format", "jsonl")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["model"] for row in rows] == [str(word2vec_model), str(fasttext_model)] * 2
    assert [row["p_value"] is None for row in rows] == [True, False] * 2
    assert [(row["covered"], row["from_subwords"]) for row in rows[:2]] == [(6, 1), (6, 1)]
    skipped = run("evaluate", word2vec_model, "--set", pairs, "--missing", "skip", "--format", "jsonl")
    assert json.loads(skipped.out.splitlines()[0])["covered"] == 5
    table = run("evaluate", word2vec_model, word2vec_model, "--set", pairs, "--format", "table").out
    assert table.count(str(word2vec_model.name)) == 2 or table.count(word2vec_model.stem) >= 2


def test_differences_are_marked_and_the_marks_explained(run: Run, tmp_path: Path) -> None:
    """One model has every question right, the other none."""
    offset = {"a": (1, 0, 0), "b": (1, 0, 1), "c": (0, 1, 0), "d": (0, 1, 1), "e": (0.3, -1, -0.2)}
    good = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in offset.items())
    bad = good.replace("d 0 1 1", "d 0 -1 -1")
    for name, text in (("good", good), ("bad", bad)):
        (tmp_path / f"{name}.txt").write_text(f"5 3\n{text}")
    (tmp_path / "questions.txt").write_text("a b c d\n" * 12)
    result = run("evaluate", "good.txt", "bad.txt", "--set", "questions.txt", "--format", "table")
    assert "1.000" in result.out
    assert "0.000***" in result.out
    assert "note: difference from the first model: * p < 0.05, ** p < 0.01, *** p < 0.001" in result.err


def test_models_are_compared_on_the_items_that_both_cover(run: Run, tmp_path: Path) -> None:
    """The second model covers fewer items; on those it is right, where the first one is wrong."""
    rows = {"a": (1, 0, 0), "b": (1, 0, 1), "c": (0, 1, 0), "d": (0, 1, 1), "e": (0.3, -1, -0.2)}
    good = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows.items())
    (tmp_path / "good.txt").write_text(f"5 3\n{good}")
    (tmp_path / "bad.txt").write_text(f"6 3\n{good.replace('d 0 1 1', 'd 0 -1 -1')}f 1 1 1\n")
    (tmp_path / "questions.txt").write_text("a b c d\n" * 12 + "a b c f\n" * 5)
    (tmp_path / "strange.txt").write_text("x y z x\n")
    sets = ("--set", "questions.txt", "--set", "strange.txt")
    result = run("evaluate", "bad.txt", "good.txt", *sets, "--format", "jsonl")
    found = [row for row in map(json.loads, result.out.splitlines()) if row["measure"] == "add@1"]
    assert [(row["covered"], row["in_common"], row["score_common"]) for row in found[:2]] == [
        (17, 12, 0),
        (12, 12, 1),
    ]
    said = (
        "note: good compared with bad, on the items that both cover: better on questions "
        "(add@1 1.000 against 0.000, 12 items, p < 0.001); not tested on strange (0 items)\n"
    )
    assert said in result.err
    table = run("evaluate", "bad.txt", "good.txt", *sets, "--format", "table", env={"COLUMNS": "120"})
    assert "  95% interval  common  on common  " in table.out.splitlines()[1]
    assert said in table.err
    same = run("evaluate", "good.txt", "good.txt", "--set", "questions.txt")
    assert "no difference beyond chance on questions (add@1 1.000 against 1.000, 12 items, p = 1.000)" in same.err


def test_a_bundled_set_is_named(run: Run, word2vec_model: Path) -> None:
    result = run("evaluate", word2vec_model, "--set", "WordSim-353", "--set", "simlex999", "--format", "jsonl")
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [(row["set"], row["items"]) for row in found[::2]] == [("wordsim353", 353), ("simlex999", 999)]
    unknown = run("evaluate", word2vec_model, "--set", "wordsim")
    assert (unknown.code, unknown.out) == (3, "")
    assert "no file wordsim; the sets known by name are wordsim353, simlex999, questions-words" in unknown.err


def test_a_set_of_which_nothing_is_covered_is_no_table_of_dashes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "中文.vec").write_text("2 2\n猫 1 2\n狗 2 1\n", encoding="utf-8")
    result = run("evaluate", "中文.vec", "--format", "table")
    assert (result.code, result.out) == (0, "")
    uncovered, hint = result.err.splitlines()
    assert uncovered == "note: 中文.vec covers no item of wordsim353, simlex999, questions-words"
    assert "none is bundled for Chinese" in hint
    assert "--set FILE" in hint
    (tmp_path / "own.tsv").write_text("猫\t狗\t8\n猫\t猫\t9\n", encoding="utf-8")
    own = run("evaluate", "中文.vec", "--set", "own.tsv", "--set", "wordsim353", "--format", "table")
    assert "own" in own.out
    assert "wordsim353" not in own.out
    assert own.err.splitlines() == ["note: 中文.vec covers no item of wordsim353", hint]


def test_a_set_comes_from_stdin_too(run: Run, word2vec_model: Path) -> None:
    result = run("evaluate", "-m", word2vec_model, "--set", "-", stdin=PAIRS)
    assert [row[1] for row in result.rows] == ["stdin", "stdin"]


def test_chinese_sets_work_the_same(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "中文.tsv").write_text("猫\t动物\t8\n猫\tcat\t9\n动物\tdog\t7\n是\tcat\t1\n", encoding="utf-8")
    result = run("evaluate", word2vec_model, "--set", "中文.tsv")
    assert result.rows[0][1] == "中文"
    assert int(result.rows[0][6]) >= 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set", "bad.tsv"], 3, "bad.tsv, line 3: 'cat\\tdog' is not two words and a score"),
        (
            ["--set", "text.txt"],
            3,
            "text.txt, line 1: 'a text of some kind' is not a line of a test set: word, word",
        ),
        (["--set", "none.tsv"], 3, "there is no file none.tsv"),
        (["--restrict-top", "0"], 2, "restrict-top"),
        (["nothing.safetensors"], 3, "there is no file nothing.safetensors"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, word2vec_model: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "bad.tsv").write_text("cat\tdog\t1\ncat\tmouse\t2\ncat\tdog\n")
    (tmp_path / "text.txt").write_text("a text of some kind\n")
    result = run("evaluate", *arguments, env={"WVCLI_MODEL": str(word2vec_model)})
    assert (result.code, result.out) == (code, "")
    assert len(result.err.splitlines()) == 1
    assert said in result.err


@pytest.mark.parametrize(("columns", "shown"), [("100", True), ("70", False)])
def test_a_narrow_table_leaves_columns_out_and_folds_no_name(
    run: Run, word2vec_model: Path, tmp_path: Path, columns: str, shown: bool
) -> None:
    name = "a-section-with-a-longish-name"
    (tmp_path / "set.txt").write_text(f": {name}\ncat dog mouse cheese\n")
    table = run("evaluate", word2vec_model, "--set", "set.txt", "--format", "table", env={"COLUMNS": columns}).out
    assert name in table
    assert ("95% interval" in table) == shown


def test_progress_moves_at_a_terminal_only(run: Run, word2vec_model: Path, pairs: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", word2vec_model, "--set", pairs]
    assert "scoring word2vec.safetensors some pairs" in at_a_terminal(*arguments, cwd=tmp_path).replace("\r\n", "")
    assert run(*arguments).err == ""
    assert "scoring" not in at_a_terminal(*arguments, "-q", cwd=tmp_path)


def test_gensim_is_not_imported(word2vec_model: Path, pairs: Path) -> None:
    code = (
        "import sys; from wvcli.cli.main import run; run(['evaluate', *sys.argv[1:]]); "
        "sys.exit('gensim' in sys.modules)"
    )
    arguments = [str(word2vec_model), "--set", str(pairs)]
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=clean_environment(), timeout=60)
    assert done.returncode == 0
