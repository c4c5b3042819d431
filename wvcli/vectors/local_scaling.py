"""Cross-domain similarity local scaling (CSLS): cosines corrected for words that are near to everything.

Conneau, Lample, Ranzato, Denoyer and Jégou, "Word Translation Without Parallel Data" (2018). The similarity of two
words of different spaces is twice their cosine, less the mean cosine of each to its ten nearest of the other
space, its hubness. All is computed in blocks, so that memory does not grow with the square of the words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.geometry import FloatArray, RowArray

NEIGHBORS = 10  # whose mean cosine is a word's hubness, as in the paper

_HELD = 1 << 22  # cosines held at a time by a thread: 16 MB of float32
_GROUP = 32  # columns of which only the greatest is looked at first

OnRows = Callable[[int], None]


def ignore_rows(rows: int) -> None:
    """Do nothing."""


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of the rows of a matrix of scores, some megabytes each."""
    step = max(1, _HELD // max(1, columns))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def mean_of_greatest(scores: FloatArray) -> FloatArray:
    """Return float32 [rows], the mean of the ten greatest scores of each row, or of all if there are fewer.

    The columns are looked at in groups. The ten greatest scores are in the ten groups with the greatest maxima, so
    only these have to be sorted.
    """
    columns = scores.shape[1]
    wanted = min(NEIGHBORS, columns)
    groups = columns // _GROUP
    if groups > 2 * wanted:
        whole = scores[:, : groups * _GROUP].reshape(len(scores), _GROUP, groups)
        best = np.argpartition(whole.max(axis=1), -wanted, axis=1)[:, -wanted:]
        candidates = np.take_along_axis(whole, best[:, None, :], axis=2).reshape(len(scores), -1)
        scores = np.concatenate([candidates, scores[:, groups * _GROUP :]], axis=1)
    greatest = np.partition(scores, -wanted, axis=1)[:, -wanted:]
    mean: FloatArray = greatest.mean(axis=1, dtype=np.float32)
    return mean


def hubness(units: FloatArray, others: FloatArray, on_rows: OnRows = ignore_rows) -> FloatArray:
    """Return float32 [rows], the mean cosine of each row to its ten nearest of other rows.

    Args:
        units: float32 [rows, dim], of length 1.
        others: float32 [others, dim], of length 1, one at least.
        on_rows: called with the number of rows done.
    """
    found = np.empty(len(units), dtype=np.float32)

    def measure(rows: slice) -> None:
        found[rows] = mean_of_greatest(units[rows] @ others.T)

    parts = list(row_blocks(len(units), len(others)))
    for start in range(0, len(parts), threads()):
        at_once = parts[start : start + threads()]
        parallel_map(measure, at_once)
        on_rows(at_once[-1].stop)
    return found


@dataclass(frozen=True, eq=False)
class Matches:
    """For each row of two matrices the nearest row of the other one.

    Attributes:
        forward: int64 [source], for each source row the nearest target row.
        backward: int64 [target], for each target row the nearest source row.
        similarity: float32 [source], the cosine to the nearest target row.
    """

    forward: RowArray
    backward: RowArray
    similarity: FloatArray

    @property
    def mutual(self) -> npt.NDArray[np.bool_]:
        """bool [source], whether a row is the nearest of its nearest."""
        is_mutual: npt.NDArray[np.bool_] = self.backward[self.forward] == np.arange(len(self.forward))
        return is_mutual


def nearest_both_ways(source: FloatArray, target: FloatArray) -> Matches:
    """Find for each row of two matrices of unit vectors the nearest of the other one, by CSLS.

    All cosines are held at once, and twice: of 3,000 rows each 72 MB.

    Args:
        source: float32 [rows, dim], of length 1.
        target: float32 [rows, dim], of length 1.
    """
    # The product the other way round is quicker than a transposed copy, or than looking through columns.
    cosines = parallel_map(lambda sides: sides[0] @ sides[1].T, [(source, target), (target, source)])
    own, others = parallel_map(mean_of_greatest, cosines)

    def nearest(scores: FloatArray, hubness: FloatArray) -> RowArray:
        # A row's own hubness is the same for all its columns.
        scores -= hubness / 2
        found: RowArray = scores.argmax(axis=1)
        return found

    forward, backward = parallel_map(lambda given: nearest(*given), [(cosines[0], others), (cosines[1], own)])
    similarity = cosines[0][np.arange(len(source)), forward] + (others / 2)[forward]
    return Matches(forward, backward, similarity)
