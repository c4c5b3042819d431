"""Replicas: rows of the most frequent words that each worker has for itself.

Two cores that write to one row take its cache lines from each other each time, and the most frequent words are in
every window. So with CBOW (word vectors and output layer) and with FastText's skip-gram (output layer) each worker
trains replicas of their rows, which stand behind the rows of all words. A replica is synchronized by adding to the
shared row what changed in the replica since the last time, and then copying the shared row.
"""

from numba import int64

from wvcli.training.engines._simd import LANES, add, load, store, subtract
from wvcli.training.engines._state import inlined, prefetch_row


@inlined
def word_row(rows, word):
    """Return the row of the word vectors that this worker trains for a word: the replica if there is one."""
    return rows.first_word_replica + int64(word) if word < rows.word_replicas else int64(word)


@inlined
def output_row(rows, word):
    """Return the row of the output layer that this worker trains for a word: the replica if there is one."""
    return rows.first_output_replica + int64(word) if word < rows.output_replicas else int64(word)


@inlined
def copy_numbers(array, shared, copy, snapshot, start, length):
    """Copy `length` numbers of an array from index `shared` to `copy`, and into a snapshot from `start` on."""
    for offset in range(0, length, LANES):
        line = load(array, shared + offset)
        store(array, copy + offset, line)
        store(snapshot, start + offset, line)


@inlined
def write_back(array, shared, copy, snapshot, start, length):
    """Add to shared numbers what changed in their copies since the snapshot; arguments as in `copy_numbers`."""
    for offset in range(0, length, LANES):
        change = subtract(load(array, copy + offset), load(snapshot, start + offset))
        store(array, shared + offset, add(load(array, shared + offset), change))


@inlined
def _synchronize(array, shared, copy, snapshot, start, length):
    """Write copies back, and copy what the shared numbers are now; arguments as in `copy_numbers`."""
    write_back(array, shared, copy, snapshot, start, length)
    copy_numbers(array, shared, copy, snapshot, start, length)


@inlined
def fill_replicas(weights, scratch):
    """Copy the shared rows of frequent words into the worker's replicas."""
    rows, width = scratch.rows, weights.width
    first, length = rows.first_output_replica * width, rows.output_replicas * width
    copy_numbers(weights.output, 0, first, scratch.output_snapshot, 0, length)
    first, length = rows.first_word_replica * width, rows.word_replicas * width
    copy_numbers(weights.word_vectors, 0, first, scratch.word_snapshot, 0, length)


@inlined
def synchronize_replicas(weights, scratch):
    """Synchronize all replicas of the worker."""
    rows, width = scratch.rows, weights.width
    first, length = rows.first_output_replica * width, rows.output_replicas * width
    _synchronize(weights.output, 0, first, scratch.output_snapshot, 0, length)
    first, length = rows.first_word_replica * width, rows.word_replicas * width
    _synchronize(weights.word_vectors, 0, first, scratch.word_snapshot, 0, length)


@inlined
def synchronize_one(weights, scratch, turn):
    """Synchronize the replicas of the noise word in slot `turn` of the pool, and prefetch the next turn's rows.

    So a word is synchronized as often as it is a noise word, and its shared rows, which mostly lie in another
    core's cache, are waited for one at a time.
    """
    rows, width = scratch.rows, weights.width
    word = int64(scratch.pool[turn % rows.pool_size])
    following = int64(scratch.pool[(turn + 1) % rows.pool_size])
    shared = word * width
    if word < rows.output_replicas:
        replica = (rows.first_output_replica + word) * width
        _synchronize(weights.output, shared, replica, scratch.output_snapshot, shared, width)
    if word < rows.word_replicas:
        replica = (rows.first_word_replica + word) * width
        _synchronize(weights.word_vectors, shared, replica, scratch.word_snapshot, shared, width)
    if following < rows.output_replicas:
        prefetch_row(weights.output, following, width)
    if following < rows.word_replicas:
        prefetch_row(weights.word_vectors, following, width)
