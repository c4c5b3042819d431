"""The rules of the text layouts: where lines and words end, and what is said of a line that is wrong."""

from pathlib import Path
from typing import Any

import pytest

from wvcli import formats
from wvcli.errors import InputError, UsageError
from wvcli.formats import Reading, registry
from wvcli.system.encodings import Encoding
from wvcli.vectors.word_vectors import Vectors

WITH_HEADER = ["word2vec-text", "fasttext-vec"]


def noted(path: Path, data: bytes, limit: int | None = None) -> tuple[Vectors, list[str]]:
    """What a file of these bytes is read as, and what is said of it."""
    path.write_bytes(data)
    notes: list[str] = []
    return formats.read(path, limit=limit, on_note=notes.append), notes


def read_bytes(name: str, path: Path, data: bytes) -> Vectors:
    path.write_bytes(data)
    reader = registry.get(name).read
    assert reader
    return reader(path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (b"new york 1.5 2.5\nx 3.5 4.5\n", ["new york", "x"]),
        (b". . . 1.5 2.5\nx 3.5 4.5\n", [". . .", "x"]),
        (b"x 1.5 2.5\narea 51 3.5 4.5\n", ["x", "area 51"]),
        (b"51 1.5 2.5\n0.5 3.5 4.5\n", ["51", "0.5"]),
        (b"a\t1.5\t2.5\nb\t3.5 4.5\n", ["a", "b"]),
        (b"a 1.5 2.5 \nb 3.5 4.5 \n", ["a", "b"]),
        (b"a  1.5   2.5\t \nb 3.5 4.5\n", ["a", "b"]),
        (b"a 1.5 2.5\r\nb 3.5 4.5\r\n", ["a", "b"]),
        (b"a\rb 1.5 2.5\nb 3.5 4.5", ["a\rb", "b"]),
        (b"a 1.5 2.5\nb 3.5 4.5\n\n \n\r\n", ["a", "b"]),
        (b"a 1.5 2.5\n 3.5 4.5\n", ["a", ""]),
        (b" 1.5 2.5\nb 3.5 4.5\n", ["", "b"]),
        (b"\xc2\x85 1.5 2.5\n\xe2\x80\xa8 3.5 4.5\n", ["\u0085", "\u2028"]),
        (b"a\xc2\xa0b 1.5 2.5\n\xe3\x80\x80 3.5 4.5\n", ["a\u00a0b", "\u3000"]),
        (b"a\0 1.5 2.5\n\x1c 3.5 4.5\n", ["a\0", "\x1c"]),
        (b"a 15e-1 +2.5\nb 3.5000000 .45E1\n", ["a", "b"]),
    ],
)
def test_lines_end_at_line_feeds_and_words_at_the_last_numbers(
    tmp_path: Path, lines: bytes, words: list[str]
) -> None:
    for name, header in [
        ("glove", b""),
        *((name, b"2 2\n") for name in WITH_HEADER),
        (WITH_HEADER[0], b" 2\t2 \r\n"),
    ]:
        found = read_bytes(name, tmp_path / "file", header + lines)
        assert list(found) == words
        assert found.matrix.tolist() == [[1.5, 2.5], [3.5, 4.5]]


@pytest.mark.parametrize(
    ("lines", "number", "problem"),
    [
        (b"a 1.5 2.5\nb 3.5\nc 1.0 2.0\n", 2, "expected a word and 2 numbers, found 1 numbers"),
        (b"a 1.5 2.5\nb\nc 1.0 2.0\n", 2, "expected a word and 2 numbers, found 0 numbers"),
        (b"a 1.5 2.5\n1.0 2.0\nc 1.0 2.0\n", 2, "expected a word and 2 numbers, found 1 numbers"),
        (b"a 1.5 2.5\nb 3.5 4.5 5.5\nc 1.0 2.0\n", 2, "expected a word and 2 numbers, found more"),
        (b"a 1.5 2.5\nb 3.5 4.5 5\nc 1.0 2.0\n", 2, "expected a word and 2 numbers, found more"),
        (b"a 1 0\nb 0 1 1\nc 1 1\n", 2, "expected a word and 2 numbers, found more"),
        (b"a 1.5 2.5\nb 3.5 four\nc 1.0 2.0\n", 2, "'four' is not a number; expected a word and then 2"),
        (b"a 1.5 2.5\nb 3,5 4,5\nc 1.0 2.0\n", 2, "'3,5' is not a number"),
        (b"a 1.5 2.5\nb 3.5 4.\xff\nc 1.0 2.0\n", 2, "'4.\ufffd' is not a number"),
        (b"a 1.5 2.5\n\xe7\x8cx 3.5 4.5\nc 1.0 2.0\n", 2, "the word '\ufffdx' is not UTF-8"),
        (b"a 1.5 2.5\n\nc 1.0 2.0\n", 2, "blank; expected a word and 2 numbers"),
        (b"a 1.5 2.5\nc 1.0 2.0\n" + b"\n" * 300_000 + b"c 1.0 2.0\n", 3, "blank; expected a word and 2 numbers"),
    ],
)
def test_a_wrong_line_is_named_with_what_was_expected(
    tmp_path: Path, lines: bytes, number: int, problem: str
) -> None:
    path = tmp_path / "file"
    for name, header in [("glove", b""), *((name, b"3 2\n") for name in WITH_HEADER)]:
        with pytest.raises(InputError) as caught:
            read_bytes(name, path, header + lines)
        assert caught.value.message.startswith(f"{path}, line {number + bool(header)}: {problem}")


