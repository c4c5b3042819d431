"""Words with their vectors, and every question asked of them, in NumPy alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingWordError, UsageError
from wvcli.subwords import Subwords
from wvcli.vocabulary import Vocabulary

FloatArray = npt.NDArray[np.float32]

_BLOCK_ROWS = 16_384  # rows of the matrix scored at a time: 20 MB of float32 at 300 dimensions
_SHORTEST = 1e-37  # a row shorter than this has no direction that float32 could tell
_ROUNDING = 2e-5  # more than float32 rounding can move a cosine of unit vectors at any usual dimension
_FREQUENT = 300  # words among which those that speak for the model are found
_NEAR = 5  # neighbours by which they are judged
_SUGGESTION_POOL = 3_000  # words compared letter by letter for "did you mean"


@dataclass(frozen=True)
class Lookup:
    """A word as asked, and what was found for it.

    Attributes:
        word: the word as the user wrote it.
        index: its row, or None when the vector comes from subwords.
        vector: float32 [dim].
    """

    word: str
    index: int | None
    vector: FloatArray


@dataclass(frozen=True)
class Neighbor:
    """A row near a query, with the cosine similarity between the two."""

    index: int
    similarity: float


def _as_written(word: str) -> str:
    return word


@dataclass(frozen=True, eq=False)
class Vectors:
    """Words with their vectors.

    Attributes:
        vocabulary: the words, most frequent first.
        matrix: float32 [words, dim], usually memory-mapped.
        counts: int64 [words], occurrences in the training text, or None when unknown.
        subwords: n-gram vectors for words outside the vocabulary, or None.
        stored_norms: float32 [words], Euclidean lengths of the rows, or None to compute them when needed.
        normalize: how the tokenizer that made the vocabulary writes a word (lower case, say); a query that is
            not found as it stands is looked up in this form.
        manifest: settings, coverage and provenance; empty for a foreign file.
        path: the file the vectors came from, if any.
    """

    vocabulary: Vocabulary
    matrix: FloatArray
    counts: npt.NDArray[np.int64] | None = None
    subwords: Subwords | None = None
    stored_norms: FloatArray | None = None
    normalize: Callable[[str], str] = _as_written
    manifest: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.index(word) is not None

    def __getitem__(self, word: str) -> FloatArray:
        """The vector of `word`, from subwords if need be.

        Raises:
            MissingWordError: the word has no vector.
        """
        return self.look_up(word).vector

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words, {self.dim} dimensions>"

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return int(self.matrix.shape[1])

    @cached_property
    def norms(self) -> FloatArray:
        """float32 [words], the Euclidean length of each row."""
        return row_norms(self.matrix) if self.stored_norms is None else self.stored_norms

    @cached_property
    def _inverse_norms(self) -> FloatArray:
        inverse = np.zeros_like(self.norms)
        np.divide(1, self.norms, out=inverse, where=self.norms > _SHORTEST)
        return inverse

    def index(self, word: str) -> int | None:
        """The row of `word` in `matrix`, or None when it is not in the vocabulary.

        A phrase that is not found as it stands is looked up with `_` between its words.
        """
        found = self.vocabulary.find(word)
        if found is None:
            normal = self.normalize(word)
            found = None if normal == word else self.vocabulary.find(normal)
            if found is None and len(parts := normal.split()) > 1:
                found = self.vocabulary.find("_".join(parts))
        return found

    def count(self, index: int) -> int | None:
        """How often the word in row `index` occurred in the training text, or None when unknown."""
        return None if self.counts is None else int(self.counts[index])

    def find(self, word: str) -> Lookup | None:
        """The word's vector, from the vocabulary or else from its subwords; None when there is neither."""
        index = self.index(word)
        if index is not None:
            return Lookup(word, index, self.matrix[index])
        vector = self.subwords.vector(self.normalize(word)) if self.subwords else None
        return None if vector is None else Lookup(word, None, vector)

    def look_up(self, word: str) -> Lookup:
        """As `find`, but a missing word is an error that proposes near spellings.

        Raises:
            MissingWordError: the word has no vector.
        """
        found = self.find(word)
        if found is None:
            near = self.suggestions(word)
            raise MissingWordError(
                f"{word!r} is not in the vocabulary", f"did you mean {', '.join(near)}?" if near else ""
            )
        return found

    def suggestions(self, word: str, most: int = 3) -> list[str]:
        """Up to `most` words of the vocabulary that are spelled like `word`, nearest first."""
        from difflib import get_close_matches

        forms = dict.fromkeys([word.lower(), word.capitalize(), word.upper()])
        same = [form for form in forms if form != word and form in self.vocabulary]
        pool: dict[str, None] = {}
        for prefix in (word[:2], word[:1]):
            if prefix:
                ids = self.vocabulary.starting_with(prefix)[:_SUGGESTION_POOL]
                pool.update((self.vocabulary[int(index)], None) for index in ids)
        pool.update((self.vocabulary[index], None) for index in range(min(len(self), _SUGGESTION_POOL)))
        near = [match for match in get_close_matches(word, pool, n=most, cutoff=0.6) if match not in same]
        return (same + near)[:most]

    def stand_in(self, word: str, kind: str) -> FloatArray:
        """float32 [dim] for a word without a vector: zeros for `null`; for `random` numbers drawn evenly as
        untrained vectors are, from -0.5 / dim to 0.5 / dim, the same ones for the same word each time.
        """
        if kind == "null":
            return np.zeros(self.dim, dtype=np.float32)
        from hashlib import sha256

        seed = int.from_bytes(sha256(word.encode("utf-8", "surrogateescape")).digest()[:8], "little")
        drawn = np.random.Generator(np.random.PCG64(seed)).random(self.dim, dtype=np.float32)
        drawn -= np.float32(0.5)
        drawn /= np.float32(self.dim)
        return drawn

    def characteristic_words(self, most: int) -> list[str]:
        """Up to `most` frequent words that carry meaning of their own, the most frequent first.

        Such a word is much nearer to its neighbours than to words at large, which `the` or `of` are not. A
        near neighbour of a word taken already is passed over, so that the words differ.
        """
        pool = min(len(self), _FREQUENT)
        rows = [row for row in range(pool) if len(self.vocabulary[row].encode("utf-8")) > 2]
        units = unit_rows(self.matrix[: min(len(self), _BLOCK_ROWS)])
        if not rows:
            return []
        scores = units[rows] @ units.T
        nearest = min(_NEAR + 1, len(units))
        near = np.argpartition(-scores, nearest - 1, axis=1)[:, :nearest]
        sharpness = np.take_along_axis(scores, near, axis=1).mean(axis=1) - scores.mean(axis=1)
        chosen: list[int] = []
        taken: set[int] = set()
        for place in np.argsort(-sharpness, kind="stable").tolist():
            if len(chosen) < most and not taken.intersection(near[place].tolist()):
                chosen.append(rows[place])
                taken.update(near[place].tolist())
        return [self.vocabulary[row] for row in sorted(chosen)]

    def most_similar(self, word: str, topn: int = 10) -> list[tuple[str, float]]:
        """The `topn` words nearest to `word` by cosine, nearest first; `word` itself is left out.

        Equal cosines stand in the order of the vocabulary, so answers never depend on chance.

        Raises:
            MissingWordError: the word has no vector.
            UsageError: `topn` is below 1.
        """
        [neighbors] = self.nearest([self.look_up(word)], topn)
        return [(self.vocabulary[neighbor.index], neighbor.similarity) for neighbor in neighbors]

    def similarity(self, first: str, second: str) -> float:
        """The cosine of two words' vectors; 0 when either vector is zero.

        Raises:
            MissingWordError: one of the words has no vector.
        """
        a, b = (self.look_up(word).vector.astype(np.float64) for word in (first, second))
        lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(a @ b) / lengths if lengths else 0.0

    def nearest(self, queries: Sequence[Lookup], topn: int = 10) -> list[list[Neighbor]]:
        """For each query the `topn` nearest rows by cosine, the query's own row left out.

        Candidates are found in float32 by matrix products over blocks of rows and then scored again in
        float64 one by one, so that an answer is the same whatever it was asked together with.

        Raises:
            UsageError: `topn` is below 1.
        """
        if topn < 1:
            raise UsageError(f"the number of neighbours must be at least 1, not {topn}")
        if not queries:
            return []
        wanted = min(topn + 1, len(self))
        units = unit_rows(np.array([query.vector for query in queries]))
        found = _Best(len(queries), wanted)
        for start in range(0, len(self), _BLOCK_ROWS):
            rows = slice(start, min(start + _BLOCK_ROWS, len(self)))
            with np.errstate(invalid="ignore", over="ignore"):  # rows with NaN or infinity are never near
                scores = units @ self.matrix[rows].T if len(units) > 1 else (self.matrix[rows] @ units[0])[None]
                scores *= self._inverse_norms[rows]
            found.add(start, scores)
        return [
            self._ranked(query, unit, found.rows(place), topn)
            for place, (query, unit) in enumerate(zip(queries, units, strict=True))
        ]

    def _ranked(self, query: Lookup, unit: FloatArray, rows: npt.NDArray[np.int64], topn: int) -> list[Neighbor]:
        """The best `topn` of the candidate rows, by exact cosine and then by row."""
        if not np.isfinite(query.vector).all():
            return []
        rows = np.sort(rows[rows != query.index] if query.index is not None else rows)
        if not unit.any():  # as far from all words alike
            return [Neighbor(row, 0.0) for row in rows[:topn].tolist()]
        exact = np.concatenate(
            [self._cosines(rows[start : start + _BLOCK_ROWS], unit) for start in range(0, len(rows), _BLOCK_ROWS)]
            or [np.empty(0)]
        )
        best = np.argsort(-exact, kind="stable")[:topn]
        return [Neighbor(int(rows[place]), float(exact[place])) for place in best]

    def _cosines(self, rows: npt.NDArray[np.int64], unit: FloatArray) -> npt.NDArray[np.float64]:
        """float64 [rows], the cosine of each row and a unit vector; 0 for a row without a length."""
        matrix = self.matrix[rows].astype(np.float64)
        lengths = np.sqrt(np.einsum("nd,nd->n", matrix, matrix))
        cosines = np.zeros(len(rows))
        np.divide((matrix * unit.astype(np.float64)).sum(axis=1), lengths, out=cosines, where=lengths > 0)
        return cosines


