"""The house stands as drawn: few rooms, imports that go down, a version and dependencies that are told once."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE, clean_environment
from wvcli.cli.program import COMMANDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # which pytest brings there

HOUSE = CLONE / "wvcli"
REGISTRIES = {
    f"wvcli.{name}"
    for name in ("evaluation.tasks", "formats", "text.tokenizers", "training.clusters", "training.engines")
}


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    """The dotted name of a module's file."""
    parts = path.relative_to(CLONE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(HOUSE.rglob("*.py"))}


def test_there_are_at_most_twelve_packages_and_six_modules() -> None:
    packages = [path for path in HOUSE.iterdir() if (path / "__init__.py").is_file()]
    assert len(packages) <= 12
    assert len(list(HOUSE.glob("*.py"))) <= 6
    assert {path.name for path in HOUSE.iterdir() if path.is_dir()} - {"__pycache__"} == {
        path.name for path in packages
    }


@pytest.mark.parametrize(
    "name", [name for name, path in SOURCES.items() if path.name == "__init__.py" and name != "wvcli"]
)
def test_a_package_says_what_it_holds_and_imports_nothing(name: str) -> None:
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1 or name in REGISTRIES


def floors() -> dict[str, int]:
    """The floor of each wing and module of the house, counted from the top."""
    [contract] = [
        found for found in project()["tool"]["importlinter"]["contracts"] if found["containers"] == ["wvcli"]
    ]
    return {wing: floor for floor, line in enumerate(contract["layers"]) for wing in line.split(" | ")}


def strings(source: str) -> Iterator[str]:
    """The strings of a source, but for its docstrings."""
    tree = ast.parse(source)
    expressions = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in expressions:
            yield node.value


def named_modules(source: str) -> Iterator[str]:
    """The modules of the house that the strings of a source name, but for its docstrings."""
    for string in strings(source):
        yield from re.findall(r"(?<![\w.])wvcli\.(?!json$)(\w+)", string)


def test_the_library_names_no_option_of_the_command_line() -> None:
    """It names arguments, for which the command line shows its options; a whole command may have some."""
    seen = 0
    for name, path in SOURCES.items():
        for string in strings(path.read_text(encoding="utf-8")):
            options = re.search(r"\w (--[a-z][a-z-]+|-[a-z]\b)", string)
            if options and name.startswith("wvcli.cli"):
                seen += 1
            elif options:
                assert re.search(r"(wvcli|ulimit|python) ", string), f"{name} names {options[1]}: {string!r}"
    assert seen


def test_imports_that_import_linter_cannot_see_go_down_too() -> None:
    """Names handed to `import_module`, and programs for other processes: a wing names itself and those below."""
    floor, seen = floors(), 0
    for name, path in SOURCES.items():
        wing = name.partition(".")[2].partition(".")[0]
        for named in named_modules(path.read_text(encoding="utf-8")):
            assert named in floor, f"{name} names wvcli.{named}, which is not there"
            if wing in floor:  # all but the public names and the start of the program
                assert named == wing or floor[named] > floor[wing], f"{name} names wvcli.{named}"
                seen += 1
    assert seen


_IMPORTING = """
import importlib, os, signal, sys, threading, warnings
names = sys.argv[1:]
sys.argv[:] = ["wvcli", "similar", "cat", "--quiet", "--format", "json"]
def state():
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    streams = [id(stream) for stream in (sys.stdin, sys.stdout, sys.stderr, sys.excepthook)]
    return dict(os.environ), sys.argv[:], os.getcwd(), handlers, streams, threading.active_count()
importlib.import_module("typer")
before = state()
for name in names:
    importlib.import_module(name)
    assert state() == before, name
"""


def test_importing_the_command_line_does_nothing() -> None:
    names = [name for name in SOURCES if name.startswith("wvcli.cli")]
    command = [sys.executable, "-c", _IMPORTING, *names]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(names) > len(COMMANDS)


def imported(*command: str) -> set[str]:
    """The packages that a program of Python imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        capture_output=True, text=True, check=True, env=clean_environment(),
    )  # fmt: skip
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}


def test_importing_the_library_imports_nothing_heavy() -> None:
    assert {"numpy", "gensim", "typer", "rich"}.isdisjoint(imported("-c", "import wvcli"))


@pytest.mark.parametrize(
    "question", [("vector", "cat"), ("similar", "cat"), ("vocab",)], ids=lambda words: words[0]
)
def test_a_question_is_answered_without_the_heavy_packages(
    question: tuple[str, ...], word2vec_model: Path
) -> None:
    packages = imported("-m", "wvcli", *question, "-m", str(word2vec_model))
    assert "numpy" in packages
    assert packages.isdisjoint({"gensim", "scipy", "rich", "regex", "rjieba", "smart_open", "numba"})


def test_texts_are_embedded_and_searched_without_the_heavy_packages(word2vec_model: Path, tmp_path: Path) -> None:
    """Three commands in one process, each as the program runs it."""
    text = tmp_path / "text.txt"
    text.write_text("the cat\n")
    commands = [["embed", "the cat"], ["search", "the cat", str(text)], ["grep", "cat", str(text)]]
    program = f"from wvcli.cli.main import run\nfor command in {commands!r}: assert run(command) == 0"
    packages = imported("-c", f"import os; os.environ['WVCLI_MODEL'] = {str(word2vec_model)!r}\n{program}")
    assert "numpy" in packages
    assert packages.isdisjoint({"gensim", "scipy", "rich", "rjieba", "smart_open", "numba", "pyarrow"})


def test_help_is_shown_without_the_heavy_packages() -> None:
    packages = imported("-m", "wvcli", "--help")
    assert "typer" in packages
    heavy = {"gensim", "numpy", "regex", "rich", "rjieba", "safetensors", "scipy", "smart_open", "numba"}
    assert packages.isdisjoint(heavy)


def test_the_public_names_are_there() -> None:
    for name in wvcli.__all__:
        assert getattr(wvcli, name)
    with pytest.raises(AttributeError):
        wvcli.nothing  # noqa: B018


def test_the_version_is_told_once_and_in_the_changelog() -> None:
    changelog = (CLONE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {wvcli.__version__}" in changelog
    pattern = rf'["\']{re.escape(wvcli.__version__)}["\']'
    told = [name for name, path in SOURCES.items() if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert told == ["wvcli.version"]


def test_the_lock_holds_every_dependency() -> None:
    lock = (CLONE / "uv.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r'^name = "([^"]+)"', lock, re.MULTILINE))
    extras = project()["project"]["optional-dependencies"].values()
    told = [line for lines in (project()["project"]["dependencies"], *extras) for line in lines]
    needed = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in told}  # type: ignore[index]
    assert len(needed) > 10
    assert needed <= locked
    assert set(re.findall(r'registry = "([^"]+)"', lock)) == {"https://pypi.org/simple"}


def test_the_versions_of_python_are_those_that_gensim_has_wheels_for_and_told_alike() -> None:
    classifiers = " ".join(project()["project"]["classifiers"])
    minors = [int(minor) for minor in re.findall(r"Programming Language :: Python :: 3\.(\d+)", classifiers)]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert project()["project"]["requires-python"] == f">=3.{minors[0]},<3.{minors[-1] + 1}"
    readme = (CLONE / "README.md").read_text(encoding="utf-8")
    assert f"Python 3.{minors[0]} to 3.{minors[-1]}" in readme
    assert f"Gensim has no wheels for 3.{minors[-1] + 1} yet" in readme
