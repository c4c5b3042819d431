"""Files made to run something, to crash their reader, to hang it or to fill the memory: refused in one line.

    python tests/campaigns/hostile.py [TRIES] [KIND ...] [--seed N]

The program has so little memory as is said below, and must end with exit code 3 within a minute; where a file is
only odd, it may be read. What the files would run leaves a mark.
"""

import bz2
import gzip
import json
import lzma
import os
import struct
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.campaigns.campaign import PATIENCE, Campaign, Fault, check_error, main, text
from wvcli.errors import ExitCode

_ADDRESSES = 3 << 30  # bytes; the program alone takes less than half of them
_MARK = "run"  # a file that is there once something was run
_HUGE = (2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63 - 1)
_CALLED = (
    "os system", "posix system", "builtins eval", "builtins exec", "subprocess check_output",
    "operator attrgetter", "functools partial", "importlib import_module", "pathlib Path.touch", "torch.hub load",
    "numpy.testing._private.utils runstring", "gensim.utils unpickle",
    "gensim.models.keyedvectors utils.check_output",
)  # fmt: skip


class Hostile(NamedTuple):
    """A hostile file.

    Attributes:
        name: of the file.
        content: its bytes.
        arguments: of the commands that meet it, one of which is run; none means any that opens vectors.
        is_odd: whether it may also be read as what it says.
    """

    name: str
    content: bytes
    arguments: tuple[tuple[str, ...], ...] = ()
    is_odd: bool = False


Make = Callable[[Random], Hostile]
_MADE: dict[str, Make] = {}


def _kind(name: str) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        _MADE[name] = make
        return make

    return add


# Pickles


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def _call(random: Random) -> bytes:
    """Return the instructions of a pickle that would call something."""
    module, name = random.choice(_CALLED).split()
    code = f"open({_MARK!r}, 'w')" if name in ("eval", "exec", "runstring") else f"touch {_MARK}"
    named = random.choice([f"c{module}\n{name}\n".encode(), _text(module) + _text(name) + b"\x93"])
    arguments = _text(code) + b"\x85"
    return random.choice(
        [
            named + arguments + b"R",  # REDUCE
            named + arguments + b"\x81",  # NEWOBJ
            b"(" + named + _text(code) + b"o",  # OBJ
            b"(" + _text(code) + f"i{module}\n{name}\n".encode(),  # INST
            named + b")R" + arguments + b"b",  # BUILD
            named + arguments + b"}\x92",  # NEWOBJ_EX
        ]
    )


def _nested(random: Random) -> bytes:
    """Return the instructions for something that is nested deeply, shared astronomically, or contains itself."""
    levels = random.choice((200, 5_000, 1_000_000))
    return random.choice(
        [
            b")" + b"\x85" * levels,
            b"]" * levels + b"a" * (levels - 1),
            b"}" + (_text("x") + b"}") * levels + b"s" * levels,
            b")" + b"q\0h\0\x86" * random.randrange(26, 200),
            b"]" + b"q\0h\0h\0\x86\x85" * random.randrange(26, 200),
            b"]q\0" + b"h\0a" * levels,
            b"}q\0(" + b"h\0N" * 10 + b"u",
        ]
    )


def _claim(random: Random) -> bytes:
    """Return an instruction that claims too much."""
    size = struct.pack("<Q", random.choice(_HUGE))
    claims = [
        *(code + size[:4] for code in (b"X", b"B", b"T", b"\x8b")),
        *(code + size for code in (b"\x8d", b"\x8e", b"\x96")),
        b"r" + size[:4] + b"N",
        b")" + b"2" * 100_000,
        b"I" + b"9" * 100_000,
    ]
    return random.choice(claims)


@_kind("pickle that runs")
def _(random: Random) -> Hostile:
    return Hostile(random.choice(("x.kv", "x.model")), b"\x80\x04" + _in_place(_call(random), random))


@_kind("pickle, nested")
def _(random: Random) -> Hostile:
    return Hostile("x.kv", b"\x80\x04" + _in_place(_nested(random), random))


@_kind("pickle that claims")
def _(random: Random) -> Hostile:
    return Hostile("x.kv", b"\x80\x04" + _in_place(_claim(random), random))


