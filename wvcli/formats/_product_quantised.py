"""Vectors quantised to products of centroids (Jégou, Douze and Schmid, 2011), restored when rows are read.

A vector is cut into parts of equal length. Of each part a file holds the number of the nearest of some centroids;
the centroids of its parts one after the other are the vector.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.system.paging import ComputedRows, blocks
from wvcli.vectors.geometry import FloatArray

Codes = npt.NDArray[np.uint8]


class ProductQuantised(ComputedRows[np.float32]):
    """A matrix of quantised vectors, float32 [rows, dim].

    Args:
        path: the file that they come from.
        codes: uint8 [rows, parts], the number of the centroid of each part.
        centroids: float32 [parts, centroids, dim / parts].
        projection: float32 [dim, dim], by whose transpose restored vectors are multiplied; None for none.
        lengths: float32 [rows], by which restored vectors are multiplied then; None for 1.

    Raises:
        InputError: a number is not that of a centroid.
    """

    dtype = np.dtype(np.float32)

    def __init__(
        self,
        path: Path,
        codes: Codes,
        centroids: FloatArray,
        projection: FloatArray | None = None,
        lengths: FloatArray | None = None,
    ) -> None:
        self._codes, self._centroids, self._projection, self._lengths = codes, centroids, projection, lengths
        parts, count, size = centroids.shape
        self._parts = np.arange(parts)
        self.shape = (len(codes), parts * size)
        if count < 256 and any((block >= count).any() for _, block in blocks(codes)):
            raise InputError(f"{path} is damaged: it names a centroid that is not among its {count}")

    def __getitem__(self, rows: Any, /) -> FloatArray:
        codes = self._codes[rows]
        restored: FloatArray = self._centroids[self._parts, codes].reshape(len(codes), self.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            if self._projection is not None:
                restored = restored @ self._projection.T
            if self._lengths is not None:
                restored = restored * self._lengths[rows, None]
        return restored.astype(np.float32, copy=False)
