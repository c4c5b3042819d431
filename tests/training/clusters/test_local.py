"""Processes as a cluster, and what every cluster tells of its tasks."""

from pathlib import Path
from threading import Thread

import pytest

from tests.training.clusters.executors import Here
from wvcli.errors import MissingPackageError, UsageError, WvcliError
from wvcli.training import clusters
from wvcli.training.clusters import _tasks, cluster_at, connected
from wvcli.training.clusters.local import Processes
from wvcli.training.distributed_reading import probe
from wvcli.training.work_folder import WorkFolder


def test_a_process_that_is_killed_is_replaced_and_its_task_runs_again(tmp_path: Path) -> None:
    work = WorkFolder(str(tmp_path))
    with connected("processes[1]") as processes:
        assert isinstance(processes, Processes)
        found = processes.run(probe, work, [{"text": "one"}, {"text": "two"}])
        assert [work.read(each["file"]) for each in found] == [b"one", b"two"]
        [first] = processes.started
        first.kill()
        [again] = processes.run(probe, work, [{"text": "three"}])
        assert work.read(again["file"]) == b"three"
        assert len(processes.started) == 2
        with pytest.raises(WvcliError, match="a task failed 4 times: KeyError: 'text'"):
            processes.run(probe, work, [{}])
        assert len(processes.started) == 2
        last = processes.started[-1]
        assert last.poll() is None
    assert all(process.poll() is not None for process in processes.started)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("processes[2]", "local"),
        ("local", "spark"),
        ("local[*]", "spark"),
        ("local-cluster[2,1,1024]", "spark"),
        ("spark://host:7077", "spark"),
        ("yarn", "spark"),
        ("k8s://https://host:6443", "spark"),
        ("sc://host:15002", "spark"),
        ("session", "spark"),
    ],
)
def test_an_address_tells_the_kind_of_cluster(address: str, name: str) -> None:
    assert cluster_at(address).name == name


def test_other_addresses_are_refused_with_examples() -> None:
    with pytest.raises(UsageError, match="`cluster=host:7077` is no address of a cluster") as refused:
        cluster_at("host:7077")
    assert refused.value.hint == f"examples: {', '.join(each.example for each in clusters.registry)}"
    with pytest.raises(UsageError, match="has no processes"), connected("processes[0]"):
        pass


def test_what_is_missing_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tasks, "_checked", [])
    monkeypatch.setattr(_tasks, "_IMPORTED", ("json", "no_such_package"))
    monkeypatch.setattr(_tasks, "_FOUND", ("json", "no_other_package"))
    with pytest.raises(MissingPackageError) as missing:
        Here().run(probe, WorkFolder(str(tmp_path)), [{"text": "never"}])
    said = "cannot import no_such_package (No module named 'no_such_package'), no_other_package"
    assert missing.value.message.endswith(said)
    assert "venv-pack" in missing.value.hint


def test_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    work = WorkFolder(str(tmp_path / "work"))
    names: list[str] = []
    writers = [Thread(target=lambda: names.append(work.write("a/file", b"text"))) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(set(names)) == 8
    assert {path.read_bytes() for path in (tmp_path / "work" / "a").iterdir()} == {b"text"}
    assert work.read(names[0], 1, 3) == b"ex"
    with pytest.raises(WvcliError, match="is cut off"):
        work.read(names[0], 1, 30)
    with pytest.raises(WvcliError, match="cannot read the work folder"):
        work.read("a/nothing")
    work.remove(["a/nothing", names[0]])
    assert work.size(names[0]) is None
    assert work.size(names[1]) == 4
    with pytest.raises(WvcliError, match="cannot write to the work folder"):
        work.write("a/half", b"half", "no bytes")  # type: ignore[arg-type]
    assert len(list((tmp_path / "work" / "a").iterdir())) == 7
    work.remove_all()
    assert not (tmp_path / "work").exists()


def test_a_file_in_a_folder_that_cannot_be_reached_is_not_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = WorkFolder(str(tmp_path))
    assert here.size(here.write("weights/0", b"12", b"3")) == 3
    assert here.size("weights/gone") is None
    (tmp_path / "file").write_bytes(b"")
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    for away in (WorkFolder("s3://bucket/folder"), WorkFolder(str(tmp_path / "file"))):
        with pytest.raises(WvcliError, match="cannot read the work folder"):
            away.size("weights/0")
