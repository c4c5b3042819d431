"""Comma-separated values: quoted as by the csv module, and as pandas, R and wvcli print them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests import clients
from tests.conftest import Run
from tests.formats.test_formats import bits, matching_names, refusal
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import Reading, registry
from wvcli.system.encodings import Encoding
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def read(path: Path, text: str) -> tuple[list[str], list[list[float]]]:
    path.write_text(text, encoding="utf-8", newline="")
    found = formats.read(path)
    return list(found), found.matrix.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "a,0.5,1\nb,-2,3\n",
        "\ufeffa,0.5,1\r\nb,-2,3\r\n",
        "word,1,2\na,0.5,1\nb,-2,3",
        ",0,1\na,0.5,1\nb,-2,3\n\n",
        '"","V1","V2"\n"a",0.5,1\n"b",-2,3\n',
        "id,first,second\na, 0.5, 1\nb,-2 ,3\n",
        '"a","0.5","1"\n"b","-2","3"\n',
    ],
)
def test_headings_quotation_marks_and_line_ends_do_not_matter(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "file.csv", text) == (["a", "b"], [[0.5, 1], [-2, 3]])


def test_words_with_commas_marks_and_line_ends_are_whole(tmp_path: Path) -> None:
    text = '"new, york",1,2.5\n"say ""hi""",3,4\n"two\nlines",5,6\n area 51,7,8\n,9,0\n'
    words, matrix = read(tmp_path / "file", text)
    assert words == ["new, york", 'say "hi"', "two\nlines", " area 51", ""]
    assert matrix == [[1, 2.5], [3, 4], [5, 6], [7, 8], [9, 0]]


def test_an_empty_cell_is_nan(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('a,1.5,,2\nb,,3,\nc,4,5,""\n')
    expected = np.array([[1.5, np.nan, 2], [np.nan, 3, np.nan], [4, 5, np.nan]], np.float32)
    assert bits(formats.read(tmp_path / "file").matrix) == bits(expected)


@given(
    words=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=6),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    numbers=arrays(np.float32, (6, 3), elements=st.floats(width=32, allow_nan=False)),
)
@settings(deadline=None)
def test_what_the_csv_module_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], numbers: FloatArray
) -> None:
    path = tmp_path_factory.getbasetemp() / "words.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([word, *row] for word, row in zip(words, numbers.tolist(), strict=False))
    found = formats.read(path, "csv")
    assert list(found) == words
    assert bits(found.matrix) == bits(numbers[: len(words)])


@pytest.mark.parametrize("options", [[], ["--header"]])
def test_what_the_program_prints_is_read(
    run: Run, word2vec_model: Path, tmp_path: Path, options: list[str]
) -> None:
    asked = ["vector", "cat", "dog", "-m", word2vec_model]
    (tmp_path / "some").write_text(run(*asked, "--format", "csv", *options).out, encoding="utf-8")
    assert matching_names(tmp_path / "some") == ["csv"]
    found = formats.read(tmp_path / "some")
    rows = run(*asked, "--format", "tsv").rows
    assert [[word, *map(np.float32, found[word])] for word in found] == [
        [row[0], *map(np.float32, row[1:])] for row in rows
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,1.5,2\nb,3\n", "line 2: expected 2 numbers, found 1"),
        ("a,1.5,2\n\nb,3,x\n", "line 2: expected a word and 2 numbers between commas"),
        ('"x\ny",1.5,2\nb,3,x\n', "line 3: 'x' is not a number"),
        ("a,1.5,2\nb,3 4,5\n", "line 2: '3 4' is not a number"),
        ('a,1.5,2\n5"" disk,3,4\n', "line 2: expected a word and 2 numbers between commas"),
        ('a,1.5,2\n"b,3,4\nc,5,6\n', "line 2: expected a word"),
        ("1.5,2.5\n3.5,4\n", "is a matrix without words"),
        ("cat,dog,0.5\nsun,moon,0.25\n", "has pairs of words with scores"),
        ("one,two\n", "line 1: expected a word and then its numbers, between commas"),
        ("", "line 1: expected a word"),
    ],
)
def test_what_is_not_a_word_and_its_numbers_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "file").write_text(text)
    assert message in refusal(registry.get("csv"), tmp_path / "file")


def test_lines_after_the_limit_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a,1.5\nb,2\na,3\nc\n")
    assert list(formats.read(tmp_path / "file", "csv", limit=2)) == ["a", "b"]
    with pytest.raises(InputError, match="line 4"):
        formats.read(tmp_path / "file", "csv", limit=3)


def test_many_records_are_numbered_right_across_blocks(tmp_path: Path) -> None:
    records = [f'"w\n{place}",{place}.5,1,2\n' for place in range(30_000)]
    (tmp_path / "file").write_text("".join(records))
    found = formats.read(tmp_path / "file")
    assert found["w\n29999"].tolist() == [29999.5, 1, 2]
    records[25_000] = "b\xffd,1,2,3\n"
    (tmp_path / "file").write_bytes("".join(records).encode("latin-1"))
    assert "line 50001: the word 'b\ufffdd' is not UTF-8" in refusal(registry.get("csv"), tmp_path / "file")
    found = formats.read(tmp_path / "file", reading=Reading(Encoding.of("latin-1", "strict"), False))
    assert "b\xffd" in found


# --- written ---


def test_a_csv_file_is_what_the_csv_module_reads(tmp_path: Path) -> None:
    words = ["cat", "a, b", 'say "ho"', "two\nlines", "", "null", "猫"]
    matrix = np.array([[0.5, -1e-9]] * 6 + [[np.nan, np.inf]], dtype=np.float32)
    path = tmp_path / "words.csv"
    assert formats.write(Vectors(Vocabulary.from_words(words), matrix), path) == []
    with path.open(newline="", encoding="utf-8") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["word", "1", "2"]
    assert [row[0] for row in rows] == words
    assert np.array_equal(np.array([row[1:] for row in rows], dtype=np.float32), matrix, equal_nan=True)
    found = formats.read(path)
    assert list(found) == words
    assert np.array_equal(np.asarray(found.matrix), matrix, equal_nan=True)


@pytest.mark.client
def test_pandas_reads_a_csv_file(tmp_path: Path) -> None:
    pandas = clients.package("pandas")
    words = ["cat", "a, b", "null", "NA"]
    vectors = Vectors(Vocabulary.from_words(words), np.eye(4, 3, dtype=np.float32))
    formats.write(vectors, tmp_path / "words.csv")
    frame = pandas.read_csv(tmp_path / "words.csv", index_col="word", keep_default_na=False)
    assert list(frame.index) == words
    assert np.array_equal(frame.to_numpy(), vectors.matrix)
