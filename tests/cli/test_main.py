"""The program as a whole: version, usage errors, a terminal, streams that fail."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

import wvcli
from tests.conftest import Run, clean_environment
from tests.terminal import Terminal
from wvcli.cli.reports.training import TrainingTime, training_summary
from wvcli.models.opening import is_default


def at_a_terminal(*arguments: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a person at a terminal of 80 columns sees of a command: stdout and stderr as they come."""
    command = [sys.executable, "-m", "wvcli", *map(str, arguments)]
    with Terminal(command, cwd, {"COLUMNS": "80"} | (env or {})) as terminal:
        assert terminal.leave() == 0
        return terminal.seen


def test_version(run: Run) -> None:
    assert run("--version").out == f"wvcli {wvcli.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simlar"], "unknown command 'simlar'; did you mean similar?"),
        (["qqq"], "unknown command 'qqq'; see wvcli --help"),
        (["similar", "cat", "--modl", "x"], "unknown option --modl; did you mean --model?"),
        (["similar", "cat", "--colour"], "unknown option --colour; see wvcli similar --help"),
        (["similar", "cat", "-model", "x"], "unknown option -model; did you mean --model?"),
        (["train"], "missing argument 'SOURCE...'; see wvcli train --help"),
        (["similar", "cat", "-n", "x"], "'x' is not a whole number; see wvcli similar --help"),
        (["similar", "cat", "--format", "xml"], "'xml' is not one of 'auto'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_with_a_hint(run: Run, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_and_answers(run: Run, shell: str) -> None:
    script = run("--show-completion", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert script.code in (0, 2)  # which shell runs us is not known in a test
    answer = run(
        env={
            "_WVCLI_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": "wvcli si",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "wvcli si",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
    )
    assert "similar" in answer.out
    assert "export" not in answer.out


def test_a_terminal_gets_a_table_and_a_pipe_gets_lines(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    seen = at_a_terminal("similar", "cat", "-n", "2", "-m", word2vec_model, cwd=tmp_path)
    assert "similarity" in seen
    assert "\t" not in seen
    assert run("similar", "cat", "-n", 2, "-m", word2vec_model).out.count("\t") == 6


def test_the_model_that_answers_is_named_if_the_user_named_none(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    seen = at_a_terminal("similar", "cat", cwd=word2vec_model.parent)
    assert "using word2vec.safetensors" in seen
    assert "using" not in at_a_terminal("similar", "cat", "-q", cwd=word2vec_model.parent)
    shutil.copy(word2vec_model, tmp_path)
    for command in (["similar", "cat"], ["vocab"], ["info"], ["export", "x.bin"]):
        assert run(*command).err.startswith("note: using word2vec.safetensors\n")
        assert "using" not in run(*command, "-q").err
        assert "using" not in run(*command, "-m", word2vec_model).err
    assert run("shell", stdin="similar cat -n 1").err == "note: using word2vec.safetensors\n"


def test_an_import_beside_a_model_does_not_change_what_is_asked(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copy(word2vec_model, tmp_path / "corpus.safetensors"))
    os.utime(model, (1_700_000_000, 1_700_000_000))
    run("export", "glove.txt", "-q")
    imported = run("import", "glove.txt").err
    assert "note: to use it, name it: -m glove.safetensors; without -m another model is meant\n" in imported
    assert run("export", "out.bin").err.startswith("note: using corpus.safetensors\n")
    assert run("similar", "cat", "-n", 1, "-m", "glove.safetensors").err == ""
    model.unlink()
    assert run("import", "glove.txt", "-f").err.count("-m") == 0
    assert run("similar", "cat", "-n", 1).err == "note: using glove.safetensors\n"


def test_a_trained_model_is_named_in_the_next_command_where_another_would_be_asked(
    word2vec_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WVCLI_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)
    here = Path(shutil.copy(word2vec_model, tmp_path / "here.safetensors"))
    assert is_default(Path("here.safetensors"))
    assert not is_default(word2vec_model)
    monkeypatch.setenv("WVCLI_MODEL", str(word2vec_model))
    assert is_default(word2vec_model)
    assert not is_default(here)
    summary = Console(width=200)
    with summary.capture() as shown:
        summary.print(training_summary(wvcli.load(here), TrainingTime()))
    assert f"-m {here}" in shown.get()


def test_training_moves_a_bar_at_a_terminal_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the cat and the dog and the bird sing\n" * 3000)
    options = ("--epochs", "40", "--dim", "100", "--workers", "1", "-f")
    seen = at_a_terminal("train", "text.txt", *options, cwd=tmp_path)
    epochs = set(re.findall(r"training (\d+)/40", seen))
    assert len(epochs) > 3
    assert "words/s" in seen
    short = ("--epochs", "2", "--dim", "10", "--workers", "1", "-f")
    assert "training" not in run("train", "text.txt", *short).err
    assert run("train", "text.txt", *short, "-q").err == ""


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_left_out_when_unwanted(word2vec_model: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    arguments = ("similar", "cat", "zzzz", "--missing", "null", "-m", word2vec_model)
    assert "\x1b[1" in at_a_terminal("--help", cwd=tmp_path)
    assert "\x1b[" not in at_a_terminal("--help", cwd=tmp_path, env=variables)
    assert not re.search(r"\x1b\[\d+m", at_a_terminal(*arguments, cwd=tmp_path, env=variables))


def test_words_are_data_not_markup(run: Run, tmp_path: Path) -> None:
    words = ["[/b]", "[red]x", ":cat:", "\x1b[31mred", "שלום", "😀", "a\\b", '"q"', "=1+1", "nan"]
    lines = [f"{word} {number} {number * number + 1}" for number, word in enumerate(words, 1)]
    (tmp_path / "odd.txt").write_text(f"{len(words)} 2\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for format in ("tsv", "csv", "json", "jsonl", "plain", "table"):
        result = run("similar", "[/b]", "-m", "odd.txt", "--format", format)
        assert result.code == 0
        assert ":cat:" in result.out
        assert "שלום" in result.out
        assert "😀" in result.out
    assert "\x1b" not in at_a_terminal(
        "similar", "[/b]", "-q", "-m", "odd.txt", cwd=tmp_path, env={"NO_COLOR": "1"}
    )


def test_a_bug_is_one_line_unless_asked_for(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", "-m", "x" * 5000)
    assert result.code != 0
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["similar", "cat"], ["vector", "cat"], ["info"], ["--help"]])
def test_a_full_or_closed_stdout_is_told(word2vec_model: Path, tmp_path: Path, arguments: list[str]) -> None:
    program = " ".join([sys.executable, "-m", "wvcli", *arguments])
    environment = clean_environment() | {"WVCLI_MODEL": str(word2vec_model)}

    def shell(redirection: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f"{program} {redirection}"],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    full = shell("> /dev/full")
    assert full.returncode == 1
    assert full.stderr.endswith("no space left on device\n")
    assert len(full.stderr.splitlines()) == 1
    closed = shell(">&-")
    assert closed.returncode == 1
    assert closed.stderr == "error: cannot write to stdout: bad file descriptor\n"


def test_an_argument_that_is_not_utf8_is_a_missing_word(word2vec_model: Path, fasttext_model: Path) -> None:
    for model in (word2vec_model, fasttext_model):
        arguments = [sys.executable, "-m", "wvcli", "vector", b"\xff\xfe", "-m", model, "--missing", "error"]
        done = subprocess.run(arguments, capture_output=True, env=clean_environment())
        assert (done.returncode, done.stdout) == (4, b"")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "streams", [">&- 2>&-", "<&- >&- 2>&-", "2>&-", ">/dev/full 2>/dev/full", "2>/dev/full", "2>&1 | false"]
)
def test_the_exit_code_does_not_depend_on_who_reads(word2vec_model: Path, tmp_path: Path, streams: str) -> None:
    def code(*arguments: object) -> str:
        command = shlex.join([sys.executable, "-m", "wvcli", *map(str, arguments)])
        script = f"{{ sleep 0.1; {command}; echo $? > code; }} {streams}"
        subprocess.run(["sh", "-c", script], cwd=tmp_path, env=clean_environment())
        return (tmp_path / "code").read_text().strip()

    assert code("vector", "zzzz", "-m", word2vec_model) == "4"
    assert code("vector", "cat", "-m", "none.safetensors") == "3"
    if streams.startswith("2>"):  # training writes to stderr alone
        (tmp_path / "text.txt").write_text("the cat and the dog\n" * 200)
        assert code("train", "text.txt", "--epochs", "1", "--dim", "4", "-f") == "0"


def test_a_limit_of_memory_is_told_in_a_line(word2vec_model: Path) -> None:
    command = shlex.join([sys.executable, "-m", "wvcli", "similar", "cat", "-m", str(word2vec_model)])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -v 90000; {command}"], capture_output=True, text=True, env=clean_environment()
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: not enough memory: less than 96 MiB")
    assert len(done.stderr.splitlines()) == 1


def test_words_are_utf8_whatever_the_locale(run: Run, tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("café 1 0\nthé 1 1\n", encoding="utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (["vector", "café", "nö"], ["similarity", "café", "thé"], ["analogy", "café", "thé", "nö"]):
        command = [sys.executable, "-m", "wvcli", *arguments, "-m", "vectors.txt"]
        asked, in_c = (
            subprocess.run(command, capture_output=True, cwd=tmp_path, env=clean_environment() | locale)
            for locale in ({"LC_ALL": "C.UTF-8"}, plain)
        )
        assert (in_c.returncode, in_c.stdout, in_c.stderr) == (asked.returncode, asked.stdout, asked.stderr)
        assert b"udc" not in asked.stderr


def test_training_outlives_its_terminal(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the cat and the dog and the bird sing\n" * 10_000)
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    options = ("--epochs", "20", "--dim", "50", "--workers", "1", "-f")
    command = [sys.executable, "-c", code, sys.executable, "-m", "wvcli", "train", "text.txt", *options]
    terminal = Terminal(command, tmp_path, stdout=tmp_path / "out")
    terminal.expect("training")
    os.close(terminal._screen)  # the window is closed
    assert terminal.process.wait(120) == 0
    assert (tmp_path / "text.safetensors").exists()


@pytest.mark.parametrize("columns", ["0", "00", "-1", "", "x", "²", "1", "7"])
def test_any_width_of_a_terminal_is_borne(run: Run, word2vec_model: Path, tmp_path: Path, columns: str) -> None:
    asked = ("similar", "cat", "-n", "2", "-m", word2vec_model)
    seen = at_a_terminal(*asked, cwd=tmp_path, env={"COLUMNS": columns})
    assert columns == "1" or "simi" in "".join(seen.split())
    piped = run(*asked, "--format", "table", env={"COLUMNS": columns})
    assert piped.code == 0
    if columns not in ("1", "7"):
        assert piped.out == run(*asked, "--format", "table").out


@pytest.mark.parametrize("moment", ["typer", "wvcli.cli", "numpy"])
def test_an_interrupt_while_the_program_starts_is_no_traceback(word2vec_model: Path, moment: str) -> None:
    program = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "wvcli", "shell", "-m", word2vec_model],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    assert program.stderr
    seen = ""
    while moment not in seen:
        seen = program.stderr.readline()
        assert seen
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=60)
    assert program.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in err
