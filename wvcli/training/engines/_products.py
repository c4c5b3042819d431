"""The arithmetic of the fast engine: predictions, and what follows from their errors.

Skip-gram predicts the same few targets, the middle word and noise words, from several words of a window at once,
so that its arithmetic is a small matrix product (Ji, Satish, Li and Dubey, "Parallelizing Word2Vec in Shared and
Distributed Memory", 2016). Targets are taken in groups of six. Outer loops go over the lines of a row and inner
ones over words and targets, so that what is loaded once serves all of them from registers. Sums that must stay in
registers are variables with numbers: with tuples of them LLVM moves registers to and fro, and is slower.
"""

from numba import float32, int64

from wvcli.training.engines._simd import (
    HALF,
    add,
    broadcast,
    clamp,
    divide,
    fold_2,
    fold_4,
    fold_8,
    fold_16,
    load,
    load_each,
    load_half_twice,
    multiply,
    multiply_add,
    multiply_add_each,
    store,
    store_each,
    subtract,
)
from wvcli.training.engines._state import GROUP, inlined
from wvcli.training.engines._tuning import LANES

_BLOCK = 4 * LANES  # numbers of a row that are added up in registers while all rows pass
_BLOCK_LINES = tuple(range(0, _BLOCK, LANES))


@inlined
def _group_index(target):
    """Return the index of a target's label and count: each group begins at a multiple of half a line."""
    return target // GROUP * HALF + target % GROUP


@inlined
def add_target(scratch, count, row, label):
    """Append a row of the output layer to the targets, and return how many there are then."""
    scratch.targets[count] = row
    scratch.labels[_group_index(count)] = label
    scratch.counts[_group_index(count)] = float32(1)
    return count + 1


@inlined
def add_noise(scratch, count, row):
    """Append the row of a noise word to the targets, or count it once more if it is there; return their number."""
    for target in range(1, count):
        if scratch.targets[target] == row:
            scratch.counts[_group_index(target)] += float32(1)
            return count
    return add_target(scratch, count, row, float32(0))


