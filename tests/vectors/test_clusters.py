import numpy as np
import pytest

from wvcli.errors import UsageError
from wvcli.vectors.clusters import spherical_k_means
from wvcli.vectors.geometry import unit_rows


def gathered(clusters: int, each: int, dim: int = 20, seed: int = 1) -> np.ndarray:
    """Rows that lie around a few directions, one cluster after the other."""
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(dim, dim)))[0][:clusters]
    rows = np.repeat(centres, each, axis=0) + random.normal(scale=0.05, size=(clusters * each, dim))
    return unit_rows(rows.astype(np.float32))


def test_clusters_are_found_whatever_the_seed() -> None:
    units = gathered(6, 40)
    for seed in range(5):
        of, centres = spherical_k_means(units, 6, seed)
        assert len(centres) == 6
        assert [len(set(of[start : start + 40])) for start in range(0, 240, 40)] == [1] * 6
        assert len(set(of)) == 6


def test_each_row_is_nearest_to_its_own_centre_and_the_largest_cluster_comes_first() -> None:
    units = unit_rows(np.random.default_rng(3).normal(size=(500, 8)).astype(np.float32))
    of, centres = spherical_k_means(units, 9)
    assert np.linalg.norm(centres, axis=1) == pytest.approx(1, abs=1e-5)
    assert ((units @ centres.T).argmax(axis=1) == of).mean() > 0.97  # it may end before the last row has moved
    sizes = np.bincount(of)
    assert sizes.tolist() == sorted(sizes, reverse=True)
    again, _ = spherical_k_means(units, 9)
    assert again.tolist() == of.tolist()


def test_there_are_no_more_clusters_than_directions() -> None:
    units = np.eye(3, dtype=np.float32)[[0, 1, 1, 2, 0]]
    of, centres = spherical_k_means(units, 5)
    assert len(centres) == 3
    assert len(set(of.tolist())) == 3
    with pytest.raises(UsageError, match="`clusters` must be at least 1, not 0"):
        spherical_k_means(units, 0)
