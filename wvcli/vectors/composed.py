"""The vectors of a FastText model's words, computed from their own rows and those of n-grams when needed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from wvcli.system.paging import ComputedRows
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.subwords import ByteArray, Subwords

_MOST_WORDS = 16_384  # computed at a time, whose n-grams take memory too
_BLOCK = 1 << 22  # bytes of vectors computed at a time


@dataclass(frozen=True, eq=False)
class Composition:
    """What the vectors of words are made of.

    Attributes:
        own: float32 [words, dim], each word's own row.
        subwords: the rows of n-grams.
        text: uint8 [bytes], the words' bytes one after the other, UTF-8 or not.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
        alone: the word that has no n-grams, or -1.
    """

    own: FloatArray
    subwords: Subwords
    text: ByteArray
    offsets: RowArray
    alone: int = -1

    def part(self, start: int, stop: int) -> FloatArray:
        """Compute float32 [stop - start, dim], each the mean of the word's own row and those of its n-grams."""
        vectors = np.array(self.own[start:stop], dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite are given as they are
            counts = self.subwords.add_to(vectors, self.text, self.offsets[start : stop + 1])
            vectors *= (1 / (counts + 1)).astype(np.float32)[:, None]
        if start <= self.alone < stop:
            vectors[self.alone - start] = self.own[self.alone]
        return vectors

    def parts(self) -> list[range]:
        """Return the ranges of all words, some megabytes of vectors each."""
        return parts(*self.own.shape)


def parts(rows: int, dim: int) -> list[range]:
    """Return the ranges of all rows of a matrix, some megabytes each."""
    step = max(1, min(_BLOCK // (4 * dim), _MOST_WORDS))
    return [range(start, min(start + step, rows)) for start in range(0, rows, step)]


def picked(text: ByteArray, offsets: RowArray, rows: RowArray) -> tuple[ByteArray, RowArray]:
    """Return the text and offsets of some words, as those of `Composition`."""
    lengths = np.diff(offsets)[rows]
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    places = np.repeat(offsets[rows] - ends[:-1], lengths) + np.arange(ends[-1])
    return text[places], ends


class Composed(ComputedRows[np.float32], NDArrayOperatorsMixin):
    """The vectors of a composition, float32 [words, dim], computed when they are needed.

    A single row is computed by itself; whatever else is done with it computes all rows, once. It stands for an
    array wherever NumPy takes one, since in Python a file of few words gives an array, and a large one must not
    fail where that works.

    Args:
        composition: what the vectors are made of.
        whole: computes them all.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, composition: Composition, whole: Callable[[Composition], FloatArray]) -> None:
        self._composition, self._compute = composition, whole
        self._matrix: FloatArray | None = None
        self.shape: tuple[int, int] = composition.own.shape

    def __getattr__(self, name: str) -> Any:
        # Copying or showing an object looks for names that no array has, and must not compute all rows.
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"an array has no attribute {name!r}")
        return getattr(self._whole(), name)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        arrays = [each._whole() if isinstance(each, Composed) else each for each in inputs]
        return getattr(ufunc, method)(*arrays, **named)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._whole(), dtype=dtype) if copy or dtype else self._whole()

    def __getitem__(self, key: Any, /) -> FloatArray:
        if self._matrix is None and isinstance(key, int | np.integer) and 0 <= key < len(self):
            only: FloatArray = self._composition.part(int(key), int(key) + 1)[0]
            return only
        found: FloatArray = self._whole()[key]
        return found

    def _whole(self) -> FloatArray:
        if self._matrix is None:
            self._matrix = self._compute(self._composition)
        return self._matrix
