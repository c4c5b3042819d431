"""Rows of the most frequent words that each worker has for itself.

Two cores that write to the same row take it from one another each time, and the most frequent words are in every
window. So with CBOW, and in the output layer with FastText's skip-gram, each worker trains rows of its own for
them, which stand after the rows of all words, and from time to time adds what changed in them to the rows of all.
"""

from numba import int64

from wvcli.compiling import LANES
from wvcli.engines._lines import load, minus, plus, store
from wvcli.engines._memory import inlined


@inlined
def own_word(own, word):
    """The row of a word's vector that this worker trains."""
    return own.words + int64(word) if word < own.vectors else int64(word)


@inlined
def own_output(own, word):
    """The row of the output layer that this worker trains for a word."""
    return own.output + int64(word) if word < own.frequent else int64(word)


@inlined
def copy_rows(array, rows, copies, kept, start, length):
    """Copy rows, and keep what they were; named by where numbers begin, of which `length` are taken."""
    for at in range(0, length, LANES):
        line = load(array, rows + at)
        store(array, copies + at, line)
        store(kept, start + at, line)


@inlined
def give_back(array, rows, copies, kept, start, length):
    """Add to rows what changed in their copies since these were made."""
    for at in range(0, length, LANES):
        change = minus(load(array, copies + at), load(kept, start + at))
        store(array, rows + at, plus(load(array, rows + at), change))


@inlined
def take_rows(weights, room):
    """Begin with what the rows of all are."""
    own, width = room.own, weights.width
    copy_rows(weights.output, 0, own.output * width, room.output_before, 0, own.frequent * width)
    copy_rows(weights.words, 0, own.words * width, room.words_before, 0, own.vectors * width)


@inlined
def share_rows(weights, room):
    """Add what changed in the worker's own rows to those of all, and take on what other workers changed."""
    own, width = room.own, weights.width
    give_back(weights.output, 0, own.output * width, room.output_before, 0, own.frequent * width)
    give_back(weights.words, 0, own.words * width, room.words_before, 0, own.vectors * width)
    take_rows(weights, room)
