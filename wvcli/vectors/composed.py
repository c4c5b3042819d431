"""The vectors of a FastText model's words, from their own rows and those of n-grams, worked out when asked for.

One question does not need them all. A word's vector is a mean of rows, so its inner products with the question and
with a few fixed directions are means of theirs, which one pass over the rows gives. The part of the vector that
lies in these directions is not longer than the vector, so that the cosine has an upper bound. Words are worked out
from the highest bound on, until none that is left can be among the best. What is found is what working all of them
out would find.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from wvcli.system.paging import ComputedRows, read_ahead
from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.geometry import FloatArray, RowArray, directions
from wvcli.vectors.subwords import Subwords, Text

_MOST_WORDS = 16_384  # worked out at a time, whose n-grams take memory too
_BLOCK = 1 << 22  # bytes of vectors worked out at a time
_PROJECTED = 4_096  # rows projected at a time
_DIRECTIONS = 6  # besides the question; with it and the length a row of numbers has 32 bytes
_SAMPLE = 2_048  # words from which the directions are taken
_LEAST_SHARE = 0.5  # of their squared lengths that must lie in these directions for the bounds to be of use
_FIRST = 1_024  # words worked out before the first look whether that is enough
_MOST_SHARE = 8  # one word in so many is worked out, or else all are
_ROUNDING = 1e-6  # of a cosine worked out in float64


@dataclass(frozen=True, eq=False)
class Composition:
    """What vectors of words are made of.

    Attributes:
        own: float32 [words, dim], of each word a row of its own.
        subwords: the rows of n-grams.
        text: uint8 [bytes], the words' bytes one after the other, UTF-8 or not.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
        alone: the word that has no n-grams, or -1.
    """

    own: FloatArray
    subwords: Subwords
    text: Text
    offsets: RowArray
    alone: int = -1

    def part(self, start: int, stop: int) -> FloatArray:
        """float32 [stop - start, dim], each the mean of the word's own row and those of its n-grams."""
        vectors = np.array(self.own[start:stop], dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite are given as they are
            counts = self.subwords.add_to(vectors, self.text, self.offsets[start : stop + 1])
            vectors *= (1 / (counts + 1)).astype(np.float32)[:, None]
        if start <= self.alone < stop:
            vectors[self.alone - start] = self.own[self.alone]
        return vectors

    def parts(self) -> list[range]:
        """All words, some megabytes of vectors at a time."""
        return parts(*self.own.shape)

    def of(self, rows: RowArray) -> "Composition":
        """That of some words."""
        text, offsets = picked(self.text, self.offsets, rows)
        at = np.flatnonzero(rows == self.alone)
        return Composition(self.own[rows], self.subwords, text, offsets, int(at[0]) if len(at) else -1)

    def rows(self, rows: RowArray) -> FloatArray:
        """float32 [rows, dim], the vectors of some words."""
        return self.of(rows).part(0, len(rows))

    def projected(self, basis: FloatArray) -> "Composition":
        """The same with the inner products of rows with the directions of `basis`, float32 [dim, directions], and
        the rows' lengths in place of the rows.
        """
        subwords = self.subwords
        read_ahead(subwords.matrix)
        return Composition(
            _projected(self.own, basis),
            replace(subwords, matrix=_projected(subwords.matrix, basis)),
            self.text,
            self.offsets,
            self.alone,
        )


def parts(rows: int, dim: int) -> list[range]:
    """All rows of a matrix, some megabytes at a time."""
    step = max(1, min(_BLOCK // (4 * dim), _MOST_WORDS))
    return [range(start, min(start + step, rows)) for start in range(0, rows, step)]


def picked(text: Text, offsets: RowArray, rows: RowArray) -> tuple[Text, RowArray]:
    """The text and offsets of some words."""
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
        self._composition, self._work_out = composition, whole
        self._matrix: FloatArray | None = None
        self._asked = False
        self.shape: tuple[int, int] = composition.own.shape

    def __getattr__(self, name: str) -> Any:
        # Nothing is worked out for those who only look what there is, as those do that copy or show an object.
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
            self._matrix = self._work_out(self._composition)
        return self._matrix

    def near(self, question: FloatArray, wanted: int) -> tuple[RowArray, FloatArray] | None:
        """Words among which are the `wanted` nearest ones to float32 [dim], and all that are as near.

        Returns:
            rows: int64 [words], in order.
            matrix: float32 [words, dim], their vectors.

            None if working all words out is the better way: they are, or this was asked before, or the bounds
            tell too little.
        """
        again, self._asked = self._asked, True
        unit = directions(question[None])[0]
        if self._matrix is not None or again or wanted * _MOST_SHARE > len(self) or not unit.any():
            return None
        basis = self._basis(unit)
        bounds = None if basis is None else _bounds(self._composition.projected(basis), self.shape[1])
        if bounds is None:
            return None
        most = len(bounds) // _MOST_SHARE
        order = np.argpartition(-bounds, most)[: most + 1]
        order = order[np.argsort(-bounds[order], kind="stable")]
        vectors = np.empty((0, self.shape[1]), dtype=np.float32)
        cosines = np.empty(0)
        stop = max(_FIRST, 2 * wanted)
        while stop < len(order):
            more = self._rows(order[len(vectors) : stop])
            vectors = np.concatenate([vectors, more])
            cosines = np.concatenate([cosines, directions(more) @ unit])
            if np.partition(cosines, -wanted)[-wanted] - _ROUNDING > bounds[order[stop]]:
                places = np.argsort(order[:stop])
                return order[places], vectors[places]
            stop *= 2
        return None

    def _rows(self, rows: RowArray) -> FloatArray:
        step = -(-len(rows) // threads())
        parts = [rows[start : start + step] for start in range(0, len(rows), step)]
        return np.concatenate(parallel_map(self._composition.rows, parts))

    def _basis(self, unit: Any) -> FloatArray | None:
        """float32 [dim, directions], at right angles and one long: the question and where most vectors lie."""
        sample = np.unique(np.linspace(0, len(self) - 1, min(_SAMPLE, len(self))).astype(np.int64))
        known = directions(self._rows(sample))
        shares, axes = np.linalg.eigh(known.T @ known)
        if not shares[-_DIRECTIONS:].sum() > _LEAST_SHARE * shares.sum():
            return None
        basis, _ = np.linalg.qr(np.column_stack([unit, axes[:, -_DIRECTIONS:]]))
        basis[:, 0] = unit  # of whose sign nothing is known
        return np.ascontiguousarray(basis, dtype=np.float32)


def _projected(matrix: FloatArray, basis: FloatArray) -> FloatArray:
    """float32 [rows, directions + 1]: the rows' inner products with each direction, and their lengths."""
    found = np.empty((len(matrix), basis.shape[1] + 1), dtype=np.float32)

    def project(start: int) -> None:
        block = matrix[start : start + _PROJECTED]
        out = found[start : start + _PROJECTED]
        with np.errstate(all="ignore"):
            np.matmul(block, basis, out=out[:, :-1])
            np.sqrt(np.einsum("nd,nd->n", block, block), out=out[:, -1])

    parallel_map(project, range(0, len(matrix), _PROJECTED))
    return found


def _bounds(projected: Composition, dim: int) -> Any:
    """float32 [words], what no cosine to the first direction is above; None where a number is not finite.

    Each of the means may be wrong by the rounding of as many sums as vectors have numbers and words n-grams, of
    numbers that are no longer than the rows.
    """

    def bound(part: range) -> FloatArray:
        means = projected.part(part.start, part.stop)
        inner, lengths = means[:, 0], means[:, -1]
        with np.errstate(all="ignore"):
            within = np.sqrt(np.einsum("nd,nd->n", means[:, :-1], means[:, :-1]))
            characters = np.diff(projected.offsets[part.start : part.stop + 1]) + 2
            ngrams = characters * (projected.subwords.max_n - projected.subwords.min_n + 1)
            error = (4 * np.finfo(np.float32).eps * (dim + ngrams) * lengths).astype(np.float32)
            least = within - error
            highest = np.where(least > 0, (inner + error) / least, np.inf)
        highest[~np.isfinite(means).all(axis=1)] = np.nan
        return np.maximum(highest, 0)

    found = np.concatenate(parallel_map(bound, projected.parts()))
    return None if np.isnan(found).any() else found
