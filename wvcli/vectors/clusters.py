"""Vectors divided into clusters by their directions, in NumPy alone."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.vectors.geometry import Float64Array, FloatArray, unit_rows

IdArray = npt.NDArray[np.int64]

_ROUNDS = 30  # after which hardly a word of 50,000 still changes its cluster
_SAME = 1e-6  # 1 - cosine of unit vectors that differ by no more than the rounding of float32
_BLOCK = 4_096  # rows compared with all centres at a time


def spherical_k_means(
    units: FloatArray, clusters: int, seed: int = 1, on_step: Callable[[int, int], None] = lambda done, total: None
) -> tuple[IdArray, FloatArray]:
    """Divide unit vectors into clusters, each around the direction of its mean (Dhillon and Modha, 2001).

    The first centres are drawn as in k-means++, far from each other; the same seed gives the same clusters. The
    largest cluster is number 0, and so on; of equal ones the one whose first row comes first.

    Args:
        units: float32 [rows, dim], of length 1 each.
        clusters: how many, at most; there are fewer where vectors coincide.
        seed: of the first centres.
        on_step: called with the steps done, and how many there are at most.

    Returns:
        int64 [rows], the cluster of each row, and float32 [clusters, dim], the centres, of length 1 each.

    Raises:
        UsageError: `clusters` is below 1.

    Example:
        >>> import numpy as np
        >>> axes = np.eye(2, dtype=np.float32)
        >>> of, centres = spherical_k_means(axes[[0, 1, 1, 0, 1]], 2)
        >>> of.tolist()
        [1, 0, 0, 1, 0]
    """
    if clusters < 1:
        raise UsageError(f"`clusters` must be at least 1, not {clusters}")
    steps = clusters + _ROUNDS
    centres = _far_apart(units, clusters, np.random.default_rng(seed), lambda drawn: on_step(drawn, steps))
    of = _nearest_centre(units, centres)
    for done in range(_ROUNDS):
        on_step(clusters + done, steps)
        centres = unit_rows(_sums(units, of, len(centres)))
        before, of = of, _nearest_centre(units, centres)
        if (before == of).all():
            break
    sizes = np.bincount(of, minlength=len(centres))
    first = np.full(len(centres), len(units))
    np.minimum.at(first, of, np.arange(len(units)))
    order = np.lexsort((first, -sizes))[: np.count_nonzero(sizes)]
    number = np.empty(len(centres), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[of], centres[order]


def _far_apart(
    units: FloatArray, clusters: int, random: np.random.Generator, on_drawn: Callable[[int], None]
) -> FloatArray:
    """Draw rows, each with a probability that grows with its distance to those drawn before.

    Of several that are drawn the one is kept that leaves the others nearest to a centre.
    """
    tries = 2 + int(np.log(clusters))
    drawn = [int(random.integers(len(units)))]
    distance = _distances(units, drawn)[:, 0]
    while len(drawn) < min(clusters, len(units)) and distance.any():
        candidates = random.choice(len(units), tries, p=distance / distance.sum())
        left = np.minimum(distance[:, None], _distances(units, candidates))
        best = int(left.sum(axis=0).argmin())
        drawn.append(int(candidates[best]))
        distance = left[:, best]
        on_drawn(len(drawn))
    return units[drawn]


def _distances(units: FloatArray, rows: Sequence[int] | IdArray) -> Float64Array:
    """Return float64 [rows, rows asked for], 1 - cosine; 0 for the same direction, but for rounding."""
    distances: Float64Array = 1 - (units @ units[np.asarray(rows)].T).astype(np.float64)
    distances[distances < _SAME] = 0
    return distances


def _nearest_centre(units: FloatArray, centres: FloatArray) -> IdArray:
    of = np.empty(len(units), dtype=np.int64)
    for start in range(0, len(units), _BLOCK):
        of[start : start + _BLOCK] = (units[start : start + _BLOCK] @ centres.T).argmax(axis=1)
    return of


def _sums(units: FloatArray, of: IdArray, clusters: int) -> FloatArray:
    """Return float32 [clusters, dim], the sum of the rows of each cluster; zeros for an empty one."""
    order = np.argsort(of, kind="stable")
    sums = np.zeros((clusters, units.shape[1]), dtype=np.float32)
    present, starts = np.unique(of[order], return_index=True)
    sums[present] = np.add.reduceat(units[order], starts, axis=0)
    return sums
