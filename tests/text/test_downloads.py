"""What came of a download before it broke off, and how the next run goes on from there."""

import gzip
import hashlib
import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import numpy as np
import pytest

import wvcli
from tests.clients import package
from tests.formats.test_model2vec import WORDS as EMBEDDED
from tests.formats.test_model2vec import make
from wvcli.errors import InputError
from wvcli.reporting import Progress
from wvcli.text import addresses, downloads, sources
from wvcli.text.corpus import Corpus

WORDS = [f"w{number}" for number in range(6000)]
# Larger than what is asked for at a time, packed or not.
NUMBERS = np.random.default_rng(1).random((len(WORDS), 8)).astype(str)
VECTORS = "".join(f"{word} {' '.join(row)}\n" for word, row in zip(WORDS, NUMBERS, strict=True)).encode()
SENT = 300_000  # bytes, after which a server breaks off


class _Page(BaseHTTPRequestHandler):
    """A server of one file, which breaks off, changes, or sends no parts, as the test wants it."""

    content: ClassVar[bytes] = VECTORS
    others: ClassVar[dict[str, bytes]] = {}
    version: ClassVar[str | None] = '"1"'
    sent: ClassVar[int] = 1 << 30  # bytes, after which it breaks off
    gives_parts: ClassVar[bool] = True
    asked: ClassVar[list[str]] = []
    tokens: ClassVar[list[str | None]] = []
    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        span = self.headers.get("Range") if self.gives_parts else None
        self.asked.append(span or "")
        self.paths.append(self.path)
        self.tokens.append(self.headers.get("Authorization"))
        start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
        self.send_response(206 if span else 200)
        if self.version:
            self.send_header("ETag", self.version)
        content = self.others.get(self.path.partition("?")[0], self.content)
        self.send_header("Content-Length", str(len(content) - start))
        if span:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start : max(start, self.sent)])
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server, before which no proxy stands; nothing is kept of another test."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(addresses, "_PAUSES", (0.0,))
    for name in ("content", "version", "sent", "gives_parts"):
        monkeypatch.setattr(_Page, name, getattr(_Page, name))
    _Page.asked.clear()
    _Page.paths.clear()
    _Page.tokens.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v.txt"
        server.shutdown()
        thread.join()


def kept() -> list[Path]:
    return sorted(downloads.folder().glob("*")) if downloads.folder().exists() else []


def broken_off(page: str) -> str:
    """Let a download break off; the hint of the error."""
    _Page.sent = SENT
    with pytest.raises(InputError, match="broke off") as caught:
        wvcli.load(page)
    _Page.sent = 1 << 30
    _Page.asked.clear()
    return caught.value.hint


