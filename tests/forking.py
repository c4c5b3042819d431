"""The program, started in processes that are forked from one that has wvcli's library and its packages loaded.

To load them takes several times as long as most commands. All else is as at a shell: each run is a process of its
own, with its own arguments, folder, environment and streams, and imports the modules of the command line, of which
none is loaded.
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

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


def _serve(listening: socket.socket) -> None:
    """Fork for each request, once to answer while others are asked, and once to be the program."""
    import gc

    for module in _LOADED:
        importlib.import_module(module)

    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while (
        sys.stdin not in select.select([listening, sys.stdin], [], [])[0]
    ):  # it ends, too, if its parent is killed
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            request, ends, *_ = socket.recv_fds(connection, _FEW, 3)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of ours before the program is there
            for number in json.loads(request)[-1]:  # before anybody is told whom to send a signal
                signal.signal(number, signal.SIG_IGN)
            program = os.fork()
            if program == 0:
                connection.close()
                _become(request, ends)
                return
            _answer(connection, program, ends)
            os._exit(0)
        connection.close()


def _become(request: bytes, ends: Sequence[int]) -> None:
    """Take arguments, folder, environment, streams and limits of a request, and be the program from here."""
    import resource  # which Windows does not have

    arguments, folder, environment, limits, _ = json.loads(request)
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


def _answer(connection: socket.socket, program: int, ends: Sequence[int]) -> None:
    """Tell the program's number, and its exit code when it has ended; end it when nobody waits any more."""
    for end in ends:
        os.close(end)
    connection.sendall(f"{program}\n".encode())

    def watch() -> None:
        if connection.recv(1) == b"":
            with contextlib.suppress(ProcessLookupError):
                os.kill(program, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    status = os.waitpid(program, 0)[1]
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
