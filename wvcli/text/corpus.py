"""A corpus: texts from any mix of sources, one after the other, with a fingerprint of all that was read."""

import codecs
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TypeVar

from wvcli.errors import InputError, UsageError
from wvcli.text import records, sources
from wvcli.text.lines import _LONGEST_PIECE, _byte_order, _line_pieces, _lines_in, _pieces, _unmarked, _wide_pieces
from wvcli.text.records import Bad, Line
from wvcli.text.sources import STDIN, display_name

_UNREADABLE = {b"PK\x03\x04": "a zip archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive"}
_PARQUET = b"PAR1"
_WIDE_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
Part = TypeVar("Part")  # of plain text

_SNIFFED = 8192  # bytes looked at to tell text from binary data
_WAYS_WITH_ERRORS = ("strict", "replace", "ignore")
_RECORD_KINDS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "table", ".tsv": "table"}


@dataclass
class Corpus:
    """Texts from any mix of sources, in order.

    Attributes:
        given: paths, folders, globs, addresses, or `-` for standard input, as the user wrote them.
        encoding: of the text; a byte order mark of UTF-8 is skipped.
        errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
        field: where in a JSON record the text is, as `a.b`.
        column: which column of CSV, TSV or Parquet holds the text.
        skip_bad: count what cannot be read and go on, instead of stopping there.
        on_bytes: called with the number of bytes of the sources read since the last call.
        files: the files that `given` comes to.
        skipped: bad lines and records passed over so far.
    """

    given: Sequence[str]
    encoding: str = "utf-8"
    errors: str = "strict"
    field: str | None = None
    column: str | None = None
    skip_bad: bool = False
    on_bytes: Callable[[int], None] = lambda count: None
    files: list[str] = attribute(init=False)
    skipped: int = attribute(default=0, init=False)

    def __post_init__(self) -> None:
        self._encoding = _text_encoding(self.encoding)
        if self.errors not in _WAYS_WITH_ERRORS:
            raise UsageError(f"--encoding-errors must be {', '.join(_WAYS_WITH_ERRORS)}, not {self.errors!r}")
        self.files = [file for source in self.given for file in sources.expand(source)]
        if not self.files:
            raise UsageError("no source was given")
        if self.files.count(STDIN) > 1:
            raise UsageError("standard input can be read only once")
        self._digest = hashlib.sha256()

    def size(self) -> int | None:
        """Bytes in all files as they lie on disk; None when that is not known beforehand."""
        return sources.size(self.files)

    def fingerprint(self) -> str:
        """The SHA-256 of all text yielded so far, as UTF-8 with a line feed after each text."""
        return self._digest.hexdigest()

    def texts(self) -> Iterator[str]:
        """Each text of each source: a line without its end, or the text of a record.

        A very long line of plain text comes in several pieces.

        Raises:
            InputError: a source is missing, binary, damaged or not in the encoding; file and line are named.
            UsageError: a file of records is given without saying which field or column holds the text.
        """
        return (text for _, _, text in self.placed_texts())

    def placed_texts(self) -> Iterator[tuple[str, int, str]]:
        """As `texts`, with the file that each text is in, and the line, from 1.

        In Parquet it is the row, in a JSON array the item.
        """
        for file in self.files:
            with sources.reading(file, self.on_bytes) as stream:
                for item in self._items(file, stream, self._lines):
                    if (taken := self._taken(file, item)) is not None:
                        yield file, *taken

    def blocks(self) -> Iterator[str | bytes]:
        """As `texts`, but lines of plain UTF-8 text many at a time: their bytes, a line feed after each."""
        for file in self.files:
            with sources.reading(file, self.on_bytes) as stream:
                for item in self._items(file, stream, self._blocks):
                    if isinstance(item, bytes):
                        self._digest.update(item)
                        yield item
                    elif (taken := self._taken(file, item)) is not None:
                        yield taken[1]

    def _taken(self, file: str, item: Line | Bad) -> Line | None:
        """A line or record, its text put to the fingerprint; None if it is bad and passed over."""
        if isinstance(item, Bad):
            self._pass_over(file, item)
            return None
        text = item[1] if item[1].isascii() else _without_surrogates(item[1])
        self._digest.update(text.encode("utf-8") + b"\n")
        return item[0], text

    def _pass_over(self, file: str, bad: Bad) -> None:
        if not self.skip_bad:
            hint = (
                f"{bad.hint}, or go on without it with --skip-bad"
                if bad.hint
                else "go on without it with --skip-bad"
            )
            raise InputError(f"{display_name(file)}, line {bad.line}: {bad.what}", hint)
        self.skipped += 1

    def _items(
        self, file: str, stream: BufferedReader, plainly: Callable[[BufferedReader], Iterator[Part]]
    ) -> Iterator[Line | Bad | Part]:
        """What a file holds; `plainly` reads it if that is plain text."""
        head = stream.peek(_SNIFFED)[:_SNIFFED]
        if head.startswith(_PARQUET):
            return self._parquet(file, stream)
        self._check_text(file, head)
        suffix = sources.suffix(file)
        kind = _RECORD_KINDS.get(suffix)
        is_unknown = kind is None and suffix != ".txt"
        if self.field is not None and (kind == "json" or is_unknown):
            return self._json(head, stream)
        if self.column is not None and (kind == "table" or is_unknown):
            has_tabs = b"\t" in head.partition(b"\n")[0]
            delimiter = "\t" if suffix == ".tsv" or (kind is None and has_tabs) else ","
            return self._records(
                self._lines(stream, whole=True),
                lambda lines: records.table_texts(lines, self.column or "", delimiter),
            )
        if kind is None and is_unknown and _holds_json(head):
            kind = "json"
        if kind is not None:
            option, what = ("--field", "JSON records") if kind == "json" else ("--column", "a table")
            raise UsageError(f"{display_name(file)} holds {what}", f"say where the text is with {option} NAME")
        return plainly(stream)

    def _json(self, head: bytes, stream: BufferedReader) -> Iterator[Line | Bad]:
        path = self.field or ""
        if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
            encoding = "utf-8-sig" if self._encoding == "utf-8" else self._encoding
            return records.json_array_texts(stream, encoding, self.errors, path)
        return self._records(self._lines(stream, whole=True), lambda lines: records.json_texts(lines, path))

    def _parquet(self, file: str, stream: BufferedReader) -> Iterator[Line | Bad]:
        if self.column is None:
            raise UsageError(f"{display_name(file)} holds a table", "say where the text is with --column NAME")
        whole = file == STDIN or sources.is_remote(file) or not stream.seekable()
        return records.parquet_texts(BytesIO(stream.read()) if whole else file, self.column)

    def _records(
        self, lines: Iterator[Line | Bad], parse: Callable[[Iterator[Line]], Iterator[Line | Bad]]
    ) -> Iterator[Line | Bad]:
        """What `parse` makes of the good lines, with the bad lines in between."""
        bad: list[Bad] = []

        def good() -> Iterator[Line]:
            for line in lines:
                if isinstance(line, Bad):
                    bad.append(line)
                else:
                    yield line

        for item in parse(good()):
            yield from bad
            bad.clear()
            yield item
        yield from bad

    def _lines(self, stream: BufferedReader, whole: bool = False) -> Iterator[Line | Bad]:
        """The lines with their numbers, decoded; unless `whole`, a very long one in pieces."""
        if self._encoding.startswith(("utf-16", "utf-32")):
            yield from self._wide_lines(stream)
            return
        limit = -1 if whole else _LONGEST_PIECE
        for number, position, piece in _pieces(stream, limit, splits_anywhere=self._encoding == "utf-8"):
            if self._encoding == "utf-8":
                piece = _unmarked(number, position, piece)
            yield self._decoded(number, position, piece)

    def _blocks(self, stream: BufferedReader) -> Iterator[Line | Bad | bytes]:
        """As `_lines`, but good whole lines of UTF-8 come together as bytes, with a line feed after each."""
        if self._encoding != "utf-8":
            yield from self._lines(stream)
            return
        number, start = 1, b""
        while block := start + stream.read(_LONGEST_PIECE - len(start)):
            cut = block.rfind(b"\n") + 1
            if cut:
                yield from self._block(number, block[:cut])
                number, start = number + _lines_in(block), block[cut:]
            elif len(block) < _LONGEST_PIECE:  # the last line has no end
                yield from self._block(number, block.rstrip(b"\r") + b"\n")
                return
            else:
                for position, piece in _line_pieces(block, stream, _LONGEST_PIECE, splits_anywhere=True):
                    yield self._decoded(number, position, _unmarked(number, position, piece))
                number, start = number + 1, b""

    def _block(self, number: int, block: bytes) -> Iterator[Line | Bad | bytes]:
        """Whole lines as one, or line by line where there are bad ones; `number` is that of the first."""
        block = _unmarked(number, 0, block)
        if b"\r" in block:
            block = b"\n".join(line.rstrip(b"\r") for line in block.split(b"\n"))
        try:
            if not block.isascii():
                block.decode("utf-8")
            yield block
        except UnicodeDecodeError:
            for place, line in enumerate(block[:-1].split(b"\n")):
                yield self._decoded(number + place, 0, line)

    def _decoded(self, number: int, position: int, piece: bytes, encoding: str = "") -> Line | Bad:
        """A piece of a line as text; `position` is that of its first byte in the line."""
        try:
            return number, piece.decode(encoding or self._encoding, self.errors)
        except UnicodeDecodeError as error:
            byte = f"byte 0x{error.object[error.start]:02x} at position {position + error.start + 1}"
            hint = "name the encoding with --encoding, or add --encoding-errors replace"
            return Bad(number, f"{byte} is not {self.encoding}", hint)

    def _wide_lines(self, stream: BufferedReader) -> Iterator[Line | Bad]:
        """Lines of UTF-16 or UTF-32, told apart before they are decoded, so that a bad one spoils no other."""
        width = 2 if self._encoding.startswith("utf-16") else 4
        encoding, mark = _byte_order(self._encoding, stream.peek(width)[:width])
        stream.read(len(mark))
        for number, line in _wide_pieces(stream, "\n".encode(encoding)):
            decoded = self._decoded(number, 0, line, encoding)
            yield decoded if isinstance(decoded, Bad) else (number, decoded[1].rstrip("\r\n"))

    def _check_text(self, file: str, head: bytes) -> None:
        for magic, what in _UNREADABLE.items():
            if head.startswith(magic):
                raise InputError(f"{display_name(file)} is {what}, not text", "unpack it first")
        if self._encoding.startswith(("utf-16", "utf-32")):
            return
        for bom, encoding in _WIDE_BOMS.items():
            if head.startswith(bom):
                raise InputError(f"{display_name(file)} is {encoding} text", f"add --encoding {encoding}")
        if b"\0" in head:
            raise InputError(f"{display_name(file)} is binary data, not text")


def _holds_json(head: bytes) -> bool:
    """Whether a file begins with a line that is a JSON object."""
    first = head.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0].strip()
    if not first.startswith(b'{"'):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _without_surrogates(text: str) -> str:
    """`text` with each lone surrogate, which JSON may hold, replaced as a bad byte would be."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def read_words(path: Path) -> tuple[str, ...]:
    """The words of a UTF-8 file that has one a line.

    Raises:
        InputError: the file is missing or is not text.
    """
    return tuple(word for line in Corpus([str(path)]).texts() if (word := line.strip()))


def _text_encoding(name: str) -> str:
    """The usual name of an encoding; UsageError when there is none of that name, or it is not of text."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise UsageError(f"there is no encoding called {name!r}") from error
    if not found._is_text_encoding or found.name == "undefined":
        raise UsageError(f"{name!r} is no encoding of text")
    return found.name
