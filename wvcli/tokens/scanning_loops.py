"""The compiled loops of `scanning`: UTF-8 bytes to words as numbers, without the interpreter's lock.

A block is lines of valid UTF-8, each with its line feed. A line that begins with `SPLIT` was split into words
before, which stand between single spaces.
"""

import numpy as np
from numba import njit, types

WORD, LETTER, NUMBER, HYPHEN, POINT, QUOTE, HEBREW, UNSAFE = (1 << bit for bit in range(8))  # in `classes`
SPLIT = 0xFF  # is in no UTF-8
TEXT_END = 0xFFFFFFFF  # as in `shards`
FULL = -1

_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HIGH, _LOW = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)
_ONE, _THREE, _SEVEN, _EIGHT = np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_ABOVE = np.uint64(0x8080808080808080)  # set in none of eight bytes of ASCII

# Never called from Python, and so compiled without code for that, in less time.
_inlined = njit(nogil=True, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
_bytes = types.Array(types.uint8, 1, "C", readonly=True)
_out_bytes = types.uint8[::1]
_classes = types.uint8[::1]
_small = types.uint16[::1]
_starts = types.int64[::1]
_ids = types.uint32[::1]
_wide = types.uint64[::1]
_readonly_wide = types.Array(types.uint64, 1, "C", readonly=True)


@_inlined
def _character(data, at):
    """Return the code point of a character of at most three bytes, and its width in bytes."""
    byte = np.uint32(data[at])
    if byte < 128:
        return byte, _ONE
    second = np.uint32(data[at + _ONE]) & np.uint32(63)
    if byte < 224:
        return ((byte & np.uint32(31)) << np.uint32(6)) | second, np.uint64(2)
    third = np.uint32(data[at + np.uint64(2)]) & np.uint32(63)
    return ((byte & np.uint32(15)) << np.uint32(12)) | (second << np.uint32(6)) | third, np.uint64(3)


@_inlined
def _hashed(hashed, byte):
    """Return a word's hash with one more byte: a digit to the base 257, so that no two short words share one."""
    return (hashed << _EIGHT) + hashed + np.uint64(byte)


@_inlined
def _append(words, end, hashed, byte):
    """Append a byte to a word; return its new end and hash."""
    words[end] = byte
    return end + _ONE, _hashed(hashed, byte)


@_inlined
def _append_character(words, end, hashed, point):
    """Append a character of at most three bytes to a word; return its new end and hash."""
    if point < 128:
        return _append(words, end, hashed, np.uint8(point))
    if point < 2048:
        end, hashed = _append(words, end, hashed, np.uint8(192 | (point >> 6)))
    else:
        end, hashed = _append(words, end, hashed, np.uint8(224 | (point >> 12)))
        end, hashed = _append(words, end, hashed, np.uint8(128 | ((point >> 6) & 63)))
    return _append(words, end, hashed, np.uint8(128 | (point & 63)))


@_inlined
def _joins(last, kind, follows):
    """Whether a hyphen, point or quotation mark joins what stands before and after it to one word."""
    if kind & HYPHEN:
        return follows & LETTER != 0
    if kind & QUOTE:
        return last & follows & HEBREW != 0
    return kind & POINT != 0 and last & NUMBER != 0 and follows & NUMBER != 0


@_inlined
def _word(data, at, classes, written, words, end):
    """Copy the word at `at` behind the others; return where it ends in `data` and in `words`, and its hash."""
    hashed = _ONE
    point, width = _character(data, at)
    kind = classes[point]
    while True:
        end, hashed = _append_character(words, end, hashed, np.uint32(written[point]))
        at += width
        last = kind
        point, width = _character(data, at)
        kind = classes[point]
        if kind & WORD:
            continue
        if kind & (HYPHEN | POINT | QUOTE) == 0:
            break
        follows, _ = _character(data, at + width)
        if not _joins(last, kind, classes[follows]):
            break
    return at, end, hashed


@_inlined
def _split_word(data, at, words, end):
    """Do as `_word` does, for a word that ends at a space or line feed."""
    hashed = _ONE
    while data[at] != 32 and data[at] != 10:
        end, hashed = _append(words, end, hashed, data[at])
        at += _ONE
    return at, end, hashed


@_inlined
def _mixed(hashed):
    """Return a hash in which every bit depends on all of its bits."""
    hashed ^= hashed >> np.uint64(29)
    hashed *= _MIX
    return hashed ^ (hashed >> np.uint64(32))


@_inlined
def _number(slots, words, starts, count, stop, hashed):
    """Return the number of the word from `starts[count]` to `stop`; a new word gets `count` and is added."""
    tag = hashed & _HIGH
    mask = np.uint64(slots.size - 1)
    at = hashed & mask
    start = np.uint64(starts[count])
    length = stop - start
    while slots[at] != 0:
        slot = slots[at]
        if slot & _HIGH == tag:
            number = (slot & _LOW) - _ONE
            begin = np.uint64(starts[number])
            if np.uint64(starts[number + _ONE]) - begin == length + _ONE:
                same = np.uint64(0)
                while same < length and words[begin + same] == words[start + same]:
                    same += _ONE
                if same == length:
                    return number
        at = (at + _ONE) & mask
    slots[at] = tag | (count + _ONE)
    words[stop] = 10
    starts[count + _ONE] = stop + _ONE
    return count


@_inlined
def _past_ascii(eights, at):
    """Return where the next character begins after one of ASCII; blocks of eight ASCII characters are skipped."""
    at += _ONE
    if at & _SEVEN == 0:
        at >>= _THREE
        while at < np.uint64(eights.size) and eights[at] & _ABOVE == 0:
            at += _ONE
        at <<= _THREE
    return at


@njit(types.int64(_bytes, _readonly_wide, _classes, types.int64[:, ::1]), nogil=True, cache=True)
def unsafe_lines(data, eights, classes, bounds):
    """Find where lines that hold an unsafe character begin and end, without their line feeds.

    Args:
        data: uint8 [bytes], the block.
        eights: uint64 [bytes / 8], the same, eight bytes together.
        classes: uint8 [code points], beyond which all are unsafe.
        bounds: int64 [lines, 2], filled from the start.

    Returns:
        The number of such lines.
    """
    found = np.uint64(0)
    at = np.uint64(0)
    while at < np.uint64(data.size):
        if data[at] < 128:
            at = _past_ascii(eights, at)
            continue
        unsafe = data[at] >= 240
        if not unsafe:
            point, width = _character(data, at)
            unsafe = point >= classes.size or classes[point] & UNSAFE != 0
            at += width
        if unsafe:
            start = at
            while start > 0 and data[start - _ONE] != 10:
                start -= _ONE
            while data[at] != 10:
                at += _ONE
            bounds[found, 0] = start
            bounds[found, 1] = at
            found += _ONE
    return np.int64(found)


@njit(
    types.int64(_bytes, _classes, _small, _wide, _out_bytes, _starts, _starts, _ids, _starts),
    nogil=True,
    cache=True,
)
def scan(data, classes, written, slots, words, starts, counts, ids, sizes):
    """Find the words of a block and number them in the order of first occurrence.

    Args:
        data: uint8 [bytes], the block, without unsafe characters except in lines that are split.
        classes: uint8 [code points].
        written: uint16 [code points], the character that each is written as, in no more bytes.
        slots: uint64 [a power of two], zeros: a hash table, in which a word is its number plus one, and above
            that the upper half of its hash.
        words: uint8 [bytes + 1], filled with the distinct words, a line feed after each.
        starts: int64 [slots / 2 + 1], filled with where they begin there.
        counts: int64 [slots / 2], filled with how often each occurs.
        ids: uint32 [bytes], filled with the number of each word, and `TEXT_END` after each line.
        sizes: int64 [3], how much of `words`, `counts` and `ids` was filled.

    Returns:
        0, or `FULL` when half of the table is taken.
    """
    at = end = count = filled = np.uint64(0)
    starts[0] = 0
    is_split = data.size > 0 and data[0] == SPLIT
    while at < np.uint64(data.size):
        if data[at] == 10:
            ids[filled] = TEXT_END
            filled += _ONE
            at += _ONE
            is_split = at < np.uint64(data.size) and data[at] == SPLIT
            continue
        if is_split:
            at, stop, hashed = _split_word(data, at + _ONE, words, end)  # after the mark or a space
            if stop == end:
                continue
        else:
            point, width = _character(data, at)
            if classes[point] & WORD == 0:
                at += width
                continue
            at, stop, hashed = _word(data, at, classes, written, words, end)
        if count == np.uint64(counts.size):
            return FULL
        number = _number(slots, words, starts, count, stop, _mixed(hashed))
        if number == count:
            end = stop + _ONE
            counts[count] = 0
            count += _ONE
        counts[number] += 1
        ids[filled] = number
        filled += _ONE
    sizes[0], sizes[1], sizes[2] = end, count, filled
    return 0


@_inlined
def _prefetch(slots, words, starts, hashes, found):
    """Bring what `_number` will look at for these hashes from memory, all at once instead of one by one."""
    mask = np.uint64(slots.size - 1)
    for which in range(hashes.size):
        found[which] = slots[hashes[which] & mask] & _LOW
    for which in range(hashes.size):
        found[which] = starts[max(found[which], _ONE) - _ONE]
    for which in range(hashes.size):
        found[which] = words[found[which]]


@njit(types.void(_bytes, _wide, _out_bytes, _starts, _starts, _ids, types.uint64[:, ::1]), nogil=True, cache=True)
def merge(data, slots, words, starts, sizes, numbers, hashes):
    """Number words as one list, with those that were not met before after all others.

    Args:
        data: uint8 [bytes], words with a line feed after each.
        slots, words, starts: as for `scan`, with room enough, and what earlier calls filled in.
        sizes: int64 [2], how much of `words` is filled, and with how many words; changed here.
        numbers: uint32 [words], filled with the number of each.
        hashes: uint64 [2, any number], overwritten.
    """
    at = ahead = np.uint64(0)
    end, count = np.uint64(sizes[0]), np.uint64(sizes[1])
    for first in range(0, numbers.size, hashes.shape[1]):
        some = hashes[:, : numbers.size - first]
        for which in range(some.shape[1]):
            hashed = _ONE
            while data[ahead] != 10:
                hashed = _hashed(hashed, data[ahead])
                ahead += _ONE
            ahead += _ONE
            some[0, which] = _mixed(hashed)
        _prefetch(slots, words, starts, some[0], some[1])
        for which in range(some.shape[1]):
            stop = end
            while data[at] != 10:
                words[stop] = data[at]
                stop += _ONE
                at += _ONE
            at += _ONE
            number = _number(slots, words, starts, count, stop, some[0, which])
            if number == count:
                end = stop + _ONE
                count += _ONE
            numbers[first + which] = number
    sizes[0], sizes[1] = end, count
