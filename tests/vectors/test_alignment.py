import numpy as np
import pytest

from wvcli.vectors.alignment import aligned_cosines, orthogonal_map
from wvcli.vectors.geometry import unit_rows


@pytest.mark.parametrize(("source_dim", "target_dim"), [(5, 5), (3, 5), (5, 3)])
def test_a_space_that_was_turned_is_turned_back(source_dim: int, target_dim: int) -> None:
    rng = np.random.default_rng(3)
    narrow = rng.normal(size=(40, min(source_dim, target_dim)))
    source, target = (
        unit_rows((narrow @ np.linalg.qr(rng.normal(size=(dim, dim)))[0][: narrow.shape[1]]).astype(np.float32))
        for dim in (source_dim, target_dim)
    )
    np.testing.assert_allclose(source @ orthogonal_map(source, target), target, atol=1e-5)
    np.testing.assert_allclose(aligned_cosines(source, target), 1, atol=1e-5)


def test_no_other_rotation_brings_rows_nearer() -> None:
    rng = np.random.default_rng(4)
    source, target = (unit_rows(rng.normal(size=(30, 4)).astype(np.float32)) for _ in range(2))
    best = orthogonal_map(source, target)
    np.testing.assert_allclose(best @ best.T, np.eye(4), atol=1e-9)
    least = ((source @ best - target) ** 2).sum()
    for _ in range(100):
        other = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        assert ((source @ other - target) ** 2).sum() >= least
    assert aligned_cosines(source, target).mean() > (source * target).sum(axis=1).mean()
