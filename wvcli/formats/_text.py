"""Text layouts: a line for each word, the word first and then its numbers, with or without a header line.

Only the byte 10 ends a line, and only spaces and tabs separate words and numbers, so that other Unicode spaces
stay inside words. The numbers are counted from the end of the line, because words may contain spaces. A carriage
return before the line end, blank lines at the end of the file and a byte order mark at its start are ignored.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._format import Reading, Writing
from wvcli.formats._headers import BYTE_ORDER_MARK, Header, find_header, read_header
from wvcli.formats._reading import RowCollector, bytes_left, note_skipped, open_input
from wvcli.formats._writable_words import WritableWords
from wvcli.reporting import report_note
from wvcli.system.paging import keep_freed_memory
from wvcli.vectors.decimals import NUMBER, PADDING, IntArray, Tokens, format_rows, parse, tokens
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 18  # bytes parsed at a time: the arrays of one block then stay in the processor's cache
_LARGE = 1 << 26  # bytes of a file that takes more than a moment
_LAST_LINE = 1 << 16  # bytes in which the last line is looked for
_LONGEST_LINE = 1 << 25  # bytes; over a million numbers
_NUMBERS_AT_ONCE = 1 << 14  # written at a time, for the same reason
EXAMINED_LINES = 100  # from which the number of dimensions is determined where there is no header
_HEADINGS = (b"", b"word", b"words", b"token", b"tokens", b"term", b"key", b"index", b"name", b"label", b"id")
_TELLING_COLUMNS = 4  # numbered from 0 or 1, they are a heading whatever stands before them
_USUAL = Reading()


@dataclass
class LineParser:
    """Parses blocks of lines and knows where in the file they stand.

    Attributes:
        path: the file.
        dim: numbers a line.
        header: the header, if the file has one.
        number: of the next line, from 1.
        reading: how words are decoded, and whether lines that cannot be read are left out.
        rows: lines with a word so far.
        blank: the number of the first blank line met, if any.
        skipped: lines left out so far.
        first_skipped: the number of the first of them.
    """

    path: Path
    dim: int
    header: Header | None
    number: int
    reading: Reading
    rows: int = 0
    blank: int | None = None
    skipped: int = 0
    first_skipped: int = 0

    def error(self, line: int, problem: str) -> InputError:
        """Return the error for one line of the block, counted from 0."""
        return InputError(
            f"{self.path}, line {self.number + line}: {problem}", "leave out such lines with `skip_bad=True`"
        )

    def parse(self, block: bytes) -> tuple[list[str], FloatArray]:
        """Return the words of a block that ends with a line end, and their vectors, float32 [words, dim].

        Raises:
            InputError: a line is not a word and `dim` numbers, or there are more lines than promised.
        """
        found = tokens(block.replace(b"\r\n", b"\n") if b"\r" in block else block)
        past = np.searchsorted(found.starts, found.lines)
        first = np.concatenate([[0], past[:-1]])
        used = self._check_blank_lines(past - first)
        if not used:
            self.number += len(found.lines)
            return [], np.empty((0, self.dim), dtype=np.float32)
        first, past = first[:used], past[:used]
        self._check_lengths(found, first, past)
        vectors, bad = parse(found.select((past[:, None] - self.dim + np.arange(self.dim)).reshape(-1)))
        if bad is not None:
            line, column = divmod(bad, self.dim)
            token = _quoted(found.token(int(past[line]) - self.dim + column))
            raise self.error(line, f"{token} is not a number; expected a word and then {self.dim}")
        self._check_surplus(found, first, past)
        words = self._words(found, first, past)
        self.number += len(found.lines)
        self.rows += used
        return words, vectors.reshape(used, self.dim)

    def _check_blank_lines(self, fields: IntArray) -> int:
        """Return the number of lines before the blank ones at the end; blank lines elsewhere are an error."""
        filled = np.flatnonzero(fields)
        used = int(filled[-1]) + 1 if len(filled) else 0
        if used and self.blank is not None:
            raise self.error(self.blank - self.number, f"blank; expected a word and {self.dim} numbers")
        if used > len(filled):
            line = int(np.flatnonzero(fields == 0)[0])
            raise self.error(line, f"blank; expected a word and {self.dim} numbers")
        if used < len(fields) and self.blank is None:
            self.blank = self.number + used
        return used

    def _check_lengths(self, found: Tokens, first: IntArray, past: IntArray) -> None:
        if self.header and self.rows + len(first) > self.header.words:
            line = self.header.words - self.rows
            raise self.error(line, f"expected the end of the file after {self.header.words} words")
        begins = np.concatenate([[len(PADDING)], found.lines[: len(first) - 1] + 1])
        # A line that begins with a space has an empty word.
        after_word = past - first - (found.starts[first] == begins)
        short = np.flatnonzero(after_word < self.dim)
        if len(short):
            line = int(short[0])
            raise self.error(line, f"expected a word and {self.dim} numbers, found {after_word[line]} numbers")

    def _check_surplus(self, found: Tokens, first: IntArray, past: IntArray) -> None:
        """Refuse a line with a number too many, which would otherwise become the end of its word.

        A whole number among decimal ones is accepted, so that a word may be `area 51`.
        """
        for line in np.flatnonzero(past - first > self.dim + 1).tolist():
            before = int(past[line]) - self.dim - 1  # the token before the expected numbers
            surplus = found.token(before)
            if not NUMBER.fullmatch(surplus):
                continue
            numbers = b"".join(found.token(token) for token in range(before + 1, before + 1 + self.dim))
            if not surplus.isdigit() or not numbers.translate(None, b"+-0123456789"):
                raise self.error(line, f"expected a word and {self.dim} numbers, found more numbers than that")

    def _words(self, found: Tokens, first: IntArray, past: IntArray) -> list[str]:
        starts = found.starts[first]
        stops = np.where(past - first > self.dim, found.ends[past - self.dim - 1], starts)
        text = found.text.tobytes()
        return self.decode([text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)])

    @staticmethod
    def end(data: bytes) -> int:
        """Return where in the data the last whole line ends; 0 if there is none."""
        return data.rfind(b"\n") + 1

    def single(self, block: bytes) -> list[bytes]:
        """Return each line of a block, with its end."""
        return [line + b"\n" for line in block.removesuffix(b"\n").split(b"\n")]

    def skip(self, line: bytes) -> None:
        """Leave out a line that cannot be read, or the lines of a record."""
        self.skipped += line.count(b"\n")
        self.first_skipped = self.first_skipped or self.number
        self.number += line.count(b"\n")

    def skip_blank(self) -> None:
        """Leave out the blank lines that were met, since a line follows that is not."""
        if self.blank is not None:
            self.skipped += self.number - self.blank
            self.first_skipped = self.first_skipped or self.blank
            self.blank = None

    def report_skipped(self) -> None:
        """Note how many lines were left out.

        Raises:
            InputError: none could be read.
        """
        if self.skipped and not self.rows:
            raise InputError(f"{self.path} has no line that can be read: expected a word and {self.dim} numbers")
        if self.skipped:
            note_skipped(self.path, self.skipped, self.first_skipped)

    def decode(self, words: list[bytes]) -> list[str]:
        """Return the words of the lines of a block as text.

        Raises:
            InputError: one is not in the encoding.
        """
        decoded = self.reading.decode(words)
        if len(decoded) < len(words):
            where = f"{self.path}, line {self.number + len(decoded)}"
            raise self.reading.not_in_encoding(where, words[len(decoded)])
        return decoded


def _quoted(text: bytes) -> str:
    """Return a piece of a file as an error message shows it: readable, on one line and not too long."""
    return repr(text[:40].decode(errors="replace"))


def read_with_header(path: Path, limit: int | None = None, reading: Reading = _USUAL) -> Vectors:
    """Read a file whose first line is the number of words and of dimensions, or only its first `limit` words.

    Raises:
        InputError: the file cannot be read, or a line of it is not what it should be.
    """
    with open_input(path) as file:
        header = read_header(file, path)
        most = (bytes_left(file) + 1) // (2 * header.dim + 1)  # empty words and numbers of one digit
        if not most:
            raise InputError(
                f"{path}, line 1: promises {header.dim} numbers for each word; the file is shorter than that"
            )
        allowed = replace(header, words=header.words + _ends_with_unknown(file))
        parser = LineParser(path, header.dim, allowed, 2, reading)
        rows = read_lines(file, parser, RowCollector(path, min(allowed.words, most), header.dim, limit))
    if parser.rows + parser.skipped < header.words and not rows.is_full:
        problem = f"the file ends after {parser.rows} words; line 1 promises {header.words}"
        raise InputError(f"{path}, line {parser.blank or parser.number}: {problem}")
    return rows.vectors()


def _ends_with_unknown(file: BinaryIO) -> bool:
    """Whether the last line is that of `<unk>`, which GloVe's program writes and its first line does not count."""
    position = file.tell()
    file.seek(max(0, file.seek(0, 2) - _LAST_LINE))
    last = file.read().rstrip().rpartition(b"\n")[2]
    file.seek(position)
    return last.startswith(b"<unk> ")


