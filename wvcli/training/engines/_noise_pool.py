"""The noise pool: some hundreds of noise words whose rows, or copies of them, stay in the cache of a core.

Noise words of a prediction are drawn evenly from the pool; the words of the pool are drawn by the noise
distribution and replaced one by one as they are used. Without subwords a worker trains copies of their rows, and
when a word leaves the pool, what changed in its copy is added to the row itself: so the worker waits neither for
memory nor for another worker that trains on the same word. With subwords, where most of the time goes to n-grams,
there are no copies, and the rows themselves are trained.
"""

from numba import int64, uint64

from wvcli.training.engines._random import draw_word, next_random, random_below
from wvcli.training.engines._state import QUEUE_WORDS, inlined, prefetch_row
from wvcli.training.engines._worker_rows import copy_numbers, output_row, write_back


@inlined
def _copy_slot(weights, scratch, slot):
    """Copy the row of the word in a slot."""
    width = weights.width
    shared = output_row(scratch.rows, scratch.pool[slot]) * width
    copy = (scratch.rows.first_copy + slot) * width
    copy_numbers(weights.output, shared, copy, scratch.copy_snapshot, slot * width, width)


@inlined
def _write_back_slot(weights, scratch, slot):
    """Add what changed in the copy to the row of the word in a slot."""
    width = weights.width
    shared = output_row(scratch.rows, scratch.pool[slot]) * width
    copy = (scratch.rows.first_copy + slot) * width
    write_back(weights.output, shared, copy, scratch.copy_snapshot, slot * width, width)


@inlined
def noise_row(scratch, slot):
    """Return the row of the output layer to train for the word in a slot."""
    rows = scratch.rows
    return rows.first_copy + slot if rows.has_copies else output_row(rows, scratch.pool[slot])


@inlined
def _fill_queue(tables, scratch, random):
    """Draw the words that enter the pool next, and a slot for each, by random numbers after this one."""
    for index in range(0, 2 * QUEUE_WORDS, 2):
        random = next_random(random)
        scratch.queue[index] = draw_word(tables, random)
        random = next_random(random)
        scratch.queue[index + 1] = random_below(random, scratch.rows.pool_size)
    scratch.queue_state[0], scratch.queue_state[1] = random, 0


@inlined
def _prefetch_next(weights, scratch, head):
    """Prefetch the rows that are needed when the head of the queue enters the pool."""
    prefetch_row(weights.output, output_row(scratch.rows, scratch.queue[head]), weights.width)
    if scratch.rows.has_copies:
        leaving = scratch.pool[scratch.queue[head + 1]]
        prefetch_row(weights.output, output_row(scratch.rows, leaving), weights.width)


@inlined
def fill_pool(tables, weights, scratch, random):
    """Fill every slot of the pool, and the queue, by random numbers after this one."""
    for slot in range(scratch.rows.pool_size):
        random = next_random(random)
        scratch.pool[slot] = draw_word(tables, random)
        if scratch.rows.has_copies:
            _copy_slot(weights, scratch, slot)
    _fill_queue(tables, scratch, random)
    _prefetch_next(weights, scratch, 0)


@inlined
def replace_word(tables, weights, scratch):
    """Let the head of the queue take its slot of the pool, in place of the word there."""
    head = int64(scratch.queue_state[1])
    slot = int64(scratch.queue[head + 1])
    if scratch.rows.has_copies:
        _write_back_slot(weights, scratch, slot)
    scratch.pool[slot] = scratch.queue[head]
    if scratch.rows.has_copies:
        _copy_slot(weights, scratch, slot)
    scratch.queue_state[1] += uint64(2)
    if scratch.queue_state[1] == 2 * QUEUE_WORDS:
        _fill_queue(tables, scratch, scratch.queue_state[0])
    _prefetch_next(weights, scratch, int64(scratch.queue_state[1]))


@inlined
def write_back_pool(weights, scratch):
    """Add what changed in the copies to the rows of all words of the pool."""
    if scratch.rows.has_copies:
        for slot in range(scratch.rows.pool_size):
            _write_back_slot(weights, scratch, slot)
