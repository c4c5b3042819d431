"""Two spaces of vectors laid over each other: linear maps from rows that belong together."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from wvcli.vectors.geometry import Float64Array, FloatArray

Float = TypeVar("Float", np.float32, np.float64)

REWEIGHTING = 0.5  # of each side, as Artetxe, Labaka and Agirre (2018) found best
_LEAST_SPREAD = 1e-10  # of a direction, as a share of the widest one's; what is less is rounding


def orthogonal_map(source: FloatArray, target: FloatArray) -> Float64Array:
    """Return float64 [source dim, target dim], the rotation or reflection that brings rows nearest to each other.

    Orthogonal Procrustes (Schönemann, 1966; for words Hamilton, Leskovec and Jurafsky, 2016): of all matrices with
    orthonormal rows or columns this one brings `source @ matrix` nearest to `target`, by squared distance. Where
    the spaces differ in dimensions, the smaller one is taken as having zeros in those it lacks.

    Args:
        source: float32 [rows, source dim].
        target: float32 [rows, target dim], what each row of `source` should be near to.
    """
    return nearest_rotation(source.astype(np.float64).T @ target.astype(np.float64))


def nearest_rotation(covariance: npt.NDArray[Float]) -> npt.NDArray[Float]:
    """Return [source dim, target dim], the orthogonal map of rows whose products add up to `covariance`.

    Args:
        covariance: float64 or float32 [source dim, target dim], `source.T @ target`.
    """
    left, _, right = np.linalg.svd(covariance, full_matrices=False)
    rotation: npt.NDArray[Float] = left @ right
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


def multistep_maps(source: FloatArray, target: FloatArray) -> tuple[Float64Array, Float64Array]:
    """Return float64 [source dim, common] and [target dim, common], the maps of two spaces into a common one.

    The multi-step framework of Artetxe, Labaka and Agirre ("Generalizing and Improving Bilingual Word Embedding
    Mappings with a Multi-Step Framework of Linear Transformations", 2018): each space is whitened, both are turned
    so that the rows agree most, directions are weighted by how well the rows agree in them, and each space gets
    back the spread that it had in them. `common` is the smaller of the dimensions.

    Args:
        source: float32 [rows, source dim], more rows than dimensions.
        target: float32 [rows, target dim], the rows that belong to those of `source`.
    """
    one, two = source.astype(np.float64), target.astype(np.float64)
    spread_one, spread_two = one.T @ one, two.T @ two
    white_one, white_two = _symmetric_power(spread_one, -0.5), _symmetric_power(spread_two, -0.5)
    left, agreement, right = np.linalg.svd(white_one @ (one.T @ two) @ white_two, full_matrices=False)
    weights = agreement**REWEIGHTING
    return (
        _colored(white_one, left * weights, left, spread_one),
        _colored(white_two, right.T * weights, right.T, spread_two),
    )


def _colored(
    whitening: Float64Array, weighted: Float64Array, rotation: Float64Array, spread: Float64Array
) -> Float64Array:
    """Return a map that whitens, turns and weights, and then undoes the whitening in the turned space."""
    mapped: Float64Array = whitening @ weighted @ (rotation.T @ _symmetric_power(spread, 0.5) @ rotation)
    return mapped


def _symmetric_power(matrix: Float64Array, exponent: float) -> Float64Array:
    """Return a power of a symmetric matrix, float64 [dim, dim], whose directions without spread stay without."""
    values, vectors = np.linalg.eigh(matrix)
    is_wide = values > values[-1] * _LEAST_SPREAD
    powers = np.where(is_wide, np.where(is_wide, values, 1.0) ** exponent, 0.0)
    power: Float64Array = vectors * powers @ vectors.T
    return power
