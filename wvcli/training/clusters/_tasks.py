"""A task run where it is to run: its function found, its result or error as JSON.

This module is the first of wvcli that is imported on an executor. Nothing that it imports needs a package, so that
it can say which ones are missing there.
"""

import json
import platform
import socket
from importlib import import_module
from importlib.util import find_spec

from wvcli import errors
from wvcli.errors import MissingPackageError, WvcliError, first_line
from wvcli.training.work_folder import WorkFolder

# The packages that wvcli's tasks use, by the names that they are imported by; the first ones do not always fit
# each other, which only importing them shows.
_IMPORTED = ("numpy", "numba", "regex")
_FOUND = ("rjieba", "scipy", "smart_open")
BRING = (
    "install wvcli with the Python of the executors, or send them an environment: venv-pack -o env.tar.gz, "
    "spark.archives=env.tar.gz#env and PYSPARK_PYTHON=./env/bin/python"
)
_checked: list[bool] = []


def called(task: object) -> str:
    """Return the name by which `run_task` finds a function."""
    return f"{task.__module__}:{task.__qualname__}"  # type: ignore[attr-defined]


def run_task(name: str, work: str, arguments: str) -> str:
    """Run a task.

    Args:
        name: of its function, as `called` returns it.
        work: the address of the work folder.
        arguments: for the task, as JSON.

    Returns:
        A JSON object with its `result`; or with the `error` that it raised, if the user is to read that. Any other
        error is raised, for running the task again may help.
    """
    try:
        if not _checked:
            require_packages()
            _checked.append(True)
        module, _, function = name.partition(":")
        return json.dumps(
            {"result": getattr(import_module(module), function)(WorkFolder(work), json.loads(arguments))}
        )
    except WvcliError as error:
        return json.dumps({"error": [type(error).__name__, error.message, error.hint]})


def result_of(answer: str) -> object:
    """Return the result in what `run_task` returned, or raise the error in it."""
    values = json.loads(answer)
    if "error" not in values:
        return values["result"]
    kind, message, hint = values["error"]
    found = getattr(errors, kind, WvcliError)
    error: WvcliError = found.__new__(found)  # some kinds are made of other arguments
    WvcliError.__init__(error, message, hint)
    raise error


def require_packages() -> None:
    """Import the packages that tasks use.

    Raises:
        MissingPackageError: some are missing on this machine, or do not fit each other.
    """
    missing = []
    for package in _IMPORTED:
        try:
            import_module(package)
        except Exception as error:  # whatever a package raises that does not fit the others
            missing.append(f"{package} ({first_line(error)})")
    missing += [package for package in _FOUND if find_spec(package) is None]
    if missing:
        where = f"{socket.gethostname()} (Python {platform.python_version()})"
        raise MissingPackageError(f"an executor on {where} cannot import {', '.join(missing)}", BRING)
