"""The examples of the public names and their methods show what happens."""

import doctest
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE

MODELS = {"animals": {"epochs": 10, "seed": 1}, "other": {"epochs": 5, "seed": 2}}
# Their own tests run what these show, since it trains models.
TRAINING = {"train", "tune", "resume", "update"}
METHODS = ["most_similar", "analogy", "odd_one_out", "nearest"]
PUBLIC: dict[str, Callable[..., Any]] = {
    name: getattr(wvcli, name) for name in wvcli.__all__ if name not in {"__version__", "WvcliError"}
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small models of the English sample text."""
    made = tmp_path_factory.mktemp("examples")
    for name, settings in MODELS.items():
        output = made / f"{name}.safetensors"
        wvcli.train(CLONE / "sample_corpora" / "english.txt", output, dim=50, workers=1, **settings)
    return made


@pytest.mark.parametrize("name", [*sorted(PUBLIC.keys() - TRAINING), *(f"Vectors.{name}" for name in METHODS)])
def test_the_example_shows_what_happens(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    documented: Any = wvcli
    for part in name.split("."):
        documented = getattr(documented, part)
    examples = doctest.DocTestFinder(recurse=False).find(documented, name, globs={"wvcli": wvcli})
    runner = doctest.DocTestRunner()
    for example in examples:
        runner.run(example)
    assert runner.summarize().attempted > 1
    assert not runner.summarize().failed


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_help_describes_every_argument_and_shows_an_example(name: str) -> None:
    shown = inspect.getdoc(PUBLIC[name]) or ""
    assert ">>> import wvcli" in shown
    assert "Attributes:" in shown if inspect.isclass(PUBLIC[name]) else "Raises:" in shown
    for argument in inspect.signature(PUBLIC[name]).parameters:
        assert f"\n    {argument}: " in shown, argument


def test_help_is_printed_from_the_command_line() -> None:
    code = "import wvcli; help(wvcli.load)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Example:" in done.stdout
