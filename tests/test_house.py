"""The house stands as drawn: imports go down, packages and versions are told once, the lock fits."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wvcli
from tests.conftest import CLONE


def test_importing_the_library_imports_nothing_heavy() -> None:
    code = "import sys, wvcli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "gensim", "typer", "rich"}.isdisjoint(done.stdout.split())


def test_the_public_names_are_there() -> None:
    for name in wvcli.__all__:
        assert getattr(wvcli, name)
    with pytest.raises(AttributeError):
        wvcli.nothing  # noqa: B018


def test_the_version_is_told_once_and_in_the_changelog() -> None:
    changelog = (CLONE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {wvcli.__version__}" in changelog
    told = [
        path
        for path in (CLONE / "wvcli").rglob("*.py")
        if re.search(rf'["\']{re.escape(wvcli.__version__)}["\']', path.read_text(encoding="utf-8"))
    ]
    assert told == [CLONE / "wvcli" / "version.py"]


def test_the_lock_holds_every_dependency() -> None:
    project = (CLONE / "pyproject.toml").read_text(encoding="utf-8")
    locked = set(re.findall(r'^name = "([^"]+)"', (CLONE / "uv.lock").read_text(encoding="utf-8"), re.MULTILINE))
    lists = re.findall(r"^(?:dependencies|test) = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    needed = {name.lower().replace("_", "-") for block in lists for name in re.findall(r'"([\w-]+)', block)}
    assert len(needed) > 10
    assert needed <= locked


def test_modules_and_functions_stay_readable() -> None:
    for path in Path(CLONE / "wvcli").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, path
        for function in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{path}: {function.name}"


def test_the_versions_of_python_are_those_that_gensim_has_wheels_for_and_told_alike() -> None:
    project = (CLONE / "pyproject.toml").read_text(encoding="utf-8")
    minors = [int(minor) for minor in re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', project)]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert f'requires-python = ">=3.{minors[0]},<3.{minors[-1] + 1}"' in project
    readme = (CLONE / "README.md").read_text(encoding="utf-8")
    assert f"Python 3.{minors[0]} to 3.{minors[-1]} (Gensim has no wheels for 3.{minors[-1] + 1} yet)" in readme
