"""Where text comes from: files, folders, globs, addresses and standard input, as streams of unpacked bytes."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from glob import glob, has_magic
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any

from wvcli.errors import InputError, MissingExtraError

STDIN = "-"

_MAGIC = (
    (re.compile(rb"\x1f\x8b\x08"), ".gz"),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), ".bz2"),  # a first block, or the end of an empty archive
    (re.compile(rb"\xfd7zXZ\x00"), ".xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), ".zst"),
)
_COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
_PEEKED = 8192  # bytes looked at to recognise a compression
_BUFFER = 1 << 20


def called(file: str) -> str:
    """How messages name a source."""
    return "standard input" if file == STDIN else file


def is_remote(source: str) -> bool:
    """Whether a source is an address such as `s3://bucket/key` or `https://host/path`."""
    return "://" in source


def suffix(file: str) -> str:
    """The suffix that tells what is in a file, in lower case, that of its compression set aside."""
    name = Path(file)
    if name.suffix.lower() in _COMPRESSED_SUFFIXES:
        name = name.with_suffix("")
    return name.suffix.lower()


def stem(file: str) -> str:
    """A file's name without its suffixes for compression and kind."""
    name = Path(file)
    if name.suffix.lower() in _COMPRESSED_SUFFIXES:
        name = name.with_suffix("")
    return name.stem


def expand(source: str) -> list[str]:
    """The files a source names: itself, those of a folder and its subfolders, or those of a glob, sorted.

    Raises:
        InputError: there are none.
    """
    if source == STDIN or is_remote(source):
        return [source]
    if not source:
        raise InputError("a source is an empty name")
    path = Path(source)
    try:
        if path.is_dir():
            return _inside(path)
        if path.exists():
            return [source]
    except (OSError, ValueError) as error:  # a name too long, or with a NUL in it
        raise InputError(f"there is no file {source}") from error
    if has_magic(source):
        matches = sorted(glob(source, recursive=True))
        if matches:
            return sorted({file for match in matches for file in expand(match)})
        raise InputError(f"no file matches {source}")
    raise InputError(f"there is no file {source}")


def _inside(folder: Path) -> list[str]:
    """The files of a folder and its subfolders, but for hidden ones and models."""
    files = sorted(
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".safetensors" and not _is_hidden(file, folder)
    )
    if not files:
        raise InputError(f"the folder {folder} holds no files to read")
    return files


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def size(files: list[str]) -> int | None:
    """Bytes in all files as they lie on disk; None when that cannot be known beforehand."""
    if any(file == STDIN or is_remote(file) for file in files):
        return None
    return sum(os.path.getsize(file) for file in files)


def is_packed(file: str) -> bool:
    """Whether a file is compressed, or Parquet: it can be read from its beginning only."""
    with open(file, "rb") as raw:
        head = raw.read(16)
    return head.startswith(b"PAR1") or any(magic.match(head) for magic, _ in _MAGIC)


class _Counted(RawIOBase):
    """A raw stream that tells how many bytes were read through it."""

    def __init__(self, raw: IO[bytes], on_bytes: Callable[[int], None]) -> None:
        self._raw = raw
        self._on_bytes = on_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._on_bytes(len(data))
        return len(data)


@contextmanager
def reading(file: str, on_bytes: Callable[[int], None]) -> Iterator["BufferedReader[Any]"]:
    """The unpacked bytes of a source; its compression is told from its first bytes, not from its name.

    Args:
        file: a path, an address, or `-`.
        on_bytes: told how many bytes, still packed, were read since the last call.

    Raises:
        InputError: the source cannot be read, or its packed data is damaged or cut off.
    """
    from smart_open.compression import compression_wrapper

    try:
        with _opened(file) as raw:
            counted = BufferedReader(_Counted(raw, on_bytes), _PEEKED)
            head = counted.peek(_PEEKED)
            compression = next((kind for magic, kind in _MAGIC if magic.match(head)), None)
            if compression is None:
                yield counted
            else:
                unpacked = compression_wrapper(counted, "rb", compression)
                with BufferedReader(_Counted(unpacked, lambda count: None), _BUFFER) as stream:
                    yield stream
    except EOFError as error:
        raise InputError(f"{called(file)} is cut off: its compressed data ends early") from error
    except OSError as error:
        raise InputError(f"cannot read {called(file)}: {(error.strerror or str(error)).lower()}") from error
    except Exception as error:
        # lzma, zstd and zlib each have a kind of their own for damaged data
        if type(error).__name__ in ("LZMAError", "ZstdError", "error"):
            raise InputError(f"{called(file)} is damaged: {error}") from error
        raise


def _opened(file: str) -> AbstractContextManager[IO[bytes]]:
    if file == STDIN:
        return nullcontext(sys.stdin.buffer)
    if not is_remote(file):
        return open(file, "rb")
    import smart_open

    try:
        stream: IO[bytes] = smart_open.open(file, "rb", compression="disable")
    except ImportError as error:
        raise MissingExtraError(f"reading {file}", "remote") from error
    except (NotImplementedError, ValueError) as error:
        raise InputError(f"cannot read {file}: {error}") from error
    return stream
