"""Training on Spark gives what it gives on one machine, whatever happens to executors and drivers."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.clients import package, program, s3_server
from tests.conftest import CLONE, clean_environment
from wvcli.errors import ExitCode, MissingPackageError, UsageError
from wvcli.models import model_file
from wvcli.tokens.kept_text import KeptText
from wvcli.training import job
from wvcli.training.checkpoints import state_of_run
from wvcli.training.clusters import connected
from wvcli.training.clusters.spark import send_package
from wvcli.training.work_folder import WorkFolder

pytestmark = [pytest.mark.client, pytest.mark.filterwarnings("ignore::ResourceWarning")]

QUICK: dict[str, Any] = {"dim": 8, "epochs": 1, "min_count": 3, "workers": 1, "unknown_words": "none"}
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",  # so that it is a server, too
    "spark.connect.grpc.binding.port": "0",  # any that is free
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.codegen.wholeStage": "false",  # compiling takes longer than a few rows
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
# What makes a virtual machine start sooner, and not wait for what a long run gains.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xshare:auto"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = (CLONE / "sample_corpora" / "english.txt").read_text("utf-8").splitlines()
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(lines[:400]), "utf-8")
    return path


@dataclass(frozen=True)
class Cluster:
    """A session with two executors, each in a virtual machine of its own.

    Attributes:
        session: of this process.
        address: at which other processes have sessions there, by Spark Connect.
    """

    session: Any
    address: str


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    for name in ("pyspark", "grpc", "grpc_status", "zstandard"):
        package(name)
    program("java")
    folder = tmp_path_factory.mktemp("settings")
    lines = "".join(f"{name} {value}\n" for name, value in _SETTINGS.items())
    (folder / "spark-defaults.conf").write_text(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", _JAVA)
        patch.setenv("SPARK_CONF_DIR", str(folder))
        with connected("local-cluster[2,1,1024]"):
            from pyspark.sql import SparkSession

            session = SparkSession.getActiveSession()
            assert session is not None
            session.sparkContext.setLogLevel("OFF")
            server = getattr(session._jvm, "org.apache.spark.sql.connect.service.SparkConnectService$")
            yield Cluster(session, f"sc://127.0.0.1:{getattr(server, 'MODULE$').localPort()}")


@pytest.fixture
def session(cluster: Cluster) -> Any:
    return cluster.session


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


ON_SPARK: dict[str, Any] = {"cluster": "session", "work": "work"}


def executors() -> list[int]:
    """The processes of the session's executors: the virtual machines that one of this process has started."""
    parents, found = {}, []
    for folder in Path("/proc").iterdir():
        try:
            status, command = ((folder / name).read_text() for name in ("status", "cmdline"))
        except (OSError, UnicodeDecodeError):  # it has ended, or is no process
            continue
        parents[folder.name] = re.search(r"^PPid:\s*(\d+)", status, re.MULTILINE)
        if "CoarseGrainedExecutorBackend" in command:
            found.append(folder.name)
    return sorted(int(name) for name in found if str(os.getpid()) in _ancestors(name, parents))


def _ancestors(name: str, parents: Mapping[str, re.Match[str] | None]) -> Iterator[str]:
    while parent := parents.get(name):
        name = parent[1]
        yield name


def test_one_replica_gives_the_file_and_the_kept_text_of_one_machine(room: Path, text: Path) -> None:
    wvcli.train(text, "one", engine="gensim", keep_encoded="one", **QUICK)
    wvcli.train(text, "many", engine="gensim", keep_encoded="many", rounds=2, **ON_SPARK, **QUICK)
    assert Path("many.safetensors").read_bytes() == Path("one.safetensors").read_bytes()
    one, many = KeptText.of(Path("one")), KeptText.of(Path("many"))
    assert many.about == one.about
    names = sorted(path.name for path in Path("one").iterdir())
    assert names == sorted(path.name for path in Path("many").iterdir())
    for name in names:
        assert Path("many", name).read_bytes() == Path("one", name).read_bytes()


def test_an_executor_killed_in_a_round_changes_nothing(room: Path, text: Path) -> None:
    how = {**QUICK, "replicas": 2, "rounds": 2}
    wvcli.train(text, "undisturbed", cluster="processes[1]", work="work", **how)
    before = executors()
    assert len(before) == 2
    rounds = iter(range(5))
    killed = threading.Event()

    def kill() -> None:
        """Kill an executor when the first replica of the round has written something."""
        seen = set(Path("work").rglob("changes/*"))
        while not set(Path("work").rglob("changes/*")) - seen:
            time.sleep(0.01)
        os.kill(before[0], signal.SIGKILL)
        killed.set()

    def should_stop() -> bool:
        if next(rounds) == 1:
            threading.Thread(target=kill, daemon=True).start()
        return False

    wvcli.train(text, "disturbed", should_stop=should_stop, **ON_SPARK, **how)
    assert killed.is_set()
    assert before[0] not in executors()
    about = model_file.open_model(Path("disturbed.safetensors")).manifest
    kept = about["coverage"]["tokens_kept"]
    assert [epoch["tokens_trained"] for epoch in about["history"]] == [kept]
    assert Path("disturbed.safetensors").read_bytes() == Path("undisturbed.safetensors").read_bytes()


