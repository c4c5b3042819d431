"""What a killed process left is removed by the next one; what a living one uses is not."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import clean_environment
from tests.killing import kills
from wvcli.system.atomic_files import atomic_write
from wvcli.system.locks import temporary_folder

FILE = """
    aside.write_text("half")
    aside.with_name(aside.name + ".numbers.npy").write_text("half")
"""
FOLDER = """
    (aside / "inner").mkdir(parents=True)
    (aside / "inner" / "file").write_text("half")
    aside.with_name(aside.name + ".more").mkdir()
"""


def killed(lines: str, cwd: Path, writing: str) -> None:
    """Kill a process at work."""
    code = f"import sys\nfrom pathlib import Path\nfrom wvcli.system import atomic_files, locks\n{writing}:{lines}"
    code += "    print('at work', flush=True)\n    sys.stdin.read()\n"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean_environment() | {"TMPDIR": str(cwd)},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"at work\n"
        process.send_signal(signal.SIGKILL)


def kill_a_writer(lines: str, path: Path) -> None:
    killed(lines, path.parent, f"with atomic_files.atomic_write(Path({path.name!r}), True, bool) as aside")


def write(path: Path) -> None:
    with atomic_write(path, True) as aside:
        aside.write_text("whole")


@pytest.mark.parametrize("next_name", ["model", "another"])
@pytest.mark.parametrize("left", [FILE, FOLDER], ids=["file", "folder"])
def test_what_a_killed_run_left_is_removed(tmp_path: Path, left: str, next_name: str) -> None:
    kill_a_writer(left, tmp_path / "model")
    assert len(os.listdir(tmp_path)) == 3
    write(tmp_path / next_name)
    assert os.listdir(tmp_path) == [next_name]


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "slow", True) as aside:
        aside.write_text("slow")
        write(tmp_path / "quick")
    assert (tmp_path / "slow").read_text() == "slow"
    assert sorted(os.listdir(tmp_path)) == ["quick", "slow"]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: (folder / ".theirs.0123abcd.tmp").write_text("x"),
        lambda folder: (folder / ".theirs.lock").write_text("x"),
        lambda folder: [(folder / f".theirs.0123abcd.{ending}").write_text("x") for ending in ("lock", "tmp")],
        lambda folder: (folder / "theirs.0123abcd.lock").write_text("x"),
    ],
)
def test_files_of_others_are_left_alone(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path)
    before = os.listdir(tmp_path)
    write(tmp_path / "ours")
    assert sorted(os.listdir(tmp_path)) == sorted([*before, "ours"])


def test_temporary_folders_that_a_killed_run_left_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed("\n    (folder / '00000.ids').write_text('x')\n", tmp_path, "with locks.temporary_folder() as folder")
    (tmp_path / "wvcli-theirs").mkdir()
    (tmp_path / "wvcli-0123456789abcdef.tmp").mkdir()  # as of a run killed before it could lock its folder
    assert len(os.listdir(tmp_path)) == 3
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as first, temporary_folder() as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second, tmp_path / "wvcli-theirs"])
    assert os.listdir(tmp_path) == ["wvcli-theirs"]


def test_a_kill_leaves_nothing_there_that_the_next_run_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def work() -> None:
        with temporary_folder() as folder:
            assert folder.parent == tmp_path

    for number in kills(work):
        assert all(re.fullmatch(r"wvcli-[0-9a-f]{16}\.tmp", name) for name in os.listdir(tmp_path)), number
    assert os.listdir(tmp_path) == []
