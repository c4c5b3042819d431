"""`wvcli export` and `wvcli formats`, as typed; what each format holds is tested in tests/formats."""

from pathlib import Path

import pytest
from gensim.models import KeyedVectors

import wvcli
from tests.conftest import Run
from wvcli.formats import registry

WRITTEN = [format.name for format in registry if format.read and format.write]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Gensim leaves GloVe files open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("file", "loaded"),
    [
        ("model.bin", {"binary": True}),
        ("model.txt", {"binary": False}),
        ("model.vec", {"binary": False}),
        ("model.glove", {"binary": False, "no_header": True}),
    ],
)
def test_the_suffix_means_a_format_that_gensim_reads(
    run: Run, word2vec_model: Path, tmp_path: Path, file: str, loaded: dict[str, bool]
) -> None:
    result = run("export", file, "-m", word2vec_model)
    assert (result.code, result.out) == (0, "")
    vectors = wvcli.load(word2vec_model)
    gensim = KeyedVectors.load_word2vec_format(str(tmp_path / file), **loaded)
    assert gensim.index_to_key == list(vectors)
    assert [word for word, _ in gensim.most_similar("cat")] == [word for word, _ in vectors.most_similar("cat")]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_name_overrides_the_suffix_and_the_file_answers_queries(
    run: Run, word2vec_model: Path, name: str
) -> None:
    assert run("export", "model.out", "--to", name, "-m", word2vec_model).code == 0
    asked = run("similar", "cat", "-n", 3, "-m", "model.out")
    assert asked.code == 0
    assert asked.rows == run("similar", "cat", "-n", 3, "-m", word2vec_model).rows


def test_an_existing_file_is_kept_unless_forced(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"mine")
    refused = run("export", "model.bin", "-m", word2vec_model)
    assert refused.code == 2
    assert "--force" in refused.err
    assert (tmp_path / "model.bin").read_bytes() == b"mine"
    assert run("export", "model.bin", "-m", word2vec_model, "-f").code == 0


def test_unknown_suffixes_and_names_are_refused(run: Run, word2vec_model: Path) -> None:
    assert run("export", "model.xyz", "-m", word2vec_model).code == 2
    refused = run("export", "model.xyz", "--to", "glov", "-m", word2vec_model)
    assert refused.code == 2
    assert "did you mean glove?" in refused.err


def test_formats_lists_every_format(run: Run) -> None:
    result = run("formats")
    assert [row[0] for row in result.rows] == registry.names()
    assert all(len(row) == 8 for row in result.rows)
