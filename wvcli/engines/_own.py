"""Rows of the most frequent words that each worker has for itself.

Two cores that write to the same row take it from one another each time, and the most frequent words are in every
window. So with CBOW each worker trains rows of its own for them, which stand after the rows of all words, and from
time to time adds what changed in them to the rows of all.
"""

from numba import int64

from wvcli.compiling import LANES
from wvcli.engines._lines import load, minus, plus, store
from wvcli.engines._memory import inlined


@inlined
def own_word(own, word):
    """The row of a word's vector that this worker trains."""
    return own.words + int64(word) if word < own.frequent else int64(word)


@inlined
def own_output(own, word):
    """The row of the output layer that this worker trains for a word."""
    return own.output + int64(word) if word < own.frequent else int64(word)


@inlined
def _take(array, first, before, length):
    for at in range(0, length, LANES):
        line = load(array, at)
        store(array, first + at, line)
        store(before, at, line)


@inlined
def _share(array, first, before, length):
    """Add what changed to the rows of all, and go on from what they are then."""
    for at in range(0, length, LANES):
        change = minus(load(array, first + at), load(before, at))
        line = plus(load(array, at), change)
        store(array, at, line)
        store(array, first + at, line)
        store(before, at, line)


@inlined
def take_rows(weights, room):
    """Begin with what the rows of all are."""
    own, width = room.own, weights.width
    _take(weights.output, own.output * width, room.output_before, own.frequent * width)
    _take(weights.words, own.words * width, room.words_before, own.frequent * width)


@inlined
def share_rows(weights, room):
    """Add what changed in the worker's own rows to those of all, and take on what other workers changed."""
    own, width = room.own, weights.width
    _share(weights.output, own.output * width, room.output_before, own.frequent * width)
    _share(weights.words, own.words * width, room.words_before, own.frequent * width)
