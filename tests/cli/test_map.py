"""`wvcli map`: what is written, what is said of it, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from tests.two_languages import languages
from wvcli.models import alignment_file
from wvcli.vectors.bilingual import of_maps


def test_a_page_is_written_and_what_it_shows_is_said(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    result = run("map", word2vec_model, "-n", 20, "--method", "pca", "--title", "Cats & co.")
    assert (result.code, result.out) == (0, "")
    assert "note: wrote 20 of 42 words to word2vec.html; PCA keeps " in result.err
    assert "of the 10 nearest neighbours of each word" in result.err
    text = (tmp_path / "word2vec.html").read_text(encoding="utf-8")
    assert "<title>Cats &amp; co.</title>" in text
    again = run("map", word2vec_model, "-n", 20, "--method", "pca")
    assert (again.code, again.err) == (
        2,
        "error: word2vec.html exists; add --force to replace it, or name another file\n",
    )
    assert run("map", word2vec_model, "-n", 20, "--method", "pca", "--title", "Cats & co.", "-fq").code == 0
    assert (tmp_path / "word2vec.html").read_text(encoding="utf-8") == text


def test_words_are_chosen_coloured_and_put_where_a_table_has_them(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("cat\ndog\nmouse\ncheese\nbread\nhorse\nnowhere\n", encoding="utf-8")
    (tmp_path / "kinds.tsv").write_text("cat\tanimal\ndog\tanimal\nbread\tfood\n", encoding="utf-8")
    line = ["map", "-m", word2vec_model, "--words", "words.txt", "--method", "pca"]
    result = run(*line, "--color", "kinds.tsv", "-o", "a.tsv")
    assert result.code == 0
    assert "1 of the words are not in the vocabulary: 'nowhere'" in result.err
    assert "3 of 6 words have a group in kinds.tsv" in result.err
    rows = [row.split("\t") for row in (tmp_path / "a.tsv").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["word", "x", "y", "cluster", "name", "count", "kinds"]
    assert {row[0]: row[6] for row in rows[1:]} == {
        "cat": "animal", "dog": "animal", "bread": "food", "mouse": "", "cheese": "", "horse": "",
    }  # fmt: skip
    result = run("map", word2vec_model, "--layout", "a.tsv", "-o", "b.tsv")
    assert "note: left out 36 words that have no place in the layout" in result.err
    assert "the layout given keeps" in result.err
    again = [row.split("\t") for row in (tmp_path / "b.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[:3] for row in again] == [row[:3] for row in rows]
    assert run("map", word2vec_model, "--around", "cat", "-n", 6, "-o", "c.svg", "--size", "400x300").code == 0
    picture = (tmp_path / "c.svg").read_text(encoding="utf-8")
    assert 'width="400" height="300"' in picture
    assert ">cat</text>" in picture


def test_two_models_and_tables_of_vectors_are_shown(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    other.write_bytes(word2vec_model.read_bytes())
    result = run("map", word2vec_model, "--with", other, "--method", "pca")
    assert result.code == 0
    assert (tmp_path / "word2vec-other.html").exists()
    vectors = run("vector", "-", "-m", word2vec_model, stdin="cat\ndog\nmouse\ncheese\nbread\nhorse\n")
    (tmp_path / "some.tsv").write_text(vectors.out, encoding="utf-8")
    result = run("map", "--vectors", "some.tsv", "-o", "some.jsonl")
    assert "wrote all 6 words to some.jsonl" in result.err


def test_two_languages_are_shown_on_one_map(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    both = languages(words=60).in_files(tmp_path)
    identity = np.eye(16, dtype=np.float32)
    aligned = of_maps(both.source, both.target, identity, identity, {})
    alignment_file.save(aligned, np.zeros((1, 2), np.int64), tmp_path / "a.alignment.safetensors")
    line = [
        "map",
        "en.safetensors",
        "--with",
        "fr.safetensors",
        "-a",
        "a.alignment.safetensors",
        "--method",
        "pca",
    ]
    result = run(*line, "-n", 40)
    assert result.code == 0
    assert "wrote 40 of 120 words to en-fr.html; PCA keeps" in result.err
    assert "<title>en and fr</title>" in (tmp_path / "en-fr.html").read_text(encoding="utf-8")
    assert run(*line, "-o", "both.svg", "--title", "Both").code == 0
    assert ">en</text>" in (tmp_path / "both.svg").read_text(encoding="utf-8")
    line[1:4] = ["fr.safetensors", "--with", word2vec_model]
    result = run(*line)
    assert result.code == 3
    assert "is not one of the two models that a.alignment.safetensors aligns" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-n", 3_000_000], 2, "-n must be from 1 to 200,000, not 3,000,000"),
        (["--clusters", 0], 2, "--clusters must be from 1 to 42, the number of words, not 0"),
        (["-o", "map.pdf"], 2, "a map is written to .html, .svg, .png, .tsv, .jsonl, not to map.pdf"),
        (
            ["--with", "MODEL", "-o", "map.svg"],
            2,
            "two maps side by side are written to .html only; leave out --with",
        ),
        (["--around", "nowhere"], 4, "'nowhere' is not in the vocabulary"),
        (["--color", "nothing"], 2, "--color takes cluster, count or a file, and there is no file nothing"),
        (["--layout", "nothing.tsv"], 3, "cannot read nothing.tsv: no such file or directory"),
        (["--size", "900x900"], 2, "--size is for a picture, .svg or .png"),
        (["--font", "a.ttf"], 2, "--font is for a PNG"),
        (["--label", "a"], 2, "--label names a column of --vectors; add --vectors FILE"),
        (["--vectors", "a.tsv"], 2, "--vectors stands in place of a model"),
        (
            ["-a", "a.safetensors"],
            2,
            "--alignment is for a map of two models; name the other one with --with MODEL",
        ),
        (["--open", "-o", "a.tsv"], 2, "a browser does not show a.tsv; leave out --open"),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_one_line(
    arguments: list[object], code: int, message: str, run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    given = [word2vec_model if argument == "MODEL" else argument for argument in arguments]
    result = run("map", word2vec_model, "--method", "pca", *given)
    assert result.code == code
    assert result.err.splitlines()[-1].startswith(f"error: {message}")
    assert not list(tmp_path.iterdir())


def test_a_model_named_with_m_beside_vectors_is_refused(run: Run, word2vec_model: Path) -> None:
    result = run("map", "--vectors", "a.tsv", "-m", word2vec_model)
    assert result.code == 2
    assert "--vectors stands in place of a model" in result.err


def test_without_a_browser_nothing_is_opened_and_nothing_written(
    run: Run, word2vec_model: Path, tmp_path: Path
) -> None:
    result = run("map", word2vec_model, "--open", env={"PATH": str(tmp_path), "BROWSER": "", "DISPLAY": ""})
    assert result.code == 1
    assert result.err.startswith("error: there is no browser here to open the map in; leave out --open")
    assert not list(tmp_path.iterdir())


def test_a_browser_is_given_the_page(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    environment = {"BROWSER": f"{browser} %s"}
    result = run("map", word2vec_model, "--method", "pca", "-o", "a map.html", "--open", "-q", env=environment)
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "opened").read_text(encoding="utf-8") == f"{(tmp_path / 'a map.html').as_uri()}\n"
