"""Two models in one space: their vectors mapped, and the words of one found for the words of the other.

The models stay as they are. Each side has a linear map of its vectors, at unit length, into the common space. What
a word is nearest to on the other side is found without mapping the matrix there: the word is mapped back instead,
so that a question is one product with the matrix as it lies in its file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wvcli.errors import UsageError
from wvcli.system.paging import blocks
from wvcli.system.parallel import parallel_map
from wvcli.vectors.geometry import (
    Float64Array,
    FloatArray,
    RowArray,
    directions,
    inverse_norms,
    row_norms,
    unit_rows,
)
from wvcli.vectors.lazy import Lazy
from wvcli.vectors.local_scaling import OnRows, hubness, ignore_rows, mean_of_greatest, row_blocks
from wvcli.vectors.word_vectors import Lookup, Vectors

By = Literal["csls", "cosine"]

TOP = 20_000  # most frequent words of the other side to which hubness is measured, as in the paper of CSLS

_BLOCK_ROWS = 16_384  # rows of a matrix multiplied at a time
_ROUNDING = 1e-6  # more than float32 rounding moves a cosine
_SPARE = 10  # candidates beyond those asked for, whose order float32 may have wrong


@dataclass(frozen=True, eq=False)
class Side:
    """A model and the way from its space into the common one.

    Attributes:
        vectors: the model.
        matrix: float32 [dim, common], the map of unit vectors.
        lengths: float32 [words], the length of each row of the model once it is multiplied by `matrix`.
        hubness: float32 [words], the mean cosine of each word to its ten nearest of the other side.
    """

    vectors: Vectors
    matrix: FloatArray
    lengths: FloatArray
    hubness: FloatArray

    def map(self, vectors: FloatArray) -> FloatArray:
        """Return vectors of this model's space in the common one: float32 [n, common], of length 1.

        Args:
            vectors: float32 [n, dim], of any length: rows of the model, or vectors composed from its subwords.
                What has no direction becomes zeros.
        """
        return self._mapped(vectors).astype(np.float32)

    def _mapped(self, vectors: FloatArray) -> Float64Array:
        mapped: Float64Array = directions(vectors) @ self.matrix.astype(np.float64)
        lengths = np.sqrt(np.einsum("nd,nd->n", mapped, mapped))[:, None]
        units: Float64Array = np.divide(mapped, lengths, out=np.zeros_like(mapped), where=lengths > 0)
        return units

    def _multiplied(self, rows: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            multiplied: FloatArray = rows @ self.matrix
        return multiplied

    def in_common_space(self, with_subwords: bool = False) -> Vectors:
        """Return the model with its vectors mapped, of any length; rows are computed when they are read.

        Args:
            with_subwords: map the subwords, too, all at once. Since the map is linear, a word outside the
                vocabulary is then composed as exactly as it would be mapped itself.
        """
        model, subwords = self.vectors, None
        if with_subwords and model.subwords is not None:
            mapped = np.empty((len(model.subwords.matrix), self.matrix.shape[1]), dtype=np.float32)
            for start, block in blocks(model.subwords.matrix):
                mapped[start : start + len(block)] = self._multiplied(block)
            subwords = replace(model.subwords, matrix=mapped)
        matrix = Lazy(model.matrix, change=self._multiplied)
        return Vectors(
            model.vocabulary,
            matrix,
            model.counts,
            subwords,
            self.lengths,
            model.normalize,
            path=model.path,
            from_subwords=model.from_subwords,
        )

    def cosines(self, asked: FloatArray) -> FloatArray:
        """Return float32 [asked, words], the cosine of each of float32 [asked, common], of length 1, to each word.

        A word without a direction has -1, less than which no cosine is.
        """
        back = np.ascontiguousarray(self.matrix @ asked.T.astype(np.float32))
        inverse = self._inverse_lengths
        found = np.empty((len(asked), len(self.vectors)), dtype=np.float32)

        def fill(start: int) -> None:
            rows = slice(start, start + _BLOCK_ROWS)
            with np.errstate(invalid="ignore", over="ignore"):
                found[:, rows] = (self.vectors.matrix[rows] @ back).T * inverse[rows]

        parallel_map(fill, range(0, len(self.vectors), _BLOCK_ROWS))
        found[:, ~self._is_directed] = -1
        return found

    @cached_property
    def _is_directed(self) -> Any:
        return np.isfinite(self._inverse_lengths) & (self._inverse_lengths > 0)

    @cached_property
    def _inverse_lengths(self) -> FloatArray:
        return inverse_norms(self.lengths)

    def exact(self, rows: RowArray, asked: Float64Array) -> Float64Array:
        """Return float64 [rows], the cosines of some words to a vector, float64 [common], of length 1.

        Sums are taken in one order whatever the number of rows, which a matrix product would not do.
        """
        back = self.matrix.astype(np.float64) @ asked
        found: Float64Array = (np.asarray(self.vectors.matrix[rows]).astype(np.float64) * back).sum(axis=1)
        return found / self.lengths[rows]


@dataclass(frozen=True)
class Translation:
    """A word of the other side that is near a word.

    Attributes:
        index: its row in the other model.
        word: the word itself.
        similarity: the cosine of the two in the common space.
        csls: the cosine twice, less the hubness of both words; the greater the nearer.
        mutual: whether no word of the model asked about is nearer to it.
        count: how often it occurs in its text; None where that is not known.
    """

    index: int
    word: str
    similarity: float
    csls: float
    mutual: bool
    count: int | None


@dataclass(frozen=True, eq=False)
class Alignment:
    """Two models in one space.

    `wvcli.align` makes it and `wvcli.load_alignment` opens it from its file.

    Attributes:
        source: the one model with its map.
        target: the other.
        about: how it was made: the method, the pairs, what was measured.
        path: its file, if it has one.

    Example:
        >>> import wvcli
        >>> source, target = wvcli.load("animals.safetensors"), wvcli.load("other.safetensors")
        >>> alignment = wvcli.align(source, target, "both.safetensors", identical=True, overwrite=True)
        >>> [found.word for found in alignment.translate("cat", 1)]
        ['cat']
        >>> alignment.source.map(source[["cat", "dog"]]).shape  # in the space of both
        (2, 50)
    """

    source: Side
    target: Side
    about: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    @cached_property
    def reversed(self) -> "Alignment":
        """The same alignment with source and target in each other's place."""
        return Alignment(self.target, self.source, self.about, self.path)

    def translate(
        self, word: str, topn: int = 5, *, by: By = "csls", min_count: int = 1, mutual: bool = False
    ) -> list[Translation]:
        """Find the words of the target that are nearest to a word of the source, nearest first.

        Args:
            word: a word of the source; one outside its vocabulary is composed from subwords if there are any.
            topn: how many, at most.
            by: `csls`, which keeps words that are near to everything from being the answer to everything, or
                `cosine`.
            min_count: leave out words that occur less often in the target's text.
            mutual: leave out words to which another word of the source is nearer.

        Raises:
            MissingWordError: the word has no vector.
            UsageError: `topn` is below 1.
        """
        [found] = self.nearest(
            [self.source.vectors.look_up(word)], topn, by=by, min_count=min_count, mutual=mutual
        )
        return found

    def nearest(
        self,
        words: Sequence[Lookup],
        topn: int = 5,
        *,
        by: By = "csls",
        min_count: int = 1,
        mutual: bool = False,
    ) -> list[list[Translation]]:
        """Find translations as `translate` does, for several words that were looked up in the source.

        An answer is the same whatever it was asked together with.

        Raises:
            UsageError: `topn` is below 1.
        """
        if topn < 1:
            raise UsageError(f"`topn` must be at least 1, not {topn}")
        step = next(row_blocks(len(words), len(self.target.vectors)), slice(0, 1)).stop
        found = []
        for start in range(0, len(words), max(1, step)):
            found += self._nearest(words[start : start + step], topn, by, min_count)
        return [[one for one in near if one.mutual] for near in found] if mutual else found

    def _nearest(self, words: Sequence[Lookup], topn: int, by: By, min_count: int) -> list[list[Translation]]:
        # One at a time: the last digits of a product depend on its size.
        asked = np.concatenate([self.source._mapped(word.vector[None]) for word in words])
        cosines = self.target.cosines(asked.astype(np.float32))
        own = [self._own_hubness(word, row) for word, row in zip(words, cosines, strict=True)]
        scores = cosines - self.target.hubness / 2 if by == "csls" else cosines
        counts = self.target.vectors.counts
        if counts is not None and min_count > 1:
            scores[:, counts < min_count] = -np.inf
        scores[cosines <= -1] = -np.inf
        chosen = []
        for place, row in enumerate(scores):
            rows = _greatest(row, topn + _SPARE) if asked[place].any() else np.empty(0, dtype=np.int64)
            exact = self.target.exact(rows, asked[place])
            ranked = exact - self.target.hubness[rows] / 2 if by == "csls" else exact
            best = np.lexsort((rows, -ranked))[:topn]
            chosen.append((rows[best], exact[best]))
        nearest = self._nearest_sources(np.concatenate([rows for rows, _ in chosen]), by)
        return [
            list(self._translations(word, asked[place], rows, exact, own[place], by, nearest))
            for place, (word, (rows, exact)) in enumerate(zip(words, chosen, strict=True))
        ]

    def _own_hubness(self, word: Lookup, cosines: FloatArray) -> float:
        """Return the hubness of a word: as measured, or for one outside the vocabulary from its cosines."""
        if word.index is not None:
            return float(self.source.hubness[word.index])
        return float(mean_of_greatest(cosines[None, :TOP])[0])

    def _translations(
        self,
        word: Lookup,
        asked: Float64Array,
        rows: RowArray,
        exact: Float64Array,
        own: float,
        by: By,
        nearest: Mapping[int, tuple[int, float]],
    ) -> Iterator[Translation]:
        vectors = self.target.vectors
        for row, cosine in zip(rows.tolist(), exact.tolist(), strict=True):
            source_row, score = nearest[row]
            back = cosine - own / 2 if by == "csls" else cosine
            yield Translation(
                row,
                vectors.vocabulary[row],
                cosine,
                2 * cosine - own - float(self.target.hubness[row]),
                source_row == word.index if word.index is not None else back >= score - _ROUNDING,
                vectors.count(row),
            )

    @cached_property
    def _known_nearest(self) -> dict[By, dict[int, tuple[int, float]]]:
        return {"csls": {}, "cosine": {}}

    def _nearest_sources(self, rows: RowArray, by: By) -> Mapping[int, tuple[int, float]]:
        """Return for some rows of the target the nearest row of the source, and its score, once found kept."""
        known = self._known_nearest[by]
        new = np.array([row for row in dict.fromkeys(rows.tolist()) if row not in known], dtype=np.int64)
        for part in row_blocks(len(new), len(self.source.vectors)):
            mapped = self.target.map(np.asarray(self.target.vectors.matrix[new[part]]))
            scores = self.source.cosines(mapped)
            if by == "csls":
                scores -= self.source.hubness / 2
            places = scores.argmax(axis=1)
            values = scores[np.arange(len(places)), places]
            known.update(zip(new[part].tolist(), zip(places.tolist(), values.tolist(), strict=True), strict=True))
        return known

    def words_of_source(self) -> Iterable[Lookup]:
        """Yield the words of the source with their vectors, most frequent first."""
        vectors = self.source.vectors
        return (Lookup(word, row, vectors.matrix[row]) for row, word in enumerate(vectors.vocabulary))


