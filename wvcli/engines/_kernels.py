"""The loops of the fast engine, compiled by Numba: a window of text at a time.

Skip-gram with subwords puts the middle word together once for its whole window. What will be needed soon is asked
for ahead, since much of the time goes to waiting for memory. Weights are flat: row r of `dim` numbers begins at
r * dim. Threads train on the same weights without locks (Recht et al., "Hogwild", 2011).

Numba compiles a loop again when this file changes, but not when only a file does from which it takes parts.
"""

from numba import float32, int64

from wvcli.engines._drawing import END, below, draw, following, seeded
from wvcli.engines._memory import (
    TOGETHER,
    at_room,
    at_tables,
    at_task,
    at_weights,
    compiled,
    fetch_row,
    inlined,
)
from wvcli.engines._products import (
    add_row,
    add_rows,
    add_target,
    add_vector,
    change_row,
    fill,
    scale,
    train_hidden,
    train_window,
)

_SOON = 2  # places ahead of which a middle word's row is asked for


@inlined
def _fetch_ahead(task, array, dim, place):
    """Ask for the row of the word at a place, if there is one."""
    if place < task.length and task.ids[place] != END:
        fetch_row(array, task.ids[place], dim)


@inlined
def _look_around(task, place, random, room):
    """Put the words around a place into the room, and its own after them; gives their number."""
    ids = task.ids
    reach = task.window if task.is_fixed else below(random, task.window) + 1
    count = 0
    for other in range(place - 1, max(-1, place - 1 - reach), -1):
        if ids[other] == END:
            break
        room.context[count] = ids[other]
        count += 1
    for other in range(place + 1, min(task.length, place + 1 + reach)):
        if ids[other] == END:
            break
        room.context[count] = ids[other]
        count += 1
    room.context[count] = ids[place]
    return count


@inlined
def _add_word(task, tables, room, count, word):
    """Let a word be a target, or with hierarchical softmax the inner nodes on the way to it."""
    if task.negative > 0:
        return add_target(room, count, word, float32(1), float32(1))
    for step in range(tables.path_starts[word], tables.path_starts[int64(word) + 1]):
        count = add_target(room, count, tables.nodes[step], tables.sides[step], float32(1))
    return count


@inlined
def _add_noise(task, room, count, first, words):
    """Let noise words from `first` on be targets, each for those of so many words that are not this word."""
    named = count
    for number in range(first, first + task.negative):
        word, share = room.noise[number], words
        for other in range(named):
            share -= room.rows[other] == word
        if share > 0:
            count = add_target(room, count, word, float32(0), float32(share))
    return count


@inlined
def _alpha(task, place):
    """The learning rate at a place."""
    return float32(task.alpha - task.fall * (place - task.start))


@inlined
def _look_at(task, tables, weights, room, place, random):
    """Put a window into the room, the middle word and noise words as its targets, and draw the next noise words.

    Gives the number of words around and of targets, and the random number after those used.
    """
    _fetch_ahead(task, weights.words, weights.dim, place + task.window + 1)
    _fetch_ahead(task, weights.output, weights.dim, place + _SOON)
    random = following(random)
    size = _look_around(task, place, random, room)
    count = _add_word(task, tables, room, 0, task.ids[place])
    count = _add_noise(task, room, count, 0, 1)
    return size, count, draw(tables, weights, random, room.noise, 0, task.negative)


@compiled
def skipgram(task, tables, weights, room):
    """Train Word2Vec's skip-gram: the words around each word are to predict it. Gives the number of places."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    random = draw(tables, weights, seeded(task.seed), room.noise, 0, task.negative)
    done = 0
    for place in range(task.start, task.stop):
        if task.ids[place] == END:
            continue
        done += 1
        size, count, random = _look_at(task, tables, weights, room, place, random)
        if size > 0:
            train_window(weights, room, size, count, _alpha(task, place))
    return done


@inlined
def _add_ngrams(weights, tables, word, total):
    """Add the vectors of a word's n-grams to a sum; gives how many they are."""
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    for number in range(start, stop):
        add_row(weights.ngrams, tables.ngrams[number], weights.dim, total)
    return stop - start


