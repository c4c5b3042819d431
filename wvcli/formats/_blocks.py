"""Rows of a matrix a few at a time, as the kind of number that a file holds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import WvcliError
from wvcli.vectors import Vectors

_NUMBERS_AT_ONCE = 1 << 20


def blocks(vectors: Vectors, dtype: str) -> Iterator[npt.NDArray[Any]]:
    """All rows in order, in C-ordered, little-endian arrays [some rows, dim] of float32 or float16.

    Raises:
        WvcliError: a number is too large for float16.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    step = max(1, _NUMBERS_AT_ONCE // vectors.dim)
    for start in range(0, len(vectors), step):
        rows = vectors.matrix[start : min(start + step, len(vectors))]
        with np.errstate(over="ignore"):
            block = np.ascontiguousarray(rows, dtype=kind)
        if kind.itemsize < 4:
            lost = np.flatnonzero((np.isinf(block) & np.isfinite(rows)).any(axis=1))
            if len(lost):
                word = vectors.vocabulary[start + int(lost[0])]
                raise WvcliError(f"the vector of {word!r} has a number too large for {dtype}")
        yield block