class _Best:
    """The best-scoring rows seen so far for each of several queries, with all that may tie with them."""

    def __init__(self, queries: int, wanted: int) -> None:
        self._wanted = wanted
        self._rows = [np.empty(0, dtype=np.int64) for _ in range(queries)]
        self._scores = [np.empty(0, dtype=np.float32) for _ in range(queries)]
        self._floor = np.full(queries, -np.inf, dtype=np.float32)

    def add(self, start: int, scores: FloatArray) -> None:
        """Take in `scores`, float32 [queries, rows], for the rows from `start` on; NaN is never among the best."""
        for query, passing in enumerate(scores >= self._floor[:, None]):
            columns = np.flatnonzero(passing)
            if len(columns):
                self._keep(query, columns + start, scores[query, columns])

    def _keep(self, query: int, rows: npt.NDArray[np.int64], scores: FloatArray) -> None:
        rows = np.concatenate([self._rows[query], rows])
        scores = np.concatenate([self._scores[query], scores])
        if len(scores) > self._wanted:
            worst_wanted = np.partition(scores, len(scores) - self._wanted)[len(scores) - self._wanted]
            self._floor[query] = worst_wanted - _ROUNDING
            kept = scores >= self._floor[query]
            rows, scores = rows[kept], scores[kept]
        self._rows[query], self._scores[query] = rows, scores

    def rows(self, query: int) -> npt.NDArray[np.int64]:
        return self._rows[query]


def row_norms(matrix: FloatArray) -> FloatArray:
    """float32 [rows], the Euclidean length of each row, read a block at a time and added up in float64."""
    norms = np.empty(len(matrix), dtype=np.float32)
    with np.errstate(over="ignore"):  # a length beyond float32 is infinite
        for start in range(0, len(matrix), _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            norms[rows] = np.sqrt(np.einsum("nd,nd->n", matrix[rows], matrix[rows], dtype=np.float64))
    return norms


def unit_rows(matrix: FloatArray) -> FloatArray:
    """float32 [rows, dim], each row divided by its length; rows without a length or with NaN become zero."""
    exact = matrix.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", exact, exact))[:, None]
    units = np.zeros_like(exact)
    np.divide(exact, lengths, out=units, where=(lengths > 0) & np.isfinite(lengths))
    return units.astype(np.float32)
