"""Vectors as they were downloaded: packed, in archives, through pipes, from addresses, in other encodings."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

import wvcli
from tests.clients import marks
from tests.conftest import Run
from tests.formats.test_formats import random_vectors
from tests.formats.test_model2vec import make
from wvcli import formats
from wvcli.errors import InputError, UsageError
from wvcli.formats import registry

TEXT = "3 2\nthe 0.5 1.5\ncat 3.0 4.0\n猫 2.0 5.0\n"
OTHER = "1 2\nhouse 1.5 0.5\n"
GLOVE = "the 0.5 1.5\ncat 3.0 4.0\n猫 2.0 5.0\n"


def zipped(files: dict[str, str]) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(files: dict[str, str]) -> bytes:
    """A tar archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return packed.getvalue()


def zstandard(data: bytes) -> bytes:
    """What `zstd` makes of it; its package differs from one Python to the next."""
    from smart_open.compression import compression_wrapper

    packed = io.BytesIO()
    with compression_wrapper(packed, "wb", ".zst") as stream:
        stream.write(data)
        stream.flush()
        stream.close = lambda: None
    return packed.getvalue()


PACKED: dict[str, Callable[[], bytes]] = {
    "v.vec.gz": lambda: gzip.compress(TEXT.encode()),
    "v.vec.bz2": lambda: bz2.compress(TEXT.encode()),
    "v.vec.xz": lambda: lzma.compress(TEXT.encode()),
    "v.zip": lambda: zipped({"README.md": "# Vectors\n", "v.vec": TEXT, "__MACOSX/v.vec": TEXT}),
    "v.tar": lambda: tarred({"./v/LICENSE": "Free.\n", "./v/v.vec": TEXT}),
    "v.tar.gz": lambda: gzip.compress(tarred({"v/v.vec": TEXT})),
    "v.zip.xz": lambda: lzma.compress(zipped({"v.vec": TEXT})),
    "named otherwise": lambda: gzip.compress(TEXT.encode()),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_opens_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[name]())
    found = wvcli.load(path)
    assert (list(found), found["猫"].tolist(), found.path) == (["the", "cat", "猫"], [2, 5], path)
    model = wvcli.import_vectors(path, tmp_path / "m.safetensors")
    assert (model.matrix == found.matrix).all()
    origin = model.manifest["imported"]
    content = path.read_bytes()
    assert (origin["bytes"], origin["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert origin["source"] == str(path)
    assert origin.get("member", "").endswith("v.vec" if "zip" in name or "tar" in name else "")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, "m.safetensors"])


@pytest.mark.parametrize(
    "name", [pytest.param(each.name, marks=marks(each)) for each in registry if each.read and each.write]
)
def test_every_format_can_be_packed(tmp_path: Path, name: str) -> None:
    vectors = random_vectors(3, 4)
    path = tmp_path / f"v{(registry.get(name).suffixes or ('',))[0]}"
    formats.write(vectors, path, name)
    with tarfile.open(tmp_path / "v.tar.gz", "w:gz") as archive:
        archive.add(path, f"some/{path.name}")
    read = wvcli.load(tmp_path / "v.tar.gz")
    assert list(read) == list(vectors)
    assert np.array_equal(np.asarray(read.matrix), np.asarray(wvcli.load(path).matrix))


