"""The programs and packages on the other side, which tests hold what we write and read against.

Where one is not installed, the tests that need it are skipped and say how to install it. In CI all must be there.
"""

import os
import shutil
from importlib import import_module
from types import ModuleType

import pytest


def package(name: str, line: str = "pip install -e '.[test]'") -> ModuleType:
    """The package, or a skip that says which line installs it."""
    if os.environ.get("CI"):
        return import_module(name)
    module: ModuleType = pytest.importorskip(name, reason=f"needs {name}: {line}")
    return module


def program(name: str) -> str:
    """The path of the program, or a skip that says what is missing."""
    found = shutil.which(name)
    if found is None:
        assert "CI" not in os.environ, f"the program {name} is not installed"
        pytest.skip(f"the program {name} is not installed")
    return found
