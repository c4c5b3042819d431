"""Where text comes from: files, folders, globs, addresses and standard input, as streams of unpacked bytes."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from glob import glob, has_magic
from io import BufferedReader, RawIOBase
from pathlib import Path
from textwrap import shorten
from typing import IO, Any

from wvcli.errors import InputError, unreadable
from wvcli.reporting import OnNote, ignore_note
from wvcli.text import storage, unpacking
from wvcli.text.addresses import WEB, OnSize, is_object, object_size, open_address
from wvcli.text.addresses import is_remote as is_remote
from wvcli.text.addresses import without_password as without_password
from wvcli.text.downloads import KeptDownload
from wvcli.text.unpacking import DamagedDataError, UnpackedStream

STDIN = "-"
IN_MEMORY = "(texts in memory)"  # stands for what is no file but the texts of a Python program
TIMEOUT = 30.0  # seconds that a server may take to answer, or to go on sending

OnData = Callable[[bytes], None]

_COMPRESSIONS = (
    (re.compile(rb"\x1f\x8b\x08"), ".gz"),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), ".bz2"),  # a first block, or the end of an empty archive
    (re.compile(rb"\xfd7zXZ\x00"), ".xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), ".zst"),
)
_COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
_PEEKED = 8192  # bytes looked at to recognise a compression
_BUFFER = 1 << 20
_LONGEST_REASON = 200  # characters; some clients quote a whole page


def display_name(file: str) -> str:
    """Return the name of a source as messages show it."""
    return "standard input" if file == STDIN else without_password(file)


def suffix(file: str) -> str:
    """Return the suffix that tells what is in a file, in lower case, such as `.csv` of `TABLE.CSV.gz`."""
    return _unpacked(file).suffix.lower()


def stem(file: str) -> str:
    """Return a file's name without its suffixes, such as `table` of `table.csv.gz`."""
    return _unpacked(file).stem


def unpacked_name(file: str) -> str:
    """Return a file's name without its folder and without the suffix of its compression."""
    return _unpacked(file).name


def _unpacked(file: str) -> Path:
    """Return a file's name without the suffix of its compression, and without the query of a web address."""
    name = Path(re.split("[?#]", file, maxsplit=1)[0] if file.startswith(WEB) else file)
    return name.with_suffix("") if name.suffix.lower() in _COMPRESSED_SUFFIXES else name


def expand(source: str, on_size: Callable[[str, int], None] = lambda file, size: None) -> list[str]:
    """Find the files a source names: itself, those of a folder and its subfolders, or those of a glob, sorted.

    A link to a folder is entered like the folder, but no folder twice. Addresses may name folders, with a slash at
    the end, and globs where `storage` lists what is there.

    Args:
        source: a path, a glob, an address, or `-`.
        on_size: called with each file of a storage that was listed, and its bytes.

    Raises:
        InputError: there are none, or a folder or a link cannot be followed.
    """
    if source == STDIN or is_remote(source):
        return _at_address(source, on_size)
    if not source:
        raise InputError("a source is an empty name")
    path = Path(source)
    try:
        if path.is_dir():
            return _files_inside(path)
        if path.exists():
            return [source]
    except PermissionError as error:
        raise unreadable(source, error) from error
    except (OSError, ValueError) as error:  # a name too long, or with a NUL in it
        raise _no_file(source) from error
    if has_magic(source):
        matches = sorted(glob(source, recursive=True))
        if matches:
            return _without_detours({file for match in matches for file in expand(match)})
        raise InputError(f"no file matches {source}")
    raise _no_file(source)


def _at_address(source: str, on_size: Callable[[str, int], None]) -> list[str]:
    if not storage.names_several(source):
        return [source]
    files = storage.list_files(source, TIMEOUT)
    for file, size in files.items():
        on_size(file, size)
    return list(files)


def _no_file(source: str) -> InputError:
    is_sentence = source.count(" ") > 1
    hint = "text itself is read from standard input, and in Python from an iterator, `iter(texts)`"
    return InputError(f"there is no file {shorten(source, _LONGEST_REASON)}", hint if is_sentence else "")


def _files_inside(folder: Path) -> list[str]:
    """Find the files of a folder and its subfolders, except hidden ones and models."""
    files: list[str] = []
    entered: set[tuple[int, int]] = set()
    links = _enter(folder, files, entered)
    while links:  # after all that is there without them, so that a file keeps its shortest name
        links = sorted(inner for link in links for inner in _enter(link, files, entered))
    if not files:
        raise InputError(f"the folder {folder} holds no files to read")
    return sorted(files)


def _enter(folder: Path, files: list[str], entered: set[tuple[int, int]]) -> list[Path]:
    """Add the files of a folder and its subfolders, unless it was entered before; return the links to folders.

    Raises:
        InputError: a folder cannot be listed, or a link leads nowhere.
    """
    links: list[Path] = []
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            for entry in sorted(path.iterdir()):
                if entry.name.startswith("."):
                    continue
                kind = entry.stat().st_mode
                if stat.S_ISDIR(kind):
                    (links if entry.is_symlink() else waiting).append(entry)
                elif stat.S_ISREG(kind) and entry.suffix != ".safetensors":
                    files.append(str(entry))
        except OSError as error:
            raise unreadable(error.filename or path, error) from error
    return links


