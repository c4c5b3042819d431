"""Sources at addresses, read from real servers on this machine."""

import gzip
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

import pyarrow
import pytest
from pyarrow import parquet

import wvcli
from tests.clients import s3_server
from tests.conftest import SENTENCES, Result, Run
from wvcli.classification.labelled_texts import LabelledTexts
from wvcli.errors import InputError, InterruptedRunError
from wvcli.text import sources
from wvcli.text.corpus import Corpus
from wvcli.text.parts import divide
from wvcli.text.settings import TextSettings
from wvcli.text.sources import stem, suffix, without_password

TEXT = ("\n".join(SENTENCES * 30) + "\n").encode()
RECORDS = b"".join(json.dumps({"body": {"text": line}}).encode() + b"\n" for line in SENTENCES * 30)
VECTORS = b"".join(b"word%d %r %r\n" % (number, number / 7, number / 11) for number in range(60_000))
LIBRARY = {
    "b.txt": b"second words\n",
    "a/z.txt.gz": gzip.compress(TEXT),
    "a/part-1": b"first words\n",
    "a.txt": b"more words here\n",
    "c[1].txt": b"words in brackets\n",
    "2024-01/é.txt": b"accented words\n",
    "2024-02/deep/er.txt": b"deeper words\n",
    ".hidden/file.txt": b"hidden words\n",
    "a/.hidden": b"hidden words\n",
    "a/model.safetensors": b"no text",
    "sorted/bad/1.txt": b"dull words\n",
    "sorted/good/1.txt": b"fine words\n",
}
QUICK = ("--dim", 5, "--epochs", 1, "--workers", 1)


def assert_refused(result: Result, address: str, folder: Path, code: int = 3) -> None:
    """One line that names the address, and nothing left behind."""
    assert (result.code, result.out) == (code, ""), result.err
    assert address in result.err
    problem, *hints = result.err.splitlines()
    assert problem.startswith("error: "), result.err
    assert "unexpected" not in problem
    assert len(problem) < 300
    assert len(hints) <= 1
    assert list(folder.iterdir()) == []


def assert_trained_as_from_a_file(result: Result, folder: Path, model: str) -> None:
    """One model, of the same text and vectors as that of a file."""
    assert result.code == 0, result.err
    assert [file.name for file in folder.iterdir()] == [f"{model}.safetensors"]
    (folder / "same.txt").write_bytes(TEXT)
    same = wvcli.train(folder / "same.txt", dim=5, epochs=1, workers=1, output=folder / "same.safetensors")
    trained = wvcli.load(folder / f"{model}.safetensors")
    assert trained.manifest["corpus"]["sha256"] == same.manifest["corpus"]["sha256"]
    assert (trained["cat"] == same["cat"]).all()


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables for a run that meets no proxy and no settings of this machine's user."""
    nowhere = str(tmp_path_factory.mktemp("aws") / "none")
    return {
        "NO_PROXY": "*",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }


# --- the web ---


