"""PyTorch's own loader and layer take what is written, and files of others are read or refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from tests.clients import package
from tests.formats.neural import BOTH, DIM, HALF, MATRIX, ROW, WORDS, expected, export_words
from wvcli import formats
from wvcli.errors import InputError
from wvcli.formats import Writing

pytestmark = pytest.mark.client


@pytest.fixture
def torch() -> Any:
    return package("torch")


@pytest.fixture
def table(torch: Any) -> Any:
    """The vectors as a tensor."""
    return torch.from_numpy(MATRIX.copy())


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("writing", [Writing(), BOTH, HALF], ids=["plain", "special", "float16"])
def test_pytorch_loads_words_and_numbers_and_runs_no_code(
    torch: Any, tmp_path: Path, writing: Writing, mapped: bool
) -> None:
    assert export_words(tmp_path / "words.pt", writing) == []
    saved = torch.load(tmp_path / "words.pt", weights_only=True, mmap=mapped)
    weight = saved["state_dict"]["weight"]
    assert saved["itos"] == WORDS
    assert (saved["padding_idx"], saved["unknown_idx"]) == (writing.pad, writing.unknown)
    assert weight.dtype == getattr(torch, writing.dtype)
    assert (weight.float().numpy() == expected(writing)).all()
    assert ZipFile(tmp_path / "words.pt").testzip() is None


@pytest.mark.parametrize("freeze", [True, False])
def test_an_embedding_layer_is_made_fixed_or_to_be_trained(torch: Any, tmp_path: Path, freeze: bool) -> None:
    export_words(tmp_path / "words.pt", BOTH)
    saved = torch.load(tmp_path / "words.pt", weights_only=True)
    layer = torch.nn.Embedding.from_pretrained(
        saved["state_dict"]["weight"], freeze=freeze, padding_idx=saved["padding_idx"]
    )
    ids = torch.tensor([[ROW["cat"], ROW["猫"], saved["padding_idx"]]])
    output = torch.nn.Linear(DIM, 1)(layer(ids)).sum()
    output.backward()
    if freeze:
        assert layer.weight.grad is None
    else:
        learned = layer.weight.grad.numpy().any(axis=1)
        assert set(np.flatnonzero(learned)) == {ROW["cat"], ROW["猫"]}


def test_the_state_dict_fits_an_embedding_layer(torch: Any, tmp_path: Path) -> None:
    export_words(tmp_path / "words.pt")
    layer = torch.nn.Embedding(len(WORDS), DIM)
    layer.load_state_dict(torch.load(tmp_path / "words.pt", weights_only=True)["state_dict"])
    assert (layer(torch.arange(len(WORDS))).detach().numpy() == MATRIX).all()


Saved = Callable[[Any, Any], object]  # of PyTorch and the table, what a file is to hold

STOI = {word: row for row, word in reversed(list(enumerate(WORDS)))}


@pytest.mark.parametrize(
    "saved",
    [
        lambda torch, table: (WORDS, STOI, table, DIM),  # what TorchText keeps in its cache
        lambda torch, table: {"weight": table, "itos": WORDS},
        lambda torch, table: {
            "model": {"embedding.weight": torch.nn.Parameter(table), "bias": torch.ones(3)},
            "vocab": STOI,
        },
        lambda torch, table: {"epoch": 3, "words": tuple(WORDS), "lr": 0.1, "table": table.double()},
        lambda torch, table: {"words": WORDS, "table": table.T.contiguous().T, "other": torch.zeros(3, 4)},
    ],
    ids=["torchtext", "flat", "checkpoint", "float64", "transposed"],
)
@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
def test_files_of_others_are_read(torch: Any, table: Any, tmp_path: Path, saved: Saved, archive: bool) -> None:
    torch.save(saved(torch, table), tmp_path / "theirs", _use_new_zipfile_serialization=archive)
    for limit in (None, 3):
        found = formats.read(tmp_path / "theirs", limit=limit)
        assert list(found) == WORDS[:limit]
        assert (found.matrix == MATRIX[:limit]).all()
        assert found.matrix.dtype == np.float32


@pytest.mark.parametrize("others", [{}, {"other": (2, 2)}, {"alike": (DIM * len(WORDS),)}])
def test_numbers_are_mapped_where_they_are_in_the_file(
    torch: Any, table: Any, tmp_path: Path, others: dict[str, tuple[int, ...]]
) -> None:
    zeros = {name: torch.zeros(shape) for name, shape in others.items()}
    torch.save({"weight": table, "itos": WORDS, **zeros}, tmp_path / "theirs.pt")
    found = formats.read(tmp_path / "theirs.pt").matrix
    assert (found == MATRIX).all()
    owner: Any = found
    while type(owner) is np.ndarray:
        owner = owner.base
    assert isinstance(owner, np.memmap) == ("alike" not in others)  # one of two that are alike in size


def test_rows_of_a_larger_table_are_read(torch: Any, table: Any, tmp_path: Path) -> None:
    larger = torch.cat([torch.ones(2, DIM), table, torch.ones(1, DIM)])
    torch.save({"weight": larger[2:-1], "itos": WORDS}, tmp_path / "theirs.pt")
    assert (formats.read(tmp_path / "theirs.pt").matrix == MATRIX).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_the_digits_are_read_as_float32(torch: Any, table: Any, tmp_path: Path, dtype: str) -> None:
    half = table.to(getattr(torch, dtype))
    torch.save({"weight": half, "itos": WORDS}, tmp_path / "theirs.pt")
    assert (formats.read(tmp_path / "theirs.pt").matrix == half.float().numpy()).all()


@pytest.mark.parametrize(
    ("saved", "problem"),
    [
        (lambda torch, table: {"weight": table}, "has no list of words"),
        (lambda torch, table: {"itos": WORDS}, "found none"),
        (lambda torch, table: {"weight": table, "itos": WORDS[1:]}, "found none"),
        (
            lambda torch, table: {"weight": table, "vocab": {word: row + 1 for word, row in STOI.items()}},
            "has no list of words",
        ),
        (lambda torch, table: {"in": table, "out": table + 1, "itos": WORDS}, "found 2 such pairs"),
        (lambda torch, table: {"weight": table, "itos": ["cat"] * len(WORDS)}, "the word 'cat' occurs twice"),
        (lambda torch, table: {"weight": table, "itos": ["\ud800", *WORDS[1:]]}, "is not Unicode text"),
        (lambda torch, table: {"weight": table.int(), "itos": WORDS}, "found none"),
        (
            lambda torch, table: {"weight": torch.ones(1, 1).expand(2, 10**12), "itos": ["a", "b"]},
            "are not all in the file",
        ),
        (lambda torch, table: [], "has no list of words"),
    ],
)
def test_what_is_no_table_of_words_is_refused(
    torch: Any, table: Any, tmp_path: Path, saved: Saved, problem: str
) -> None:
    torch.save(saved(torch, table), tmp_path / "theirs.pt")
    with pytest.raises(InputError, match=problem) as caught:
        formats.read(tmp_path / "theirs.pt")
    assert caught.value.message.count(str(tmp_path)) == 1


class Hostile:
    """It asks, when it is loaded, for a command to be run."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (self.command,)


