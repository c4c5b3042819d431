"""Two spaces of vectors laid over each other."""

import numpy as np

from wvcli.vectors.geometry import Float64Array, FloatArray


def orthogonal_map(source: FloatArray, target: FloatArray) -> Float64Array:
    """Return float64 [source dim, target dim], the rotation or reflection that brings rows nearest to each other.

    Orthogonal Procrustes (Schönemann, 1966; for words Hamilton, Leskovec and Jurafsky, 2016): of all matrices with
    orthonormal rows or columns this one brings `source @ matrix` nearest to `target`, by squared distance. Where
    the spaces differ in dimensions, the smaller one is taken as having zeros in those it lacks.

    Args:
        source: float32 [rows, source dim].
        target: float32 [rows, target dim], what each row of `source` should be near to.
    """
    covariance = source.astype(np.float64).T @ target.astype(np.float64)
    left, _, right = np.linalg.svd(covariance, full_matrices=False)
    rotation: Float64Array = left @ right
    return rotation


def aligned_cosines(source: FloatArray, target: FloatArray) -> Float64Array:
    """Return float64 [rows], the cosine of each row of `source`, once mapped, and its row of `target`.

    Args:
        source: float32 [rows, source dim], of length 1 each.
        target: float32 [rows, target dim], of length 1 each.
    """
    mapped = source.astype(np.float64) @ orthogonal_map(source, target)
    cosines: Float64Array = np.einsum("nd,nd->n", mapped, target.astype(np.float64))
    return np.clip(cosines, -1, 1)
