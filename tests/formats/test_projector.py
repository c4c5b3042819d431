"""The folder for TensorBoard's Embedding Projector, as TensorBoard serves it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from tests.conftest import Run
from tests.formats.test_formats import ODD_WORDS, bits
from wvcli import formats
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_NO_WARNINGS = (
    "import warnings; warnings.simplefilter('ignore'); from tensorboard.main import run_main; run_main()"
)


@contextmanager
def tensorboard(folder: Path) -> Iterator[str]:
    """The address of a running TensorBoard that shows a folder."""
    arguments = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0", "--load_fast", "false"]
    program = subprocess.Popen([sys.executable, "-c", _NO_WARNINGS, *arguments], stderr=subprocess.PIPE, text=True)
    assert program.stderr
    try:
        said = ""
        for line in program.stderr:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                yield found[0]
                break
        else:
            pytest.fail(said)
    finally:
        program.terminate()
        program.communicate(timeout=30)


def fetch(address: str, what: str) -> bytes:
    with urlopen(f"{address}data/plugin/projector/{what}", timeout=30) as answer:
        found: bytes = answer.read()
        return found


@pytest.mark.client
def test_tensorboard_shows_the_words_and_their_vectors(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    words = [*ODD_WORDS, "new york", "a\tb", "c\r\nd", " ", ""]
    matrix = np.random.default_rng(4).normal(0, 1, (len(words), 6)).astype(np.float32)
    (tmp_path / "runs").mkdir()
    notes = formats.write(Vectors(Vocabulary.from_words(words), matrix), tmp_path / "runs" / "odd", "projector")
    assert notes == ["7 words that break a line were written with _ (first: 'line\\u2028end')"]
    done = run("export", "runs/model", "--to", "projector", "-m", word2vec_model)
    assert done.code == 0, done.err

    with tensorboard(tmp_path / "runs" / "odd") as address:
        assert json.loads(fetch(address, "runs")) == ["."]
        [shown] = json.loads(fetch(address, "info?run=."))["embeddings"]
        assert shown["tensorShape"] == [len(words), 6]
        labels = fetch(address, "metadata?run=.&name=words").decode().split("\n")
        numbers = np.frombuffer(fetch(address, "tensor?run=.&name=words"), np.float32).reshape(-1, 6)
    assert labels.pop() == ""
    assert labels == [re.sub(r"[\t\r\n\x1c\x85\u2028]", "_", word) if word.strip() else "_" for word in words]
    assert bits(numbers) == bits(matrix)

    with tensorboard(tmp_path / "runs" / "model") as address:
        labels = fetch(address, "metadata?run=.&name=words").decode().split("\n")
        numbers = np.frombuffer(fetch(address, "tensor?run=.&name=words"), np.float32).reshape(-1, 24)
    assert labels[0] == "word\tcount"
    vocabulary = run("vocab", "-m", word2vec_model).rows
    assert [label.split("\t") for label in labels[1:-1]] == vocabulary
    assert len(numbers) == len(vocabulary)


def test_what_is_not_finite_is_written_as_0_and_noted(tmp_path: Path) -> None:
    matrix = np.array([[1, np.nan], [np.inf, 2], [3, 4]], np.float32)
    notes = formats.write(Vectors(Vocabulary.from_words(["a", "b", "c"]), matrix), tmp_path / "shown", "projector")
    assert notes == ["2 vectors have numbers that are not finite, which were written as 0"]
    written = (tmp_path / "shown" / "vectors.tsv").read_text().splitlines()
    assert [[float(number) for number in line.split("\t")] for line in written] == [[1, 0], [0, 2], [3, 4]]


def test_a_folder_of_the_projector_cannot_be_read(run: Run, word2vec_model: Path) -> None:
    assert run("export", "shown", "--to", "projector", "-m", word2vec_model).code == 0
    done = run("similar", "cat", "-m", "shown")
    assert done.code == 3
    assert "is in the format projector, which wvcli can write but not read" in done.err
