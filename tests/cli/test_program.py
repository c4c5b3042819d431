"""The help of the program and of each command, and its examples."""

import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import CLONE, SENTENCES, Result, Run
from wvcli.cli.main import run as run_here
from wvcli.cli.program import COMMANDS, EXIT_CODES


@pytest.fixture
def help_of(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Ask for help in this process, at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # which some commands would set for good

    def help_of(*arguments: object) -> Result:
        code = run_here([*map(str, arguments), "--help"])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return help_of


def examples_in(text: str) -> list[str]:
    """The command lines that a help shows."""
    return re.findall(r"^  \$ (.+)$", text, re.MULTILINE)


def test_help_lists_every_command_and_the_exit_codes(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    assert all(re.search(rf"^  {name} +\S", result.out, re.MULTILINE) for name in COMMANDS)
    assert " ".join(result.out.split()).endswith(EXIT_CODES)
    assert run().out == result.out


def test_each_command_has_one_line_in_a_list_of_80_columns(help_of: Run) -> None:
    listed = help_of().out.partition("Train:")[2].partition("Exit codes")[0]
    lines = [line for line in listed.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in lines if line.strip()] == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_ends_with_examples_and_the_page(help_of: Run, command: str) -> None:
    result = help_of(command)
    assert (result.code, result.err) == (0, "")
    assert re.match(rf"Usage: wvcli {command} [^{{}}]+\n", result.out)
    assert re.search(rf"\nExamples:\n(  \$ wvcli .+\n)+\nMore: docs/{COMMANDS[command].page}\n$", result.out)
    assert (CLONE / "docs" / COMMANDS[command].page).is_file()
    assert any(line.startswith(f"wvcli {command}") for line in examples_in(result.out))
    assert "Exit codes" not in result.out
    assert "[default: (" not in result.out


def test_every_example_works(run: Run, help_of: Run, tmp_path: Path) -> None:
    """One after the other, as the lines of one script: later examples use the files of earlier ones."""
    texts = ("The dog and the kitten eat bread while the parrot sings.", *SENTENCES)
    (tmp_path / "corpus.txt").write_text("\n".join(texts * 20) + "\n", encoding="utf-8")
    (tmp_path / "vectors.txt").write_text("2 2\ncat 1 2\ndog 2 1\n")
    shutil.copy(CLONE / "sample_corpora" / "reviews.tsv", tmp_path)
    shown = [example for command in COMMANDS for example in examples_in(help_of(command).out)]
    script = [example for example in shown if find_spec("faiss") or not needs_index(example)]
    assert [example for example in script if example.startswith("wvcli shell")] != []
    result = run("shell", stdin="\n".join(line for line in script if not line.startswith("wvcli shell")))
    assert (result.code, "error:" in result.err) == (0, False), result.err
    for example in script:
        if example.startswith("wvcli shell"):
            assert run(*shlex.split(example)[1:], stdin="similar cat\n").code == 0


def needs_index(example: str) -> bool:
    """Whether an example needs the extra `index`."""
    return example.startswith("wvcli index") or "--approximate" in example
