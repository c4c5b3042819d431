"""The kernels of the fast engine: loops over text, compiled by Numba, that train one window after another.

All four are one loop, `_train_task`, with two steps of their own: `prepare` prefetches rows that windows to come
will need, and exchanges rows with the noise pool and with other workers; `train_window` trains a window. Much of
the time would go to waiting for memory, hence the prefetching, and a noise pool whose rows stay in the cache.
Threads train the same weights without locks (Recht et al., "Hogwild", 2011).

Numba compiles a kernel again when this file changes, but not when only a file does that it imports from.
"""

from numba import float32, int64

from wvcli.training.engines._noise_pool import fill_pool, noise_row, replace_word, write_back_pool
from wvcli.training.engines._products import (
    add_noise,
    add_rows,
    add_target,
    change_rows,
    change_word_vectors,
    clear,
    pad_targets,
    scale,
    train_hidden,
    train_words,
)
from wvcli.training.engines._random import END, next_random, random_below, seeded
from wvcli.training.engines._state import compiled, inlined, pointers, prefetch_row, specialized
from wvcli.training.engines._worker_rows import (
    fill_replicas,
    output_row,
    synchronize_one,
    synchronize_replicas,
    word_row,
)

_SHARING_WORDS = 4  # words of a skip-gram window trained on the same noise words; compared in docs/fast-engine.md
_USES = 5  # noise words that predictions use, at most, for each that is replaced in the pool
_SUBWORD_USES = 3  # the same with FastText's skip-gram: for five that are used, two are replaced
_OUTPUT_DISTANCE = 2  # tokens ahead of which the output row of a middle word is prefetched


@inlined
def _prefetch_word(task, weights, scratch, position):
    """Prefetch the vector of the word at a position, if there is one."""
    if position < task.length and task.ids[position] != END:
        prefetch_row(weights.word_vectors, word_row(scratch.rows, task.ids[position]), weights.width)


@inlined
def _prefetch_output(task, weights, scratch, position):
    """Prefetch the row of the output layer of the word at a position, if there is one."""
    if position < task.length and task.ids[position] != END:
        prefetch_row(weights.output, output_row(scratch.rows, task.ids[position]), weights.width)


@inlined
def _collect_context(task, scratch, position, random):
    """Put the rows of the words around a position, and then its own, into the context; and return how many."""
    ids = task.ids
    reach = task.window if task.has_fixed_window else random_below(random, task.window) + 1
    size = 0
    for other in range(position - 1, max(-1, position - 1 - reach), -1):
        if ids[other] == END:
            break
        scratch.context[size] = word_row(scratch.rows, ids[other])
        size += 1
    for other in range(position + 1, min(task.length, position + 1 + reach)):
        if ids[other] == END:
            break
        scratch.context[size] = word_row(scratch.rows, ids[other])
        size += 1
    scratch.context[size] = word_row(scratch.rows, ids[position])
    return size


@inlined
def _choose_targets(task, tables, scratch, word, random):
    """Make a word and noise words the targets, or with hierarchical softmax the inner nodes on the word's path.

    Returns:
        The number of targets, and the last random number used.
    """
    count = 0
    if task.negative > 0:
        count = add_target(scratch, count, output_row(scratch.rows, word), float32(1))
    else:
        for step in range(tables.path_starts[word], tables.path_starts[int64(word) + 1]):
            count = add_target(scratch, count, tables.path_nodes[step], tables.path_labels[step])
    for _ in range(task.negative):
        random = next_random(random)
        slot = random_below(random, scratch.rows.pool_size)
        if scratch.pool[slot] != word:
            count = add_noise(scratch, count, noise_row(scratch, slot))
    return pad_targets(scratch, count), random


@inlined
def _learning_rate(task, position):
    """Return the learning rate at a position."""
    return float32(task.alpha - task.alpha_step * (position - task.start))


@inlined
def _replace_words(task, tables, weights, scratch, uses):
    """Replace words of the noise pool, one for each `uses`, or fewer, that a prediction uses."""
    for _ in range(0, task.negative, uses):
        replace_word(tables, weights, scratch)