def _program(text: Path, output: str, cluster: str, how: Mapping[str, Any]) -> "subprocess.Popen[bytes]":
    """Start wvcli, as a driver in a process of its own."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in how.items()]
    command = [sys.executable, "-m", "wvcli", "train", str(text), "-o", output, "--cluster", cluster]
    return subprocess.Popen(
        [*command, "--work", "work", "-q", *options], env=clean_environment(), stderr=subprocess.DEVNULL
    )


def test_a_run_whose_driver_was_killed_goes_on_in_another(room: Path, text: Path, cluster: Cluster) -> None:
    how = {**QUICK, "engine": "gensim", "epochs": 4}
    wvcli.train(text, "whole", **how)
    driver = _program(text, "parts", cluster.address, {**how, "rounds": 1})
    folder = Path("parts.safetensors.checkpoint")
    try:
        while not (folder / "state.safetensors").exists() or (state_of_run(folder) or {}).get("epoch", 0) < 1:
            assert driver.poll() is None
            time.sleep(0.02)
    finally:
        driver.kill()
        driver.wait()
    notes: list[str] = []
    wvcli.resume("parts.safetensors", cluster="session", on_note=notes.append)
    assert any(note.startswith("continuing at epoch ") for note in notes)
    assert Path("parts.safetensors").read_bytes() == Path("whole.safetensors").read_bytes()


def test_spark_connect_does_the_same(room: Path, text: Path, cluster: Cluster) -> None:
    how = {**QUICK, "engine": "gensim"}
    wvcli.train(text, "one", **how)
    assert _program(text, "connected", cluster.address, how).wait(300) == 0
    assert Path("connected.safetensors").read_bytes() == Path("one.safetensors").read_bytes()


def test_an_executor_without_numba_is_told_of(room: Path, text: Path, session: Any) -> None:
    (room / "broken").mkdir()
    (room / "broken" / "numba.py").write_text("raise ImportError('Numba needs another NumPy')\n")
    environment = session.sparkContext.environment
    environment["PYTHONPATH"] = str(room / "broken")
    try:
        with pytest.raises(MissingPackageError) as missing:
            wvcli.train(text, "never", **ON_SPARK, **QUICK)
    finally:
        del environment["PYTHONPATH"]
    assert "an executor on" in missing.value.message
    assert missing.value.message.endswith("cannot import numba (Numba needs another NumPy)")
    assert "venv-pack" in missing.value.hint
    assert missing.value.exit_code == ExitCode.MISSING_EXTRA
    assert not list(room.glob("work/*"))


def test_another_session_beside_one_is_refused(room: Path, text: Path) -> None:
    with pytest.raises(UsageError, match="this process has a Spark session already"):
        wvcli.train(text, "never", cluster="local[2]", work="work", **QUICK)


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables with which a client finds a server that speaks like S3."""
    package("moto")
    with s3_server(tmp_path_factory.mktemp("server")) as variables:
        yield variables


def test_the_work_folder_may_be_on_s3_and_the_text_too(
    room: Path, text: Path, session: Any, bucket: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    for name, value in bucket.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="texts")
    lines = text.read_bytes().splitlines(keepends=True)
    client.put_object(Bucket="texts", Key="folder/1.txt", Body=b"".join(lines[:100]))
    client.put_object(Bucket="texts", Key="folder/2/2.txt", Body=b"".join(lines[100:]))
    how = {**QUICK, "replicas": 2, "rounds": 1}
    wvcli.train(text, "here", cluster="processes[1]", work="work", **how)
    cluster = job.ConnectedCluster
    monkeypatch.setattr(job, "ConnectedCluster", lambda *given: cluster(*given, part_bytes=10_000))
    environment = session.sparkContext.environment
    environment.update(bucket)
    try:
        wvcli.train("s3://texts/folder/", "there", cluster="session", work="s3://texts/runs/", **how)
    finally:
        for name in bucket:
            del environment[name]
    here, there = (model_file.open_model(Path(f"{name}.safetensors")) for name in ("here", "there"))
    assert {name: array.tobytes() for name, array in there.tensors.items()} == {
        name: array.tobytes() for name, array in here.tensors.items()
    }
    left = [item["Key"] for item in client.list_objects_v2(Bucket="texts")["Contents"]]
    assert left == ["folder/1.txt", "folder/2/2.txt"]
    assert WorkFolder("s3://texts/runs").size("gone") is None
    assert WorkFolder("s3://texts").size(left[0]) == len(b"".join(lines[:100]))
    client.close()


def test_executors_import_the_wvcli_that_was_sent(room: Path, session: Any) -> None:
    def places(batches: Any) -> Iterator[Any]:
        import pyarrow

        import wvcli.training.rounds

        for _ in batches:
            yield pyarrow.RecordBatch.from_pydict({"file": [wvcli.training.rounds.__file__]})

    send_package(session)
    session.sparkContext.environment["FRESH"] = "1"  # a worker that has not imported wvcli
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            [row] = session.range(0, 1, 1, 1).mapInArrow(places, "file string").collect()
    finally:
        del session.sparkContext.environment["FRESH"]
    assert re.search(r"wvcli-[0-9a-f]{16}\.zip/wvcli/training/rounds\.py$", row["file"])
