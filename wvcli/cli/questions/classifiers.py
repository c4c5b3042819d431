"""Find and open the classifier that a command is about, and read the texts that it is asked about."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wvcli.cli.streams import stderr
from wvcli.errors import InputError, UsageError, unreadable
from wvcli.system import mapped_files

if TYPE_CHECKING:
    from wvcli.classification.judging import Labeller

STDIN = "-"
_READ = 1 << 18  # bytes taken from stdin at once, at most
_GROUP = 4_096  # texts of a file labelled at a time
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8


def open_classifier(model: Path | None) -> "Labeller":
    """Open the classifier to ask; note which one answers if none was named.

    Raises:
        InputError: there is none, or it is damaged or no classifier.
    """
    from wvcli.classification import opening

    path, guessed = opening.resolve(model, stderr.note, argument="model")
    if guessed:
        stderr.note(f"using {path}")
    return opening.open_labeller(path)


def text_batches(texts: list[str] | None) -> Iterator[list[str]]:
    """Yield the texts of a command in batches: its arguments, or lines of stdin as they arrive, empty ones too.

    Raises:
        UsageError: there is no text, and stdin is a terminal.
        InputError: stdin cannot be read.
    """
    if not texts and sys.stdin.isatty():
        raise UsageError("no text was given", "name one in quotation marks, or pipe in one per line")
    for is_stdin, group in groupby(texts or [STDIN], lambda text: text == STDIN):
        if is_stdin:
            yield from _lines_of_stdin()
        else:
            yield list(group)


def _lines_of_stdin() -> Iterator[list[str]]:
    stream: Any = sys.stdin.buffer
    _widen_pipe(stream)
    rest, is_first = b"", True
    try:
        while chunk := stream.read1(_READ):
            mapped_files.check_unchanged()
            whole, end, after = chunk.rpartition(b"\n")
            if not end:
                rest += chunk
                continue
            lines, rest = rest + whole, after
            if is_first:
                lines, is_first = lines.removeprefix(_MARK), False
            yield _texts(lines)
    except OSError as error:
        raise unreadable("stdin", error) from error
    if rest:
        yield _texts(rest.removeprefix(_MARK) if is_first else rest)


def _texts(lines: bytes) -> list[str]:
    """Return the text of each line; line feeds stand between them."""
    texts = lines.decode("utf-8", "replace").split("\n")
    return [text.removesuffix("\r") for text in texts] if b"\r" in lines else texts


def _widen_pipe(stream: Any) -> None:
    """Have a pipe hold as much as is read at once, if the system can do that: many texts together are faster."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        from fcntl import F_SETPIPE_SZ, fcntl  # Linux

        fcntl(stream.fileno(), F_SETPIPE_SZ, _READ)


def row_batches(file: str, keep: list[str], where: dict[str, Any]) -> Iterator[list[tuple[list[str], str]]]:
    """Yield the texts of a file in batches, each after what is kept of its record.

    Args:
        file: any source that `train` reads.
        keep: names of further columns or fields.
        where: where the texts are, for `LabelledTexts`.

    Raises:
        InputError: it is missing or damaged.
    """
    from wvcli.classification.labelled_texts import LabelledTexts

    rows = LabelledTexts([file], needs_labels=False, keep=keep, on_note=stderr.note, **where)
    batch: list[tuple[list[str], str]] = []
    for each in rows:
        batch.append((list(each.values), each.text))
        if len(batch) == _GROUP:
            yield batch
            batch = []
    if batch:
        yield batch


def require_own(model: "Labeller", what: str) -> Any:
    """Return a classifier of wvcli's.

    Raises:
        InputError: it is one of fastText's.
    """
    from wvcli.classification.classifier import Classifier

    if not isinstance(model, Classifier):
        raise InputError(f"{what} needs a classifier that wvcli trained, not one of fastText's")
    return model
