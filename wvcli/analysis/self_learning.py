"""Maps of two spaces into a common one, learned from a few pairs of rows, or from none.

What is mapped well shows further pairs, from which the maps are learned anew. A few hundred pairs and more are
refined by those that are each other's nearest. From fewer, the search begins at random: most scores are left out
at first, so that it does not stay where it started. Both that and the start from no pairs at all are by Artetxe,
Labaka and Agirre, "A robust self-learning method for fully unsupervised cross-lingual mappings of word embeddings"
(2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wvcli.vectors.alignment import multistep_maps, orthogonal_map
from wvcli.vectors.geometry import FloatArray, RowArray, unit_rows
from wvcli.vectors.local_scaling import Matches, hubness, mean_of_greatest, nearest_both_ways

Method = Literal["multistep", "procrustes"]

FEWEST_TO_REFINE = 500  # pairs; from 100 refining alone gives a third of what the random search finds
# Most frequent words of each side among which further pairs are looked for; with 5,000 the scores were no better.
REFINED_ROWS = 3_000

_SEARCHED_ROWS = 2_048  # of each side, in the random search; some 2,000 have whole groups of columns
_FIRST_KEPT = 0.1  # share of scores that are looked at in the beginning, as in the paper
_PATIENCE = 10  # rounds without gain before more scores are looked at
_LEAST_GAIN = 1e-6  # of the mean similarity
_MOST_ROUNDS = 400
_SIGNATURE_ROWS = 2_000  # whose similarities to each other are compared where no pair is known


@dataclass(frozen=True, eq=False)
class Round:
    """How far the learning is.

    Attributes:
        number: of the round, from 1.
        pairs: pairs from which the maps are learned.
        similarity: mean cosine of words to what is nearest to them in the other space.
    """

    number: int
    pairs: int
    similarity: float


OnRound = Callable[[Round], None]


@dataclass(frozen=True, eq=False)
class Maps:
    """Linear maps of unit vectors into a common space.

    Attributes:
        source: float32 [source dim, common].
        target: float32 [target dim, common].
    """

    source: FloatArray
    target: FloatArray

    def of(self, source: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return rows of both spaces, mapped and at unit length."""
        return unit_rows(source @ self.source), unit_rows(target @ self.target)


def learn_maps(source: FloatArray, target: FloatArray, pairs: RowArray, method: Method) -> Maps:
    """Learn maps from pairs of rows, int64 [pairs, 2]; by the multi-step method only where they are enough for it.

    Args:
        source: float32 [rows, source dim] of unit vectors.
        target: float32 [rows, target dim].
        pairs: rows of `source` and of `target` that belong together; a pair that stands twice weighs twice.
        method: `procrustes` turns the source only.
    """
    one, two = source[pairs[:, 0]], target[pairs[:, 1]]
    if method == "multistep" and len(pairs) > 2 * max(source.shape[1], target.shape[1]):
        maps = multistep_maps(one, two)
    else:
        maps = orthogonal_map(one, two), np.eye(target.shape[1])
    return Maps(maps[0].astype(np.float32), maps[1].astype(np.float32))


def refine(
    source: FloatArray,
    target: FloatArray,
    pairs: RowArray,
    rounds: int,
    method: Method,
    on_round: OnRound,
    found: RowArray | None = None,
    top: int = REFINED_ROWS,
) -> tuple[Maps, RowArray]:
    """Learn maps from pairs, and then again and again from these and the rows that are each other's nearest.

    Args:
        source: float32 [rows, source dim] of unit vectors, most frequent words first.
        target: float32 [rows, target dim].
        pairs: int64 [pairs, 2], rows that belong together.
        rounds: how often.
        method: see `learn_maps`.
        on_round: called after each round.
        found: int64 [found, 2], pairs from which only the first maps are learned, too.
        top: rows of each side among which further pairs are looked for, at most.

    Returns:
        The maps, and int64 [pairs, 2], the pairs from which they were learned.
    """
    learned_from = pairs if found is None else np.concatenate([pairs, found])
    maps = learn_maps(source, target, learned_from, method)
    one, two = (units[: min(top, REFINED_ROWS)] for units in (source, target))
    for number in range(1, rounds + 1):
        matches = match(*maps.of(one, two))
        rows = np.flatnonzero(matches.mutual)
        learned_from = np.concatenate([pairs, np.stack([rows, matches.forward[rows]], axis=1)])
        maps = learn_maps(source, target, learned_from, method)
        on_round(Round(number, len(learned_from), float(matches.similarity.mean())))
    return maps, learned_from


def match(source: FloatArray, target: FloatArray) -> Matches:
    """Find for each row of two mapped matrices of unit vectors the nearest of the other one, by CSLS."""
    return nearest_both_ways(source, target, hubness(source, target), hubness(target, source))


