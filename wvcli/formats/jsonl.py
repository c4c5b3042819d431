"""JSON Lines: one object on each line, `{"word": TEXT, "count": NUMBER, "vector": [NUMBER, ...]}`.

`count` is left out where counts are unknown; other keys are ignored. Numbers are written as the shortest
decimals that read back as the same float32. JSON has no NaN, which is written as `null`, and no infinity, which
is written as `1e999`: JSON readers make that infinity or the largest float64, and either is infinite as float32.
When reading, NaN and Infinity, which some programs write, are accepted too. Of a word that occurs again only the
first line is kept; blank lines are ignored. What `wvcli vector --format jsonl` prints can be read.
"""

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from itertools import count as numbers
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._columns import check_count, column_blocks, known_counts
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._numbers import format_rows
from wvcli.formats._reading import RowCollector, open_input
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 20  # bytes counted at a time
_NUMBERS_AT_ONCE = 1 << 14  # read or written at a time
_LONGEST_LINE = 1 << 25  # bytes; over a million numbers
_EXPECTED = 'expected {"word": TEXT, "vector": [NUMBER, ...]}'
_BOM = b"\xef\xbb\xbf"
_NUMBERS = {int, float, type(None)}


class _Record(NamedTuple):
    """A line: its number from 1, and its contents."""

    line: int
    word: str
    occurrences: int | None
    vector: list[float | None]


def _record(line: bytes, path: Path, number: int) -> _Record:
    """Parse a line.

    Raises:
        InputError: it is not an object with a word and a vector.
    """
    try:
        found = json.loads(line.decode())
        word, vector = found["word"], found["vector"]
        word.encode()  # a lone surrogate is not text
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, line {number}: not UTF-8; {_EXPECTED}") from error
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {number}, character {error.pos + 1}: not JSON; {_EXPECTED}") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}, line {number}: {_EXPECTED}") from error
    if not (isinstance(vector, list) and vector and set(map(type, vector)) <= _NUMBERS):
        raise InputError(f"{path}, line {number}: the vector is not a list of numbers; {_EXPECTED}")
    count = check_count(found.get("count"), f"{path}, line {number}")
    return _Record(number, word, count, vector)


def _records(file: BinaryIO, path: Path) -> Iterator[_Record]:
    """Yield the lines that are not blank.

    Raises:
        InputError: a line is damaged, or its vector has another length than the first.
    """
    dim = 0
    for number in numbers(1):
        line = file.readline(_LONGEST_LINE)
        if not line:
            return
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise InputError(f"{path}, line {number}: longer than {_LONGEST_LINE} bytes; {_EXPECTED}")
        if number == 1:
            line = line.removeprefix(_BOM)
        if line.strip():
            record = _record(line, path, number)
            dim = dim or len(record.vector)
            if len(record.vector) != dim:
                raise InputError(f"{path}, line {number}: expected {dim} numbers, found {len(record.vector)}")
            yield record


def _matrix(batch: list[_Record], path: Path) -> FloatArray:
    """Return float32 [records, dim], with NaN for `null`."""
    matrix = np.empty((len(batch), len(batch[0].vector)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for row, record in zip(matrix, batch, strict=True):
            try:
                row[:] = np.array(record.vector, dtype=np.float64)
            except OverflowError as error:  # a whole number beyond float64
                raise InputError(f"{path}, line {record.line}: a number is too large") from error
    return matrix


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        line_count = 1 + sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
        size = file.tell()
        file.seek(0)
        records = _records(file, path)
        first = next(records, None)
        if first is None:
            raise InputError(f"{path}, line 1: {_EXPECTED}")
        dim = len(first.vector)
        rows = RowCollector(path, min(line_count, size // (2 * dim)), dim, limit)
        step = max(1, _NUMBERS_AT_ONCE // dim)
        records = chain([first], records)
        while not rows.is_full and (batch := list(islice(records, min(step, rows.room or step)))):
            counts = [record.occurrences for record in batch]
            rows.add([record.word for record in batch], _matrix(batch, path), known_counts(counts))
        return rows.vectors()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
    with path.open("wb") as file:
        for words, counts, block in column_blocks(vectors, writing.dtype):
            for start in range(0, len(words), step):
                stop = min(start + step, len(words))
                file.write(b"".join(_lines(words[start:stop], counts and counts[start:stop], block[start:stop])))
    return []


def _lines(words: list[str], counts: list[int] | None, block: FloatArray) -> Iterator[bytes]:
    rows = [row.replace(b" ", b",") for row in format_rows(block)]
    if not np.isfinite(block).all():
        rows = [row.replace(b"nan", b"null").replace(b"inf", b"1e999") for row in rows]
    for index, (word, row) in enumerate(zip(words, rows, strict=True)):
        count = b'"count":%d,' % counts[index] if counts else b""
        yield b'{"word":%b,%b"vector":[%b]}\n' % (json.dumps(word, ensure_ascii=False).encode(), count, row)


def _sniff(head: bytes) -> bool:
    line = head.removeprefix(_BOM).lstrip().partition(b"\n")[0]
    return line.startswith(b"{") and all(re.search(key, line) for key in (rb'"word"\s*:', rb'"vector"\s*:\s*\['))


FORMAT = Format(
    name="jsonl",
    suffixes=(".jsonl", ".ndjson"),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    write=_write,
)
