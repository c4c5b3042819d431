"""The loops of the fast engine, compiled by Numba: a window of text at a time.

Skip-gram with subwords puts the middle word together once for its whole window. What will be needed soon is asked
for ahead, and noise words come from a pool of which rows stay in the cache, since much of the time goes to waiting
for memory. Weights are flat: row r begins at r * width. Threads train on the same weights without locks (Recht et
al., "Hogwild", 2011).

Numba compiles a loop again when this file changes, but not when only a file does from which it takes parts.
"""

from numba import float32, int64

from wvcli.training.engines._noise_pool import empty_pool, fill_pool, noise_row, renew
from wvcli.training.engines._products import (
    add_noise,
    add_rows,
    add_target,
    change_rows,
    change_words,
    fill,
    pad_targets,
    scale,
    train_hidden,
    train_words,
)
from wvcli.training.engines._random import END, next_random, random_below, seeded
from wvcli.training.engines._state import at_room, at_tables, at_task, at_weights, compiled, fetch_row, inlined
from wvcli.training.engines._worker_rows import own_output, own_word, share_rows, share_word, take_rows

_TOGETHER = 4  # words of a window that share noise words
_USES = 5  # noise words that are used, at most, for each that gives way to another, where it does
_SUBWORD_USES = 3  # the same with FastText's skip-gram: two give way for five
_SOON = 2  # places ahead of which a middle word's row is asked for


@inlined
def _fetch_word(task, weights, room, place):
    """Ask for the vector of the word at a place, if there is one."""
    if place < task.length and task.ids[place] != END:
        fetch_row(weights.words, own_word(room.own, task.ids[place]), weights.width)


@inlined
def _fetch_output(task, weights, room, place):
    """Ask for the row of the output layer of the word at a place, if there is one."""
    if place < task.length and task.ids[place] != END:
        fetch_row(weights.output, own_output(room.own, task.ids[place]), weights.width)


@inlined
def _collect_context(task, place, random, room):
    """Put the words around a place into the room, and its own after them; gives their number."""
    ids = task.ids
    reach = task.window if task.is_fixed else random_below(random, task.window) + 1
    count = 0
    for other in range(place - 1, max(-1, place - 1 - reach), -1):
        if ids[other] == END:
            break
        room.context[count] = own_word(room.own, ids[other])
        count += 1
    for other in range(place + 1, min(task.length, place + 1 + reach)):
        if ids[other] == END:
            break
        room.context[count] = own_word(room.own, ids[other])
        count += 1
    room.context[count] = own_word(room.own, ids[place])
    return count


@inlined
def _choose_targets(task, tables, room, word, random):
    """Let a word and noise words be the targets, or with hierarchical softmax the inner nodes on the way to it.

    Gives the number of targets, and the last random number used.
    """
    count = 0
    if task.negative > 0:
        count = add_target(room, count, own_output(room.own, word), float32(1))
    else:
        for step in range(tables.path_starts[word], tables.path_starts[int64(word) + 1]):
            count = add_target(room, count, tables.nodes[step], tables.sides[step])
    for _ in range(task.negative):
        random = next_random(random)
        slot = random_below(random, room.own.slots)
        if room.pool[slot] != word:
            count = add_noise(room, count, noise_row(room, slot))
    return pad_targets(room, count), random


@inlined
def _alpha(task, place):
    """The learning rate at a place."""
    return float32(task.alpha - task.fall * (place - task.start))


@inlined
def _begin(task, tables, weights, room):
    """Fill the pool; gives the first random number."""
    random = seeded(task.seed)
    if task.negative > 0:
        fill_pool(tables, weights, room, seeded(random))
    return random


@inlined
def _renew(task, tables, weights, room, uses):
    """Have some words of the pool give way to others, one for each so many, or fewer, that are used."""
    for _ in range(0, task.negative, uses):
        renew(tables, weights, room)


@inlined
def _end(task, weights, room):
    if task.negative > 0:
        empty_pool(weights, room)


@compiled
def skipgram(task, tables, weights, room):
    """Train Word2Vec's skip-gram: the words around each word are to predict it. Gives the number of places."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    random = _begin(task, tables, weights, room)
    done = 0
    for place in range(task.start, task.stop):
        if task.ids[place] == END:
            continue
        done += 1
        _fetch_word(task, weights, room, place + task.window + 1)
        _fetch_output(task, weights, room, place + _SOON)
        _renew(task, tables, weights, room, _USES)
        random = next_random(random)
        size = _collect_context(task, place, random, room)
        for start in range(0, size, _TOGETHER):
            count, random = _choose_targets(task, tables, room, task.ids[place], random)
            stop = min(start + _TOGETHER, size)
            train_words(weights, room, start, stop, count, _alpha(task, place))
    _end(task, weights, room)
    return done


@inlined
def _add_ngrams(weights, tables, word, total):
    """Add the vectors of a word's n-grams to a sum; gives how many they are."""
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    if stop > start:
        add_rows(weights.ngrams, weights.width, tables.ngrams, start, stop, total)
    return stop - start