def search(
    source: FloatArray,
    target: FloatArray,
    pairs: RowArray | None,
    seed: int,
    on_round: OnRound,
    top: int = _SEARCHED_ROWS,
) -> RowArray:
    """Find pairs of rows from a few of them, or from none, int64 [pairs, 2].

    Args:
        source: float32 [rows, source dim] of unit vectors, most frequent words first.
        target: float32 [rows, target dim].
        pairs: int64 [pairs, 2], rows that belong together; None where no pair is known.
        seed: of the random numbers.
        on_round: called after each round.
        top: rows of each side that are paired, at most.
    """
    one, two = (units[: min(top, _SEARCHED_ROWS)] for units in (source, target))
    if pairs is None:
        pairs = pairs_of_like_signatures(one, two)
    held = np.empty((len(one), len(two)), np.float32), np.empty((len(two), len(one)), np.float32)
    random = np.random.Generator(np.random.PCG64(seed))
    maps = learn_maps(source, target, pairs, "procrustes")
    kept, best, best_pairs, stuck = _FIRST_KEPT, -np.inf, pairs, 0
    for number in range(1, _MOST_ROUNDS + 1):
        found, similarity = _drawn_pairs(*maps.of(one, two), kept, random, held)
        maps = learn_maps(one, two, found, "procrustes")
        on_round(Round(number, len(found), similarity))
        if similarity > best + _LEAST_GAIN:
            best, best_pairs, stuck = similarity, found, 0
            continue
        stuck += 1
        if stuck >= _PATIENCE:
            if kept >= 1:
                break
            kept, stuck = min(1.0, 2 * kept), 0
    return best_pairs


def _drawn_pairs(
    source: FloatArray,
    target: FloatArray,
    kept: float,
    random: np.random.Generator,
    held: tuple[FloatArray, FloatArray],
) -> tuple[RowArray, float]:
    """Return the nearest of each row in the other matrix among a random share of the scores, in both directions.

    `held` is where the cosines of both directions are put, since memory that is asked for anew takes time.

    Returns:
        int64 [source + target, 2], and the mean cosine to the nearest, of all scores and both directions.
    """
    cosines = np.matmul(source, target.T, out=held[0])
    transposed = np.matmul(target, source.T, out=held[1])  # which is quicker than a transposed copy
    own, others = mean_of_greatest(cosines), mean_of_greatest(transposed)
    forward, similarity = _drawn(cosines, others, kept, random)
    backward, back_similarity = _drawn(transposed, own, kept, random)
    rows, columns = np.arange(len(source)), np.arange(len(target))
    pairs = np.concatenate([np.stack([rows, forward], axis=1), np.stack([backward, columns], axis=1)])
    return pairs, (similarity + back_similarity) / 2


def _drawn(
    cosines: FloatArray, hubness: FloatArray, kept: float, random: np.random.Generator
) -> tuple[RowArray, float]:
    """Find for each row the column with the greatest score by CSLS among those that are kept; `cosines` changes.

    Returns:
        int64 [rows], the columns, and the mean of the greatest cosine of each row, of all columns.
    """
    similarity = float(cosines.max(axis=1).mean())
    cosines -= hubness / 2
    if kept < 1:
        drawn = np.frombuffer(random.bytes(cosines.size), dtype=np.uint8).reshape(cosines.shape)
        np.copyto(cosines, -np.inf, where=drawn >= round(kept * 256))
    return cosines.argmax(axis=1), similarity


def pairs_of_like_signatures(source: FloatArray, target: FloatArray) -> RowArray:
    """Return int64 [pairs, 2], rows whose similarities to the other rows of their own space are alike.

    The sorted similarities of a word do not depend on the language, as far as the spaces have the same shape. The
    square root of the matrix of similarities is taken, as in the paper; pairs are the nearest by CSLS, both ways.
    """
    rows = min(_SIGNATURE_ROWS, len(source), len(target))
    one, two = (_signatures(units[:rows]) for units in (source, target))
    matches = match(one, two)
    every = np.arange(rows)
    return np.concatenate(
        [np.stack([every, matches.forward], axis=1), np.stack([matches.backward, every], axis=1)]
    )


def _signatures(units: FloatArray) -> FloatArray:
    """Return float32 [rows, rows], for each row its sorted similarities, normalized like vectors of words."""
    left, widths, _ = np.linalg.svd(units, full_matrices=False)
    similarities = (left * widths) @ left.T
    similarities.sort(axis=1)
    similarities = unit_rows(similarities)
    similarities -= similarities.mean(axis=0)
    return unit_rows(similarities)
