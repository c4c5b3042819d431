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

from wvcli.system.paging import blocks
from wvcli.vectors.alignment import multistep_maps, nearest_rotation, orthogonal_map
from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray, unit_rows
from wvcli.vectors.local_scaling import mean_of_greatest, nearest_both_ways

Method = Literal["multistep", "procrustes"]

FEWEST_TO_REFINE = 500  # pairs; from 100 refining alone gives a third of what the random search finds
# Most frequent words of each side among which further pairs are looked for; with 5,000 the scores were no better.
REFINED_ROWS = 3_000

# Share of rows for which two searches find the same; vectors that have nothing to do with each other gave 0.21.
LEAST_AGREEMENT = 0.4

_FIRST_ROWS = 2_048  # of each side that are paired at first sight
_FIRST_KEPT = 0.1  # share of scores that are looked at in the beginning, as in the paper, and then twice as many
_LARGEST_SHARE = 0.4  # after which all are looked at: .8 of them cost as much and found nothing more
_ROUNDS_COMPARED = 2  # of refining before the findings of two searches are compared
_ROUNDS_MEASURED = 3  # from one measurement of similarity and hubness to the next
_GROUPS = 64  # of columns, of each of which the greatest score is looked at
_DRAWN_TOGETHER = 64  # rows for which the same share of the others is drawn
_MOST_ROUNDS = 400
_SAME = 0.99  # cosine of rows that are one row; between two languages hardly any is above .9
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


@dataclass(frozen=True)
class Effort:
    """How thoroughly to search.

    Attributes:
        rows: most frequent words of each side, in multiples of which whole groups of columns are looked at.
        patience: measurements without gain before more scores are looked at.
        least_gain: of the mean similarity.
    """

    rows: int
    patience: int
    least_gain: float


# English and French are found by the quick search in each of three seeds, English and Chinese by the patient one.
QUICK, PATIENT = Effort(1_024, 2, 1e-3), Effort(2_048, 4, 1e-6)

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
        matches = nearest_both_ways(*maps.of(one, two))
        rows = np.flatnonzero(matches.mutual)
        learned_from = np.concatenate([pairs, np.stack([rows, matches.forward[rows]], axis=1)])
        maps = learn_maps(source, target, learned_from, method)
        on_round(Round(number, len(learned_from), float(matches.similarity.mean())))
    return maps, learned_from


def search(
    source: FloatArray,
    target: FloatArray,
    pairs: RowArray,
    seed: int,
    on_round: OnRound,
    top: int,
    effort: Effort,
) -> RowArray:
    """Find pairs of rows from a few of them, int64 [pairs, 2].

    Args:
        source: float32 [rows, source dim] of unit vectors, most frequent words first.
        target: float32 [rows, target dim].
        pairs: int64 [pairs, 2], rows that belong together.
        seed: of the random numbers.
        on_round: called after each round.
        top: rows of each side that are paired, at most.
        effort: how thoroughly to search.
    """
    one, two = (units[: min(top, effort.rows)] for units in (source, target))
    random = np.random.Generator(np.random.PCG64(seed))
    covariance = source[pairs[:, 0]].T @ target[pairs[:, 1]]
    kept, best, best_pairs, stuck, similarity = _FIRST_KEPT, -np.inf, pairs, 0, 0.0
    for number in range(_MOST_ROUNDS):
        mapped = one @ nearest_rotation(covariance)
        if one.shape[1] > two.shape[1]:  # else lengths stay as they are
            mapped = unit_rows(mapped)
        if number % _ROUNDS_MEASURED == 0:
            similarity, hubness_one, hubness_two = _measured(mapped, two)
            if similarity > best + effort.least_gain:
                best, best_pairs, stuck = similarity, pairs, 0
            elif (stuck := stuck + 1) >= effort.patience:
                if kept >= 1:
                    break
                kept, stuck = (2 * kept if kept < _LARGEST_SHARE else 1.0), 0
        forward = _drawn(mapped, two, hubness_two, kept, random)
        backward = _drawn(two, mapped, hubness_one, kept, random)
        pairs = _both_ways(forward, backward)
        covariance = one.T @ two[forward] + one[backward].T @ two
        on_round(Round(number + 1, len(pairs), similarity))
    return best_pairs


