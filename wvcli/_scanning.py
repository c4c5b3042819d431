"""The compiled loops of `scanning`: UTF-8 bytes to words as numbers, without the interpreter's lock.

A block is lines of valid UTF-8, each with its line feed. A line that begins with `READY` was split before: its
words stand between single blanks.
"""

import numpy as np
from numba import njit, types

WORD, LETTER, NUMBER, HYPHEN, POINT, UNSAFE = 1, 2, 4, 8, 16, 128  # what a character is, in `classes`
READY = 0xFF  # is in no UTF-8
TEXT_END = 0xFFFFFFFF
FULL = -1

_bytes = types.Array(types.uint8, 1, "C", readonly=True)
_out_bytes = types.uint8[::1]
_classes = types.uint8[::1]
_small = types.uint16[::1]
_ids = types.uint32[::1]
_wide = types.uint64[::1]


@njit(types.int64(_bytes, _classes, types.int64[:, ::1]), nogil=True, cache=True)
def unsafe_lines(data, classes, spans):  # type: ignore[no-untyped-def]
    """Where lines begin and end, their line feeds left out, that hold an unsafe character.

    Args:
        data: uint8 [bytes], the block.
        classes: uint8 [code points], beyond which all are unsafe.
        spans: int64 [lines, 2], filled from the start.

    Returns:
        How many there are.
    """
    found = np.int64(0)
    start = np.int64(0)
    unsafe = False
    least = np.uint32(classes.size)
    at = np.int64(0)
    while at < data.size:
        byte = np.uint32(data[at])
        at += 1
        if byte < 128:
            if byte == 10:
                if unsafe:
                    spans[found, 0] = start
                    spans[found, 1] = at - 1
                    found += 1
                    unsafe = False
                start = at
        elif byte >= 192:
            if byte < 224:
                point = ((byte & 31) << 6) | (np.uint32(data[at]) & 63)
            elif byte < 240:
                point = ((byte & 15) << 12) | ((np.uint32(data[at]) & 63) << 6) | (np.uint32(data[at + 1]) & 63)
            else:
                point = least
            unsafe |= point >= least or classes[point] & UNSAFE != 0
    return found


@njit(nogil=True, inline="always")
def _character(data, at):  # type: ignore[no-untyped-def]
    """A character's code point, and its bytes."""
    byte = np.uint32(data[at])
    if byte < 128:
        return byte, np.uint32(1)
    if byte < 224:
        return ((byte & 31) << 6) | (np.uint32(data[at + 1]) & 63), np.uint32(2)
    return (
        ((byte & 15) << 12) | ((np.uint32(data[at + 1]) & 63) << 6) | (np.uint32(data[at + 2]) & 63),
        np.uint32(3),
    )