@pytest.mark.parametrize("packed", [False, True])
def test_the_next_run_goes_on_where_the_last_broke_off(page: str, tmp_path: Path, packed: bool) -> None:
    content = gzip.compress(VECTORS) if packed else VECTORS
    _Page.content = content
    assert "the same command goes on from there" in broken_off(page)
    [part] = kept()
    came = part.stat().st_size
    assert 0 < came <= SENT < len(content)
    assert content.startswith(part.read_bytes())
    notes: list[str] = []
    seen: list[Progress] = []
    found = wvcli.import_vectors(page, tmp_path / "m", on_note=notes.append, on_progress=seen.append)
    assert list(found) == WORDS
    assert _Page.asked == ["", f"bytes={came}-"]
    assert notes == [f"the first {came / 1e6:,.1f} MB of {page} are of an earlier run"]
    origin = found.manifest["imported"]
    assert (origin["bytes"], origin["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert {each.total for each in seen if each.stage == "fetching"} == {len(content)}
    assert kept() == []


def test_another_version_begins_anew(page: str) -> None:
    broken_off(page)
    _Page.version = '"2"'
    assert list(wvcli.load(page)) == WORDS
    assert _Page.asked == [""]


@pytest.mark.parametrize("version", [None, 'W/"1"'])
def test_without_a_version_that_tells_bytes_nothing_is_kept(page: str, version: str | None) -> None:
    _Page.version = version
    broken_off(page)
    assert kept() == []


def test_a_server_without_parts_sends_all_again(page: str) -> None:
    broken_off(page)
    _Page.gives_parts = False
    assert list(wvcli.load(page)) == WORDS
    assert kept() == []


def test_what_is_complete_or_too_long_is_not_asked_for_again(page: str) -> None:
    broken_off(page)
    [part] = kept()
    part.write_bytes(VECTORS)
    assert list(wvcli.load(page)) == WORDS
    broken_off(page)
    part.write_bytes(VECTORS + b"more")
    assert list(wvcli.load(page)) == WORDS
    assert kept() == []


def test_what_is_damaged_is_not_kept(page: str) -> None:
    _Page.content = gzip.compress(VECTORS)
    broken_off(page)
    [part] = kept()
    part.write_bytes(part.read_bytes()[:-100] + bytes(100))
    with pytest.raises(InputError, match="damaged"):
        wvcli.load(page)
    assert kept() == []
    assert list(wvcli.load(page)) == WORDS


def test_what_was_kept_long_ago_is_removed_and_a_server_that_is_away_changes_nothing(page: str) -> None:
    broken_off(page)
    [part] = kept()
    with pytest.raises(InputError):
        wvcli.load(page.replace("127.0.0.1", "127.0.0.1:1").rpartition(":")[0] + "/v.txt")
    assert kept() == [part]
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(part, (long_ago, long_ago))
    assert list(wvcli.load(page)) == WORDS
    assert _Page.asked[-1] == ""


def test_a_folder_that_cannot_be_written_keeps_nothing(page: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    broken_off(page)
    assert list(wvcli.load(page)) == WORDS


@pytest.fixture
def hub(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the package of the Hub ask the server of the test."""
    constants = package("huggingface_hub.constants")
    endpoint = page.rpartition("/")[0]
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)


@pytest.mark.client
def test_files_of_the_hub_are_read(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(wvcli.load("hf://someone/vectors/folder/v.txt")) == WORDS
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert list(wvcli.load("hf://datasets/someone/vectors@v2/v.txt")) == WORDS
    paths = ["/someone/vectors/resolve/main/folder/v.txt", "/datasets/someone/vectors/resolve/v2/v.txt"]
    assert _Page.paths == paths
    assert _Page.tokens == [None, "Bearer hf_secret"]


_TREE = "/api/models/someone/potion/tree/main"


def listing(names: list[str]) -> bytes:
    """What the Hub says of the files of a repository."""
    return json.dumps([{"type": "file", "path": name, "size": 1, "oid": "0"} for name in names]).encode()


@pytest.mark.client
def test_static_embeddings_are_read_from_their_repository(
    hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "potion")
    names = [*sorted(file.name for file in folder.iterdir()), "README.md", "onnx/model.onnx"]
    pages = {f"/someone/potion/resolve/main/{file.name}": file.read_bytes() for file in folder.iterdir()}
    monkeypatch.setattr(_Page, "others", pages)
    pages[_TREE] = listing(names)
    found = wvcli.import_vectors("hf://someone/potion", tmp_path / "m")
    assert list(found) == EMBEDDED
    origin = found.manifest["imported"]
    content = b"".join((folder / name).read_bytes() for name in names[:-2])
    assert (origin["format"], origin["source"]) == ("model2vec", "hf://someone/potion")
    assert (origin["bytes"], origin["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    pages[_TREE] = listing(["../model.safetensors", "v.txt"])
    with pytest.raises(InputError, match="hf://someone/potion has no static embeddings") as caught:
        wvcli.load("hf://someone/potion")
    assert "v.txt" in caught.value.hint


@pytest.mark.client
def test_folders_of_the_hub_name_their_files(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = "/api/datasets/someone/texts/tree"
    names = ["data/a.txt", "data/deep/b.txt", "data/.hidden"]
    pages = {
        f"{tree}/main": listing([*names, "README.md", ".gitattributes"]),
        f"{tree}/v2/data": listing(names),
        "/datasets/someone/texts/resolve/v2/data/a.txt": b"first text\n",
        "/datasets/someone/texts/resolve/v2/data/deep/b.txt": b"second text\n",
    }
    monkeypatch.setattr(_Page, "others", pages)
    root = "hf://datasets/someone/texts"
    everything = [f"{root}/README.md", f"{root}/data/a.txt", f"{root}/data/deep/b.txt"]
    assert sources.expand(root) == sources.expand(f"{root}/") == everything
    assert sources.expand(f"{root}@v2/data/*.txt") == [f"{root}@v2/data/a.txt"]
    assert list(Corpus([f"{root}@v2/data/"]).texts()) == ["first text", "second text"]


@pytest.mark.parametrize("address", ["hf://someone", "hf://@main/v.txt"])
def test_an_address_of_the_hub_names_a_file(address: str) -> None:
    with pytest.raises(InputError, match="names no file of the Hub"):
        wvcli.load(address)
