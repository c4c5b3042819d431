"""Files broken at random: refused, read as before, or read as something else that they say, and never a crash.

    python tests/campaigns/mutations.py [TRIES] [KIND ...] [--seed N]

Of each format that is read and written there are the usual files and those with eight-bit numbers or subwords.
What is read of some formats is held against a slow and plain reader. A model must answer as before, or be refused
by `info --verify`, `export`, `index` and `update`.
"""

import random
import struct
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

import wvcli
from tests.campaigns.campaign import Campaign, Fault, main
from tests.formats import slow
from wvcli import formats
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Format, Kept, Writing, registry
from wvcli.models import index, model_file
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


def _check_file(member: Format, path: Path, before: FloatArray) -> str:
    """Return the `outcome` of reading a file.

    Raises:
        Fault: a slow reader reads it otherwise, or reading it crashed.
    """
    try:
        seen = outcome(member, path, before)
    except Exception as error:
        raise Fault(f"crashed: {type(error).__name__}: {error}"[:300]) from error
    if seen != "refused" and member.name in slow.READERS:
        try:
            slow.check(member.name, path, formats.read(path, member.name))
        except Exception as error:
            raise Fault(f"read wrongly: {type(error).__name__}: {error}"[:300]) from error
    return seen


_MODEL = "model"


def _check_model(path: Path, before: Vectors, text: Path) -> str:
    """Return the outcome of opening a model file.

    Raises:
        Fault: it is not refused everywhere, and does not answer as before.
    """
    try:
        opened = model_file.open_model(path)
        damaged = model_file.damaged_tensors(opened)
    except InputError:
        return "refused"
    if damaged:
        making: dict[str, Callable[[Vectors], object]] = {
            "export": lambda vectors: wvcli.export(vectors, path.with_name("out.vec")),
            "update": lambda vectors: wvcli.update(path, text, path.with_name("out.safetensors"), epochs=1),
        }
        if find_spec("faiss"):
            making["index"] = lambda vectors: index.build(vectors, path.with_name("out.index"))
        for name, make in making.items():
            try:
                make(wvcli.load(path))
            except InputError:
                continue
            raise Fault(f"{name} took a damaged model: {damaged}")
        return "refused"
    now = opened.vectors()
    same = list(now) == list(before) and opened.manifest["settings"] == before.manifest["settings"]
    for mine, theirs in ((now.matrix, before.matrix), (now.norms, before.norms), (now.counts, before.counts)):
        same = same and np.array_equal(np.asarray(mine), np.asarray(theirs))
    if not same:
        raise Fault("its checksums are right, and it answers otherwise")
    return "as before"


def _is_usable(member: Format) -> bool:
    package = {"parquet": "pyarrow"}.get(member.extra, member.extra)
    is_installed = not package or find_spec(package) is not None
    return is_installed and member.read is not None and member.write is not None


def make_tries(campaign: Campaign) -> None:
    """Break a file of each kind in turn."""
    members = [member for member in registry if _is_usable(member)]
    made = {f"{member.name} {kind}".strip(): (member, kind) for member in members for kind in kinds(member)}
    chosen = campaign.chosen([*made, _MODEL])
    wholes: dict[str, FloatArray] = {}
    for name in chosen:
        if name != _MODEL:
            folder = campaign.folder / name
            folder.mkdir()
            write(made[name][0], folder / "sample", made[name][1])
            wholes[name] = formats.read(folder / "sample", made[name][0].name).matrix[:]
    text, model = campaign.folder / "text.txt", campaign.folder / "model.safetensors"
    text.write_text("the cat saw the dog and the dog saw the cat\n" * 20)
    if _MODEL in chosen:
        wvcli.train(text, model, dim=4, epochs=1, workers=1, min_count=1)

    def attempt(number: int, rng: random.Random, name: str, folder: Path) -> str:
        if name == _MODEL:
            path = folder / model.name
            path.write_bytes(mutate(model.read_bytes(), rng))
            return _check_model(path, wvcli.load(model), text)
        member, kind = made[name]
        write(member, folder / "sample", kind)
        file = rng.choice(sorted(file for file in folder.rglob("*") if file.is_file()))
        file.write_bytes(mutate(file.read_bytes(), rng))
        return _check_file(member, folder / "sample", wholes[name])

    campaign.run(attempt, chosen)


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 4000))
