"""JSON: an array of objects `{"word": TEXT, "vector": [NUMBER, ...]}`, or an object with the vector of each word.

`wvcli vector --format json` prints the first, and `{"cat": [0.1, 0.2], ...}` is what a dictionary of Python
becomes. Both are read, one entry after the other, so that a file may be larger than memory. An object of an array
may have a `count`. Numbers are read and written as in JSON Lines, see wvcli/formats/_json.py; of a word that
occurs again only the first vector is kept. Written is an object with the vector of each word, a line each.
"""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

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
from wvcli.formats._reading import open_input
from wvcli.vectors.word_vectors import Vectors

_BLOCK = 1 << 20  # bytes read at a time
_USUAL = Reading()
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = rb'"(?:[^"\\]|\\.)*"'
_NUMBER = rb"(?:-?[0-9][-+.0-9eE]*|null|NaN|-?Infinity)"
# The first two entries, or at least a decimal number in the first: {"words": [1, 2]} is something else.
_WORDS = re.compile(
    rb"\{\s*%b\s*:\s*\[\s*(?:%b\s*,\s*)*(?:-?[0-9]+[.eE]|%b\s*\]\s*,\s*%b\s*:\s*\[)"
    % (_STRING, _NUMBER, _NUMBER, _STRING)
)
_OBJECTS = re.compile(rb"\[\s*\{")
_KEYS = (rb'"word"\s*:', rb'"vector"\s*:\s*\[')


def _expected(keys: tuple[str, str]) -> str:
    return f'expected [{expected_object(keys)}, ...] or {{"TEXT": [NUMBER, ...], ...}}'


class _Source:
    """The text of a file, of which the next value can be taken."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._parser = json.JSONDecoder()
        self._text = ""
        self._at = 0

    def _read_more(self) -> bool:
        data = self._file.read(max(_BLOCK, len(self._text)))
        self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        self._at = 0
        return bool(data)

    def next(self) -> str:
        """Return the next character that is not white space, without taking it; an empty string at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._read_more():
                return self._text[self._at : self._at + 1]

    def take(self, character: str) -> None:
        """Take this character.

        Raises:
            ValueError: another one is next.
        """
        if self.next() != character:
            raise ValueError(f"expected {character!r}, found {self._next_shown()}")
        self._at += 1

    def _next_shown(self) -> str:
        return repr(self.next()) if self.next() else "the end of the file"

    def value(self) -> Any:
        """Take a string, an array or an object.

        Raises:
            ValueError: there is none.
        """
        if self.next() not in ('"', "[", "{"):
            raise ValueError(f"expected a string, an array or an object, found {self._next_shown()}")
        while True:
            try:
                value, self._at = self._parser.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._read_more():
                    raise ValueError(error.msg) from error
            else:
                return value


def _entries(source: _Source, keys: tuple[str, str]) -> Iterator[Any]:
    """Yield each entry of the array or object as an object of an array, with these keys."""
    opening = source.next()
    closing = "]" if opening == "[" else "}"
    source.take("[" if opening == "[" else "{")
    while source.next() != closing:
        if opening == "[":
            yield source.value()
        else:
            word = source.value()
            source.take(":")
            yield {keys[0]: word, keys[1]: source.value()}
        if source.next() != closing:
            source.take(",")
    source.take(closing)
    if source.next():
        raise ValueError(f"found {source.next()!r} after the end")


def _records(file: BinaryIO, path: Path, keys: tuple[str, str]) -> Iterator[Record]:
    """Yield the words of a file, of objects with these keys.

    Raises:
        InputError: it is not JSON, or an entry has no word and vector as long as the first.
    """
    entries, expected = _entries(_Source(file), keys), _expected(keys)
    number, dim = 1, 0
    while True:
        where = f"{path}, word {number}"
        try:
            found = next(entries, None)
        except UnicodeDecodeError as error:
            raise InputError(f"{where}: not UTF-8; {expected}") from error
        except (ValueError, RecursionError) as error:
            what = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
            raise InputError(f"{where}: not JSON ({what}); {expected}") from error
        if found is None:
            return
        record = record_of(found, where, expected, keys)
        dim = dim or len(record.vector)
        check_length(record, dim)
        yield record
        number += 1


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    keys = keys_of(reading)
    with open_input(path) as file:
        lists = sum(block.count(b"[") for block in iter(lambda: file.read(_BLOCK), b""))
        file.seek(0)
        return collect(path, _records(file, path, keys), lists, limit, _expected(keys))


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    step = max(1, NUMBERS_AT_ONCE // vectors.dim)
    with path.open("wb") as file:
        before = b"{\n"
        for words, _, block in column_blocks(vectors, writing.dtype):
            for start in range(0, len(words), step):
                rows = slice(start, min(start + step, len(words)))
                entries = [
                    b"%b: [%b]" % (json.dumps(word, ensure_ascii=False).encode(), numbers)
                    for word, numbers in zip(words[rows], number_lists(block[rows]), strict=True)
                ]
                file.write(before + b",\n".join(entries))
                before = b",\n"
        file.write(b"\n}\n")
    return []


def _sniff(head: bytes) -> bool:
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _OBJECTS.match(text):
        return all(re.search(key, text) for key in _KEYS)
    return _WORDS.match(text) is not None


FORMAT = Format(
    name="json",
    suffixes=(".json",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    choices=CHOICES,
    write=_write,
)
