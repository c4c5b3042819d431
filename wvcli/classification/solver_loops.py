"""The compiled loops of `support_vectors`, without the interpreter's lock.

Numbers of features are made unsigned, so that no index is looked at for its sign: a third of the time.

A row is the features of a text in three parts, each multiplied by its own scale, then numbers that all texts have
(such as a mean of word vectors), and a one for the bias. What is kept of a weight is its product with the scale of
its feature, so that a row needs no values; squares of the scales stand beside the weights.
"""

import numpy as np
from numba import njit, types

_numbers = types.int32[::1]
_longs = types.int64[::1]
_ends = types.int64[:, ::1]
_reals = types.float64[::1]
_real_rows = types.float64[:, ::1]
_pairs = types.float32[:, ::1]


def _mapped(kind, axes):
    """Return the type of arrays that may be those of a file, which are not written to."""
    return types.Array(kind, axes, "C", readonly=True)


_inlined = njit(nogil=True, forceinline=True)
_STARTS_WITH = np.uint64(88172645463325252)  # of the random order, xorshift's own example


@_inlined
def _product(row, numbers, starts, ends, scales, dense, weights, dense_weights, bias):
    """Return the product of a row with the weights."""
    total = bias
    at = starts[row]
    for part in range(3):
        stop = ends[row, part]
        some = 0.0
        for number in numbers[at:stop]:
            some += weights[np.uint32(number), 0]
        total += scales[row, part] * some
        at = stop
    for column in range(dense.shape[1]):
        total += dense_weights[column] * dense[row, column]
    return total


@_inlined
def _add(amount, row, numbers, starts, ends, scales, dense, weights, dense_weights):
    """Add a multiple of a row to the weights."""
    at = starts[row]
    for part in range(3):
        stop = ends[row, part]
        here = np.float32(amount * scales[row, part])
        for number in numbers[at:stop]:
            weights[np.uint32(number), 0] += here * weights[np.uint32(number), 1]
        at = stop
    for column in range(dense.shape[1]):
        dense_weights[column] += amount * dense[row, column]


@_inlined
def _square(row, starts, ends, numbers, scales, dense, weights):
    """Return the product of a row with itself, the one for the bias included."""
    total = 1.0
    at = starts[row]
    for part in range(3):
        some = 0.0
        for number in numbers[at : ends[row, part]]:
            some += weights[np.uint32(number), 1]
        total += scales[row, part] * scales[row, part] * some
        at = ends[row, part]
    for column in range(dense.shape[1]):
        total += dense[row, column] * dense[row, column]
    return total


@_inlined
def _shuffle(order, random):
    """Put rows in a random order; return the state of the random numbers, by Marsaglia's xorshift."""
    for place in range(len(order)):
        random ^= random << np.uint64(13)
        random ^= random >> np.uint64(7)
        random ^= random << np.uint64(17)
        other = place + np.int64(random % np.uint64(len(order) - place))
        order[place], order[other] = order[other], order[place]
    return random


@njit(
    types.UniTuple(types.float64, 2)(
        _numbers, _longs, _ends, _real_rows, _real_rows, _reals, _reals, _pairs, _reals, types.float64, types.int64
    ),
    nogil=True,
    cache=True,
)
def solve(numbers, starts, ends, scales, dense, signs, limits, weights, dense_weights, tolerance, most_passes):
    """Fit a support vector machine of squared hinge loss; return the bias, and passes over the rows.

    The algorithm is that of Hsieh, Chang, Lin, Keerthi and Sundararajan, "A dual coordinate descent method for
    large-scale linear SVM" (2008), without shrinking.

    Args:
        numbers, starts, ends, scales: the rows, as in `features.Rows`.
        dense: float64 [rows, columns], what each row has besides.
        signs: float64 [rows], 1 for rows with the label and -1 for the others.
        limits: float64 [rows], above 0, how much each row counts.
        weights: float32 [features, 2], zeros and the squares of the scales of features; the weights are put in.
        dense_weights: float64 [columns], zeros; the weights are put in.
        tolerance: largest gradient of any row at which the descent ends.
        most_passes: after which it ends anyway.
    """
    rows = len(signs)
    alphas = np.zeros(rows)
    slopes = np.empty(rows)  # the second derivative of each dual variable
    bias = 0.0
    for row in range(rows):
        slopes[row] = _square(row, starts, ends, numbers, scales, dense, weights) + 0.5 / limits[row]
    order = np.arange(rows)  # in which rows are visited
    random = np.uint64(_STARTS_WITH)
    passes = 0
    while passes < most_passes:
        random = _shuffle(order, random)
        largest = 0.0
        for place in range(rows):
            row = order[place]
            sign, before = signs[row], alphas[row]
            product = _product(row, numbers, starts, ends, scales, dense, weights, dense_weights, bias)
            gradient = sign * product - 1 + 0.5 * before / limits[row]
            if before == 0 and gradient >= 0:
                continue
            largest = max(largest, abs(gradient))
            alphas[row] = max(before - gradient / slopes[row], 0.0)
            amount = (alphas[row] - before) * sign
            _add(amount, row, numbers, starts, ends, scales, dense, weights, dense_weights)
            bias += amount
        passes += 1
        if largest < tolerance:
            break
    return bias, float(passes)


@njit(
    types.void(
        _numbers, _longs, _ends, _real_rows, _mapped(types.float32, 2), _mapped(types.float64, 1), _real_rows
    ),
    nogil=True,
    cache=True,
)
def score(numbers, starts, ends, scales, weights, biases, scores):
    """Score texts by their features.

    Args:
        numbers, starts, ends, scales: the rows, as in `solve`.
        weights: float32 [features, labels].
        biases: float64 [labels].
        scores: float64 [rows, labels], to be filled.
    """
    labels = weights.shape[1]
    sums = np.empty(labels)
    for row in range(len(starts)):
        for label in range(labels):
            scores[row, label] = biases[label]
        at = starts[row]
        for part in range(3):
            sums[:] = 0
            for number in numbers[at : ends[row, part]]:
                for label in range(labels):
                    sums[label] += weights[number, label]
            for label in range(labels):
                scores[row, label] += scales[row, part] * sums[label]
            at = ends[row, part]


@njit(types.void(_real_rows, _mapped(types.float64, 2), _real_rows), nogil=True, cache=True)
def add_dense_scores(dense, dense_weights, scores):
    """Add to scores what the vectors of texts say.

    Args:
        dense: float64 [rows, columns].
        dense_weights: float64 [columns, labels].
        scores: float64 [rows, labels].
    """
    for row in range(dense.shape[0]):
        for column in range(dense.shape[1]):
            for label in range(scores.shape[1]):
                scores[row, label] += dense[row, column] * dense_weights[column, label]


@njit(types.void(_numbers, _longs, _ends, types.boolean[::1], _reals, _reals), nogil=True, cache=True)
def count_with(numbers, starts, ends, is_counted, amounts, counts):
    """Add up for each feature the amounts of the rows that have it and are counted."""
    for row in range(len(starts)):
        if is_counted[row]:
            for number in numbers[starts[row] : ends[row, 2]]:
                counts[number] += amounts[row]
