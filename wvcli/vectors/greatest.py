"""The greatest scores of each row of a matrix, found without sorting it."""

import numpy as np

from wvcli.vectors.geometry import FloatArray, RowArray

_GROUP = 32  # columns of which only the greatest is looked at first


def greatest_columns(scores: FloatArray, wanted: int) -> RowArray:
    """Return int64 [rows, wanted], the columns of the greatest scores of each row, the greatest first.

    Of equal scores the first column comes first. The columns are looked at in groups: the greatest scores are in
    the groups with the greatest maxima, so only these have to be ordered.

    Args:
        scores: float32 [rows, columns], none of them NaN.
        wanted: how many of each row, from 1 to the number of columns.

    Example:
        >>> import numpy as np
        >>> greatest_columns(np.array([[0.1, 0.5, 0.3]], dtype=np.float32), 2).tolist()
        [[1, 2]]
    """
    rows, columns = scores.shape
    groups = columns // _GROUP
    if groups > 2 * wanted:
        whole = scores[:, : groups * _GROUP].reshape(rows, _GROUP, groups)
        best = np.argpartition(whole.max(axis=1), -wanted, axis=1)[:, -wanted:]
        among = (groups * np.arange(_GROUP)[:, None] + best[:, None, :]).reshape(rows, -1)
        rest = np.broadcast_to(np.arange(groups * _GROUP, columns), (rows, columns - groups * _GROUP))
        among = np.concatenate([among, rest], axis=1)
        values = np.take_along_axis(scores, among, axis=1)
    else:
        among, values = np.broadcast_to(np.arange(columns), scores.shape), scores
    best = np.argpartition(values, -wanted, axis=1)[:, -wanted:]
    among, values = np.take_along_axis(among, best, axis=1), np.take_along_axis(values, best, axis=1)
    order = np.lexsort((among, -values), axis=1)
    found: RowArray = np.take_along_axis(among, order, axis=1)
    return found
