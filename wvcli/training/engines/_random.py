"""Random numbers of the fast engine: subsampling of frequent words, and drawing of noise words."""

import numpy as np
from numba import int64, uint32, uint64

from wvcli.tokens.shards import TEXT_END
from wvcli.training.engines._state import compiled, inlined

END = uint32(TEXT_END)


@inlined
def next_random(random):
    """Return the random number after this one (Knuth's MMIX generator); its upper bits are the good ones."""
    return random * uint64(6364136223846793005) + uint64(1442695040888963407)


@inlined
def random_below(random, bound):
    """Return a number from 0 up to `bound`, by the upper half of a random number."""
    return int64(((random >> uint64(32)) * uint64(bound)) >> uint64(32))


@inlined
def seeded(seed):
    """Return the first random number of a seed, far from that of the next (Steele et al., "SplitMix", 2014)."""
    mixed = uint64(seed) * uint64(0x9E3779B97F4A7C15) + uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> uint64(27))) * uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> uint64(31))


@compiled
def alias_table(weights):
    """Return the table that `draw_word` draws words by, with chances as these weights (Walker, 1977; Vose, 1991).

    Args:
        weights: float64 [words].

    Returns:
        uint32 [words * 2], two numbers for each column: column c, of which all are equally likely, stands for word
        c where a random number is not above the first of them, and else for the word that is the second.
    """
    count = len(weights)
    total = 0.0
    for weight in weights:
        total += weight
    parts = np.empty(count)  # number by number: what NumPy does with whole arrays takes a second to compile
    for word in range(count):
        parts[word] = weights[word] / total * count
    table = np.empty(2 * count, np.uint32)
    waiting = np.empty(count, np.int64)  # words of less than one column from the front, of more from the back
    small, large = 0, count
    for word in range(count):
        table[2 * word], table[2 * word + 1] = END, word
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


@inlined
def draw_word(tables, random):
    """Return a noise word: half of the random number takes a column of the alias table, the other half decides."""
    column = random_below(random, tables.vocabulary_size)
    bound, other = tables.alias_table[2 * column], tables.alias_table[2 * column + 1]
    return other if uint32(random) > bound else uint32(column)


@compiled
def subsample(ids, keep, seed):
    """Return a text without the occurrences that subsampling leaves out.

    Args:
        ids: uint32, the text.
        keep: uint32 [words], an occurrence of a word stays where a random number is not above this.
        seed: of the random numbers.

    Returns:
        The ids that are left; how many tokens there were, or -1 if an id is not that of a word; how many tokens
        are left.
    """
    left = np.empty(len(ids), np.uint32)
    random = seeded(seed)
    count = tokens = ends = 0
    for word in ids:
        if word == END:
            ends += 1
        elif word >= len(keep):
            return left[:0], -1, 0
        else:
            tokens += 1
            random = next_random(random)
            if uint32(random >> uint64(32)) > keep[word]:
                continue
        left[count] = word
        count += 1
    return left[:count], tokens, count - ends