def read_without_header(path: Path, limit: int | None = None, reading: Reading = _USUAL) -> Vectors:
    """Read a file that begins with the first word, or only its first `limit` words.

    The number of dimensions is the one that most of the first lines have. A heading is skipped with a note.

    Raises:
        InputError: the file cannot be read, a line of it is not what it should be, or its lines are numbers
            without words, or pairs of words with scores.
    """
    with open_input(path) as file:
        head = next(blocks(file, path, LineParser.end), b"")
        _check_line_ends(path, head)
        start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
        lines = head[start:].split(b"\n")[:EXAMINED_LINES]
        rows = [_split(line) for line in lines]
        dim = _dimensions(lines)
        if not dim:
            raise InputError(f"{path}, line 1: expected a word and then its numbers")
        check_contents(path, rows, dim)
        number = 1
        if is_heading(rows, dim):
            report_note(f"line 1 of {path} is a heading and was skipped")
            number, start = 2, start + len(lines[0]) + 1
        parser = LineParser(path, dim, None, number, reading)
        most = rows_left(file, start, dim, limit)
        return read_lines(file, parser, RowCollector(path, most, dim, limit)).vectors()


def rows_left(file: BinaryIO, start: int, dim: int, limit: int | None) -> int:
    """Return how many lines of a word and `dim` numbers there can be from `start` on, and leave the file there."""
    file.seek(start)
    most = (bytes_left(file) + 1) // (2 * dim + 1)
    if limit is None or limit > most:
        most = min(most, 1 + sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b"")))
    file.seek(start)
    return most


