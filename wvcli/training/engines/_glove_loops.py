"""The compiled loop that trains GloVe: AdaGrad on one pair of words after another.

Numba compiles a kernel again when this file changes, but not when only a file does that it imports from.
"""

from math import exp, log, sqrt
from typing import NamedTuple

from numba import float32, int64, uint32, uint64

from wvcli.training.engines._cooccurrence_loops import UNIT, CellArray, key_of
from wvcli.training.engines._simd import (
    LANES,
    broadcast,
    clamp,
    divide,
    load,
    multiply,
    multiply_add,
    square_root,
    store,
    subtract,
    total,
)
from wvcli.training.engines._state import FloatArray, compiled, inlined, pointers, prefetch_row

# The four vectors of a word, which stand one behind the other: it has one for when it is the word and one for when
# it is the context, each with the sums of its squared steps. Behind the numbers of a vector stands its bias.
WORD, WORD_SQUARES, CONTEXT, CONTEXT_SQUARES = range(4)
VECTORS = 4
_STEEPEST = 100.0  # gradient of one number, beyond which it is cut, as in the authors' program
_AHEAD = 1  # pairs ahead of which rows are prefetched


class GloveWeights(NamedTuple):
    """What is trained.

    Attributes:
        rows: float32, flat: of each word its four vectors, of which each begins on a cache line.
        width: float32 numbers from one vector to the next.
        dim: of these, how many are the vector's; the bias follows, and then zeros.
    """

    rows: FloatArray
    width: int
    dim: int


class GloveTask(NamedTuple):
    """Pairs of words that one worker trains on in one call.

    Attributes:
        cells: uint64 [2 * pairs], places and counts.
        start: index of the first pair to train on.
        stop: index after the last.
        alpha: learning rate.
        x_max: count from which on a pair has the whole weight.
        power: by which the weight grows with the count up to there.
    """

    cells: CellArray
    start: int
    stop: int
    alpha: float
    x_max: float
    power: float


@inlined
def _product(rows, first, second, width):
    """Return the sum of the products of two vectors, number by number."""
    line = broadcast(float32(0))
    for offset in range(0, width, LANES):
        line = multiply_add(line, load(rows, first + offset), load(rows, second + offset))
    return total(line)


@inlined
def _train(weights, word, context, target, weight, alpha):
    """Move the vectors of a word and of its context towards the logarithm of their count."""
    rows, width, dim = weights.rows, weights.width, weights.dim
    first = (int64(word) * VECTORS + WORD) * width
    second = (int64(context) * VECTORS + CONTEXT) * width
    first_bias, second_bias = rows[first + dim], rows[second + dim]
    first_sum, second_sum = rows[first + width + dim], rows[second + width + dim]
    product = _product(rows, first, second, width) - first_bias * second_bias
    error = weight * (product + first_bias + second_bias - target)
    errors, rate = broadcast(error), broadcast(alpha)
    for offset in range(0, width, LANES):
        one, other = load(rows, first + offset), load(rows, second + offset)
        one_sum, other_sum = load(rows, first + width + offset), load(rows, second + width + offset)
        one_step = multiply(clamp(multiply(errors, other), float32(_STEEPEST)), rate)
        other_step = multiply(clamp(multiply(errors, one), float32(_STEEPEST)), rate)
        store(rows, first + offset, subtract(one, divide(one_step, square_root(one_sum))))
        store(rows, second + offset, subtract(other, divide(other_step, square_root(other_sum))))
        store(rows, first + width + offset, multiply_add(one_sum, one_step, one_step))
        store(rows, second + width + offset, multiply_add(other_sum, other_step, other_step))
    rows[first + dim] = first_bias - error / sqrt(first_sum)
    rows[second + dim] = second_bias - error / sqrt(second_sum)
    rows[first + width + dim] = first_sum + error * error
    rows[second + width + dim] = second_sum + error * error


@compiled
def train_pairs(task, weights):
    """Train on pairs of words, each in both directions, and return how many they are."""
    task, weights = pointers(task), pointers(weights)
    log_x_max = log(task.x_max)
    alpha, row = float32(task.alpha), VECTORS * weights.width
    for index in range(task.start, task.stop):
        if index + _AHEAD < task.stop:
            ahead = key_of(task.cells[2 * (index + _AHEAD)])
            prefetch_row(weights.rows, ahead >> uint64(32), row)
            prefetch_row(weights.rows, uint32(ahead), row)
        key = key_of(task.cells[2 * index])
        word, context = int64(key >> uint64(32)), int64(uint32(key))
        target = log(task.cells[2 * index + 1] / float(UNIT))
        weight = float32(exp(min(0.0, task.power * (target - log_x_max))))
        _train(weights, word, context, float32(target), weight, alpha)
        if word != context:
            _train(weights, context, word, float32(target), weight, alpha)
    return task.stop - task.start
