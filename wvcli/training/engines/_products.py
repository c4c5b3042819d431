"""The arithmetic of the fast engine: predictions, and what follows from their errors.

Skip-gram predicts the same few targets, the middle word and noise words, from several words of a window at once,
so that its arithmetic is a small matrix product (Ji, Satish, Li and Dubey, "Parallelizing Word2Vec in Shared and
Distributed Memory", 2016). Targets are taken in groups of six. Outer loops go over the lines of a row and inner
ones over words and targets, so that what is loaded once serves all of them from registers. Sums that must stay in
registers are variables with numbers: with tuples of them LLVM moves registers to and fro, and is slower.
"""

from numba import float32, int64

from wvcli.training.engines._simd import (
    EIGHT,
    LANES,
    add,
    broadcast,
    clamp,
    divide,
    load,
    load_each,
    load_eight,
    multiply,
    multiply_add,
    multiply_add_each,
    store,
    store_each,
    subtract,
    total_of_each,
)
from wvcli.training.engines._state import GROUP, inlined

_BLOCK = 4 * LANES  # numbers of a row that are added up in registers while all rows pass
_BLOCK_LINES = tuple(range(0, _BLOCK, LANES))


@inlined
def add_target(scratch, count, row, label):
    """Append a row of the output layer to the targets, and return how many there are then."""
    scratch.targets[count] = row
    scratch.labels[count] = label
    scratch.counts[count] = float32(1)
    return count + 1


@inlined
def add_noise(scratch, count, row):
    """Append the row of a noise word to the targets, or count it once more if it is there; return their number."""
    for target in range(1, count):
        if scratch.targets[target] == row:
            scratch.counts[target] += float32(1)
            return count
    return add_target(scratch, count, row, float32(0))


@inlined
def pad_targets(scratch, count):
    """Append targets that count 0 times until the last group is full, and return the number of targets."""
    while count % GROUP != 0:
        scratch.counts[count] = float32(0)
        scratch.targets[count] = scratch.rows.padding
        count += 1
    return count


@inlined
def _starts(weights, scratch, group):
    """Return where in the output layer the rows of six targets begin."""
    targets, width = scratch.targets, weights.width
    return (
        int64(targets[group]) * width,
        int64(targets[group + 1]) * width,
        int64(targets[group + 2]) * width,
        int64(targets[group + 3]) * width,
        int64(targets[group + 4]) * width,
        int64(targets[group + 5]) * width,
    )


@inlined
def _errors(scratch, group, logits, alpha):
    """Return alpha * count * (label - probability) for the log-odds of six targets, in every eight lanes.

    The logistic function is (tanh + 1) / 2 of half the log-odds, and tanh the seventh convergent of Lambert's
    continued fraction: within 0.00005 of the truth, and without a branch.
    """
    half = clamp(multiply(logits, broadcast(float32(0.5))), float32(4.97))
    square = multiply(half, half)
    above = multiply_add(broadcast(float32(17325)), square, add(broadcast(float32(378)), square))
    above = multiply(half, multiply_add(broadcast(float32(135135)), square, above))
    below = multiply_add(broadcast(float32(3150)), square, broadcast(float32(28)))
    below = multiply_add(broadcast(float32(62370)), square, below)
    below = multiply_add(broadcast(float32(135135)), square, below)
    probability = multiply_add(broadcast(float32(0.5)), broadcast(float32(0.5)), divide(above, below))
    error = subtract(load_eight(scratch.labels, group), probability)
    return multiply(error, multiply(broadcast(alpha), load_eight(scratch.counts, group)))


@inlined
def _logits_of_two(vectors, one, other, output, starts, length):
    """Return the log-odds of each of two vectors with six rows, in every eight lanes of a line."""
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    one_0 = one_1 = one_2 = one_3 = one_4 = one_5 = broadcast(float32(0))
    other_0 = other_1 = other_2 = other_3 = other_4 = other_5 = broadcast(float32(0))
    for offset in range(0, length, LANES):
        first, second = load(vectors, one + offset), load(vectors, other + offset)
        row = load(output, start_0 + offset)
        one_0, other_0 = multiply_add(one_0, first, row), multiply_add(other_0, second, row)
        row = load(output, start_1 + offset)
        one_1, other_1 = multiply_add(one_1, first, row), multiply_add(other_1, second, row)
        row = load(output, start_2 + offset)
        one_2, other_2 = multiply_add(one_2, first, row), multiply_add(other_2, second, row)
        row = load(output, start_3 + offset)
        one_3, other_3 = multiply_add(one_3, first, row), multiply_add(other_3, second, row)
        row = load(output, start_4 + offset)
        one_4, other_4 = multiply_add(one_4, first, row), multiply_add(other_4, second, row)
        row = load(output, start_5 + offset)
        one_5, other_5 = multiply_add(one_5, first, row), multiply_add(other_5, second, row)
    ones = total_of_each((one_0, one_1, one_2, one_3, one_4, one_5))
    others = total_of_each((other_0, other_1, other_2, other_3, other_4, other_5))
    return ones, others


