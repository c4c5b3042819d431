"""Pickles written instruction by instruction, so that their contents need not be in memory all at once.

The instructions are those of protocol 4, described in Python's `pickletools`; arrays are written in the way that
both NumPy 1 and NumPy 2 read.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from wvcli.system.paging import blocks

Part = bytes | memoryview

BATCH = 1_000  # entries put into a list or dict at a time, as Python does

_PROTOCOL, _STOP = b"\x80\x04", b"."
_MARK, _APPENDS, _SET_ITEMS, _BUILD = b"(", b"e", b"u", b"b"
_NONE, _TRUE, _FALSE, _LIST, _DICT, _TUPLE = b"N", b"\x88", b"\x89", b"]", b"}", b")"
_NAME, _NEW_OBJECT, _CALL, _MEMOIZE = b"\x93", b"\x81", b"R", b"\x94"
_ONE, _TWO, _THREE = b"\x85", b"\x86", b"\x87"


def text(value: bytes) -> bytes:
    """Return a `str`, given in UTF-8."""
    if len(value) < 256:
        return b"\x8c" + struct.pack("<B", len(value)) + value
    return b"X" + struct.pack("<I", len(value)) + value


def number(value: int) -> bytes:
    """Return a whole number."""
    if 0 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + struct.pack("<B", len(data)) + data


def name(module: str, attribute: str) -> bytes:
    """Return a class or a function."""
    return text(module.encode()) + text(attribute.encode()) + _NAME


def new_object(module: str, class_name: str) -> bytes:
    """Return the beginning of a pickle of one object, to be followed by `attributes`."""
    return _PROTOCOL + name(module, class_name) + _TUPLE + _NEW_OBJECT


def constant(value: bool | None) -> bytes:
    """Return None, True or False."""
    return _NONE if value is None else _TRUE if value else _FALSE


def strings(values: Iterable[str]) -> Iterator[Part]:
    """Yield a list of texts."""
    yield _LIST + _MARK + b"".join(text(value.encode()) for value in values) + _APPENDS


def words(batches: Iterable[list[str]]) -> Iterator[Part]:
    """Yield a list of words, which the memo numbers from 0: it must be empty before."""
    yield _LIST
    for batch in batches:
        yield _MARK + b"".join(text(word.encode()) + _MEMOIZE for word in batch) + _APPENDS


def word_indices(count: int) -> Iterator[Part]:
    """Yield a dict from the words that `words` wrote to the index of each in the list."""
    yield _DICT
    for start in range(0, count, BATCH):
        stop = min(start + BATCH, count)
        yield _MARK + b"".join(b"j" + struct.pack("<I", index) + number(index) for index in range(start, stop))
        yield _SET_ITEMS


def array(values: Any) -> Iterator[Part]:
    """Yield a NumPy array of numbers, given as anything with `shape`, `dtype` and slices of rows."""
    dtype = np.dtype(values.dtype).newbyteorder("<")
    size = int(np.prod(values.shape, dtype=np.int64)) * dtype.itemsize
    yield name("numpy.core.multiarray", "_reconstruct") + name("numpy", "ndarray")
    yield number(0) + _ONE + b"C\x01b" + _THREE + _CALL
    yield _MARK + number(1) + b"".join(number(rows) for rows in values.shape)
    yield _TWO if len(values.shape) == 2 else _ONE
    yield name("numpy", "dtype") + text(dtype.str[1:].encode()) + _FALSE + _TRUE + _THREE + _CALL
    order = number(3) + text(b"<") + _NONE * 3 + number(-1) * 2 + number(0)
    yield _MARK + order + b"t" + _BUILD + _FALSE
    yield b"\x8e" + struct.pack("<Q", size)
    for _, block in blocks(values):
        yield np.ascontiguousarray(block, dtype=dtype).reshape(-1).view(np.uint8).data
    yield b"t" + _BUILD


def dictionary(entries: Mapping[str, Iterable[Part]]) -> Iterator[Part]:
    """Yield a dict from names to what these functions return."""
    yield _DICT + _MARK
    for key, value in entries.items():
        yield text(key.encode())
        yield from value
    yield _SET_ITEMS


def attributes(entries: Mapping[str, Iterable[Part]]) -> Iterator[Part]:
    """Yield the attributes of the object that the pickle began with, and the end of the pickle."""
    yield from dictionary(entries)
    yield _BUILD + _STOP
