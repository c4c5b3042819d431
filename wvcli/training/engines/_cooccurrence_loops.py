"""The compiled loops that count which words occur near each other.

A pair of words is one number, its key: the smaller word id in the upper half, the larger one in the lower half.
Its place is the key mixed, one to one, so that places look random. A table has a cell for each pair, two numbers:
the place and the count; cells are in the order of their places, but for the few that had to move because theirs
was taken. So a table that is read from its beginning is all but sorted, and pairs sorted by their places are in
random order of their words, as training needs them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import int64, uint64

from wvcli.training.engines._random import END
from wvcli.training.engines._state import compiled, inlined, pointers, prefetch

UNIT = 1 << 28  # of counts, which are whole numbers so that sums do not depend on the order
PENDING = 64  # pairs that are looked up together: each waits for its cell, and 64 overlap their waiting

CellArray = npt.NDArray[np.uint64]


class Table(NamedTuple):
    """Counts of pairs.

    Attributes:
        cells: uint64 [2 * (slots + spare)], the place of a pair and its count; a count of 0 is an empty cell.
        slots: number of cells in which a search may begin; fewer than 2**32.
        end: number of all cells: a search goes on from cell to cell.
        skipped_bits: upper bits that all places of this table have in common.
        pending: uint64 [2 * PENDING], pairs to be added next.
    """

    cells: CellArray
    slots: int
    end: int
    skipped_bits: int
    pending: CellArray

    @classmethod
    def of(cls, slots: int, skipped_bits: int = 0) -> "Table":
        """Return an empty table."""
        end = slots + slots // 8 + 1_000  # no search comes near the end unless the table is all but full
        return cls(np.zeros(2 * end, np.uint64), slots, end, skipped_bits, np.zeros(2 * PENDING, np.uint64))


@inlined
def mixed(key):
    """Return the place of a key (Steele et al., "SplitMix", 2014)."""
    key = (key ^ (key >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> uint64(27))) * uint64(0x94D049BB133111EB)
    return key ^ (key >> uint64(31))


@inlined
def key_of(place):
    """Return the key that has a place."""
    place = (place ^ (place >> uint64(31)) ^ (place >> uint64(62))) * uint64(0x319642B2D24D8EC3)
    place = (place ^ (place >> uint64(27)) ^ (place >> uint64(54))) * uint64(0x96DE1B173F119089)
    return place ^ (place >> uint64(30)) ^ (place >> uint64(60))


@inlined
def _first_cell(table, place):
    """Return the cell in which the search for a place begins."""
    upper = (place << uint64(table.skipped_bits)) >> uint64(32)
    return int64((upper * uint64(table.slots)) >> uint64(32))


@inlined
def _add(table, place, count):
    """Add to the count of a pair; return 1 if it is new, 0 if not, and -1 if there is no cell left for it."""
    for cell in range(_first_cell(table, place), table.end):
        if table.cells[2 * cell + 1] == uint64(0):
            table.cells[2 * cell] = place
            table.cells[2 * cell + 1] = count
            return 1
        if table.cells[2 * cell] == place:
            table.cells[2 * cell + 1] += count
            return 0
    return -1


@inlined
def _add_pending(table, pending):
    """Add the pairs that are pending; return how many are new, or -1 if there is no cell left for one of them."""
    new = 0
    for index in range(pending):
        added = _add(table, table.pending[2 * index], table.pending[2 * index + 1])
        if added < 0:
            return -1
        new += added
    return new


@compiled
def count_pairs(ids, start, shares, table, used, most):
    """Count the pairs of words within a window, each word with those before it.

    Args:
        ids: uint32, whole texts, each ended by `TEXT_END`.
        start: index of the first word to count with those before it.
        shares: uint64 [window + 1], by how much the count of two words grows that are so far apart.
        table: where they are counted.
        used: cells of the table that are taken.
        most: cells that may be taken before a word; then counting stops.

    Returns:
        Where it stopped, which is the end unless the table is full; how many cells are taken then, or -1 if it
        overflowed; and how many words were counted.
    """
    table = pointers(table)
    window = len(shares) - 1
    pending = words = 0
    position = start
    while position < len(ids) and used <= most:
        word = ids[position]
        if word != END:
            words += 1
            for other in range(position - 1, max(-1, position - 1 - window), -1):
                near = ids[other]
                if near == END:
                    break
                count = shares[position - other]
                if near == word:
                    count += count
                place = mixed(uint64(min(word, near)) << uint64(32) | uint64(max(word, near)))
                prefetch(table.cells, 2 * _first_cell(table, place))
                table.pending[2 * pending] = place
                table.pending[2 * pending + 1] = count
                pending += 1
                if pending == PENDING:
                    new = _add_pending(table, pending)
                    if new < 0:
                        return position, -1, words
                    used += new
                    pending = 0
        position += 1
    new = _add_pending(table, pending)
    return position, (used + new if new >= 0 else -1), words


@compiled
def add_cells(cells, table):
    """Add pairs that were counted before to a table; return how many are new, or -1 if it overflowed.

    Args:
        cells: uint64 [2 * pairs], their places and counts.
        table: where they are added.
    """
    table = pointers(table)
    used = 0
    for index in range(len(cells) // 2):
        added = _add(table, cells[2 * index], cells[2 * index + 1])
        if added < 0:
            return -1
        used += added
    return used


@compiled
def sort_cells(table):
    """Move the pairs of a table to its beginning, sorted by their places, and return how many they are."""
    cells = table.cells
    size = 0
    for cell in range(table.end):
        place, count = cells[2 * cell], cells[2 * cell + 1]
        if count == uint64(0):
            continue
        cells[2 * cell + 1] = uint64(0)
        into = size
        while into > 0 and cells[2 * into - 2] > place:
            cells[2 * into], cells[2 * into + 1] = cells[2 * into - 2], cells[2 * into - 1]
            into -= 1
        cells[2 * into], cells[2 * into + 1] = place, count
        size += 1
    return size


@compiled
def part_starts(cells, bits):
    """Return where the pairs begin whose places have the same upper bits.

    Args:
        cells: uint64 [2 * pairs], places and counts, sorted by the places.
        bits: how many of them count.

    Returns:
        int64 [2**bits + 1], the index of the first pair of each part, and the number of pairs.
    """
    starts = np.zeros((1 << bits) + 1, np.int64)
    part = 0
    for index in range(len(cells) // 2):
        of_pair = int64((cells[2 * index] >> uint64(1)) >> uint64(63 - bits))
        while part < of_pair:
            part += 1
            starts[part] = index
    starts[part + 1 :] = len(cells) // 2
    return starts


@compiled
def pairs_of(cells, pairs, counts):
    """Write the words and counts of pairs.

    Args:
        cells: uint64 [2 * pairs], their places and counts.
        pairs: uint32 [pairs, 2], where the two words of each are written, that of the smaller id first.
        counts: float64 [pairs], where the counts are written.
    """
    for index in range(len(counts)):
        key = key_of(cells[2 * index])
        pairs[index, 0], pairs[index, 1] = key >> uint64(32), key & uint64(0xFFFFFFFF)
        counts[index] = cells[2 * index + 1] / UNIT
