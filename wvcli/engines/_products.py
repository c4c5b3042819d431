"""The arithmetic of the fast engine: predictions, and what follows from their errors.

Skip-gram takes several words of a window against the same few targets, the middle word and noise words, so that
its arithmetic is a small matrix product (Ji, Satish, Li and Dubey, "Parallelizing Word2Vec in Shared and
Distributed Memory", 2016).
"""

from numba import float32, int64

from wvcli.engines._memory import TARGETS, WORDS, inlined


@inlined
def add_target(room, count, row, label, share):
    room.rows[count] = row
    room.labels[count] = label
    room.shares[count] = share
    return count + 1


@inlined
def _to_probabilities(logits, count):
    """Make probabilities of log-odds.

    The logistic function is half of tanh plus a half, and tanh is the seventh convergent of Lambert's continued
    fraction: within 0.00005 of the truth, and without a branch.
    """
    for number in range(count):
        half = min(max(float32(0.5) * logits[number], float32(-4.97)), float32(4.97))
        square = half * half
        above = half * (float32(135135) + square * (float32(17325) + square * (float32(378) + square)))
        below = float32(135135) + square * (float32(62370) + square * (float32(3150) + square * float32(28)))
        logits[number] = float32(0.5) + float32(0.5) * above / below


@inlined
def _to_errors(room, size, count, alpha):
    """Make of log-odds [size, count] what weights change by: the learning rate times label less probability."""
    _to_probabilities(room.errors, size * count)
    for word in range(size):
        for number in range(count):
            at = word * count + number
            room.errors[at] = (room.labels[number] - room.errors[at]) * (alpha * room.shares[number])


@inlined
def _fill_up(room, count):
    """Add targets of no share until the last group is whole; gives their number."""
    whole = (count + TARGETS - 1) // TARGETS * TARGETS
    for number in range(count, whole):
        add_target(room, number, room.rows[0], float32(0), float32(0))
    return whole


@inlined
def _hold(weights, room, count):
    """Keep targets' rows as they are."""
    dim = weights.dim
    for number in range(count):
        source, goal = int64(room.rows[number]) * dim, number * dim
        for place in range(dim):
            room.held[goal + place] = weights.output[source + place]


@inlined
def _multiply(vectors, first, rows, six, dim, errors, at):
    """Put into `errors` the log-odds of a vector with six rows: a part of the product of words and targets.

    The vector begins at `first`, and the rows where `six` says.
    """
    row_0, row_1, row_2, row_3, row_4, row_5 = six
    sum_0 = sum_1 = sum_2 = sum_3 = sum_4 = sum_5 = float32(0)
    for place in range(dim):
        value = vectors[first + place]
        sum_0 += value * rows[row_0 + place]
        sum_1 += value * rows[row_1 + place]
        sum_2 += value * rows[row_2 + place]
        sum_3 += value * rows[row_3 + place]
        sum_4 += value * rows[row_4 + place]
        sum_5 += value * rows[row_5 + place]
    errors[at], errors[at + 1], errors[at + 2] = sum_0, sum_1, sum_2
    errors[at + 3], errors[at + 4], errors[at + 5] = sum_3, sum_4, sum_5


@inlined
def _spread(vectors, first, rows, six, dim, errors, at, factor):
    """Add to a vector six rows times their errors and a factor."""
    row_0, row_1, row_2, row_3, row_4, row_5 = six
    error_0, error_1, error_2 = factor * errors[at], factor * errors[at + 1], factor * errors[at + 2]
    error_3, error_4, error_5 = factor * errors[at + 3], factor * errors[at + 4], factor * errors[at + 5]
    for place in range(dim):
        one = error_0 * rows[row_0 + place] + error_1 * rows[row_1 + place] + error_2 * rows[row_2 + place]
        two = error_3 * rows[row_3 + place] + error_4 * rows[row_4 + place] + error_5 * rows[row_5 + place]
        vectors[first + place] += one + two


@inlined
def _held_rows(group, dim):
    """Where the rows of a group begin that are held."""
    first = group * dim
    return first, first + dim, first + 2 * dim, first + 3 * dim, first + 4 * dim, first + 5 * dim