class _Pages(BaseHTTPRequestHandler):
    """A few files, and ways in which a server fails."""

    released = Event()

    def do_GET(self) -> None:
        name = self.path.partition("?")[0]
        pages = {
            "/plain.txt": TEXT,
            "/packed.txt.gz": gzip.compress(TEXT),
            "/packed": gzip.compress(TEXT),
            "/records.jsonl": RECORDS,
            "/empty.txt": b"",
        }
        if name.startswith("/broken"):
            content = TEXT if name == "/broken.txt" else gzip.compress(TEXT)
            self._answer(content[: len(content) // 2], len(content))
            self.close_connection = True
        elif name == "/often-broken.vec.gz":
            self._answer_in_parts(gzip.compress(VECTORS, mtime=0))
        elif name == "/silent.txt":
            self._answer(TEXT[:100], len(TEXT))
            self.released.wait(60)
        elif name == "/forbidden.txt":
            self.send_error(403)
        elif name in pages:
            self._answer(pages[name], len(pages[name]))
        else:
            self.send_error(404)

    def _answer_in_parts(self, content: bytes) -> None:
        """Send at most a third of it in an answer, and then break off."""
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(content) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start : start + len(content) // 3])
        self.close_connection = True

    def _answer(self, content: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        _Pages.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port where nothing listens, and that nobody else is given meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("page", "options", "model"),
    [
        ("plain.txt", (), "plain"),
        ("packed.txt.gz", (), "packed"),
        ("packed", (), "packed"),
        ("records.jsonl", ("--field", "body.text"), "records"),
        ("records.jsonl?token=a/b.c", ("--field", "body.text"), "records"),
    ],
)
def test_a_page_trains_what_a_file_trains(
    run: Run,
    environment: dict[str, str],
    tmp_path: Path,
    web: str,
    page: str,
    options: tuple[str, ...],
    model: str,
) -> None:
    result = run("train", f"{web}/{page}", *options, *QUICK, env=environment)
    assert_trained_as_from_a_file(result, tmp_path, model)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("missing.txt", "404"),
        ("forbidden.txt", "403"),
        ("broken.txt", "broke off"),
        ("broken.txt.gz", "broke off"),
        ("empty.txt", "no words"),
    ],
)
def test_a_page_that_cannot_be_read_is_named(
    run: Run, environment: dict[str, str], tmp_path: Path, web: str, page: str, said: str
) -> None:
    keeping = ("--checkpoint", 1, "--keep-encoded", "kept")
    result = run("train", f"{web}/{page}", *QUICK, *keeping, env=environment)
    assert_refused(result, f"{web}/{page}", tmp_path)
    assert said in result.err


def test_a_broken_page_does_not_touch_the_model_that_is_there(
    run: Run, environment: dict[str, str], tmp_path: Path, web: str
) -> None:
    assert run("train", f"{web}/plain.txt", *QUICK, "-o", "m.safetensors", env=environment).code == 0
    before = (tmp_path / "m.safetensors").read_bytes()
    assert run("train", f"{web}/broken.txt", "--force", "-o", "m.safetensors", env=environment).code == 3
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [before]


def test_a_refused_connection_is_named(
    run: Run, environment: dict[str, str], tmp_path: Path, closed_port: int
) -> None:
    address = f"http://127.0.0.1:{closed_port}/a.txt"
    result = run("train", address, env=environment)
    assert_refused(result, address, tmp_path)
    assert "refused" in result.err.lower()


def test_a_server_that_falls_silent_is_given_up(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with (
        pytest.raises(InputError, match=r"silent\.txt: .*timed out"),
        sources.reading(f"{web}/silent.txt", lambda count: None, timeout=0.5) as stream,
    ):
        stream.read()


def test_a_dry_run_reads_an_address_and_writes_nothing(
    run: Run, environment: dict[str, str], tmp_path: Path, web: str
) -> None:
    result = run("train", f"{web}/packed.txt.gz", "--dry-run", "--format", "json", env=environment)
    assert result.code == 0, result.err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "same.txt").write_bytes(TEXT)
    same = run("train", "same.txt", "--dry-run", "--format", "json")
    assert json.loads(result.out)["tokens"] == json.loads(same.out)["tokens"] > 0
    assert json.loads(result.out)["is_exact"]


def test_an_update_reads_an_address(
    run: Run, environment: dict[str, str], tmp_path: Path, web: str, word2vec_model: Path
) -> None:
    result = run("update", word2vec_model, f"{web}/plain.txt", "-o", "m.safetensors", env=environment)
    assert result.code == 0, result.err
    (tmp_path / "m.safetensors").unlink()
    result = run("update", word2vec_model, f"{web}/missing.txt", "-o", "m.safetensors", env=environment)
    assert_refused(result, f"{web}/missing.txt", tmp_path)


# --- S3 ---


@dataclass(frozen=True)
class Storage:
    """An S3 server with the bucket `texts`, and the variables with which a client finds it."""

    variables: dict[str, str]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with s3_server(tmp_path_factory.mktemp("server")) as variables:
        _fill(variables)
        yield Storage(variables)