@inlined
def _add_context(weights, tables, room, size, total):
    """Add the vectors of the words around, and of their n-grams, to a sum; gives how many they are."""
    words, context, dim = weights.words, room.context, weights.dim
    for number in range(0, size - 1, 2):
        add_rows(words, context[number], context[number + 1], dim, total)
    if size % 2:
        add_row(words, context[size - 1], dim, total)
    ngrams = int64(0)
    for number in range(size):
        ngrams += _add_ngrams(weights, tables, context[number], total)
    return size + ngrams


@inlined
def _change_pieces(weights, tables, word, change):
    """Change a word's own vector and those of its n-grams."""
    change_row(weights.words, word, weights.dim, weights.factors[word], change)
    for number in range(tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]):
        change_row(weights.ngrams, tables.ngrams[number], weights.dim, float32(1), change)


@inlined
def _fetch_pieces(weights, tables, word):
    fetch_row(weights.words, word, weights.dim)
    for number in range(tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]):
        fetch_row(weights.ngrams, tables.ngrams[number], weights.dim)


@compiled
def cbow(task, tables, weights, room):
    """Train CBOW: the mean of the vectors around each word is to predict it. Gives the number of places."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    random = draw(tables, weights, seeded(task.seed), room.noise, 0, task.negative)
    done = 0
    for place in range(task.start, task.stop):
        if task.ids[place] == END:
            continue
        done += 1
        size, count, random = _look_at(task, tables, weights, room, place, random)
        if size == 0:
            continue
        fill(room.hidden, weights.dim, float32(0))
        pieces = _add_context(weights, tables, room, size, room.hidden)
        scale(room.hidden, weights.dim, float32(1) / float32(pieces))
        train_hidden(weights, room, count, _alpha(task, place))
        for number in range(size):
            _change_pieces(weights, tables, room.context[number], room.change)
    return done


@inlined
def _train_word(task, tables, weights, room, word, size, alpha):
    """A word, put together of its n-grams, against the words of a window, a few at a time.

    The vector follows its own changes, as if no n-gram were there twice; the rows it is made of get their sum.
    """
    dim, hidden = weights.dim, room.hidden
    fill(hidden, dim, float32(0))
    fill(room.total, dim, float32(0))
    add_row(weights.words, word, dim, hidden)
    ngrams = _add_ngrams(weights, tables, word, hidden)
    pieces = float32(max(1, ngrams))  # as Gensim takes it while it trains
    scale(hidden, dim, float32(1) / pieces)
    for start in range(0, size, TOGETHER):
        stop, count = min(start + TOGETHER, size), 0
        for number in range(start, stop):
            count = _add_word(task, tables, room, count, room.context[number])
        count = _add_noise(task, room, count, start // TOGETHER * task.negative, stop - start)
        train_hidden(weights, room, count, alpha)
        add_vector(room.change, float32(1 + ngrams) / pieces, dim, hidden)
        add_vector(room.change, float32(1), dim, room.total)
    _change_pieces(weights, tables, word, room.total)


@compiled
def subword_skipgram(task, tables, weights, room):
    """Train FastText's skip-gram: each word, of its n-grams, is to predict those around it. Gives the places."""
    task, tables, weights, room = at_task(task), at_tables(tables), at_weights(weights), at_room(room)
    random = seeded(task.seed)
    done = 0
    for place in range(task.start, task.stop):
        word = task.ids[place]
        if word == END:
            continue
        done += 1
        random = following(random)
        _fetch_ahead(task, weights.output, weights.dim, place + task.window + 1)
        size = _look_around(task, place, random, room)
        noise = (size + TOGETHER - 1) // TOGETHER * task.negative
        random = draw(tables, weights, random, room.noise, 0, noise)
        if place + 1 < task.length and task.ids[place + 1] != END:
            _fetch_pieces(weights, tables, task.ids[place + 1])
        if size > 0:
            _train_word(task, tables, weights, room, word, size, _alpha(task, place))
    return done
