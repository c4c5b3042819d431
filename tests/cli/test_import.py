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


@pytest.mark.slow
@pytest.mark.parametrize("name", READABLE)
def test_an_imported_model_answers_as_the_file_does(run: Run, word2vec_model: Path, name: str) -> None:
    assert run("export", "vectors", "--to", name, "-m", word2vec_model).code == 0
    done = run("import", "vectors")
    assert (done.code, done.out) == (0, "")
    asked = run("similar", "cat", "dog", "-n", 3, "-m", "vectors.safetensors")
    assert asked.code == 0
    original = run("similar", "cat", "dog", "-n", 3, "-m", word2vec_model)
    assert [row[:3] for row in asked.rows] == [row[:3] for row in original.rows]
    facts = json.loads(run("info", "vectors.safetensors", "--verify").out)
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
    assert run("import", "a", "--from", "glove", "-n", 2, "-o", "b.safetensors").code == 0
    assert list(wvcli.load(tmp_path / "b.safetensors")) == ["the", "cat"]
    assert json.loads(run("info", "b.safetensors").out)["imported"]["limit"] == 2
    assert "line 1: expected the number of words" in run("import", "a", "--from", "word2vec-text", "-f").err
    assert "did you mean glove?" in run("import", "a", "--from", "glov").err
    assert run("import", "a", "-n", 0).code == 2


def test_subwords_can_be_fitted_to_what_is_imported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("walking 1 0.2\nwalked 0.9 0.3\ntable -1 0.5\ntables -0.9 0.6\n")
    assert run("import", "a.txt", "--unknown-words", "subwords").code == 0
    row = run("similar", "walk", "-n", 1, "-m", "a.safetensors", "--missing", "subword").rows[0]
    assert row[1] in ("walking", "walked")
    assert json.loads(run("info", "a.safetensors", "--verify").out)["settings"]["unknown_words"] == "subwords"
    assert run("import", "a.txt", "-f").code == 0
    none = run("similar", "walk", "-m", "a.safetensors", "--missing", "subword")
    assert (none.code, none.out) == (2, "")
    assert "trained or imported with --unknown-words subwords" in none.err
    (tmp_path / "set.tsv").write_text("walk\ttable\t1\n")
    scored = run("evaluate", "a.safetensors", "--set", "set.tsv", "--missing", "subword")
    assert (scored.code, scored.out) == (2, "")
    assert scored.err.startswith("error: a model has no subwords; ")


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


def test_words_in_another_encoding_are_imported_and_exported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lat.txt").write_bytes(TEXT.replace("cat", "köter").encode("latin-1"))
    refused = run("import", "lat.txt")
    assert refused.code == 3
    assert "name the encoding with --encoding, replace such bytes with --encoding-errors replace" in refused.err
    assert "leave such words out with --skip-bad" in refused.err
    assert "wvcli import lat.txt has --encoding, --encoding-errors" in run("similar", "the", "-m", "lat.txt").err
    assert run("import", "lat.txt", "--encoding", "latin-1").code == 0
    assert [row[0] for row in run("vocab", "-m", "lat.safetensors").rows] == ["the", "köter", "dog"]
    assert run("export", "utf.txt", "-m", "lat.txt", "--encoding", "latin-1").code == 0
    assert "köter" in (tmp_path / "utf.txt").read_text("utf-8")
    skipped = run("import", "lat.txt", "--skip-bad", "-o", "two.safetensors")
    assert skipped.err.splitlines()[1] == "note: line 3 of lat.txt cannot be read and was left out"
    assert run("export", "a.txt", "-m", "two.safetensors", "--skip-bad").code == 2


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


def test_a_note_tells_of_repeated_words_and_headings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.tsv").write_text("\t0\t1\na\t0.5\t1\nb\t-1\t2\na\t2\t3\n")
    expected = [
        "note: line 1 of v.tsv is a heading and was skipped",
        "note: 1 vector of a repeated word was left out of v.tsv: a word keeps its first (first repeated: 'a')",
    ]
    result = run("import", "v.tsv", "-o", "m.safetensors")
    assert (result.code, result.err.splitlines()[1:3]) == (0, expected)
    asked = run("vector", "a", "-m", "v.tsv")
    assert (asked.rows, asked.err.splitlines()) == ([["a", "0.5", "1.0"]], expected)
    assert run("vector", "a", "-m", "v.tsv", "-q").err == ""
    assert run("export", "o.jsonl", "-m", "v.tsv").err.splitlines()[:2] == expected


