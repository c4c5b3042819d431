"""Rows of the most frequent words that each worker has for itself.

Two cores that write to the same row take it from one another each time, and the most frequent words are in every
window. So with CBOW, and in the output layer with FastText's skip-gram, each worker trains rows of its own for
them, which stand after the rows of all words, and word by word adds what changed in them to the rows of all.
"""

from numba import int64

from wvcli.system.compiling import LANES
from wvcli.training.engines._simd import load, minus, plus, store
from wvcli.training.engines._state import fetch_row, inlined


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
def write_back(array, rows, copies, kept, start, length):
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
def _share(array, rows, copies, kept, start, length):
    """Add what changed in copies to rows, and copy what these are now; numbers as in `copy_rows`."""
    write_back(array, rows, copies, kept, start, length)
    copy_rows(array, rows, copies, kept, start, length)


@inlined
def share_rows(weights, room):
    """Add what changed in the worker's own rows to those of all, and take on what other workers changed."""
    own, width = room.own, weights.width
    _share(weights.output, 0, own.output * width, room.output_before, 0, own.frequent * width)
    _share(weights.words, 0, own.words * width, room.words_before, 0, own.vectors * width)


@inlined
def share_word(weights, room, turn):
    """Share the own rows of a noise word at hand, by turns, and ask for what the next turn needs.

    So a word is shared as often as it is a noise word, and its rows of all are waited for one at a time.
    """
    own, width = room.own, weights.width
    word, coming = int64(room.pool[turn % own.slots]), int64(room.pool[(turn + 1) % own.slots])
    if word < own.frequent:
        first, copy = word * width, (own.output + word) * width
        _share(weights.output, first, copy, room.output_before, first, width)
    if word < own.vectors:
        first, copy = word * width, (own.words + word) * width
        _share(weights.words, first, copy, room.words_before, first, width)
    if coming < own.frequent:
        fetch_row(weights.output, coming, width)
    if coming < own.vectors:
        fetch_row(weights.words, coming, width)
