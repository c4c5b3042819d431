"""The arithmetic of the fast engine: predictions, and what follows from their errors.

Skip-gram takes all words of a window against the same few targets, the middle word and noise words, so that its
arithmetic is a small matrix product (Ji, Satish, Li and Dubey, "Parallelizing Word2Vec in Shared and Distributed
Memory", 2016). Its inner loops go over few words and targets and the outer one over lines, so that what is read
once is at hand for all: targets stay in registers.
"""

from numba import float32, int64

from wvcli.system.compiling import LANES
from wvcli.training.engines._simd import (
    HALF,
    fold_2,
    fold_4,
    fold_8,
    fold_16,
    load,
    load_twice,
    minus,
    over,
    plus,
    plus_times,
    splat,
    store,
    times,
    within,
)
from wvcli.training.engines._state import TARGETS, inlined

_BLOCK = 4 * LANES  # numbers of a row that are added up in registers while all rows pass


@inlined
def _slot(number):
    """Where of a target's kind is kept: a group of targets takes half a line."""
    return number // TARGETS * HALF + number % TARGETS


@inlined
def add_target(room, count, row, label):
    """Let a row of the output layer be a target; gives how many there are then."""
    room.rows[count] = row
    room.labels[_slot(count)] = label
    room.shares[_slot(count)] = float32(1)
    return count + 1


@inlined
def add_noise(room, count, row):
    """Let the copy of a noise word be a target, or count once more."""
    for other in range(1, count):
        if room.rows[other] == row:
            room.shares[_slot(other)] += float32(1)
            return count
    return add_target(room, count, row, float32(0))


@inlined
def pad_targets(room, count):
    """Add targets of no share until the last group is whole; gives their number."""
    while count % TARGETS != 0:
        room.shares[_slot(count)] = float32(0)
        room.rows[count] = room.own.spare
        count += 1
    return count


@inlined
def _rows(weights, room, group):
    """Where the rows of a group of targets begin."""
    rows, width = room.rows, weights.width
    one = int64(rows[group]) * width, int64(rows[group + 1]) * width, int64(rows[group + 2]) * width
    two = int64(rows[group + 3]) * width, int64(rows[group + 4]) * width, int64(rows[group + 5]) * width
    return one[0], one[1], one[2], two[0], two[1], two[2]


@inlined
def _errors(room, group, logits, alpha):
    """What weights change by: the learning rate times the share of a target, times its label less its probability.

    In each half are the log-odds of a group of six targets. The logistic function is half of tanh plus a half, and
    tanh the seventh convergent of Lambert's continued fraction: within 0.00005 of the truth, and without a branch.
    """
    half = within(times(logits, splat(float32(0.5))), float32(4.97))
    square = times(half, half)
    above = plus_times(splat(float32(17325)), square, plus(splat(float32(378)), square))
    above = times(half, plus_times(splat(float32(135135)), square, above))
    below = plus_times(splat(float32(3150)), square, splat(float32(28)))
    below = plus_times(splat(float32(135135)), square, plus_times(splat(float32(62370)), square, below))
    probability = plus_times(splat(float32(0.5)), splat(float32(0.5)), over(above, below))
    at = group // TARGETS * HALF
    error = minus(load_twice(room.labels, at), probability)
    return times(error, times(splat(alpha), load_twice(room.shares, at)))


@inlined
def _halves(sums):
    """Eight lines folded until each is two numbers: six sums, and two that do not count."""
    sum_0, sum_1, sum_2, sum_3, sum_4, sum_5 = sums
    one = fold_8(fold_16(sum_0, sum_1), fold_16(sum_2, sum_3))
    two = fold_16(sum_4, sum_5)
    return fold_4(one, fold_8(two, two))


@inlined
def _with_two(words, one, other, output, rows, width):
    """Log-odds of two vectors with six rows: in each half of a line those of one vector."""
    row_0, row_1, row_2, row_3, row_4, row_5 = rows
    zero = splat(float32(0))
    one_0 = one_1 = one_2 = one_3 = one_4 = one_5 = zero
    two_0 = two_1 = two_2 = two_3 = two_4 = two_5 = zero
    for at in range(0, width, LANES):
        first, second = load(words, one + at), load(words, other + at)
        row = load(output, row_0 + at)
        one_0, two_0 = plus_times(one_0, first, row), plus_times(two_0, second, row)
        row = load(output, row_1 + at)
        one_1, two_1 = plus_times(one_1, first, row), plus_times(two_1, second, row)
        row = load(output, row_2 + at)
        one_2, two_2 = plus_times(one_2, first, row), plus_times(two_2, second, row)
        row = load(output, row_3 + at)
        one_3, two_3 = plus_times(one_3, first, row), plus_times(two_3, second, row)
        row = load(output, row_4 + at)
        one_4, two_4 = plus_times(one_4, first, row), plus_times(two_4, second, row)
        row = load(output, row_5 + at)
        one_5, two_5 = plus_times(one_5, first, row), plus_times(two_5, second, row)
    one = one_0, one_1, one_2, one_3, one_4, one_5
    two = two_0, two_1, two_2, two_3, two_4, two_5
    return fold_2(_halves(one), _halves(two))


