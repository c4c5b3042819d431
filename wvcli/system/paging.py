"""Large arrays read a block of rows at a time, without keeping in memory what was read."""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

LARGE = 1 << 28  # bytes; less than this is not worth the trouble
_BLOCK = 1 << 23  # bytes read at a time
_KEPT = 1 << 24  # bytes
_POPULATE_READ = 22  # MADV_POPULATE_READ of Linux, which Python does not name
_AROUND = 1 << 20  # bytes before a part that the system may have read again together with it


Scalar = TypeVar("Scalar", bound=np.generic, covariant=True)
Number = TypeVar("Number", bound=np.generic)


class Matrix(Protocol[Scalar]):
    """An array whose rows are read some at a time: a NumPy array, or one whose rows are computed when read.

    `np.asarray` of it reads all rows, which may be more than memory holds.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Scalar]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> npt.NDArray[Scalar]: ...


class ComputedRows(ABC, Generic[Number]):
    """What all arrays have in common whose rows are computed when they are read.

    Subclasses set `shape` and `dtype`, and compute rows in `__getitem__`: those of a slice at least.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Number]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def __getitem__(self, rows: Any, /) -> npt.NDArray[Number]:
        """Compute some rows."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        whole = np.empty(self.shape, dtype=dtype or self.dtype)
        for start, block in blocks(self):
            whole[start : start + len(block)] = block
        return whole


def blocks(matrix: Matrix[Number]) -> Iterator[tuple[int, npt.NDArray[Number]]]:
    """Yield the rows of an array in blocks of some megabytes, each with the number of its first row.

    Of a large file that is mapped to be read only, a block is given back to the system once the next is asked for.
    """
    row_bytes = int(np.prod(matrix.shape[1:], dtype=np.int64)) * matrix.dtype.itemsize
    step = max(1, _BLOCK // max(1, row_bytes))
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step]
        yield start, block
        release_if_large(block, matrix)


def keep_freed_memory() -> None:
    """Let this process keep the memory of arrays that are freed, of some megabytes, for the next ones.

    The allocator of Linux gives larger arrays back to the system when they are freed, and work on one block after
    the other then spends much of its time on getting cleared memory anew. It keeps what is no larger than the
    largest array that was freed so far.
    """
    np.empty(_KEPT, dtype=np.uint8)


def release(array: npt.NDArray[Any]) -> None:
    """Give back the memory of part of a file that is mapped to be read only; it is read again when needed."""
    if array.flags.c_contiguous and hasattr(mmap, "MADV_DONTNEED"):
        _advise(array, mmap.MADV_DONTNEED, _AROUND)


def release_if_large(part: npt.NDArray[Any], whole: Matrix[Any]) -> None:
    """Give back the memory of a part of a large array, as `blocks` does with its blocks."""
    if int(np.prod(whole.shape, dtype=np.int64)) * part.itemsize >= LARGE:
        release(part)


def read_ahead(array: npt.NDArray[Any]) -> None:
    """Have part of a mapped file read in the order of the file, before it is needed in another one."""
    if array.flags.c_contiguous and hasattr(mmap, "MADV_WILLNEED"):
        with suppress(OSError):  # a system older than Linux 5.14
            _advise(array, _POPULATE_READ)
            return
        _advise(array, mmap.MADV_WILLNEED)


def _advise(array: npt.NDArray[Any], advice: int, before: int = 0) -> None:
    """Advise the system on part of a file that is mapped to be read only, and on `before` bytes before it.

    Does nothing with other arrays.
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
