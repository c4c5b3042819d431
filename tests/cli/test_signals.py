"""Signals that were ignored when the program began: it outlives them, as under `nohup`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import CLONE, clean_environment

IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

_IGNORING = """
import os, signal, sys
for name in ("SIGHUP", "SIGINT", "SIGTERM"):
    signal.signal(signal.Signals[name], signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
"""


def start(cwd: Path, *arguments: str) -> "subprocess.Popen[str]":
    program = [sys.executable, "-m", "wvcli", *arguments]
    return subprocess.Popen(
        [sys.executable, "-c", _IGNORING, *program],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )


def test_training_outlives_signals_that_were_ignored(tmp_path: Path) -> None:
    text = (CLONE / "sample_corpora" / "english.txt").read_text(encoding="utf-8")
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    options = ("--dim", "20", "--epochs", "5", "--workers", "1", "--checkpoint", "0.002")
    program = start(tmp_path, "train", "text.txt", *options)
    state = tmp_path / "text.safetensors.checkpoint" / "state.safetensors"
    until = time.monotonic() + 60
    while not state.exists() and program.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    for ignored in IGNORED * 2:
        program.send_signal(ignored)
    _, err = program.communicate(timeout=120)
    assert program.returncode == 0, err
    assert "stopping" not in err
    assert (tmp_path / "text.safetensors").exists()


def test_a_session_outlives_signals_that_were_ignored(tmp_path: Path, word2vec_model: Path) -> None:
    program = start(tmp_path, "shell", "-m", str(word2vec_model))
    assert program.stdin
    assert program.stdout
    program.stdin.write("similar cat -n 1\n")
    program.stdin.flush()
    assert program.stdout.readline().startswith("cat\t")
    for ignored in IGNORED:
        program.send_signal(ignored)
    program.stdin.write("similar dog -n 1\n")
    out, err = program.communicate(timeout=60)
    assert out.startswith("dog\t"), err
    assert program.returncode == 0


_SIGNALLED = """
import os, signal, sys
from wvcli.cli.main import main
class Out:
    def write(self, text):
        os.kill(os.getpid(), signal.SIGTERM)
    def flush(self):
        os.kill(os.getpid(), signal.SIGTERM)
sys.stdout = Out()
main(["--version"])
"""


def test_a_signal_that_comes_when_all_is_over_is_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SIGNALLED], capture_output=True, text=True, env=clean_environment()
    )
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")
