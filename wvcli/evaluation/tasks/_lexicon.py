"""How the words of a test are found in a model."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.vectors.bilingual import Alignment
from wvcli.vectors.geometry import Float64Array, RowArray, directions
from wvcli.vectors.near_spellings import equivalents
from wvcli.vectors.word_vectors import Vectors


@dataclass(frozen=True, eq=False)
class Lexicon:
    """A model as a test sees it.

    A word is looked up as written, then as the model's tokenizer writes it, then without regard to upper and lower
    case, where the most frequent of several words is taken.

    Attributes:
        vectors: the model.
        top: look only at the first `top` words, as though the vocabulary ended there.
        ignore_case: treat words that differ in case only as one word from the start, as Gensim's evaluation does.
        from_subwords: whether words outside the vocabulary have the vectors of their n-grams, where the model has
            them.
    """

    vectors: Vectors
    top: int
    ignore_case: bool = False
    from_subwords: bool = True

    def __post_init__(self) -> None:
        if self.top < 1:
            raise UsageError(f"the number of words to look at must be at least 1, not {self.top}")

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        """The rows of the words that are the same in capitals, the most frequent first."""
        rows: dict[str, list[int]] = {}
        for row, word in enumerate(self.vectors.vocabulary[: self.top]):
            rows.setdefault(word.upper(), []).append(row)
        return rows

    def row(self, word: str) -> int | None:
        """Find the row of a word in the matrix; None when it is not in the vocabulary."""
        if not self.ignore_case:
            row = self.vectors.index(word)
            if row is not None and row < self.top:
                return row
        upper = self.vectors.normalize(word).upper()
        joined = "_".join(part for part in upper.split(" ") if part)
        for form in (upper, joined, *(() if upper.isascii() else equivalents(upper, joined))):
            if form in self._folded:
                return self._folded[form][0]
        return None

    def rows_like(self, row: int) -> tuple[int, ...]:
        """Return the rows of words that count as the word in `row`: only `row` itself unless case is ignored."""
        return tuple(self._folded[self.vectors.vocabulary[row].upper()]) if self.ignore_case else (row,)

    def find(self, words: Iterable[str]) -> "Found":
        """Look up some words and their vectors."""
        distinct = list(dict.fromkeys(words))
        matrix = np.zeros((len(distinct), self.vectors.dim), dtype=np.float32)
        rows = np.full(len(distinct), -1, dtype=np.int64)
        for place, word in enumerate(distinct):
            row = self.row(word)
            vector = self._subword_vector(word) if row is None else self.vectors.matrix[row]
            if vector is not None:
                matrix[place], rows[place] = vector, -1 if row is None else row
        units = directions(matrix)
        places = {word: place for place, word in enumerate(distinct)}
        return Found(places, rows, np.any(units != 0, axis=1), units)

    def _subword_vector(self, word: str) -> npt.NDArray[np.float32] | None:
        subwords = self.vectors.subwords if self.from_subwords else None
        return None if subwords is None else subwords.vector(self.vectors.normalize(word))


@dataclass(frozen=True, eq=False)
class AlignedLexicon(Lexicon):
    """Two models in one space as a test sees them: words are looked up in one, their translations in the other.

    Attributes:
        alignment: of the two models, of which `vectors` is the source.
        target: the other model.
    """

    alignment: Alignment = field(kw_only=True)
    target: Lexicon = field(kw_only=True)

    @classmethod
    def of(cls, alignment: Alignment, top: int, ignore_case: bool, from_subwords: bool) -> "AlignedLexicon":
        """Return both models as a test sees them; the arguments are those of `Lexicon`."""
        source, target = (
            Lexicon(side.vectors, top, ignore_case, from_subwords) for side in (alignment.source, alignment.target)
        )
        return cls(source.vectors, top, ignore_case, from_subwords, alignment=alignment, target=target)


@dataclass(frozen=True, eq=False)
class Found:
    """Some distinct words of a test.

    Attributes:
        positions: for each word its position in the arrays.
        rows: int64 [words], their rows in the model's matrix; -1 where there is none.
        known: bool [words], whether there is a vector, and one that has a direction.
        units: float64 [words, dim], their vectors, of length 1; zeros for a word that is not known.
    """

    positions: dict[str, int]
    rows: RowArray
    known: npt.NDArray[np.bool_]
    units: Float64Array

    def of(self, words: Iterable[str]) -> list[int]:
        """Return the positions of some words."""
        return [self.positions[word] for word in words]
