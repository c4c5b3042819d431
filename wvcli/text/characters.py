"""Characters counted, in text that is read and in the words found there, to tell how much of it is in no word.

White space is not counted, nor are soft hyphens and combining marks: words are written without the former, and the
latter are often one character with their letter there.
"""

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_UNCOUNTED = re.compile("[\\s\u00ad\u0300-\u036f]")


def count_characters(text: bytes) -> int:
    """Return how many characters are in UTF-8 text.

    It takes much less time than the SHA-256 of the text where that is ASCII, and as much elsewhere.

    Example:
        >>> count_characters("l’été : 😀\\n".encode())
        7
    """
    data = np.frombuffer(text, dtype=np.uint8)
    blanks = int(np.count_nonzero(data <= ord(" ")))
    if text.isascii():
        return len(text) - blanks
    characters = int(np.count_nonzero(data.view(np.int8) >= -64))  # the bytes that do not go on with a character
    marks = int(np.count_nonzero((data & 0xFE) == 0xCC))  # what begins U+0300 to U+036F, and few others
    first, second = data[:-1], data[1:]
    uncounted = np.count_nonzero((first == 0xC2) & ((second == 0xA0) | (second == 0xAD)))  # U+00A0 and U+00AD
    uncounted += np.count_nonzero((data[:-2] == 0xE3) & (data[1:-1] == 0x80) & (data[2:] == 0x80))  # U+3000
    return characters - blanks - marks - int(uncounted)


def count_in_words(words: Iterable[str], counts: npt.NDArray[np.int64]) -> int:
    """Return how many characters are in words that occur so often.

    Args:
        words: distinct words.
        counts: int64 [words], their occurrences.

    Example:
        >>> count_in_words(["cat", "new york"], np.array([10, 1]))
        37
    """
    lengths = (len(word) if word.isalnum() else len(_UNCOUNTED.sub("", word)) for word in words)
    return int(np.fromiter(lengths, dtype=np.int64, count=len(counts)) @ counts)


def share_in_no_word(characters: int | None, in_words: int | None) -> float | None:
    """Return the share of a text's characters that are in no word, from 0 to 1; None where it is not known."""
    if not characters or in_words is None:
        return None
    return max(0.0, 1 - in_words / characters)