def _without_detours(files: set[str]) -> list[str]:
    """Return files sorted, each by its shortest name only where links to folders lead to it in several ways."""
    kept: dict[tuple[str, str], str] = {}
    for file in sorted(files, key=lambda file: (file.count(os.sep), file)):
        folder, name = os.path.split(file)
        kept.setdefault((os.path.realpath(folder), name), file)
    return sorted(kept.values())


def is_folder(source: str) -> bool:
    """Whether a source is a folder, on disk or in a storage."""
    return storage.is_folder(source) if is_remote(source) else os.path.isdir(source)


def folder_name(folder: str) -> str:
    """Return the name of a folder without those above it."""
    return storage.folder_name(folder) if is_remote(folder) else Path(folder).resolve().name


def inside(folder: str, file: str) -> str:
    """Return the path of a file from a folder that it is in."""
    return file[len(folder.rstrip("/")) + 1 :] if is_remote(folder) else os.path.relpath(file, folder)


def size(files: list[str], known: Mapping[str, int] | None = None) -> int | None:
    """Return the bytes in all files as they lie on disk; None when that is not known beforehand.

    Args:
        files: paths, addresses, or `-`.
        known: the bytes of some that are at addresses.

    Raises:
        InputError: a file is missing, or its folder is closed.
    """
    known = known or {}
    if any(file not in known and (file in (STDIN, IN_MEMORY) or is_remote(file)) for file in files):
        return None
    return sum(known[file] if file in known else _size_of(file) for file in files)


def can_seek(file: str) -> bool:
    """Whether a file can be read from the middle: it is on disk, or an object of cloud storage."""
    return is_object(file) if is_remote(file) else file != STDIN


def size_of(file: str) -> int | None:
    """Return the bytes of a file, or of an object of cloud storage; None of what is at another address.

    Raises:
        InputError: it is missing, or its folder is closed.
    """
    return object_size(file, TIMEOUT) if is_remote(file) else _size_of(file)


def _size_of(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError as error:
        raise unreadable(file, error) from error


def is_packed(file: str) -> bool:
    """Whether a file is compressed, or Parquet, so that it can be read from its beginning only.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with _open(file, TIMEOUT, lambda size: None, None) as raw:
            head = raw.read(16)
    except OSError as error:
        raise unreadable(display_name(file), error) from error
    return head.startswith(b"PAR1") or compression(head) is not None


def compression(head: bytes) -> str | None:
    """Return the suffix of the compression that data beginning with these bytes is in, such as `.gz`, or None."""
    return next((kind for magic, kind in _COMPRESSIONS if magic.match(head)), None)


class _CountingStream(RawIOBase):
    """A raw stream that reports the bytes that were read through it."""

    def __init__(self, raw: IO[bytes], on_bytes: Callable[[int], None], on_data: OnData | None = None) -> None:
        self._raw = raw
        self._on_bytes = on_bytes
        self._on_data = on_data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._on_bytes(len(data))
        if self._on_data:
            self._on_data(data)
        return len(data)


@contextmanager
def reading(
    file: str,
    on_bytes: Callable[[int], None],
    timeout: float = TIMEOUT,
    on_note: OnNote = ignore_note,
    on_data: OnData | None = None,
    on_size: OnSize = lambda size: None,
    kept: KeptDownload | None = None,
) -> Iterator["BufferedReader[Any]"]:
    """Open the unpacked bytes of a source; its compression is recognised by its first bytes, not from its name.

    Args:
        file: a path, an address, or `-`.
        on_bytes: called with the number of bytes, still packed, read since the last call.
        timeout: seconds that a server may take to answer, or to go on sending.
        on_note: called with what is wrong with packed data and does not matter.
        on_data: called with the bytes themselves, still packed, if somebody wants them.
        on_size: called with the number of bytes at an address, if the server says it.
        kept: what came of an address in an earlier run, and is kept for a later one.

    Raises:
        InputError: the source cannot be read, or its packed data is damaged or cut off.
    """
    try:
        with _open(file, timeout, on_size, kept) as raw:
            counted = BufferedReader(_CountingStream(raw, on_bytes, on_data), _PEEKED)
            head = counted.peek(_PEEKED)
            kind = compression(head)
            if kind is None:
                yield counted
            elif kind in unpacking.KINDS:
                raw_stream = UnpackedStream(counted, kind, lambda note: on_note(f"{display_name(file)}: {note}"))
                with BufferedReader(raw_stream, _BUFFER) as stream:
                    yield stream
            else:
                from smart_open.compression import compression_wrapper  # takes longer than reading much text

                unpacked = compression_wrapper(counted, "rb", kind)
                with BufferedReader(_CountingStream(unpacked, lambda count: None), _BUFFER) as stream:
                    yield stream
    except EOFError as error:
        raise InputError(f"{display_name(file)} is cut off: its compressed data ends early") from error
    except DamagedDataError as error:
        raise InputError(f"{display_name(file)} is damaged: {error}") from error
    except OSError as error:
        raise unreadable(display_name(file), error) from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":  # of a package that differs from one Python to the next
            raise InputError(f"{display_name(file)} is damaged: {error}") from error
        raise


def _open(
    file: str, timeout: float, on_size: OnSize, kept: KeptDownload | None
) -> AbstractContextManager[IO[bytes]]:
    if file == STDIN:
        return nullcontext(sys.stdin.buffer)
    return open_address(file, timeout, on_size, kept) if is_remote(file) else open(file, "rb")