def _table() -> bytes:
    """Parquet of five row groups."""
    file = BytesIO()
    table = pyarrow.table({"body": [f"text number {number}" for number in range(100)]})
    parquet.write_table(table, file, row_group_size=20)
    return file.getvalue()


def _fill(variables: dict[str, str]) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="texts")
    for key, content in {
        "folder/file.txt.gz": gzip.compress(TEXT),
        "records.jsonl": RECORDS,
        "empty.txt": b"",
        "cut.txt.gz": gzip.compress(TEXT)[:-20],
        "a?b#c.txt": TEXT,
        **{f"library/{name}": content for name, content in LIBRARY.items()},
        "library/": b"",  # as consoles make a folder
        "tables/numbers.parquet": _table(),
    }.items():
        client.put_object(Bucket="texts", Key=key, Body=content)
    client.close()


@pytest.mark.client
@pytest.mark.parametrize(
    ("key", "options", "model"),
    [
        ("folder/file.txt.gz", (), "file"),
        ("records.jsonl", ("--field", "body.text"), "records"),
        ("a?b#c.txt", (), "a?b#c"),
    ],
)
def test_an_object_trains_what_a_file_trains(
    run: Run,
    environment: dict[str, str],
    tmp_path: Path,
    storage: Storage,
    key: str,
    options: tuple[str, ...],
    model: str,
) -> None:
    result = run("train", f"s3://texts/{key}", *options, *QUICK, env=environment | storage.variables)
    assert_trained_as_from_a_file(result, tmp_path, model)


@pytest.mark.client
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://texts/missing.txt", "NoSuchKey"),
        ("s3://texts/library", "; a folder has a slash at the end of its address"),
        ("s3://texts/*.txt.zst", "no file matches s3://texts/*.txt.zst"),
        ("s3://nowhere/file.txt", "NoSuchBucket"),
        ("s3://nowhere/", "NoSuchBucket"),
        ("s3://texts/nothing/", "the folder s3://texts/nothing/ holds no files to read"),
        ("s3://texts/empty.txt", "no words"),
        ("s3://texts/cut.txt.gz", "cut off"),
        ("s3://A B/file.txt", "Invalid bucket name"),
    ],
)
def test_an_object_that_cannot_be_read_is_named(
    run: Run, environment: dict[str, str], tmp_path: Path, storage: Storage, address: str, said: str
) -> None:
    result = run("train", address, "-o", "m.safetensors", env=environment | storage.variables)
    assert_refused(result, address, tmp_path)
    assert said in result.err


