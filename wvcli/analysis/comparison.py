"""What changed between two models: words that moved, neighbours that stayed, words lost and gained."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.vectors.alignment import aligned_cosines
from wvcli.vectors.geometry import FloatArray, RowArray, unit_rows
from wvcli.vectors.word_vectors import Vectors

Measure = Literal["similarity", "overlap"]

_SCORES = 1 << 22  # cosines held at a time: 16 MB of float32
_ROUNDING = 1e-6  # more than float32 rounding moves a cosine of unit vectors


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models side by side.

    The words compared are those that both models have, seen often enough in both, the most frequent in both
    first: a word is ranked as in the model in which it is rarer. Measures are computed when first asked for.

    Attributes:
        old: the one model.
        new: the other.
        lost: int64, rows of the words that only `old` has, most frequent first.
        gained: int64, rows of the words that only `new` has, most frequent first.
        shared: how many words both models have.
        rare: how many of those were left out for being seen too seldom.
        without_direction: how many more were left out because a vector of theirs is zero or not finite.
        old_rows: int64 [compared], rows of the words compared in `old`.
        new_rows: int64 [compared], rows of the same words in `new`.
        wanted: how many neighbours of each word to compare.
    """

    old: Vectors
    new: Vectors
    lost: RowArray
    gained: RowArray
    shared: int
    rare: int
    without_direction: int
    old_rows: RowArray
    new_rows: RowArray
    wanted: int

    def __len__(self) -> int:
        return len(self.old_rows)

    @property
    def neighbors(self) -> int:
        """The number of neighbours of each word that are compared."""
        return min(self.wanted, len(self) - 1)

    def word(self, place: int) -> str:
        """Return the word in row `place` of those compared."""
        return self.old.vocabulary[int(self.old_rows[place])]

    @cached_property
    def _units(self) -> tuple[FloatArray, FloatArray]:
        if len(self) < 2:
            raise UsageError(*self._too_few())
        return unit_rows(self.old.matrix[self.old_rows]), unit_rows(self.new.matrix[self.new_rows])

    def _too_few(self) -> tuple[str, str]:
        """Return why there is nothing to measure, and what to do."""
        if self.shared < 2:
            return f"the models share {'one word' if self.shared else 'no word'}, which is too few to compare", ""
        why = f"of {self.shared:,} shared words fewer than two can be compared"
        if self.rare:
            return f"{why}: {self.rare:,} are too rare", "give a lower `min_count`"
        return f"{why}: the vectors of {self.without_direction:,} are zero or not finite", ""

    @cached_property
    def similarity(self) -> npt.NDArray[np.float64]:
        """float64 [compared], the cosine of each word's two vectors after alignment.

        The old vectors are mapped onto the new ones by the orthogonal matrix that brings all compared words
        nearest to each other; see `wvcli.vectors.alignment`.

        Raises:
            UsageError: there are fewer than two words to compare.
        """
        return aligned_cosines(*self._units)

    @cached_property
    def overlap(self) -> npt.NDArray[np.float64]:
        """float64 [compared], the share of each word's nearest neighbours that are the same in both models.

        Neighbours are looked for among the words compared; those as near as the last one count as well.

        Raises:
            UsageError: there are fewer than two words to compare.
        """
        old, new = self._units
        kept = np.empty(len(self))
        block = max(1, _SCORES // len(self))
        for start in range(0, len(self), block):
            rows = slice(start, min(start + block, len(self)))
            both = _near(old, rows, self.neighbors) & _near(new, rows, self.neighbors)
            kept[rows] = np.minimum(both.sum(axis=1), self.neighbors)
        return kept / self.neighbors

    def measured(self, by: Measure) -> npt.NDArray[np.float64]:
        """Return float64 [compared], `similarity` or `overlap`."""
        return self.similarity if by == "similarity" else self.overlap

    def change(self, by: Measure = "similarity") -> float:
        """Return the mean of 1 - `similarity`, or of 1 - `overlap`, over the words compared."""
        return float(np.mean(1 - self.measured(by)))

    def most_moved(self, most: int, by: Measure = "similarity") -> list[int]:
        """Places of up to `most` words among those compared, the one that moved most first.

        Words of equal overlap, which are many, stand in the order of their similarity.
        """
        places: list[int] = np.lexsort((self.similarity, self.measured(by)))[:most].tolist()
        return places

    def nearest(self, place: int, most: int) -> tuple[list[str], list[str]]:
        """Return up to `most` neighbours of a word among the words compared, in the old model and in the new."""
        old, new = (self._nearest(units, place, most) for units in self._units)
        return old, new

    def _nearest(self, units: FloatArray, place: int, most: int) -> list[str]:
        scores = units @ units[place]
        scores[place] = -np.inf
        return [
            self.word(near) for near in np.argsort(-scores, kind="stable")[: min(most, len(self) - 1)].tolist()
        ]


def _near(units: FloatArray, rows: slice, wanted: int) -> npt.NDArray[np.bool_]:
    """Return bool [rows, words], whether each word is among the `wanted` nearest of each of some rows."""
    scores = units[rows] @ units.T
    np.fill_diagonal(scores[:, rows], -np.inf)  # a word is no neighbour of its own
    last = np.partition(scores, len(units) - wanted, axis=1)[:, len(units) - wanted, None]
    near: npt.NDArray[np.bool_] = scores >= last - np.float32(_ROUNDING)
    return near


def compare(old: Vectors, new: Vectors, top: int = 10_000, neighbors: int = 10, min_count: int = 20) -> Comparison:
    """Match the words of two models and choose those to compare.

    Args:
        old: the one model.
        new: the other, of any number of dimensions.
        top: the most words to compare; the time grows with the square of their number.
        neighbors: how many neighbours of each word to compare.
        min_count: words seen fewer times than this in either text are not compared; a model without counts
            has none of them.

    Returns:
        The words to compare; what is measured of them is computed when it is first asked for.

    Raises:
        UsageError: `top` is below 2, or `neighbors` below 1.

    Example:
        >>> import wvcli
        >>> old, new = wvcli.load("animals.safetensors"), wvcli.load("other.safetensors")
        >>> between = wvcli.compare(old, new, min_count=50)
        >>> between.shared, len(between.lost), len(between.gained)
        (1731, 0, 0)
        >>> 0 < between.change() < 1  # 1 - cosine after alignment, on average
        True
        >>> moved = [between.word(row) for row in between.most_moved(3)]
    """
    if top < 2 or neighbors < 1:
        raise UsageError("at least 2 words and 1 neighbour of each are needed to compare")
    places = {word: row for row, word in enumerate(old.vocabulary)}
    matched = np.fromiter((places.get(word, -1) for word in new.vocabulary), np.int64, len(new))
    new_rows = np.flatnonzero(matched >= 0)
    old_rows = matched[new_rows]
    lost = np.ones(len(old), dtype=np.bool_)
    lost[old_rows] = False
    enough = _often(old, old_rows, min_count) & _often(new, new_rows, min_count)
    chosen_old, chosen_new = old_rows[enough], new_rows[enough]
    first = np.lexsort((chosen_old, np.maximum(chosen_old, chosen_new)))[:top]
    chosen_old, chosen_new = chosen_old[first], chosen_new[first]
    usable = _has_direction(old, chosen_old) & _has_direction(new, chosen_new)
    return Comparison(
        old,
        new,
        lost=np.flatnonzero(lost),
        gained=np.flatnonzero(matched < 0),
        shared=len(old_rows),
        rare=int(len(enough) - enough.sum()),
        without_direction=int(len(usable) - usable.sum()),
        old_rows=chosen_old[usable],
        new_rows=chosen_new[usable],
        wanted=neighbors,
    )


def _often(vectors: Vectors, rows: RowArray, min_count: int) -> npt.NDArray[np.bool_]:
    if vectors.counts is None:
        return np.ones(len(rows), dtype=np.bool_)
    often: npt.NDArray[np.bool_] = vectors.counts[rows] >= min_count
    return often


def _has_direction(vectors: Vectors, rows: RowArray) -> npt.NDArray[np.bool_]:
    has: npt.NDArray[np.bool_] = np.count_nonzero(unit_rows(vectors.matrix[rows]), axis=1) > 0
    return has
