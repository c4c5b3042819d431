"""The words nearest to each word of a map, by their vectors: among those shown, or in the whole model."""

from dataclasses import dataclass

import numpy as np

from wvcli.analysis.mapping.points import Languages, Points
from wvcli.reporting import OnProgress, Progress, Throttle, ignore_progress
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.greatest import greatest_columns
from wvcli.vectors.local_scaling import row_blocks


@dataclass(frozen=True, eq=False)
class NearWords:
    """Of each word of a map the nearest others.

    Attributes:
        rows: int64 [words, near], their numbers, nearest first.
        cosines: float32 [words, near].
    """

    rows: RowArray
    cosines: FloatArray

    @property
    def width(self) -> int:
        """How many of each word."""
        return int(self.rows.shape[1])


def find_near_words(
    points: Points, wanted: int, others: Points | None = None, on_progress: OnProgress = ignore_progress
) -> NearWords:
    """Find of each word the nearest others by the cosine of their vectors, nearest first.

    On a map of two languages they are of the other language and of its own in turn, as many of both, nearest first
    in each. In a common space the words of one's own language are nearer than most translations, and a map of the
    nearest of all would show two islands. Those of the other language come by CSLS, as translations do.

    Args:
        points: the words.
        wanted: how many of each word, at most; of two languages it is even.
        others: words that are not on the map and may be nearest, too; their numbers go on after those of the map.
        on_progress: called with the number of words done.
    """
    units, languages = points.units, points.languages
    if others is not None:
        units = np.concatenate([units, others.units])
        if languages is not None and others.languages is not None:
            languages = languages.with_others(others.languages)
    search = _Search(units, len(points), on_progress)
    if languages is None:
        every = np.arange(len(units))
        return search.nearest(every[: len(points)], every, min(wanted, len(units) - 1))
    return _in_both(search, languages, len(points), wanted)


class _Search:
    """Finds the nearest among some words for others.

    Args:
        units: float32 [words, dim], the vectors of all, of length 1.
        total: how many words are asked about, and twice as many for two languages.
        on_progress: called with the number of words done.
    """

    def __init__(self, units: FloatArray, total: int, on_progress: OnProgress) -> None:
        self._units, self._total = units, total
        self._on_progress, self._throttle = on_progress, Throttle()

    def nearest(
        self, asked: RowArray, among: RowArray, wanted: int, hubness: FloatArray | None = None
    ) -> NearWords:
        """Find the nearest of int64 [among] for each of int64 [asked], which is not its own neighbour.

        Args:
            asked: the numbers of words.
            among: those of the words that may be nearest, in their order.
            wanted: how many of each.
            hubness: float32 [among], if the nearest are those by CSLS.
        """
        rows = np.empty((len(asked), wanted), dtype=np.int64)
        cosines = np.empty((len(asked), wanted), dtype=np.float32)
        target = np.ascontiguousarray(self._units[among].T)
        own = np.searchsorted(among, asked)
        is_among = among[np.minimum(own, len(among) - 1)] == asked
        for block in row_blocks(len(asked), len(among)):
            found = self._units[asked[block]] @ target
            inside = np.flatnonzero(is_among[block])
            found[inside, own[block][inside]] = -np.inf
            best = greatest_columns(found if hubness is None else found - hubness / 2, wanted)
            rows[block] = among[best]
            cosines[block] = np.take_along_axis(found, best, axis=1)
            if self._throttle.is_due():
                self._on_progress(Progress("finding neighbours", block.stop, self._total, unit="words"))
        return NearWords(rows, cosines)


def _in_both(search: _Search, languages: Languages, count: int, wanted: int) -> NearWords:
    of = [np.flatnonzero(languages.of == number) for number in (0, 1)]
    each = min(-(-wanted // 2), *(len(rows) - 1 for rows in of))
    rows = np.empty((count, each, 2), dtype=np.int64)
    cosines = np.empty((count, each, 2), dtype=np.float32)
    for own, other in ((0, 1), (1, 0)):
        asked = of[own][of[own] < count]
        across = search.nearest(asked, of[other], each, languages.hubness[of[other]])
        within = search.nearest(asked, of[own], each)
        rows[asked] = np.stack([across.rows, within.rows], axis=2)
        cosines[asked] = np.stack([across.cosines, within.cosines], axis=2)
    return NearWords(rows.reshape(count, -1), cosines.reshape(count, -1))
