"""`wvcli index` and `wvcli similar --approximate`, as typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wvcli
from tests.conftest import Run, clean_environment
from wvcli.models import index

pytestmark = pytest.mark.filterwarnings("ignore:builtin type .* has no __module__ attribute:DeprecationWarning")

COLUMNS = [
    *("path", "bytes", "method", "words", "dim", "links", "beam", "recall", "sample"),
    *("speedup", "ms_per_word", "seconds", "fingerprint"),
]
USING = "note: using model.safetensors\n"


@pytest.fixture(scope="session")
def index_file(word2vec_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of a model, made once."""
    copied = Path(shutil.copy(word2vec_model, tmp_path_factory.mktemp("indexed") / "model.safetensors"))
    vectors = wvcli.load(copied)
    path = index.path_beside(vectors)
    index.build(vectors, path)
    return path


@pytest.fixture
def model(tmp_path: Path, word2vec_model: Path) -> Path:
    """A model of its own for each test, in the folder where commands run."""
    return Path(shutil.copy(word2vec_model, tmp_path / "model.safetensors"))


def test_an_index_is_made_beside_the_model_and_asked_for(run: Run, model: Path) -> None:
    made = run("index")
    assert made.code == 0
    assert made.err == USING
    facts = json.loads(made.out)
    assert list(facts) == COLUMNS
    assert facts["path"] == "model.safetensors.index"
    assert facts["recall"] >= 0.95
    assert (model.parent / facts["path"]).stat().st_size == facts["bytes"]
    assert [row[0] for row in run("models").rows] == ["model.safetensors"]


@pytest.mark.parametrize("more", [[], ["--together", "--exclude", "mouse", "--min-similarity", "0"]])
def test_approximate_answers_look_as_exact_ones(run: Run, model: Path, index_file: Path, more: list[str]) -> None:
    shutil.copy(index_file, model.parent)
    exact = run("similar", "cat", "dog", "-n", 3, *more)
    assert exact.rows
    assert run("similar", "cat", "dog", "-n", 3, *more, "--approximate").out == exact.out


def test_an_index_is_not_overwritten_unless_told(run: Run, model: Path, index_file: Path) -> None:
    shutil.copy(index_file, model.parent)
    again = run("index", "-m", model)
    assert again.code == 2
    assert "--force" in again.err
    assert run("index", model, "--force", "-q").code == 0


def test_a_query_outside_the_vocabulary_is_answered(run: Run, fasttext_model: Path, tmp_path: Path) -> None:
    shutil.copy(fasttext_model, tmp_path / "model.safetensors")
    assert run("index").code == 0
    exact, approximate = (run("similar", "kitchens", "-n", 3, *more) for more in ([], ["--approximate"]))
    assert approximate.out == exact.out
    assert "oov" in approximate.err


def test_vectors_in_another_format_have_an_index_too(run: Run, model: Path) -> None:
    assert run("export", "vectors.bin").code == 0
    assert run("index", "vectors.bin").code == 0
    assert run("similar", "cat", "-m", "vectors.bin", "--approximate").rows[0][0] == "cat"


def test_without_an_index_it_is_told_how_to_make_one(run: Run, model: Path) -> None:
    result = run("similar", "cat", "--approximate")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        f"{USING}error: model.safetensors has no index; make one with wvcli index model.safetensors\n"
    )


def test_the_index_of_a_changed_model_is_refused_until_it_is_rebuilt(
    run: Run, model: Path, fasttext_model: Path, index_file: Path
) -> None:
    shutil.copy(index_file, model.parent)
    shutil.copy(fasttext_model, model)
    result = run("similar", "cat", "--approximate")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        f"{USING}error: model.safetensors.index is stale: the model has changed since; "
        "rebuild it with wvcli index model.safetensors --force\n"
    )
    assert run("index", "--force").code == 0
    assert run("similar", "cat", "--approximate").code == 0


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "model"])
def test_a_damaged_index_is_refused_in_one_line(run: Run, model: Path, index_file: Path, damage: str) -> None:
    index = model.with_name("model.safetensors.index")
    content = {
        "cut": index_file.read_bytes()[:-100],
        "empty": b"",
        "text": b"the cat and the dog " * 100,
        "model": model.read_bytes(),
    }
    index.write_bytes(content[damage])
    result = run("similar", "cat", "--approximate")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith(f"{USING}error: model.safetensors.index is damaged")
    assert len(result.err.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["similar", "cat", "--approximate", "--restrict-top", "5"],
        ["similar", "cat", "--approximate", "--words", "words.txt"],
        ["index", "--recall", "1"],
        ["index", "--recall", "half"],
    ],
)
def test_what_cannot_be_is_refused(run: Run, model: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1
    assert not model.with_name("model.safetensors.index").exists()


@pytest.mark.parametrize("arguments", [["index"], ["similar", "cat", "--approximate"]])
def test_without_the_extra_the_line_that_installs_it_is_told(
    model: Path, index_file: Path, tmp_path: Path, arguments: list[str]
) -> None:
    if arguments[0] == "similar":
        shutil.copy(index_file, tmp_path)
    code = "import sys; sys.modules['faiss'] = None; from wvcli.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        f'{USING}error: an approximate index needs an optional package; pip install "wvcli[index]"\n'
    )
