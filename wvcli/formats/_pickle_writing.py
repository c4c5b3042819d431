"""Objects written as pickles, instruction by instruction, so that what they hold need not be in memory at once.

The instructions are those of protocol 4, described in Python's `pickletools`; NumPy's arrays are written as NumPy
1 and 2 both read them.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from wvcli.system.paging import blocks

Part = bytes | memoryview

BATCH = 1_000  # entries of a list or table put into it at a time, as Python does

_PROTOCOL, _STOP = b"\x80\x04", b"."
_MARK, _APPENDS, _SET_ITEMS, _BUILD = b"(", b"e", b"u", b"b"
_NONE, _TRUE, _FALSE, _LIST, _TABLE, _TUPLE = b"N", b"\x88", b"\x89", b"]", b"}", b")"
_NAME, _NEW_OBJECT, _CALL, _MEMOIZE = b"\x93", b"\x81", b"R", b"\x94"
_ONE, _TWO, _THREE = b"\x85", b"\x86", b"\x87"


def text(value: bytes) -> bytes:
    """A `str`, given as UTF-8."""
    if len(value) < 256:
        return b"\x8c" + struct.pack("<B", len(value)) + value
    return b"X" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    """A whole number."""
    if 0 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + struct.pack("<B", len(data)) + data


def name(module: str, attribute: str) -> bytes:
    """A class or a function."""
    return text(module.encode()) + text(attribute.encode()) + _NAME


def new_object(module: str, class_name: str) -> bytes:
    """The beginning of a pickle that holds one object, to be followed by `attributes`."""
    return _PROTOCOL + name(module, class_name) + _TUPLE + _NEW_OBJECT


def constant(value: bool | None) -> bytes:
    """None, True or False."""
    return _NONE if value is None else _TRUE if value else _FALSE


def strings(values: Iterable[str]) -> Iterator[Part]:
    """A list of texts."""
    yield _LIST + _MARK + b"".join(text(value.encode()) for value in values) + _APPENDS


def words(batches: Iterable[list[str]]) -> Iterator[Part]:
    """A list of words, numbered from 0 in the pickle's memory: nothing may have been put there before."""
    yield _LIST
    for batch in batches:
        yield _MARK + b"".join(text(word.encode()) + _MEMOIZE for word in batch) + _APPENDS


def places(count: int) -> Iterator[Part]:
    """The table of the words that `words` wrote with the place of each in the list."""
    yield _TABLE
    for start in range(0, count, BATCH):
        stop = min(start + BATCH, count)
        yield _MARK + b"".join(b"j" + struct.pack("<I", place) + number(place) for place in range(start, stop))
        yield _SET_ITEMS


def array(values: Any) -> Iterator[Part]:
    """A NumPy array of numbers; anything with `shape`, `dtype` and slices of rows."""
    kind = np.dtype(values.dtype).newbyteorder("<")
    size = int(np.prod(values.shape, dtype=np.int64)) * kind.itemsize
    yield name("numpy.core.multiarray", "_reconstruct") + name("numpy", "ndarray")
    yield number(0) + _ONE + b"C\x01b" + _THREE + _CALL
    yield _MARK + number(1) + b"".join(number(rows) for rows in values.shape)
    yield _TWO if len(values.shape) == 2 else _ONE
    yield name("numpy", "dtype") + text(kind.str[1:].encode()) + _FALSE + _TRUE + _THREE + _CALL
    order = number(3) + text(b"<") + _NONE * 3 + number(-1) * 2 + number(0)
    yield _MARK + order + b"t" + _BUILD + _FALSE
    yield b"\x8e" + struct.pack("<Q", size)
    for _, block in blocks(values):
        yield np.ascontiguousarray(block, dtype=kind).reshape(-1).view(np.uint8).data
    yield b"t" + _BUILD


def table(entries: Mapping[str, Iterable[Part]]) -> Iterator[Part]:
    """A table of what was made by the functions here, by name."""
    yield _TABLE + _MARK
    for key, value in entries.items():
        yield text(key.encode())
        yield from value
    yield _SET_ITEMS


def attributes(entries: Mapping[str, Iterable[Part]]) -> Iterator[Part]:
    """The attributes of the object that the pickle began with, and the pickle's end."""
    yield from table(entries)
    yield _BUILD + _STOP
