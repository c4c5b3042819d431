"""Sources of text: files, folders, globs and standard input, plain or compressed, read a line at a time."""

import codecs
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import glob, has_magic
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from typing import IO, Any

from wvcli.errors import InputError

STDIN = "-"

_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
_UNREADABLE_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive"}
_WIDE_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SNIFFED = 8192  # bytes looked at to tell text from binary data
_LONGEST_PIECE = 1 << 20  # bytes of one line held in memory; a longer line goes on in pieces


@dataclass
class Corpus:
    """Texts from any mix of sources, in order.

    Attributes:
        sources: paths, folders, globs, or `-` for standard input, as the user wrote them.
        encoding: of the text; a byte order mark of UTF-8 is skipped.
        errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
        on_bytes: called with the number of bytes of the sources read since the last call.
    """

    sources: Sequence[str]
    encoding: str = "utf-8"
    errors: str = "strict"
    on_bytes: Callable[[int], None] = lambda count: None
    files: list[str] = field(init=False)

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding)
        except LookupError as error:
            raise InputError(f"there is no encoding called {self.encoding!r}") from error
        self.files = [file for source in self.sources for file in _expand(source)]
        self._digest = hashlib.sha256()

    def size(self) -> int | None:
        """Bytes in all files as they lie on disk; None when standard input is among them."""
        if STDIN in self.files:
            return None
        return sum(os.path.getsize(file) for file in self.files)

    def fingerprint(self) -> str:
        """The SHA-256 of all text yielded so far, as UTF-8 with a line feed after each line."""
        return self._digest.hexdigest()

    def texts(self) -> Iterator[str]:
        """Each line of each source, without its line end; a very long line comes in several pieces.

        Raises:
            InputError: a source is missing, binary, damaged or not in the encoding; file and line are named.
        """
        for file in self.files:
            with _reading(file, self.on_bytes) as stream:
                for line in self._lines(file, stream):
                    self._digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
                    yield line

    def _lines(self, file: str, stream: "BufferedReader[Any]") -> Iterator[str]:
        self._check_text(file, stream)
        name = codecs.lookup(self.encoding).name
        if name.startswith(("utf-16", "utf-32")):
            yield from self._wide_lines(file, stream)
            return
        for number, piece in _pieces(stream, splits_anywhere=name == "utf-8"):
            if number == 1 and name == "utf-8":
                piece = piece.removeprefix(codecs.BOM_UTF8)
            try:
                yield piece.decode(self.encoding, self.errors)
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{_called(file)}, line {number}: byte 0x{error.object[error.start]:02x} at position "
                    f"{error.start + 1} is not {self.encoding}",
                    "name the encoding with --encoding, or add --encoding-errors replace",
                ) from error

    def _wide_lines(self, file: str, stream: "BufferedReader[Any]") -> Iterator[str]:
        number = 0
        try:
            for line in TextIOWrapper(stream, self.encoding, self.errors):
                number += 1
                yield line.rstrip("\n")
        except UnicodeError as error:
            raise InputError(f"{_called(file)}, after line {number}: not {self.encoding}") from error

    def _check_text(self, file: str, stream: "BufferedReader[Any]") -> None:
        head = stream.peek(_SNIFFED)[:_SNIFFED]
        for magic, what in _UNREADABLE_ARCHIVES.items():
            if head.startswith(magic):
                raise InputError(f"{_called(file)} is {what}, not text", "unpack it first")
        if codecs.lookup(self.encoding).name.startswith(("utf-16", "utf-32")):
            return
        for bom, encoding in _WIDE_BOMS.items():
            if head.startswith(bom):
                raise InputError(f"{_called(file)} is {encoding} text", f"add --encoding {encoding}")
        if b"\0" in head:
            raise InputError(f"{_called(file)} is binary data, not text")


def _called(file: str) -> str:
    return "standard input" if file == STDIN else file


def _expand(source: str) -> list[str]:
    """The files a source names: itself, those of a folder and its subfolders, or those of a glob, sorted."""
    if source == STDIN:
        return [STDIN]
    if not source:
        raise InputError("a source is an empty name")
    path = Path(source)
    if path.is_dir():
        inside = path.rglob("*")
        files = sorted(
            str(file)
            for file in inside
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        )
        if not files:
            raise InputError(f"the folder {source} holds no files")
        return files
    if path.exists():
        return [source]
    if has_magic(source):
        matches = sorted(match for match in glob(source, recursive=True) if os.path.isfile(match))
        if matches:
            return matches
        raise InputError(f"no file matches {source}")
    raise InputError(f"there is no file {source}")


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
def _reading(file: str, on_bytes: Callable[[int], None]) -> Iterator["BufferedReader[Any]"]:
    """The decompressed bytes of a source; the compression is told from the first bytes, not from the name."""
    from smart_open.compression import compression_wrapper

    try:
        with sys.stdin.buffer if file == STDIN else open(file, "rb") as raw:
            counted = BufferedReader(_Counted(raw, on_bytes), _SNIFFED)
            head = counted.peek(6)
            compression = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
            if compression is None:
                yield counted
            else:
                unpacked = compression_wrapper(counted, "rb", compression)
                with BufferedReader(_Counted(unpacked, lambda count: None), _LONGEST_PIECE) as stream:
                    yield stream
    except EOFError as error:
        raise InputError(f"{_called(file)} is cut off: its compressed data ends early") from error
    except OSError as error:
        raise InputError(f"cannot read {_called(file)}: {error.strerror or error}") from error
    except Exception as error:
        if type(error).__name__ in (
            "LZMAError",
            "ZstdError",
            "error",
        ):  # lzma, zstd and zlib, each its own kind
            raise InputError(f"{_called(file)} is damaged: {error}") from error
        raise


def _pieces(stream: "BufferedReader[Any]", splits_anywhere: bool) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, without line ends; a line over the limit is cut after a blank if it has one.

    Where it has none, UTF-8 is cut between two characters; other encodings are not cut.
    """
    number, rest = 1, b""
    while line := stream.readline(_LONGEST_PIECE):
        line = rest + line
        if line.endswith(b"\n"):
            yield number, line.rstrip(b"\r\n")
            number, rest = number + 1, b""
            continue
        cut = _cut(line, splits_anywhere) if len(line) >= _LONGEST_PIECE else 0
        if cut:
            yield number, line[:cut]
        rest = line[cut:]
    if rest:
        yield number, rest.rstrip(b"\r")


def _cut(line: bytes, anywhere: bool) -> int:
    """Where a long line may be cut: after its last blank, else before its last UTF-8 character, else nowhere."""
    cut = max(line.rfind(b" "), line.rfind(b"\t")) + 1
    if cut or not anywhere:
        return cut
    cut = len(line) - 1
    while cut > len(line) - 4 and line[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut
