"""The loops of the fast engine, compiled by Numba: a window of text at a time.

Skip-gram takes all words of a window against the same few targets, the middle word and noise words drawn once for
two windows, so that its arithmetic is a small matrix product (Ji, Satish, Li and Dubey, "Parallelizing Word2Vec in
Shared and Distributed Memory", 2016). With subwords the middle word is put together once for its whole window.
What will be needed soon is asked for ahead, since most of the time goes to waiting for memory.

Weights are flat: row r of `dim` numbers begins at r * dim. Threads train on the same weights without locks (Recht
et al., "Hogwild", 2011). The loops see pointers where callers give arrays: Numba counts references to arrays,
which in loops as short as these costs more than the arithmetic.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import float32, int64, njit, types, uint32, uint64
from numba.core import cgutils
from numba.extending import intrinsic

from wvcli.batches import TEXT_END, IdArray

FloatArray = npt.NDArray[np.float32]

_TARGETS = 6  # multiplied at a time: a window of 5 noise words has so many
_WORDS = 2  # of a window, added to a target at a time
_WINDOWS = 1  # in a row, that share their noise words
_SOON = 2  # places ahead of which a middle word's row is asked for
_LINE = 16  # float32 in a line of the cache
_END = uint32(TEXT_END)

_HOW: dict[str, Any] = {"nogil": True, "cache": True, "fastmath": True, "error_model": "numpy"}
_compiled = njit(**_HOW)
_inlined = njit(forceinline=True, **_HOW)


class Weights(NamedTuple):
    """What is trained.

    Attributes:
        words: float32 [words * dim], the words' own vectors.
        ngrams: float32 [buckets * dim], those of their n-grams; empty without subwords.
        output: float32 [words * dim], or with hierarchical softmax a row for each inner node.
        factors: float32 [words], by which changes of a word's vector are multiplied: 0 keeps it as it is.
        dim: length of a row.
    """

    words: FloatArray
    ngrams: FloatArray
    output: FloatArray
    factors: FloatArray
    dim: int


class Tables(NamedTuple):
    """What training looks up of words; in lists, word w has the members from `starts[w]` up to `starts[w + 1]`.

    Attributes:
        noise: uint32 [words * 2], what `alias_table` gives.
        words: number of words.
        ngram_starts: int64 [words + 1].
        ngrams: uint32, the n-grams' rows.
        path_starts: int64 [words + 1]; all 0 with negative sampling.
        nodes: uint32, the inner nodes on the way to a word.
        sides: float32, 1 or 0 at each: what the model is to predict.
    """

    noise: IdArray
    words: int
    ngram_starts: npt.NDArray[np.int64]
    ngrams: IdArray
    path_starts: npt.NDArray[np.int64]
    nodes: IdArray
    sides: FloatArray


class Task(NamedTuple):
    """A piece of text to train on.

    Attributes:
        ids: uint32 [length], the text around it as well, each text ended by `TEXT_END`.
        length: number of ids.
        start: the first place to train at.
        stop: one after the last.
        alpha: learning rate at the start.
        fall: by how much it falls with each place.
        window: words of context on each side, at most.
        is_fixed: whether the window is always as wide as that.
        negative: noise words for each window; 0 with hierarchical softmax.
        seed: of the random numbers.
    """

    ids: IdArray
    length: int
    start: int
    stop: int
    alpha: float
    fall: float
    window: int
    is_fixed: bool
    negative: int
    seed: int


class Room(NamedTuple):
    """Room for what is at hand of one window.

    Attributes:
        context: uint32, its words but the middle one.
        noise: uint32, noise words drawn for the next window.
        rows: uint32, rows of the output layer that are its targets.
        labels: float32, 1 for a target that is there and 0 for one that is not.
        shares: float32, by which the learning rate is multiplied for a target.
        errors: float32 [context, targets].
        held: float32 [targets, dim], the targets' rows as they were.
        hidden: float32 [dim], the vector that predicts.
        change: float32 [dim], what it is to change by.
    """

    context: IdArray
    noise: IdArray
    rows: IdArray
    labels: FloatArray
    shares: FloatArray
    errors: FloatArray
    held: FloatArray
    hidden: FloatArray
    change: FloatArray

    @classmethod
    def of(cls, window: int, negative: int, targets: int, dim: int, words: int) -> "Room":
        """Room for so many words on each side, noise words, targets and words that are multiplied with them."""
        context, targets = 2 * window + _WORDS, targets + _TARGETS
        held = targets * dim if words > 1 else 0
        sizes = (targets, targets, (words + _WORDS) * targets, held, dim, dim)
        numbers = [np.zeros(size, np.float32) for size in sizes]
        return cls(
            np.zeros(context, np.uint32), np.zeros(negative, np.uint32), np.zeros(targets, np.uint32), *numbers
        )


@intrinsic
def _pointer(typingctx: Any, array: Any) -> Any:
    """Where the numbers of an array are."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def _fetch(typingctx: Any, pointer: Any, place: Any) -> Any:
    """Ask for a number's line of the cache before it is needed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), byte)
        builder.call(prefetch, [address, number(1), number(3), number(1)])  # to write, near, data
        return context.get_dummy_value()

    return types.void(pointer, types.int64), generate


@_inlined
def _at_weights(weights):
    words, ngrams = _pointer(weights.words), _pointer(weights.ngrams)
    return Weights(words, ngrams, _pointer(weights.output), _pointer(weights.factors), weights.dim)


@_inlined
def _at_tables(tables):
    ngrams = _pointer(tables.ngram_starts), _pointer(tables.ngrams)
    nodes = _pointer(tables.nodes), _pointer(tables.sides)
    return Tables(
        _pointer(tables.noise),
        tables.words,
        ngrams[0],
        ngrams[1],
        _pointer(tables.path_starts),
        nodes[0],
        nodes[1],
    )


@_inlined
def _at_task(task):
    return Task(
        _pointer(task.ids),
        task.length,
        task.start,
        task.stop,
        task.alpha,
        task.fall,
        task.window,
        task.is_fixed,
        task.negative,
        task.seed,
    )


@_inlined
def _at_room(room):
    return Room(
        _pointer(room.context),
        _pointer(room.noise),
        _pointer(room.rows),
        _pointer(room.labels),
        _pointer(room.shares),
        _pointer(room.errors),
        _pointer(room.held),
        _pointer(room.hidden),
        _pointer(room.change),
    )


@_inlined
def _fetch_row(array, row, dim):
    first = int64(row) * dim
    for place in range(0, dim, _LINE):
        _fetch(array, first + place)


@_inlined
def _next(random):
    """The random number after this one (Knuth's MMIX); the upper bits are the good ones."""
    return random * uint64(6364136223846793005) + uint64(1442695040888963407)


@_inlined
def _below(random, bound):
    """A number from 0 up to `bound`, from the upper half of a random one."""
    return int64(((random >> uint64(32)) * uint64(bound)) >> uint64(32))


@_inlined
def _seeded(seed):
    """A random number to begin with, far from that of the next seed (Steele et al., "SplitMix", 2014)."""
    mixed = uint64(seed) * uint64(0x9E3779B97F4A7C15) + uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> uint64(27))) * uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> uint64(31))


