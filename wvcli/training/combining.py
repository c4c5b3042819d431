"""What replicas of a model have learnt apart, brought together: the agreement rule.

Each row of each array is combined by itself. With d the change of a row in each replica, the row changes by

    sum(d) * min(1, sum(|d|**2) / |sum(d)|**2)

Where replicas agree, as on frequent words, whose rows move the same way everywhere, that is the mean of the
changes. Where they do not, as on words that few of them met, it is their sum: nothing that was learnt is divided
by the number of replicas. The sum alone diverges, and the mean alone learns rare words too slowly.
"""

from collections.abc import Iterable

import numpy as np

from wvcli.training.engines import FloatArray


def combine(before: FloatArray, changes: Iterable[FloatArray]) -> FloatArray:
    """Return float32 [rows, dim], rows after the changes of all replicas.

    Args:
        before: float32 [rows, dim], what all replicas began with.
        changes: float32 [rows, dim] for each replica, in any order.

    Example:
        >>> before = np.zeros((2, 2), dtype=np.float32)
        >>> changes = [np.array([[1, 0], [1, 0]]), np.array([[1, 0], [0, 1]])]
        >>> combine(before, changes).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    total = np.zeros(before.shape, dtype=np.float64)
    squares = np.zeros(len(before), dtype=np.float64)
    for change in changes:
        total += change
        squares += np.einsum("rd,rd->r", change, change, dtype=np.float64)
    of_total = np.einsum("rd,rd->r", total, total)
    share = np.divide(squares, of_total, out=np.ones_like(squares), where=of_total > squares)
    total *= share[:, None]
    total += before
    return total.astype(np.float32)
