"""What every format is held to, whichever it is; a new member is tested by being in the registry."""

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.clients import marks
from wvcli import formats
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.formats import Format, Kept, Writing, registry
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WRITTEN = [pytest.param(member, id=member.name, marks=marks(member)) for member in registry if member.write]
MEMBERS = [param for param in WRITTEN if param.values[0].read]
# How Gensim is told to write and to read the same layout.
GENSIM = {
    "word2vec": ({"binary": True}, {"binary": True}),
    "word2vec-text": ({}, {}),
    "fasttext-vec": ({}, {}),
    "glove": ({"write_header": False}, {"no_header": True}),
}
LINES = [param for param in MEMBERS if param.id in GENSIM]  # a word, a space, its numbers: tested byte by byte
# Formats whose files are also those of another, under whose name they are read.
READ_AS: dict[str, str] = {"torchtext": "glove"}
WITHOUT_ZERO_BYTES = ["fasttext", "floret"]  # formats that refuse a word with a zero byte, which ends a word there
ODD_WORDS = ["2", "0.5", "nan", "-", "the", "naïve", "猫", "𝔘", "a\u00a0b", "x\u3000y", "line\u2028end"]
ODD_WORDS += [
    "next\u0085line",
    "[/b]",
    ":cat:",
    "\ufeffmark",
    "'",
    '"',
    "\x01",
    "\x1c",
    "\\n",
    "</s>",
    "e\u0301",
    "é",
]
SPACES = dict.fromkeys(map(ord, " \t\n\v\f\r"), "_")


def vectors_of(words: list[str], matrix: FloatArray) -> Vectors:
    return Vectors(Vocabulary.from_words(words), matrix)


def random_vectors(words: int = 50, dim: int = 7) -> Vectors:
    matrix = np.random.default_rng(words * dim).normal(0, 0.3, (words, dim)).astype(np.float32)
    return vectors_of([f"word{index}" for index in range(words)], matrix)


def word_after(member: Format, word: str) -> str:
    """What becomes of a word in a format."""
    return word if Kept.SPACES in member.keeps else word.translate(SPACES) or "_"


def bits(matrix: FloatArray) -> list[list[int]]:
    """The bits of each number; NaN is one number, for text has only one."""
    return np.where(np.isnan(matrix), np.float32(np.nan), matrix).astype(np.float32).view(np.uint32).tolist()


def is_preserved(member: Format, found: FloatArray, expected: FloatArray) -> bool:
    """Whether numbers came back: to the last bit, or nearly where the format keeps them rounded."""
    if Kept.EXACT_VECTORS in member.keeps:
        found, expected = (np.where(np.isnan(matrix), np.float32(np.nan), matrix) for matrix in (found, expected))
        return np.array_equal(found.view(np.uint32), expected.view(np.uint32))
    exact = expected.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    lost = np.where(np.isfinite(lengths), lengths, 0) * 1e-44  # where the quotient is too small for float32
    with np.errstate(invalid="ignore"):
        near = np.abs(found - exact) <= 5e-7 * np.abs(exact) + lost
    near &= np.signbit(found) == np.signbit(expected)
    return found.shape == expected.shape and bool(
        (near | (found == expected) | (np.isnan(found) & np.isnan(expected))).all()
    )


def write(member: Format, vectors: Vectors, path: Path) -> list[str]:
    """Write as `formats.write` does, over what is there."""
    assert member.write
    remove(path)
    return member.write(vectors, path, Writing())


