"""Files of every format broken at random: how many were refused, read as before, or as something else that they
say; read otherwise than a slow and plain reader does; or ended in an error that is not our own.

python -m tests.formats.mutations [COUNT] [FORMAT ...]
"""

import random
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.formats import slow
from wvcli import formats
from wvcli.errors import WvcliError
from wvcli.formats import Format, Kept, Writing, registry
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = ["the", "cat", "naïve", "猫", "x", "dog", "of", "to", "and", "in"]
_PIECES = [b"", b" ", b"\n", b"\0", b"\xff", b"\x80", b"-", b"nan", b"NaN", b"9" * 20, b"1e999"]
_NAN, _INFINITE = b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f"
_HUGE = [(1 << 31) - 1, (1 << 63) - 1, (1 << 32) - 1, 10**12]


def sample(subwords: bool = False) -> Vectors:
    """A few words with vectors and counts, and subwords."""
    rng = np.random.default_rng(8)
    matrix = rng.normal(0, 1, (len(WORDS), 4)).astype(np.float32)
    counts = np.arange(100, 100 - len(WORDS), -1, dtype=np.int64)
    ngrams = Subwords(rng.normal(0, 1, (13, 4)).astype(np.float32), 2, 4) if subwords else None
    return Vectors(Vocabulary.from_words(WORDS), matrix, counts, ngrams)


def kinds(member: Format) -> list[str]:
    """What files of a format may hold besides the usual: eight-bit numbers, subwords, those of floret's hash."""
    found = {
        "int8": "int8" in member.dtypes,
        "subwords": Kept.SUBWORDS in member.keeps,
        "hashed": member.name == "floret",
    }
    return ["", *(kind for kind, there in found.items() if there)]


def write(member: Format, path: Path, kind: str) -> None:
    """Write the sample in one of the `kinds` of a format."""
    assert member.write
    dtype = kind if kind in member.dtypes else member.dtypes[0]
    member.write(sample(kind in ("subwords", "hashed")), path, Writing(dtype))
    if kind == "hashed":
        data = path.read_bytes()
        path.write_bytes(data[:52] + struct.pack("<2i", 2, 2) + data[60:])  # the mode, and rows for each n-gram


def mutate(whole: bytes, rng: random.Random) -> bytes:
    """The bytes of a file with one thing wrong, or two."""
    data = whole
    for _ in range(rng.choice([1, 1, 2])):
        data = _mutate_once(data, rng)
    return data


def _mutate_once(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    early = rng.randrange(min(len(data), 64) + 1)  # where headers are
    kind = rng.randrange(9)
    if kind == 0:  # truncated
        return data[:place]
    if kind == 1:  # a bit turned
        place = rng.choice([place, early]) % max(1, len(data))
        return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :] if data else data
    if kind == 2:  # a piece put in
        return data[:place] + rng.choice(_PIECES) + data[place:]
    if kind == 3:  # a piece cut out
        return data[:place] + data[place + rng.randrange(1, 30) :]
    if kind == 4:  # a number that claims too much
        number = rng.choice(_HUGE)
        size = 4 if number < 1 << 32 else 8
        written = rng.choice([number.to_bytes(size, "little"), number.to_bytes(size, "big"), b"%d" % number])
        return data[:early] + written + data[early + len(written) :]
    if kind == 5:  # no number
        return data[:place] + rng.choice([_NAN, _INFINITE]) + data[place + 4 :]
    if kind == 6:  # a word twice, or bad UTF-8
        return data.replace(b"cat", rng.choice([b"dog", b"the", b"c\xfft", b"   ", b"c\0t"]), rng.choice([1, -1]))
    if kind == 7:  # a part repeated
        return data[:place] + data[max(0, place - rng.randrange(1, 200)) :]
    return data[:place] + rng.randbytes(rng.randrange(1, 16)) + data[place:]


def mutations(member: Format, folder: Path, count: int, kind: str = "") -> Iterator[Path]:
    """Broken files of one of the `kinds`, or folders with one file broken, all at the same path."""
    path = folder / "sample"
    rng = random.Random(f"{member.name}{kind}")
    write(member, path, kind)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    whole = {file: file.read_bytes() for file in files}
    for _ in range(count):
        file = rng.choice(files)
        file.write_bytes(mutate(whole[file], rng))
        yield path
        file.write_bytes(whole[file])


def outcome(member: Format, path: Path, before: FloatArray | None = None) -> str:
    """What became of reading a file, in a word; any error that is not our own goes through.

    Args:
        member: the format.
        path: the file.
        before: the vectors that the whole file has; None for those of the sample.
    """
    refusal = None
    try:
        found = formats.read(path, member.name)
    except WvcliError as error:
        refusal = error.message
    if refusal is not None:
        assert "\n" not in refusal
        assert str(path) in refusal
        return "refused"
    words = list(found)
    assert len(set(words)) == len(words)
    assert found.matrix.shape == (len(words), found.dim)
    assert found.counts is None or found.counts.shape == (len(words),)
    same = words == WORDS and np.array_equal(found.matrix[:], sample().matrix if before is None else before)
    return "as before" if same else "otherwise"


def checked_outcome(member: Format, path: Path, before: FloatArray) -> str:
    """`outcome`, or `wrong` where a slow reader reads the file otherwise."""
    seen = outcome(member, path, before)
    if seen != "refused" and member.name in slow.READERS:
        try:
            slow.check(member.name, path, formats.read(path, member.name))
        except Exception as error:
            print(f"  {member.name}: {type(error).__name__}: {error}"[:200])
            return "wrong"
    return seen


def count_outcomes(member: Format, kind: str, count: int) -> Counter[str]:
    """How often each outcome was seen in so many broken files."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        write(member, Path(other, "sample"), kind)
        before = formats.read(Path(other, "sample"), member.name).matrix[:]
        for path in mutations(member, Path(folder), count, kind):
            try:
                seen[checked_outcome(member, path, before)] += 1
            except Exception as error:
                seen["crashed"] += 1
                print(f"  {member.name}: {type(error).__name__}: {error}"[:200])
    return seen


def main(count: int = 200, *names: str) -> int:
    """Print a row for each format and kind; gives how many files were read wrongly, or crashed the reader."""
    print(f"{'format':20}{'files':>7}{'refused':>9}{'as before':>11}{'otherwise':>11}{'wrong':>7}{'crashed':>9}")
    bad = 0
    for member in registry:
        if not (member.read and member.write) or (names and member.name not in names):
            continue
        for kind in kinds(member):
            seen = count_outcomes(member, kind, count)
            bad += seen["wrong"] + seen["crashed"]
            numbers = [seen[name] for name in ("refused", "as before", "otherwise", "wrong", "crashed")]
            row = "{:7}{:9}{:11}{:11}{:7}{:9}".format(seen.total(), *numbers)
            print(f"{member.name + ' ' + kind:20}{row}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:2]), *sys.argv[2:])))