@inlined
def _change_ngrams(weights, tables, word, change):
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    if stop > start:
        change_rows(weights.ngrams, weights.width, tables.ngrams, start, stop, change)


@inlined
def _fetch_part(task, weights, tables, place, part, parts):
    """Ask for some of the rows that the word at a place is made of, if there is one.

    All at once, the core would wait for them: it can ask for few at a time.
    """
    if place >= task.length or task.ids[place] == END:
        return
    word = int64(task.ids[place])
    if part == 0:
        fetch_row(weights.words, word, weights.width)
    first = tables.ngram_starts[word]
    pieces = tables.ngram_starts[word + 1] - first
    for number in range(first + pieces * part // parts, first + pieces * (part + 1) // parts):
        fetch_row(weights.ngrams, tables.ngrams[number], weights.width)


@inlined
def _train_window(task, tables, weights, room, place, size, random, has_subwords):
    """The mean of the words around a place against the word there; gives the last random number used."""
    word, pieces = task.ids[place], size
    fill(room.hidden, weights.width)
    fill(room.total, weights.width)
    add_rows(weights.words, weights.width, room.context, 0, size, room.hidden)
    if has_subwords:
        for number in range(size):
            pieces += _add_ngrams(weights, tables, room.context[number], room.hidden)
    scale(room.hidden, weights.width, float32(1) / float32(pieces))
    count, random = _choose_targets(task, tables, room, word, random)
    train_hidden(weights, room, count, _alpha(task, place), float32(0))
    change_words(weights, room.context, 0, size, room.total)
    if has_subwords:
        for number in range(size):
            _change_ngrams(weights, tables, room.context[number], room.total)
    return random


@inlined
def _cbow(task, tables, weights, room, has_subwords):
    """CBOW with or without subwords; without, a worker may have rows of its own."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    take_rows(weights, room)
    random = _begin(task, tables, weights, room)
    done = 0
    for place in range(task.start, task.stop):
        if task.ids[place] == END:
            continue
        done += 1
        _fetch_word(task, weights, room, place + task.window + 1)
        _fetch_output(task, weights, room, place + _SOON)
        if done % room.own.renewed == 0:
            _renew(task, tables, weights, room, _USES)
        if room.own.frequent > 0 and done % room.own.period == 0:
            share_word(weights, room, done // room.own.period)
        random = next_random(random)
        size = _collect_context(task, place, random, room)
        if size > 0:
            random = _train_window(task, tables, weights, room, place, size, random, has_subwords)
    _end(task, weights, room)
    share_rows(weights, room)
    return done


@compiled
def cbow(task, tables, weights, room):
    """Train Word2Vec's CBOW: the mean of the vectors around a word is to predict it. Gives the places."""
    return _cbow(task, tables, weights, room, False)


@compiled
def subword_cbow(task, tables, weights, room):
    """Train FastText's CBOW, in which the mean is over n-grams as well. Gives the places."""
    return _cbow(task, tables, weights, room, True)


@inlined
def _train_word(task, tables, weights, room, place, size, random):
    """A word, put together of its n-grams, against each of the words around it; gives the last random number used.

    The vector follows its own changes, as if no n-gram were there twice; the rows it is made of get their sum.
    """
    width, hidden, word = weights.width, room.hidden, task.ids[place]
    fill(hidden, width)
    fill(room.total, width)
    add_rows(weights.words, width, room.context, size, size + 1, hidden)
    ngrams = _add_ngrams(weights, tables, word, hidden)
    pieces = float32(max(1, ngrams))  # as Gensim takes it while it trains
    scale(hidden, width, float32(1) / pieces)
    for number in range(size):
        _fetch_part(task, weights, tables, place + 1, number, size)
        _renew(task, tables, weights, room, _SUBWORD_USES)
        count, random = _choose_targets(task, tables, room, room.context[number], random)
        train_hidden(weights, room, count, _alpha(task, place), float32(1 + ngrams) / pieces)
    change_words(weights, room.context, size, size + 1, room.total)
    _change_ngrams(weights, tables, word, room.total)
    return random


@compiled
def subword_skipgram(task, tables, weights, room):
    """Train FastText's skip-gram: each word, of its n-grams, is to predict those around it. Gives the places."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    take_rows(weights, room)
    random = _begin(task, tables, weights, room)
    done = 0
    for place in range(task.start, task.stop):
        if task.ids[place] == END:
            continue
        done += 1
        _fetch_output(task, weights, room, place + task.window + 1)
        if room.own.frequent > 0 and done % room.own.period == 0:
            share_word(weights, room, done // room.own.period)
        random = next_random(random)
        size = _collect_context(task, place, random, room)
        if size > 0:
            random = _train_word(task, tables, weights, room, place, size, random)
    _end(task, weights, room)
    share_rows(weights, room)
    return done
