"""Matrices whose rows are made when they are read."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from wvcli.system.paging import LARGE, blocks, release
from wvcli.vectors.geometry import FloatArray, RowArray

Change = Callable[[FloatArray], FloatArray]


class Lazy:
    """A matrix, float32 [rows, dim], of which only the rows that are asked for are worked out.

    Args:
        base: float32 [any, dim].
        rows: int64 [rows] of `base`, or None for all.
        change: what to make of some rows, or None.
        first: float32 [special, dim], rows to put before them as they are.
        on_rows: is told up to which row was asked for.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(
        self,
        base: FloatArray,
        rows: RowArray | None = None,
        change: Change | None = None,
        first: FloatArray | None = None,
        on_rows: Callable[[int], None] | None = None,
    ) -> None:
        self._base, self._rows, self._change, self._on_rows = base, rows, change, on_rows
        dim = self._of(0, 1).shape[1] if self._count else base.shape[1]
        self._first = np.empty((0, dim), dtype=np.float32) if first is None else first
        self.shape = (len(self._first) + self._count, dim)

    @property
    def _count(self) -> int:
        return len(self._base) if self._rows is None else len(self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of the whole matrix."""
        return 4 * self.size

    @property
    def size(self) -> int:
        """Numbers of the whole matrix."""
        return int(self.shape[0] * self.shape[1])

    def __len__(self) -> int:
        return int(self.shape[0])

    def _of(self, start: int, stop: int) -> FloatArray:
        """The rows from `start` up to `stop`, not counting the special ones."""
        if self._rows is None:
            found = self._base[start:stop]
            block = np.array(found, dtype=np.float32)
            if self._base.nbytes >= LARGE:
                release(found)
        else:
            block = np.asarray(self._base[self._rows[start:stop]], dtype=np.float32)
            if len(block) and isinstance(self._base, np.ndarray) and self._base.nbytes >= LARGE:
                release(self._base[self._rows[start:stop].min() : self._rows[start:stop].max() + 1])
        return block if self._change is None else self._change(block)

    def _between(self, start: int, stop: int) -> FloatArray:
        before = len(self._first)
        block = self._of(max(0, start - before), max(0, stop - before))
        if self._on_rows:
            self._on_rows(stop)
        return np.concatenate([self._first[start:stop], block]) if start < before else block

    def __getitem__(self, key: Any) -> FloatArray:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._between(start, max(start, stop))
            return self[np.arange(start, stop, step)]
        if isinstance(key, int | np.integer):
            row = range(len(self))[key]
            return cast(FloatArray, self._between(row, row + 1)[0])
        rows = np.asarray(key)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        for place, row in enumerate(rows.tolist()):
            found[place] = self[row]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        whole = np.empty(self.shape, dtype=dtype or np.float32)
        for start, block in blocks(self):
            whole[start : start + len(block)] = block
        return whole


class _Joined:
    """Two matrices one after the other, of which single rows are asked for."""

    def __init__(self, base: FloatArray, added: FloatArray) -> None:
        self._base, self._added = base, added
        self.shape = (len(base) + len(added), base.shape[1])
        self.nbytes = base.nbytes + added.nbytes

    @classmethod
    def of(cls, base: FloatArray, added: FloatArray) -> FloatArray:
        return cast(FloatArray, cls(base, added)) if len(added) else base

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: RowArray) -> FloatArray:
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        known = rows < len(self._base)
        found[known] = self._base[rows[known]]
        found[~known] = self._added[rows[~known] - len(self._base)]
        return found


def with_row(matrix: FloatArray, row: int, values: FloatArray) -> FloatArray:
    """A matrix with other numbers in one row, worked out when rows are asked for."""
    rows = np.arange(len(matrix), dtype=np.int64)
    rows[row] = len(matrix)
    return cast(FloatArray, Lazy(_Joined.of(matrix, values[None]), rows))
