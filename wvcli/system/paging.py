"""Large arrays gone through a block at a time, without keeping in memory what was gone through."""

import mmap
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

LARGE = 1 << 28  # bytes; less than this is not worth the trouble
_BLOCK = 1 << 23  # bytes read at a time
_POPULATE_READ = 22  # MADV_POPULATE_READ of Linux, which Python does not name
_AROUND = 1 << 20  # bytes before a part that the system may have read again together with it


def blocks(array: Any) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """The parts of an array along its first axis, each with the row it starts at.

    Of a large file that is mapped to be read only, what was gone through is given back to the system.
    """
    rows = len(array)
    row_bytes = int(np.prod(array.shape[1:], dtype=np.int64)) * array.dtype.itemsize
    step = max(1, _BLOCK // max(1, row_bytes))
    for start in range(0, rows, step):
        block = array[start : start + step]
        yield start, block
        release_if_large(block, array)


def release(array: npt.NDArray[Any]) -> None:
    """Give back the memory of a part of a file that is mapped to be read only; it is read again when asked for."""
    if array.flags.c_contiguous and hasattr(mmap, "MADV_DONTNEED"):
        _advise(array, mmap.MADV_DONTNEED, _AROUND)


def release_if_large(part: npt.NDArray[Any], array: Any) -> None:
    """Give back the memory of a part of a large array, as `blocks` does with what it gave."""
    if len(array) * int(np.prod(array.shape[1:], dtype=np.int64)) * part.itemsize >= LARGE:
        release(part)


def read_ahead(array: npt.NDArray[Any]) -> None:
    """Have a part of a mapped file read in the order of the file, before it is asked for in another one."""
    if array.flags.c_contiguous and hasattr(mmap, "MADV_WILLNEED"):
        with suppress(OSError):  # a system older than Linux 5.14
            _advise(array, _POPULATE_READ)
            return
        _advise(array, mmap.MADV_WILLNEED)


def _advise(array: npt.NDArray[Any], advice: int, before: int = 0) -> None:
    """Tell the system about a part of a file that is mapped to be read only, and so many bytes before it.

    Nothing is told about other arrays.
    """
    owner: Any = array
    while isinstance(owner, np.ndarray | memoryview):
        if isinstance(owner, np.ndarray) and owner.flags.writeable:
            return  # something that is not in the file may have been written there
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    if isinstance(owner, mmap.mmap):
        begin = np.frombuffer(owner, dtype=np.uint8).ctypes.data
        first = max(0, array.ctypes.data - begin - before) // mmap.PAGESIZE * mmap.PAGESIZE
        last = array.ctypes.data - begin + array.nbytes
        owner.madvise(advice, first, min(last, len(owner)) - first)