def _in_place(payload: bytes, random: Random) -> bytes:
    """Return a pickle in which a payload is all, a key, a name, or a part of Gensim's vectors."""
    vectors = b"cgensim.models.keyedvectors\nKeyedVectors\n)\x81}"
    return random.choice(
        [
            payload + b".",
            b"}" + payload + b"Ns.",
            payload + _text("x") + b"\x93.",
            b"c_codecs\nencode\n" + _text("x") + payload + b"\x86R.",
            vectors + _text("vectors") + payload + b"sb.",
            vectors + b"(" + _text("vectors") + b"N" + _text("index_to_key") + b"]" + payload + b"aub.",
            vectors + b"(" + _text("vectors") + payload + _text("key_to_index") + payload + b"ub.",
        ]
    )


_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # of PyTorch


@_kind("pt")
def _(random: Random) -> Hostile:
    payload = b"\x80\x02" + _in_place(random.choice((_call, _nested, _claim))(random), random)
    if random.random() < 0.5:
        return Hostile("x.pt", _LEGACY + b"\x80\x02M\xe9\x03." + payload * 3)
    return Hostile("x.pt", _archive({"x/data.pkl": payload, "x/version": b"3\n"}))


# Archives and compressed text


def _archive(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return whole.getvalue()


@_kind("zip bomb")
def _(random: Random) -> Hostile:
    zeros = bytes(random.choice((30, 150)) << 20)
    name = random.choice(("x.pt", "x.npz", "x.keras"))
    members = {
        "x.pt": {"x/data.pkl": zeros, "x/version": b"3\n"},
        "x.npz": {"vectors.npy": zeros, "words.npy": zeros},
        "x.keras": {"config.json": zeros, "metadata.json": zeros},
    }[name]
    return Hostile(name, _archive(members))


@_kind("npz")
def _(random: Random) -> Hostile:
    shape = random.choice(
        (
            "(99999999999, 300)", "(4611686018427387904, 4)", "(2, -1)", "(2.0, 2)", "(" * 5000, "()", "(0, 0)",
            "[2, 2]", "({}, 4)", "(9" + "9" * 5000 + ", 2)", "(2, 2)" + " " * 60_000, "(True, 2)",
        )
    )  # fmt: skip
    dtype = random.choice(
        ("'<f4'", "'|O'", "'<U1000000000'", "'|S0'", "[('a', '<f4')]", "'<f4, <f4'", "'|V8'", "9", "(" * 5000)
    )
    order = random.choice(("False", "9", "x()"))
    head = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    array = b"\x93NUMPY\x02\0" + struct.pack("<I", random.choice((len(head), 2**31, 5))) + head + bytes(64)
    words = BytesIO()
    np.save(words, np.array(["a", "b"]))
    members = {"vectors.npy": array, "words.npy": words.getvalue()}
    if random.random() < 0.3:
        members = {"vectors.npy": words.getvalue(), "words.npy": array}
    return Hostile("x.npz", _archive(members, random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))


@_kind("words of no bytes")
def _(random: Random) -> Hostile:
    head = f"{{'descr': '|S0', 'fortran_order': False, 'shape': ({random.choice((10**8, 10**12))},), }}"
    words = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.encode()
    vectors = b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head.replace("|S0", "|V0").encode()
    return Hostile("x.npz", _archive({"words.npy": words, "vectors.npy": vectors}))


_WORDS = b"a b "
_PACKED: dict[str, bytes] = {}


@_kind("compressed text")
def _(random: Random) -> Hostile:
    """A text of one byte again and again, which is one line."""
    packers: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    ending = random.choice(sorted(packers))
    byte = random.choice((b"\0", b" ", b"\xff", b"(", _WORDS))
    key = f"{ending}{byte!r}"
    if key not in _PACKED:
        _PACKED[key] = packers[ending](byte * (1 << 20 if byte == _WORDS else 24 << 20))
    train = ("train", "FILE", "-o", "out.safetensors", "-q", "--epochs", "1", "--dim", "2", "--workers", "1")
    return Hostile(f"x.txt.{ending}", _PACKED[key], (train, (*train, "--dry-run")), is_odd=byte == _WORDS)


# Headers


def _tensor_file(random: Random) -> bytes:
    def array(**changes: Any) -> dict[str, Any]:
        return {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]} | changes

    huge = random.choice(_HUGE)
    header: Any = random.choice(
        (
            {"vectors": array(shape=[huge, huge])},
            {"vectors": array(data_offsets=[0, huge])},
            {"vectors": array(data_offsets=[huge, 0])},
            {"vectors": array(data_offsets=[-16, 0])},
            {"vectors": array(shape=[2.5, 2])},
            {"vectors": array(shape=[True] * 1000)},
            {"vectors": array(shape=["2", None])},
            {"vectors": array(dtype="O" * 100_000)},
            {"vectors": array(dtype=[["F32"]])},
            {"vectors": [], "x" * 100_000: 5},
            {"vectors": array(), "words": array()},
            {"\x1b[2J\x07": array(shape=[huge, 2])},
            {str(number): array() for number in range(2000)},
            {"__metadata__": {"wvcli": "[" * 100_000}, "vectors": array()},
            {"__metadata__": {"wvcli": json.dumps({"format_version": "x" * 100_000})}, "vectors": array()},
            {"__metadata__": {"wvcli": json.dumps({"format_version": 10**30})}, "vectors": array()},
            {"__metadata__": [], "vectors": array()},
        )
    )
    data = json.dumps(header).encode()
    data = random.choice(
        (
            data,
            data,
            data,
            data[:-1],
            b"[" * 200_000,
            b'{"a":' * 200_000,
            b"9" * 200_000,
            data + b"x",
            b"\xff" * 99,
            b" " * 99,
        )
    )
    length = random.choice((len(data), len(data), len(data), huge, 0, 2))
    return struct.pack("<Q", length) + data + bytes(16)