@inlined
def pad_targets(scratch, count):
    """Append targets that count 0 times until the last group is full, and return the number of targets."""
    while count % GROUP != 0:
        scratch.counts[_group_index(count)] = float32(0)
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
    """Return alpha * count * (label - probability) for the log-odds of six targets, in each half of a line.

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
    first = group // GROUP * HALF
    error = subtract(load_half_twice(scratch.labels, first), probability)
    return multiply(error, multiply(broadcast(alpha), load_half_twice(scratch.counts, first)))


@inlined
def _half_sums(sums):
    """Fold six lines until each is two numbers: one line of twelve, and four that do not count."""
    first = fold_8(fold_16(sums[0], sums[1]), fold_16(sums[2], sums[3]))
    last = fold_16(sums[4], sums[5])
    return fold_4(first, fold_8(last, last))


@inlined
def _logits_of_two(vectors, one, other, output, starts, width):
    """Return the log-odds of two vectors with six rows: in each half of a line those of one vector."""
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    one_0 = one_1 = one_2 = one_3 = one_4 = one_5 = broadcast(float32(0))
    other_0 = other_1 = other_2 = other_3 = other_4 = other_5 = broadcast(float32(0))
    for offset in range(0, width, LANES):
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
    one_sums = one_0, one_1, one_2, one_3, one_4, one_5
    other_sums = other_0, other_1, other_2, other_3, other_4, other_5
    return fold_2(_half_sums(one_sums), _half_sums(other_sums))


@inlined
def _logits_of_one(vector, output, starts, width):
    """Return the log-odds of a vector with six rows, in each half of a line."""
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    sum_0 = sum_1 = sum_2 = sum_3 = sum_4 = sum_5 = broadcast(float32(0))
    for offset in range(0, width, LANES):
        line = load(vector, offset)
        sum_0 = multiply_add(sum_0, line, load(output, start_0 + offset))
        sum_1 = multiply_add(sum_1, line, load(output, start_1 + offset))
        sum_2 = multiply_add(sum_2, line, load(output, start_2 + offset))
        sum_3 = multiply_add(sum_3, line, load(output, start_3 + offset))
        sum_4 = multiply_add(sum_4, line, load(output, start_4 + offset))
        sum_5 = multiply_add(sum_5, line, load(output, start_5 + offset))
    halves = _half_sums((sum_0, sum_1, sum_2, sum_3, sum_4, sum_5))
    return fold_2(halves, halves)


@inlined
def _load_errors(scratch, word):
    """Return the six errors of a word of the context, each as a line."""
    errors, first = scratch.errors, word * HALF
    return (
        broadcast(errors[first]),
        broadcast(errors[first + 1]),
        broadcast(errors[first + 2]),
        broadcast(errors[first + 3]),
        broadcast(errors[first + 4]),
        broadcast(errors[first + 5]),
    )


@inlined
def _weighted_sum(errors, lines):
    """Return the sum of six lines, each times its error: of two sums that need not wait for each other."""
    one = multiply_add(multiply_add(multiply(errors[0], lines[0]), errors[1], lines[1]), errors[2], lines[2])
    two = multiply_add(multiply_add(multiply(errors[3], lines[3]), errors[4], lines[4]), errors[5], lines[5])
    return add(one, two)


@inlined
def _change_line(weights, scratch, start, stop, starts, offset):
    """Change one line of some words of the context and of six targets, each by what the others were before."""
    output, word_vectors = weights.output, weights.word_vectors
    start_0, start_1, start_2, start_3, start_4, start_5 = starts
    before_0 = load(output, start_0 + offset)
    before_1 = load(output, start_1 + offset)
    before_2 = load(output, start_2 + offset)
    before_3 = load(output, start_3 + offset)
    before_4 = load(output, start_4 + offset)
    before_5 = load(output, start_5 + offset)
    before = before_0, before_1, before_2, before_3, before_4, before_5
    after_0, after_1, after_2, after_3, after_4, after_5 = before
    for word in range(start, stop):
        row = scratch.context[word]
        first = int64(row) * weights.width + offset
        vector, errors = load(word_vectors, first), _load_errors(scratch, word)
        change, factor = _weighted_sum(errors, before), broadcast(weights.lock_factors[row])
        store(word_vectors, first, multiply_add(vector, factor, change))
        after_0 = multiply_add(after_0, errors[0], vector)
        after_1 = multiply_add(after_1, errors[1], vector)
        after_2 = multiply_add(after_2, errors[2], vector)
        after_3 = multiply_add(after_3, errors[3], vector)
        after_4 = multiply_add(after_4, errors[4], vector)
        after_5 = multiply_add(after_5, errors[5], vector)
    store(output, start_0 + offset, after_0)
    store(output, start_1 + offset, after_1)
    store(output, start_2 + offset, after_2)
    store(output, start_3 + offset, after_3)
    store(output, start_4 + offset, after_4)
    store(output, start_5 + offset, after_5)


@inlined
def train_words(weights, scratch, start, stop, count, alpha):
    """Train words of the context from `start` up to `stop` on the same targets, no two of which are one row.

    There must be one more word in the context, for words are taken in twos.
    """
    width, context = weights.width, scratch.context
    for group in range(0, count, GROUP):
        starts = _starts(weights, scratch, group)
        for word in range(start, stop, 2):
            one, other = int64(context[word]) * width, int64(context[word + 1]) * width
            logits = _logits_of_two(weights.word_vectors, one, other, weights.output, starts, width)
            store(scratch.errors, word * HALF, _errors(scratch, group, logits, alpha))
        for offset in range(0, width, LANES):
            _change_line(weights, scratch, start, stop, starts, offset)


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
        logits = _logits_of_one(hidden, weights.output, starts, weights.width)
        store(scratch.errors, 0, _errors(scratch, group, logits, alpha))
        errors = _load_errors(scratch, 0)
        for offset in range(0, weights.width, LANES):
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
def clear(vector, width):
    """Set a vector to zeros."""
    for offset in range(0, width, LANES):
        store(vector, offset, broadcast(float32(0)))


@inlined
def scale(vector, width, factor):
    """Multiply a vector by a number."""
    for offset in range(0, width, LANES):
        store(vector, offset, multiply(load(vector, offset), broadcast(factor)))


@inlined
def add_rows(array, width, rows, start, stop, total):
    """Add to a vector the rows of an array that `rows` names from `start` up to `stop`."""
    one = broadcast(float32(1))
    for offset in range(0, width - _BLOCK + 1, _BLOCK):
        sums = load_each(total, _BLOCK_LINES, offset)
        for index in range(start, stop):
            row = load_each(array, _BLOCK_LINES, int64(rows[index]) * width + offset)
            sums = multiply_add_each(sums, one, row)
        store_each(total, _BLOCK_LINES, offset, sums)
    for offset in range(width // _BLOCK * _BLOCK, width, LANES):
        line = load(total, offset)
        for index in range(start, stop):
            line = add(line, load(array, int64(rows[index]) * width + offset))
        store(total, offset, line)


@inlined
def _change_rows(array, width, rows, start, stop, change, factors, has_factors):
    """Add a vector to the rows that are named, times the factor of each if there are factors."""
    for offset in range(0, width - _BLOCK + 1, _BLOCK):
        block = load_each(change, _BLOCK_LINES, offset)
        for index in range(start, stop):
            row = int64(rows[index])
            factor = broadcast(factors[row] if has_factors else float32(1))
            first = row * width + offset
            before = load_each(array, _BLOCK_LINES, first)
            store_each(array, _BLOCK_LINES, first, multiply_add_each(before, factor, block))
    for offset in range(width // _BLOCK * _BLOCK, width, LANES):
        line = load(change, offset)
        for index in range(start, stop):
            row = int64(rows[index])
            factor = broadcast(factors[row] if has_factors else float32(1))
            first = row * width + offset
            store(array, first, multiply_add(load(array, first), factor, line))


@inlined
def change_rows(array, width, rows, start, stop, change):
    """Add a vector to the rows of an array that `rows` names from `start` up to `stop`."""
    _change_rows(array, width, rows, start, stop, change, change, False)


@inlined
def change_word_vectors(weights, rows, start, stop, change):
    """Add a vector to the word vectors that `rows` names from `start` up to `stop`, times their lock factors."""
    _change_rows(weights.word_vectors, weights.width, rows, start, stop, change, weights.lock_factors, True)