@pytest.mark.parametrize("name", WITH_HEADER)
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"3 1\na 1\nb 2\n", "line 4: the file ends after 2 words; line 1 promises 3"),
        (b"3 1\na 1\nb 2\n\n\n", "line 4: the file ends after 2 words; line 1 promises 3"),
        (b"1 1\na 1\nb 2\n", "line 3: expected the end of the file after 1 words"),
        (b"2 1\n", "line 1: promises 1 numbers for each word; the file is shorter than that"),
    ],
)
def test_lines_are_counted_against_the_header(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(InputError, match=problem):
        formats.read(tmp_path / "file")
    with pytest.raises(InputError, match=problem):
        read_bytes(name, tmp_path / "file", data)


def test_many_lines_are_numbered_right_across_blocks(tmp_path: Path) -> None:
    lines = [b"word%d 0.5 %d.25" % (index, index) for index in range(60_000)]
    found = read_bytes("glove", tmp_path / "file", b"\n".join(lines))
    assert (len(found), found["word59999"].tolist()) == (60_000, [0.5, 59999.25])
    lines[43_210] = b"word7 1.5 2.5"
    found = read_bytes("glove", tmp_path / "file", b"\n".join(lines))
    assert len(found) == 59_999
    assert found["word7"].tolist() == [0.5, 7.25]
    assert found["word43211"].tolist() == [0.5, 43211.25]
    lines[43_210] = b"broken 0.5"
    with pytest.raises(InputError, match="line 43211: expected a word and 2 numbers"):
        read_bytes("glove", tmp_path / "file", b"\n".join(lines))


def test_dimensions_without_a_header_are_those_of_most_lines(tmp_path: Path) -> None:
    found = read_bytes("glove", tmp_path / "file", b"area 51 1.5 2.5\na 1.5 2.5\nb 1.5 2.5\n")
    assert (found.dim, list(found)) == (2, ["area 51", "a", "b"])
    with pytest.raises(InputError, match="line 1: expected a word and 2 numbers, found 1"):
        read_bytes("glove", tmp_path / "file", b"cut 1.5\na 1.5 2.5\nb 1.5 2.5\n")
    for nothing in (b"", b"\n", b"only words\nin here\n"):
        with pytest.raises(InputError, match="line 1: expected a word and then its numbers"):
            read_bytes("glove", tmp_path / "file", nothing)


def test_a_file_without_line_ends_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.write(b"2 2\nx")
        file.truncate(1 << 30)
    for name in (*WITH_HEADER, "glove"):
        data = b"x 1.5\n" if name == "glove" else b"2 2\nx"
        with path.open("r+b") as file:
            file.write(data.ljust(6))
        with pytest.raises(InputError, match="no line end within 32 MiB"):
            formats.read(path, name)


def test_a_header_is_told_from_a_word_that_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    for data, words in [
        (b"2 3\na 1 0 0.5\nb 0 1 0\n", ["a", "b"]),
        (b"2 3 1\na 1 0\nb 0 1\n", ["2", "a", "b"]),
        (b"2 0.5\na 1\nb 0\n", ["2", "a", "b"]),
        (b"1 0.5 0.25", ["1"]),
    ]:
        path.write_bytes(data)
        assert list(formats.read(path)) == words


@pytest.mark.parametrize(
    "heading",
    [
        b"word 1 2 3",
        b"\t0\t1\t2",
        b'"" 0 1 2',
        b"token\tdim_0\tdim_1\tdim_2",
        b"any v1 v2 v3",
    ],
)
def test_a_heading_is_skipped_with_a_note(tmp_path: Path, heading: bytes) -> None:
    lines = b"a 0.5 1 2\nb -0.5 2 3\nc 1 2 3\n"
    for mark in (b"", b"\xef\xbb\xbf"):
        found, notes = noted(tmp_path / "v.txt", mark + heading + b"\n" + lines)
        assert list(found) == ["a", "b", "c"]
        assert found.matrix.tolist() == [[0.5, 1, 2], [-0.5, 2, 3], [1, 2, 3]]
        assert notes == [f"line 1 of {tmp_path / 'v.txt'} is a heading and was skipped"]
    with pytest.raises(InputError, match="line 4: expected a word and 3 numbers, found 1"):
        noted(tmp_path / "v.txt", heading + b"\na 0.5 1 2\nb -0.5 2 3\nc 1\nd 1 2 3\n")


@pytest.mark.parametrize("line", [b"caf\xc3\xa9 1 2 3", b"word 1 2 4", b"word 1.0 2 3", b"five 1 2 3"])
def test_a_first_line_that_may_be_a_vector_is_one(tmp_path: Path, line: bytes) -> None:
    found, notes = noted(tmp_path / "v.txt", line + b"\na 0.5 1 2\n")
    assert (len(found), notes) == (2, [])
    found, notes = noted(tmp_path / "v.txt", b"word 1 2 3 4\na 1 1 2 2\n")
    assert (len(found), notes) == (2, [])


def test_a_matrix_without_words_is_refused(tmp_path: Path) -> None:
    for data in (
        b"1.257302210933932962e-01 -1.32e+00 6.4e-01\n-5.35e-01 3.6e-01 0.000e+00\n",
        b"0.5\t1.0\t-2.0\n1\t-0.25\t3.0\n-1.0\t2.5\t0.5\n",
        b"0\t1\t2\n0.5\t1.0\t-2.0\n-1.0\t2.5\t0.5\n",
    ):
        with pytest.raises(InputError, match="is a matrix without words"):
            noted(tmp_path / "v.txt", data)
    found, _ = noted(tmp_path / "v.txt", b"1 0.5 1.0\n2 1.5 -2.5\n30 -1.0 2.5\n")
    assert list(found) == ["1", "2", "30"]


def test_pairs_of_words_with_scores_are_no_vectors(tmp_path: Path) -> None:
    for data in (b"dog\tcat\t0.5\ndog\tbread\t-0.25\n", b"love sex 6.77\ntiger cat 7.35\n"):
        with pytest.raises(InputError, match="pairs of words with scores") as caught:
            noted(tmp_path / "v.txt", data)
        assert "--set" in caught.value.hint
    found, _ = noted(tmp_path / "v.txt", b"dog 0.5\ncat -0.25\nnew york 0.125\n")
    assert list(found) == ["dog", "cat", "new york"]


def test_vectors_of_repeated_words_are_counted_in_a_note(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    for header in (b"", b"5 2\n"):
        found, notes = noted(path, header + b"a 0.5 1\nb 1.5 2\nb 2.5 3\na 3.5 4\nc 4.5 5\n")
        assert (list(found), found["b"].tolist()) == (["a", "b", "c"], [1.5, 2])
        assert notes == [
            f"2 vectors of repeated words were left out of {path}: a word keeps its first (first repeated: 'b')"
        ]
        assert noted(path, header + b"a 0.5 1\nb 1.5 2\nb 2.5 3\na 3.5 4\nc 4.5 5\n", limit=2)[1] == []
    found, notes = noted(path, b"room 1 0.5 0.25\nroom 2 1.5 2.25\nhall 4 0.5 0.75\n")
    assert (list(found), len(notes)) == (["room", "hall"], 1)
    assert notes[0].startswith("1 vector of a repeated word was left out of ")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    for header in (b"", b"2 2\n"):
        found, notes = noted(tmp_path / "v.vec", b"\xef\xbb\xbf" + header + b"a 0.5 1 \n\xef\xbb\xbfb 1.5 2 \n")
        assert (list(found), found.matrix.tolist(), notes) == (["a", "\ufeffb"], [[0.5, 1], [1.5, 2]], [])


def test_carriage_returns_alone_are_refused_as_line_ends(tmp_path: Path) -> None:
    for data in (b"2 2\ra 0.5 1\rb 1.5 2\r", b"a 0.5 1\rb 1.5 2\rc 1 2", b"a 0.5 1\rb 1.5 2\r\n"):
        with pytest.raises(InputError, match="carriage returns alone"):
            noted(tmp_path / "v.txt", data)


@pytest.mark.parametrize("header", [b"", b"4 2\n"])
@pytest.mark.parametrize(
    "wrong", [b"d 1 2 3.5 4\n", b"d\n", b"\nd 1 2\n", b"\xff 1 2\n", b"d 1 2\ne 1 2\nf 3 4\n"]
)
def test_what_follows_the_limit_does_not_matter(tmp_path: Path, header: bytes, wrong: bytes) -> None:
    data = header + b"a 0.5 1\na 2 3\nb 1.5 2\nc 3.5 5\n" + wrong
    found, _ = noted(tmp_path / "v.txt", data, limit=3)
    assert (list(found), found.matrix.tolist()) == (["a", "b", "c"], [[0.5, 1], [1.5, 2], [3.5, 5]])
    with pytest.raises(InputError, match="line"):
        noted(tmp_path / "v.txt", header + b"a 0.5 1\nb 1.5\nc 3.5 5\nd 1 2\n", limit=3)


LATIN = "a 1.5 2.5\nm\xfcde 3.5 4.5\nc 5.5 6.5\n".encode("latin-1")


@pytest.mark.parametrize("header", [b"", b"3 2\n"])
def test_words_in_another_encoding_are_read_replaced_or_left_out(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(header + LATIN)

    notes: list[str] = []

    def read(*reading: Any) -> list[str]:
        found = formats.read(path, reading=Reading(Encoding.of(*reading[:2]), reading[2]), on_note=notes.append)
        rows = {"a": [1.5, 2.5], "c": [5.5, 6.5]}
        assert all(found[word].tolist() == rows.get(word, [3.5, 4.5]) for word in found)
        return list(found)

    with pytest.raises(
        InputError, match=f"line {3 if header else 2}: the word 'm\ufffdde' is not UTF-8"
    ) as caught:
        formats.read(path)
    assert all(
        name in caught.value.hint for name in ("`encoding`", "`encoding_errors=replace`", "`skip_bad=True`")
    )
    assert read("latin-1", "strict", False) == ["a", "müde", "c"]
    assert read("utf-8", "replace", False) == ["a", "m\ufffdde", "c"]
    assert read("utf-8", "ignore", False) == ["a", "mde", "c"]
    assert notes == []
    assert read("utf-8", "strict", True) == ["a", "c"]
    assert notes == [f"line {3 if header else 2} of {path} cannot be read and was left out"]


def test_lines_that_cannot_be_read_are_left_out_and_counted(tmp_path: Path) -> None:
    path, notes = tmp_path / "file", list[str]()
    path.write_bytes(b"7 2\na 1.5 2\n\nb 3\nc 4 x\nd 5 6.5\n\xff 7 8\ne 9 10\nf 11 12\ng 13 14\n\n")
    found = formats.read(path, reading=Reading(Encoding.of("utf-8", "strict"), True), on_note=notes.append)
    assert {word: found[word].tolist() for word in found} == {
        "a": [1.5, 2], "d": [5, 6.5], "e": [9, 10], "f": [11, 12], "g": [13, 14]
    }  # fmt: skip
    assert notes == [f"4 lines of {path} cannot be read and were left out, the first of them line 3"]
    found = formats.read(path, limit=2, reading=Reading(Encoding.of("utf-8", "strict"), True))
    assert list(found) == ["a", "d"]


def test_a_file_of_which_no_line_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"2 2\n\xff 1 2\n\xfe 3 4\n")
    with pytest.raises(InputError, match="has no line that can be read"):
        formats.read(tmp_path / "file", reading=Reading(Encoding.of("utf-8", "strict"), True))


def test_the_options_are_for_formats_that_leave_the_encoding_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('{"a": [1.5, 2], "b": [3, 4]}')
    with pytest.raises(UsageError, match="is in the format json, in which the encoding of words is not a choice"):
        formats.read(tmp_path / "file", reading=Reading(Encoding.of("latin-1", "strict"), False))


def test_a_row_for_unknown_words_that_the_first_line_does_not_count_is_read(tmp_path: Path) -> None:
    """As GloVe's program writes it, with `-write-header 1`."""
    path = tmp_path / "vectors.txt"
    path.write_text("2 2\nthe 1 2\ncat 3 4\n<unk> 0.5 0.5\n")
    assert list(formats.read(path)) == ["the", "cat", "<unk>"]
    path.write_text("3 2\nthe 1 2\ncat 3 4\n<unk> 0.5 0.5\n")
    assert list(formats.read(path)) == ["the", "cat", "<unk>"]
    path.write_text("2 2\nthe 1 2\ncat 3 4\ndog 0.5 0.5\n")
    with pytest.raises(InputError, match="expected the end of the file after 2 words"):
        formats.read(path)
