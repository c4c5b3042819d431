"""Formats: each module reads and writes the files of one other system.

Files are recognised by their content, and by their name only where several formats match.
"""

from dataclasses import replace
from pathlib import Path

from wvcli.errors import InputError, UsageError
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._reading import open_input, opened_files, parsing
from wvcli.formats._word_classes import write_classes
from wvcli.registry import Registry
from wvcli.reporting import (
    OnNote,
    OnProgress,
    ignore_note,
    ignore_progress,
    notes_reported_to,
    words_reported_to,
)
from wvcli.system.atomic_files import atomic_write
from wvcli.vectors.word_vectors import Vectors

__all__ = [
    "Format",
    "Kept",
    "Reading",
    "Writing",
    "check_dtype",
    "for_writing",
    "matching",
    "of_head",
    "open_input",
    "read",
    "recognise",
    "registry",
    "write",
    "write_classes",
]

_ATTEMPTS = 2  # to read files that are replaced meanwhile
_SNIFFED = 65_536  # bytes of a file that are shown to each format

_USUAL = Writing()
_AS_WRITTEN = Reading()

registry: Registry[Format] = Registry("format", __name__)


def _check_file(path: Path) -> None:
    if path.exists() and not path.is_dir() and not path.is_file():
        raise InputError(f"{path} is not a regular file", "save the output of a pipe to a file first")


def _head(path: Path) -> bytes:
    with open_input(path) as file:
        return file.read(_SNIFFED)


def matching(path: Path) -> list[Format]:
    """Return the formats that a file or folder may be in.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        with parsing(path):
            return [member for member in registry if member.sniff_folder and member.sniff_folder(path)]
    _check_file(path)
    head = _head(path)
    with parsing(path):
        return [member for member in of_head(head) if not member.sniff_file or member.sniff_file(path)]


def of_head(head: bytes) -> list[Format]:
    """Return the formats that a file beginning with these bytes may be in."""
    return [member for member in registry if member.sniff(head)]


def recognise(path: Path) -> Format:
    """Return the format of a file or folder; where several match, one that its suffix means too is preferred.

    Raises:
        InputError: it cannot be read, is in no known format, or in one that wvcli only writes.
    """
    found = matching(path)
    readable = [candidate for candidate in found if candidate.read]
    by_suffix = [candidate for candidate in readable if candidate.is_meant_by(path.name)]
    for candidate in by_suffix + readable:
        return candidate
    if found:
        raise InputError(f"{path} is in the format {found[0].name}, which wvcli can write but not read")
    what = "a folder, and not" if path.is_dir() else "not"
    raise InputError(f"{path} is {what} in a known format", "wvcli formats lists them")


def read(
    path: Path,
    name: str | None = None,
    limit: int | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    reading: Reading = _AS_WRITTEN,
) -> Vectors:
    """Open a file or folder of another system.

    Args:
        path: the file or folder.
        name: the format; None to recognise it by content.
        limit: read only the first `limit` words.
        on_progress: called with the stage `opening` and the words read, of how many there are at most.
        on_note: called with a line on what was left out, such as vectors of repeated words.
        reading: the encoding of words, and whether to leave out what cannot be read.

    Raises:
        InputError: it cannot be read, is in no known format, is damaged, or is replaced again and again.
        UsageError: no format has that name, or it cannot be read, or not so; or the limit is below 1.
        MissingExtraError: the format needs a package that is not installed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"`limit` must be at least 1, not {limit}")
    _check_file(path)
    chosen = recognise(path) if name is None else registry.get(name)
    if chosen.read is None:
        raise UsageError(f"wvcli can write the format {chosen.name} but not read it")
    _check_choices(chosen, path, reading)
    with words_reported_to(on_progress, "opening", path.name):
        return _read_together(chosen, path, limit, on_note, reading)


def _check_choices(chosen: Format, path: Path, reading: Reading) -> None:
    """Refuse what the user says of a file of which its format leaves no choice.

    Raises:
        UsageError: there is such a thing.
    """
    refused = reading.chosen - (chosen.choices if chosen.read_with else frozenset())
    if "encoding" in refused:
        raise UsageError(
            f"{path} is in the format {chosen.name}, in which the encoding of words is not a choice",
            "leave out `encoding`, `encoding_errors` and `skip_bad`",
        )
    if refused:
        name = min(refused)
        able = ", ".join(member.name for member in registry if name in member.choices and member.read_with)
        raise UsageError(
            f"{path} is in the format {chosen.name}, which has no `{name}` to choose",
            f"leave out `{name}`; formats that have one: {able}",
        )


def _read_together(chosen: Format, path: Path, limit: int | None, on_note: OnNote, reading: Reading) -> Vectors:
    """Read a file with those beside it, or a folder: all of them as they were at one moment.

    Raises:
        InputError: they cannot be read, or are replaced again and again.
    """
    assert chosen.read is not None
    for _ in range(_ATTEMPTS):
        notes: list[str] = []
        found: Vectors | InputError
        with opened_files() as opened, notes_reported_to(notes.append):
            try:
                with parsing(path):
                    if reading != _AS_WRITTEN and chosen.read_with:
                        found = chosen.read_with(path, limit, reading)
                    else:
                        found = chosen.read(path, limit)
            except InputError as error:  # perhaps since one of them was replaced
                found = error
        if opened.belong_together():
            for note in notes:
                on_note(note)
            if isinstance(found, InputError):
                raise found
            return found
    raise InputError(f"{path} was replaced while it was read", "ask again")


def for_writing(path: Path, name: str | None = None) -> Format:
    """Return the format called `name`, or else the one that the name of `path` means by its suffix.

    Raises:
        UsageError: there is none, or it cannot be written.
    """
    if name is not None:
        chosen = registry.get(name)
    else:
        meant = {candidate: candidate.length_meant(path.name) for candidate in registry if candidate.write}
        chosen = max(meant, key=lambda candidate: meant[candidate])
        if not meant[chosen]:
            raise UsageError(f"no format has the suffix of {path}", "choose one with `name`; see wvcli formats")
    if chosen.write is None:
        raise UsageError(f"wvcli can read the format {chosen.name} but not write it")
    return chosen


def check_dtype(chosen: Format, dtype: str) -> None:
    """Refuse a dtype that a format cannot hold.

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
    writing: Writing = _USUAL,
) -> list[str]:
    """Write vectors to a file or folder, complete or not at all.

    A folder is replaced only where it is empty or in the same format.

    Args:
        vectors: what to write.
        path: the file or folder to make.
        name: the format; None to choose it by the suffix of `path`.
        overwrite: replace what is there.
        writing: the dtype and the special rows.

    Returns:
        Notes for the user on what was changed or left out.

    Raises:
        UsageError: there is no such format, it cannot hold this dtype, or the file exists and `overwrite` is
            false.
        MissingExtraError: the format needs a package that is not installed.
        WvcliError: the file cannot be written.
    """
    chosen = for_writing(path, name)
    assert chosen.write is not None
    check_dtype(chosen, writing.dtype)
    notes = []
    if vectors.subwords is not None and vectors.subwords.hashes and Kept.SUBWORDS in chosen.keeps:
        vectors = replace(vectors, subwords=None)
        notes.append(
            f"floret's subwords are left out, since {chosen.name} is written with fastText's hash: "
            "words outside the vocabulary will have no vector"
        )
    with atomic_write(path, overwrite, chosen.replaceable, chosen.companions) as temporary:
        return notes + chosen.write(vectors, temporary, writing)