def test_a_member_is_chosen_by_name(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "glove.zip"
    archive.write_bytes(zipped({"all/g.50d.txt": GLOVE, "all/g.100d.txt": OTHER, "LICENSE": ""}))
    several = run("import", "glove.zip")
    assert several.code == 3
    assert several.err == (
        "error: glove.zip holds vectors more than once; "
        "choose with --member: all/g.50d.txt (0.0 MB), all/g.100d.txt (0.0 MB)\n"
    )
    done = run("import", "glove.zip", "--member", "g.50d.txt")
    assert (done.code, done.err) == (0, "note: wrote 3 words of 2 dimensions to g.50d.safetensors\n")
    origin = wvcli.load(tmp_path / "g.50d.safetensors").manifest["imported"]
    assert (origin["source"], origin["member"]) == ("glove.zip", "all/g.50d.txt")
    with pytest.raises(InputError, match="more than once"):
        wvcli.load(archive)
    with pytest.raises(InputError, match=r"glove\.zip has no file called g\.25d\.txt") as missing:
        wvcli.import_vectors(archive, tmp_path / "m", member="g.25d.txt")
    assert "all/g.50d.txt" in missing.value.hint


def test_arrays_and_folders_in_an_archive_stay_together(tmp_path: Path) -> None:
    vectors = random_vectors(2, 3)
    formats.write(vectors, tmp_path / "v.kv", "gensim")
    np.save(
        tmp_path / "v.kv.vectors.npy", np.zeros((1, 1))
    )  # of another file: only that its name begins so counts
    folder = make(tmp_path / "m2v")
    packed = tmp_path / "v.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(tmp_path / "v.kv", "v.kv")
        archive.add(tmp_path / "v.kv.vectors.npy", "v.kv.vectors.npy")
    assert list(wvcli.load(packed)) == ["word0", "word1"]
    with tarfile.open(packed, "w") as archive:
        archive.add(folder, "model")
    assert wvcli.import_vectors(packed, tmp_path / "m").manifest["imported"]["format"] == "model2vec"


def test_other_encodings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text(TEXT, encoding="utf-16")
    assert list(wvcli.load(path)) == ["the", "cat", "猫"]  # its byte order mark says it
    path.write_bytes(gzip.compress(TEXT.encode("utf-16-le")))
    assert list(wvcli.load(path, encoding="utf-16-le")) == ["the", "cat", "猫"]
    path.write_bytes(TEXT.encode("utf-7"))
    assert list(wvcli.load(path, encoding="utf-7")) == ["the", "cat", "猫"]
    path.write_bytes(TEXT.encode("utf-16") + b"\0")
    with pytest.raises(InputError, match=r"v\.vec is not UTF-16"):
        wvcli.load(path)
    assert len(wvcli.load(path, encoding_errors="ignore")) == 3
    path.write_bytes(gzip.compress(GLOVE.encode("gb18030")))
    assert list(wvcli.load(path, encoding="gb18030")) == ["the", "cat", "猫"]


def test_pipes_and_standard_input_are_read(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(gzip.compress(TEXT.encode())))
    writer.start()
    assert list(wvcli.load(pipe)) == ["the", "cat", "猫"]
    writer.join()
    done = run("import", "-", "-o", "m", stdin=TEXT)
    assert (done.code, done.err) == (0, "note: wrote 3 words of 2 dimensions to m.safetensors\n")
    origin = json.loads(run("info", "m.safetensors").out)["imported"]
    assert (origin["source"], origin["bytes"]) == ("standard input", len(TEXT.encode()))
    nameless = run("import", "-", stdin=TEXT)
    assert nameless.code == 2
    assert nameless.err == "error: vectors from standard input have no name; name the model with --output\n"
    asked = run("similar", "cat", "-n", 1, "-m", "-", stdin=TEXT)
    assert (asked.code, asked.rows[0][1]) == (0, "猫")
    both = run("similar", "-", "-m", "-", stdin=TEXT)
    assert both.code == 2
    assert "standard input" in both.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.gz", gzip.compress(TEXT.encode() * 99)[:-9], "cut.gz is cut off"),
        ("twice.gz", gzip.compress(gzip.compress(TEXT.encode())), "twice.gz is packed twice"),
        ("none.zip", zipped({"README": "nothing here"}), "none.zip holds no vectors in a known format"),
        ("cut.zip", zipped({"v.vec": TEXT})[:60], "cut.zip is damaged"),
        ("cut.tar", tarred({"v.vec": TEXT})[:520], "cut.tar is damaged"),
        ("out.tar", tarred({"../v.vec": TEXT}), "out.tar is damaged: '../v.vec' leads out of it"),
        (
            "bad.vec.gz",
            gzip.compress(TEXT.replace("4.0", "x").encode()),
            "bad.vec.gz, line 3: 'x' is not a number",
        ),
        ("bad.zip", zipped({"v.vec": TEXT.replace("4.0", "x")}), "bad.zip (v.vec), line 3: 'x' is not a number"),
    ],
)
def test_what_is_damaged_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)):
        wvcli.import_vectors(tmp_path / name, tmp_path / "m")
    with pytest.raises(InputError, match=re.escape(message)):
        wvcli.load(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_member_of_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.vec").write_text(TEXT)
    (tmp_path / "v.vec.gz").write_bytes(gzip.compress(TEXT.encode()))
    for name in ("v.vec", "v.vec.gz"):
        with pytest.raises(UsageError, match=rf"{name} is no archive"):
            wvcli.import_vectors(tmp_path / name, tmp_path / "m", member="v.vec")


def test_a_packed_model_is_to_be_unpacked(tmp_path: Path, word2vec_model: Path) -> None:
    packed = tmp_path / "m.safetensors.gz"
    packed.write_bytes(gzip.compress(word2vec_model.read_bytes(), 1))
    with pytest.raises(UsageError, match="is a model of wvcli"):
        wvcli.load(packed)
