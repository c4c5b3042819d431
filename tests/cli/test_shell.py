"""`wvcli shell`: with a script on stdin, and at a terminal."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Run, clean_environment
from tests.terminal import Terminal
from wvcli.cli.program import COMMANDS
from wvcli.cli.prompt import command_line

PROMPT = "\x1b[?2004h"  # prompt_toolkit is ready for keys when it asks for bracketed paste
VECTORS = "king 1 0\nqueen 0.9 0.1\ndog 0 1\ncat 0.1 0.9\n"


def script(*commands: str) -> str:
    return "".join(f"{command}\n" for command in commands)


def test_a_script_gets_what_each_command_prints_outside(run: Run, word2vec_model: Path) -> None:
    commands = [
        "similar cat dog -n 2",
        "vector cat",
        "info --format jsonl",
        "similar 猫 -n 1 --format json",
        "formats",
    ]
    alone = [run(*command.split(), env={"WVCLI_MODEL": str(word2vec_model)}) for command in commands]
    together = run("shell", "-m", word2vec_model, stdin=script(*commands))
    assert together.out == "".join(result.out for result in alone)
    assert (together.code, together.err) == (0, "")


def test_what_fails_is_told_in_a_line_and_the_last_failure_is_the_exit_code(
    run: Run, word2vec_model: Path
) -> None:
    commands = [
        "similar zzzz",
        "similar cat -n 1",
        "simlar cat",
        "vector cat -m nothing.bin",
        "similar cat --format xml",
        "vector zzzz",
        "",
        "# similar cat",
        "similar dog -n 1",
    ]
    result = run("shell", "-m", word2vec_model, stdin=script(*commands))
    assert [row[0] for row in result.rows] == ["cat", "dog"]
    assert result.code == 4
    told = result.err.splitlines()
    assert len(told) == 5
    for line, part in zip(told, ["zzzz", "similar", "nothing.bin", "see similar --help", "zzzz"], strict=True):
        assert line.startswith("error: ")
        assert part in line


@pytest.mark.parametrize("command", ["similar", "similar -", "vector cat -", "train - -o x.safetensors"])
def test_no_command_reads_the_script(run: Run, word2vec_model: Path, command: str) -> None:
    result = run("shell", "-m", word2vec_model, stdin=script(command, "vector dog"))
    assert result.rows[-1][0] == "dog"
    assert result.err == ("error: a line of the shell cannot read stdin; name the words or a file in the line\n")
    assert result.code == 2


def coprocess(model: Path, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "wvcli", "shell", "-m", model, *arguments]
    return subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )


def ask(program: "subprocess.Popen[str]", line: str) -> list[str]:
    """The first line of the answer, before anything more is written to the program."""
    assert program.stdin
    assert program.stdout
    program.stdin.write(f"{line}\n")
    program.stdin.flush()
    return program.stdout.readline().rstrip("\n").split("\t")


def test_each_line_is_answered_before_the_next_and_the_model_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_text(VECTORS)
    before = path.stat()
    with coprocess(path) as program:
        assert ask(program, "vector king") == ["king", "1.0", "0.0"]
        path.write_text(VECTORS.replace("king 1", "king 7"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # nobody can see that the file is another
        assert ask(program, "vector king") == ["king", "1.0", "0.0"]
        assert ask(program, f"vector king -m {command_line.quoted(str(path))}") == ["king", "1.0", "0.0"]
        os.utime(path)
        assert ask(program, "vector king") == ["king", "7.0", "0.0"]
        assert ask(program, "similar king -n 1")[1] == "queen"


def test_a_model_named_in_a_line_is_for_that_line_and_use_is_for_the_rest(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "small one.txt").write_text(VECTORS)
    commands = [
        "similar cat -n 1 -m 'small one.txt'",
        "similar cat -n 1",
        'use "small one.txt"',
        "similar king -n 1",
    ]
    result = run("shell", "-m", word2vec_model, stdin=script(*commands), env={"WVCLI_MODEL": "nothing"})
    assert result.err == ""
    first, second, third = result.rows
    assert (first[1], third[1]) == ("dog", "queen")
    assert second == run("similar", "cat", "-n", 1, "-m", word2vec_model).rows[0]


def test_without_a_model_one_can_be_trained_and_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the cat and the dog sing\n" * 50)
    result = run("shell", stdin=script("similar cat", "train text.txt --epochs 1 -q", "similar cat -n 1"))
    unanswered, using = result.err.splitlines()
    assert "train one with" in unanswered
    assert using == "note: using text.safetensors"
    assert [row[0] for row in result.rows] == ["cat"]
    assert run("shell", "-m", "nothing").code == 3


def test_the_session_sets_format_and_header_and_a_line_has_the_last_word(run: Run, word2vec_model: Path) -> None:
    commands = ["similar cat -n 1", "similar cat -n 1 --format tsv"]
    result = run("shell", "-m", word2vec_model, "--format", "csv", "--header", stdin=script(*commands))
    header, first, other, second = result.out.splitlines()
    assert (header, other) == ("word,neighbor,similarity,count", "word\tneighbor\tsimilarity\tcount")
    assert first == second.replace("\t", ",")
    assert (
        run("shell", "-m", word2vec_model, "--no-header", stdin=script(*commands)).rows == [second.split("\t")] * 2
    )
    assert json.loads(run("shell", "-m", word2vec_model, "--format", "jsonl", stdin=script(commands[0])).out)


def test_quiet_is_for_a_line_or_for_the_session(run: Run, fasttext_model: Path) -> None:
    commands = script("similar kittens -n 1 -q", "similar kittens -n 1")
    assert run("shell", "-m", fasttext_model, stdin=commands).err.count("oov") == 1
    assert run("shell", "-m", fasttext_model, "-q", stdin=commands).err == ""


def test_help_lists_every_command_and_tells_the_options_of_one(run: Run, word2vec_model: Path) -> None:
    result = run("shell", "-m", word2vec_model, stdin=script("help", "wvcli similar cat -n 1", "help similar"))
    listed = re.findall(r"^  ([a-z-]+)  ", result.out, re.MULTILINE)
    assert {*COMMANDS} - {"shell"} | {"use", "help", "exit"} <= {*listed}
    assert "shell" not in listed
    assert "Usage: similar [OPTIONS] [WORD...]" in result.out
    assert result.code == 0


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_nothing_is_answered_after_leaving(run: Run, word2vec_model: Path, word: str) -> None:
    result = run("shell", "-m", word2vec_model, stdin=script("similar cat -n 1", word, "similar dog -n 1"))
    assert [row[0] for row in result.rows] == ["cat"]
    assert result.code == 0


def test_lines_may_come_from_windows_and_lack_an_end(run: Run, word2vec_model: Path) -> None:
    result = run("shell", "-m", word2vec_model, stdin=b"\xef\xbb\xbfsimilar cat -n 1\r\n\r\nsimilar dog -n 1")
    assert [row[0] for row in result.rows] == ["cat", "dog"]
    assert run("shell", "-m", word2vec_model).out == ""


def test_a_script_that_is_no_text_is_refused(run: Run, word2vec_model: Path) -> None:
    result = run("shell", stdin=b"similar\0cat\n" * 100)
    assert (result.code, result.out) == (3, "")
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("command", ["similar cat -n 1", "help"])
def test_when_nobody_reads_any_more_the_script_ends_quietly(
    word2vec_model: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "script").write_text(script(*[command] * 5000))
    with (
        open(tmp_path / "script") as stdin,
        subprocess.Popen(
            [sys.executable, "-m", "wvcli", "shell", "-m", word2vec_model],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(),
        ) as program,
    ):  # fmt: skip
        assert program.stdout
        assert program.stderr
        assert program.stdout.readline()
        program.stdout.close()
        assert (program.wait(60), program.stderr.read()) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_script(word2vec_model: Path, number: int) -> None:
    with coprocess(word2vec_model) as program:
        ask(program, "similar cat -n 1")
        program.send_signal(number)
        assert program.wait(60) == 130


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("similar cat  dog", ["similar", "cat", "dog"]),
        ("similarity don't can't", ["similarity", "don't", "can't"]),
        ("similar 'new york' \"it's\"", ["similar", "new york", "it's"]),
        ("similar o'clock 'new york'", ["similar", "o'clock", "new york"]),
        ("similar C# #tag", ["similar", "C#", "#tag"]),
        ("# similar cat", []),
        ("   ", []),
        ("similar 's", ["similar", "'s"]),
        ('similar "new york', ["similar", '"new', "york"]),
        ("vocab --grep='^a b'", ["vocab", "--grep=^a b"]),
        ("similar ''", ["similar", ""]),
        ("similar 猫 नमस्ते", ["similar", "猫", "नमस्ते"]),
        ("use ~/x", ["use", os.path.expanduser("~/x")]),
        ("similar ~", ["similar", "~"]),
    ],
)
def test_lines_are_split_as_a_shell_does_but_for_apostrophes(line: str, words: list[str]) -> None:
    assert command_line.split(line) == words


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]) | st.sampled_from(" '\"\\#~-="), min_size=1))
def test_a_quoted_word_is_that_word(word: str) -> None:
    assert command_line.split(f"similar {command_line.quoted(word)} x") == ["similar", word, "x"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ([], "", 0)),
        ("sim", ([], "sim", 0)),
        ("similar ", (["similar"], "", 8)),
        ("similar don't ki", (["similar", "don't"], "ki", 14)),
        ('use "My Mod', (["use"], "My Mod", 4)),
        ("use 'a b' c", (["use", "a b"], "c", 10)),
    ],
)
def test_an_unfinished_line_has_an_unfinished_word(line: str, expected: tuple[list[str], str, int]) -> None:
    found = command_line.unfinished(line)
    assert (found.words, found.last, found.start) == expected


@pytest.fixture
def at(word2vec_model: Path, tmp_path: Path) -> Callable[..., Terminal]:
    """A shell at a terminal, with a folder of its own for history."""

    def at(*arguments: object, env: dict[str, str] | None = None, **streams: Any) -> Terminal:
        command = [sys.executable, "-m", "wvcli", "shell", "-m", word2vec_model, *arguments]
        variables = {"XDG_STATE_HOME": str(tmp_path / "state")} | (env or {})
        return Terminal(list(map(str, command)), tmp_path, variables, **streams)

    return at


@pytest.fixture
def without_prompt_toolkit(tmp_path: Path) -> dict[str, str]:
    """Variables with which Python does not find prompt_toolkit, as where it is not installed."""
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "prompt_toolkit.py").write_text("raise ImportError('not installed')\n")
    return {"PYTHONPATH": str(folder)}


def history(tmp_path: Path) -> list[str]:
    return (tmp_path / "state" / "wvcli" / "history").read_text(encoding="utf-8").splitlines()


def test_tab_completes_commands_words_options_and_files(at: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "Some vectors.txt").write_text(VECTORS)
    with at() as terminal:
        terminal.expect(PROMPT)
        terminal.send("anal\tkit\tcat dog --miss\tskip -n 2\r")
        assert "kitchen" in terminal.expect(PROMPT)
        terminal.send("use Some\t\r")
        terminal.expect("using Some vectors.txt: 4 words")
        terminal.expect(PROMPT)
        terminal.send("vector qu\t--form\tjsonl\r")
        terminal.expect('{"word": "queen"')
        terminal.expect(PROMPT)
        terminal.send("vector \t")
        terminal.expect("king")
        terminal.send("\x03\x04")
        assert terminal.leave() == 0
    assert history(tmp_path) == [
        "analogy kitchen cat dog --missing skip -n 2",
        'use "Some vectors.txt" ',
        "vector queen --format jsonl",
    ]


def test_a_prompt_with_history_that_outlives_it(at: Callable[..., Terminal], tmp_path: Path) -> None:
    for typed in (["similar cat -n 1", "similar zzzz"], []):
        with at() as terminal:
            assert "help lists the commands" in terminal.expect(PROMPT)
            for line in typed:
                terminal.send(f"{line}\r")
                terminal.expect(PROMPT)
            terminal.send("\x1b[A\x1b[A\r")  # twice arrow up
            terminal.expect("similarity" if typed else "'zzzz' is not in the vocabulary")
            terminal.expect(PROMPT)
            terminal.send("\x04")
            assert terminal.leave() == 0  # what failed is no failure of the shell
    assert history(tmp_path) == ["similar cat -n 1", "similar zzzz", "similar cat -n 1", "similar zzzz"]
    assert stat.S_IMODE((tmp_path / "state" / "wvcli" / "history").stat().st_mode) == 0o600


def test_ctrl_c_gives_up_a_line_or_stops_a_command(at: Callable[..., Terminal], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow.txt")
    with at() as terminal:
        terminal.expect(PROMPT)
        terminal.send("similar dog\x03")
        terminal.expect(PROMPT)
        terminal.send("train slow.txt\r")
        with open(tmp_path / "slow.txt", "w"):  # once the command waits for more
            terminal.send("\x03")
            assert "interrupted" in terminal.expect(PROMPT)
        terminal.send("similar cat -n 1\r")
        terminal.expect("similarity")
        terminal.expect(PROMPT)
        terminal.send("\x04")
        assert terminal.leave() == 0


def test_a_signal_to_end_is_obeyed_at_the_prompt(at: Callable[..., Terminal]) -> None:
    with at() as terminal:
        terminal.expect(PROMPT)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.leave() == 130


def test_lines_pasted_together_are_answered_one_by_one(at: Callable[..., Terminal], tmp_path: Path) -> None:
    with at("--format", "plain") as terminal:
        terminal.expect(PROMPT)
        terminal.send("\x1b[200~similar cat -n 1\nsimilar dog -n 1\x1b[201~\r")
        terminal.expect("similar dog -n 1")
        shown = terminal.expect(PROMPT)
        assert re.search(r"cat \w+ 0\.\d+ \d+\r\ndog \w+ 0\.\d+ \d+\r\n", shown)
    assert history(tmp_path) == ["similar cat -n 1", "similar dog -n 1"]


def test_data_goes_to_stdout_alone_and_the_prompt_to_stderr(at: Callable[..., Terminal], tmp_path: Path) -> None:
    with at("--format", "plain", stdout=tmp_path / "out") as terminal:
        terminal.expect(PROMPT)
        terminal.send("similar cat -n 1\r")
        terminal.expect(PROMPT)
        terminal.send("\x04")
        assert terminal.leave() == 0
    assert re.fullmatch(r"cat \w+ 0\.\d+ \d+\n", (tmp_path / "out").read_text())


def test_a_history_that_cannot_be_kept_is_done_without(at: Callable[..., Terminal]) -> None:
    with at(env={"XDG_STATE_HOME": os.devnull}) as terminal:
        terminal.expect(PROMPT)
        terminal.send("similar cat -n 1\r")
        terminal.expect("similarity")
        terminal.expect(PROMPT)
        terminal.send("\x04")
        assert terminal.leave() == 0


def test_without_the_extra_there_is_a_plainer_prompt(
    at: Callable[..., Terminal], without_prompt_toolkit: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("readline", reason="this Python has no readline")
    for earlier in (False, True):
        with at(env=without_prompt_toolkit) as terminal:
            terminal.expect('pip install "wvcli[shell]"')
            terminal.expect("word2vec> ")
            terminal.send("\x1b[A\r" if earlier else "vec\tkit\t\r")
            assert "kitchen" in terminal.expect("…")
            terminal.expect("word2vec> ")
            terminal.send("similar dog")
            terminal.expect("dog")
            sleep(0.3)  # Python's readline may keep an interrupt that comes while it draws until the next key
            terminal.send("\x03")
            terminal.expect("word2vec> ")
            terminal.send("\x04")
            assert terminal.leave() == 0
    assert history(tmp_path) == ["vector kitchen "] * 2


def test_a_script_needs_no_extra(run: Run, word2vec_model: Path, without_prompt_toolkit: dict[str, str]) -> None:
    result = run("shell", "-m", word2vec_model, stdin="similar cat -n 1\n", env=without_prompt_toolkit)
    assert (result.code, result.err) == (0, "")
    assert result.rows[0][0] == "cat"
