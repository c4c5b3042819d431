"""N-grams of words and characters as 64-bit hashes, so that no dictionary of strings is kept.

The same hashes are computed here, for a few texts, and by compiled loops in `ngram_loops`, for many; a test holds
one to the other. A hash is a polynomial over code points, or over the hashes of words, whose bits are then mixed
by the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

HASHING = "polynomial-splitmix64"  # as a manifest names it
PRIME = 0x9E3779B97F4A7C15  # odd, near 2**64 divided by the golden ratio
# What a hash begins with: apart by more than a code point, or the n-grams of two kinds would share hashes.
WORD, WORDS, CHARACTERS, IDEOGRAPHS = 1 << 32, 2 << 32, 3 << 32, 4 << 32
TEXT_BEGINS, TEXT_ENDS = 5 << 32, 6 << 32  # stand for words, before the first and after the last
WORD_BEGINS, WORD_ENDS = ord("<"), ord(">")

_ALL = (1 << 64) - 1
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB

# Han, Hiragana and Katakana, with the marks that stand in their words.
_IDEOGRAPHIC = r"^[\p{Han}\p{Hiragana}\p{Katakana}\u3005\u3007\u30fc\uff70]+$"

Hashes = npt.NDArray[np.uint64]


def mixed(value: int) -> int:
    """Return a hash in which every bit depends on all of the bits of `value`."""
    value = ((value ^ (value >> 30)) * _FIRST) & _ALL
    value = ((value ^ (value >> 27)) * _SECOND) & _ALL
    return value ^ (value >> 31)


def _extended(value: int, item: int) -> int:
    return ((value ^ item) * PRIME) & _ALL


def word_hash(word: str) -> int:
    """Return the hash of a word."""
    value = WORD
    for character in word:
        value = _extended(value, ord(character))
    return mixed(value)


def word_ngrams(words: Sequence[str], longest: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the hash and the words of each n-gram of two words or more; `""` is the beginning or the end."""
    padded = [(TEXT_BEGINS, ""), *((word_hash(word), word) for word in words), (TEXT_ENDS, "")]
    for start in range(len(padded)):
        value = _extended(WORDS, padded[start][0])
        for end in range(start + 1, min(len(padded), start + longest)):
            value = _extended(value, padded[end][0])
            yield mixed(value), tuple(word for _, word in padded[start : end + 1])


def character_ngrams(word: str, shortest: int, longest: int) -> Iterator[tuple[int, str]]:
    """Yield the hash and the characters of each n-gram of a word, of which `<` and `>` are a part."""
    yield from _runs([WORD_BEGINS, *map(ord, word), WORD_ENDS], CHARACTERS, shortest, longest)


def ideograph_ngrams(run: str, longest: int) -> Iterator[tuple[int, str]]:
    """Yield the hash and the characters of each n-gram of a run of words without spaces."""
    yield from _runs(list(map(ord, run)), IDEOGRAPHS, 1, longest)


def _runs(points: list[int], kind: int, shortest: int, longest: int) -> Iterator[tuple[int, str]]:
    for start in range(len(points)):
        value = kind
        for end in range(start, min(len(points), start + longest)):
            value = _extended(value, points[end])
            if end - start + 1 >= shortest:
                yield mixed(value), "".join(map(chr, points[start : end + 1]))


def ideographic(words: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return bool [words], whether each is written without spaces around it, as in Chinese and Japanese."""
    import regex

    matches = regex.compile(_IDEOGRAPHIC).match
    return np.fromiter(
        (not word.isascii() and matches(word) is not None for word in words), dtype=bool, count=len(words)
    )
