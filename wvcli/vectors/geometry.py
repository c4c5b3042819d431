"""Lengths, directions and cosines of vectors, in NumPy alone."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.system.paging import Matrix, blocks

FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
RowArray = npt.NDArray[np.int64]
FloatMatrix = Matrix[np.float32]

SHORTEST = 1e-37  # a vector that is not longer has no direction that float32 could tell, and is taken for zero


def row_norms(matrix: FloatMatrix) -> FloatArray:
    """Return float32 [rows], the Euclidean length of each row, read in blocks and added up in float64."""
    norms = np.empty(len(matrix), dtype=np.float32)
    with np.errstate(over="ignore"):  # a length beyond float32 is infinite
        for start, block in blocks(matrix):
            norms[start : start + len(block)] = np.sqrt(np.einsum("nd,nd->n", block, block, dtype=np.float64))
    return norms


def inverse_norms(norms: FloatArray) -> FloatArray:
    """Return float32 [rows], 1 / length; 0 for rows too short to have a direction, NaN for lengths not finite."""
    inverse = np.zeros_like(norms)
    np.divide(1, norms, out=inverse, where=norms > SHORTEST)
    inverse[~np.isfinite(norms)] = np.nan
    return inverse


def unit_rows(matrix: FloatArray) -> FloatArray:
    """Return float32 [rows, dim], each row divided by its length; rows without a length or with NaN are zero."""
    return directions(matrix).astype(np.float32)


def directions(matrix: FloatArray) -> Float64Array:
    """Return float64 [rows, dim], each row divided by its length; rows without a length or with NaN are zero."""
    exact = matrix.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", exact, exact))[:, None]
    units = np.zeros_like(exact)
    np.divide(exact, lengths, out=units, where=(lengths > SHORTEST) & np.isfinite(lengths))
    return units


def cosine(first: FloatArray, second: FloatArray) -> float:
    """Return the cosine of two vectors, float32 [dim]; 0 where one is zero, and NaN where one is not finite."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = [float(np.sqrt((vector * vector).sum())) for vector in (a, b)]
    if not np.isfinite(lengths).all():
        return np.nan
    return float((a * b).sum()) / (lengths[0] * lengths[1]) if min(lengths) > SHORTEST else 0.0


def centrality(vectors: FloatArray) -> Float64Array:
    """Return float64 [vectors], the cosine of each of float32 [vectors, dim] to the mean of their unit vectors.

    As Gensim's `rank_by_centrality`. Vectors that are zero or not finite add nothing and have cosine 0.
    """
    units = directions(vectors)
    mean = units.sum(axis=0)
    length = float(np.linalg.norm(mean))
    found: Float64Array = units @ mean / length if length else np.zeros(len(units))
    return found


def least_central(vectors: Sequence[FloatArray]) -> tuple[int, float]:
    """Find the vector that does not belong, and its cosine to the mean of the others.

    It is the least central, as in Gensim's `doesnt_match`; of equal ones the first. The mean is of unit vectors.

    Raises:
        UsageError: there are fewer than three, none of which is odder than the other.
    """
    if len(vectors) < 3:
        raise UsageError(f"the odd one out is one of three words or more, not of {len(vectors)}")
    matrix = np.array(vectors)
    place = int(np.argmin(centrality(matrix)))
    units = directions(matrix)
    others = np.delete(units, place, axis=0).sum(axis=0)
    length = float(np.linalg.norm(others))
    return place, float(units[place] @ others) / length if length else 0.0