@pytest.fixture
def library(
    storage: Storage, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The files of the folder `library` in S3 and in the working folder."""
    for name, value in (environment | storage.variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for name, content in LIBRARY.items():
        Path("library", name).parent.mkdir(parents=True, exist_ok=True)
        Path("library", name).write_bytes(content)


@pytest.mark.client
def test_addresses_name_the_files_that_paths_name(library: None) -> None:
    for named in (
        "library/", "library/a/", "library/*.txt", "library/*/", "library/*/*", "library/20*", "library/**/*.txt",
        "library/**/deep/*", "library/?.txt", "library/[!b].txt", "library/c[1].txt", "library/c[[]1].txt",
        "library/.hidden/*", "library/a/*", "library/a/z.txt.gz", "library/2024-0[12]",
    ):  # fmt: skip
        on_disk = [Path(file).as_posix() for file in sources.expand(named)]
        assert sources.expand(f"s3://texts/{named}") == [f"s3://texts/{file}" for file in on_disk], named
    assert len(sources.expand("s3://texts")) == len(sources.expand("s3://texts/")) > 10
    found = Corpus(["s3://texts/library/"])
    assert found.size() == Corpus(["library"]).size()
    assert list(found.texts()) == list(Corpus(["library"]).texts())


@pytest.mark.client
def test_files_of_s3_are_divided_into_parts(library: None) -> None:
    text = TextSettings(("s3://texts/tables/", "s3://texts/library/b.txt"), column="body")
    whole = text.corpus()
    parts = [part for group in divide(whole, part_bytes=300) for part in group]
    assert [(part.start, part.stop) for part in parts] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, None)]
    assert list(text.corpus().blocks_of_parts(parts)) == list(whole.blocks())


@pytest.mark.client
def test_a_folder_of_s3_trains_what_a_folder_trains_also_after_a_stop(library: None, tmp_path: Path) -> None:
    how: dict[str, Any] = {"dim": 5, "epochs": 2, "workers": 1, "engine": "gensim"}
    here = wvcli.train("library", "here", **how)
    stops = iter([False, True])
    with pytest.raises(InterruptedRunError):
        wvcli.train("s3://texts/library/", checkpoint=1, should_stop=lambda: next(stops, False), **how)
    wvcli.train("s3://texts/library/", checkpoint=1, resume=True, **how)
    there = wvcli.load("library.safetensors")
    assert there.manifest["corpus"].pop("sources") == ["s3://texts/library/"]
    assert here.manifest["corpus"].pop("sources") == ["library"]
    assert there.manifest == here.manifest
    assert there.matrix.tobytes() == here.matrix.tobytes()


@pytest.mark.client
def test_the_folders_of_a_folder_of_s3_are_labels(library: None) -> None:
    on_disk, at_address = LabelledTexts(["library/sorted"]), LabelledTexts(["s3://texts/library/sorted/"])
    found = [(text.labels, text.text) for text in at_address]
    assert found == [(text.labels, text.text) for text in on_disk]
    assert found == [(("bad",), "dull words"), (("good",), "fine words")]


class _Refusing(_Pages):
    """An S3 server that lets nobody list what it has."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")


@pytest.mark.client
def test_a_storage_that_does_not_list_is_told(library: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(InputError, match=r"^cannot read s3://texts/library/: .*AccessDenied.*Access Denied$"):
            sources.expand("s3://texts/library/")
        server.shutdown()
        thread.join()


@pytest.mark.client
def test_missing_credentials_are_told(
    run: Run, environment: dict[str, str], tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    endpoint = {"AWS_ENDPOINT_URL": storage.variables["AWS_ENDPOINT_URL"]}
    result = run("train", "s3://texts/folder/file.txt.gz", env=environment | endpoint)
    assert_refused(result, "s3://texts/folder/file.txt.gz", tmp_path)
    assert "credentials" in result.err


@pytest.mark.client
def test_an_endpoint_that_does_not_answer_is_told(
    run: Run, environment: dict[str, str], tmp_path: Path, storage: Storage, closed_port: int
) -> None:
    endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed_port}"}
    result = run("train", "s3://texts/a.txt", env=environment | storage.variables | endpoint)
    assert_refused(result, "s3://texts/a.txt", tmp_path)
    assert "refused" in result.err.lower()


@pytest.mark.client
def test_a_password_is_neither_shown_nor_kept(
    run: Run, environment: dict[str, str], tmp_path: Path, storage: Storage
) -> None:
    endpoint = {"AWS_ENDPOINT_URL": storage.variables["AWS_ENDPOINT_URL"]}
    address = "s3://someone:s3cret/s3cret@texts/"
    result = run("train", address + "missing.txt", env=environment | endpoint)
    assert_refused(result, "s3://someone@texts/missing.txt", tmp_path)
    assert "s3cret" not in result.err
    options = (*QUICK, "--keep-encoded", "kept")
    result = run("train", address + "folder/file.txt.gz", *options, env=environment | endpoint)
    assert result.code == 0, result.err
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.name for file in written} >= {"file.safetensors", "text.json"}
    assert not any(b"s3cret" in file.read_bytes() for file in written)


