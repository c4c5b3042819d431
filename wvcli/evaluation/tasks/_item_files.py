"""The lines of a test set, and the fields of a line."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import IO

from wvcli.errors import InputError
from wvcli.text import sources

_MARK = "\ufeff"
_LONGEST_LINE = 1 << 20  # bytes
_SEPARATORS = ("\t", ";", ",", None)  # None is spaces and tabs
_BLANKS = " \t"  # what may stand around a field; other white space of Unicode belongs to its word


@dataclass(frozen=True)
class Line:
    """A line of a test set, without its end."""

    number: int
    text: str


@dataclass(frozen=True, eq=False)
class ItemFile:
    """A test set as it lies on disk.

    Attributes:
        name: as the user named it.
        lines: all lines but comments, which begin with `#`; empty ones are there.
    """

    name: str
    lines: Sequence[Line]

    @cached_property
    def content(self) -> list[Line]:
        """The lines that hold something."""
        return [line for line in self.lines if line.text]

    def wrong(self, line: Line, expected: str) -> InputError:
        """Return the error that a line is not what it should be."""
        shown = line.text if len(line.text) <= 60 else f"{line.text[:60]}…"
        return InputError(f"{sources.display_name(self.name)}, line {line.number}: {shown!r} is not {expected}")


def read(name: str) -> ItemFile:
    """Read the lines of a file, plain or compressed, or of `-`.

    Raises:
        InputError: it cannot be read, is not UTF-8, holds nothing, or has a line that is too long for an item.
    """
    with sources.reading(name, lambda count: None) as stream:
        data = b"".join(_lines_of(stream, name))
    try:
        text = data.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{sources.display_name(name)}, line {line}: not UTF-8") from error
    stripped = (Line(number, line.strip(" \r")) for number, line in enumerate(text.split("\n"), 1))
    lines = [Line(line.number, line.text if line.text.strip(_BLANKS) else "") for line in stripped]
    kept = ItemFile(name, [line for line in lines if not line.text.startswith("#")])
    if not kept.content:
        raise InputError(f"{sources.display_name(name)} holds no test items")
    return kept


def _lines_of(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield the lines, and refuse an endless one, such as that of `/dev/zero`."""
    for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE + 1), b""), 1):
        if len(line) > _LONGEST_LINE:
            longest = f"{_LONGEST_LINE >> 20} MiB"
            raise InputError(f"{sources.display_name(name)}, line {number}: longer than {longest}")
        yield line


def fields(line: Line, separator: str | None) -> list[str]:
    """Split a line into fields without spaces around them; quotes are CSV's with commas and semicolons."""
    if separator in (";", ","):
        try:
            row = next(csv.reader([line.text], delimiter=separator, skipinitialspace=True))
        except csv.Error:  # a NUL, or a very long field
            row = [line.text]
        return [cell.strip(_BLANKS) for cell in row]
    if separator is None:
        return split_at_spaces(line.text)
    return [cell.strip(_BLANKS) for cell in line.text.split(separator)]


def split_at_spaces(text: str) -> list[str]:
    """Split text at spaces and tabs."""
    return [word for word in text.replace("\t", " ").split(" ") if word]


def separator_of(lines: Sequence[Line], least: int) -> str | None:
    """Find what separates at least `least` fields in each line; white space where nothing else does."""
    return next(
        (mark for mark in _SEPARATORS if all(len(fields(line, mark)) >= least for line in lines)),
        None,
    )


def number(text: str) -> float | None:
    """Parse a finite number; None for any other text, and `nan` and `inf` are words."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in text else None


def is_not_finite(text: str) -> bool:
    """Whether this is NaN or infinity as programs write them."""
    try:
        return not isfinite(float(text))
    except ValueError:
        return False
