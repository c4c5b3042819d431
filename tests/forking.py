"""The program, started in processes that are forked from one that has wvcli's library and its packages loaded.

To load them takes several times as long as most commands. All else is as at a shell: each run is a process of its
own, with its own arguments, folder, environment and streams, and builds the command line that they ask for.
"""

import contextlib
import importlib
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

_LOADED = (
    "gensim.models", "numpy", "regex", "rich.console", "rich.table", "typer",
    "wvcli.analysis.shared_contexts", "wvcli.evaluation", "wvcli.formats", "wvcli.models.index",
    "wvcli.models.opening", "wvcli.training.train",
)  # fmt: skip
_FEW = 1 << 16  # bytes of a request; a pipe holds as many, and `forked_program.py` sends no more
_TIMEOUT = 240  # seconds
_WHATEVER = ("AWS_", "COLUMNS", "HOME", "NO_", "PYTEST_", "WVCLI_", "XDG_")  # variables that nothing loaded reads


def can_fork(environment: dict[str, str], own: dict[str, str]) -> bool:
    """Return whether a program may be forked: only such variables differ as wvcli reads itself.

    Elsewhere than on Linux, libraries of the system may not stand a fork.

    Args:
        environment: the variables that the program is to have.
        own: those that the process to fork from has.
    """
    changed = {name for name in environment.keys() | own.keys() if environment.get(name) != own.get(name)}
    return sys.platform == "linux" and all(name.startswith(_WHATEVER) for name in changed)


