import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wvcli.training.combining import combine

CHANGES = arrays(np.float32, (3, 4, 2), elements=st.floats(-10, 10, width=16))


def test_where_replicas_agree_a_row_changes_by_their_mean() -> None:
    before, change = np.ones((2, 3), np.float32), np.array([[1, 2, 3], [0, 0, 0]], np.float32)
    np.testing.assert_array_equal(combine(before, [change] * 4), before + change)


def test_where_one_replica_alone_met_a_word_its_change_is_taken_whole() -> None:
    change, none = np.array([[1.0, -2.0]], np.float32), np.zeros((1, 2), np.float32)
    np.testing.assert_array_equal(combine(none, [none, change, none]), change)


def test_changes_at_right_angles_add_up() -> None:
    changes = [np.array([[3.0, 0.0]], np.float32), np.array([[0.0, 4.0]], np.float32)]
    np.testing.assert_array_equal(combine(np.zeros((1, 2), np.float32), changes), [[3.0, 4.0]])


@given(CHANGES)
def test_a_row_never_changes_by_more_than_the_sum_and_the_order_does_not_matter(changes: np.ndarray) -> None:
    before = np.zeros(changes.shape[1:], np.float32)
    combined = combine(before, changes)
    np.testing.assert_allclose(combined, combine(before, changes[::-1]), rtol=1e-5, atol=1e-6)
    lengths = np.linalg.norm(combined, axis=1)
    assert (lengths <= np.linalg.norm(changes.sum(axis=0, dtype=np.float64), axis=1) * (1 + 1e-5) + 1e-6).all()
    np.testing.assert_allclose(combine(before, changes[:1]), changes[0], rtol=1e-6)
