"""Matrices whose rows are computed when they are read."""

from collections.abc import Callable
from typing import Any

import numpy as np

from wvcli.system.paging import LARGE, ComputedRows, release
from wvcli.vectors.geometry import FloatArray, FloatMatrix, RowArray

Change = Callable[[FloatArray], FloatArray]


class Lazy(ComputedRows[np.float32]):
    """Rows of another matrix, float32 [rows, dim], chosen and changed when they are read.

    Args:
        base: float32 [any, dim].
        rows: int64 [rows] of `base`, or None for all.
        change: takes and returns rows, float32 [any, dim], or None to leave them as they are.
        first: float32 [special, dim], rows to put before them as they are.
        on_rows: called with the number of rows read so far, in the order of a file.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        base: FloatMatrix,
        rows: RowArray | None = None,
        change: Change | None = None,
        first: FloatArray | None = None,
        on_rows: Callable[[int], None] | None = None,
    ) -> None:
        self._base, self._rows, self._change, self._on_rows = base, rows, change, on_rows
        count = len(base) if rows is None else len(rows)
        dim = self._of(0, 1).shape[1] if count else base.shape[1]
        self._first = np.empty((0, dim), dtype=np.float32) if first is None else first
        self.shape: tuple[int, int] = (len(self._first) + count, dim)

    def _of(self, start: int, stop: int) -> FloatArray:
        """Return rows of `base` from `start` up to `stop`, chosen and changed, not counting the special ones."""
        if self._rows is None:
            found = self._base[start:stop]
            block = np.array(found, dtype=np.float32)
            if self._base.nbytes >= LARGE:
                release(found)
        else:
            rows = self._rows[start:stop]
            block = np.asarray(self._base[rows], dtype=np.float32)
            if len(block) and isinstance(self._base, np.ndarray) and self._base.nbytes >= LARGE:
                release(self._base[rows.min() : rows.max() + 1])
        return block if self._change is None else self._change(block)

    def _between(self, start: int, stop: int) -> FloatArray:
        before = len(self._first)
        block = self._of(max(0, start - before), max(0, stop - before))
        if self._on_rows:
            self._on_rows(stop)
        return np.concatenate([self._first[start:stop], block]) if start < before else block

    def __getitem__(self, key: Any, /) -> FloatArray:
        """Return one row for an integer, and rows for a slice, an array of integers or an array of booleans."""
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1:
                return self._between(start, max(start, stop))
            return self[np.arange(start, stop, step)]
        if isinstance(key, int | np.integer):
            row = range(len(self))[key]
            only: FloatArray = self._between(row, row + 1)[0]
            return only
        rows = np.asarray(key)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        for position, row in enumerate(rows.tolist()):
            found[position] = self[row]
        return found


class Joined(ComputedRows[np.float32]):
    """Two matrices of one width, one after the other, float32 [rows, dim]."""

    dtype = np.dtype(np.float32)

    def __init__(self, base: FloatMatrix, added: FloatArray) -> None:
        self._base, self._added = base, added
        self.shape: tuple[int, int] = (len(base) + len(added), base.shape[1])

    def __getitem__(self, key: Any, /) -> FloatArray:
        """Return rows for an array of integers that are not negative, or for a slice."""
        known_rows = len(self._base)
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step == 1 and stop <= known_rows:
                return np.asarray(self._base[start:stop])
            if step == 1 and start < known_rows:
                return np.concatenate([self._base[start:known_rows], self._added[: stop - known_rows]])
        rows = np.arange(*key.indices(len(self))) if isinstance(key, slice) else np.asarray(key)
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        known = rows < len(self._base)
        found[known] = self._base[rows[known]]
        found[~known] = self._added[rows[~known] - len(self._base)]
        return found


def joined(base: FloatMatrix, added: FloatArray) -> FloatMatrix:
    """Return `base`, followed by the rows of `added` if there are any."""
    return Joined(base, added) if len(added) else base


def with_row(matrix: FloatMatrix, row: int, values: FloatArray) -> FloatMatrix:
    """Return a matrix with other numbers, float32 [dim], in one row; nothing is copied."""
    rows = np.arange(len(matrix), dtype=np.int64)
    rows[row] = len(matrix)
    return Lazy(joined(matrix, values[None]), rows)