@inlined
def _output_rows(room, group, dim):
    """Where the rows of a group begin in the output layer."""
    rows = room.rows
    one = int64(rows[group]) * dim, int64(rows[group + 1]) * dim, int64(rows[group + 2]) * dim
    two = int64(rows[group + 3]) * dim, int64(rows[group + 4]) * dim, int64(rows[group + 5]) * dim
    return one[0], one[1], one[2], two[0], two[1], two[2]


@inlined
def _change_target(weights, room, number, word, whole):
    """Add to a target's row the vectors of two words of the context, times their errors."""
    dim, words, output, row = weights.dim, weights.words, weights.output, int64(room.rows[number]) * weights.dim
    at = word * whole + number
    word_0, word_1 = int64(room.context[word]) * dim, int64(room.context[word + 1]) * dim
    error_0, error_1 = room.errors[at], room.errors[at + whole]
    for place in range(dim):
        output[row + place] += error_0 * words[word_0 + place] + error_1 * words[word_1 + place]


@inlined
def train_window(weights, room, size, count, alpha):
    """All words of the context against the same targets; one more word must stand after them."""
    dim, words, errors = weights.dim, weights.words, room.errors
    whole = _fill_up(room, count)
    _hold(weights, room, whole)
    for word in range(size):
        first = int64(room.context[word]) * dim
        for group in range(0, whole, TARGETS):
            _multiply(words, first, room.held, _held_rows(group, dim), dim, errors, word * whole + group)
    _to_errors(room, size, whole, alpha)
    for number in range(whole):  # nothing comes from the word after them, which may make up a pair
        errors[size * whole + number] = float32(0)
    for number in range(count):
        for word in range(0, size, WORDS):
            _change_target(weights, room, number, word, whole)
    for word in range(size):
        row = room.context[word]
        first, factor = int64(row) * dim, weights.factors[row]
        for group in range(0, whole, TARGETS):
            _spread(words, first, room.held, _held_rows(group, dim), dim, errors, word * whole + group, factor)


@inlined
def add_row(rows, row, dim, total):
    first = int64(row) * dim
    for place in range(dim):
        total[place] += rows[first + place]


@inlined
def add_rows(rows, one, other, dim, total):
    """Add two rows at a time, which saves going over the sum twice."""
    first, second = int64(one) * dim, int64(other) * dim
    for place in range(dim):
        total[place] += rows[first + place] + rows[second + place]


@inlined
def change_row(rows, row, dim, factor, change):
    first = int64(row) * dim
    for place in range(dim):
        rows[first + place] += factor * change[place]


@inlined
def fill(vector, dim, value):
    for place in range(dim):
        vector[place] = value


@inlined
def scale(vector, dim, factor):
    for place in range(dim):
        vector[place] *= factor


@inlined
def train_hidden(weights, room, count, alpha):
    """One vector against targets; `room.change` becomes what it is to change by."""
    dim, output, hidden, change, errors = weights.dim, weights.output, room.hidden, room.change, room.errors
    whole = count - count % TARGETS
    for group in range(0, whole, TARGETS):
        _multiply(hidden, 0, output, _output_rows(room, group, dim), dim, errors, group)
    for number in range(whole, count):
        errors[number] = _product(output, room.rows[number], dim, hidden)
    _to_errors(room, 1, count, alpha)
    fill(change, dim, float32(0))
    for group in range(0, whole, TARGETS):
        _spread(change, 0, output, _output_rows(room, group, dim), dim, errors, group, float32(1))
    for number in range(whole, count):
        _add_times(output, room.rows[number], dim, errors[number], change)
    for number in range(count):
        change_row(output, room.rows[number], dim, errors[number], hidden)


@inlined
def _product(rows, row, dim, vector):
    first, total = int64(row) * dim, float32(0)
    for place in range(dim):
        total += rows[first + place] * vector[place]
    return total


@inlined
def _add_times(rows, row, dim, factor, total):
    first = int64(row) * dim
    for place in range(dim):
        total[place] += factor * rows[first + place]


@inlined
def add_vector(vector, factor, dim, total):
    """Add to a vector another one times a factor."""
    for place in range(dim):
        total[place] += factor * vector[place]
