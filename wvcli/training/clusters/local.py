"""Processes of this machine as a cluster: what Spark does with executors, without Spark.

Each process serves one task after another until its standard input ends. One that dies is replaced, and its task
runs again, as on a cluster.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any

from wvcli.errors import UsageError, WvcliError, reason
from wvcli.system.parallel import processors
from wvcli.training.clusters import Cluster, Executors, Task, Values
from wvcli.training.clusters._tasks import called, result_of, run_task
from wvcli.training.work_folder import WorkFolder

_ADDRESS = r"processes\[(\d+)\]"
_TRIES = 4  # of a task, as many as Spark makes


class Processes:
    """Processes that run tasks.

    Args:
        count: how many; each is started when it is needed.

    Attributes:
        cores: processors for each.
        started: the processes so far.
    """

    def __init__(self, count: int) -> None:
        self.cores = max(1, processors() // count)
        self._count = count
        self.started: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        for _ in range(count):
            self._idle.put(None)

    def run(self, task: Task, work: WorkFolder, arguments: Sequence[Values]) -> list[Values]:
        name = called(task)
        with ThreadPoolExecutor(self._count) as threads:
            answers = list(
                threads.map(lambda given: self._answer(name, work.address, json.dumps(given)), arguments)
            )
        return [result_of(answer) for answer in answers]  # type: ignore[misc]

    def _answer(self, name: str, work: str, arguments: str) -> str:
        """Have a task run by a process that is idle.

        Raises:
            WvcliError: it failed in several of them.
        """
        request = json.dumps([name, work, arguments]).encode() + b"\n"
        ending = ""
        for _ in range(_TRIES):
            process = self._idle.get()
            if process is None or process.poll() is not None:
                process = self._start()
            answer = _exchange(process, request)
            if answer:
                is_done, text = json.loads(answer)
            else:
                process.kill()
                is_done, text = False, f"its process ended with code {process.wait()}"
            self._idle.put(process)
            if is_done:
                return str(text)
            ending = text
        raise WvcliError(f"a task failed {_TRIES} times: {ending}")

    def _start(self) -> "subprocess.Popen[bytes]":
        code = f"import sys; sys.path[:] = sys.argv[1:]; from {serve.__module__} import serve; serve()"
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in a terminal goes to the main process only
            )
        except OSError as error:
            raise WvcliError(f"cannot start a process for a task: {reason(error)}") from error
        self.started.append(process)
        return process

    def stop(self) -> None:
        """End all processes."""
        for process in self.started:
            process.kill()
        for process in self.started:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    with suppress(OSError):  # what was not written yet has nowhere to go
                        stream.close()


def _exchange(process: "subprocess.Popen[bytes]", request: bytes) -> bytes:
    """Return the answer of a process to a request; no bytes if it has died."""
    if process.stdin is None or process.stdout is None:
        return b""
    try:
        process.stdin.write(request)
        process.stdin.flush()
    except OSError:
        return b""
    return process.stdout.readline()


def serve() -> None:
    """Run the tasks that come on standard input until it ends: all that a process does."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a package prints is no answer
    for line in source:
        answer: list[Any]
        try:
            answer = [True, run_task(*json.loads(line))]
        except Exception as error:
            answer = [False, f"{type(error).__name__}: {error}"]
        sink.write(json.dumps(answer).encode() + b"\n")
        sink.flush()


@contextmanager
def _connect(address: str) -> Iterator[Executors]:
    found = re.fullmatch(_ADDRESS, address)
    count = int(found[1]) if found else 0
    if count < 1:
        raise UsageError(f"`cluster={address}` has no processes", "name one or more: processes[2]")
    processes = Processes(count)
    try:
        yield processes
    finally:
        processes.stop()


CLUSTER = Cluster("local", "processes of this machine", _ADDRESS, "processes[2]", _connect)