@pytest.mark.parametrize("archive", [True, False], ids=["zip", "legacy"])
def test_a_file_that_would_run_a_command_is_refused_by_name(
    torch: Any, table: Any, tmp_path: Path, archive: bool
) -> None:
    saved = {"weight": table, "itos": WORDS, "more": Hostile(f"touch {tmp_path / 'run'}")}
    torch.save(saved, tmp_path / "theirs.pt", _use_new_zipfile_serialization=archive)
    with pytest.raises(InputError, match=r"would run (posix|nt)\.system"):
        formats.read(tmp_path / "theirs.pt")
    assert not (tmp_path / "run").exists()


def test_an_archive_that_unpacks_to_more_than_its_size_is_refused(tmp_path: Path) -> None:
    export_words(tmp_path / "words.pt")
    with ZipFile(tmp_path / "words.pt") as given, ZipFile(tmp_path / "bomb.pt", "w", ZIP_DEFLATED) as bomb:
        for name in given.namelist():
            bomb.writestr(name, bytes(50_000_000) if name.endswith("data.pkl") else given.read(name))
    with pytest.raises(InputError, match=r"claim 50000[0-9]+ bytes, more than the file has"):
        formats.read(tmp_path / "bomb.pt")


# A loader in C++ that stumbles would take the tests with it: hence a program of its own.
BROKEN = """
import random, sys
from collections import Counter
from pathlib import Path
from wvcli import formats
from wvcli.errors import WvcliError

folder, draw, counts = Path(sys.argv[1]), random.Random(5), Counter()
for name in ("words.pt", "legacy.pt"):
    whole = (folder / name).read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 6])):
            place = draw.randrange(len(data))
            piece = draw.choice([b"", b"\\xff", b"\\0" * 8, b"\\xff" * 8, draw.randbytes(4), b"PK\\5\\6"])
            data[place : place + draw.choice([0, 1, len(piece), 40])] = piece
        data = data[: draw.choice([len(data)] * 3 + [draw.randrange(1, len(data) + 1)])]
        (folder / "broken.pt").write_bytes(data)
        try:
            found = formats.read(folder / "broken.pt", "torch")
            assert found.matrix[:].shape == (len(list(found)), found.dim)
            float(found.matrix.sum())
            counts["read"] += 1
        except WvcliError as error:
            assert "\\n" not in error.message and "broken.pt" in error.message, error.message
            counts["refused"] += 1
print(counts["read"], counts["refused"])
"""


