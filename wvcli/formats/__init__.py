"""Formats: each reads and writes the files of one other system, told by content and never by name alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wvcli.errors import InputError, UsageError
from wvcli.formats._layout import refuse_fasttext_binary
from wvcli.registry import Registry
from wvcli.store import written_aside
from wvcli.vectors import Vectors

_SNIFFED = 65_536  # bytes shown to the formats to recognise their own


@dataclass(frozen=True)
class Format:
    """A file format of another system.

    Attributes:
        name: what users call it.
        suffixes: endings of file names that mean this format when writing, the usual one first.
        keeps: what survives a round trip, in a few words.
        sniff: whether a file that begins with these bytes is in this format.
        read: opens a file; None when the format is only written. Raises InputError naming file and line.
        write: writes the vectors to a new file and returns notes for the user on what was changed; None when
            the format is only read.
        extra: the optional dependency it needs, as in `pip install "wvcli[EXTRA]"`, or an empty string.
    """

    name: str
    suffixes: tuple[str, ...]
    keeps: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Path], Vectors] | None = None
    write: Callable[[Vectors, Path], list[str]] | None = None
    extra: str = ""


registry: Registry[Format] = Registry("format", __name__)


def read(path: Path) -> Vectors:
    """Open a file in whichever format it is.

    Raises:
        InputError: the file cannot be read, is in no known format, or is damaged.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    able = [candidate for candidate in registry if candidate.read and candidate.sniff(head)]
    named = [candidate for candidate in able if path.name.lower().endswith(candidate.suffixes)]
    for candidate in named + able:
        if candidate.read:
            return candidate.read(path)
    refuse_fasttext_binary(path, head)
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")):
        raise InputError(f"{path} is compressed", "unpack it first")
    raise InputError(f"{path} is not in any format known here", "wvcli formats lists them")


def for_writing(path: Path, name: str | None = None) -> Format:
    """The format called `name`, or else the one that the suffix of `path` means.

    Raises:
        UsageError: there is none, or it cannot be written.
    """
    if name is not None:
        chosen = registry.get(name)
    else:
        fitting = [
            (len(suffix), candidate)
            for candidate in registry
            for suffix in candidate.suffixes
            if candidate.write and path.name.lower().endswith(suffix)
        ]
        if not fitting:
            raise UsageError(f"no format goes by the suffix of {path}", "name one with --to; see wvcli formats")
        chosen = max(fitting, key=lambda pair: pair[0])[1]
    if chosen.write is None:
        raise UsageError(f"the format {chosen.name} can be read but not written")
    return chosen


def write(vectors: Vectors, path: Path, name: str | None = None, overwrite: bool = False) -> list[str]:
    """Write vectors to a file, complete or not at all; returns notes for the user.

    Raises:
        UsageError: no such format, or the file exists and `overwrite` is false.
        WvcliError: the file cannot be written.
    """
    chosen = for_writing(path, name)
    assert chosen.write is not None
    with written_aside(path, overwrite) as aside:
        return chosen.write(vectors, aside)