class _Stumbling(BaseHTTPRequestHandler):
    """An S3 server that breaks off in the middle of each object, the first time it is asked for."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        span = self.headers["Range"]
        start = int(span.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{len(TEXT) - 1}/{len(TEXT)}")
        self.send_header("Content-Length", str(len(TEXT) - start))
        self.end_headers()
        self.wfile.write(TEXT[start:] if self.asked else TEXT[: len(TEXT) // 2])
        self.asked.append(span)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


def test_an_object_that_broke_off_once_is_read_on_from_there(
    run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stumbling) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        result = run("train", "s3://texts/a.txt", *QUICK, env=environment | keys | endpoint)
        server.shutdown()
        thread.join()
    assert result.code == 0, result.err
    assert _Stumbling.asked == ["bytes=0-", f"bytes={len(TEXT) // 2}-"]
    corpus = wvcli.load(tmp_path / "a.safetensors").manifest["corpus"]
    (tmp_path / "same.txt").write_bytes(TEXT)
    same = Corpus([str(tmp_path / "same.txt")])
    list(same.texts())
    assert corpus["sha256"] == same.fingerprint()


# --- addresses ---


@pytest.mark.parametrize("package", ["requests", "boto3"])
def test_a_missing_extra_is_told_with_its_pip_line(
    run: Run, environment: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, package: str
) -> None:
    absent = tmp_path_factory.mktemp("absent")
    (absent / f"{package}.py").write_text(f"raise ModuleNotFoundError('no {package} here')\n")
    address = "s3://texts/a.txt" if package == "boto3" else "http://127.0.0.1/a.txt"
    result = run("train", address, env=environment | {"PYTHONPATH": str(absent)})
    assert_refused(result, address, tmp_path, code=5)
    assert 'pip install "wvcli[remote]"' in result.err


@pytest.mark.parametrize(
    "address", ["nothing://host/a.txt", "http:///a.txt", "http://[::1/a.txt", "file:///no/a.txt"]
)
def test_an_address_that_means_nothing_is_refused(
    run: Run, environment: dict[str, str], tmp_path: Path, address: str
) -> None:
    assert_refused(run("train", address, "-o", "m.safetensors", env=environment), address, tmp_path)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host/a/text.jsonl.GZ", ("text", ".jsonl")),
        ("https://host/text.csv?key=x.y/z#part", ("text", ".csv")),
        ("s3://bucket/what?.txt.zst", ("what?", ".txt")),
    ],
)
def test_an_address_tells_a_name_and_a_kind(address: str, name: tuple[str, str]) -> None:
    assert (stem(address), suffix(address)) == name


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:secret@host:80/a", "https://me@host:80/a"),
        ("https://host:80/a@b", "https://host:80/a@b"),
        ("ssh://me@host/a:b@c", "ssh://me@host/a:b@c"),
        ("s3://id:se/cr:et@bucket/a@b", "s3://id@bucket/a@b"),
        ("a:b@c.txt", "a:b@c.txt"),
    ],
)
def test_a_password_is_left_out_of_what_is_shown(address: str, shown: str) -> None:
    assert without_password(address) == shown


# --- vectors ---


def test_vectors_at_an_address_are_imported_though_the_server_breaks_off(
    run: Run, environment: dict[str, str], tmp_path: Path, web: str
) -> None:
    done = run("import", f"{web}/often-broken.vec.gz", env=environment)
    assert done.err == "note: wrote 60,000 words of 2 dimensions to often-broken.safetensors\n"
    origin = wvcli.load(tmp_path / "often-broken.safetensors").manifest["imported"]
    packed = gzip.compress(VECTORS, mtime=0)
    assert (origin["source"], origin["bytes"]) == (f"{web}/often-broken.vec.gz", len(packed))
    assert origin["sha256"] == sha256(packed).hexdigest()
    asked = run("similar", "word3", "-n", 1, "-m", f"{web}/often-broken.vec.gz", env=environment)
    assert (asked.code, asked.rows[0][0]) == (0, "word3")
    missing = run("similar", "word3", "-m", f"{web}/none.vec", env=environment)
    assert missing.code == 3
    assert missing.err.startswith(f"error: cannot read {web}/none.vec: 404")