def _check_line_ends(path: Path, head: bytes) -> None:
    """Refuse a file whose lines end with a carriage return alone, which would be read as one line."""
    if head.count(b"\n") < 2 and sum(_numbers_at_end(line) > 0 for line in head.split(b"\r")) > 1:
        raise InputError(
            f"{path} has carriage returns alone as line ends; expected line feeds",
            "convert it first: tr '\\r' '\\n' < FILE > NEW",
        )


def check_contents(path: Path, rows: list[list[bytes]], dim: int) -> None:
    """Refuse lines of numbers without words, and pairs of words with scores.

    Args:
        path: the file.
        rows: the fields of its first lines, none of a blank one.
        dim: how many numbers most of them end with.
    """
    rows = [row for row in rows if row]
    first = [row[0] for row in rows]
    decimals = sum(not word.isdigit() for word in first)  # whole numbers may be words, as of the nodes of a graph
    if len(first) > 1 and all(map(NUMBER.fullmatch, first)) and 2 * decimals > len(first):
        raise InputError(
            f"{path} is a matrix without words: each line begins with a number",
            "put the word of each row before its numbers",
        )
    if dim == 1 and 2 * sum(len(row) > 2 for row in rows) > len(rows):
        raise InputError(
            f"{path} is not a file of vectors: it has pairs of words with scores",
            "wvcli evaluate --set FILE scores a model on them",
        )


def is_heading(rows: list[list[bytes]], dim: int) -> bool:
    """Whether the first line has the numbers of the columns: `word 1 2 3`, or `word dim_0 dim_1 dim_2`.

    Args:
        rows: the fields of the first lines, none of a blank one.
        dim: how many numbers most of them end with.
    """
    word, *names = rows[0] or [b""]
    others = [row for row in rows[1:] if row]
    if len(names) != dim or not others:
        return False
    prefix = names[0].rstrip(b"0123456789")
    first = names[0][len(prefix) :]
    if first not in (b"0", b"1") or names != [b"%b%d" % (prefix, int(first) + place) for place in range(dim)]:
        return False
    if not NUMBER.fullmatch(names[0]):
        return True
    # It might be a vector, if an odd one.
    has_decimals = any(not number.isdigit() for row in others for number in row[-dim:])
    is_named = word.strip(b"\"'").lower() in _HEADINGS
    return has_decimals and (is_named or dim >= _TELLING_COLUMNS)


def read_lines(file: BinaryIO, parser: LineParser, rows: RowCollector) -> RowCollector:
    """Read the lines that follow into `rows`, which is returned.

    Raises:
        InputError: a line cannot be read, and such lines are not to be left out; or none can.
    """
    if bytes_left(file) > _LARGE:
        keep_freed_memory()
    for block in blocks(file, parser.path, parser.end):
        before = parser.number, parser.rows, parser.blank
        try:
            rows.add(*parser.parse(block))
        except InputError:
            if not rows.is_limited and not parser.reading.skip_bad:
                raise
            # What is wrong may stand behind the last word that is wanted, or is to be left out.
            parser.number, parser.rows, parser.blank = before
            _read_single_lines(block, parser, rows)
        if rows.is_full:
            break
    parser.report_skipped()
    return rows


