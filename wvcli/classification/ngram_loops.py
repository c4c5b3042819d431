"""The compiled loops of `features`: words as numbers to n-grams as numbers, without the interpreter's lock.

The hashes are those of `ngram_hashes`. A table of slots holds the numbers of hashes: the number of `hashed` is in
the first slot from `hashed & mask` on whose number has that hash.
"""

import numpy as np
from numba import njit, types

from wvcli.classification import ngram_hashes as kinds

_PRIME = np.uint64(kinds.PRIME)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD, _WORDS = np.uint64(kinds.WORD), np.uint64(kinds.WORDS)
_CHARACTERS, _IDEOGRAPHS = np.uint64(kinds.CHARACTERS), np.uint64(kinds.IDEOGRAPHS)
_TEXT_BEGINS, _TEXT_ENDS = np.uint64(kinds.TEXT_BEGINS), np.uint64(kinds.TEXT_ENDS)
_WORD_BEGINS, _WORD_ENDS = np.uint64(kinds.WORD_BEGINS), np.uint64(kinds.WORD_ENDS)
_ONE = np.uint64(1)
_UNKNOWN = np.int32(-1)
_TEXTS = 16  # whose features are found before they are scored: these stay in the processor's cache

_inlined = njit(nogil=True, forceinline=True)
_within = njit(nogil=True, inline="always")  # for what is called so often that passing arrays takes time
_slots = types.int32[::1]
_hashes = types.uint64[::1]
_points = types.Array(types.uint32, 1, "C", readonly=True)
_longs = types.int64[::1]
_numbers = types.int32[::1]
_flags = types.boolean[::1]
_ends = types.int64[:, ::1]
_weights = types.Array(types.float32, 2, "C", readonly=True)
_biases = types.Array(types.float64, 1, "C", readonly=True)
_scores = types.float64[:, ::1]


@_within
def _mixed(value):
    """Return a hash in which every bit depends on all of the bits of `value`."""
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))


@_inlined
def _number(hashed, slots, hashes, count, grows):
    """Return the number of a hash, and how many there are now; -1 for an unknown one where none are added."""
    mask = np.uint64(len(slots) - 1)
    slot = hashed & mask
    while True:
        number = slots[slot]
        if number < 0:
            if not grows:
                return _UNKNOWN, count
            slots[slot] = count
            hashes[count] = hashed
            return np.int32(count), count + 1
        if hashes[number] == hashed:
            return number, count
        slot = (slot + _ONE) & mask


@njit(types.void(_slots, _hashes, types.int64), nogil=True, cache=True)
def fill(slots, hashes, count):
    """Put the numbers of the first `count` hashes into empty slots."""
    mask = np.uint64(len(slots) - 1)
    for number in range(count):
        slot = hashes[number] & mask
        while slots[slot] >= 0:
            slot = (slot + _ONE) & mask
        slots[slot] = number


@_inlined
def _is_among(number, grams, first, filled):
    for seen in range(first, filled):  # noqa: SIM110 - Numba does not compile a generator
        if grams[seen] == number:
            return True
    return False


@_inlined
def _grams_of_word(points, start, stop, shortest, longest, slots, hashes, count, grows, grams, filled):
    """Append the numbers of the n-grams of a word, each once; return where they end, and the count of numbers."""
    first, length = filled, stop - start + 2
    for begin in range(length):
        value = _CHARACTERS
        for at in range(begin, min(length, begin + longest)):
            if at == 0:
                point = _WORD_BEGINS
            else:
                point = np.uint64(points[start + at - 1]) if at < length - 1 else _WORD_ENDS
            value = (value ^ point) * _PRIME
            if at - begin + 1 < shortest:
                continue
            number, count = _number(_mixed(value), slots, hashes, count, grows)
            if number >= 0 and not _is_among(number, grams, first, filled):
                grams[filled] = number
                filled += 1
    return filled, count