@_kind("safetensors")
def _(random: Random) -> Hostile:
    return Hostile("x.safetensors", _tensor_file(random))


@_kind("binary header")
def _(random: Random) -> Hostile:
    huge, other = random.choice(_HUGE), random.choice(_HUGE)
    name, content = random.choice(
        (
            ("x.bin", b"%d %d\nword " % (huge, other)),
            ("x.bin", b"%d 4\nword " % huge + bytes(99)),
            ("x.bin", b"4 %d\n" % huge + b"a" * 100_000),
            ("x.bin", b"9" * 100_000 + b" 4\nword "),
            ("x.txt", b"%d %d\nword 1 2\n" % (huge, other)),
            ("x.txt", b"1 2\n" + b"word" * 1_000_000 + b" 1"),
            ("x.vec", b"2 2\nword 1 " + b"9" * 5_000_000 + b"x"),
            ("x.fasttext.bin", struct.pack("<14i", 793712314, 12, *[2**31 - 1] * 12) + bytes(99)),
            ("x.fasttext.bin", struct.pack("<14i", 793712314, 12, *[-1] * 12) + bytes(99)),
            ("x.floret.bin", struct.pack("<16i", 793712314, 1225, *[2**31 - 1] * 14)),
            ("x.fifu", b"FiFu" + struct.pack("<IIII", 0, 2, 1, 2) + struct.pack("<IQQ", 1, huge, other)),
            ("x.fifu", b"FiFu" + struct.pack("<I", 0) + struct.pack("<I", 2**32 - 1) + bytes(99)),
            ("x.sqlite", b"SQLite format 3\0" + random.randbytes(4096)),
            ("x.arrow", b"ARROW1\0\0" + struct.pack("<II", 2**32 - 1, 2**31 - 1) + bytes(99) + b"ARROW1"),
            ("x.parquet", b"PAR1" + random.randbytes(200) + struct.pack("<I", 200) + b"PAR1"),
            ("x.parquet", b"PAR1" + bytes(200) + struct.pack("<I", 2**31 - 1) + b"PAR1"),
        )
    )  # fmt: skip
    return Hostile(name, content)


@_kind("json")
def _(random: Random) -> Hostile:
    deep = random.choice((b"[", b'{"word":', b'{"a":[')) * random.choice((2_000, 500_000))
    if random.random() < 0.5:
        train = (
            "train",
            "FILE",
            "--field",
            "text",
            "-o",
            "out.safetensors",
            "-q",
            "--epochs",
            "1",
            "--workers",
            "1",
        )
        return Hostile("x.jsonl", deep + b"\n", (train, (*train, "--dry-run")))
    vector = random.choice((deep, b"[" + b"9" * 1_000_000 + b"]", b"[" + b"1," * 10, b'"x"', b"[[[1]]]"))
    return Hostile("x.jsonl", b'{"word": "a", "vector": ' + vector + b"}\n")


