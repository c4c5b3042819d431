"""`wvcli export` and `wvcli formats`, as typed; what each format holds is tested in tests/formats."""

from pathlib import Path

import pytest
from gensim.models import KeyedVectors

import wvcli
from tests.clients import marks
from tests.conftest import Run
from wvcli.formats import registry

WRITTEN = [pytest.param(format.name, marks=marks(format)) for format in registry if format.read and format.write]


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


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
def test_a_name_overrides_the_suffix_and_the_file_answers_queries(
    run: Run, word2vec_model: Path, name: str
) -> None:
    assert run("export", "model.out", "--to", name, "-m", word2vec_model).code == 0
    asked = run("similar", "cat", "-n", 3, "-m", "model.out")
    assert asked.code == 0
    original = run("similar", "cat", "-n", 3, "-m", word2vec_model)
    assert [row[:3] for row in asked.rows] == [row[:3] for row in original.rows]


def test_an_existing_file_is_kept_unless_forced(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"mine")
    refused = run("export", "model.bin", "-m", word2vec_model)
    assert refused.code == 2
    assert "--force" in refused.err
    assert (tmp_path / "model.bin").read_bytes() == b"mine"
    assert run("export", "model.bin", "-m", word2vec_model, "-f").code == 0


def test_what_is_called_glove_is_gloves_text(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    assert run("export", "glove.txt", "-m", word2vec_model).err.endswith("to glove.txt (glove)\n")
    lines = (tmp_path / "glove.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split(" ")[0] for line in lines] == list(wvcli.load(word2vec_model))


def test_what_readers_of_another_format_miss_is_told(fasttext_model: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    fasttext = wvcli.load(fasttext_model)
    wvcli.export(fasttext, tmp_path / "ft.bin", on_note=notes.append)
    [note] = notes
    assert "word2vec has no room for subwords" in note
    assert "fasttext (.fasttext.bin)" in note
    manifest = {"settings": {"algorithm": "glove"}}
    vectors = wvcli.Vectors(fasttext.vocabulary, fasttext.matrix, manifest=manifest)
    notes.clear()
    wvcli.export(vectors, tmp_path / "vectors.txt", on_note=notes.append)
    [note] = notes
    assert note.startswith("vectors.txt begins with word2vec's line")
    assert note.endswith("`name=glove`")
    for name in ("vectors.glove.txt", "vectors.bin"):
        wvcli.export(vectors, tmp_path / name, on_note=notes.append)
    assert notes == [note]


def test_unknown_suffixes_and_names_are_refused(run: Run, word2vec_model: Path) -> None:
    assert run("export", "model.xyz", "-m", word2vec_model).code == 2
    refused = run("export", "model.xyz", "--to", "glov", "-m", word2vec_model)
    assert refused.code == 2
    assert "did you mean glove?" in refused.err


def test_formats_lists_every_format(run: Run) -> None:
    result = run("formats")
    assert [row[0] for row in result.rows] == registry.names()
    assert all(len(row) == 8 for row in result.rows)


def test_straight_conversion_with_everything_asked_for(run: Run, tmp_path: Path) -> None:
    rows = ["the 3.0 4.0 0.5", "cat 1.0 0.0 0.5", "dog 0.0 2.0 0.5", "猫 1.0 1.0 0.5"]
    (tmp_path / "in.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "words").write_text("猫\ndog\nunheard\nthe\n", encoding="utf-8")
    (tmp_path / "names").write_text("dog\thound\n")
    done = run("export", "out.bin", "-m", "in.txt", "--words", "words", "--rename", "names", "-n", 2)
    assert done.code == 0
    assert done.err.splitlines() == [
        "note: 1 of the words to select is not in the vocabulary (first: 'unheard')",
        "note: wrote 2 words of 3 dimensions to out.bin (word2vec)",
    ]
    found = wvcli.load(tmp_path / "out.bin")
    assert list(found) == ["猫", "hound"]
    assert found.matrix.tolist() == [[1, 1, 0.5], [0, 2, 0.5]]
    done = run(
        "export", "out.txt", "-m", "in.txt", "--words", "-", "--dim", 2, "--normalize", stdin="dog\ncat\nthe\n"
    )
    assert "2 of 3 dimensions keep 100.0% of the variance" in done.err
    assert wvcli.load(tmp_path / "out.txt").norms == pytest.approx(1)


def test_what_a_format_cannot_hold_is_refused_with_what_it_can(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("a 1.0 2.0\nb 2.0 3.0\n")
    refused = run("export", "out.bin", "-m", "in.txt", "--dtype", "float16")
    assert (refused.code, refused.err) == (2, "error: word2vec cannot hold float16; it holds float32\n")
    assert run("export", "out.bin", "-m", "in.txt", "--dtype", "float32").code == 0
    refused = run("export", "out.glove", "-m", "in.txt", "--pad", "--unk", "mean")
    assert refused.code == 2
    assert "glove has no special words" in refused.err
    assert run("export", "out.glove", "-m", "in.txt", "--dim", 3).code == 2
    (tmp_path / "names").write_text("a\tb\tc\n")
    assert run("export", "out.glove", "-m", "in.txt", "--rename", "names").code == 3
    (tmp_path / "names").write_text("a b\n")
    assert "line 1: expected a word, a tab and another word" in run(
        "export", "out.glove", "-m", "in.txt", "--rename", "names"
    ).err  # fmt: skip
    (tmp_path / "names").write_text("a\tb\n")
    assert "two words would both be called 'b'" in run(
        "export", "out.glove", "-m", "in.txt", "--rename", "names"
    ).err  # fmt: skip
    (tmp_path / "folder").mkdir()
    assert run("export", "folder", "--to", "glove", "-m", "in.txt", "-f").code == 2
    assert not (tmp_path / "out.glove").exists()


def test_a_line_of_names_that_fits_not_is_told_by_its_number_in_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1 2\nthe 0.5 1.5\n")
    (tmp_path / "names").write_text("\nthe\tle\n\ncat\n")
    done = run("export", "out.glove", "-m", "in.txt", "--rename", "names")
    assert (done.code, done.err) == (
        3,
        "error: names, line 4: expected a word, a tab and another word, found 'cat'\n",
    )
