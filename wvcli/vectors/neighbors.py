"""The rows of a matrix that are nearest to what is asked for, in NumPy alone.

`Space.nearest` is the one search behind neighbours, sums of words and analogies. It goes through the matrix once,
a block of rows at a time: cosines of a block in float32 by one matrix product, of which each target keeps the rows
that may be among its best, rounding allowed for. What is kept is scored again in float64, row by row, so that an
answer is the same whatever it was asked together with, and equal scores come in the order of the rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np

from wvcli.errors import UsageError
from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.geometry import (
    SHORTEST,
    Float64Array,
    FloatArray,
    FloatMatrix,
    RowArray,
    directions,
    inverse_norms,
    unit_rows,
)
from wvcli.vectors.scoring import Candidates, Cosine, Product, Target

Among = int | RowArray | None
Method = Literal["add", "multiply"]
_Asked = TypeVar("_Asked")

_BLOCK_ROWS = 16_384  # rows of the matrix scored at a time: 20 MB of float32 at 300 dimensions
_BATCH = 256  # queries answered in one pass over the matrix, so that memory does not grow with them
_FEW = 16  # queries for which a product with the matrix first is quicker
_HELD = 1 << 22  # answers held for the queries of one pass at the most, of 16 bytes each


@dataclass(frozen=True)
class Neighbor:
    """A row near a query, with the similarity between the two."""

    index: int
    similarity: float


@dataclass(frozen=True, eq=False)
class Query:
    """What to find neighbours of: one vector, or several with a sign.

    Attributes:
        positive: float32 [positive, dim], vectors of any length to be near.
        negative: float32 [negative, dim], vectors to be far from.
        excluded: rows that are no answer.
    """

    positive: FloatArray
    negative: FloatArray
    excluded: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, positive: Sequence[FloatArray], negative: Sequence[FloatArray] = (), excluded: Iterable[int] = ()
    ) -> "Query":
        """Make a query of vectors, float32 [dim] each.

        Raises:
            UsageError: there is no vector.
        """
        if not len(positive) and not len(negative):
            raise UsageError("there is nothing to be near to", "give a positive word")
        stacked = np.array([*positive, *negative], dtype=np.float32)
        return cls(stacked[: len(positive)], stacked[len(positive) :], tuple(dict.fromkeys(excluded)))

    @property
    def mean(self) -> FloatArray:
        """float32 [dim], the mean of the vectors at unit length, each with its sign; NaN if one is not finite."""
        vectors = np.concatenate([self.positive, self.negative])
        if not np.isfinite(vectors).all():
            return np.full(vectors.shape[1], np.nan, dtype=np.float32)
        if len(vectors) == 1 and len(self.positive):
            only: FloatArray = self.positive[0]
            return only
        signs = np.repeat([1.0, -1.0], [len(self.positive), len(self.negative)])
        mean: FloatArray = (signs @ directions(vectors) / len(vectors)).astype(np.float32)
        return mean


@dataclass(frozen=True, eq=False)
class Space:
    """A matrix to search in.

    Attributes:
        matrix: float32 [rows, dim], usually memory-mapped.
        norms: float32 [rows], the length of each row.
    """

    matrix: FloatMatrix
    norms: FloatArray

    @cached_property
    def _inverse_norms(self) -> FloatArray:
        return inverse_norms(self.norms)

    def nearest(
        self,
        queries: Sequence[Query],
        topn: int,
        *,
        method: Method = "add",
        among: Among = None,
        min_similarity: float | None = None,
    ) -> list[tuple[RowArray, Float64Array]]:
        """Find for each query the `topn` nearest rows and their similarities, nearest first; equal ones by row.

        Args:
            queries: what to be near to. One with a vector that is not finite has no neighbours, and a row that is
                not finite is never one, nor one whose length is beyond float32. A vector without a length, and a
                row that is not longer than 1e-37, have cosine 0 to all.
            topn: rows for each query, at most.
            method: `add` is the cosine to the mean of the query's unit vectors (3CosAdd for an analogy), and
                `multiply` the product of (1 + cosine) / 2 over positive vectors divided by that over negative ones
                plus 1e-6 (3CosMul), as in Gensim's `most_similar` and `most_similar_cosmul`.
            among: where to look: int64 [rows], or a number for the first `among` rows.
            min_similarity: rows that score less are left out.

        Raises:
            UsageError: `topn` or the number in `among` is below 1, `among` holds rows that are not there,
                `min_similarity` is not a number, or a query has no positive vector though `method` is `multiply`.
        """
        _check(topn, among, len(self.matrix), min_similarity)

        def answers(batch: Sequence[Query]) -> list[tuple[RowArray, Float64Array]]:
            return self._search(*_targets(batch, method), topn, among, min_similarity)

        batches = _batches(queries, max(1, min(topn, len(self.matrix))))
        return [answer for batch in parallel_map(answers, batches) for answer in batch]

    def count_above(
        self,
        queries: Sequence[Query],
        least: Sequence[float],
        *,
        method: Method = "add",
        among: Among = None,
    ) -> list[int]:
        """Count for each query the rows that score more than its `least`; the arguments are those of `nearest`.

        Scores are of float32 here: of rows that score the same to six decimals, some may be counted.

        Raises:
            UsageError: as for `nearest`.
        """
        _check(1, among, len(self.matrix), None)

        def counts(batch: Sequence[tuple[Query, float]]) -> list[int]:
            vectors, targets = _targets([query for query, _ in batch], method)
            units = unit_rows(vectors)
            finite = [bool(np.isfinite(vector).all()) for vector in vectors]
            found = [0] * len(targets)
            for rows, cosines in self._cosines(units, among):
                for place, (target, (_, floor)) in enumerate(zip(targets, batch, strict=True)):
                    if all(finite[term] for term in target.terms):
                        above = rows[target.exact(cosines[list(target.terms)].astype(np.float64)) > floor]
                        found[place] += len(above) - int(np.isin(above, target.excluded).sum())
            return found

        batches = _batches(list(zip(queries, least, strict=True)), 1)
        return [count for batch in parallel_map(counts, batches) for count in batch]

    def rank(
        self,
        queries: Sequence[Query],
        candidates: Sequence[RowArray],
        topn: int,
        *,
        min_similarity: float | None = None,
    ) -> list[tuple[RowArray, Float64Array]]:
        """Find nearest rows by cosine as `nearest` does, for each query among its own candidates, int64 [rows].

        Raises:
            UsageError: `topn` is below 1, or `min_similarity` is not a number.
        """
        _check(topn, None, len(self.matrix), min_similarity)
        if not queries:
            return []
        least = -np.inf if min_similarity is None else min_similarity
        vectors = np.array([query.mean for query in queries])
        units = unit_rows(vectors)
        answers = []
        for place, (query, rows) in enumerate(zip(queries, candidates, strict=True)):
            if not units[place].any():  # as far from all rows alike, or no vector of numbers
                finite = bool(np.isfinite(vectors[place]).all())
                rows = self._first(topn + len(query.excluded) if finite else 0, None)
            rows = np.sort(rows[np.isfinite(self.norms[rows])])
            answers.append(self._ranked(Cosine(place, query.excluded), units, rows, topn, least))
        return answers

    def _search(
        self,
        vectors: FloatArray,
        targets: Sequence[Target],
        topn: int,
        among: Among,
        min_similarity: float | None,
    ) -> list[tuple[RowArray, Float64Array]]:
        """Find for each target the rows that score highest, in one pass over the matrix.

        `vectors`, float32 [vectors, dim], of any length, are what the terms of the targets stand for; each is
        compared with each row once, however many targets share it.
        """
        least = -np.inf if min_similarity is None else min_similarity
        units = unit_rows(vectors)
        finite = [bool(np.isfinite(vector).all()) for vector in vectors]
        directed = [bool(unit.any()) for unit in units]
        found: list[RowArray] = [np.empty(0, dtype=np.int64) for _ in targets]
        candidates: dict[int, Candidates] = {}
        for place, target in enumerate(targets):
            if all(finite[term] for term in target.terms):
                if any(directed[term] for term in target.terms):
                    candidates[place] = Candidates(target, topn + len(target.excluded), least)
                else:  # as far from all rows alike
                    found[place] = self._first(topn + len(target.excluded), among)
        for rows, cosines in self._cosines(units, among) if candidates else ():
            for candidate in candidates.values():
                candidate.add(rows, cosines)
        for place, candidate in candidates.items():
            found[place] = candidate.rows
        return [
            self._ranked(target, units, rows, topn, least) for target, rows in zip(targets, found, strict=True)
        ]

    def _blocks(self, among: Among) -> Iterator[tuple[slice | RowArray, RowArray]]:
        """Yield what to index the matrix and its norms with for a block of rows, and the rows of the block."""
        if among is None or isinstance(among, int):
            stop = len(self.matrix) if among is None else min(among, len(self.matrix))
            for start in range(0, stop, _BLOCK_ROWS):
                end = min(start + _BLOCK_ROWS, stop)
                yield slice(start, end), np.arange(start, end, dtype=np.int64)
        else:
            rows = np.unique(among).astype(np.int64, copy=False)
            for start in range(0, len(rows), _BLOCK_ROWS):
                block = rows[start : start + _BLOCK_ROWS]
                first, last = int(block[0]), int(block[-1])
                # A slice of the matrix is not copied.
                yield slice(first, last + 1) if last - first + 1 == len(block) else block, block

    def _cosines(self, units: FloatArray, among: Among) -> Iterator[tuple[RowArray, FloatArray]]:
        """Yield for each block its rows and float32 [units, rows], their cosines to unit vectors."""
        inverse_norms = self._inverse_norms

        def scored(block: tuple[slice | RowArray, RowArray]) -> tuple[RowArray, FloatArray]:
            selected, rows = block
            with np.errstate(invalid="ignore", over="ignore"):  # rows with NaN or infinity are never near
                cosines = _inner_products(units, self.matrix[selected])
                cosines *= inverse_norms[selected]
            return rows, cosines

        if len(units) == 1:  # what it takes is reading the matrix
            return iter(parallel_map(scored, list(self._blocks(among))))
        return map(scored, self._blocks(among))

    def _first(self, wanted: int, among: Among) -> RowArray:
        """Return the first rows that hold numbers."""
        first: RowArray = np.empty(0, dtype=np.int64)
        for selected, rows in self._blocks(among):
            first = np.concatenate([first, rows[np.isfinite(self.norms[selected])]])[:wanted]
            if len(first) == wanted:
                break
        return first

    def _ranked(
        self, target: Target, units: FloatArray, rows: RowArray, topn: int, least: float
    ) -> tuple[RowArray, Float64Array]:
        """Return the best `topn` of the candidate rows, by exact score and then by row."""
        for row in target.excluded:
            rows = rows[rows != row]
        terms = units[list(target.terms)].astype(np.float64)
        parts = [rows[start : start + _BLOCK_ROWS] for start in range(0, len(rows), _BLOCK_ROWS)]
        exact = np.concatenate([target.exact(self._exact(part, terms)) for part in parts] or [np.empty(0)])
        best = np.argsort(-exact, kind="stable")[:topn]
        best = best[exact[best] >= least]
        return rows[best], exact[best]

    def _exact(self, rows: RowArray, units: Float64Array) -> Float64Array:
        """Return float64 [units, rows], the cosine of each row and unit vector; 0 for a row too short for one.

        Sums are taken in one order whatever the number of rows, which a matrix product would not do.
        """
        matrix = self.matrix[rows].astype(np.float64)
        lengths = np.sqrt(np.einsum("nd,nd->n", matrix, matrix))
        cosines = np.zeros((len(units), len(rows)))
        for unit, out in zip(units, cosines, strict=True):
            np.divide((matrix * unit).sum(axis=1), lengths, out=out, where=lengths > SHORTEST)
        return cosines


def _inner_products(units: FloatArray, block: FloatArray) -> FloatArray:
    """Return float32 [units, rows], the inner product of each unit vector and each row."""
    if len(units) == 1:  # no product of BLAS reads a matrix as fast
        alone: FloatArray = np.einsum("nd,d->n", block, units[0])[None]
        return alone
    if len(units) <= _FEW:
        return np.ascontiguousarray((block @ units.T).T)
    products: FloatArray = units @ block.T
    return products


def _batches(queries: Sequence[_Asked], most: int) -> list[Sequence[_Asked]]:
    """Divide queries, with `most` answers each, into parts that are answered in one pass over the matrix."""
    size = max(1, min(_BATCH, -(-len(queries) // threads()), _HELD // most))
    return [queries[start : start + size] for start in range(0, len(queries), size)]


def _check(topn: int, among: Among, rows: int, min_similarity: float | None) -> None:
    if min_similarity is not None and np.isnan(min_similarity):
        raise UsageError("`min_similarity` must be a number, not nan")
    if topn < 1:
        raise UsageError(f"`topn` must be at least 1, not {topn}")
    if isinstance(among, int):
        if among < 1:
            raise UsageError(f"the number of words to look among must be at least 1, not {among}")
    elif among is not None and len(among) and not 0 <= among.min() <= among.max() < rows:
        raise UsageError(f"the rows to look among must be from 0 to {rows - 1}")


def _targets(queries: Sequence[Query], method: Method) -> tuple[FloatArray, Sequence[Target]]:
    """Return what rows are compared with, float32 [vectors, dim], and how each query scores them from that."""
    if method == "add":
        targets = [Cosine(place, query.excluded) for place, query in enumerate(queries)]
        return np.array([query.mean for query in queries]), targets
    vectors = np.concatenate([part for query in queries for part in (query.positive, query.negative)])
    return vectors, _products(queries)


def _products(queries: Sequence[Query]) -> list[Target]:
    """Make targets for queries whose vectors stand one after the other, positive ones first."""
    targets: list[Target] = []
    end = 0
    for query in queries:
        if not len(query.positive):
            raise UsageError("a product of cosines needs a positive word")
        start, middle = end, end + len(query.positive)
        end = middle + len(query.negative)
        targets.append(Product(range(start, middle), range(middle, end), query.excluded))
    return targets