@_kind("parquet that unpacks")
def _(random: Random) -> Hostile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, whole = random.choice((1, 3)) << 20, BytesIO()
    word = pa.array(["a" * random.choice((1, 100))]).dictionary_encode()
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), word.dictionary)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(rows * 4, np.float32)), 4)
    pq.write_table(pa.table({"word": column, "vector": lists}), whole, compression="zstd")
    return Hostile("x.parquet", whole.getvalue(), is_odd=True)


# What wvcli makes itself, changed with its checksums


def _model(random: Random) -> bytes:
    """Return a model whose arrays and manifest are whole by their checksums and make no sense."""
    from hashlib import sha256

    huge = random.choice((-1, 3, 2**31 - 1, -(2**31)))
    arrays: dict[str, Any] = {
        "vectors": np.ones((3, 4), "<f4"),
        "norms": np.full(3, 2, "<f4"),
        "vocabulary.text": np.frombuffer(b"word1word2word3", "u1"),
        "vocabulary.offsets": np.array([0, 5, 10, 15], "<i8"),
        "vocabulary.order": np.array([0, 1, 2], "<i4"),
        "vocabulary.counts": np.array([3, 2, 1], "<i8"),
        "subwords.vectors": np.ones((5, 4), "<f4"),
    }
    settings: dict[str, Any] = {"dim": 4, "min_n": 3, "max_n": 6}
    tokenizer: dict[str, Any] = {"name": "unicode", "lowercase": True}
    changes: list[Callable[[], Any]] = [
        lambda: arrays.update({"vocabulary.offsets": np.array([0, huge, 10, 15], "<i8")}),
        lambda: arrays.update({"vocabulary.offsets": np.array([0, 5, 10, 2**62], "<i8")}),
        lambda: arrays.update({"vocabulary.offsets": np.array([15, 10, 5, 0], "<i8")}),
        lambda: arrays.update({"vocabulary.order": np.array([0, huge, 2], "<i4")}),
        lambda: arrays.update({"vocabulary.order": np.array([0, 0, 0], "<i4")}),
        lambda: arrays.update({"vocabulary.text": np.frombuffer(b"\xff" * 15, "u1")}),
        lambda: arrays.update({"vocabulary.counts": np.array([huge, -1, 2**62], "<i8")}),
        lambda: arrays.update({"subwords.vectors": np.ones((0, 4), "<f4")}),
        lambda: arrays.update({"norms": np.array([0, np.nan, -1], "<f4")}),
        lambda: arrays.update({"vectors": np.full((3, 4), np.nan, "<f4")}),
        lambda: arrays.update({"phrases.pairs": np.frombuffer(b"[" * 100_000, "u1")}),
        lambda: settings.update(min_n=huge),
        lambda: settings.update(max_n=2**31 - 1, min_n=1),
        lambda: settings.update(hash_count=random.choice((-1, 10**9, 2**62))),
        lambda: settings.update(min_n="x" * 10_000),
        lambda: tokenizer.update(name="regex:(a+)+$" + "x" * 10_000),
        lambda: tokenizer.update(name="\x1b[2J", lowercase=[]),
        lambda: tokenizer.update(name="chinese" * 10_000),
    ]  # fmt: skip
    random.choice(changes)()
    version = 2 if "hash_count" in settings else 1
    manifest = {
        "format_version": version,
        "settings": settings,
        "tokenizer": tokenizer,
        "checksum": {name: sha256(array.tobytes()).hexdigest() for name, array in arrays.items()},
    }
    written = json.dumps(manifest)
    header: dict[str, Any] = {"__metadata__": {"wvcli": written, "wvcli_crc32": f"{crc32(written.encode()):08x}"}}
    kinds, start = {"<f4": "F32", "|u1": "U8", "<i8": "I64", "<i4": "I32"}, 0
    for name, array in arrays.items():
        stop = start + array.nbytes
        header[name] = {"dtype": kinds[array.dtype.str], "shape": array.shape, "data_offsets": [start, stop]}
        start = stop
    data = json.dumps(header).encode()
    data += b" " * (-len(data) % 8)
    return struct.pack("<Q", len(data)) + data + b"".join(array.tobytes() for array in arrays.values())


