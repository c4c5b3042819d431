"""Principal components of a matrix that is read block by block."""

import numpy as np

from wvcli.errors import UsageError
from wvcli.system.paging import blocks
from wvcli.vectors.geometry import Float64Array, FloatArray, FloatMatrix
from wvcli.vectors.lazy import Change


def principal_components(matrix: FloatMatrix, dim: int, notes: list[str]) -> Change:
    """Return the projection on the `dim` directions in which the rows, less their mean, vary most.

    The largest number of each direction is positive, so that the signs do not depend on the machine.

    Raises:
        UsageError: there are not as many dimensions, or a number is not finite.
    """
    if dim > matrix.shape[1]:
        raise UsageError(f"the vectors have {matrix.shape[1]} dimensions, not {dim} or more")
    mean, covariance = _moments(matrix)
    if not np.isfinite(covariance).all():
        raise UsageError("the vectors hold numbers that are not finite, so that they cannot be reduced")
    variances, directions = np.linalg.eigh(covariance)
    variances, directions = np.maximum(variances[::-1], 0), directions[:, ::-1][:, :dim]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    directions = directions * np.where(largest < 0, -1, 1)
    share = variances[:dim].sum() / variances.sum() if variances.any() else 1.0
    notes.append(f"{dim} of {matrix.shape[1]} dimensions keep {share:.1%} of the variance")

    def project(rows: FloatArray) -> FloatArray:
        projected: FloatArray = ((rows - mean) @ directions).astype(np.float32)
        return projected

    return project


def _moments(matrix: FloatMatrix) -> tuple[Float64Array, Float64Array]:
    """Return the mean, float64 [dim], and the covariance, float64 [dim, dim], of the rows."""
    dim = matrix.shape[1]
    near = matrix[:1000].mean(axis=0, dtype=np.float64)  # taken off first, for exactness
    total, products = np.zeros(dim), np.zeros((dim, dim))
    with np.errstate(all="ignore"):  # the caller refuses what is not finite
        for _, block in blocks(matrix):
            exact = block - near
            total += exact.sum(axis=0)
            products += exact.T @ exact
        mean = total / len(matrix)
        return near + mean, products / len(matrix) - np.outer(mean, mean)
