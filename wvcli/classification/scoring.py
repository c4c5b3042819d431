"""Scores of many texts: each distinct word is looked at once, and n-grams go from hashes to sums of weights."""

from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import FeatureTable, NumberedWords, Words
from wvcli.classification.ngram_hashes import Hashes
from wvcli.classification.settings import ClassifierSettings
from wvcli.classification.support_vectors import Weights
from wvcli.tokens.word_numbers import PackedWordNumbers

_MOST_WORDS = 1 << 18  # remembered, of some 150 bytes each; beyond these it begins anew

Reals = npt.NDArray[np.float64]


class Scorer:
    """Scores texts by weights of features, in any thread and several at a time; needs Numba.

    Args:
        settings: which n-grams there are.
        hashes: uint64 [features].
        counts: int64 [features], how many texts had each.
        weights: of the features.
    """

    def __init__(
        self, settings: ClassifierSettings, hashes: Hashes, counts: npt.NDArray[np.int64], weights: Weights
    ) -> None:
        # Frequent features lie together: most of what is looked up is then in the processor's cache.
        order = np.argsort(-counts, kind="stable")
        self._table = FeatureTable(settings, hashes[order])
        self._features = np.ascontiguousarray(weights.features[order])
        self._weights = weights
        self._lexicon = _Lexicon(self._table)

    def scores(self, words: Words, dense: Reals) -> Reals:
        """Return float64 [texts, columns], the scores of tokenized texts.

        Args:
            words: the texts.
            dense: float64 [texts, columns], their vectors.
        """
        numbers, numbered = self._lexicon.look_up(words)
        scores = np.empty((len(words), self._features.shape[1]))
        self._table.score(numbers[words.ids], words.ends, numbered, self._features, self._weights.biases, scores)
        return self._weights.with_dense(scores, dense)


class _Lexicon:
    """The words of texts so far, each with the numbers of its n-grams."""

    def __init__(self, table: FeatureTable) -> None:
        self._table = table
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._numbers = PackedWordNumbers([])
        kinds = {"points": np.uint32, "starts": np.int64, "are_ideographic": np.bool_, "hashes": np.uint64}
        kinds |= {"numbers": np.int32, "gram_starts": np.int64, "grams": np.int32}
        self._arrays = {name: _GrowingArray(kind) for name, kind in kinds.items()}
        for name in ("starts", "gram_starts"):
            self._arrays[name].append(np.zeros(1, dtype=np.int64))

    def look_up(self, words: Words) -> tuple[npt.NDArray[np.int32], NumberedWords]:
        """Return int32 [distinct words of `words`], the number of each, and what is known by these numbers."""
        with self._lock:
            if len(self._numbers) > _MOST_WORDS:
                self._begin()
            before = len(self._numbers)
            numbers = self._numbers.number(words.words).astype(np.int32)
            new = np.flatnonzero(numbers >= before)
            if len(new):
                listed = list(words.words)
                self._add(self._table.numbered([listed[place] for place in new.tolist()]))
            return numbers, NumberedWords(**{name: array.values for name, array in self._arrays.items()})

    def _add(self, new: NumberedWords) -> None:
        shifts = {"starts": "points", "gram_starts": "grams"}
        shifted = {name: getattr(new, name)[1:] + len(self._arrays[of].values) for name, of in shifts.items()}
        for name, array in self._arrays.items():
            array.append(shifted.get(name, getattr(new, name)))


class _GrowingArray:
    """An array to whose end is added; what was returned of it before stays as it is."""

    def __init__(self, kind: Any) -> None:
        self.values = self._room = np.empty(0, dtype=kind)

    def append(self, more: npt.NDArray[Any]) -> None:
        """Add to the end."""
        used = len(self.values)
        if used + len(more) > len(self._room):
            self._room = np.empty(2 * (used + len(more)), dtype=self._room.dtype)
            self._room[:used] = self.values
        self._room[used : used + len(more)] = more
        self.values = self._room[: used + len(more)]