@inlined
def _weighted(errors, lines):
    """Six lines, each times its error, added up."""
    error_0, error_1, error_2, error_3, error_4, error_5 = errors
    line_0, line_1, line_2, line_3, line_4, line_5 = lines
    one = plus_times(plus_times(times(error_0, line_0), error_1, line_1), error_2, line_2)
    two = plus_times(plus_times(times(error_3, line_3), error_4, line_4), error_5, line_5)
    return plus(one, two)


@inlined
def _splats(errors, at):
    one = splat(errors[at]), splat(errors[at + 1]), splat(errors[at + 2])
    two = splat(errors[at + 3]), splat(errors[at + 4]), splat(errors[at + 5])
    return one[0], one[1], one[2], two[0], two[1], two[2]


@inlined
def _change_line(weights, room, start, stop, rows, at):
    """Change a line of some words of the context, and of six targets by the words as they were."""
    words, output, width = weights.words, weights.output, weights.width
    row_0, row_1, row_2, row_3, row_4, row_5 = rows
    old_0, old_1, old_2 = load(output, row_0 + at), load(output, row_1 + at), load(output, row_2 + at)
    old_3, old_4, old_5 = load(output, row_3 + at), load(output, row_4 + at), load(output, row_5 + at)
    new_0, new_1, new_2, new_3, new_4, new_5 = old_0, old_1, old_2, old_3, old_4, old_5
    for number in range(start, stop):
        word = room.context[number]
        first = int64(word) * width + at
        vector, errors = load(words, first), _splats(room.errors, number * HALF)
        change = _weighted(errors, (old_0, old_1, old_2, old_3, old_4, old_5))
        store(words, first, plus_times(vector, splat(weights.factors[word]), change))
        new_0, new_1 = plus_times(new_0, errors[0], vector), plus_times(new_1, errors[1], vector)
        new_2, new_3 = plus_times(new_2, errors[2], vector), plus_times(new_3, errors[3], vector)
        new_4, new_5 = plus_times(new_4, errors[4], vector), plus_times(new_5, errors[5], vector)
    store(output, row_0 + at, new_0)
    store(output, row_1 + at, new_1)
    store(output, row_2 + at, new_2)
    store(output, row_3 + at, new_3)
    store(output, row_4 + at, new_4)
    store(output, row_5 + at, new_5)


@inlined
def train_words(weights, room, start, stop, count, alpha):
    """Words of the context from `start` up to `stop` against the same targets, no two of which are one row.

    There must be one more word in the context.
    """
    width, context = weights.width, room.context
    for group in range(0, count, TARGETS):
        rows = _rows(weights, room, group)
        for word in range(start, stop, 2):
            one, other = int64(context[word]) * width, int64(context[word + 1]) * width
            logits = _with_two(weights.words, one, other, weights.output, rows, width)
            store(room.errors, word * HALF, _errors(room, group, logits, alpha))
        for at in range(0, width, LANES):
            _change_line(weights, room, start, stop, rows, at)


@inlined
def _with_one(vector, output, rows, width):
    """Log-odds of a vector with six rows, in each half of a line."""
    row_0, row_1, row_2, row_3, row_4, row_5 = rows
    sum_0 = sum_1 = sum_2 = sum_3 = sum_4 = sum_5 = splat(float32(0))
    for at in range(0, width, LANES):
        line = load(vector, at)
        sum_0 = plus_times(sum_0, line, load(output, row_0 + at))
        sum_1 = plus_times(sum_1, line, load(output, row_1 + at))
        sum_2 = plus_times(sum_2, line, load(output, row_2 + at))
        sum_3 = plus_times(sum_3, line, load(output, row_3 + at))
        sum_4 = plus_times(sum_4, line, load(output, row_4 + at))
        sum_5 = plus_times(sum_5, line, load(output, row_5 + at))
    halves = _halves((sum_0, sum_1, sum_2, sum_3, sum_4, sum_5))
    return fold_2(halves, halves)