class Forking:
    """A process to fork from; to be used in a `with`.

    Args:
        folder: where the socket lies through which it is asked.
        environment: its variables.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self._address = str(folder / "socket")
        self._listening = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> "Forking":
        self._listening.bind(self._address)
        self._listening.listen()
        number = self._listening.fileno()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(number)],
            pass_fds=[number],
            env=self.environment,
            stdin=subprocess.PIPE,
        )
        self._listening.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # the end of its stdin ends it

    def write_program(self, path: Path) -> None:
        """Write a program that runs wvcli, with the streams, the folder and the variables that it is started with.

        Args:
            path: the file of the program.
        """
        python = [sys.executable, "-IS", __file__.replace("forking.py", "forked_program.py"), self._address]
        path.write_text(f'#!/bin/sh\nexec {shlex.join(python)} "$@"\n')
        path.chmod(0o755)

    def run(
        self, arguments: Sequence[str], folder: Path, environment: dict[str, str], given: bytes
    ) -> tuple[int, bytes, bytes]:
        """Run wvcli; returns its exit code, as `subprocess` gives it, and what it wrote to stdout and stderr.

        Args:
            arguments: what stands after the program's name.
            folder: the current directory.
            environment: the variables; see `can_fork`.
            given: what it reads from stdin.
        """
        return self.start(arguments, folder, environment, given).wait()

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: dict[str, str],
        given: bytes = b"",
        *,
        limits: Mapping[str, int] | None = None,
        ignored: Sequence[int] = (),
    ) -> "Running":
        """Start wvcli as `run` does, and return while it runs.

        Args:
            arguments: what stands after the program's name.
            folder: the current directory.
            environment: the variables; see `can_fork`.
            given: what it reads from stdin.
            limits: of what the system grants it, by their names in `resource`, such as RLIMIT_AS.
            ignored: signals that are ignored when it begins.
        """
        (input_end, writing), (out, output_end), (err, error_end) = os.pipe(), os.pipe(), os.pipe()
        request = json.dumps(
            [list(arguments), str(folder), environment, dict(limits or {}), list(ignored)]
        ).encode()
        assert len(request) < _FEW
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_TIMEOUT)
        connection.connect(self._address)
        socket.send_fds(connection, [request], [input_end, output_end, error_end])
        for end in (input_end, output_end, error_end):
            os.close(end)
        return Running(connection, writing, given, out, err)


class Running:
    """A run of the program.

    Attributes:
        pid: the number of its process.
    """

    def __init__(self, connection: socket.socket, writing: int, given: bytes, out: int, err: int) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._read: dict[int, bytes] = {}
        self._ends = (out, err)
        self._threads = [threading.Thread(target=_read, args=(end, self._read)) for end in self._ends]
        self._threads.append(threading.Thread(target=_write, args=(writing, given)))
        for thread in self._threads:
            thread.start()
        self.pid = int(self._answers.readline())

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return not select.select([self._connection], [], [], 0)[0]

    def send(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float = _TIMEOUT) -> tuple[int, bytes, bytes]:
        """Wait for its end; returns the same as `Forking.run`.

        Raises:
            TimeoutError: it still ran, and was killed.
        """
        self._connection.settimeout(seconds)
        try:
            code = int(self._answers.readline())
        finally:
            self._connection.shutdown(socket.SHUT_RDWR)  # what still runs is killed
            for thread in self._threads:
                thread.join()
            self._answers.close()
            self._connection.close()
        out, err = (self._read[end] for end in self._ends)
        return code, out, err


def _read(end: int, read: dict[int, bytes]) -> None:
    with open(end, "rb") as file:
        read[end] = file.read()


def _write(end: int, given: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(end, "wb") as file:
        file.write(given)


class _Program(NamedTuple):
    """A program that runs, as the process has it that it was forked from.

    Attributes:
        pid: the number of its process.
        end: a descriptor that can be read as soon as it has ended.
        connection: to the one who asked for it.
    """

    pid: int
    end: int
    connection: socket.socket

    def tell(self, number: int) -> None:
        """Tell a number to the one who asked for it, unless he waits no more."""
        with contextlib.suppress(BrokenPipeError):
            self.connection.sendall(f"{number}\n".encode())

    def close(self) -> None:
        """Close its descriptors here."""
        os.close(self.end)
        self.connection.close()


def _serve(listening: socket.socket) -> None:
    """Fork for each request, tell the program's number, and its exit code when it has ended.

    A program is killed when the one who asked for it waits no more, and all of them when the parent has ended.
    """
    import gc

    for module in _LOADED:
        importlib.import_module(module)
    importlib.import_module("wvcli.cli.main").build([])  # it imports every command
    gc.freeze()
    ending: dict[int, _Program] = {}  # those that run, by the descriptor that tells their end
    awaited: dict[int, _Program] = {}  # and by that of the connection to the one who waits
    while True:
        ready = set(select.select([listening, sys.stdin, *ending, *awaited], [], [])[0])
        for number in awaited.keys() & ready:  # nothing is sent there: it was closed
            os.kill(awaited.pop(number).pid, signal.SIGKILL)
        for number in ending.keys() & ready:
            program = ending.pop(number)
            awaited.pop(program.connection.fileno(), None)
            program.tell(os.waitstatus_to_exitcode(os.waitpid(program.pid, 0)[1]))
            program.close()
        if sys.stdin in ready:
            break
        if listening in ready:
            program = _fork(listening, ending.values())
            if program is None:
                return
            ending[program.end] = awaited[program.connection.fileno()] = program
    for program in ending.values():
        os.kill(program.pid, signal.SIGKILL)


def _fork(listening: socket.socket, running: Iterable[_Program]) -> _Program | None:
    """Take a request and fork; in the program, return None when it has ended."""
    connection, _ = listening.accept()
    request, ends, *_ = socket.recv_fds(connection, _FEW, 3)
    # A signal waits until the program minds it as it should: no traceback of ours before it is there.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid == 0:
        for other in running:
            other.close()
        listening.close()
        connection.close()
        _become(request, ends, held)
        return None
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    for end in ends:
        os.close(end)
    program = _Program(pid, os.pidfd_open(pid), connection)
    program.tell(pid)
    return program


def _become(request: bytes, ends: Sequence[int], held: Iterable[signal.Signals]) -> None:
    """Take what a request has, with the signals that were held before, and be the program from here."""
    import resource  # which Windows does not have

    arguments, folder, environment, limits, ignored = json.loads(request)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    for number, (end, name) in enumerate(zip(ends, ("stdin", "stdout", "stderr"), strict=True)):
        os.dup2(end, number)
        os.close(end)
        before = getattr(sys, name)
        stream = open(number, before.mode, encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None  # else it would stay where the variables of this process have it
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, name), (most, most))
    sys.path[0] = ""
    sys.argv[1:] = arguments
    runpy.run_module("wvcli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