def remove(path: Path) -> None:
    """Take away a file or a folder, if there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read(member: Format, path: Path, limit: int | None = None) -> Vectors:
    assert member.read
    return member.read(path, limit)


def matching_names(path: Path) -> list[str]:
    return [member.name for member in formats.matching(path)]


def refusal(member: Format, path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(member, path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("formats")


@pytest.mark.parametrize("member", MEMBERS)
def test_odd_words_and_numbers_come_back_as_they_were(member: Format, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    matrix = rng.integers(0, 2**32, (len(ODD_WORDS), 6), dtype=np.uint32).view(np.float32)
    matrix[:4] = [
        [0, -0.0, np.nan, np.inf, -np.inf, 1e-45],
        [1, -1, 16777217, 3.4028235e38, 1.1754944e-38, 0.1],
        [9999.9995, 1e4, 9.9999994e-5, 1e-4, 0.99999994, 1e-5],
        [123456.79, 0.001, 0.5, 1e22, 33554432, 8388608.5],
    ]
    path = tmp_path / "file"
    assert write(member, vectors_of(ODD_WORDS, matrix), path) == []
    found = read(member, path)
    assert list(found) == ODD_WORDS
    assert is_preserved(member, found.matrix, matrix)
    assert found.matrix.dtype == np.float32
    assert found.path == path


@pytest.mark.slow
@pytest.mark.parametrize("member", MEMBERS)
@given(
    words=st.lists(st.text(max_size=8), min_size=1, max_size=8),
    numbers=st.integers(1, 5).flatmap(lambda dim: arrays(np.float32, (8, dim), elements=st.floats(width=32))),
)
@settings(deadline=None)
def test_any_words_and_numbers_come_back(
    member: Format, folder: Path, words: list[str], numbers: FloatArray
) -> None:
    expected = [word_after(member, word) for word in words]
    assume(len(set(expected)) == len(words))
    assume("\0" not in "".join(words) or member.name not in WITHOUT_ZERO_BYTES)
    path = folder / member.name
    notes = write(member, vectors_of(words, numbers[: len(words)]), path)
    assert bool(notes) == (expected != words)
    found = read(member, path)
    assert list(found) == expected
    assert is_preserved(member, found.matrix, numbers[: len(words)])


@pytest.mark.parametrize("member", MEMBERS)
def test_a_file_is_recognised_by_its_content_alone(member: Format, tmp_path: Path) -> None:
    for vectors in (random_vectors(), random_vectors(3, 1), vectors_of(*toy())):
        path = tmp_path / "no-suffix"
        write(member, vectors, path)
        assert matching_names(path) == [READ_AS.get(member.name, member.name)]
        assert is_preserved(member, formats.read(path).matrix, vectors.matrix)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_first_line_longer_than_what_is_looked_at_is_recognised(member: Format, tmp_path: Path) -> None:
    vectors = random_vectors(2, 9000)
    write(member, vectors, tmp_path / "no-suffix")
    assert is_preserved(member, formats.read(tmp_path / "no-suffix").matrix, vectors.matrix)


def toy() -> tuple[list[str], FloatArray]:
    """Words that are numbers and whole numbers as vectors."""
    return ["2", "10", "7"], np.eye(3, dtype=np.float32)


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "It was the best of times, it was the worst of times.\nChapter 2\nIn 1859 nothing happened.\n",
        "2 3\nwere the numbers that came up on the day when it all began.\nNobody won.\n",
        "1 2\n\nA heading made of numbers, and prose after a blank line.\n",
        "the\t120394\nof\t98321\nand\t7312\n",
        "a single line",
        "Tea 1.5 2.5\nMilk 3.5 4.5\nSugar 0.5\nPrices of today\nTotal 12.5\n",
        '{"words": [1, 2, 3]}\n',
        "Dear Sir,\nwe ask, with respect, for 2\nof them, soon.\n",
    ],
)
def test_other_text_is_not_taken_for_vectors(member: Format, tmp_path: Path, text: str) -> None:
    assert not member.sniff(text.encode())
    path = tmp_path / f"file{member.suffixes[0]}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not in a known format"):
        formats.read(path)


@pytest.mark.parametrize("member", MEMBERS)
def test_the_suffix_chooses_the_format_to_write(member: Format, tmp_path: Path) -> None:
    for suffix in member.suffixes:
        assert formats.for_writing(Path("model" + suffix.upper())) == member
        assert formats.write(random_vectors(), tmp_path / f"model{suffix}") == []
        assert matching_names(tmp_path / f"model{suffix}") == [READ_AS.get(member.name, member.name)]
        with pytest.raises(UsageError, match="exists"):
            formats.write(random_vectors(), tmp_path / f"model{suffix}")


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("glove.txt", "glove"),
        ("GloVe.6B.50d.txt", "glove"),
        ("my_glove-2.txt", "glove"),
        ("gloves.txt", "word2vec-text"),
        ("foxglove.txt", "word2vec-text"),
        ("glove.bin", "word2vec"),
        ("fasttext.bin", "fasttext"),
        ("fasttext.txt", "word2vec-text"),
        ("ft.bin", "word2vec"),
        ("glove.fasttext.bin", "fasttext"),
    ],
)
def test_a_tool_named_before_the_suffix_means_its_format(name: str, format: str) -> None:
    assert formats.for_writing(Path(name)).name == format


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Gensim leaves GloVe files open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("member", LINES)
def test_gensim_reads_what_is_written_and_the_other_way_round(member: Format, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    matrix = (rng.normal(0, 1, (len(ODD_WORDS), 40)) * 10.0 ** rng.integers(-7, 7, 40)).astype(np.float32)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    writing, reading = GENSIM[member.name]
    write(member, vectors_of(ODD_WORDS, matrix), ours)
    gensim = KeyedVectors.load_word2vec_format(str(ours), **reading)
    assert gensim.index_to_key == ODD_WORDS
    assert bits(gensim.vectors) == bits(matrix)
    gensim.save_word2vec_format(str(theirs), **writing)
    found = read(member, theirs)
    # Gensim invents counts for words that have none and sorts by them; they fall in file order.
    assert list(found) == ODD_WORDS
    assert is_preserved(member, found.matrix, matrix)


@pytest.mark.parametrize("member", MEMBERS)
def test_words_are_written_in_the_models_order_whatever_their_counts(member: Format, tmp_path: Path) -> None:
    words, matrix = ["rare", "common", "usual"], np.eye(3, dtype=np.float32)
    counts = np.array([1, 900, 30], dtype=np.int64)
    write(member, Vectors(Vocabulary.from_words(words), matrix, counts), tmp_path / "file")
    found = read(member, tmp_path / "file")
    assert list(found) == words
    assert is_preserved(member, found.matrix, matrix)
    assert (found.counts is not None) == (Kept.COUNTS in member.keeps)
    if found.counts is not None:
        assert found.counts.dtype == np.int64
        assert found.counts.tolist() == counts.tolist()


@pytest.mark.parametrize("member", MEMBERS)
def test_counts_that_are_unknown_stay_so(member: Format, tmp_path: Path) -> None:
    write(member, random_vectors(), tmp_path / "file")
    assert read(member, tmp_path / "file").counts is None


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("limit", [1, 7, 49, 50, 51, 10**12])
def test_only_the_first_words_are_read_on_request(member: Format, tmp_path: Path, limit: int) -> None:
    vectors = random_vectors()
    write(member, vectors, tmp_path / "file")
    found = read(member, tmp_path / "file", limit)
    assert list(found) == list(vectors)[:limit]
    assert is_preserved(member, found.matrix, vectors.matrix[:limit])
    assert list(formats.read(tmp_path / "file", limit=limit)) == list(found)


@pytest.mark.parametrize("member", WRITTEN)
def test_a_kind_of_number_that_a_format_cannot_hold_is_refused(member: Format, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{member.name} cannot hold float8") as caught:
        formats.write(random_vectors(), tmp_path / "file", member.name, writing=Writing("float8"))
    assert all(dtype in caught.value.hint for dtype in member.dtypes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("member", [p for p in WRITTEN if p.values[0].sniff_folder])
def test_a_folder_is_replaced_only_where_it_is_of_the_same_format(member: Format, tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    formats.write(random_vectors(), path, member.name)
    with pytest.raises(UsageError, match="exists"):
        formats.write(random_vectors(), path, member.name)
    formats.write(random_vectors(20), path, member.name, overwrite=True)
    assert matching_names(path) == [READ_AS.get(member.name, member.name)]
    assert list(tmp_path.iterdir()) == [path]
    shutil.rmtree(path)
    path.mkdir()
    (path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="other things"):
        formats.write(random_vectors(), path, member.name, overwrite=True)
    assert (path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("member", MEMBERS)
def test_words_with_spaces_are_kept_or_written_with_underscores_and_noted(member: Format, tmp_path: Path) -> None:
    words = ["the", "new york", "a\tb", "c\r\nd", "猫 犬"]
    matrix = np.arange(10, dtype=np.float32).reshape(5, 2)
    path = tmp_path / "file"
    if Kept.SPACES in member.keeps:
        assert write(member, vectors_of(words, matrix), path) == []
        assert list(read(member, path)) == words
        return
    assert write(member, vectors_of(words, matrix), path) == [
        "4 words with spaces were written with _ (first: 'new york')"
    ]
    assert list(read(member, path)) == ["the", "new_york", "a_b", "c__d", "猫_犬"]
    assert write(member, vectors_of(words[:2], matrix[:2]), path) == [
        "1 word with spaces was written with _ (first: 'new york')"
    ]


@pytest.mark.parametrize("member", LINES)
@pytest.mark.parametrize("words", [["new york", "x", "new_york"], ["new york", "x", "new\tyork"], ["", "x", "_"]])
def test_two_words_that_would_be_written_alike_are_refused(
    member: Format, tmp_path: Path, words: list[str]
) -> None:
    with pytest.raises(WvcliError) as caught:
        formats.write(vectors_of(words, np.eye(3, dtype=np.float32)), tmp_path / "file", member.name)
    assert all(repr(words[place]) in caught.value.message for place in (0, 2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("member", LINES)
def test_a_word_that_occurs_again_is_dropped(member: Format, tmp_path: Path) -> None:
    words, matrix = ["one", "two", "eno", "six"], np.arange(12, dtype=np.float32).reshape(4, 3)
    path = tmp_path / "file"
    write(member, vectors_of(words, matrix), path)
    path.write_bytes(path.read_bytes().replace(b"eno", b"one"))
    found = read(member, path)
    assert list(found) == ["one", "two", "six"]
    assert found.matrix.tolist() == matrix[[0, 1, 3]].tolist()


@pytest.mark.parametrize("member", LINES)
def test_damage_is_refused_and_located(member: Format, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(member, random_vectors(2000, 20), path)
    whole = path.read_bytes()
    place = "word 1301" if member.name == "word2vec" else f"line {1301 + (member.name != 'glove')}"
    last = whole.index(b"word1300 ")

    path.write_bytes(whole[: last + 20])
    assert place in refusal(member, path)
    path.write_bytes(whole.replace(b"word1300 ", b"w\xffrd1300 "))
    assert f"{place}: the word" in refusal(member, path)
    assert "UTF-8" in refusal(member, path)


@pytest.mark.parametrize("member", MEMBERS)
def test_what_cannot_be_opened_is_refused(member: Format, tmp_path: Path) -> None:
    assert "no such file" in refusal(member, tmp_path / "missing")
    assert "directory" in refusal(member, tmp_path) or member.sniff_folder


@pytest.mark.parametrize("member", [p for p in LINES if p.id != "glove"])
@pytest.mark.parametrize(
    "header", ["1000000000000 2", "2 1000000000000", f"{10**30} {10**30}", "3 2", "1 2", "2 3", "2 1"]
)
def test_a_header_that_does_not_fit_the_file_is_refused(member: Format, tmp_path: Path, header: str) -> None:
    path = tmp_path / "file"
    write(member, random_vectors(2, 2), path)
    path.write_bytes(path.read_bytes().replace(b"2 2\n", header.encode() + b"\n", 1))
    tracemalloc.start()
    refusal(member, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


@pytest.mark.parametrize("member", [p for p in LINES if p.id != "glove"])
@pytest.mark.parametrize("header", ["", "2", "2 2 2", "two 2", "0 2", "2 0", "-2 2", "2.0 2"])
def test_a_line_that_is_no_header_is_refused(member: Format, tmp_path: Path, header: str) -> None:
    path = tmp_path / "file"
    write(member, random_vectors(2, 2), path)
    path.write_bytes(path.read_bytes().replace(b"2 2\n", header.encode() + b"\n", 1))
    assert "line 1: expected the number of words and of dimensions" in refusal(member, path)


@pytest.mark.slow
@pytest.mark.parametrize("member", MEMBERS)
def test_beside_the_matrix_little_memory_is_used(member: Format, tmp_path: Path) -> None:
    words, dim = 2_500, 1000  # 10 MB, more than a block of any reader
    shape = (words, dim)
    matrix = np.memmap(tmp_path / "matrix", dtype=np.float32, mode="w+", shape=shape)
    matrix[:] = np.resize(random_vectors(100, dim).matrix, shape)
    vectors = vectors_of([f"word{index}" for index in range(words)], matrix)
    path = tmp_path / "file"
    write(member, random_vectors(), path)  # what is imported takes up memory only once
    tracemalloc.start()
    write(member, vectors, path)
    written = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    found = read(member, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert written < 5e6
    assert peak < matrix.nbytes + 9.5e6
    assert is_preserved(member, found.matrix, matrix)


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), MemoryError(), OSError(5, "Input/output error")]
)
def test_whatever_goes_wrong_in_a_reader_is_damage_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (tmp_path / "file").write_bytes(b"a 0.5 1\n")

    def fail(*arguments: object) -> object:
        raise error

    monkeypatch.setattr("wvcli.formats._text.RowCollector", fail)
    with pytest.raises(InputError) as caught:
        formats.read(tmp_path / "file")
    assert str(tmp_path / "file") in caught.value.message
