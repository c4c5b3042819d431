"""Words that show what a model has learned."""

import numpy as np

from wvcli.vectors.geometry import unit_rows
from wvcli.vectors.word_vectors import Vectors

_SAMPLE = 16_384  # rows among which neighbours are sought
_FREQUENT = 300  # words that are considered
_NEIGHBORS = 5  # by which they are judged


def characteristic_words(vectors: Vectors, most: int) -> list[str]:
    """Find up to `most` frequent words that carry meaning of their own, the most frequent first.

    Such a word is much nearer to its neighbours than to words at large, which `the` or `of` are not. A near
    neighbour of a word chosen already is passed over, so that the words differ.
    """
    pool = min(len(vectors), _FREQUENT)
    words = vectors.vocabulary[:pool]
    rows = [row for row, word in enumerate(words) if len(word.encode("utf-8")) > 2 and word[0].isalpha()]
    units = unit_rows(vectors.matrix[: min(len(vectors), _SAMPLE)])
    if not rows:
        return []
    scores = units[rows] @ units.T
    nearest = min(_NEIGHBORS + 1, len(units))
    near = np.argpartition(-scores, nearest - 1, axis=1)[:, :nearest]
    sharpness = np.take_along_axis(scores, near, axis=1).mean(axis=1) - scores.mean(axis=1)
    chosen: list[int] = []
    covered: set[int] = set()
    for candidate in np.argsort(-sharpness, kind="stable").tolist():
        if len(chosen) < most and not covered.intersection(near[candidate].tolist()):
            chosen.append(rows[candidate])
            covered.update(near[candidate].tolist())
    return [vectors.vocabulary[row] for row in sorted(chosen)]