@_kind("model")
def _(random: Random) -> Hostile:
    commands = (
        ("similar", "word1", "-m", "FILE"),
        ("similar", "unknown", "-m", "FILE"),
        ("vector", "word3", "unknown", "-m", "FILE"),
        ("vocab", "-m", "FILE"),
        ("info", "FILE", "--verify"),
        ("compare", "FILE", "FILE"),
        ("update", "FILE", "text.txt", "-o", "out.safetensors"),
        *(("export", name, "-m", "FILE") for name in ("out.vec", "out.npz", "out.kv", "out.fasttext.bin")),
    )
    return Hostile("x.safetensors", _model(random), commands, is_odd=True)


@_kind("kept text")
def _(random: Random) -> Hostile:
    content = random.choice(
        (
            b"[" * 500_000,
            b"{}",
            b'{"format_version": 1}',
            b'{"format_version": "%s"}' % (b"x" * 100_000),
            b'{"shards": ["/dev/zero"], "shards_sha256": ["x"], "tokens_read": 0, "texts": 0, "about": {}}',
            b'{"shards": ["../../etc/passwd"], "tokens_read": 1e400, "texts": null}',
            b"\0" * 1000,
        )
    )
    from hashlib import sha256

    if content.startswith(b'{"shards"'):  # with a checksum that is right
        rest = content[1:]
        content = b'{"format_version": 2, "checksum": "%s", ' % sha256(rest).hexdigest().encode() + rest
    train = ("train", "kept", "-o", "out.safetensors", "-q", "--epochs", "1", "--workers", "1")
    return Hostile("kept/text.json", content, (train,))


@_kind("endless")
def _(random: Random) -> Hostile:
    commands = (
        ("info", "/dev/zero"),
        ("similar", "word1", "-m", "/dev/zero"),
        ("import", "/dev/zero", "-o", "out.safetensors"),
        ("export", "out.vec", "-m", "in.safetensors", "--words", "/dev/zero"),
        ("train", "/dev/zero", "-o", "out.safetensors", "-q"),
        ("train", "text.txt", "-o", "out.safetensors", "-q", "--stopwords", "/dev/zero"),
        ("train", "text.txt", "-o", "out.safetensors", "-q", "--init", "/dev/zero"),
        ("evaluate", "-m", "in.safetensors", "--set", "/dev/zero"),
    )
    return Hostile("x", b"", commands)


def make_tries(campaign: Campaign) -> None:
    """Open each kind of file in turn."""
    from tests.campaigns.writing import Stock

    needs = {"pt": "torch", "zip bomb": "torch", "parquet that unpacks": "pyarrow"}
    kinds = [kind for kind in _MADE if kind not in needs or find_spec(needs[kind])]
    stock = Stock(campaign, [])

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        stock.take_inputs(folder)
        hostile = _MADE[kind](random)
        path = folder / hostile.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(hostile.content)
        commands = hostile.arguments or _opening()
        arguments = [str(path.name) if word == "FILE" else word for word in random.choice(commands)]
        before = _listing(folder)
        try:
            limits = {"RLIMIT_AS": _ADDRESSES}
            code, _, err = campaign.start(arguments, folder, limits=limits).wait(PATIENCE)
            _check(code, err, hostile.is_odd)
            if (new := _listing(folder) - before) and code:
                raise Fault(f"left {sorted(new)}")
            if (folder / _MARK).exists():
                raise Fault("something was run")
        except (Fault, TimeoutError) as fault:
            size = path.stat().st_size
            raise type(fault)(
                f"{' '.join(arguments)} ({size} bytes, {hostile.content[:50]!r}): {fault}"
            ) from fault
        return "refused" if code else "read"

    campaign.run(attempt, kinds)


def _opening() -> tuple[tuple[str, ...], ...]:
    return (
        ("info", "FILE"),
        ("similar", "word1", "-m", "FILE"),
        ("import", "FILE", "-o", "out.safetensors"),
        ("export", "out.jsonl", "-m", "FILE"),
        ("vocab", "-m", "FILE"),
        ("evaluate", "-m", "FILE"),
    )


def _listing(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in folder.rglob("*")}


def _check(code: int, err: bytes, is_odd: bool) -> None:
    """Check how a command ended."""
    right = (0, ExitCode.USAGE, ExitCode.INPUT, ExitCode.MISSING_WORD) if is_odd else (ExitCode.INPUT,)
    if code not in right:
        raise Fault(f"ended with {code}: {text(err)}")
    if code:
        check_error(err)


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 300))
