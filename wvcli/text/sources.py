"""Where text comes from: files, folders, globs, addresses and standard input, as streams of unpacked bytes."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from glob import glob, has_magic
from io import BufferedReader, RawIOBase, UnsupportedOperation
from pathlib import Path
from textwrap import shorten
from time import sleep
from typing import IO, Any

from wvcli.errors import InputError, MissingExtraError, unreadable
from wvcli.reporting import OnNote, ignore_note
from wvcli.text import unpacking
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
_REMOTE_BUFFER = 1 << 17  # as much as smart_open itself asks for at a time
_PAUSES = (0.0, 1.0, 4.0)  # seconds before a page that broke off is asked for the rest again
_LONGEST_REASON = 200  # characters; some clients quote a whole page
_WEB = ("http://", "https://")
_S3 = ("s3://", "s3a://", "s3n://")
# a secret key of S3 may hold a slash
_PASSWORD = re.compile(r"^(s3[an]?://[^/:@]+):[^@]*@|^([\w+.-]+://[^/:@]+):[^/@]*@")


def display_name(file: str) -> str:
    """Return the name of a source as messages show it."""
    return "standard input" if file == STDIN else without_password(file)


def without_password(source: str) -> str:
    """Return a source as it was given, without the password that an address may hold."""
    return _PASSWORD.sub(r"\1\2@", source)


def is_remote(source: str) -> bool:
    """Whether a source is an address such as `s3://bucket/key` or `https://host/path`."""
    return "://" in source


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
    name = Path(re.split("[?#]", file, maxsplit=1)[0] if file.startswith(_WEB) else file)
    return name.with_suffix("") if name.suffix.lower() in _COMPRESSED_SUFFIXES else name


def expand(source: str) -> list[str]:
    """Find the files a source names: itself, those of a folder and its subfolders, or those of a glob, sorted.

    A link to a folder is entered like the folder, but no folder twice.

    Raises:
        InputError: there are none, or a folder or a link cannot be followed.
    """
    if source == STDIN or is_remote(source):
        return [source]
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


def size(files: list[str]) -> int | None:
    """Return the bytes in all files as they lie on disk; None when that is not known beforehand.

    Raises:
        InputError: a file is missing, or its folder is closed.
    """
    if any(file in (STDIN, IN_MEMORY) or is_remote(file) for file in files):
        return None
    return sum(map(_size_of, files))


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
        with open(file, "rb") as raw:
            head = raw.read(16)
    except OSError as error:
        raise unreadable(file, error) from error
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
) -> Iterator["BufferedReader[Any]"]:
    """Open the unpacked bytes of a source; its compression is recognised by its first bytes, not from its name.

    Args:
        file: a path, an address, or `-`.
        on_bytes: called with the number of bytes, still packed, read since the last call.
        timeout: seconds that a server may take to answer, or to go on sending.
        on_note: called with what is wrong with packed data and does not matter.
        on_data: called with the bytes themselves, still packed, if somebody wants them.

    Raises:
        InputError: the source cannot be read, or its packed data is damaged or cut off.
    """
    try:
        with _open(file, timeout) as raw:
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


def _open(file: str, timeout: float) -> AbstractContextManager[IO[bytes]]:
    if file == STDIN:
        return nullcontext(sys.stdin.buffer)
    return _open_address(file, timeout) if is_remote(file) else open(file, "rb")


@contextmanager
def _open_address(address: str, timeout: float) -> Iterator[IO[bytes]]:
    """Open an address for reading; whatever goes wrong in its client is an `InputError`."""
    import smart_open

    if re.fullmatch(r"(s3[an]?|gs)://[^/]*/*", address):
        raise InputError(f"{display_name(address)} names no file in the bucket")

    def connect() -> Any:
        parameters = _time_limits(address, timeout)
        return smart_open.open(address, "rb", compression="disable", transport_params=parameters)

    with _as_input_error(address):
        stream = _AddressStream(connect, address)
    with BufferedReader(stream, _REMOTE_BUFFER) as buffered:
        yield buffered


def _time_limits(address: str, timeout: float) -> dict[str, Any]:
    """Return smart_open's parameters for a timeout, which its clients lack or set to minutes.

    How often S3 is tried again is for the user to set.
    """
    if address.startswith(_WEB):
        return {"timeout": timeout}
    if address.startswith(_S3):
        try:
            from botocore.config import Config
        except ImportError:
            return {}  # smart_open is about to say so
        config = Config(connect_timeout=timeout / 3, read_timeout=timeout, tcp_keepalive=True)
        return {"client_kwargs": {"S3.Client": {"config": config}}}
    return {}


class _AddressStream(RawIOBase):
    """The bytes at an address; whatever goes wrong in its client is an `InputError`.

    Where a web server breaks off, the rest is asked for again, if the server gives parts and the page is the same.

    Args:
        connect: opens the address.
        address: what is read.
    """

    def __init__(self, connect: Callable[[], Any], address: str) -> None:
        self._connect = connect
        self._address = address
        self._stream = connect()
        self._version = _version(self._stream)
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _as_input_error(self._address):
            data = self._read(len(buffer))
        self._position += len(data)
        buffer[: len(data)] = data
        return len(data)

    def _read(self, most: int) -> bytes:
        """Return at most this many bytes, the next ones, after a new connection if need be."""
        for pause in _PAUSES:
            try:
                return bytes(self._stream.read(most))
            except Exception:  # the errors of its clients have no other root
                if self._version is None or not self._position or not self._resumed(pause):
                    raise
        return bytes(self._stream.read(most))

    def _resumed(self, pause: float) -> bool:
        """Whether a new connection gives the rest of what was read before."""
        sleep(pause)
        try:
            stream = self._connect()
            if _version(stream) != self._version:
                return False
            stream.seek(self._position)
        except UnsupportedOperation:  # the server sends all again
            return False
        except Exception:  # whatever the client calls it, the server is away; perhaps not after the next pause
            return True
        self._stream = stream
        return True

    def close(self) -> None:
        self._stream.close()
        super().close()


def _version(stream: Any) -> str | None:
    """Return what tells one state of a web page from another, or None: nothing does, or it is no web page."""
    headers = getattr(getattr(stream, "response", None), "headers", {})
    return headers.get("ETag") or headers.get("Last-Modified")


@contextmanager
def _as_input_error(address: str) -> Iterator[None]:
    """Turn the errors of all clients, which have no root but Exception, into an `InputError`."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(f"reading {display_name(address)}", "remote") from error
    except NotImplementedError as error:
        scheme = address.partition("://")[0]
        raise InputError(f"cannot read {display_name(address)}: no reader for {scheme}:// is known") from error
    except Exception as error:
        raise InputError(f"cannot read {display_name(address)}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Say why a client failed, in one line: in the system's words if there are any, else the innermost error's."""
    chain = [error]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    by_system = [link.strerror for link in chain if isinstance(link, OSError) and link.strerror]
    reason = (by_system or [str(chain[-1]) or type(chain[-1]).__name__])[-1]
    if reason.startswith("IncompleteRead("):
        return "the server broke off " + reason.removeprefix("IncompleteRead")
    reason = re.sub(r"^smart_open\S*\(.*?\): | for url: \S+$", "", reason)
    return shorten(reason, _LONGEST_REASON, placeholder=" …")
