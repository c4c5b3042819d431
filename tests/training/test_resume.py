"""A run that was broken off goes on where it was, and ends as if nothing had happened."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE, Run, clean_environment
from tests.killing import kills
from wvcli.cli import main
from wvcli.cli.commands import train as train_command
from wvcli.cli.reports import training as training_report
from wvcli.cli.reports.model import unfinished_facts
from wvcli.errors import InputError, InterruptedRunError, UsageError, WvcliError
from wvcli.training import checkpoints
from wvcli.training.engines.gensim import GensimTrainer
from wvcli.training.unfinished import UnfinishedRun

SETTINGS: dict[str, Any] = {"dim": 20, "epochs": 8, "workers": 1}
OPTIONS = ["--dim", "20", "--epochs", "8", "--workers", "1"]
METHODS = [{}, {"algorithm": "fasttext"}, {"architecture": "cbow", "loss": "hierarchical"}]


@pytest.fixture
def long_corpus(tmp_path: Path) -> Path:
    """A text whose training takes some seconds."""
    text = (CLONE / "sample_corpora" / "english.txt").read_text(encoding="utf-8")
    path = tmp_path / "corpus.txt"
    path.write_text(text * 2, encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A text of 13,000 words."""
    text = (CLONE / "sample_corpora" / "english.txt").read_text(encoding="utf-8")
    path = tmp_path / "corpus.txt"
    path.write_text(text[: len(text) // 4], encoding="utf-8")
    return path


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chances to stop more often than every half million tokens."""
    monkeypatch.setattr(GensimTrainer, "stretch", 2_500)


def stops_after(stretches: int) -> Callable[[], bool]:
    """What stops a run when it has trained on so many stretches of text."""
    answers = iter([False] * stretches)
    return lambda: next(answers, True)


def start(corpus: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "wvcli", "train", corpus.name, *OPTIONS, *options],
        cwd=corpus.parent,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_run_killed_again_and_again_gives_the_same_bytes(long_corpus: Path, method: dict[str, str]) -> None:
    options = [part for name, value in method.items() for part in (f"--{name}", value)]
    whole = long_corpus.with_name("whole.safetensors")
    done = start(long_corpus, *options, "-o", whole.name)
    done.communicate(timeout=120)
    moments = random.Random(7)
    resumed = long_corpus.with_name("resumed.safetensors")
    codes = []
    for _ in range(2):
        program = start(long_corpus, *options, "-o", resumed.name, "--checkpoint", "0.005", "--resume", "-f")
        until = time.monotonic() + 60
        state = resumed.with_name(resumed.name + ".checkpoint") / "state.safetensors"
        while not state.exists() and program.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(moments.random())
        program.send_signal(signal.SIGKILL)
        program.communicate()
        codes.append(program.returncode)
    assert -signal.SIGKILL in codes  # on a fast machine a run may end before its turn comes
    last = start(long_corpus, *options, "-o", resumed.name, "--checkpoint", "5", "--resume", "-f")
    _, err = last.communicate(timeout=120)
    assert resumed.read_bytes() == whole.read_bytes(), err
    assert not resumed.with_name(resumed.name + ".checkpoint").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopping_saves_the_run_and_says_how_to_go_on(long_corpus: Path, sent: signal.Signals, run: Run) -> None:
    program = start(long_corpus, "--checkpoint", "0.005")
    until = time.monotonic() + 60
    state = long_corpus.with_name("corpus.safetensors.checkpoint") / "state.safetensors"
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.02)
    program.send_signal(sent)
    program.send_signal(sent)  # as `timeout` does
    _, err = program.communicate(timeout=60)
    assert program.returncode == 130
    stopping, stopped = err.splitlines()
    assert stopping.startswith("note: stopping as soon as the run is saved")
    assert re.match(r"note: interrupted in epoch \d of 8; progress saved; .* --resume", stopped)
    assert not long_corpus.with_suffix(".safetensors").exists()
    again = run("train", long_corpus.name, *OPTIONS)
    assert again.code == 2
    assert "--resume" in again.err
    assert "--force" in again.err
    resumed = run("train", long_corpus.name, *OPTIONS, "--resume")
    assert resumed.code == 0, resumed.err
    assert sorted(path.name for path in long_corpus.parent.iterdir()) == ["corpus.safetensors", "corpus.txt"]


@pytest.mark.usefixtures("short_stretches")
def test_a_run_without_checkpoints_is_saved_when_it_is_stopped(corpus: Path, tmp_path: Path) -> None:
    whole = wvcli.train(corpus, tmp_path / "whole.safetensors", checkpoint=0, **SETTINGS)
    output = tmp_path / "model.safetensors"
    with pytest.raises(InterruptedRunError) as stopped:
        wvcli.train(corpus, output, checkpoint=0, should_stop=stops_after(7), **SETTINGS)
    assert stopped.value.checkpoint == tmp_path / "model.safetensors.checkpoint"
    assert not output.exists()
    resumed = wvcli.train(corpus, output, resume=True, **SETTINGS)
    assert resumed.manifest["checksum"] == whole.manifest["checksum"]
    assert not stopped.value.checkpoint.exists()


@pytest.mark.usefixtures("short_stretches")
def test_a_stopped_run_that_cannot_be_saved_leaves_nothing(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    output = folder / "model.safetensors"

    def stop_without_a_place() -> bool:
        (folder / "model.safetensors.checkpoint").touch()
        return True

    with pytest.raises(WvcliError, match="cannot save the run"):
        wvcli.train(corpus, output, checkpoint=0, should_stop=stop_without_a_place, **SETTINGS)
    assert [path.name for path in folder.iterdir()] == ["model.safetensors.checkpoint"]


@pytest.mark.parametrize("apart", [0.0, 0.2])
def test_a_second_signal_right_after_the_first_is_no_impatience(
    monkeypatch: pytest.MonkeyPatch, apart: float, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training_report, "_SAME_REQUEST", 0.1)
    with training_report.interruptible_progress(saved_from=0) as (_, should_stop):
        assert not should_stop()
        signal.raise_signal(signal.SIGINT)
        time.sleep(apart)
        if apart:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
        else:
            signal.raise_signal(signal.SIGTERM)
        assert should_stop()
    assert capsys.readouterr().err.count("stopping") == 1


def test_what_has_hardly_begun_is_stopped_at_once() -> None:
    def begin() -> None:
        with training_report.interruptible_progress(saved_from=60) as (_, should_stop):
            should_stop()
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(InterruptedRunError, match=r"^interrupted$") as stopped:
        begin()
    assert stopped.value.checkpoint is None


@pytest.mark.usefixtures("short_stretches")
def test_ctrl_c_saves_a_run_of_any_length(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train_stretch = GensimTrainer.train

    def with_ctrl_c(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return train_stretch(*arguments)

    monkeypatch.chdir(corpus.parent)
    monkeypatch.setattr(train_command, "SAVED_FROM", 0)
    monkeypatch.setattr(GensimTrainer, "train", with_ctrl_c)
    assert main.run(["train", corpus.name, *OPTIONS]) == 130
    assert "progress saved" in capsys.readouterr().err
    assert corpus.with_name("corpus.safetensors.checkpoint").is_dir()


@pytest.mark.usefixtures("short_stretches")
def test_what_is_broken_off_in_the_middle_of_an_epoch_goes_on_there(corpus: Path, tmp_path: Path) -> None:
    calls: list[int] = []

    def stop_at_fifth() -> bool:
        calls.append(1)
        return len(calls) == 5

    whole = wvcli.train(corpus, tmp_path / "whole.safetensors", **SETTINGS)
    output = tmp_path / "model.safetensors"
    for is_begun in (False, True):
        calls.clear()
        with pytest.raises(InterruptedRunError):
            wvcli.train(
                corpus,
                output,
                checkpoint=60,
                resume=is_begun,
                should_stop=stop_at_fifth,
                **SETTINGS,
            )
    resumed = wvcli.train(corpus, output, resume=True, **SETTINGS)
    assert resumed.manifest["checksum"] == whole.manifest["checksum"]
    assert resumed.manifest["history"] == whole.manifest["history"]


def test_an_interrupted_run_says_whether_any_of_its_training_is_kept(corpus: Path, tmp_path: Path) -> None:
    def interrupt(calls: int) -> Callable[[], bool]:
        left = iter(range(calls))

        def should_stop() -> bool:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return False

        return should_stop

    output = tmp_path / "model.safetensors"
    for is_begun, calls, kept in ((False, 0, "its text is kept, but training begins anew"),
                                  (True, 1, "what was saved last is kept")):  # fmt: skip
        with pytest.raises(InterruptedRunError, match=f"^interrupted; {kept}$"):
            wvcli.train(corpus, output, checkpoint=1e-9, resume=is_begun, should_stop=interrupt(calls), **SETTINGS)


def test_who_asks_beside_an_unfinished_run_is_told_to_finish_it(
    broken_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(broken_off.parent)
    with pytest.raises(InputError) as nothing:
        wvcli.load()
    assert nothing.value.message == "there is no model in this folder"
    assert nothing.value.hint == (
        "there is an unfinished run; finish it with wvcli train --resume model.safetensors.checkpoint"
    )
    with pytest.raises(InputError) as named:
        wvcli.load(broken_off)
    assert named.value.hint.endswith(f"wvcli train --resume {broken_off}.checkpoint")
    with pytest.raises(InputError) as other:
        wvcli.load(broken_off.with_name("other.safetensors"))
    assert other.value.hint == ""


@pytest.fixture
def broken_off(corpus: Path, tmp_path: Path) -> Path:
    """The output of a run that was stopped in its second epoch, with its checkpoint beside it."""
    path = tmp_path / "model.safetensors"
    with pytest.raises(InterruptedRunError):
        wvcli.train(corpus, path, checkpoint=60, should_stop=stops_after(1), **SETTINGS)
    return path


def test_other_settings_or_sources_are_not_mixed_in(corpus: Path, broken_off: Path) -> None:
    with pytest.raises(
        UsageError, match="`dim=20` there, `dim=41` here; no `early_stop` there, `early_stop=True` "
    ):
        wvcli.train(corpus, broken_off, resume=True, early_stop=True, **{**SETTINGS, "dim": 41})
    other = shutil.copy(corpus, corpus.with_name("other.txt"))
    with pytest.raises(UsageError, match=r"run: text from .*corpus.txt there, text from .*other.txt here$"):
        wvcli.train(other, broken_off, resume=True, **SETTINGS)
    with pytest.raises(UsageError, match=r"run: no `like` there, `like=a.safetensors` here$"):
        wvcli.resume(broken_off, like="a.safetensors", lowercase=True)
    assert wvcli.train(corpus, broken_off, resume=True, **SETTINGS).dim == 20


def test_starting_over_takes_force(corpus: Path, broken_off: Path) -> None:
    with pytest.raises(UsageError, match="unfinished run"):
        wvcli.train(corpus, broken_off, **SETTINGS)
    model = wvcli.train(corpus, broken_off, overwrite=True, **{**SETTINGS, "dim": 7})
    assert model.dim == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (name, damage)
        for name in ("state.safetensors", "encoded.json", "00000.ids")
        for damage in ("cut", "empty", "flip")
    ],
)
def test_a_damaged_checkpoint_is_our_error(corpus: Path, broken_off: Path, name: str, damage: str) -> None:
    file = broken_off.with_name(broken_off.name + ".checkpoint") / name
    content = file.read_bytes()
    file.write_bytes({"cut": content[:-5], "flip": content[:-5] + b"\x01" + content[-4:], "empty": b""}[damage])
    with pytest.raises(WvcliError):
        wvcli.train(corpus, broken_off, resume=True, **SETTINGS)


def test_two_runs_do_not_share_a_checkpoint(corpus: Path, broken_off: Path) -> None:
    folder = broken_off.with_name(broken_off.name + ".checkpoint")
    with checkpoints._alone_in(folder), pytest.raises(UsageError, match="another run"):
        wvcli.train(corpus, broken_off, resume=True, **SETTINGS)


def test_nothing_to_resume_is_an_error_that_names_the_runs_there_are(broken_off: Path, corpus: Path) -> None:
    before = sorted(broken_off.parent.iterdir())
    named = r"there is no unfinished run in .*modle.safetensors.checkpoint; unfinished runs there: .*model.s.*%\)$"
    mistyped = broken_off.with_name("modle.safetensors")
    with pytest.raises(InputError, match=named):
        wvcli.train(corpus, mistyped, resume=True, **SETTINGS)
    with pytest.raises(InputError, match=named):
        wvcli.resume(mistyped)
    assert sorted(broken_off.parent.iterdir()) == before


def test_nothing_to_resume_is_a_fresh_start_if_that_is_asked_for(corpus: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    once: dict[str, Any] = {**SETTINGS, "epochs": 1, "resume": True, "on_note": notes.append}
    output = tmp_path / "model.safetensors"
    model = wvcli.train(corpus, output, overwrite=True, **once)
    assert model.dim == 20
    assert notes == ["there is no unfinished run to continue; starting from the beginning"]
    notes.clear()
    again = wvcli.train(corpus, output, **once)
    assert again.manifest["checksum"] == model.manifest["checksum"]
    assert notes == [f"{output} is finished, and there is nothing to resume"]
    with pytest.raises(UsageError, match="is finished, and was trained otherwise: `dim=20` there, `dim=21` here"):
        wvcli.train(corpus, output, **once | {"dim": 21})
    assert wvcli.train(corpus, output, overwrite=True, **once | {"dim": 21}).dim == 21


def test_a_run_is_resumed_from_its_checkpoint_alone(corpus: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {**SETTINGS, "stopwords": tmp_path / "stop.txt", "phrases": True, "early_stop": True}
    how["stopwords"].write_text("the\n")
    how["init"] = tmp_path / "init.txt"
    how["init"].write_text("2 20\n" + "".join(f"{word} {' '.join(['0.5'] * 20)}\n" for word in ("cat", "dog")))
    whole = wvcli.train(corpus, tmp_path / "whole.safetensors", freeze_until=3, **how)
    output = tmp_path / "model.safetensors"
    with pytest.raises(InterruptedRunError) as stopped:
        wvcli.train(corpus, output, freeze_until=3, should_stop=stops_after(2), **how)
    corpus.unlink()
    how["stopwords"].unlink()
    notes: list[str] = []
    with pytest.raises(InterruptedRunError):
        wvcli.resume(stopped.value.checkpoint, should_stop=stops_after(1), on_note=notes.append)
    assert notes == ["continuing at epoch 3 of 8"]
    resumed = wvcli.resume(output, dim=20, phrases=True)
    assert resumed.manifest == whole.manifest
    assert wvcli.resume(output).manifest == whole.manifest


def test_the_only_run_in_the_folder_is_meant_or_several_are_named(
    corpus: Path, broken_off: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = (broken_off.with_name(f"{name}.safetensors.checkpoint") for name in ("model", "other"))
    shutil.copytree(folder, other)
    several = run("train", "--resume")
    assert several.code == 2
    assert re.fullmatch(
        r"error: there are 2 unfinished runs in this folder: "
        r"(model|other)\.safetensors\.checkpoint \(12%\), (model|other)\.safetensors\.checkpoint \(12%\); .*\n",
        several.err,
    )
    named = run("train", "--resume", other.name)
    assert named.code == 0, named.err
    assert "note: continuing at epoch 2 of 8" in named.err
    assert re.search(r"^time +[\d.]+ s since it was resumed, [\d,]+ words/s overall$", named.err, re.MULTILINE)
    unsaid = run("train", folder.name)
    assert (unsaid.code, unsaid.err) == (
        2,
        f"error: {folder.name} is no text, but an unfinished run; "
        f"continue it with wvcli train --resume {folder.name}\n",
    )
    elsewhere = run("train", "--resume", folder.name, "-o", "other.safetensors")
    assert (elsewhere.code, "leave out --output" in elsewhere.err) == (2, True)
    differs = run("train", "--resume", "--dim", 21)
    assert differs.code == 2
    assert "--dim 20 there, --dim 21 here" in differs.err
    alone = run("train", "--resume")
    assert alone.code == 0, alone.err
    assert broken_off.read_bytes() == other.with_suffix("").read_bytes()
    finished = run("train", f"--resume={folder.name}")
    assert (finished.code, finished.err.splitlines()[0]) == (
        0,
        "note: model.safetensors is finished, and there is nothing to resume",
    )
    assert "\ntime" not in finished.err
    nothing = run("train", "--resume")
    assert nothing.code == 3
    assert nothing.err.startswith("error: there is no unfinished run in this folder")
    missing = run("train")
    assert (missing.code, missing.err) == (2, "error: missing argument 'SOURCE...'; see wvcli train --help\n")


def test_an_unfinished_run_is_listed_and_described(broken_off: Path, run: Run) -> None:
    listed = run("models", "--format", "json")
    assert listed.code == 0, listed.err
    [row] = json.loads(listed.out)
    assert row == row | {"path": "model.safetensors.checkpoint", "algorithm": "word2vec", "dim": 20, "percent": 12}
    assert 0 <= row["age"] < 600
    known = json.loads(run("info", "model.safetensors.checkpoint").out)
    assert (known["epoch"], known["epochs"], known["progress"], len(known["loss"])) == (2, 8, 0.125, 1)
    assert known["command"] == run("info", "model.safetensors.checkpoint", "--command").out.strip()
    assert known["command"].endswith("-o model.safetensors --dim 20 --epochs 8 --workers 1 --checkpoint 60")
    assert known["resume"] == "wvcli train --resume model.safetensors.checkpoint"
    for_people = run("info", "model.safetensors.checkpoint", "--format", "table").out
    assert re.search(r"progress +12%", for_people)


def test_a_run_on_texts_in_memory_is_described_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [{"title": "The dog", "about": {"body": "and the cat ran"}}] * 50
    output, whole = tmp_path / "model.safetensors", tmp_path / "whole.safetensors"
    how: dict[str, Any] = {"dim": 5, "epochs": 3, "workers": 1, "min_count": 1, "stopwords": ["and"]}
    wvcli.train(iter(texts), whole, field=("title", "about.body"), **how)
    with pytest.raises(InterruptedRunError) as stopped:
        wvcli.train(iter(texts), output, field=("title", "about.body"), should_stop=stops_after(1), **how)
    folder = stopped.value.checkpoint
    assert folder is not None
    assert main.run(["info", str(folder), "--format", "json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert (known["command"], known["resume"]) == (None, f"wvcli train --resume {folder}")
    assert (known["epoch"], known["epochs"], known["words"], known["tokens"]) == (2, 3, 4, 250)
    assert main.run(["info", str(folder), "--command"]) == 2
    assert f"continue it with wvcli train --resume {folder}" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"`field=title about\.body` there, `field=title` here"):
        wvcli.resume(folder, field=("title",))
    resumed = wvcli.resume(folder, field=("title", "about.body"))
    assert resumed.manifest["checksum"] == wvcli.load(whole).manifest["checksum"]
    assert wvcli.resume(output, field=["title", "about.body"]).manifest == resumed.manifest


def test_stop_words_in_memory_are_in_no_command(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the dog and the cat ran\n" * 50)
    how: dict[str, Any] = {"dim": 5, "epochs": 3, "workers": 1, "stopwords": ["and"]}
    with pytest.raises(InterruptedRunError) as stopped:
        wvcli.train(text, tmp_path / "model", should_stop=stops_after(1), **how)
    folder = stopped.value.checkpoint
    assert folder is not None
    assert unfinished_facts(UnfinishedRun.of(folder), for_people=False)["command"] is None


def test_a_command_begun_without_its_text_read_begins_again(corpus: Path, broken_off: Path) -> None:
    folder = broken_off.with_name(broken_off.name + ".checkpoint")
    (folder / "encoded.json").unlink()  # as when it is killed before it has read its text
    assert wvcli.train(corpus, broken_off, **SETTINGS).dim == 20
    assert not folder.exists()


def test_a_folder_that_is_not_ours_is_left_alone(corpus: Path, broken_off: Path) -> None:
    folder = broken_off.with_name(broken_off.name + ".checkpoint")
    (folder / "notes.txt").write_text("mine")
    wvcli.train(corpus, broken_off, overwrite=True, **SETTINGS)
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]


def test_a_run_at_work_is_not_disturbed_by_another(corpus: Path, broken_off: Path) -> None:
    folder = broken_off.with_name(broken_off.name + ".checkpoint")
    before = sorted(file.name for file in folder.iterdir())
    (folder / "encoded.json").rename(folder / "encoded.json.away")  # as while that run is still reading
    with checkpoints._alone_in(folder):
        for how in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(UsageError, match="another run"):
                wvcli.train(corpus, broken_off, **how, **SETTINGS)  # type: ignore[arg-type]
    (folder / "encoded.json.away").rename(folder / "encoded.json")
    assert sorted(file.name for file in folder.iterdir()) == before


def test_a_run_goes_on_with_the_engine_it_began_with(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="the fast engine needs Numba")
    output = tmp_path / "model.safetensors"
    whole = wvcli.train(corpus, tmp_path / "whole.safetensors", engine="fast", **SETTINGS)
    with pytest.raises(InterruptedRunError):
        wvcli.train(corpus, output, engine="fast", checkpoint=60, should_stop=stops_after(1), **SETTINGS)
    resumed = wvcli.train(corpus, output, resume=True, **SETTINGS)
    assert resumed.manifest["engine"] == "fast"
    assert resumed.manifest["checksum"] == whole.manifest["checksum"]


def test_a_run_that_is_killed_while_its_checkpoint_is_removed_is_whole_or_none(tmp_path: Path) -> None:
    folder, needed = tmp_path / "m.safetensors.checkpoint", ("00000.ids", "encoded.json", "state.safetensors")

    def make() -> None:
        folder.mkdir(exist_ok=True)
        for name in (*needed, "lock"):
            (folder / name).touch()

    make()
    for number in kills(lambda: checkpoints._clear(folder)):
        left = {path.name for path in folder.iterdir()} if folder.exists() else set()
        assert "encoded.json" not in left or left.issuperset(needed), number
        make()
    assert not folder.exists()