@inlined
def _change_target(output, place, error, hidden, change):
    """Change a line of a target, and give what the hidden vector is to change by with it."""
    line = load(output, place)
    store(output, place, plus_times(line, error, hidden))
    return plus_times(change, error, line)


@inlined
def train_hidden(weights, room, count, alpha, follow):
    """One vector against targets.

    What it is to change by is added to `room.total`, and `follow` times that to the vector itself.
    """
    width, output, hidden = weights.width, weights.output, room.hidden
    for group in range(0, count, TARGETS):
        rows = _rows(weights, room, group)
        logits = _with_one(hidden, output, rows, width)
        store(room.errors, 0, _errors(room, group, logits, alpha))
        errors = _splats(room.errors, 0)
        for at in range(0, width, LANES):
            line, change = load(hidden, at), splat(float32(0))
            change = _change_target(output, rows[0] + at, errors[0], line, change)
            change = _change_target(output, rows[1] + at, errors[1], line, change)
            change = _change_target(output, rows[2] + at, errors[2], line, change)
            change = _change_target(output, rows[3] + at, errors[3], line, change)
            change = _change_target(output, rows[4] + at, errors[4], line, change)
            change = _change_target(output, rows[5] + at, errors[5], line, change)
            store(room.total, at, plus(load(room.total, at), change))
            store(hidden, at, plus_times(line, splat(follow), change))


@inlined
def fill(vector, width):
    """Make a vector all zeros."""
    for at in range(0, width, LANES):
        store(vector, at, splat(float32(0)))


@inlined
def scale(vector, width, factor):
    for at in range(0, width, LANES):
        store(vector, at, times(load(vector, at), splat(factor)))


@inlined
def _load_block(array, place):
    """Lines that lie behind one another, as many as are added up in one go."""
    one, two = load(array, place), load(array, place + LANES)
    return one, two, load(array, place + 2 * LANES), load(array, place + 3 * LANES)


@inlined
def _store_block(array, place, block):
    store(array, place, block[0])
    store(array, place + LANES, block[1])
    store(array, place + 2 * LANES, block[2])
    store(array, place + 3 * LANES, block[3])


@inlined
def _block_plus_times(block, factor, other):
    one, two = plus_times(block[0], factor, other[0]), plus_times(block[1], factor, other[1])
    return one, two, plus_times(block[2], factor, other[2]), plus_times(block[3], factor, other[3])


@inlined
def add_rows(array, width, rows, start, stop, total):
    """Add to a vector the rows of an array that are named from `start` up to `stop`."""
    one = splat(float32(1))
    for at in range(0, width - _BLOCK + 1, _BLOCK):
        block = _load_block(total, at)
        for number in range(start, stop):
            block = _block_plus_times(block, one, _load_block(array, int64(rows[number]) * width + at))
        _store_block(total, at, block)
    for at in range(width // _BLOCK * _BLOCK, width, LANES):
        line = load(total, at)
        for number in range(start, stop):
            line = plus(line, load(array, int64(rows[number]) * width + at))
        store(total, at, line)


@inlined
def _change_rows(array, width, rows, start, stop, change, factors, with_factors):
    """Add a vector to the rows that are named, times the factor of each if so asked."""
    for at in range(0, width - _BLOCK + 1, _BLOCK):
        block = _load_block(change, at)
        for number in range(start, stop):
            row = int64(rows[number])
            factor = splat(factors[row] if with_factors else float32(1))
            place = row * width + at
            _store_block(array, place, _block_plus_times(_load_block(array, place), factor, block))
    for at in range(width // _BLOCK * _BLOCK, width, LANES):
        line = load(change, at)
        for number in range(start, stop):
            row = int64(rows[number])
            factor = splat(factors[row] if with_factors else float32(1))
            place = row * width + at
            store(array, place, plus_times(load(array, place), factor, line))


@inlined
def change_rows(array, width, rows, start, stop, change):
    """Add a vector to the rows of an array that are named from `start` up to `stop`."""
    _change_rows(array, width, rows, start, stop, change, change, False)


@inlined
def change_words(weights, words, start, stop, change):
    """Add a vector to the words that are named from `start` up to `stop`, but to those that are kept."""
    _change_rows(weights.words, weights.width, words, start, stop, change, weights.factors, True)
