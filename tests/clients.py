"""The programs and packages on the other side, which tests hold what we write and read against.

A test that needs one has the mark `client` and is run by `pytest -m 'client or slow'`. Where the client is not
installed, it is skipped and says how to install it. In CI all must be there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import clean_environment
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


_S3_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Start a server that speaks like S3, and yield the variables with which a client finds it."""
    # its warnings are its own: it runs in a process that does not turn them into errors
    server = subprocess.Popen(
        [sys.executable, "-c", _S3_SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=clean_environment() | {"MOTO_S3_CUSTOM_ENDPOINTS": ""},
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.stdin.close()
        server.wait(30)
        server.stdout.close()
