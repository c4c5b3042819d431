"""Loops compiled in a process beside this one."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter

import pytest

from tests.conftest import CLONE
from wvcli.reporting import Progress
from wvcli.system.compiling import CompilingProcess, are_compiled, load_though_disk_is_full

LOOPS = """
from time import sleep
from numba import njit

@njit(cache=True)
def double(number):
    return 2 * number

@njit(cache=True)
def quadruple(number):
    return double(double(number))

def load():
    assert quadruple(3) == 12

def main(how):
    if how == "compile":
        load()
    elif how == "sleep":
        sleep(60)
    raise SystemExit(1)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with loops that were never compiled."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"loops_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(LOOPS, encoding="utf-8")
    return name


def test_what_was_compiled_in_another_process_is_loaded(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba import config

    monkeypatch.setattr(config, "CACHE_DIR", os.environ["NUMBA_CACHE_DIR"])
    loops = import_module(module)
    assert not are_compiled(loops.load)
    seen: list[Progress] = []
    CompilingProcess(module, "compile").wait(seen.append, "some loops")
    assert {(each.stage, each.subject) for each in seen} == {("compiling", "some loops")}
    assert are_compiled(loops.load)
    assert loops.quadruple.stats.cache_hits


def test_a_process_that_fails_is_not_waited_for_and_one_that_runs_can_be_ended(module: str) -> None:
    running, started = CompilingProcess(module, "sleep"), perf_counter()
    CompilingProcess(module, "fail").wait(lambda progress: None, "")
    running.stop()
    running.stop()
    assert perf_counter() - started < 30


FULL = """
import resource, sys
from wvcli.system.compiling import load_though_disk_is_full
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.dont_write_bytecode = True
from {module} import load
load_though_disk_is_full(load)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of this kind")
def test_loops_are_called_though_nothing_can_be_written(module: str, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{CLONE}"}
    command = [sys.executable, "-c", FULL.format(module=module)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "cache").rglob("*.nbc"))


def test_what_goes_on_failing_is_an_error() -> None:
    def fail() -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        load_though_disk_is_full(fail)