@njit(
    types.int64(
        _bytes, _classes, _small, _wide, _out_bytes, types.int64[::1], types.int64[::1], _ids, types.int64[::1]
    ),
    nogil=True,
    cache=True,
)
def scan(data, classes, lowers, slots, words, starts, counts, ids, sizes):  # type: ignore[no-untyped-def]
    """Find the words of a block and number them in the order of first occurrence.

    Args:
        data: uint8 [bytes], the block, without unsafe characters but in lines that are ready.
        classes: uint8 [code points].
        lowers: uint16 [code points], the character that each is written as, in no more bytes.
        slots: uint64 [a power of two], zeros: the table, in which a word is its number plus one, and bits of its
            hash above that.
        words: uint8 [bytes], filled with the distinct words, a line feed after each.
        starts: int64 [slots / 2 + 1], filled with where they begin there.
        counts: int64 [slots / 2], filled with how often each occurs.
        ids: uint32 [bytes], filled with the number of each word, and `TEXT_END` after each line.
        sizes: int64 [3], how much of `words`, `starts` and `ids` was filled.

    Returns:
        0, or `FULL` when half of the table is taken.
    """
    size = np.uint64(data.size)
    mask = np.uint64(slots.size - 1)
    most = np.uint64(slots.size // 2)
    at = np.uint64(0)
    count = np.uint64(0)
    end = np.uint64(0)  # of the distinct words
    filled = np.uint64(0)
    one = np.uint64(1)
    is_ready = False
    line = True
    while at < size:
        if line:
            line = False
            is_ready = data[at] == READY
            if is_ready:
                at += one
        byte = data[at]
        if byte == 10:
            ids[filled] = TEXT_END
            filled += one
            at += one
            line = True
            continue
        stop = end
        hashed = np.uint64(0xCBF29CE484222325)
        if is_ready:
            while byte != 32 and byte != 10:
                words[stop] = byte
                stop += one
                hashed = (hashed ^ np.uint64(byte)) * np.uint64(0x100000001B3)
                at += one
                byte = data[at]
            if byte == 32:
                at += one
        else:
            point, width = _character(data, at)
            kind = classes[point]
            if kind & WORD == 0:
                at += np.uint64(width)
                continue
            while True:
                low = np.uint32(lowers[point])
                if low < 128:
                    words[stop] = low
                    stop += one
                    hashed = (hashed ^ np.uint64(low)) * np.uint64(0x100000001B3)
                else:
                    if low < 2048:
                        byte = np.uint8(192 | (low >> 6))
                    else:
                        byte = np.uint8(224 | (low >> 12))
                        words[stop] = byte
                        stop += one
                        hashed = (hashed ^ np.uint64(byte)) * np.uint64(0x100000001B3)
                        byte = np.uint8(128 | ((low >> 6) & 63))
                    words[stop] = byte
                    hashed = (hashed ^ np.uint64(byte)) * np.uint64(0x100000001B3)
                    byte = np.uint8(128 | (low & 63))
                    words[stop + one] = byte
                    hashed = (hashed ^ np.uint64(byte)) * np.uint64(0x100000001B3)
                    stop += np.uint64(2)
                last = kind
                at += np.uint64(width)
                point, width = _character(data, at)
                kind = classes[point]
                if kind & WORD:
                    continue
                if kind & (HYPHEN | POINT) == 0:
                    break
                after, _ = _character(data, at + np.uint64(width))
                follows = classes[after]
                if kind & HYPHEN:
                    if follows & LETTER == 0:
                        break
                elif last & NUMBER == 0 or follows & NUMBER == 0:
                    break
        hashed ^= hashed >> np.uint64(29)
        hashed *= np.uint64(0xBF58476D1CE4E5B9)
        hashed ^= hashed >> np.uint64(32)
        tag = hashed & np.uint64(0xFFFFFFFF00000000)
        place = hashed & mask
        length = stop - end
        while True:
            slot = slots[place]
            if slot == 0:
                if count >= most:
                    return FULL
                slots[place] = tag | (count + one)
                starts[count] = end
                ids[filled] = count
                counts[count] = 1
                words[stop] = 10
                end = stop + one
                count += one
                starts[count] = end
                break
            if slot & np.uint64(0xFFFFFFFF00000000) == tag:
                number = (slot & np.uint64(0xFFFFFFFF)) - one
                begin = np.uint64(starts[number])
                if np.uint64(starts[number + one]) - begin == length + one:
                    same = np.uint64(0)
                    while same < length and words[begin + same] == words[end + same]:
                        same += one
                    if same == length:
                        ids[filled] = number
                        counts[number] += 1
                        break
            place = (place + one) & mask
        filled += one
    sizes[0] = end
    sizes[1] = count
    sizes[2] = filled
    return 0


@njit(
    types.void(_bytes, _wide, _out_bytes, types.int64[::1], types.int64[::1], _ids),
    nogil=True,
    cache=True,
)
def merge(data, slots, words, starts, sizes, numbers):  # type: ignore[no-untyped-def]
    """Number words anew, those that were not met before after all others.

    Args:
        data: uint8 [bytes], words with a line feed after each.
        slots, words, starts: as for `scan`, with room enough, and what earlier calls filled in.
        sizes: int64 [2], how much of `words` and `starts` is filled; changed here.
        numbers: uint32 [words], filled with the number of each.
    """
    mask = np.uint64(slots.size - 1)
    one = np.uint64(1)
    end = np.uint64(sizes[0])
    count = np.uint64(sizes[1])
    size = np.uint64(data.size)
    at = np.uint64(0)
    which = np.uint64(0)
    while at < size:
        begun = at
        hashed = np.uint64(0xCBF29CE484222325)
        while data[at] != 10:
            hashed = (hashed ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
            at += one
        length = at - begun
        at += one
        hashed ^= hashed >> np.uint64(29)
        hashed *= np.uint64(0xBF58476D1CE4E5B9)
        hashed ^= hashed >> np.uint64(32)
        tag = hashed & np.uint64(0xFFFFFFFF00000000)
        place = hashed & mask
        while True:
            slot = slots[place]
            if slot == 0:
                slots[place] = tag | (count + one)
                for step in range(length + one):
                    words[end + np.uint64(step)] = data[begun + np.uint64(step)]
                numbers[which] = count
                end += length + one
                count += one
                starts[count] = end
                break
            if slot & np.uint64(0xFFFFFFFF00000000) == tag:
                number = (slot & np.uint64(0xFFFFFFFF)) - one
                begin = np.uint64(starts[number])
                if np.uint64(starts[number + one]) - begin == length + one:
                    same = np.uint64(0)
                    while same < length and words[begin + same] == data[begun + same]:
                        same += one
                    if same == length:
                        numbers[which] = number
                        break
            place = (place + one) & mask
        which += one
    sizes[0] = end
    sizes[1] = count
