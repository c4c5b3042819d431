"""Vectors quantised to 8-bit integers, with a scale for each row: x is approximately q * s.

The scale s of a row is its largest absolute number divided by 127, rounded up, and q is x / s rounded to the
nearest integer, so that |x - q * s| <= s / 2; a row of zeros has the scale 0. Files hold q as `vectors`, int8
[words, dim], and s as `scales`, float32 [words].
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import WvcliError
from wvcli.system import paging
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

INT8, SCALES = "int8", "scales"
_LARGEST = 127
_SCALE_DTYPES = ("float16", "float32", "float64")


def row_scales(vectors: Vectors) -> FloatArray:
    """Return float32 [words], the scale of each row.

    Raises:
        WvcliError: a number is not finite.
    """
    scales = np.empty(len(vectors), dtype=np.float32)
    for start, block in paging.blocks(vectors.matrix):
        largest = np.abs(block).max(axis=1).astype(np.float64)
        not_finite = np.flatnonzero(~np.isfinite(largest))
        if len(not_finite):
            word = vectors.vocabulary[start + int(not_finite[0])]
            raise WvcliError(f"the vector of {word!r} has a number that is not finite, which int8 cannot hold")
        nearest = (largest / _LARGEST).astype(np.float32)
        # Rounded up, or a row of the smallest numbers that float32 has would exceed 127.
        rounded_up = np.where(nearest < largest / _LARGEST, np.nextafter(nearest, np.float32(np.inf)), nearest)
        scales[start : start + len(block)] = rounded_up
    return scales


class Quantised(paging.ComputedRows[np.int8]):
    """The matrix of some vectors as int8 [words, dim], computed when rows are read.

    Args:
        vectors: the vectors.
        scales: float32 [words], from `row_scales`.
    """

    dtype = np.dtype(np.int8)

    def __init__(self, vectors: Vectors, scales: FloatArray) -> None:
        self._matrix, self._scales = vectors.matrix, scales
        self.shape = (len(vectors), vectors.dim)

    def __getitem__(self, rows: slice, /) -> npt.NDArray[np.int8]:
        divisors = np.where(self._scales[rows] > 0, self._scales[rows], 1).astype(np.float64)[:, np.newaxis]
        original = self._matrix[rows]
        numbers = np.rint(original / divisors).astype(np.int8)
        paging.release_if_large(original, self)
        return numbers


def is_quantised(matrix: Any, scales: Any) -> bool:
    """Return whether arrays, by `dtype` and `shape`, are 8-bit integers and the scales of their rows."""
    if matrix is None or scales is None or matrix.dtype != np.int8 or scales.dtype.name not in _SCALE_DTYPES:
        return False
    return len(matrix.shape) == 2 and all(matrix.shape) and tuple(scales.shape) == tuple(matrix.shape[:1])


def restore(block: npt.NDArray[Any], scales: npt.NDArray[Any]) -> FloatArray:
    """Return float32 [rows, dim] from int8 [rows, dim] and a scale for each row."""
    with np.errstate(over="ignore", invalid="ignore"):  # of scales that are damaged
        return block.astype(np.float32) * scales.astype(np.float32)[:, np.newaxis]
