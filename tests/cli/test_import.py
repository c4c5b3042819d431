"""`wvcli import`, as typed; what each format holds is tested in tests/formats."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.clients import marks
from tests.conftest import Run, peak_memory
from wvcli import formats
from wvcli.formats import registry
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

READABLE = [pytest.param(format.name, marks=marks(format)) for format in registry if format.read and format.write]

TEXT = "3 2\nthe 0.5 1.5\ncat 3.0 4.0\ndog 2.0 5.0\n"


@pytest.mark.parametrize("name", READABLE)
def test_an_imported_model_answers_as_the_file_does(run: Run, word2vec_model: Path, name: str) -> None:
    assert run("export", "vectors", "--to", name, "-m", word2vec_model).code == 0
    done = run("import", "vectors")
    assert (done.code, done.out) == (0, "")
    asked = run("similar", "cat", "dog", "-n", 3, "-m", "vectors.safetensors")
    assert asked.code == 0
    assert asked.rows == run("similar", "cat", "dog", "-n", 3, "-m", word2vec_model).rows
    assert run("info", "vectors.safetensors", "--verify").code == 0
    facts = json.loads(run("info", "vectors.safetensors").out)
    assert facts["imported"]["format"] == {"torchtext": "glove"}.get(name, name)  # one layout, two names


def test_the_model_says_where_it_came_from(run: Run, tmp_path: Path) -> None:
    (tmp_path / "vectors.v1.txt").write_text(TEXT)
    assert run("import", "vectors.v1.txt").err == "note: wrote 3 words of 2 dimensions to vectors.v1.safetensors\n"
    facts = json.loads(run("info", "vectors.v1.safetensors").out)
    assert facts["imported"] == {
        "source": "vectors.v1.txt",
        "format": "word2vec-text",
        "bytes": len(TEXT),
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "limit": None,
    }
    found = wvcli.load(tmp_path / "vectors.v1.safetensors")
    assert list(found) == ["the", "cat", "dog"]
    assert found.stored_norms is not None
    assert found.stored_norms[1] == 5
    assert found.counts is None
    assert run("models").rows[0][:4] == ["vectors.v1.safetensors", "", "3", "2"]


def test_it_cannot_be_trained_further_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "text").write_text("the cat and the dog\n" * 9)
    assert run("import", "a.txt").code == 0
    refused = run("update", "a.safetensors", "text", "-o", "b.safetensors")
    assert refused.code == 2
    assert "was imported and holds word vectors only" in refused.err
    assert "wvcli train --init a.safetensors" in refused.err
    told = run("update", "a.txt", "text")
    assert told.code == 3
    assert "a.txt is not a wvcli model; wvcli import a.txt makes one of vectors" in told.err
    assert "imported from a.txt" in run("info", "a.safetensors", "--command").err
    assert run("train", "text", "--like", "a.safetensors", "-o", "b.safetensors").code == 2
    assert run("train", "text", "--init", "a.safetensors", "-o", "b.safetensors", "--min-count", 1).code == 0
    assert run("vocab", "-m", "a.safetensors").code == 0
    assert run("compare", "a.safetensors", "a.txt").code == 0
    assert run("similar", "cat", "-m", "a.safetensors", "--explain").code in (2, 3)


def test_the_format_the_name_and_the_number_of_words_can_be_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("the 0.5 1.5\ncat 3.0 4.0\ndog 2.0 5.0\n")
    assert run("import", "a", "--from", "glove", "--limit", 2, "-o", "b.safetensors").code == 0
    assert list(wvcli.load(tmp_path / "b.safetensors")) == ["the", "cat"]
    assert json.loads(run("info", "b.safetensors").out)["imported"]["limit"] == 2
    assert "line 1: expected the number of words" in run("import", "a", "--from", "word2vec-text", "-f").err
    assert "did you mean glove?" in run("import", "a", "--from", "glov").err
    assert run("import", "a", "--limit", 0).code == 2


def test_what_cannot_be_imported_is_told_and_leaves_nothing(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "cut.txt").write_text(TEXT[:30])
    (tmp_path / "prose").write_text("It was the best of times.\n")
    for code, said, *arguments in (
        (3, "there is no file none", "none"),
        (3, "not in a known format", "prose"),
        (3, "cut.txt, line", "cut.txt"),
        (2, "is a model already", word2vec_model),
        (2, "must end in .safetensors", "a.txt", "-o", "a.bin"),
        (1, "no folder", "a.txt", "-o", "none/a.safetensors"),
    ):
        refused = run("import", *arguments)
        assert (refused.code, refused.out) == (code, "")
        assert said in refused.err
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "cut.txt", "prose"}
    assert run("import", "a.txt").code == 0
    assert "--force" in run("import", "a.txt").err
    assert run("import", "a.txt", "-f", "-q").err == ""


_CONVERT = """
import sys
from pathlib import Path
from wvcli.formats import _reading
from wvcli.models import exporting, importing, opening
from wvcli.system import paging
from wvcli.vectors import lazy
_reading.MOST_IN_MEMORY = paging.LARGE = lazy.LARGE = 1 << 20  # as if the machine were small
source, model, target = map(Path, sys.argv[1:4])
if source.exists():
    importing.import_vectors(source, model)
    exporting.export(opening.load(model), target, name=sys.argv[4])
"""


def test_large_vectors_go_through_little_memory_unchanged(tmp_path: Path) -> None:
    name, words, dim = "word2vec", 20_000, 900  # 72 MB of numbers
    matrix = np.tile(np.random.default_rng(1).normal(size=(500, dim)).astype(np.float32), (words // 500, 1))
    source, model, target = (tmp_path / each for each in ("source", "model.safetensors", "target"))
    formats.write(Vectors(Vocabulary.from_words([f"w{n}" for n in range(words)]), matrix), source, name)
    base = peak_memory(_CONVERT, tmp_path / "none", model, target, name)
    peak = peak_memory(_CONVERT, source, model, target, name)
    assert source.read_bytes() == target.read_bytes()
    assert peak - base < 60e6