@_compiled
def alias_table(weights):
    """uint32 [words * 2], for drawing words by these float64 weights (Walker, 1977; Vose, 1991).

    Place p, drawn evenly, stands for the word p where a random number is below the first of its two numbers, and
    else for the word that is the second.
    """
    count = len(weights)
    parts = weights / weights.sum() * count
    table = np.empty(2 * count, np.uint32)
    waiting = np.empty(count, np.int64)  # words of less than their share from the front, of more from the back
    small, large = 0, count
    for word in range(count):
        table[2 * word], table[2 * word + 1] = _END, word
        if parts[word] < 1:
            waiting[small] = word
            small += 1
        else:
            large -= 1
            waiting[large] = word
    while small > 0 and large < count:
        small -= 1
        little, much = waiting[small], waiting[large]
        table[2 * little], table[2 * little + 1] = np.uint32(parts[little] * 4294967295.0), much
        parts[much] -= 1 - parts[little]
        if parts[much] < 1:
            large += 1
            waiting[small] = much
            small += 1
    return table


@_compiled
def thinned(ids, keep, seed):
    """The text without the occurrences that subsampling leaves out.

    Args:
        ids: uint32, the text.
        keep: uint32 [words], an occurrence of a word stays where a random number is not above this.
        seed: of the random numbers.

    Returns:
        The ids that are left; how many tokens there were, or -1 when one is no word; and how many are left.
    """
    left = np.empty(len(ids), np.uint32)
    random = _seeded(seed)
    count = tokens = ends = 0
    for word in ids:
        if word == _END:
            ends += 1
        elif word >= len(keep):
            return left[:0], -1, 0
        else:
            tokens += 1
            random = _next(random)
            if uint32(random >> uint64(32)) > keep[word]:
                continue
        left[count] = word
        count += 1
    return left[:count], tokens, count - ends


@_inlined
def _look_around(task, place, random, room):
    """Put the words around a place into the room; gives their number."""
    ids = task.ids
    reach = task.window if task.is_fixed else _below(random, task.window) + 1
    count = 0
    for other in range(place - 1, max(-1, place - 1 - reach), -1):
        if ids[other] == _END:
            break
        room.context[count] = ids[other]
        count += 1
    for other in range(place + 1, min(task.length, place + 1 + reach)):
        if ids[other] == _END:
            break
        room.context[count] = ids[other]
        count += 1
    return count


@_inlined
def _fetch_ahead(task, array, dim, place):
    """Ask for the row of the word at a place, if there is one."""
    if place < task.length and task.ids[place] != _END:
        _fetch_row(array, task.ids[place], dim)


@_inlined
def _draw(task, tables, weights, random, room):
    """Draw the noise words of windows to come, and ask for their rows; gives the random number after them."""
    for number in range(task.negative):
        random = _next(random)
        place = _below(random, tables.words)
        word = uint32(place)
        if uint32(random) > tables.noise[2 * place]:
            word = tables.noise[2 * place + 1]
        room.noise[number] = word
        _fetch_row(weights.output, word, weights.dim)
    return random


@_inlined
def _add_target(room, count, row, label, share):
    room.rows[count] = row
    room.labels[count] = label
    room.shares[count] = share
    return count + 1


@_inlined
def _add_word(task, tables, room, count, word):
    """Let a word be a target, or with hierarchical softmax the inner nodes on the way to it."""
    if task.negative > 0:
        return _add_target(room, count, word, float32(1), float32(1))
    for step in range(tables.path_starts[word], tables.path_starts[int64(word) + 1]):
        count = _add_target(room, count, tables.nodes[step], tables.sides[step], float32(1))
    return count


@_inlined
def _add_noise(task, room, count, words):
    """Let the noise words be targets, each for those of so many words that are not this word themselves."""
    named = count
    for number in range(task.negative):
        word, share = room.noise[number], words
        for other in range(named):
            share -= room.rows[other] == word
        if share > 0:
            count = _add_target(room, count, word, float32(0), float32(share))
    return count


@_inlined
def _to_probabilities(logits, count):
    """Make probabilities of log-odds.

    The logistic function is half of tanh plus a half, and tanh is the seventh convergent of Lambert's continued
    fraction: within 0.00005 of the truth, and without a branch.
    """
    for number in range(count):
        half = min(max(float32(0.5) * logits[number], float32(-4.97)), float32(4.97))
        square = half * half
        above = half * (float32(135135) + square * (float32(17325) + square * (float32(378) + square)))
        below = float32(135135) + square * (float32(62370) + square * (float32(3150) + square * float32(28)))
        logits[number] = float32(0.5) + float32(0.5) * above / below


@_inlined
def _to_errors(room, size, count, alpha):
    """Make of log-odds [size, count] what weights change by: the learning rate times label less probability."""
    _to_probabilities(room.errors, size * count)
    for word in range(size):
        for number in range(count):
            at = word * count + number
            room.errors[at] = (room.labels[number] - room.errors[at]) * (alpha * room.shares[number])


@_inlined
def _fill_up(room, count):
    """Add targets of no share until the last group is whole; gives their number."""
    whole = (count + _TARGETS - 1) // _TARGETS * _TARGETS
    for number in range(count, whole):
        _add_target(room, number, room.rows[0], float32(0), float32(0))
    return whole


@_inlined
def _hold(weights, room, count):
    """Keep targets' rows as they are."""
    dim = weights.dim
    for number in range(count):
        source, goal = int64(room.rows[number]) * dim, number * dim
        for place in range(dim):
            room.held[goal + place] = weights.output[source + place]


@_inlined
def _multiply(vectors, first, rows, six, dim, errors, at):
    """Put into `errors` the log-odds of a vector with six rows: a part of the product of words and targets.

    The vector begins at `first`, and the rows where `six` says.
    """
    row_0, row_1, row_2, row_3, row_4, row_5 = six
    sum_0 = sum_1 = sum_2 = sum_3 = sum_4 = sum_5 = float32(0)
    for place in range(dim):
        value = vectors[first + place]
        sum_0 += value * rows[row_0 + place]
        sum_1 += value * rows[row_1 + place]
        sum_2 += value * rows[row_2 + place]
        sum_3 += value * rows[row_3 + place]
        sum_4 += value * rows[row_4 + place]
        sum_5 += value * rows[row_5 + place]
    errors[at], errors[at + 1], errors[at + 2] = sum_0, sum_1, sum_2
    errors[at + 3], errors[at + 4], errors[at + 5] = sum_3, sum_4, sum_5


@_inlined
def _spread(vectors, first, rows, six, dim, errors, at, factor):
    """Add to a vector six rows times their errors and a factor."""
    row_0, row_1, row_2, row_3, row_4, row_5 = six
    error_0, error_1, error_2 = factor * errors[at], factor * errors[at + 1], factor * errors[at + 2]
    error_3, error_4, error_5 = factor * errors[at + 3], factor * errors[at + 4], factor * errors[at + 5]
    for place in range(dim):
        one = error_0 * rows[row_0 + place] + error_1 * rows[row_1 + place] + error_2 * rows[row_2 + place]
        two = error_3 * rows[row_3 + place] + error_4 * rows[row_4 + place] + error_5 * rows[row_5 + place]
        vectors[first + place] += one + two


@_inlined
def _held_rows(group, dim):
    """Where the rows of a group begin that are held."""
    first = group * dim
    return first, first + dim, first + 2 * dim, first + 3 * dim, first + 4 * dim, first + 5 * dim


@_inlined
def _output_rows(room, group, dim):
    """Where the rows of a group begin in the output layer."""
    rows = room.rows
    one = int64(rows[group]) * dim, int64(rows[group + 1]) * dim, int64(rows[group + 2]) * dim
    two = int64(rows[group + 3]) * dim, int64(rows[group + 4]) * dim, int64(rows[group + 5]) * dim
    return one[0], one[1], one[2], two[0], two[1], two[2]


@_inlined
def _change_target(weights, room, number, word, whole):
    """Add to a target's row two of the words' vectors, times their errors."""
    dim, words, output = weights.dim, weights.words, weights.output
    row, at = int64(room.rows[number]) * dim, word * whole + number
    word_0, word_1 = int64(room.context[word]) * dim, int64(room.context[word + 1]) * dim
    error_0, error_1 = room.errors[at], room.errors[at + whole]
    for place in range(dim):
        output[row + place] += error_0 * words[word_0 + place] + error_1 * words[word_1 + place]


@_inlined
def _train_window(weights, room, size, count, alpha):
    """All words of a window against the same targets."""
    dim, words, errors = weights.dim, weights.words, room.errors
    whole = _fill_up(room, count)
    _hold(weights, room, whole)
    for word in range(size):
        first = int64(room.context[word]) * dim
        for group in range(0, whole, _TARGETS):
            _multiply(words, first, room.held, _held_rows(group, dim), dim, errors, word * whole + group)
    _to_errors(room, size, whole, alpha)
    room.context[size] = room.context[0]  # what fills up the last two words
    for number in range(whole):
        errors[size * whole + number] = float32(0)
    for number in range(count):
        for word in range(0, size, _WORDS):
            _change_target(weights, room, number, word, whole)
    for word in range(size):
        first, factor = int64(room.context[word]) * dim, weights.factors[room.context[word]]
        for group in range(0, whole, _TARGETS):
            _spread(words, first, room.held, _held_rows(group, dim), dim, errors, word * whole + group, factor)


@_compiled
def skipgram(task, tables, weights, room):
    """Train Word2Vec's skip-gram: the words around each word are to predict it. Gives the number of places."""
    task, tables, weights, room = _at_task(task), _at_tables(tables), _at_weights(weights), _at_room(room)
    random = _draw(task, tables, weights, _seeded(task.seed), room)
    done = 0
    for place in range(task.start, task.stop):
        word = task.ids[place]
        if word == _END:
            continue
        done += 1
        random = _next(random)
        _fetch_ahead(task, weights.words, weights.dim, place + task.window + 1)
        _fetch_ahead(task, weights.output, weights.dim, place + _SOON)
        size = _look_around(task, place, random, room)
        count = _add_word(task, tables, room, 0, word)
        count = _add_noise(task, room, count, 1)
        if done % _WINDOWS == 0:
            random = _draw(task, tables, weights, random, room)
        if size > 0:
            alpha = float32(task.alpha - task.fall * (place - task.start))
            _train_window(weights, room, size, count, alpha)
    return done


@_inlined
def _add_row(rows, row, dim, total):
    first = int64(row) * dim
    for place in range(dim):
        total[place] += rows[first + place]


@_inlined
def _change_row(rows, row, dim, factor, change):
    first = int64(row) * dim
    for place in range(dim):
        rows[first + place] += factor * change[place]


@_inlined
def _add_pieces(weights, tables, word, total):
    """Add a word's own vector and those of its n-grams to a sum; gives how many they are."""
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    _add_row(weights.words, word, weights.dim, total)
    for number in range(start, stop):
        _add_row(weights.ngrams, tables.ngrams[number], weights.dim, total)
    return 1 + stop - start


@_inlined
def _change_pieces(weights, tables, word, change):
    """Change a word's own vector and those of its n-grams."""
    _change_row(weights.words, word, weights.dim, weights.factors[word], change)
    for number in range(tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]):
        _change_row(weights.ngrams, tables.ngrams[number], weights.dim, float32(1), change)


@_inlined
def _fetch_pieces(weights, tables, word):
    _fetch_row(weights.words, word, weights.dim)
    for number in range(tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]):
        _fetch_row(weights.ngrams, tables.ngrams[number], weights.dim)


@_inlined
def _fill(vector, dim, value):
    for place in range(dim):
        vector[place] = value


@_inlined
def _scale(vector, dim, factor):
    for place in range(dim):
        vector[place] *= factor


@_inlined
def _train_hidden(weights, room, count, alpha):
    """One vector against targets; `room.change` becomes what it is to change by."""
    dim, output, hidden, errors = weights.dim, weights.output, room.hidden, room.errors
    whole = _fill_up(room, count)
    for group in range(0, whole, _TARGETS):
        _multiply(hidden, 0, output, _output_rows(room, group, dim), dim, errors, group)
    _to_errors(room, 1, whole, alpha)
    _fill(room.change, dim, float32(0))
    for group in range(0, whole, _TARGETS):
        _spread(room.change, 0, output, _output_rows(room, group, dim), dim, errors, group, float32(1))
    for number in range(count):
        _change_row(output, room.rows[number], dim, errors[number], hidden)


@_compiled
def cbow(task, tables, weights, room):
    """Train CBOW: the mean of the vectors around each word is to predict it. Gives the number of places."""
    task, tables, weights, room = _at_task(task), _at_tables(tables), _at_weights(weights), _at_room(room)
    random = _draw(task, tables, weights, _seeded(task.seed), room)
    done = 0
    for place in range(task.start, task.stop):
        word = task.ids[place]
        if word == _END:
            continue
        done += 1
        random = _next(random)
        _fetch_ahead(task, weights.words, weights.dim, place + task.window + 1)
        _fetch_ahead(task, weights.output, weights.dim, place + _SOON)
        size = _look_around(task, place, random, room)
        count = _add_word(task, tables, room, 0, word)
        count = _add_noise(task, room, count, 1)
        if done % _WINDOWS == 0:
            random = _draw(task, tables, weights, random, room)
        if size == 0:
            continue
        _fill(room.hidden, weights.dim, float32(0))
        pieces = int64(0)
        for number in range(size):
            pieces += _add_pieces(weights, tables, room.context[number], room.hidden)
        _scale(room.hidden, weights.dim, float32(1) / float32(pieces))
        _train_hidden(weights, room, count, float32(task.alpha - task.fall * (place - task.start)))
        for number in range(size):
            _change_pieces(weights, tables, room.context[number], room.change)
    return done


@_compiled
def subword_skipgram(task, tables, weights, room):
    """Train FastText's skip-gram: each word, of its n-grams, is to predict those around it. Gives the places."""
    task, tables, weights, room = _at_task(task), _at_tables(tables), _at_weights(weights), _at_room(room)
    random = _draw(task, tables, weights, _seeded(task.seed), room)
    done = 0
    for place in range(task.start, task.stop):
        word = task.ids[place]
        if word == _END:
            continue
        done += 1
        random = _next(random)
        _fetch_ahead(task, weights.output, weights.dim, place + task.window + 1)
        size = _look_around(task, place, random, room)
        count = 0
        for number in range(size):
            count = _add_word(task, tables, room, count, room.context[number])
        count = _add_noise(task, room, count, size)
        if done % _WINDOWS == 0:
            random = _draw(task, tables, weights, random, room)
        if place + 1 < task.length and task.ids[place + 1] != _END:
            _fetch_pieces(weights, tables, task.ids[place + 1])
        if size == 0:
            continue
        _fill(room.hidden, weights.dim, float32(0))
        pieces = _add_pieces(weights, tables, word, room.hidden)
        _scale(room.hidden, weights.dim, float32(1) / float32(max(1, pieces - 1)))
        _train_hidden(weights, room, count, float32(task.alpha - task.fall * (place - task.start)))
        _change_pieces(weights, tables, word, room.change)
    return done
