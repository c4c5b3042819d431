"""A program at a terminal of its own, typed at and read as a person does."""

import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path
from time import monotonic

from tests.conftest import clean_environment

ROWS, COLUMNS = 40, 100

# The terminal of a session is taken by the program itself, so that Ctrl-C reaches it.
_AT_OUR_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """Runs a program at a pseudo-terminal; `seen` is all that it has shown so far.

    Args:
        command: the program and its arguments.
        cwd: the folder it runs in.
        env: variables to add.
        stdout, stderr: files that take these streams instead of the terminal.
    """

    def __init__(
        self,
        command: list[str],
        cwd: Path,
        env: dict[str, str] | None = None,
        stdout: Path | None = None,
        stderr: Path | None = None,
    ) -> None:
        self._screen, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (ROWS, COLUMNS)) if hasattr(termios, "tcsetwinsize") else None
        files = [os.open(path, os.O_WRONLY | os.O_CREAT) if path else os.dup(theirs) for path in (stdout, stderr)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", _AT_OUR_TERMINAL, *command],
            cwd=cwd,
            stdin=theirs,
            stdout=files[0],
            stderr=files[1],
            env=clean_environment() | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"} | (env or {}),
            start_new_session=True,
        )
        for number in (theirs, *files):
            os.close(number)
        self.seen = ""
        self._place = 0  # up to where it was expected

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *details: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._screen, keys.encode())

    def expect(self, text: str, seconds: float = 60) -> str:
        """Wait until `text` is shown after what was expected before, and return what is shown up to its end."""
        start, end = self._place, monotonic() + seconds
        while (found := self.seen.find(text, start)) < 0:
            more = self._read(end - monotonic())
            assert more, f"no {text!r} in {self.seen[start:]!r}"
            self.seen += more
        self._place = found + len(text)
        return self.seen[start : self._place]

    def leave(self, seconds: float = 60) -> int:
        """Read to the end and return the exit code."""
        end = monotonic() + seconds
        while more := self._read(end - monotonic()):
            self.seen += more
        return self.process.wait(seconds)

    def _read(self, seconds: float) -> str:
        if not select.select([self._screen], [], [], max(0, seconds))[0]:
            return ""
        try:
            return os.read(self._screen, 65_536).decode(errors="replace")
        except OSError:  # the other side is closed
            return ""
