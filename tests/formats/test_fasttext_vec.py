"""fastText's `.vec`, against the fastText program where it is installed."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.clients import program
from wvcli.formats import Writing, registry
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

FASTTEXT_VEC = registry.get("fasttext-vec")


def test_each_line_ends_with_a_space_as_in_fasttexts_own_files(tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["the", "猫"]), np.array([[0.5, -1], [0.1, 2e-9]], dtype=np.float32))
    assert FASTTEXT_VEC.write
    FASTTEXT_VEC.write(vectors, tmp_path / "a.vec", Writing())
    assert (tmp_path / "a.vec").read_bytes() == "2 2\nthe 0.5 -1.0 \n猫 0.1 2e-09 \n".encode()


@pytest.mark.client
def test_the_program_trains_on_from_what_is_written(tmp_path: Path) -> None:
    dim = 10
    words = ["cat", "dog", "naïve", "猫", "a\u00a0b", "2", "new york"]
    matrix = np.random.default_rng(6).normal(0, 1, (len(words), dim)).astype(np.float32)
    matrix[0, :3] = [0, 1e-7, 123456.0]
    assert FASTTEXT_VEC.write
    FASTTEXT_VEC.write(Vectors(Vocabulary.from_words(words), matrix), tmp_path / "pretrained.vec", Writing())
    (tmp_path / "text").write_text("__label__a cat dog cat\n__label__b dog 猫 naïve\n" * 5, encoding="utf-8")
    # A learning rate of zero leaves the vectors as they were given.
    options = "-input text -output model -pretrainedVectors pretrained.vec -minCount 1 -lr 0 -epoch 1 -thread 1"
    command = [program("fasttext"), "supervised", *options.split(), "-dim", str(dim)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr

    output = tmp_path / "model.vec"
    assert FASTTEXT_VEC.sniff(output.read_bytes())
    assert FASTTEXT_VEC.read
    found = FASTTEXT_VEC.read(output, None)
    written = [word.replace(" ", "_") for word in words]
    assert set(found) == {*written, "</s>"}
    for word, vector in zip(written, matrix, strict=True):
        np.testing.assert_allclose(found[word], vector, rtol=1e-4)  # the program prints five digits
