"""Whether the neighbours of words in one model are borne out by another, of a different text of the same kind.

Neighbours that two texts without a line in common agree on come from the language, and not from the accidents of
one text. `benchmarks/confidence.py` shows how this share grows with the counts of words.
"""

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.vectors.geometry import Float64Array, FloatArray, unit_rows
from wvcli.vectors.word_vectors import TRUSTED_COUNT, Vectors

NEIGHBORS = 10  # of each word
_SHARE = 0.01  # of the words: a neighbour is borne out if it is among so many of the nearest in the other model
_LEAST_COUNT = TRUSTED_COUNT // 2  # in each of two halves of a text
_FEWEST, _MOST = 200, 5_000  # words that are compared, as far as there are so many
_BLOCK = 256  # words whose cosines are held at a time


def borne_out(first: Vectors, second: Vectors) -> Float64Array:
    """Return float64 [words], the share of each word's neighbours in either model that the other bears out.

    The words are those that both have and that occur 15 times or more in each text, or if they are few the most
    frequent; only these are neighbours. Of the ten nearest of a word in one model those are borne out that are
    among the nearest hundredth in the other, or among the ten nearest.

    Args:
        first: a model with counts.
        second: another, of any number of dimensions.

    Raises:
        InputError: the models share too few words.

    Example:
        >>> import wvcli
        >>> from wvcli.evaluation.agreement import borne_out
        >>> model = wvcli.load("animals.safetensors")
        >>> borne_out(model, model).mean()
        1.0
    """
    rows = _compared(first, second)
    if len(rows) <= 2 * NEIGHBORS:
        raise InputError(
            f"the two halves of the text share only {len(rows)} words, too few to compare their neighbours",
            "give it more text, or test items with `sets`",
        )
    one, two = (unit_rows(model.matrix[rows[:, place]]) for place, model in enumerate((first, second)))
    return (_found_again(one, two) + _found_again(two, one)) / 2


def _compared(first: Vectors, second: Vectors) -> npt.NDArray[np.int64]:
    """Return int64 [words, 2], the rows of the words to compare in either model, the most frequent first."""
    found = ((row, second.vocabulary.find(word)) for row, word in enumerate(first.vocabulary))
    rows = np.array([(row, other) for row, other in found if other is not None], dtype=np.int64).reshape(-1, 2)
    counts = np.minimum(*(_counts(model)[rows[:, place]] for place, model in enumerate((first, second))))
    order = np.argsort(-counts, kind="stable")
    often = int(np.count_nonzero(counts >= _LEAST_COUNT))
    return rows[order[: min(_MOST, max(_FEWEST, often))]]


def _counts(model: Vectors) -> npt.NDArray[np.int64]:
    return np.zeros(len(model), dtype=np.int64) if model.counts is None else model.counts


def _found_again(one: FloatArray, two: FloatArray) -> Float64Array:
    """Return float64 [words], the share of the ten nearest rows in one matrix that are near in another, too."""
    again = max(NEIGHBORS, round(_SHARE * len(one)))
    shares = np.empty(len(one))
    for start in range(0, len(one), _BLOCK):
        rows = slice(start, start + _BLOCK)
        here, there = _cosines(one, rows), _cosines(two, rows)
        nearest = np.argpartition(-here, NEIGHBORS, axis=1)[:, :NEIGHBORS]
        least = np.partition(there, -again, axis=1)[:, -again, None]
        shares[rows] = (np.take_along_axis(there, nearest, axis=1) >= least).mean(axis=1)
    return shares


def _cosines(units: FloatArray, rows: slice) -> FloatArray:
    """Return float32 [rows, words], the cosines of some rows to all; a word is no neighbour of its own."""
    cosines: FloatArray = units[rows] @ units.T
    np.fill_diagonal(cosines[:, rows], -np.inf)
    return cosines
