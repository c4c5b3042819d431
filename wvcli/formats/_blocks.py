"""The vectors in blocks of rows, in the dtype that a file holds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import WvcliError
from wvcli.system import paging
from wvcli.vectors.word_vectors import Vectors


class Converted(paging.ComputedRows[Any]):
    """The matrix of some vectors as float32 or float16 [words, dim], C-ordered and little-endian.

    Rows are converted when they are read. WvcliError is raised where a number is too large for float16.

    Args:
        vectors: the vectors.
        dtype: `float32` or `float16`.
    """

    def __init__(self, vectors: Vectors, dtype: str) -> None:
        self._vectors = vectors
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.shape = (len(vectors), vectors.dim)

    def __getitem__(self, rows: slice, /) -> npt.NDArray[Any]:
        original = self._vectors.matrix[rows]
        with np.errstate(over="ignore"):
            block = np.ascontiguousarray(original, dtype=self.dtype)
        if self.dtype.itemsize < original.itemsize:
            lost = np.flatnonzero((np.isinf(block) & np.isfinite(original)).any(axis=1))
            if len(lost):
                word = self._vectors.vocabulary[rows.start + int(lost[0])]
                raise WvcliError(f"the vector of {word!r} has a number too large for {self.dtype.name}")
            paging.release_if_large(original, self)
        return block


def blocks(vectors: Vectors, dtype: str) -> Iterator[npt.NDArray[Any]]:
    """Yield all rows in order, in C-ordered, little-endian blocks [rows, dim] of float32 or float16.

    Raises:
        WvcliError: a number is too large for float16.
    """
    for _, block in paging.blocks(Converted(vectors, dtype)):
        yield block
