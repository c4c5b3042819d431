"""`wvcli align` and `wvcli translate`, as typed, and the commands that know an alignment."""

import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import Run
from tests.two_languages import languages
from wvcli.cli.commands.align import align
from wvcli.cli.commands.translate import translate

FILE = "en-fr.alignment.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, their alignment and a dictionary."""
    folder = tmp_path_factory.mktemp("aligned")
    both = languages(words=700, noise=0.3).in_files(folder)
    dictionary = both.dictionary(folder / "pairs.tsv", range(600))
    wvcli.align(both.source, both.target, folder / "en-fr", dictionary=dictionary)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path) -> Path:
    """The folder in which the program runs, with a copy of them."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_aligned_from_a_dictionary_and_asked_both_ways(run: Run, here: Path) -> None:
    (here / FILE).unlink()
    made = run(
        "align", "en.safetensors", "fr.safetensors", "--dictionary", "pairs.tsv", "--write-target", "fr-common"
    )
    assert made.code == 0, made.err
    about = json.loads(made.out)
    assert about["path"] == FILE
    assert about["seeds"]["covered"] == 600
    assert about["held_out"]["words"] == 60
    assert f"translate with wvcli translate WORD -a {FILE}" in made.err
    assert wvcli.load(here / "fr-common.safetensors").dim == 16
    alignment = wvcli.load_alignment(here / FILE)
    answer = run("translate", "s5", "s6", "-n", 2, "--header")
    assert f"using {FILE}" in answer.err
    assert answer.rows[0] == ["word", "translation", "similarity", "csls", "mutual"]
    expected = [found for word in ("s5", "s6") for found in alignment.translate(word, 2)]
    assert answer.rows[1:] == [
        [word, found.word, f"{found.similarity:.6f}", f"{found.csls:.6f}", "yes" if found.mutual else "no"]
        for word, found in zip(("s5", "s5", "s6", "s6"), expected, strict=True)
    ]
    back = run("translate", "-", "-n", 1, "--reverse", "--format", "jsonl", "-q", stdin="t7\nt9\n")
    assert [json.loads(line)["translation"] for line in back.out.splitlines()] == ["s7", "s9"]
    assert back.err == ""
    table = run("translate", "s5", "--format", "table", "-n", 1, "-q").out
    assert table.split()[:7] == ["word", "rank", "translation", "similarity", "csls", "mutual", "count"]


def test_the_whole_dictionary_is_in_the_format_that_align_reads(run: Run, here: Path) -> None:
    every = run("translate", "--all", "-q")
    assert len(every.rows) == 700
    mutual = run("translate", "--all", "--mutual", "-q", "-a", FILE)
    assert 500 < len(mutual.rows) < 700
    assert [row for row in every.rows if row in mutual.rows] == mutual.rows
    (here / "found.tsv").write_text(mutual.out, encoding="utf-8")
    again = run(
        "align",
        "en.safetensors",
        "fr.safetensors",
        "--dictionary",
        "found.tsv",
        "-o",
        "again",
        "-q",
        "--held-out",
        0,
    )
    assert json.loads(again.out)["seeds"]["covered"] == len(mutual.rows)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["t5"], 4, "'t5' is not in the vocabulary; fr.safetensors has it: --reverse translates from there"),
        (["s5", "--reverse"], 4, "en.safetensors has it: leave out --reverse"),
        (["s5", "--all"], 2, "--all translates all words, and none can be named"),
        (["s5", "-a", "no.safetensors"], 3, "there is no file no.safetensors"),
        (
            ["s5", "-a", "en.safetensors"],
            3,
            "en.safetensors is a model of word vectors, not a bilingual alignment",
        ),
    ],
)
def test_a_question_that_has_no_answer(words: list[str], code: int, message: str, run: Run, here: Path) -> None:
    result = run("translate", *words)
    assert result.code == code
    assert message in result.err
    assert result.out == ""


def test_missing_words_are_told_as_in_other_questions(run: Run, here: Path) -> None:
    result = run("translate", "s5", "zzz", "-n", 1, "--missing", "null", "--unanswered", "no.tsv")
    assert [row[:2] for row in result.rows] == [["s5", "t5"], ["zzz", ""]]
    assert (here / "no.tsv").read_text() == "missing\tzzz\n"
    assert run("translate", "s5", "zzz", "-q").code == 4


@pytest.mark.parametrize(
    ("models", "options", "code", "message"),
    [
        (["en", "en"], [], 2, "the source and the target are the same model"),
        (["en", "fr"], ["--dictionary", "bad.tsv"], 3, "bad.tsv, line 2: 's2' is not a word, a tab and its"),
        (["en", "fr"], ["--dictionary", "few.tsv", "--no-identical"], 2, "give a larger --dictionary"),
        (["en", "fr"], ["--unsupervised", "--dictionary", "pairs.tsv"], 2, "--unsupervised uses no pairs at all"),
        (["en", "fr"], ["-o", FILE], 2, "exists; add --force"),
        (["en-fr.alignment", "fr"], [], 3, "is a bilingual alignment, not a model of word vectors"),
    ],
)
def test_what_cannot_be_aligned(
    models: list[str], options: list[str], code: int, message: str, run: Run, here: Path
) -> None:
    (here / "bad.tsv").write_text("s1\tt1\ns2\n")
    (here / "few.tsv").write_text("s1\tt1\ns2\tt2\n")
    before = sorted(here.glob("*.safetensors"))
    output = [] if "-o" in options else ["-o", "x"]
    result = run("align", *(f"{model}.safetensors" for model in models), *options, *output)
    assert result.code == code, result.err
    assert message in result.err
    assert len([line for line in result.err.splitlines() if line.startswith("error:")]) == 1
    assert sorted(here.glob("*.safetensors")) == before


def test_a_model_is_asked_with_words_of_the_other(run: Run, here: Path) -> None:
    alignment = wvcli.load_alignment(here / FILE)
    result = run("similar", "s5", "s9", "-n", 3, "-a", FILE)
    assert "words of en.safetensors, neighbours in fr.safetensors" in result.err
    expected = [found for word in ("s5", "s9") for found in alignment.translate(word, 3, by="cosine")]
    assert [row[1] for row in result.rows] == [found.word for found in expected]
    assert [float(row[2]) for row in result.rows] == pytest.approx(
        [found.similarity for found in expected], abs=2e-6
    )
    assert [int(row[3]) for row in result.rows] == [found.count for found in expected]
    back = run("similar", "t5", "-n", 1, "-a", FILE, "-m", "en.safetensors", "-q")
    assert back.rows[0][:2] == ["t5", "s5"]
    shutil.copy(here / "en.safetensors", here / "other.safetensors")
    wrong = run("similar", "t5", "-a", FILE, "-m", "other.safetensors")
    assert (wrong.code, wrong.out) == (2, "")
    assert "other.safetensors is not one of the models that" in wrong.err


def test_alignments_are_scored_listed_and_described(run: Run, here: Path) -> None:
    (here / "test.tsv").write_text("".join(f"s{number}\tt{number}\n" for number in range(600, 700)))
    scored = run("evaluate", "-a", FILE, "--set", "test.tsv", "--format", "jsonl", "-q")
    rows = {row["measure"]: row for row in map(json.loads, scored.out.splitlines())}
    assert rows["p@1"]["kind"] == "translations"
    assert rows["p@1"]["model"] == FILE
    assert 0.5 < rows["p@1"]["score"] <= rows["p@5"]["score"] <= rows["p@10"]["score"]
    assert run("evaluate", "en.safetensors", "-a", FILE, "--set", "test.tsv").code == 2
    listed = {row[0]: row[1:4] for row in run("models").rows}
    assert listed[FILE] == ["bilingual alignment", "", ""]
    described = json.loads(run("info", FILE, "--verify").out)
    assert list(described)[:3] == ["path", "kind", "format_version"]
    assert described["kind"] == "bilingual alignment"
    assert described["source"]["path"] == "en.safetensors"
    assert described["alignment"]["held_out"]["words"] == 60
    assert run("similar", "t5", "-q").rows  # the newest model is one, and no alignment
    bad = np.frombuffer((here / FILE).read_bytes(), dtype=np.uint8).copy()
    bad[-1] ^= 1
    (here / FILE).write_bytes(bad.tobytes())
    assert run("info", FILE, "--verify").code == 3


def test_the_defaults_are_those_of_the_library() -> None:
    command, library = inspect.signature(align).parameters, inspect.signature(wvcli.align).parameters
    for name in (
        "identical",
        "unsupervised",
        "method",
        "refine",
        "restrict_top",
        "held_out",
        "fail_under",
        "seed",
    ):
        assert command[name].default == library[name].default
    asked, library = inspect.signature(translate).parameters, inspect.signature(wvcli.translate).parameters
    for name in ("reverse", "min_count", "mutual"):
        assert asked[name].default == library[name].default
