"""Folders in Google's and Azure's storage, listed and read by their own clients from a server on this machine.

S3 is in `test_addresses`, the Hugging Face Hub in `test_downloads`.
"""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.clients import package
from wvcli.errors import InputError
from wvcli.text import sources, storage
from wvcli.text.corpus import Corpus
from wvcli.text.line_ranges import reading_lines

FILES = {
    "texts/a.txt": b"first text\nsecond text\n",
    "texts/deep/b c.txt.gz": gzip.compress(b"packed text\n"),
    "texts/.hidden": b"hidden text\n",
    "texts/": b"",
    "textsbeside.txt": b"other text\n",
}


class _Storage(BaseHTTPRequestHandler):
    """A server that lists and sends what is in a bucket of Google's storage, or in a container of Azure's."""

    protocol_version = "HTTP/1.1"
    keys: ClassVar[list[str]] = []  # that were sent

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path, query = unquote(address.path), {name: each[0] for name, each in parse_qs(address.query).items()}
        if path == "/storage/v1/b/bucket/o":
            named = [name for name in FILES if name.startswith(query.get("prefix", ""))]
            items = [{"name": name, "size": str(len(FILES[name])), "bucket": "bucket"} for name in named]
            self._answer(json.dumps({"items": items}).encode(), "application/json")
        elif path == "/account/bucket" and query.get("comp") == "list":
            named = [name for name in FILES if name.startswith(query.get("prefix", ""))]
            blobs = "".join(
                f"<Blob><Name>{name}</Name><Properties><Content-Length>{len(FILES[name])}</Content-Length>"
                "<BlobType>BlockBlob</BlobType></Properties></Blob>"
                for name in named
            )
            listed = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>"
            self._answer(f'<?xml version="1.0" encoding="utf-8"?>{listed}'.encode(), "application/xml")
        else:
            key = path.partition("/bucket/")[2].removeprefix("o/")
            self._send(key, is_described="/storage/v1/" in path and query.get("alt") != "media")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, key: str, is_described: bool) -> None:
        """Send a file, or a part of it, or what Google's storage says of it."""
        if key not in FILES:
            self.send_error(404)
        elif is_described:
            about = {"name": key, "bucket": "bucket", "size": str(len(FILES[key])), "generation": "1"}
            self._answer(json.dumps(about).encode(), "application/json")
        else:
            self.keys.append(key)
            span = self.headers.get("x-ms-range") or self.headers.get("Range")
            self._answer(FILES[key], "application/octet-stream", span)

    def _answer(self, content: bytes, kind: str, span: str | None = None) -> None:
        first, _, last = (span or "bytes=0-").removeprefix("bytes=").partition("-")
        start, stop = int(first), int(last or len(content) - 1) + 1
        part = content[start:stop]
        self.send_response(206 if span else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("x-ms-blob-type", "BlockBlob")
        self.send_header("ETag", '"1"')
        if span:
            self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A storage to which the clients of both are sent by the variables that they know."""
    package("google.cloud.storage")
    package("azure.storage.blob")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Storage) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", endpoint)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project")
        login = "DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5"
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"{login};BlobEndpoint={endpoint}/account;")
        yield endpoint
        server.shutdown()
        thread.join()


@pytest.mark.client
@pytest.mark.parametrize("root", ["gs://bucket", "gcs://bucket", "azure://bucket"])
def test_a_folder_names_its_files_which_are_read(server: str, root: str) -> None:
    files = [f"{root}/texts/a.txt", f"{root}/texts/deep/b c.txt.gz"]
    assert sources.expand(f"{root}/texts/") == sources.expand(f"{root}/texts/**/*.txt*") == files
    assert sources.expand(root) == [*files, f"{root}/textsbeside.txt"]
    corpus = Corpus([f"{root}/texts/"])
    assert corpus.size() == sum(len(FILES[file.removeprefix(f"{root}/")]) for file in files)
    assert list(corpus.texts()) == ["first text", "second text", "packed text"]
    assert sources.size_of(files[0]) == len(FILES["texts/a.txt"])
    with reading_lines(files[0], 3, None, lambda count: None) as lines:
        assert lines.read() == b"second text\n"
    with pytest.raises(InputError, match=f"the folder {root}/nothing/ holds no files to read"):
        Corpus([f"{root}/nothing/"])


@pytest.mark.client
def test_azure_without_its_variable_is_told(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING")
    for address in ("azure://bucket/texts/", "azure://bucket/texts/a.txt"):
        with pytest.raises(InputError, match="AZURE_STORAGE_CONNECTION_STRING, which is not set"):
            list(Corpus([address]).texts())


@pytest.mark.parametrize(
    ("address", "several", "folder", "name"),
    [
        ("s3://bucket/texts/", True, True, "texts"),
        ("s3://id:se/cr:et@bucket", True, True, "bucket"),
        ("s3://bucket/texts/*", True, False, "*"),
        ("s3://bucket/texts", False, False, "texts"),
        ("s3://bucket/a?b&versionId=3", False, False, ""),
        ("hf://datasets/owner/name@v2", True, True, "name"),
        ("hf://owner/name/folder/", True, True, "folder"),
        ("https://host/texts/", False, False, ""),
        ("texts/", False, False, ""),
    ],
)
def test_an_address_tells_whether_it_names_several_files(
    address: str, several: bool, folder: bool, name: str
) -> None:
    assert (storage.names_several(address), storage.is_folder(address)) == (several, folder)
    assert storage.folder_name(address) == name
