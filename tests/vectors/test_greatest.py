import numpy as np
import pytest

from wvcli.vectors.greatest import greatest_columns


@pytest.mark.parametrize(("columns", "wanted"), [(1, 1), (7, 7), (40, 3), (700, 10), (1000, 4)])
def test_the_greatest_are_found_in_order_as_by_sorting(columns: int, wanted: int) -> None:
    scores = np.random.default_rng(columns).normal(size=(20, columns)).astype(np.float32)
    assert greatest_columns(scores, wanted).tolist() == np.argsort(-scores, axis=1)[:, :wanted].tolist()
    assert greatest_columns(np.zeros((1, columns), np.float32), 1).shape == (1, 1)


def test_of_equal_scores_among_few_the_first_columns_come_first() -> None:
    scores = np.array([[1, 2, 2, 0, 2, -np.inf]], dtype=np.float32)
    assert greatest_columns(scores, 5).tolist() == [[1, 2, 4, 0, 3]]
