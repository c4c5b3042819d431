"""What can go wrong: one root, one exit code a kind."""

import os
import re
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """The exit codes a script may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INPUT = 3
    MISSING_WORD = 4
    MISSING_EXTRA = 5
    INTERRUPTED = 130


class WvcliError(Exception):
    """A failure that the user reads in one line.

    Both texts name an argument as Python has it, in backticks: `min_count`, or `min_count=3`. The command line
    shows the option in its place: --min-count 3.

    Args:
        message: what is wrong, with the file and line or the word concerned.
        hint: what to do about it, or an empty string.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WvcliError):
    """The command was asked for something it cannot mean."""

    exit_code = ExitCode.USAGE


class InputError(WvcliError):
    """A model or an input is missing, damaged or unreadable."""

    exit_code = ExitCode.INPUT


class MissingWordError(WvcliError):
    """A word is not in the vocabulary."""

    exit_code = ExitCode.MISSING_WORD


class InterruptedRunError(WvcliError):
    """The user stopped a run.

    Args:
        message: how far it was.
        hint: how to continue it, or that nothing is left of it.
        checkpoint: the folder from which it can be resumed; None if nothing was saved.
    """

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str, hint: str = "", checkpoint: Path | None = None) -> None:
        super().__init__(message, hint)
        self.checkpoint = checkpoint


class MissingPackageError(WvcliError):
    """A package cannot be imported; the hint says how to get it."""

    exit_code = ExitCode.MISSING_EXTRA


class MissingExtraError(MissingPackageError):
    """An optional dependency is not installed; the hint holds the exact `pip install` line."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional package", install_line(extra))


def install_line(extra: str) -> str:
    """Return the line that installs an optional extra."""
    return f'pip install "wvcli[{extra}]"'


def reason(error: OSError) -> str:
    """Return why the operating system refused, in a few words."""
    text = error.strerror or str(error)
    number = re.search(r"\[errno (\d+)\]", text)  # as Arrow puts it among words of its own
    return (os.strerror(int(number[1])) if number else text).lower()


def first_line(error: Exception) -> str:
    """Return what a library says of a failure, shortened to a line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def unreadable(what: object, error: OSError) -> InputError:
    """Return the failure that a file cannot be read."""
    return InputError(f"cannot read {what}: {reason(error)}")