def _measured(source: FloatArray, target: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the mean cosine of rows to the nearest of the other matrix, both ways, and their hubness.

    Hubness is that of the nearest among groups, which is nearly as great and much sooner known.
    """
    cosines = source @ target.T, target @ source.T
    similarity = sum(float(each.max(axis=1).mean()) for each in cosines) / 2
    one, two = (mean_of_greatest(_greatest_of_groups(each)) for each in cosines)
    return similarity, one, two


def _greatest_of_groups(scores: FloatArray) -> FloatArray:
    """Return float32 [rows, groups], the greatest score of each row in each of 64 groups of columns."""
    size = scores.shape[1] // _GROUPS
    if size < 2:
        return scores
    grouped = scores[:, : size * _GROUPS].reshape(len(scores), size, _GROUPS)
    greatest: FloatArray = grouped.max(axis=1)
    return greatest


def _drawn(
    units: FloatArray, others: FloatArray, hubness: FloatArray, kept: float, random: np.random.Generator
) -> RowArray:
    """Return int64 [units], for each row the nearest by CSLS among a random share of the rows of `others`.

    The rows of a block are given the same share, so that only these cosines need be computed.

    Args:
        units: float32 [units, dim], of length 1.
        others: float32 [others, dim], of length 1.
        hubness: float32 [others].
        kept: the share.
        random: what is drawn with.
    """
    if kept >= 1:
        scores = units @ others.T
        scores -= hubness / 2
        nearest: RowArray = scores.argmax(axis=1)
        return nearest
    found = np.empty(len(units), dtype=np.int64)
    wanted = max(1, round(kept * len(others)))
    for start in range(0, len(units), _DRAWN_TOGETHER):
        rows = slice(start, start + _DRAWN_TOGETHER)
        columns = random.permutation(len(others))[:wanted]
        scores = units[rows] @ others[columns].T
        scores -= hubness[columns] / 2
        found[rows] = columns[scores.argmax(axis=1)]
    return found


def search_from_nothing(
    source: FloatArray, target: FloatArray, seed: int, on_round: OnRound, top: int
) -> tuple[RowArray, float]:
    """Find pairs of rows where none is known, and tell whether they are to be believed.

    Two searches with other random numbers, each from a half of the pairs that are alike at first sight, find the
    same only if it is there. Where a quick search does not, a patient one is made.

    Args:
        source: float32 [rows, source dim] of unit vectors, most frequent words first.
        target: float32 [rows, target dim].
        seed: of the random numbers.
        on_round: called after each round.
        top: rows of each side that are paired, at most.

    Returns:
        int64 [pairs, 2], and the share of frequent rows for which the other search finds the same.
    """
    first = first_pairs(source, target, min(top, _FIRST_ROWS))
    agreement = 0.0
    for effort in (QUICK, PATIENT):
        found = []
        for number in (seed, seed + 1):
            random = np.random.Generator(np.random.PCG64(number))
            half = first[random.random(len(first)) < 0.5]
            found.append(search(source, target, half, number, on_round, top, effort))
        agreement = _agreement(source[:REFINED_ROWS], target[:REFINED_ROWS], *found)
        if agreement >= LEAST_AGREEMENT:
            break
    return found[0], agreement


def _agreement(source: FloatArray, target: FloatArray, one: RowArray, two: RowArray) -> float:
    """Return the share of rows to which two sets of pairs, once refined, give the same nearest row."""
    nothing = np.empty((0, 2), dtype=np.int64)
    first, second = (
        refine(source, target, nothing, _ROUNDS_COMPARED, "multistep", lambda round: None, pairs)[0]
        for pairs in (one, two)
    )
    nearest, other = (nearest_both_ways(*maps.of(source, target)).forward for maps in (first, second))
    return float(np.mean(nearest == other))


def first_pairs(source: FloatArray, target: FloatArray, rows: int) -> RowArray:
    """Return int64 [pairs, 2], pairs from which the search begins where none are known.

    Args:
        source: float32 [rows, source dim] of unit vectors, most frequent words first.
        target: float32 [rows, target dim].
        rows: of each side among which pairs are looked for.
    """
    same = pairs_that_coincide(source, target, rows)
    return same if len(same) > source.shape[1] else pairs_of_like_signatures(source[:rows], target[:rows])


def pairs_of_like_signatures(source: FloatArray, target: FloatArray) -> RowArray:
    """Return int64 [pairs, 2], rows whose similarities to the other rows of their own space are alike.

    The sorted similarities of a word do not depend on the language, as far as the spaces have the same shape. The
    square root of the matrix of similarities is taken, as in the paper; pairs are the nearest by CSLS, both ways.
    """
    rows = min(_SIGNATURE_ROWS, len(source), len(target))
    one, two = (_signatures(units[:rows]) for units in (source, target))
    matches = nearest_both_ways(one, two)
    return _both_ways(matches.forward, matches.backward)


def pairs_that_coincide(source: FloatArray, target: FloatArray, rows: int) -> RowArray:
    """Return int64 [pairs, 2], rows that are the same but turned, if the two spaces are, in whatever order.

    The principal axes of a space turn with it, and its skewness along each tells which way that one points. Of two
    languages the axes differ, and no rows coincide along them.

    Args:
        source: float32 [rows, source dim] of unit vectors.
        target: float32 [rows, target dim].
        rows: of each side that are looked at.
    """
    if source.shape[1] != target.shape[1]:
        return np.empty((0, 2), dtype=np.int64)
    one, two = ((units[:rows] @ _axes(units)).astype(np.float32) for units in (source, target))
    matches = nearest_both_ways(one, two)
    same = np.flatnonzero(matches.mutual & (matches.similarity > _SAME))
    return np.stack([same, matches.forward[same]], axis=1)


def _axes(units: FloatArray) -> Float64Array:
    """Return float64 [dim, dim], the axes along which rows spread most, and to the side of the longer tail."""
    dim = units.shape[1]
    spread, skewness = np.zeros((dim, dim)), np.zeros(dim)
    for _, block in blocks(units):
        spread += block.astype(np.float64).T @ block
    axes = np.linalg.eigh(spread)[1][:, ::-1]
    for _, block in blocks(units):
        skewness += ((block @ axes) ** 3).sum(axis=0)
    directed: Float64Array = axes * np.where(skewness < 0, -1, 1)
    return directed


def _both_ways(forward: RowArray, backward: RowArray) -> RowArray:
    """Return int64 [pairs, 2], each row with its nearest, and each column with its nearest."""
    rows, columns = np.arange(len(forward)), np.arange(len(backward))
    return np.concatenate([np.stack([rows, forward], axis=1), np.stack([backward, columns], axis=1)])


def _signatures(units: FloatArray) -> FloatArray:
    """Return float32 [rows, rows], for each row its sorted similarities, normalized like vectors of words."""
    left, widths, _ = np.linalg.svd(units, full_matrices=False)
    similarities = (left * widths) @ left.T
    similarities.sort(axis=1)
    similarities = unit_rows(similarities)
    similarities -= similarities.mean(axis=0)
    return unit_rows(similarities)
