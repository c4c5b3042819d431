"""List the questions that have no answer in a file of their own, for a program to go on with."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from wvcli.cli.streams.columns import on_one_line
from wvcli.errors import UsageError, WvcliError, reason

MISSING = "missing"  # a word of the question is not in the vocabulary
NO_NEIGHBOR = "no neighbor"  # its words are known, but no word is as near as was asked for


class UnansweredFile:
    """A file with a line for each question without an answer: why, and its words, separated by tabs.

    An existing file is overwritten, as by a redirection of the shell.

    Args:
        path: the file.
        questions: the file that the questions are read from, if any.

    Attributes:
        path: the file.

    Raises:
        UsageError: the questions are read from the same file.
        WvcliError: the file cannot be written.
    """

    def __init__(self, path: Path, questions: Path | None = None) -> None:
        if _is_read_from(path, questions):
            raise UsageError(f"{path} holds the questions themselves", "name another file for --unanswered")
        self.path = path
        try:
            self._file: TextIO = path.open(
                "w", buffering=1, encoding="utf-8", errors="surrogateescape", newline="\n"
            )  # a line at a time, since a program may be waiting for it
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, why: str, words: list[str]) -> None:
        """Write a line about a question.

        Raises:
            WvcliError: the file cannot be written.
        """
        try:
            self._file.write("\t".join([why, *map(on_one_line, words)]) + "\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> WvcliError:
        return WvcliError(f"cannot write {self.path}: {reason(error)}")


def unanswered_file(path: Path | None, questions: Path | None = None) -> UnansweredFile | None:
    """Open the file of unanswered questions, if the user wants one.

    Raises:
        UsageError: the questions are read from the same file.
        WvcliError: the file cannot be written.
    """
    return None if path is None else UnansweredFile(path, questions)


def _is_read_from(path: Path, questions: Path | None) -> bool:
    """Return whether a file is the one that questions come from: a named one, or stdin."""
    with suppress(OSError, ValueError):  # there is no such file yet, or stdin is none
        if questions is not None and str(questions) != "-":
            return path.samefile(questions)
        facts = path.stat()
        return path.is_file() and os.path.samestat(facts, os.fstat(sys.stdin.fileno()))
    return False