def _greatest(scores: FloatArray, wanted: int) -> RowArray:
    """Return int64 [at most wanted], the places of the greatest of float32 [scores] that are not -inf."""
    is_part = wanted < len(scores)
    places = np.argpartition(scores, -wanted)[-wanted:] if is_part else np.arange(len(scores))
    greatest: RowArray = places[scores[places] > -np.inf]
    return greatest


def of_maps(
    source: Vectors,
    target: Vectors,
    source_matrix: FloatArray,
    target_matrix: FloatArray,
    about: Mapping[str, Any],
    top: int = TOP,
    on_rows: OnRows = ignore_rows,
) -> Alignment:
    """Make an alignment of two models from the maps of their unit vectors into a common space.

    Args:
        source: the one model.
        target: the other.
        source_matrix: float32 [source dim, common].
        target_matrix: float32 [target dim, common].
        about: how the maps were made.
        top: the most frequent words of the other side to which the hubness of each word is measured.
        on_rows: called with the number of words whose hubness is known.
    """
    units = [_mapped_units(*side) for side in ((source, source_matrix), (target, target_matrix))]
    lengths = [_mapped_lengths(*side) for side in ((source, source_matrix), (target, target_matrix))]
    one = hubness(units[0], units[1][:top], on_rows)
    two = hubness(units[1], units[0][:top], lambda rows: on_rows(len(source) + rows))
    return Alignment(
        Side(source, source_matrix, lengths[0], one), Side(target, target_matrix, lengths[1], two), about
    )


def _mapped_units(vectors: Vectors, matrix: FloatArray) -> FloatArray:
    units = np.empty((len(vectors), matrix.shape[1]), dtype=np.float32)
    for start, block in blocks(vectors.matrix):
        units[start : start + len(block)] = unit_rows(unit_rows(block) @ matrix)
    return units


def _mapped_lengths(vectors: Vectors, matrix: FloatArray) -> FloatArray:
    lengths = np.empty(len(vectors), dtype=np.float32)
    for start, block in blocks(vectors.matrix):
        with np.errstate(over="ignore", invalid="ignore"):
            lengths[start : start + len(block)] = row_norms(block @ matrix)
    return lengths
