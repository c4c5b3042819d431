"""Random numbers for the fast engine: which occurrences of frequent words are left out, and noise words."""

import numpy as np
from numba import int64, uint32, uint64

from wvcli.tokens.shards import TEXT_END
from wvcli.training.engines._state import compiled, inlined

END = uint32(TEXT_END)


@inlined
def next_random(random):
    """The random number after this one (Knuth's MMIX); the upper bits are the good ones."""
    return random * uint64(6364136223846793005) + uint64(1442695040888963407)


@inlined
def random_below(random, bound):
    """A number from 0 up to `bound`, from the upper half of a random one."""
    return int64(((random >> uint64(32)) * uint64(bound)) >> uint64(32))


@inlined
def seeded(seed):
    """A random number to begin with, far from that of the next seed (Steele et al., "SplitMix", 2014)."""
    mixed = uint64(seed) * uint64(0x9E3779B97F4A7C15) + uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> uint64(27))) * uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> uint64(31))


@compiled
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


@compiled
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


@inlined
def drawn(tables, random):
    """A noise word by the alias table."""
    place = random_below(random, tables.words)
    bound, other = tables.noise[2 * place], tables.noise[2 * place + 1]
    return other if uint32(random) > bound else uint32(place)