@inlined
def _synchronize(weights, scratch, trained):
    """Synchronize the replicas of one word, if it is time after this many windows."""
    rows = scratch.rows
    if rows.output_replicas > 0 and trained % rows.sync_windows == 0:
        synchronize_one(weights, scratch, trained // rows.sync_windows)


@specialized
def _train_task(task, tables, weights, scratch, prepare, train_window, has_replicas):
    """Train on a task by two steps for each word, and return the number of words.

    Args:
        prepare: called with the task, tables, weights and scratch, the position of the word, and how many words
            have been trained with this one.
        train_window: called with the same four and the position, the size of the context and a random number;
            returns the last random number used.
        has_replicas: whether workers may have replicas; what skip-gram never needs is left out of its code.
    """
    task, tables, weights, scratch = pointers(task), pointers(tables), pointers(weights), pointers(scratch)
    if has_replicas:
        fill_replicas(weights, scratch)
    random = seeded(task.seed)
    if task.negative > 0:
        fill_pool(tables, weights, scratch, seeded(random))
    trained = 0
    for position in range(task.start, task.stop):
        if task.ids[position] == END:
            continue
        trained += 1
        prepare(task, tables, weights, scratch, position, trained)
        random = next_random(random)
        size = _collect_context(task, scratch, position, random)
        if size > 0:
            random = train_window(task, tables, weights, scratch, position, size, random)
    if task.negative > 0:
        write_back_pool(weights, scratch)
    if has_replicas:
        synchronize_replicas(weights, scratch)
    return trained


# --- Word2Vec's skip-gram ---


@inlined
def _prepare_skipgram(task, tables, weights, scratch, position, trained):
    _prefetch_word(task, weights, scratch, position + task.window + 1)
    _prefetch_output(task, weights, scratch, position + _OUTPUT_DISTANCE)
    _replace_words(task, tables, weights, scratch, _USES)


@inlined
def _train_skipgram_window(task, tables, weights, scratch, position, size, random):
    """Predict the word at a position, and noise words not, from each word around it, some words at a time."""
    for start in range(0, size, _SHARING_WORDS):
        count, random = _choose_targets(task, tables, scratch, task.ids[position], random)
        stop = min(start + _SHARING_WORDS, size)
        train_words(weights, scratch, start, stop, count, _learning_rate(task, position))
    return random


@compiled
def skipgram(task, tables, weights, scratch):
    """Train Word2Vec's skip-gram on a task: each word is predicted from each of those around it."""
    return _train_task(task, tables, weights, scratch, _prepare_skipgram, _train_skipgram_window, False)


# --- CBOW, without and with subwords ---


@inlined
def _prepare_cbow(task, tables, weights, scratch, position, trained):
    _prefetch_word(task, weights, scratch, position + task.window + 1)
    _prefetch_output(task, weights, scratch, position + _OUTPUT_DISTANCE)
    if trained % scratch.rows.refresh_windows == 0:
        _replace_words(task, tables, weights, scratch, _USES)
    _synchronize(weights, scratch, trained)


@inlined
def _add_ngrams(weights, tables, word, total):
    """Add the vectors of a word's n-grams to a vector, and return how many they are."""
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    if stop > start:
        add_rows(weights, weights.ngram_vectors, tables.ngrams, start, stop, total)
    return stop - start


@inlined
def _change_ngrams(weights, tables, word, change):
    """Add a vector to the vectors of a word's n-grams."""
    start, stop = tables.ngram_starts[word], tables.ngram_starts[int64(word) + 1]
    if stop > start:
        change_rows(weights, weights.ngram_vectors, tables.ngrams, start, stop, change)


@inlined
def _train_mean(task, tables, weights, scratch, position, size, random, has_subwords):
    """Predict the word at a position, and noise words not, from the mean of the vectors around it."""
    pieces = size
    clear(scratch.hidden, weights.length)
    clear(scratch.hidden_change, weights.length)
    add_rows(weights, weights.word_vectors, scratch.context, 0, size, scratch.hidden)
    if has_subwords:
        for index in range(size):
            pieces += _add_ngrams(weights, tables, scratch.context[index], scratch.hidden)
    scale(scratch.hidden, weights.length, float32(1) / float32(pieces))
    count, random = _choose_targets(task, tables, scratch, task.ids[position], random)
    train_hidden(weights, scratch, count, _learning_rate(task, position), float32(0))
    change_word_vectors(weights, scratch.context, 0, size, scratch.hidden_change)
    if has_subwords:
        for index in range(size):
            _change_ngrams(weights, tables, scratch.context[index], scratch.hidden_change)
    return random


@inlined
def _train_cbow_window(task, tables, weights, scratch, position, size, random):
    return _train_mean(task, tables, weights, scratch, position, size, random, False)


@inlined
def _train_subword_cbow_window(task, tables, weights, scratch, position, size, random):
    return _train_mean(task, tables, weights, scratch, position, size, random, True)


@compiled
def cbow(task, tables, weights, scratch):
    """Train Word2Vec's CBOW on a task: each word is predicted from the mean of those around it."""
    return _train_task(task, tables, weights, scratch, _prepare_cbow, _train_cbow_window, True)


@compiled
def subword_cbow(task, tables, weights, scratch):
    """Train FastText's CBOW on a task, whose mean is over n-grams as well."""
    return _train_task(task, tables, weights, scratch, _prepare_cbow, _train_subword_cbow_window, True)


# --- FastText's skip-gram ---


@inlined
def _prepare_subword_skipgram(task, tables, weights, scratch, position, trained):
    _prefetch_output(task, weights, scratch, position + task.window + 1)
    _synchronize(weights, scratch, trained)


@inlined
def _prefetch_part(task, tables, weights, position, part, parts):
    """Prefetch the `part`-th of `parts` of the rows that the word at a position is made of, if there is one.

    All at once, the core would wait for them: it can ask for few at a time.
    """
    if position >= task.length or task.ids[position] == END:
        return
    word = int64(task.ids[position])
    if part == 0:
        prefetch_row(weights.word_vectors, word, weights.width)
    first = tables.ngram_starts[word]
    pieces = tables.ngram_starts[word + 1] - first
    for index in range(first + pieces * part // parts, first + pieces * (part + 1) // parts):
        prefetch_row(weights.ngram_vectors, tables.ngrams[index], weights.width)


@inlined
def _train_subword_skipgram_window(task, tables, weights, scratch, position, size, random):
    """Predict each word around, and noise words not, from the word at a position, the mean of its n-grams.

    The vector is composed once for the whole window. Within it, it follows its own changes as if no n-gram were
    there twice; the rows it is made of get the sum of the changes at the end.
    """
    length, hidden, word = weights.length, scratch.hidden, task.ids[position]
    clear(hidden, length)
    clear(scratch.hidden_change, length)
    add_rows(weights, weights.word_vectors, scratch.context, size, size + 1, hidden)
    ngrams = _add_ngrams(weights, tables, word, hidden)
    pieces = float32(max(1, ngrams))  # Gensim leaves the word's own vector out of this count while it trains
    scale(hidden, length, float32(1) / pieces)
    for index in range(size):
        _prefetch_part(task, tables, weights, position + 1, index, size)
        _replace_words(task, tables, weights, scratch, _SUBWORD_USES)
        count, random = _choose_targets(task, tables, scratch, scratch.context[index], random)
        train_hidden(weights, scratch, count, _learning_rate(task, position), float32(1 + ngrams) / pieces)
    change_word_vectors(weights, scratch.context, size, size + 1, scratch.hidden_change)
    _change_ngrams(weights, tables, word, scratch.hidden_change)
    return random


@compiled
def subword_skipgram(task, tables, weights, scratch):
    """Train FastText's skip-gram on a task: the words around are predicted from each word."""
    return _train_task(
        task, tables, weights, scratch, _prepare_subword_skipgram, _train_subword_skipgram_window, True
    )
