"""Noise words at hand: their rows, or copies of them, stay in the cache of the worker's core.

A worker trains its copies a few times each, and then adds what changed to the row itself. So it neither waits for
memory nor for another worker that trains on the same frequent word. With subwords, where most of the time goes to
n-grams, there are no copies, and the rows themselves are trained.
"""

from numba import int64

from wvcli.compiling import LANES
from wvcli.engines._drawing import below, drawn, following
from wvcli.engines._lines import load, minus, plus, store
from wvcli.engines._memory import fetch_row, inlined


@inlined
def _copy(weights, room, slot):
    """Copy the row of the word of a slot, if rows are copied."""
    if not room.is_copied:
        return
    output, width = weights.output, weights.width
    row, copy, before = int64(room.pool[slot]) * width, (room.first + slot) * width, slot * width
    for at in range(0, width, LANES):
        line = load(output, row + at)
        store(output, copy + at, line)
        store(room.before, before + at, line)


@inlined
def _give_back(weights, room, slot):
    """Add what changed in the copy to the row of the word of a slot, if rows are copied."""
    if not room.is_copied:
        return
    output, width = weights.output, weights.width
    row, copy, before = int64(room.pool[slot]) * width, (room.first + slot) * width, slot * width
    for at in range(0, width, LANES):
        change = minus(load(output, copy + at), load(room.before, before + at))
        store(output, row + at, plus(load(output, row + at), change))


@inlined
def noise_row(room, slot):
    """The row to train for the word of a slot."""
    return room.first + slot if room.is_copied else int64(room.pool[slot])


@inlined
def _choose(tables, weights, room, random):
    """Draw the word and the slot that are next, and ask for the rows they need; gives the last number used."""
    random = following(random)
    word, slot = drawn(tables, random), below(following(random), room.slots)
    room.coming[0], room.coming[1] = word, slot
    fetch_row(weights.output, word, weights.width)
    fetch_row(weights.output, room.pool[slot], weights.width)
    return following(random)


@inlined
def fill_pool(tables, weights, room, random):
    """Give each slot a word; gives the last random number used."""
    for slot in range(room.slots):
        random = following(random)
        room.pool[slot] = drawn(tables, random)
        _copy(weights, room, slot)
    return _choose(tables, weights, room, random)


@inlined
def renew(tables, weights, room, random):
    """Give a slot to another word; gives the last random number used."""
    slot = int64(room.coming[1])
    _give_back(weights, room, slot)
    room.pool[slot] = room.coming[0]
    _copy(weights, room, slot)
    return _choose(tables, weights, room, random)


@inlined
def empty_pool(weights, room):
    """Let all rows have what changed in their copies."""
    for slot in range(room.slots):
        _give_back(weights, room, slot)
