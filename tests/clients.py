"""The programs and packages on the other side, which tests hold what we write and read against.

A test that needs one has the mark `client` and is run by `pytest -m 'client or slow'`. Where the client is not
installed, it is skipped and says how to install it. In CI all must be there.
"""

import os
import shutil
from importlib import import_module
from types import ModuleType

import pytest

from wvcli.formats import Format

_EXTRAS = {"onnx", "spacy", "tensorflow", "torch"}  # with which the extra `clients` goes, and `test` does not


def package(name: str, line: str = "pip install -e '.[test,clients]'") -> ModuleType:
    """Import the package, or skip the test and say which line installs it."""
    if os.environ.get("CI"):
        return import_module(name)
    module: ModuleType = pytest.importorskip(name, reason=f"needs {name}: {line}")
    return module


def program(name: str) -> str:
    """Find the path of the program, or skip the test and say what is missing."""
    found = shutil.which(name)
    if found is None:
        assert "CI" not in os.environ, f"the program {name} is not installed"
        pytest.skip(f"the program {name} is not installed")
    return found


def marks(*members: Format) -> list[pytest.MarkDecorator]:
    """Return the mark `client` for a test that writes these formats, if one of them takes a client to write it."""
    return [pytest.mark.client] if any(member.extra in _EXTRAS for member in members) else []
