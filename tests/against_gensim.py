"""Random models, and how to hold an answer against Gensim's."""

from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import pytest
from gensim.models import KeyedVectors

from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

Matrix = npt.NDArray[np.float32]
CLOSE = 1e-6


def vectors_of(matrix: npt.ArrayLike, words: list[str] | None = None, **more: object) -> Vectors:
    rows = np.array(matrix, dtype=np.float32)
    names = [f"word{index}" for index in range(len(rows))] if words is None else words
    return Vectors(Vocabulary.from_words(names), rows, **more)  # type: ignore[arg-type]


def gensim_of(vectors: Vectors) -> KeyedVectors:
    keyed = KeyedVectors(vectors.dim, count=0)
    keyed.add_vectors(list(vectors), np.array(vectors.matrix))
    return keyed


def assert_same_answer(
    ours: list[tuple[str, float]],
    theirs: list[tuple[str, float]],
    vectors: Vectors,
    topn: int,
    close: float = CLOSE,
) -> None:
    """Equal similarities, and equal words but for those whose similarity is that of their neighbours in rank.

    `close` is how far Gensim's float32 may be from the truth; a score above 1 may be off by more.
    """
    everything, theirs = theirs, theirs[:topn]
    assert [similarity for _, similarity in ours] == pytest.approx([s for _, s in theirs], rel=close, abs=close)
    exact = dict(everything)
    for word, similarity in ours:
        assert exact[word] == pytest.approx(similarity, rel=close, abs=close)
    near = [s for _, s in everything[: topn + 1]]
    apart = all(a - b > 2 * close * max(1, a) for a, b in pairwise(near))
    if apart:
        assert [word for word, _ in ours] == [word for word, _ in theirs]
    for _, tied in groupby(ours, key=lambda pair: pair[1]):
        rows = [vectors.vocabulary.find(word) for word, _ in tied]
        assert rows == sorted(rows)  # type: ignore[type-var]


def clustered(rows: int, dim: int, seed: int) -> Matrix:
    """Rows of very different lengths, a tenth of them twice."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, dim)) * 10.0 ** rng.integers(-3, 4, size=(rows, 1))
    copies = rng.integers(0, rows, size=rows // 10)
    matrix[rng.integers(0, rows, size=rows // 10)] = matrix[copies]
    return matrix.astype(np.float32)