def test_broken_files_are_refused_or_read_and_never_crash(torch: Any, table: Any, tmp_path: Path) -> None:
    export_words(tmp_path / "words.pt")
    torch.save((WORDS, STOI, table, DIM), tmp_path / "legacy.pt", _use_new_zipfile_serialization=False)
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    read, refused = map(int, done.stdout.split())
    assert read + refused == 300
    assert read > 20
    assert refused > 100


SHARED = b")" + b"q\x00h\x00\x86" * 40
DEEP = b")" + b"\x85" * 1_000_000


@pytest.mark.parametrize("payload", [SHARED, DEEP], ids=["shared", "deep"])
@pytest.mark.parametrize(
    "pickled",
    [
        (b"\x80\x02}", b"K\x00s."),  # as a key
        (b"\x80\x02]", b"a."),
        (b"\x80\x02", b")R."),  # as what is called
        (b"\x80\x02ccollections\nOrderedDict\n]", b"K\x00\x86a\x85R."),
    ],
)
def test_astronomic_structures_are_refused_before_they_are_loaded(
    torch: Any, tmp_path: Path, payload: bytes, pickled: tuple[bytes, bytes]
) -> None:
    content = pickled[0] + payload + pickled[1]
    with ZipFile(tmp_path / "theirs.pt", "w") as archive:
        archive.writestr("theirs/data.pkl", content)
        archive.writestr("theirs/version", "3\n")
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    (tmp_path / "legacy.pt").write_bytes(legacy + content + b"\x80\x02].")
    for name in ("theirs.pt", "legacy.pt"):
        with pytest.raises(InputError, match="damaged") as caught:
            formats.read(tmp_path / name)
        assert len(caught.value.message) < 1_000


def test_what_is_shared_is_looked_at_once(torch: Any, table: Any, tmp_path: Path) -> None:
    inner: list[Any] = [0] * 300
    for _ in range(3):
        inner = [inner] * 300
    torch.save({"weight": table, "itos": WORDS, "again": WORDS, "more": inner}, tmp_path / "theirs.pt")
    with pytest.raises(InputError, match="has more parts than a file of its size may"):
        formats.read(tmp_path / "theirs.pt")
    state = torch.nn.Embedding(*table.shape).state_dict()
    state["weight"][:] = table
    saved = {"state_dict": state, "itos": WORDS, "again": [WORDS, list(WORDS)], "by pair": {("a", 1): 0.5}}
    torch.save(saved, tmp_path / "theirs.pt")
    assert list(formats.read(tmp_path / "theirs.pt")) == WORDS
