"""Files broken at random: a reader gives our own error or what a slow and simple one gives, and nothing else."""

import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_formats import LINES as MEMBERS
from tests.formats.test_formats import bits, write
from wvcli import formats
from wvcli.errors import WvcliError
from wvcli.formats import Format
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = ["the", "猫", "a\u00a0b", "2", "x"]
MATRIX = np.array([[0.25, -1e-7, 3], [1, 2, 3], [-0.1, 0.2, np.nan], [1e9, 0.5, -0.0], [7, 8, 9.5]], np.float32)
PIECES = [b" ", b"\t", b"\n", b"\r\n", b"\r", b".", b"-", b"e", b"_", b"0", b"7", b"nan", b"\0", b"\xff", b"\x85"]
PIECES += ["猫".encode(), b"word", b" 0.5", b"\n\n", b"\x0b", b"9" * 30, b"1e99", b"0.1234567890123456789"]

edits = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 12), st.sampled_from([b"", *PIECES]) | st.binary(max_size=4)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readers")


def content(member: Format, folder: Path) -> bytes:
    path = folder / f"{member.name}-whole"
    if not path.exists():
        write(member, Vectors(Vocabulary.from_words(WORDS), MATRIX), path)
    return path.read_bytes()


def read_slowly(data: bytes, name: str, dim: int) -> dict[str, list[float]]:
    """The words and numbers of a file that is known to be sound."""
    found: dict[str, list[float]] = {}
    if name == "word2vec":
        header, _, rest = data.partition(b"\n")
        for _ in range(int(header.split()[0])):
            word, _, rest = rest.removeprefix(b"\n").partition(b" ")
            found.setdefault(word.decode(), list(struct.unpack(f"<{dim}f", rest[: 4 * dim])))
            rest = rest[4 * dim :]
        assert rest in (b"", b"\n")
        return found
    lines = [line.removesuffix(b"\r").rstrip(b" \t") for line in data.split(b"\n")]
    if name != "glove":
        promised, _ = lines.pop(0).split()
        assert int(promised) == sum(map(bool, lines))
    for line in filter(None, lines):
        match = re.fullmatch(rb"([^\0]|\0)*?" + rb"[ \t]+([^ \t]+)" * dim, line)
        assert match
        word = line[: match.start(2)].strip(b" \t").decode()
        found.setdefault(word, [float(number) for number in match.groups()[1:]])
    return found


def outcome(reader: Callable[[Path], Vectors], path: Path) -> Vectors | str:
    """What is read, or the message of our own error."""
    try:
        return reader(path)
    except WvcliError as error:
        return error.message


def check(member: Format, path: Path) -> None:
    vectors = outcome(lambda path: formats.read(path, member.name), path)
    if isinstance(vectors, str):
        assert vectors.count(str(path)) == 1
        return
    expected = read_slowly(path.read_bytes(), member.name, vectors.dim)
    assert list(vectors) == list(expected)
    with np.errstate(over="ignore"):
        assert bits(vectors.matrix) == bits(np.array(list(expected.values())).astype(np.float32))


@pytest.mark.parametrize("member", MEMBERS)
@given(edits=edits)
@settings(deadline=None, max_examples=400)
def test_a_broken_file_is_refused_or_read_as_it_stands(
    member: Format, folder: Path, edits: list[tuple[int, int, bytes]]
) -> None:
    data = content(member, folder)
    for place, length, piece in edits:
        data = data[: place % (len(data) + 1)] + piece + data[place % (len(data) + 1) + length :]
    path = folder / "broken"
    path.write_bytes(data)
    check(member, path)
    member.sniff(data)


@pytest.mark.parametrize("member", MEMBERS)
@given(data=st.binary(max_size=200) | st.lists(st.sampled_from([*PIECES, b"1 1\n", b"2 3\n"])).map(b"".join))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_refused_or_read_as_they_stand(member: Format, folder: Path, data: bytes) -> None:
    path = folder / "random"
    path.write_bytes(data)
    check(member, path)
    by_content = outcome(formats.read, path)
    assert isinstance(by_content, Vectors) or str(path) in by_content
