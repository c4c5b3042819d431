"""Places in the plane for vectors, so that near vectors are near there, and how far that succeeds."""

from typing import Any, Literal

import numpy as np

from wvcli.errors import MissingExtraError
from wvcli.reporting import OnProgress, Progress, Throttle, ignore_progress
from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray

Method = Literal["tsne", "pca"]

NEIGHBORS = 15  # of each word that t-SNE draws near; with 90, as at a perplexity of 30, no more were kept
KEPT = 10  # neighbours of each word by which a layout is judged

# Iterations with exaggerated attraction, then without, and points of each interval by which repulsion is
# interpolated. openTSNE's defaults, 250, 500 and 3, take more than eight times as long and keep hardly more; see
# benchmarks/map.py.
_EARLY, _LATE, _INTERPOLATED = 100, 250, 2
_EXAGGERATION = 12.0  # as in van der Maaten and Hinton, 2008
_MANY = 2_000  # points from which the repulsion is computed on a grid (Linderman et al., 2019) and not in a tree
_START = 1e-4  # standard deviation of the first places (Kobak and Berens, 2019)


def has_tsne() -> bool:
    """Return whether the optional package that `tsne` needs is installed."""
    from importlib.util import find_spec

    return find_spec("openTSNE") is not None


def tsne(
    units: FloatArray,
    neighbors: RowArray,
    seed: int = 1,
    start: Float64Array | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Float64Array:
    """Return float64 [rows, 2], places found by t-SNE, which keeps neighbours together and little else.

    Each row is drawn to its nearest neighbours alike, as Böhm, Berens and Kobak (2022) find it as good as weights
    by a perplexity. The first places are the two principal components. In one thread, with the same versions of
    the packages, the same seed gives the same places.

    Args:
        units: float32 [rows, dim], of length 1 each.
        neighbors: int64 [rows, neighbors], of each row the nearest others.
        seed: of the noise that is added to the first places.
        start: float64 [rows, 2], places of another layout that this one should look like.
        on_progress: called now and then with the iterations done.

    Raises:
        MissingExtraError: openTSNE is not installed.
    """
    try:
        import openTSNE
        from openTSNE.affinity import PrecomputedAffinities
    except ImportError as error:
        raise MissingExtraError("t-SNE", "map") from error
    from scipy.sparse import csr_matrix

    rows, each = neighbors.shape
    pointers = np.arange(0, rows * each + 1, each)
    directed = csr_matrix((np.ones(rows * each), neighbors.ravel(), pointers), (rows, rows))
    affinities = directed + directed.T
    affinities /= affinities.sum()
    first = principal_plane(units) if start is None else start - start.mean(axis=0)
    first = first / max(float(first[:, 0].std()), 1e-12)
    first = first + np.random.default_rng(seed).normal(scale=0.01, size=first.shape)
    throttle = Throttle()

    def report(done: int, *rest: Any) -> None:
        if throttle.is_due():
            on_progress(Progress("placing words", done, _EARLY + _LATE, unit="items"))

    embedding = openTSNE.TSNEEmbedding(
        first * _START,
        PrecomputedAffinities(affinities, normalize=False),
        negative_gradient_method="fft" if rows >= _MANY else "bh",
        n_interpolation_points=_INTERPOLATED,
        n_jobs=1,  # with more the sums depend on the order in which threads are done
        random_state=seed,
    )
    embedding.optimize(
        _EARLY,
        exaggeration=_EXAGGERATION,
        momentum=0.5,
        inplace=True,
        callbacks=[report],
        callbacks_every_iters=5,
    )
    embedding.optimize(
        _LATE,
        momentum=0.8,
        inplace=True,
        callbacks=[lambda done, *rest: report(_EARLY + done)],
        callbacks_every_iters=5,
    )
    return np.asarray(embedding, dtype=np.float64)


def principal_plane(units: FloatArray) -> Float64Array:
    """Return float64 [rows, 2], the projection on the two directions in which rows, less their mean, vary most.

    The largest number of each direction is positive, so that the signs do not depend on the machine.
    """
    exact = units.astype(np.float64)
    exact -= exact.mean(axis=0)
    directions = np.linalg.eigh(exact.T @ exact)[1][:, ::-1][:, :2]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    plane: Float64Array = exact @ (directions * np.where(largest < 0, -1, 1))
    return plane


def laid_over(places: Float64Array, other: Float64Array) -> Float64Array:
    """Return places turned, mirrored and moved to be nearest to another layout of the same rows, and as wide."""
    centred, target = places - places.mean(axis=0), other - other.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ target)
    wider = np.linalg.norm(target) / max(float(np.linalg.norm(centred)), 1e-12)
    moved: Float64Array = centred @ (left @ right) * wider + other.mean(axis=0)
    return moved


def lying(places: Float64Array) -> Float64Array:
    """Return places turned so that they spread from left to right more than from bottom to top, for a screen."""
    centred = places - places.mean(axis=0)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    turned: Float64Array = centred @ (directions * np.where(largest < 0, -1, 1))
    return turned


def share_kept(places: Float64Array, neighbors: RowArray) -> float:
    """Return the share of the nearest neighbours that are the nearest in the plane, too.

    Args:
        places: float64 [rows, 2].
        neighbors: int64 [rows, neighbors], of each row the nearest others by their vectors; the first ten count.
    """
    from scipy.spatial import cKDTree

    true = neighbors[:, :KEPT]
    near = cKDTree(places).query(places, true.shape[1] + 1)[1]
    rows = np.arange(len(places))[:, None]
    kept = 0
    for column in true.T:
        kept += int(((near == column[:, None]) & (near != rows)).any(axis=1).sum())
    return kept / true.size
