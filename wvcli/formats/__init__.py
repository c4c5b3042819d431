"""Formats: each reads and writes the files of one other system, told by content and never by name alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from wvcli.errors import InputError, UsageError, unreadable
from wvcli.registry import Registry
from wvcli.reporting import OnProgress, ignore_progress, words_reported_to
from wvcli.system.atomic_files import atomic_write
from wvcli.vectors.word_vectors import Vectors

_SNIFFED = 65_536  # bytes shown to the formats to recognise their own
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")


@dataclass(frozen=True)
class Writing:
    """How a file is to be written.

    Attributes:
        dtype: the kind of number, one of the format's `dtypes`.
        pad: the row of the padding word, which neural models need, or None.
        unknown: the row that stands for words outside the vocabulary, or None.
    """

    dtype: str = "float32"
    pad: int | None = None
    unknown: int | None = None


@dataclass(frozen=True)
class Format:
    """A file format of another system.

    Attributes:
        name: what users call it.
        suffixes: endings of file names that mean this format when writing, the usual one first; none for a
            format that must be named.
        keeps: what survives a round trip, in a few words. Where it says `counts`, `subwords` or `blanks` (inside
            words), these come back as they were.
        sniff: whether a file that begins with these bytes is in this format.
        sniff_folder: whether a folder is in this format; None for formats that are files.
        may_replace: whether a folder may be replaced by one that is written; None where any in this format may.
        read: opens a file or folder, all of it or only its first so many words; None when the format is only
            written. Raises InputError naming file and line.
        write: makes a new file or folder at a path where nothing is yet, and returns notes for the user on what
            was changed; None when the format is only read. The matrix may be lazy: it is read in blocks of rows,
            `vectors.matrix[start:stop]`, and never whole. Further files go beside the path if their names begin
            with its name and a dot.
        dtypes: the kinds of number it can be written with, the usual one first.
        special: whether the rows for padding and for unknown words mean something to it.
        extra: the optional dependency it needs, as in `pip install "wvcli[EXTRA]"`, or an empty string.
    """

    name: str
    suffixes: tuple[str, ...]
    keeps: str
    sniff: Callable[[bytes], bool]
    sniff_folder: Callable[[Path], bool] | None = None
    may_replace: Callable[[Path], bool] | None = None
    read: Callable[[Path, int | None], Vectors] | None = None
    write: Callable[[Vectors, Path, Writing], list[str]] | None = None
    dtypes: tuple[str, ...] = ("float32",)
    special: bool = False
    extra: str = ""

    @property
    def replaceable(self) -> Callable[[Path], bool] | None:
        """Whether a folder may be replaced by one in this format; None where no folder may."""
        return self.may_replace or self.sniff_folder


registry: Registry[Format] = Registry("format", __name__)


def _check_file(path: Path) -> None:
    if path.exists() and not path.is_dir() and not path.is_file():
        raise InputError(f"{path} is no ordinary file", "put what comes out of a pipe into a file first")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_SNIFFED)
    except OSError as error:
        raise unreadable(path, error) from error


def fitting(path: Path) -> list[Format]:
    """The formats that a file or folder may be in.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        return [member for member in registry if member.sniff_folder and member.sniff_folder(path)]
    _check_file(path)
    head = _head(path)
    return [member for member in registry if member.sniff(head)]


def recognise(path: Path) -> Format:
    """The format of a file or folder; of several that fit one that its name means too.

    Raises:
        InputError: it cannot be read, or is in no known format, or in one that is only written.
    """
    found = fitting(path)
    able = [candidate for candidate in found if candidate.read]
    named = [candidate for candidate in able if path.name.lower().endswith(candidate.suffixes)]
    for candidate in named + able:
        return candidate
    if found:
        raise InputError(f"{path} is in the format {found[0].name}, which can be written but not read")
    if not path.is_dir() and _head(path).startswith(_COMPRESSED):
        raise InputError(f"{path} is compressed", "unpack it first")
    what = "a folder, and not" if path.is_dir() else "not"
    raise InputError(f"{path} is {what} in any format known here", "wvcli formats lists them")


def read(
    path: Path, name: str | None = None, limit: int | None = None, on_progress: OnProgress = ignore_progress
) -> Vectors:
    """Open a file or folder in the format called `name`, or in whichever it is.

    Args:
        path: the file or folder.
        name: the format; None to tell it by content.
        limit: read the first so many words only.
        on_progress: called with the stage `opening` and the words read, of how many there are at most.

    Raises:
        InputError: it cannot be read, is in no known format, or is damaged.
        UsageError: no format has that name, or it cannot be read, or the limit is below 1.
        MissingExtraError: the format needs a package that is not installed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"the limit must be at least 1, not {limit}")
    _check_file(path)
    chosen = recognise(path) if name is None else registry.get(name)
    if chosen.read is None:
        raise UsageError(f"the format {chosen.name} can be written but not read")
    with words_reported_to(on_progress, "opening", path.name):
        return chosen.read(path, limit)


def for_writing(path: Path, name: str | None = None) -> Format:
    """The format called `name`, or else the one that the suffix of `path` means.

    Raises:
        UsageError: there is none, or it cannot be written.
    """
    if name is not None:
        chosen = registry.get(name)
    else:
        meant = [
            (len(suffix), candidate)
            for candidate in registry
            for suffix in candidate.suffixes
            if candidate.write and path.name.lower().endswith(suffix)
        ]
        if not meant:
            raise UsageError(f"no format goes by the suffix of {path}", "name one with --to; see wvcli formats")
        chosen = max(meant, key=lambda pair: pair[0])[1]
    if chosen.write is None:
        raise UsageError(f"the format {chosen.name} can be read but not written")
    return chosen


def check_dtype(chosen: Format, dtype: str) -> None:
    """Refuse a kind of number that a format cannot hold.

    Raises:
        UsageError: it is none of its `dtypes`.
    """
    if dtype not in chosen.dtypes:
        raise UsageError(f"{chosen.name} cannot hold {dtype}", f"it holds {' or '.join(chosen.dtypes)}")


def write(
    vectors: Vectors,
    path: Path,
    name: str | None = None,
    overwrite: bool = False,
    writing: Writing = Writing(),
) -> list[str]:
    """Write vectors to a file or folder, complete or not at all; returns notes for the user.

    A folder is replaced only where it is empty or in the same format.

    Raises:
        UsageError: no such format, or not with this kind of number, or the file exists and `overwrite` is false.
        MissingExtraError: the format needs a package that is not installed.
        WvcliError: the file cannot be written.
    """
    chosen = for_writing(path, name)
    assert chosen.write is not None
    check_dtype(chosen, writing.dtype)
    notes = []
    if vectors.subwords is not None and vectors.subwords.hashes and "subwords" in chosen.keeps:
        vectors = replace(vectors, subwords=None)
        notes.append(
            f"floret's subwords are left out, since {chosen.name} is written with fastText's hash: "
            "words outside the vocabulary will have no vector"
        )
    with atomic_write(path, overwrite, chosen.replaceable) as aside:
        return notes + chosen.write(vectors, aside, writing)
