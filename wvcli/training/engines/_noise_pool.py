"""Noise words at hand: their rows, or copies of them, stay in the cache of the worker's core.

A worker trains its copies a few times each, and then adds what changed to the row itself. So it neither waits for
memory nor for another worker that trains on the same word. With subwords, where most of the time goes to n-grams,
there are no copies, and the rows themselves are trained.
"""

from numba import int64, uint64

from wvcli.training.engines._random import drawn, next_random, random_below
from wvcli.training.engines._state import AHEAD, fetch_row, inlined
from wvcli.training.engines._worker_rows import copy_rows, own_output, write_back


@inlined
def _copy(weights, room, slot):
    """Copy the row of the word of a slot."""
    width = weights.width
    row, copy = own_output(room.own, room.pool[slot]) * width, (room.own.copies + slot) * width
    copy_rows(weights.output, row, copy, room.copied, slot * width, width)


@inlined
def _write_back(weights, room, slot):
    """Add what changed in the copy to the row of the word of a slot."""
    width = weights.width
    row, copy = own_output(room.own, room.pool[slot]) * width, (room.own.copies + slot) * width
    write_back(weights.output, row, copy, room.copied, slot * width, width)


@inlined
def noise_row(room, slot):
    """The row to train for the word of a slot."""
    return room.own.copies + slot if room.own.is_copied else own_output(room.own, room.pool[slot])


@inlined
def _draw(tables, room, random):
    """Draw the words that come next, and a slot for each, together, for the table is waited for with each word."""
    for turn in range(0, 2 * AHEAD, 2):
        random = next_random(random)
        room.coming[turn] = drawn(tables, random)
        random = next_random(random)
        room.coming[turn + 1] = random_below(random, room.own.slots)
    room.stream[0], room.stream[1] = random, 0


@inlined
def _fetch_next(weights, room, turn):
    """Ask for the rows that the next word needs."""
    fetch_row(weights.output, own_output(room.own, room.coming[turn]), weights.width)
    if room.own.is_copied:
        fetch_row(weights.output, own_output(room.own, room.pool[room.coming[turn + 1]]), weights.width)


@inlined
def fill_pool(tables, weights, room, random):
    """Give each slot a word, by random numbers after this one, and choose those that come next."""
    for slot in range(room.own.slots):
        random = next_random(random)
        room.pool[slot] = drawn(tables, random)
        if room.own.is_copied:
            _copy(weights, room, slot)
    _draw(tables, room, random)
    _fetch_next(weights, room, 0)


@inlined
def renew(tables, weights, room):
    """Give a slot to another word."""
    turn = int64(room.stream[1])
    slot = int64(room.coming[turn + 1])
    if room.own.is_copied:
        _write_back(weights, room, slot)
    room.pool[slot] = room.coming[turn]
    if room.own.is_copied:
        _copy(weights, room, slot)
    room.stream[1] += uint64(2)
    if room.stream[1] == 2 * AHEAD:
        _draw(tables, room, room.stream[0])
    _fetch_next(weights, room, int64(room.stream[1]))


@inlined
def empty_pool(weights, room):
    """Let all rows have what changed in their copies."""
    if room.own.is_copied:
        for slot in range(room.own.slots):
            _write_back(weights, room, slot)