@inlined
def _logits_of_one(vector, output, starts, length):
    """Return the log-odds of a vector with six rows, in every eight lanes of a line."""
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    sum_0 = sum_1 = sum_2 = sum_3 = sum_4 = sum_5 = broadcast(float32(0))
    for offset in range(0, length, LANES):
        line = load(vector, offset)
        sum_0 = multiply_add(sum_0, line, load(output, start_0 + offset))
        sum_1 = multiply_add(sum_1, line, load(output, start_1 + offset))
        sum_2 = multiply_add(sum_2, line, load(output, start_2 + offset))
        sum_3 = multiply_add(sum_3, line, load(output, start_3 + offset))
        sum_4 = multiply_add(sum_4, line, load(output, start_4 + offset))
        sum_5 = multiply_add(sum_5, line, load(output, start_5 + offset))
    return total_of_each((sum_0, sum_1, sum_2, sum_3, sum_4, sum_5))


@inlined
def _load_errors(scratch, word):
    """Return the six errors of a word of the context, each as a line."""
    errors, first = scratch.errors, word * EIGHT
    return (
        broadcast(errors[first]),
        broadcast(errors[first + 1]),
        broadcast(errors[first + 2]),
        broadcast(errors[first + 3]),
        broadcast(errors[first + 4]),
        broadcast(errors[first + 5]),
    )


@inlined
def _change_by_two(output, index, line, one, one_error, other, other_error):
    """Change one line of a target by those of two vectors."""
    store(output, index, multiply_add(multiply_add(line, one_error, one), other_error, other))


@inlined
def _change_two(weights, scratch, word, starts):
    """Change the vectors of two words of the context, and six targets, each by what the others were before.

    What the vectors change by are sums of six; they are added up by threes, so that the additions need not wait
    for each other.
    """
    output, vectors, width = weights.output, weights.word_vectors, weights.width
    one_row, other_row = int64(scratch.context[word]), int64(scratch.context[word + 1])
    one_start, other_start = one_row * width, other_row * width
    one_factor, other_factor = broadcast(weights.lock_factors[one_row]), broadcast(weights.lock_factors[other_row])
    one_0, one_1, one_2, one_3, one_4, one_5 = _load_errors(scratch, word)
    other_0, other_1, other_2, other_3, other_4, other_5 = _load_errors(scratch, word + 1)
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    for offset in range(0, weights.length, LANES):
        one, other = load(vectors, one_start + offset), load(vectors, other_start + offset)
        line = load(output, start_0 + offset)
        one_half, other_half = multiply(line, one_0), multiply(line, other_0)
        _change_by_two(output, start_0 + offset, line, one, one_0, other, other_0)
        line = load(output, start_1 + offset)
        one_half, other_half = multiply_add(one_half, line, one_1), multiply_add(other_half, line, other_1)
        _change_by_two(output, start_1 + offset, line, one, one_1, other, other_1)
        line = load(output, start_2 + offset)
        one_half, other_half = multiply_add(one_half, line, one_2), multiply_add(other_half, line, other_2)
        _change_by_two(output, start_2 + offset, line, one, one_2, other, other_2)
        line = load(output, start_3 + offset)
        one_change, other_change = multiply(line, one_3), multiply(line, other_3)
        _change_by_two(output, start_3 + offset, line, one, one_3, other, other_3)
        line = load(output, start_4 + offset)
        one_change, other_change = multiply_add(one_change, line, one_4), multiply_add(other_change, line, other_4)
        _change_by_two(output, start_4 + offset, line, one, one_4, other, other_4)
        line = load(output, start_5 + offset)
        one_change, other_change = multiply_add(one_change, line, one_5), multiply_add(other_change, line, other_5)
        _change_by_two(output, start_5 + offset, line, one, one_5, other, other_5)
        one_change, other_change = add(one_half, one_change), add(other_half, other_change)
        store(vectors, one_start + offset, multiply_add(one, one_factor, one_change))
        # Loaded again, because both may be one word.
        other = load(vectors, other_start + offset)
        store(vectors, other_start + offset, multiply_add(other, other_factor, other_change))