def test_what_export_writes_for_the_projector_is_refused_as_a_matrix_without_words(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "v.txt").write_text("a 0.5 1 2\nb -1 2 3\nc 2 3.25 4\n")
    assert run("export", "folder", "--to", "projector", "-m", "v.txt", "-q").code == 0
    result = run("import", "folder/vectors.tsv", "-o", "m.safetensors")
    assert result.code == 3
    assert "folder/vectors.tsv is a matrix without words" in result.err


def test_pairs_of_words_with_scores_are_refused_with_the_option_for_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scores.tsv").write_text("dog\tcat\t7.5\ndog\tbread\t1.25\n")
    for arguments in (["import", "scores.tsv"], ["evaluate", "scores.tsv"]):
        result = run(*arguments)
        assert (result.code, len(result.err.splitlines())) == (3, 1)
        assert "pairs of words with scores; wvcli evaluate --set FILE" in result.err


def test_an_error_is_never_longer_than_a_screen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("a 0.5 1\nb 1 2\n")
    for word in ("x" * 100_000, "\x1b" * 50_000):
        result = run("similar", "-", "-m", "v.txt", stdin=word)
        assert result.code == 4
        assert len(result.err) < 1_920


@pytest.mark.slow
def test_one_broken_file_does_not_spoil_a_folder(run: Run, tmp_path: Path, word2vec_model: Path) -> None:
    for name, header in (
        ("brackets", b"[" * 200_000),
        ("braces", b'{"a":' * 50_000),
        ("kinds", b'{"wvcli":[[[]]]}'),
    ):
        data = len(header).to_bytes(8, "little") + header
        (tmp_path / f"{name}.safetensors").write_bytes(data)
    (tmp_path / "loop.safetensors").symlink_to("loop.safetensors")
    (tmp_path / "a.safetensors").write_bytes(word2vec_model.read_bytes())
    listed = run("models")
    assert [row[0] for row in listed.rows] == ["a.safetensors"]
    assert run("similar", "cat", "-n", 1).code == 0
    for name in ("brackets", "braces", "kinds", "loop"):
        for command in (["info"], ["import", "-o", "out.safetensors"], ["similar", "cat", "-m"]):
            result = run(*command, f"{name}.safetensors")
            assert (result.code, f"{name}.safetensors" in result.err) == (3, True), result.err


def test_a_loop_of_links_is_no_folder_of_vectors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").symlink_to(tmp_path / "folder", target_is_directory=True)
    (tmp_path / "folder" / "vocab").symlink_to("vocab")
    for name in ("loop", "folder", "loop/inner"):
        result = run("import", name)
        assert (result.code, len(result.err.splitlines())) == (3, 1), result.err


# --- words as other systems write them ---


@pytest.mark.parametrize(
    ("options", "words", "notes"),
    [
        (("--prefix", "/c/en/"), ["cat", "dog"], ["took 2 of 5 words"]),
        (("--prefix", "/c/en/", "-n", 1), ["cat"], ["took 1 of 5 words"]),
        (
            ("--pattern", "([^/]*)_[A-Z]+"),
            ["кот"],
            ["took 1 of 5 words", "1 word was left out: a word that becomes like one before it is that one"],
        ),
        (("--pattern", "(?!/c/).*"), ["кот_NOUN", "кот_VERB"], ["took 2 of 5 words"]),
    ],
)
def test_words_of_other_systems_become_words(
    run: Run, tmp_path: Path, options: tuple[object, ...], words: list[str], notes: list[str]
) -> None:
    rows = ["/c/de/hund 0 0", "/c/en/cat 1 0", "/c/en/dog 2 0", "кот_NOUN 3 0", "кот_VERB 4 0"]
    (tmp_path / "v.txt").write_text("".join(f"{row}\n" for row in rows))
    done = run("import", "v.txt", *options)
    assert (done.code, done.err.splitlines()[1:]) == (0, [f"note: {note}" for note in notes])
    found = wvcli.load(tmp_path / "v.safetensors")
    assert list(found) == words
    assert found[words[0]][0] == (3 if "кот" in words[0] else 1)
    assert options[1] in found.manifest["imported"].values()


def test_of_words_with_one_vector_the_first_is_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("cat 1 0\ncats 1 0\ndog 2 0\nCat 1 0\n")
    done = run("import", "v.txt", "--unique-vectors")
    assert done.err.splitlines()[1:] == ["note: took 2 of 4 words"]
    assert list(wvcli.load(tmp_path / "v.safetensors")) == ["cat", "dog"]


def test_a_rule_that_takes_nothing_or_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(TEXT)
    nothing = run("import", "v.txt", "--prefix", "/c/en/")
    assert nothing.code == 3
    assert nothing.err == "error: none of the 3 words is as asked for (first: 'the')\n"
    broken = run("import", "v.txt", "--pattern", "(")
    assert broken.code == 2
    assert broken.err.startswith("error: --pattern ( is not a regular expression")
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]
