"""What README shows is what happens: its commands are run, and its tables hold every member of each family."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CLONE, clean_environment
from wvcli.cli.program import COMMANDS, EXIT_CODES
from wvcli.formats import Format
from wvcli.formats import registry as formats
from wvcli.text.tokenizers import registry as tokenizers

README = (CLONE / "README.md").read_text(encoding="utf-8")
CONSOLE_BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def commands_and_outputs(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block, each with the lines shown below it."""
    pairs: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        elif line.strip():
            pairs[-1][1].append(line)
    return pairs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as README's reader has it: the sample corpora, and `wvcli` on the path."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "sample_corpora").symlink_to(CLONE / "sample_corpora")
    program = folder / "bin" / "wvcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wvcli "$@"\n')
    program.chmod(0o755)
    (folder / "bin" / "python3").symlink_to(sys.executable)
    return folder


def test_every_console_block_does_what_it_shows(folder: Path) -> None:
    """One test, since later blocks use the models of earlier ones.

    Of each line shown the first word must come first in a line of the real output, in the same order: numbers
    and the words far down a list differ between processors.
    """
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for command, shown in [pair for block in CONSOLE_BLOCKS for pair in commands_and_outputs(block)]:
        piped = "|" in command or ">" in command
        environment = clean_environment() | {"PATH": path, "COLUMNS": "80"}
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment if piped else environment | {"WVCLI_FORMAT": "table"},
        )
        expected_code = 0 if not any(line.startswith("error:") for line in shown) else None
        assert expected_code is None or done.returncode == expected_code, f"{command}\n{done.stdout}"
        real = iter([line.split()[0] for line in done.stdout.splitlines() if line.strip()])
        for line in shown:
            first = line.split()[0]
            assert first == "…" or first in real, f"{command}\nshows {line!r}, but prints\n{done.stdout}"


@pytest.mark.parametrize("code", PYTHON_BLOCKS, ids=range(len(PYTHON_BLOCKS)))
def test_every_python_block_runs(folder: Path, code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, check=True, env=clean_environment())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_row(command: str) -> None:
    assert f"| `wvcli {command}" in README


@pytest.mark.parametrize("format", list(formats), ids=lambda format: format.name)
def test_every_format_has_its_row(format: Format) -> None:
    suffixes = " ".join(f"`{suffix}`" for suffix in format.suffixes)
    does = " | ".join("yes" if can else "no" for can in (format.read, format.write))
    dtypes = " ".join(format.dtypes)
    assert f"| `{format.name}` | {suffixes} | {does} | {format.keeps} | {dtypes} |" in README


@pytest.mark.parametrize("name", tokenizers.names())
def test_every_tokenizer_is_told(name: str) -> None:
    assert f"| `{name}" in README


def test_the_exit_codes_are_those_of_the_help() -> None:
    for code, meaning in re.findall(r"(\d+) ([^;.]+)", EXIT_CODES):
        assert f"| {code} | {meaning} |" in README
