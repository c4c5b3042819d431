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
from itertools import count as numbers
from pathlib import Path
from typing import BinaryIO

from wvcli.errors import InputError
from wvcli.formats._columns import column_blocks
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._json import (
    CHOICES,
    NUMBERS_AT_ONCE,
    Record,
    check_length,
    collect,
    expected_object,
    keys_of,
    number_lists,
    record_of,
)
from wvcli.formats._reading import note_skipped, open_input
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 20  # bytes counted at a time
_LONGEST_LINE = 1 << 25  # bytes; over a million numbers
_EXPECTED = 'expected {"word": TEXT, "vector": [NUMBER, ...]}'
_BOM = b"\xef\xbb\xbf"
_USUAL = Reading()


def _record(line: bytes, path: Path, number: int, reading: Reading) -> Record:
    """Parse a line.

    Raises:
        InputError: it is not an object with a word and a vector.
    """
    where, keys = f"{path}, line {number}", keys_of(reading)
    expected = f"expected {expected_object(keys)}"
    try:
        found = json.loads(line.decode(reading.encoding.codec, reading.encoding.errors))
    except UnicodeDecodeError as error:
        raise reading.not_in_encoding(where, line) from error
    except json.JSONDecodeError as error:
        raise InputError(f"{where}, character {error.pos + 1}: not JSON; {expected}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: {expected}") from error
    return record_of(found, where, expected, keys)


def _records(file: BinaryIO, path: Path, reading: Reading) -> Iterator[Record]:
    """Yield the lines that are not blank.

    Raises:
        InputError: a line is damaged, or its vector has another length than the first.
    """
    dim, skipped = 0, []
    for number in numbers(1):
        line = file.readline(_LONGEST_LINE)
        if not line:
            break
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise InputError(f"{path}, line {number}: longer than {_LONGEST_LINE} bytes; {_EXPECTED}")
        if number == 1:
            line = line.removeprefix(_BOM)
        if not line.strip():
            continue
        try:
            record = _record(line, path, number, reading)
            dim = dim or len(record.vector)
            check_length(record, dim)
        except InputError:
            if not reading.skip_bad:
                raise
            skipped.append(number)
        else:
            yield record
    if skipped and dim:
        note_skipped(path, len(skipped), skipped[0])


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    with open_input(path) as file:
        line_count = 1 + sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
        file.seek(0)
        return collect(path, _records(file, path, reading), line_count, limit, _EXPECTED)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    step = max(1, NUMBERS_AT_ONCE // vectors.dim)
    with path.open("wb") as file:
        for words, counts, block in column_blocks(vectors, writing.dtype):
            for start in range(0, len(words), step):
                stop = min(start + step, len(words))
                file.write(b"".join(_lines(words[start:stop], counts and counts[start:stop], block[start:stop])))
    return []


def _lines(words: list[str], counts: list[int] | None, block: FloatArray) -> Iterator[bytes]:
    for index, (word, row) in enumerate(zip(words, number_lists(block), strict=True)):
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
    read_with=_read,
    choices=CHOICES | {"encoding"},
    write=_write,
)
