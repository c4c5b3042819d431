import numpy as np
import pytest

from wvcli.vectors.alignment import aligned_cosines, multistep_maps, orthogonal_map
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


def test_the_multi_step_maps_bring_a_turned_space_back_and_weigh_what_agrees() -> None:
    rng = np.random.default_rng(6)
    shared, rotation = rng.normal(size=(300, 5)), np.linalg.qr(rng.normal(size=(8, 8)))[0]
    noise = rng.normal(size=(2, 300, 3))
    source = np.hstack([shared, noise[0]]).astype(np.float32)
    target = (np.hstack([shared, noise[1]]) @ rotation).astype(np.float32)
    one, two = (
        rows @ matrix for rows, matrix in zip((source, target), multistep_maps(source, target), strict=True)
    )
    by_turning = aligned_cosines(unit_rows(source), unit_rows(target)).mean()
    cosines = np.einsum("nd,nd->n", unit_rows(one.astype(np.float32)), unit_rows(two.astype(np.float32)))
    assert cosines.mean() > by_turning + 0.05  # directions in which only noise differs count less
    narrow = multistep_maps(source, target[:, :4])
    assert [matrix.shape for matrix in narrow] == [(8, 4), (4, 4)]
