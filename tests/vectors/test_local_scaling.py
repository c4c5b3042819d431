import numpy as np
import pytest

from wvcli.vectors import local_scaling
from wvcli.vectors.geometry import FloatArray, unit_rows
from wvcli.vectors.local_scaling import hubness, mean_of_greatest, nearest_both_ways


def units(rows: int, seed: int) -> FloatArray:
    return unit_rows(np.random.default_rng(seed).normal(size=(rows, 6)).astype(np.float32))


@pytest.mark.parametrize("columns", [3, 10, 70, 641, 1000])
def test_the_mean_of_the_greatest_is_that_of_all_scores_sorted(columns: int) -> None:
    scores = np.random.default_rng(columns).normal(size=(7, columns)).astype(np.float32)
    expected = np.sort(scores, axis=1)[:, -10:].mean(axis=1)
    np.testing.assert_allclose(mean_of_greatest(scores), expected, rtol=1e-5)


def test_blocks_give_what_the_whole_matrix_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = units(90, 1), units(70, 2)
    cosines = source @ target.T
    own, others = (np.sort(each, axis=1)[:, -10:].mean(axis=1) for each in (cosines, cosines.T))
    csls = 2 * cosines - own[:, None] - others
    monkeypatch.setattr(local_scaling, "_HELD", 500)
    seen: list[int] = []
    np.testing.assert_allclose(hubness(source, target, seen.append), own, rtol=1e-5)
    assert len(seen) > 5
    assert seen[-1] == 90
    matches = nearest_both_ways(source, target)
    assert matches.forward.tolist() == csls.argmax(axis=1).tolist()
    assert matches.backward.tolist() == csls.argmax(axis=0).tolist()
    np.testing.assert_allclose(matches.similarity, cosines[np.arange(90), matches.forward], rtol=1e-5)
    is_mutual = csls.argmax(axis=0)[csls.argmax(axis=1)] == np.arange(90)
    assert matches.mutual.tolist() == is_mutual.tolist()
    assert 0 < is_mutual.sum() < 70
