"""Find and open the model that a command is about."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING, Any

from wvcli.cli.streams import stderr
from wvcli.errors import InputError, UsageError
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_progress

if TYPE_CHECKING:
    from wvcli.vectors.bilingual import Alignment
    from wvcli.vectors.word_vectors import Vectors

_LARGE = 1 << 26  # bytes of a file that is opened with a progress bar
_LONG = 1.0  # seconds after which it is noted that an imported file opens faster


def open_vectors(
    model: Path | None, is_asked_again: bool = True, reading: Mapping[str, Any] | None = None
) -> "Vectors":
    """Open the model to ask; note which one answers if none was named.

    If vectors in another format took long to open and may well be opened again, note how to import them.

    Args:
        model: what the user named.
        is_asked_again: whether it may well be opened again.
        reading: what the command's options say of the encoding, as arguments for `load`; None if it has none.
    """
    from wvcli.models import opening

    path = chosen(model)
    started = perf_counter()
    notes: list[str] = []
    with _opening(path) as show:
        vectors = _load(path, show, notes.append, reading)
    took = perf_counter() - started
    if str(path) == "-":
        sys.stdin.close()  # what asks for words in it is told so
    for text in notes:
        stderr.note(text)
    is_opened_again = is_asked_again and str(path) != "-" and not opening.is_kept(path)
    if is_opened_again and not vectors.manifest and took >= _LONG:
        stderr.note(
            f"opening {path} took {took:.1f} s; import it to open it at once: wvcli import {quote(str(path))}"
        )
    return vectors


def chosen(model: Path | None) -> Path:
    """Return the model to use; note which one it is if none was named, and what was passed over.

    Raises:
        InputError: there is none, or none that can be opened.
    """
    from wvcli.models import opening

    path, guessed = opening.resolve(model, stderr.note, argument="model")
    if guessed:
        stderr.note(f"using {path}")
    return path


def open_alignment(given: Path | None) -> "Alignment":
    """Open an alignment and its two models; note which one it is if none was named.

    Raises:
        InputError: there is none, it is damaged, or a model is missing or has changed since.
    """
    from wvcli.models import alignment_file

    path, guessed = alignment_file.resolve(given, stderr.note)
    if guessed:
        stderr.note(f"using {path}")
    return alignment_file.load_alignment(path, stderr.note)


def _load(path: Path, on_progress: OnProgress, on_note: OnNote, reading: Mapping[str, Any] | None) -> "Vectors":
    from wvcli.models import opening

    try:
        return opening.load(path, on_progress, on_note, **(reading or {}))
    except InputError as error:
        if reading is None and ("`encoding`" in error.hint or "`skip_bad" in error.hint):
            anyway = f"wvcli import {quote(str(path))} has --encoding, --encoding-errors and --skip-bad"
            raise InputError(error.message, anyway) from error
        raise


def named_once(argument: Path | None, option: Path | None) -> Path | None:
    """Return the model named as an argument or with `-m`, for which WVCLI_MODEL stands in.

    Raises:
        UsageError: it is named both ways.
    """
    if argument and option and str(option) != os.environ.get("WVCLI_MODEL"):
        raise UsageError(f"the model is named twice: {argument}, and {option} with -m", "name it once")
    return argument or option


def named_first(names: list[str], option: Path | None, expected: str) -> tuple[Path, list[str]]:
    """Return the model named with `-m`, or else first among the arguments, and the other arguments.

    Args:
        names: the arguments.
        option: what `-m` names.
        expected: what the arguments are to be if they begin with the model.

    Raises:
        UsageError: nothing is left beside the model.
    """
    model, others = (Path(names[0]), names[1:]) if option is None else (option, names)
    if not others:
        raise UsageError(f"expected {expected}, got {model} alone")
    return model, others


@contextmanager
def _opening(path: Path) -> Iterator[OnProgress]:
    """Show progress while a large file or a folder is read; a model is only mapped."""
    if path.is_file() and path.stat().st_size < _LARGE:
        yield ignore_progress
        return
    with ExitStack() as shown:
        shows: list[OnProgress] = []

        def show(progress: Progress) -> None:
            if not shows:  # a model is opened without a word of progress, and a query should not wait for Rich
                shows.append(shown.enter_context(stderr.progress_shown()))
            shows[0](progress)

        yield show
