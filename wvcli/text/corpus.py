"""A corpus: texts from any mix of sources, one after the other, with a fingerprint of all that was read."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Literal

from wvcli.errors import InputError, UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.system.encodings import Encoding
from wvcli.text import line_ranges, records, sniffing, sources
from wvcli.text.characters import count_characters
from wvcli.text.in_memory import TextsInMemory
from wvcli.text.lines import LONGEST_PIECE, BadRecord, Line, can_be_divided, open_following_lines, open_lines
from wvcli.text.sniffing import SNIFFED
from wvcli.text.sources import IN_MEMORY, STDIN, display_name

_PARQUET = b"PAR1"
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t"}
_HELD = 1 << 18  # bytes of short texts that are hashed and counted together
_RECORD_KINDS = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".csv": "table", ".tsv": "table"}


Names = str | Sequence[str] | None  # of fields or columns
PartKind = Literal["text", "json", "parquet"]  # what each line is, or that there are row groups instead


@dataclass(frozen=True)
class Part:
    """A part of a text that can be read without the rest: a file, or the lines that begin in a part of one.

    Attributes:
        file: a path or an address.
        start: the byte from which on lines belong to the part; of Parquet its first row group.
        stop: the byte before which its last line begins, None for the end of the file; of Parquet the row group
            after the last.
        kind: what each line is, or `parquet`; None for a whole file, whatever it holds.
    """

    file: str
    start: int = 0
    stop: int | None = None
    kind: PartKind | None = None


def names_in(given: Names, what: str) -> tuple[str, ...]:
    """Return the names of fields or columns, of which one may be given as a string.

    Raises:
        UsageError: one is named twice.
    """
    names = (given,) if isinstance(given, str) else tuple(given or ())
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"`{what}={twice}` is given twice", "name it once")
    return names


@dataclass
class Corpus:
    """Texts from any mix of sources, in order.

    Attributes:
        given: paths, folders, globs, addresses, or `-` for standard input, as the user wrote them.
        encoding: of the text; a byte order mark of UTF-8 is skipped.
        errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
        field: where in a JSON record the text is, as `a.b`; of several, each is a text of its own.
        column: which column of CSV, TSV or Parquet holds the text; several as for `field`.
        delimiter: what stands between the cells of a table: a character, or `tab`; None is told from the file.
        apart: read several fields or columns apart: as one text with `records.VALUE_END` between them.
        lines_of_tables: read the lines of CSV and TSV as plain text where no column is named.
        as_lines: read all but Parquet as lines of plain text, whatever records they are.
        skip_bad: count lines and records that cannot be read and go on, instead of stopping there.
        texts_in_memory: what is read instead of files, for which `given` has the name `IN_MEMORY`.
        on_bytes: called with the number of bytes of the sources read since the last call.
        on_note: called with what is wrong with a source and does not matter.
        longest_piece: bytes of a line of plain text held in memory; a longer line is several texts.
        are_files: `given` are files, none of which is looked for.
        others: files of the same text that are read elsewhere; `field` or `column` may be meant for them.
        files: the files that `given` comes to.
        skipped: the lines and records skipped so far.

    Raises:
        UsageError: there is no such encoding or delimiter, or no source; a delimiter is named and no column; or
            standard input is named twice.
        InputError: a source is missing.
    """

    given: Sequence[str]
    encoding: str = "utf-8"
    errors: str = "strict"
    field: Names = None
    column: Names = None
    delimiter: str | None = None
    apart: bool = False
    lines_of_tables: bool = False
    as_lines: bool = False
    skip_bad: bool = False
    texts_in_memory: TextsInMemory | None = None
    on_bytes: Callable[[int], None] = lambda count: None
    on_note: OnNote = ignore_note
    longest_piece: int = LONGEST_PIECE
    are_files: bool = False
    others: Sequence[str] = ()
    files: list[str] = attribute(init=False)
    skipped: int = attribute(default=0, init=False)

    def __post_init__(self) -> None:
        self._encoding = Encoding.of(self.encoding, self.errors)
        self._fields, self._columns = names_in(self.field, "field"), names_in(self.column, "column")
        self._delimiter = _delimiter(self.delimiter)
        if self._delimiter is not None and not self._columns:
            raise UsageError("`delimiter` has no effect without `column`")
        if self.texts_in_memory is not None and self._columns:
            raise UsageError("`column` has no effect on texts in memory", "give the column itself")
        self._noted: set[tuple[str, str]] = set()
        self._sizes: dict[str, int] = {}  # of files at addresses, if what is there was listed
        if self.are_files or self.texts_in_memory is not None:
            self.files = list(self.given)
        else:
            listed = self._sizes.__setitem__
            self.files = [file for source in self.given for file in sources.expand(source, listed)]
        if not self.files:
            raise UsageError("no source was given")
        if self.files.count(STDIN) > 1:
            raise UsageError("standard input can be read only once")
        self._digest = hashlib.sha256()
        self._characters = 0
        self._held: list[bytes] = []  # text that is to be hashed and counted
        self._held_bytes = 0

    def size(self) -> int | None:
        """Return the bytes in all files as they lie on disk; None when that is not known beforehand."""
        return sources.size(self.files, self._sizes)

    def size_of(self, file: str) -> int | None:
        """Return the bytes of one of its files; None when that is not known before it is read.

        Raises:
            InputError: the file is missing, or its folder is closed.
        """
        return self._sizes[file] if file in self._sizes else sources.size_of(file)

    def must_be_read_whole(self) -> bool:
        """Whether a file is one JSON value, of which no part can be read alone."""
        kinds = {"json", None} if self._fields else {"json"}
        return any(
            _RECORD_KINDS.get(sources.suffix(file)) in kinds and self._is_one_value(file) for file in self.files
        )

    def _is_one_value(self, file: str) -> bool:
        if file in (STDIN, IN_MEMORY) or sources.is_remote(file):
            return False
        with sources.reading(file, lambda count: None) as stream:
            return sniffing.holds_one_json_value(stream.peek(SNIFFED)[:SNIFFED], _has_a_record_a_line(file))

    def fingerprint(self) -> str:
        """Return the SHA-256 of all text yielded so far, as UTF-8 with a line feed after each text."""
        self._note_held()
        return self._digest.hexdigest()

    def characters(self) -> int:
        """Return how many characters all text yielded so far has, as `characters` counts them."""
        self._note_held()
        return self._characters

    def _note(self, lines: bytes) -> None:
        """Have lines hashed and counted, short ones many together."""
        self._held.append(lines)
        self._held_bytes += len(lines)
        if self._held_bytes >= _HELD:
            self._note_held()

    def _note_held(self) -> None:
        lines = b"".join(self._held)
        self._held, self._held_bytes = [], 0
        self._digest.update(lines)
        self._characters += count_characters(lines)

    def texts(self) -> Iterator[str]:
        """Yield each text of each source: a line without its end, or the text of a record.

        A very long line of plain text comes in several pieces.

        Raises:
            InputError: a source is missing, binary, damaged or not in the encoding; file and line are named.
            UsageError: a file of records is given without saying which field or column holds the text.
        """
        return (text for _, _, text in self.located_texts())

    def located_texts(self) -> Iterator[tuple[str, int, str]]:
        """Yield what `texts` does, each after the file that it is in and its line there, from 1.

        In Parquet it is the row, in a JSON array the item.
        """
        if self.texts_in_memory is not None:
            yield from self._located_in_memory(self.texts_in_memory)
            return
        for file in self.files:
            with sources.reading(file, self.on_bytes, on_note=self.on_note) as stream:
                items = self._records(file, stream)
                if items is None:
                    items = open_lines(stream, self._encoding, self.longest_piece).pieces()
                for item in items:
                    if (line := self._usable(file, item)) is not None:
                        yield file, *line

    def blocks(self) -> Iterator[str | bytes]:
        """Yield what `texts` does, but lines of plain UTF-8 many at a time: as bytes, a line feed after each."""
        if self.texts_in_memory is not None:
            yield from self.texts()
            return
        for file in self.files:
            yield from self._blocks_of(file)

    def _blocks_of(self, file: str) -> Iterator[str | bytes]:
        """Yield what `blocks` does, of one file."""
        with sources.reading(file, self.on_bytes, on_note=self.on_note) as stream:
            items: Iterator[bytes | Line | BadRecord] | None = self._records(file, stream)
            if items is None:
                items = open_lines(stream, self._encoding, self.longest_piece).blocks()
            yield from self._taken(file, items)

    def _taken(self, file: str, items: Iterable[bytes | Line | BadRecord]) -> Iterator[str | bytes]:
        """Yield texts, which are added to the fingerprint, without bad records if these are skipped."""
        for item in items:
            if isinstance(item, bytes):
                self._note(item)
                yield item
            elif (line := self._usable(file, item)) is not None:
                yield line[1]

    def blocks_of_parts(self, parts: Iterable[Part]) -> Iterator[str | bytes]:
        """Yield what `blocks` does, but of some parts of the files only, in their order.

        Raises:
            InputError: as for `texts`.
        """
        for part in parts:
            if part.kind is None:
                yield from self._blocks_of(part.file)
            else:
                yield from self._taken(part.file, self._items_of(part))

    def _items_of(self, part: Part) -> Iterator[bytes | Line | BadRecord]:
        """Yield the lines, or the texts of the records, of a part of a file."""
        if part.kind == "parquet":
            yield from self._in_row_groups(part)
            return
        with line_ranges.reading_lines(part.file, part.start, part.stop, self.on_bytes) as stream:
            lines = (
                open_following_lines(stream, self._encoding, self.longest_piece, first=2)
                if part.start
                else open_lines(stream, self._encoding, self.longest_piece)
            )
            items: Iterator[bytes | Line | BadRecord] = (
                records.json_texts(lines.whole(), self._fields, self.apart)
                if part.kind == "json"
                else lines.blocks()
            )
            before: int | None = None
            for item in items:
                if isinstance(item, BadRecord) and part.start and not self.skip_bad:
                    if before is None:
                        before = line_ranges.count_lines_before(part.file, part.start)
                    item = replace(item, number=item.number + before - 1)
                yield item

    def _in_row_groups(self, part: Part) -> Iterator[Line | BadRecord]:
        """Yield the texts in some row groups of a Parquet file."""
        with line_ranges.opened(part.file) as file:
            groups = range(part.start, part.stop or 0)
            yield from records.parquet_texts(file, self._columns, display_name(part.file), self.apart, groups)

    def row_groups(self, file: str) -> list[int] | None:
        """Return the bytes of the text in each row group of a file of Parquet; None of any other file.

        Raises:
            InputError: the file cannot be read.
            UsageError: it is not said which column holds the text, or there is no such column.
        """
        with line_ranges.opened(file) as opened:
            if opened.read(len(_PARQUET)) != _PARQUET:
                return None
            if not self._columns:
                raise _column_needed(file)
            return records.row_group_bytes(opened, self._columns, display_name(file))

    def kind_of_lines(self, file: str) -> PartKind | None:
        """Return what each line of a file is, a text or a JSON record; None where lines cannot be read apart.

        Raises:
            InputError: the file cannot be read.
            UsageError: it holds records, and it is not said where in them the text is.
        """
        with sources.reading(file, lambda count: None, on_note=ignore_note) as stream:
            head = stream.peek(SNIFFED)[:SNIFFED]
            if head.startswith(_PARQUET) or not can_be_divided(head, self._encoding):
                return None
            kind = self._kind(file, head)
            if kind == "json":
                return None if self._holds_one_value(file, head) else "json"
            return "text" if kind == "text" else None

    def numbered_blocks(self) -> Iterator[tuple[str, int, str | bytes]]:
        """Yield what `blocks` does, each after its file and the number of its first line there, from 1.

        The fingerprint and the count of characters leave these out.
        """
        for file in self.files:
            with sources.reading(file, self.on_bytes, on_note=self.on_note) as stream:
                items: Iterator[bytes | Line | BadRecord] | None = self._records(file, stream)
                if items is None:
                    items = open_lines(stream, self._encoding, self.longest_piece).blocks()
                number = 1
                for item in items:
                    if isinstance(item, bytes):
                        yield file, number, item
                        number += item.count(b"\n")
                    elif isinstance(item, BadRecord):
                        self._skip(file, item)
                        number = item.number + 1
                    else:
                        yield file, item[0], _without_surrogates(item[1])
                        number = item[0] + 1

    def _located_in_memory(self, texts: TextsInMemory) -> Iterator[tuple[str, int, str]]:
        """Yield what `located_texts` does, of texts that are in no file."""
        for item in texts.lines(self._fields):
            if (line := self._usable(IN_MEMORY, item)) is not None:
                self.on_bytes(len(line[1]))
                yield IN_MEMORY, *line

    def _usable(self, file: str, item: Line | BadRecord) -> Line | None:
        """Add the text of a line or record to the fingerprint; return None if it is bad and is skipped."""
        if isinstance(item, BadRecord):
            self._skip(file, item)
            return None
        text = item[1] if item[1].isascii() else _without_surrogates(item[1])
        self._note(text.encode("utf-8") + b"\n")
        return item[0], text

    def _skip(self, file: str, bad: BadRecord) -> None:
        if not self.skip_bad:
            hint = (
                f"{bad.hint}, or skip such {bad.noun}s with `skip_bad=True`"
                if bad.hint
                else "use `skip_bad=True` to skip such records"
            )
            raise InputError(f"{display_name(file)}, {bad.noun} {bad.number}: {bad.what}", hint)
        self.skipped += 1

    def _records(self, file: str, stream: BufferedReader) -> Iterator[Line | BadRecord] | None:
        """Return the texts of the records that a file holds, or None where it is plain text.

        Content decides what name and arguments leave open.
        """
        head = stream.peek(SNIFFED)[:SNIFFED]
        if head.startswith(_PARQUET):
            return self._parquet(file, stream)
        kind = self._kind(file, head)
        if kind == "json":
            return self._json(file, head, stream)
        return self._table(file, head, stream) if kind == "table" else None

    def _kind(self, file: str, head: bytes) -> Literal["json", "table", "text"]:
        """Return what a file that is not Parquet holds.

        Raises:
            UsageError: it is a table, and no column is named; or a field or column does not fit it.
            InputError: it is not text.
        """
        sniffing.require_text(
            display_name(file), head, self._encoding, is_strict=self.errors == "strict" and not self.skip_bad
        )
        if self.as_lines:
            return "text"
        suffix = sources.suffix(file)
        kind = _RECORD_KINDS.get(suffix)
        if kind is None and suffix == ".txt":
            kind = self._kind_of_plain_file(file, head)
        is_unknown = kind is None
        if kind == "json" or (is_unknown and (self._fields or sniffing.begins_json_object(head))):
            if not self._fields and not sniffing.holds_json_texts(head):
                raise UsageError(
                    f"{display_name(file)} holds JSON records", "say where the text is in them with `field=NAME`"
                )
            return "json"
        if self._columns and (kind == "table" or is_unknown):
            return "table"
        if kind == "table" and not self.lines_of_tables:
            raise _column_needed(file)
        self._note_markup(file, head)
        return "text"

    def _kind_of_plain_file(self, file: str, head: bytes) -> str:
        """Return what a file named as plain text is: what `field` or `column` says if they fit it, or plain text.

        Raises:
            UsageError: they fit neither it nor any other source.
        """
        first = sniffing.first_line(head, self._encoding.codec)
        if self._fields and (sniffing.begins_json_object(head) or sniffing.begins_json_array(head)):
            return "json"
        if self._columns:
            usual = "\t" if "\t" in first else ","
            delimiter = self._delimiter or sniffing.delimiter_of(first, self._columns[0], usual)
            names = sniffing.cells(first, delimiter)
            numbers = {str(number) for number in range(1, len(names) + 1)} if delimiter != "," else set()
            if len(names) > 1 and {*names, *numbers}.issuperset(self._columns):
                return "table"
        suffixes = {sources.suffix(other) for other in (*self.files, *self.others)} - {".txt"}
        kinds = {_RECORD_KINDS.get(suffix) for suffix in suffixes}
        for name, values, fitting in (("field", self._fields, "json"), ("column", self._columns, "table")):
            if values and not kinds & {fitting, None}:
                raise UsageError(
                    f"`{name}={values[0]}` does not fit {display_name(file)}, which holds plain text",
                    f"leave out `{name}`",
                )
        return "text"

    def _json(self, file: str, head: bytes, stream: BufferedReader) -> Iterator[Line | BadRecord]:
        if self._holds_one_value(file, head):
            codec = "utf-8-sig" if self._encoding.is_utf8 else self._encoding.codec
            return records.json_value_texts(stream, codec, self.errors, self._fields, self.apart)
        return records.json_texts(open_lines(stream, self._encoding).whole(), self._fields, self.apart)

    def _holds_one_value(self, file: str, head: bytes) -> bool:
        return sniffing.holds_one_json_value(head, _has_a_record_a_line(file))

    def _table(self, file: str, head: bytes, stream: BufferedReader) -> Iterator[Line | BadRecord]:
        heading, suffix = sniffing.first_line(head, self._encoding.codec), sources.suffix(file)
        usual = "\t" if suffix == ".tsv" or (suffix != ".csv" and "\t" in heading) else ","
        delimiter = self._delimiter or sniffing.delimiter_of(heading, self._columns[0], usual)
        other = None if self._delimiter else sniffing.likely_delimiter(heading, usual)
        lines = open_lines(stream, self._encoding).whole()
        return records.table_texts(lines, self._columns, delimiter, other, self.apart)

    def _note_markup(self, file: str, head: bytes) -> None:
        """Note that a file holds markup, once for each kind."""
        if (found := sniffing.markup(head)) is not None and found not in self._noted:
            self._noted.add(found)
            what, advice = found
            self.on_note(f"{display_name(file)} is {what}, and its markup is read as words; {advice}")

    def _parquet(self, file: str, stream: BufferedReader) -> Iterator[Line | BadRecord]:
        if not self._columns:
            raise _column_needed(file)
        can_seek = file != STDIN and not sources.is_remote(file) and stream.seekable()
        opened = file if can_seek else BytesIO(stream.read())
        return records.parquet_texts(opened, self._columns, display_name(file), self.apart)


def read_words(path: Path) -> tuple[str, ...]:
    """Read the words of a UTF-8 file that has one a line.

    Raises:
        InputError: the file is missing or is not text.
    """
    return tuple(word for line in Corpus([str(path)]).texts() if (word := line.strip()))


def _column_needed(file: str) -> UsageError:
    return UsageError(
        f"{display_name(file)} holds a table",
        "say which column holds the text with `column=NAME`, or what in a line is a word with "
        "`tokenizer=regex:PATTERN`",
    )


def _has_a_record_a_line(file: str) -> bool:
    """Whether a file of JSON is named as one that has a record a line."""
    return sources.suffix(file) in (".jsonl", ".ndjson")


def _delimiter(name: str | None) -> str | None:
    """Return the character that a delimiter is called by, or None.

    Raises:
        UsageError: it is not one character.
    """
    delimiter = _DELIMITER_NAMES.get(name or "", name)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n' or delimiter == "\0"):
        raise UsageError(f"`delimiter` must be one character, or `tab`, not {name!r}")
    return delimiter


def _without_surrogates(text: str) -> str:
    """Replace each lone surrogate, which JSON may hold, as a bad byte would be."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