@inlined
def train_words(weights, scratch, start, stop, count, alpha):
    """Train words of the context from `start` up to `stop` on the same targets, no two of which are one row.

    Words are taken in twos, so there must be one more word in the context: it is read, and does not learn.
    """
    output, vectors, width, length = weights.output, weights.word_vectors, weights.width, weights.length
    context, errors = scratch.context, scratch.errors
    for group in range(0, count, GROUP):
        starts = _starts(weights, scratch, group)
        for word in range(start, stop, 2):
            one, other = int64(context[word]) * width, int64(context[word + 1]) * width
            one_logits, other_logits = _logits_of_two(vectors, one, other, output, starts, length)
            other_alpha = alpha if word + 1 < stop else float32(0)
            store(errors, word * EIGHT, _errors(scratch, group, one_logits, alpha))
            store(errors, (word + 1) * EIGHT, _errors(scratch, group, other_logits, other_alpha))
        for word in range(start, stop, 2):
            _change_two(weights, scratch, word, starts)


@inlined
def _change_target(output, index, error, hidden, change):
    """Change one line of a target, and return the change of the hidden layer with what follows from it added."""
    line = load(output, index)
    store(output, index, multiply_add(line, error, hidden))
    return multiply_add(change, error, line)


@inlined
def train_hidden(weights, scratch, count, alpha, feedback):
    """Train the hidden layer on targets.

    What it is to change by is added to `scratch.hidden_change`, and `feedback` times that to the layer itself.
    """
    hidden, hidden_change = scratch.hidden, scratch.hidden_change
    for group in range(0, count, GROUP):
        starts = _starts(weights, scratch, group)
        logits = _logits_of_one(hidden, weights.output, starts, weights.length)
        store(scratch.errors, 0, _errors(scratch, group, logits, alpha))
        errors = _load_errors(scratch, 0)
        for offset in range(0, weights.length, LANES):
            line, change = load(hidden, offset), broadcast(float32(0))
            change = _change_target(weights.output, starts[0] + offset, errors[0], line, change)
            change = _change_target(weights.output, starts[1] + offset, errors[1], line, change)
            change = _change_target(weights.output, starts[2] + offset, errors[2], line, change)
            change = _change_target(weights.output, starts[3] + offset, errors[3], line, change)
            change = _change_target(weights.output, starts[4] + offset, errors[4], line, change)
            change = _change_target(weights.output, starts[5] + offset, errors[5], line, change)
            store(hidden_change, offset, add(load(hidden_change, offset), change))
            store(hidden, offset, multiply_add(line, broadcast(feedback), change))


@inlined
def clear(vector, length):
    """Set a vector to zeros."""
    for offset in range(0, length, LANES):
        store(vector, offset, broadcast(float32(0)))


@inlined
def scale(vector, length, factor):
    """Multiply a vector by a number."""
    for offset in range(0, length, LANES):
        store(vector, offset, multiply(load(vector, offset), broadcast(factor)))


@inlined
def add_rows(weights, array, rows, start, stop, total):
    """Add to a vector the rows of an array that `rows` names from `start` up to `stop`."""
    width, length = weights.width, weights.length
    for offset in range(0, length - _BLOCK + 1, _BLOCK):
        sums = load_each(total, _BLOCK_LINES, offset)
        for index in range(start, stop):
            row = load_each(array, _BLOCK_LINES, int64(rows[index]) * width + offset)
            sums = multiply_add_each(sums, broadcast(float32(1)), row)
        store_each(total, _BLOCK_LINES, offset, sums)
    for offset in range(length // _BLOCK * _BLOCK, length, LANES):
        line = load(total, offset)
        for index in range(start, stop):
            line = add(line, load(array, int64(rows[index]) * width + offset))
        store(total, offset, line)


@inlined
def _change_rows(weights, array, rows, start, stop, change, has_factors):
    """Add a vector to the rows that are named, times the lock factor of each if they have such factors."""
    width, length, factors = weights.width, weights.length, weights.lock_factors
    for offset in range(0, length - _BLOCK + 1, _BLOCK):
        block = load_each(change, _BLOCK_LINES, offset)
        for index in range(start, stop):
            row = int64(rows[index])
            factor = broadcast(factors[row] if has_factors else float32(1))
            first = row * width + offset
            before = load_each(array, _BLOCK_LINES, first)
            store_each(array, _BLOCK_LINES, first, multiply_add_each(before, factor, block))
    for offset in range(length // _BLOCK * _BLOCK, length, LANES):
        line = load(change, offset)
        for index in range(start, stop):
            row = int64(rows[index])
            factor = broadcast(factors[row] if has_factors else float32(1))
            first = row * width + offset
            store(array, first, multiply_add(load(array, first), factor, line))


@inlined
def change_rows(weights, array, rows, start, stop, change):
    """Add a vector to the rows of an array that `rows` names from `start` up to `stop`."""
    _change_rows(weights, array, rows, start, stop, change, False)


@inlined
def change_word_vectors(weights, rows, start, stop, change):
    """Add a vector to the word vectors that `rows` names from `start` up to `stop`, times their lock factors."""
    _change_rows(weights, weights.word_vectors, rows, start, stop, change, True)