@njit(
    types.int64(
        _points, _longs, _flags, types.int64, types.int64, _slots, _hashes, types.int64, types.boolean,
        _hashes, _numbers, _longs, _numbers,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def words(
    points, starts, are_ideographic, shortest, longest, slots, hashes, count, grows,
    word_hashes, word_numbers, gram_starts, grams,
):  # fmt: skip
    """Number words and the n-grams of their characters; return how many numbers there are now.

    Args:
        points: uint32, the code points of all words; word i is at `starts[i]:starts[i + 1]`.
        are_ideographic: for each word; these have no n-grams of their own.
        shortest, longest: n-grams of characters; none if `longest` is 0.
        slots, hashes, count: the table.
        grows: add what is not known, or leave it out.
        word_hashes, word_numbers: of each word; to be filled.
        gram_starts, grams: the numbers of the n-grams of word i, at `gram_starts[i]:gram_starts[i + 1]`; to be
            filled.
    """
    filled = 0
    for word in range(len(starts) - 1):
        start, stop = starts[word], starts[word + 1]
        value = _WORD
        for at in range(start, stop):
            value = (value ^ np.uint64(points[at])) * _PRIME
        hashed = _mixed(value)
        word_hashes[word] = hashed
        word_numbers[word], count = _number(hashed, slots, hashes, count, grows)
        gram_starts[word] = filled
        if longest > 0 and not are_ideographic[word]:
            filled, count = _grams_of_word(
                points, start, stop, shortest, longest, slots, hashes, count, grows, grams, filled
            )
    gram_starts[len(starts) - 1] = filled
    return count


@_within
def _add(number, text, last, row, filled):
    """Add a number to a row of features unless it is there already; return how much of `row` is filled."""
    if number >= 0 and last[number] != text:
        last[number] = text
        row[filled] = number
        filled += 1
    return filled


@_inlined
def _add_word_ngrams(
    ids, begin, end, orders, word_hashes, slots, hashes, count, grows, text, last, features, filled
):  # fmt: skip
    """Add the n-grams of words of a text; return where its features end, and how many numbers there are."""
    for at in range(begin - 1, end):
        value = (_WORDS ^ (_TEXT_BEGINS if at < begin else word_hashes[ids[at]])) * _PRIME
        for after in range(at + 1, min(end + 1, at + orders)):
            value = (value ^ (_TEXT_ENDS if after == end else word_hashes[ids[after]])) * _PRIME
            number, count = _number(_mixed(value), slots, hashes, count, grows)
            filled = _add(number, text, last, features, filled)
    return filled, count


@_inlined
def _add_ideographs(run, length, longest, slots, hashes, count, grows, text, last, features, filled):
    """Add the n-grams of a run of ideographs; return what `_add_word_ngrams` does."""
    for character in range(length):
        value = _IDEOGRAPHS
        for after in range(character, min(length, character + longest)):
            value = (value ^ np.uint64(run[after])) * _PRIME
            number, count = _number(_mixed(value), slots, hashes, count, grows)
            filled = _add(number, text, last, features, filled)
    return filled, count


@njit(
    types.UniTuple(types.int64, 2)(
        _numbers, _longs, types.int64, types.int64, _points, _longs, _flags, types.int64, types.int64,
        _slots, _hashes, types.int64, types.boolean, _hashes, _numbers, _longs, _numbers,
        _numbers, _numbers, _numbers, _numbers, _ends,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def texts(
    ids, ends, first, stop, points, starts, are_ideographic, orders, ideographs,
    slots, hashes, count, grows, word_hashes, word_numbers, gram_starts, grams,
    last, last_of_word, run, features, bounds,
):  # fmt: skip
    """Find the distinct features of texts; return how many numbers there are now, and features.

    Args:
        ids: int32, the words of all texts; those of text i are at `ends[i]:ends[i + 1]`.
        first, stop: the texts.
        orders: words in the longest n-gram of words.
        ideographs: characters in the longest n-gram of ideographs.
        last: int32 for each number, the last text that had it, or -1.
        last_of_word: the same for each word.
        run: int32, for code points of a run of ideographs.
        features: int32, the features of all texts, of each first words, then n-grams of words, then of characters;
            to be filled.
        bounds: int64 [texts, 3], where each of these parts ends; to be filled.
        The others are as in `words`.
    """
    filled = 0
    for text in range(first, stop):
        begin, end = ends[text], ends[text + 1]
        for at in range(begin, end):
            filled = _add(word_numbers[ids[at]], text, last, features, filled)
        bounds[text, 0] = filled
        if orders > 1:
            filled, count = _add_word_ngrams(
                ids, begin, end, orders, word_hashes, slots, hashes, count, grows, text, last, features, filled
            )
        bounds[text, 1] = filled
        length = 0
        for at in range(begin, end + 1):
            if at < end and are_ideographic[ids[at]]:
                for character in range(starts[ids[at]], starts[ids[at] + 1]):
                    run[length] = points[character]
                    length += 1
                continue
            if length > 0:
                filled, count = _add_ideographs(
                    run, length, ideographs, slots, hashes, count, grows, text, last, features, filled
                )
                length = 0
            if at < end and last_of_word[ids[at]] != text:
                last_of_word[ids[at]] = text
                # Without a branch that the processor would guess wrong, and `features` has room for one more.
                for gram in range(np.uint64(gram_starts[ids[at]]), np.uint64(gram_starts[ids[at] + 1])):
                    number = np.uint32(grams[np.uint64(gram)])
                    features[filled] = number
                    filled += last[number] != text
                    last[number] = text
        bounds[text, 2] = filled
    return count, filled


@_inlined
def _add_sums(features, begin, stop, scale, weights, sums, scores, text):
    """Add to the scores of a text the sums of the weights of some features, multiplied by `scale`."""
    labels = weights.shape[1]
    if labels == 1:  # a sum in a register, not in memory
        total = 0.0
        for at in range(begin, stop):
            total += weights[np.uint32(features[at]), 0]
        scores[text, 0] += scale * total
        return
    sums[:] = 0
    for at in range(begin, stop):
        number = np.uint32(features[at])
        for label in range(labels):
            sums[label] += weights[number, label]
    for label in range(labels):
        scores[text, label] += scale * sums[label]


@njit(
    types.void(
        _numbers, _longs, _points, _longs, _flags, types.int64, types.int64,
        _slots, _hashes, _hashes, _numbers, _longs, _numbers,
        _numbers, _numbers, _numbers, _numbers, _weights, _biases, _scores,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def score(
    ids, ends, points, starts, are_ideographic, orders, ideographs,
    slots, hashes, word_hashes, word_numbers, gram_starts, grams,
    last, last_of_word, run, features, weights, biases, scores,
):  # fmt: skip
    """Score texts by the weights of their features, of which none is kept.

    Args:
        features: int32, room for those of 16 texts.
        weights: float32 [features, labels].
        biases: float64 [labels].
        scores: float64 [texts, labels], to be filled.
        The others are as in `texts`; no hash is added.
    """
    bounds = np.empty((len(ends) - 1, 3), dtype=np.int64)
    sums = np.empty(weights.shape[1])
    for first in range(0, len(ends) - 1, _TEXTS):
        stop = min(len(ends) - 1, first + _TEXTS)
        texts(
            ids, ends, first, stop, points, starts, are_ideographic, orders, ideographs,
            slots, hashes, len(hashes), False, word_hashes, word_numbers, gram_starts, grams,
            last, last_of_word, run, features, bounds,
        )  # fmt: skip
        at = 0
        for text in range(first, stop):
            for label in range(weights.shape[1]):
                scores[text, label] = biases[label]
            for part in range(3):
                scale = 1 / np.sqrt(max(bounds[text, part] - at, 1))
                _add_sums(features, at, bounds[text, part], scale, weights, sums, scores, text)
                at = bounds[text, part]


@njit(types.void(_numbers, types.int64, _longs), nogil=True, cache=True)
def count_texts(features, filled, counts):
    """Add up for each number how many texts have it."""
    for at in range(filled):
        counts[features[at]] += 1


@njit(
    types.int64(_numbers, _ends, types.int64, types.int64, _numbers, _numbers, types.int64, _ends),
    nogil=True,
    cache=True,
)
def renumber(features, bounds, first, stop, numbers, kept, filled, kept_bounds):
    """Append the features of texts by their new numbers, without those that have -1; return where they end."""
    at = 0
    for text in range(first, stop):
        for part in range(3):
            while at < bounds[text, part]:
                number = numbers[features[at]]
                if number >= 0:
                    kept[filled] = number
                    filled += 1
                at += 1
            kept_bounds[text, part] = filled
    return filled
