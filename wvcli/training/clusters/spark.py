"""Apache Spark, classic or Connect: each task is a row that `mapInArrow` turns into its answer.

Spark schedules tasks and runs those of a lost executor again; no model, text or vocabulary goes through it. The
driver sends wvcli itself to executors on other machines, so that versions cannot differ.
"""

import importlib.util
import json
import os
import shutil
import signal
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from wvcli.errors import MissingExtraError, MissingPackageError, UsageError, WvcliError, first_line
from wvcli.system.locks import temporary_folder
from wvcli.training.clusters import Cluster, Executors, Task, Values
from wvcli.training.clusters._tasks import BRING, called, result_of
from wvcli.training.work_folder import WorkFolder

_SESSION = "session"  # the address of the session that the process has already
_ADDRESSES = rf"local(\[.+\])?|local-cluster\[.+\]|(spark|k8s|sc)://.+|yarn|{_SESSION}"
_SCHEMA = "number long, answer string"
# What Spark says of an executor that lacks a package, before a task of wvcli is begun there.
_MISSING = ("ModuleNotFoundError: ", "ImportError: ", "PACKAGE_NOT_INSTALLED", "PYTHON_VERSION_MISMATCH")
_EARLIEST = 1980, 1, 1, 0, 0, 0  # the date of all files in the zip, whose bytes depend on what is in them alone


class SparkExecutors:
    """The executors of a Spark session.

    Args:
        session: classic, or of Spark Connect.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self.cores = int(session.conf.get("spark.task.cpus", "1"))

    def run(self, task: Task, work: WorkFolder, arguments: Sequence[Values]) -> list[Values]:
        if not arguments:
            return []
        run_rows = _runner(called(task), work.address, [json.dumps(given) for given in arguments])
        rows = self._session.range(0, len(arguments), 1, len(arguments))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Spark's own, on versions of what it uses
                answered = rows.mapInArrow(run_rows, _SCHEMA).collect()
        except Exception as error:  # Spark's errors have no other root
            raise _failure(error) from error
        answers = {int(row["number"]): row["answer"] for row in answered}
        return [result_of(answers[number]) for number in range(len(arguments))]  # type: ignore[misc]


def _runner(task: str, work: str, arguments: list[str]) -> Callable[[Any], Iterator[Any]]:
    """Return what an executor does with rows: Spark sends it there by value."""

    def run_rows(batches: Any) -> Iterator[Any]:
        import pyarrow

        from wvcli.training.clusters._tasks import run_task

        for batch in batches:
            numbers = batch.column(0).to_pylist()
            answers = [run_task(task, work, arguments[number]) for number in numbers]
            columns = [pyarrow.array(numbers, pyarrow.int64()), pyarrow.array(answers, pyarrow.string())]
            yield pyarrow.RecordBatch.from_arrays(columns, ["number", "answer"])

    return run_rows


def _failure(error: Exception) -> WvcliError:
    """Return the failure of a job, by what is deepest in what Spark says of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for sign in _MISSING:
        if line := next((line for line in lines if sign in line), None):
            return MissingPackageError(f"an executor of the cluster cannot run wvcli: {line[:200]}", BRING)
    said = next((line for line in lines if "Error: " in line or "exited" in line.lower()), first_line(error))
    return WvcliError(f"a task failed on the cluster: {said[:200]}", "Spark's log of the executors says more")


def zipped_package(folder: Path) -> Path:
    """Write wvcli itself as a zip from which Python imports it, and return its path."""
    package = Path(__file__).parents[2]
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = str(Path(package.name, file.relative_to(package)))
                archive.writestr(zipfile.ZipInfo(name, _EARLIEST), file.read_bytes(), zipfile.ZIP_DEFLATED)
    # Spark takes two files of one name for the same.
    return path.rename(folder / f"wvcli-{sha256(path.read_bytes()).hexdigest()[:16]}.zip")


@contextmanager
def _connect(address: str) -> Iterator[Executors]:
    if importlib.util.find_spec("pyspark") is None:
        raise MissingExtraError("training on Spark", "spark")
    with _session(address) as session:
        # Executors on this machine run this Python, and import the wvcli that runs here.
        if _is_remote(session) or not session.sparkContext.master.startswith("local"):
            send_package(session)
        yield SparkExecutors(session)


def send_package(session: Any) -> None:
    """Send wvcli to the executors of a session, where it comes before any that is installed."""
    if _is_remote(session):
        with temporary_folder() as folder:
            session.addArtifacts(str(zipped_package(folder)), pyfile=True)
        return
    from pyspark import SparkFiles

    # Executors that come later fetch it, too: it stays as long as the session, in a folder that Spark removes.
    folder = Path(SparkFiles.getRootDirectory(), "sent")
    folder.mkdir(exist_ok=True)
    session.sparkContext.addPyFile(str(zipped_package(folder)))


def _is_remote(session: Any) -> bool:
    """Whether a session is one of Spark Connect."""
    return type(session).__module__.startswith("pyspark.sql.connect")


@contextmanager
def _session(address: str) -> Iterator[Any]:
    """Yield the session that the process has, or begin one and stop it in the end.

    Raises:
        UsageError: there is none, or one of another address.
        WvcliError: it cannot be begun.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        active = SparkSession.getActiveSession()
    if address == _SESSION:
        if active is None:
            raise UsageError("`cluster=session` means the Spark session of this process, and there is none")
        yield active
        return
    if active is not None:
        raise UsageError("this process has a Spark session already", "train in it with `cluster=session`")
    if not address.startswith("sc://"):
        _require_java()
        _prepare_environment(address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = _begun(SparkSession.builder, address)
    try:
        yield session
    finally:
        session.stop()


def _begun(builder: Any, address: str) -> Any:
    """Begin a session, and leave Ctrl-C as it was: Spark would take it for itself."""
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if is_main else None
    try:
        if address.startswith("sc://"):
            return builder.remote(address).getOrCreate()
        builder = builder.master(address).appName("wvcli").config("spark.ui.showConsoleProgress", "false")
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        return session
    except Exception as error:  # Spark's errors have no other root
        raise WvcliError(f"cannot begin a session on {address}: {first_line(error)}") from error
    finally:
        if is_main and handler is not None:
            signal.signal(signal.SIGINT, handler)


def _require_java() -> None:
    """Refuse a machine without Java, of which Spark's own message is long.

    Raises:
        MissingPackageError: there is none.
    """
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise MissingPackageError(
            "Spark needs Java, which is not installed", "apt-get install openjdk-17-jre-headless, for example"
        )


def _prepare_environment(address: str) -> None:
    """Set what Spark asks the environment for where that is plain: executors on this machine run this Python."""
    if address.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if address.startswith("local-cluster"):
        found = importlib.util.find_spec("pyspark")
        if found is not None and found.origin is not None:
            os.environ.setdefault("SPARK_HOME", str(Path(found.origin).parent))


CLUSTER = Cluster("spark", "Apache Spark", _ADDRESSES, "local[2]", _connect)
