"""`wvcli tune`: what is written, what is said, and how it ends."""

import csv
import io
import json
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import SENTENCES, Result
from wvcli.cli import main
from wvcli.cli.reports import tuning as report
from wvcli.cli.streams import stderr
from wvcli.training import loss
from wvcli.training.trials import Trial

PAIRS = (
    "cat\tdog\t9\nbread\tcheese\t8\ncat\tbread\t1\ndog\tfence\t3\nmouse\tcat\t6\nhorse\tdog\t8\ncake\tbread\t7\n"
)
QUICK = ["--dim", "8", "--epochs", "2", "--workers", "1", "--min-count", "1"]
Tune = Callable[..., Result]


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tune:
    """Run the command in this process, in a folder with a text and two test sets."""
    monkeypatch.setattr(loss, "_EXAMPLES", 100)  # which take longer than training on so short a text
    (tmp_path / "corpus.txt").write_text("\n".join(SENTENCES[:7] * 30) + "\n", encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    (tmp_path / "odd.txt").write_text("cat dog mouse *bread\nbread cheese *dog cake\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def tune(*arguments: str) -> Result:
        with stderr.restoring_quiet():
            code = main.run(["tune", "corpus.txt", *QUICK, *arguments])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return tune


def test_a_table_shows_the_trials_and_the_command_makes_the_model_again(
    tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    found = tune("--set", "pairs.tsv", "--trials", "3", "--format", "table")
    assert found.code == 0, found.err
    heading, _, *lines = [line for line in found.out.splitlines() if line.strip()]
    assert heading.split() == [
        "trial",
        "method",
        "dim",
        "window",
        "epochs",
        "score",
        "95%",
        "interval",
        "time",
        "size",
    ]
    assert max(map(len, found.out.splitlines())) <= 90
    rows = [line.split() for line in lines]
    assert [row[:5] for row in rows[:2]] == [["1", "skipgram", "8", "5", "2"], ["2", "skipgram", "8", "10", "2"]]
    assert sum(row[-1] == "best" for row in rows) == 1
    assert re.search(
        r"^note: trial 1 \(the first settings\): -?[\d.]+ \(.* to .*\), \d+ s$", found.err, re.MULTILINE
    )
    assert re.search(r"^note: trial 2 \(window 10\): ", found.err, re.MULTILINE)
    assert re.search(r"^note: corpus\.safetensors \(0\.\d MB\) is the model of trial \d$", found.err, re.MULTILINE)
    [command] = re.findall(r"^note: train it again with: (wvcli train .*)$", found.err, re.MULTILINE)
    model = wvcli.load("corpus.safetensors")
    with stderr.restoring_quiet():
        assert main.run([*shlex.split(command)[1:], "-q"]) == 0
    assert wvcli.load("corpus.safetensors").manifest == model.manifest


def test_programs_get_every_figure_and_a_score_for_each_of_several_sets(tune: Tune) -> None:
    found = tune("--set", "pairs.tsv", "--set", "odd.txt", "--trials", "2", "--format", "csv", "-q")
    assert (found.code, found.err) == (0, "")
    first, second = csv.DictReader(io.StringIO(found.out))
    assert list(first) == [
        *("trial", "algorithm", "architecture", "dim", "window", "epochs"),
        *("score", "low", "high", "covered", "loss", "seconds", "bytes", "best", "pairs", "odd"),
    ]
    assert (first["algorithm"], first["architecture"], first["dim"]) == ("word2vec", "skipgram", "8")
    assert float(first["score"]) == pytest.approx((float(first["pairs"]) + float(first["odd"])) / 2, abs=1e-5)
    assert (first["covered"], first["loss"]) == ("9", "")
    assert {first["best"], second["best"]} == {"yes", "no"}
    kept = Path("corpus.safetensors").stat().st_size
    assert kept == int(first["bytes"] if first["best"] == "yes" else second["bytes"])


def test_without_a_set_the_loss_on_the_other_half_is_shown(tune: Tune) -> None:
    found = tune("--trials", "1", "--format", "jsonl", "-o", "halves", "--window", "4")
    assert found.code == 0, found.err
    [row] = [json.loads(line) for line in found.out.splitlines()]
    assert (row["trial"], row["window"], row["best"]) == (1, 4, True)
    assert 0 < row["score"] <= 1
    assert row["loss"] > 0
    assert wvcli.load("halves.safetensors").dim == 8
    assert "note: only the default settings were tried" in found.err
    assert "--window 4" in found.err.partition("train it again with:")[2]


def test_wrong_usage_names_the_options(tune: Tune) -> None:
    Path("there.safetensors").write_text("mine")
    for arguments, code, message in (
        (["--minutes", "0"], 2, "--minutes must be a number above 0"),
        (["-o", "there"], 2, "there.safetensors exists; add --force"),
        (["--set", "wordsim353"], 3, "all its words in the text; give other --set, or none"),
        (["--set", "missing.tsv"], 3, "missing.tsv"),
        (["--trials", "0"], 2, "--trials"),
    ):
        refused = tune(*arguments)
        assert (refused.code, refused.out) == (code, "")
        assert message in refused.err, refused.err
    assert Path("there.safetensors").read_text() == "mine"


def interrupts_after(number: int, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Have Ctrl-C pressed when this trial is over."""
    add = report.Trials.add

    def adding(shown: report.Trials, trial: Trial, is_best: bool) -> None:
        add(shown, trial, is_best)
        if trial.number == number:
            signal.raise_signal(signal.SIGINT)
            for _ in range(times - 1):
                monkeypatch.setattr("wvcli.cli.reports.training._SAME_REQUEST", 0.0)
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(report.Trials, "add", adding)


def test_ctrl_c_keeps_the_best_so_far(tune: Tune, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupts_after(2, monkeypatch)
    stopped = tune("--set", "pairs.tsv", "--format", "json")
    assert stopped.code == 130
    assert [row["trial"] for row in json.loads(stopped.out)] == [1, 2]
    assert "note: making no more trials; press Ctrl-C again to stop at once" in stopped.err
    assert "note: train it again with: wvcli train corpus.txt" in stopped.err
    assert wvcli.load("corpus.safetensors").dim == 8


@pytest.mark.parametrize("sets", [["--set", "pairs.tsv"], []])
def test_a_second_ctrl_c_ends_at_once_and_says_what_is_left(
    tune: Tune, monkeypatch: pytest.MonkeyPatch, sets: list[str]
) -> None:
    interrupts_after(1, monkeypatch, times=2)
    stopped = tune(*sets, "--format", "json")
    assert stopped.code == 130
    assert [row["trial"] for row in json.loads(stopped.out)] == [1]
    what = "its model is kept" if sets else "no model was written"
    assert f"error: interrupted; trial 1 was the best so far, the first settings; {what}" in stopped.err
    assert Path("corpus.safetensors").exists() == bool(sets)


def facts(**known: Any) -> Any:
    """What the trials have shown."""
    first = Trial(number=1, changes={}, settings=wvcli.TrainSettings(), seconds=1, file=1, score=0.3)
    best = Trial(number=2, changes={"dim": 200}, settings=wvcli.TrainSettings(), seconds=1, file=1, score=0.35)
    usual = {"trials": [first, best], "best": best, "not_begun": {}, "epochs_lowered": False}
    return type("Tuning", (), usual | known)


def test_what_came_of_it_is_said_in_a_sentence() -> None:
    [better] = report.notes(facts(p_value=0.001))
    assert better == (
        "trial 2 scores 0.350, the default settings 0.300: the difference is more than chance "
        "(as the best of 2, p < 0.01)"
    )
    chance, too_long, too_large = report.notes(facts(p_value=0.3, not_begun={"time": 1, "memory": 4}))
    assert chance.endswith(
        "the difference is not more than chance (as the best of 2, p = 0.30); the default settings may be as good"
    )
    assert too_long == "1 trial was not begun, since it would have taken longer than the time that was left"
    assert too_large == "4 trials were not begun, since they would have taken more memory than there is"
    worse = Trial(number=3, changes={}, settings=wvcli.TrainSettings(), seconds=1, file=1, score=0.4)
    _, passed_over = report.notes(facts(p_value=0.3, trials=[*facts().trials, worse]))
    assert passed_over == "a higher score with a higher loss on the other half is no better: trial 3"
    [none] = report.notes(facts(p_value=None, epochs_lowered=True))
    assert none == "no other trial is better than the first settings"
