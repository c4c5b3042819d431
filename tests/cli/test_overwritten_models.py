"""A model that is replaced, overwritten or cut short while a command has it open."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import clean_environment
from wvcli.models import model_file
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

DIM = 500  # so that the file has many pages, most of which are not in memory when it is cut


@pytest.fixture
def model(tmp_path: Path) -> Path:
    words = [f"w{number}" for number in range(4000)]
    matrix = np.random.default_rng(1).standard_normal((len(words), DIM)).astype(np.float32)
    tensors = model_file.vector_tensors(Vectors(Vocabulary.from_words(words), matrix))
    model_file.save(tmp_path / "m.safetensors", tensors, {"settings": {}, "tokenizer": {}})
    return tmp_path / "m.safetensors"


@pytest.fixture
def asked(model: Path) -> "Iterator[subprocess.Popen[str]]":
    """A command that has answered a question and waits for the next one."""
    with subprocess.Popen(
        [sys.executable, "-m", "wvcli", "similar", "-", "-n", "1", "-m", model.name],
        cwd=model.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    ) as program:
        assert program.stdin
        assert program.stdout
        program.stdin.write("w1\n")
        program.stdin.flush()
        assert program.stdout.readline().startswith("w1\t")
        yield program
        program.kill()


def copy_over(path: Path) -> None:
    """Copy into the file, as `cp` does: it is another one with the same name and number."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "change", [copy_over, lambda path: os.truncate(path, 5000), lambda path: os.truncate(path, 0)]
)
def test_a_model_overwritten_in_place_ends_the_command_in_a_line(
    model: Path, asked: "subprocess.Popen[str]", change: Callable[[Path], None]
) -> None:
    change(model)
    out, err = asked.communicate("w2\n", timeout=60)
    assert (asked.returncode, out) == (3, "")
    assert "m.safetensors was overwritten or cut short" in err
    assert len(err.splitlines()) == 1


def test_a_model_replaced_by_another_is_read_to_the_end(model: Path, asked: "subprocess.Popen[str]") -> None:
    other = Path(shutil.copy(model, model.with_name("other")))
    os.truncate(other, 100)
    other.rename(model)
    out, err = asked.communicate("w2\n", timeout=60)
    assert (asked.returncode, err) == (0, "")
    assert out.startswith("w2\t")


@pytest.mark.parametrize("read", ["vectors.matrix.sum()", "vectors['w3999']", "vectors.most_similar('w3999')"])
@pytest.mark.parametrize("thread", [False, True])
def test_memory_that_is_gone_while_it_is_read_ends_the_command_in_a_line(
    model: Path, read: str, thread: bool
) -> None:
    """Between the look and the reading a file may still be cut: as here, within a command."""
    code = (
        "import os, sys, threading, wvcli\n"
        "from wvcli.models import opening\n"
        "def cut(path, *rest, load=opening.load):\n"
        "    vectors = load(path)\n"
        "    os.truncate(path, 4096)\n"
        f"    def read(): print({read})\n"
        f"    if {thread}:\n"
        "        reading = threading.Thread(target=read); reading.start(); reading.join()\n"
        "    else:\n"
        "        read()\n"
        "opening.load = cut\n"
        "from wvcli.cli.main import main\n"
        f"main(['similar', 'w1', '-m', {model.name!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=model.parent,
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "m.safetensors was overwritten or cut short" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_session_reads_a_model_overwritten_in_place_again(model: Path) -> None:
    lines = ["similar w1 -n 1", "similar w1 -n 1"]
    with subprocess.Popen(
        [sys.executable, "-m", "wvcli", "shell", "-m", model.name],
        cwd=model.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    ) as program:
        assert program.stdin
        assert program.stdout
        program.stdin.write(lines[0] + "\n")
        program.stdin.flush()
        assert program.stdout.readline().startswith("w1\t")
        os.truncate(model, 0)
        out, err = program.communicate(lines[1] + "\n", timeout=60)
    assert (program.returncode, out) == (3, "")
    assert "m.safetensors" in err
    assert len(err.splitlines()) == 1