def _read_single_lines(block: bytes, parser: LineParser, rows: RowCollector) -> None:
    for line in parser.single(block):
        if parser.reading.skip_bad and line.strip():
            parser.skip_blank()
        try:
            rows.add(*parser.parse(line))
        except InputError:
            if not parser.reading.skip_bad:
                raise
            parser.skip(line)
        if rows.is_full:
            break


def blocks(file: BinaryIO, path: Path, end: Callable[[bytes], int]) -> Iterator[bytes]:
    """Yield the rest of the file in pieces of whole lines, each with a line end.

    Args:
        file: open where a line begins.
        path: its name.
        end: returns where in some data the last whole line ends; 0 if there is none.

    Raises:
        InputError: a line is too long for a word and its vector.
    """
    rest = b""
    while more := file.read(max(_BLOCK, len(rest))):
        rest += more
        cut = end(rest)
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        if len(rest) > _LONGEST_LINE:
            raise InputError(
                f"{path} is not a text of word vectors: it has no line end within {_LONGEST_LINE >> 20} MiB"
            )
    if rest:
        yield rest + b"\n"


def _dimensions(lines: list[bytes]) -> int:
    """Return how many numbers most lines end with, or 0; of equally frequent counts the first."""
    counts = Counter(_numbers_at_end(line) for line in lines if line.strip())
    return counts.most_common(1)[0][0] if counts else 0


def _split(line: bytes) -> list[bytes]:
    """Split a line at spaces and tabs; a line that begins with one has an empty word."""
    line = line.removesuffix(b"\r").replace(b"\t", b" ")
    parts = [part for part in line.split(b" ") if part]
    return [b"", *parts] if line.startswith(b" ") else parts


def _numbers_at_end(line: bytes) -> int:
    parts = _split(line)
    for count, part in enumerate(reversed(parts[1:])):
        if not NUMBER.fullmatch(part):
            return count
    return max(len(parts) - 1, 0)


def _sample(head: bytes) -> list[bytes]:
    """Return the first lines of a file; the last one, which may be cut off, only where there is no other."""
    *whole, cut = head.split(b"\n")
    if not whole:
        *parts, last = cut.rsplit(b" ", 1)
        whole = [cut] if not parts or NUMBER.fullmatch(last) else parts
    return whole[:EXAMINED_LINES]


def sniff_header(head: bytes) -> bytes | None:
    """Return the first line after the header if the file begins with a header and goes on as text, else None.

    It goes on as text where most fields after the first word are numbers; one that is not may be damage.
    """
    header = find_header(head)
    if header is None:
        return None
    body = head[header.length :]
    line = _sample(body)[0]
    parts = _split(line)[1:]
    numbers = sum(NUMBER.fullmatch(part) is not None for part in parts)
    return line if 2 * numbers > len(parts) or not body else None


def sniff_no_header(head: bytes) -> bool:
    """Return whether most lines end with equally many numbers and no header stands before them.

    Lines with one whole number are more likely counts than vectors.
    """
    lines = [line for line in _sample(head.removeprefix(BYTE_ORDER_MARK)) if line.strip()]
    dim = _dimensions(lines)
    if not dim or find_header(head):
        return False
    matching = [line for line in lines if _numbers_at_end(line) >= dim]
    has_decimals = any(not part.isdigit() for line in matching for part in _split(line)[-dim:])
    return 2 * len(matching) > len(lines) and (dim > 1 or has_decimals)


def write_lines(vectors: Vectors, path: Path, writing: Writing, *, header: bool, ending: bytes) -> list[str]:
    """Write a line for each word, in model order, with the shortest decimals that read back as the same float32.

    Args:
        vectors: what to write; the matrix is read a few rows at a time.
        path: the file to make.
        writing: ignored.
        header: whether the first line is the number of words and of dimensions.
        ending: the bytes that end a line.

    Returns:
        Notes for the user.

    Raises:
        WvcliError: two words would be written alike.
    """
    words = WritableWords(vectors.vocabulary)
    step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
    with path.open("wb") as file:
        if header:
            file.write(b"%d %d\n" % vectors.matrix.shape)
        for start in range(0, len(vectors), step):
            stop = min(start + step, len(vectors))
            rows = format_rows(vectors.matrix[start:stop])
            lines = zip(words.between(start, stop), rows, strict=True)
            file.write(b"".join([b"%b %b%b" % (word, row, ending) for word, row in lines]))
    return words.notes()
