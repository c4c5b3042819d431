"""Vectors of texts from vectors of words, as numbers that each text has besides its n-grams.

Two means of the vectors of a text's words, each of length one: a plain one, and one by smooth inverse frequency
without the component that all texts share (Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence
Embeddings", 2017).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import Words
from wvcli.errors import InputError
from wvcli.vectors.sentences import Components, SentenceEncoder, word_probabilities, word_weights
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

MOST_WORDS = 100_000  # of a file of vectors, the first ones, that a classifier keeps for texts to come


Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TextVectors:
    """Makes vectors of texts.

    Attributes:
        vocabulary: the words that have vectors.
        matrix: float32 [words, dim], with the precision of float16, in which a file has them.
        weights: float32 [words], of the words in the second mean.
        component: float32 [dim], of length one, what all texts share.
    """

    vocabulary: Vocabulary
    matrix: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    component: npt.NDArray[np.float32]

    @classmethod
    def of(cls, vectors: Vectors, words: Words) -> "TextVectors":
        """Choose the words to keep, and find what the texts share.

        Args:
            vectors: of words.
            words: the texts that a classifier learns from, whose words are all kept.

        Raises:
            InputError: the vectors hold NaN or infinity, or those of no word of the texts.
        """
        rows = {index for word in words.words if (index := vectors.vocabulary.find(word)) is not None}
        if not rows:
            raise InputError(
                "no word of the texts is in the vectors", "are they of another language, or in other case?"
            )
        kept = np.array(sorted(rows | set(range(min(len(vectors), MOST_WORDS)))), dtype=np.int64)
        matrix = np.asarray(vectors.matrix[kept], dtype=np.float32)
        wrong = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
        if len(wrong):
            word = vectors.vocabulary[int(kept[wrong[0]])]
            raise InputError(f"the vector of {word!r} holds NaN or infinity", "mend the vectors first")
        matrix /= max(1e-12, float(np.sqrt((matrix.astype(np.float64) ** 2).sum(axis=1).mean())))
        vocabulary = Vocabulary.from_words([vectors.vocabulary[int(row)] for row in kept])
        shares = word_probabilities(len(vectors), None if vectors.counts is None else np.asarray(vectors.counts))
        weights = word_weights("sif", shares)[kept]
        none = np.zeros(matrix.shape[1], dtype=np.float32)
        matrix = matrix.astype(np.float16).astype(np.float32)
        found = cls(vocabulary, matrix, weights, none)
        means = found._means(words, found.weights)
        products = means.T @ means
        component = np.linalg.eigh(products)[1][:, -1].astype(np.float32)
        component *= np.float32(1 if component[np.abs(component).argmax()] > 0 else -1)
        return cls(vocabulary, found.matrix, weights, component)

    @property
    def columns(self) -> int:
        """How many numbers a text has."""
        return 2 * int(self.matrix.shape[1])

    def of_texts(self, words: Words) -> Reals:
        """Return float64 [texts, columns]; zeros for a text without a known word."""
        plain = self._means(words, np.ones(len(self.weights), dtype=np.float32))
        weighted = self._means(words, self.weights)
        weighted -= np.einsum("td,d->t", weighted, self.component.astype(np.float64))[:, None] * self.component
        return np.ascontiguousarray(np.concatenate([_unit(plain), _unit(weighted)], axis=1))

    def _means(self, words: Words, weights: npt.NDArray[np.float32]) -> Reals:
        """Return float64 [texts, dim], the weighted means of the words of each text."""
        rows = np.array(
            [-1 if (row := self.vocabulary.find(word)) is None else row for word in words.words], np.int64
        )
        encoder = SentenceEncoder(self.matrix, weights, Components.none(self.matrix.shape[1]))
        here = rows[words.ids] if len(rows) else np.zeros(0, dtype=np.int64)
        return encoder.means(here, words.ends)[0].astype(np.float64)


def _unit(vectors: Reals) -> Reals:
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 1e-9, lengths, np.inf))
