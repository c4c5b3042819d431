"""Distinct words numbered in the order of first occurrence, for a batch or a whole corpus."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import overload

import numpy as np

from wvcli.tokens.shards import ByteArray, IdArray

_FEWEST_WORDS = 1 << 16  # that there is room for at first
_WORDS_AT_ONCE = 256  # whose slots are fetched from memory together


def new_numbering() -> defaultdict[str, int]:
    """Return a dictionary in which each new word gets the next number, from 0."""
    return defaultdict(count().__next__)


class PackedWords(Sequence[str]):
    """Words that are strings only when asked for.

    Args:
        data: uint8 [bytes], the words as UTF-8, a line feed after each; they hold none themselves.
        length: how many there are.
    """

    def __init__(self, data: ByteArray, length: int) -> None:
        self.data = data
        self._length = length

    @classmethod
    def of(cls, words: Sequence[str]) -> "PackedWords":
        """Pack words that hold no line feed."""
        if isinstance(words, PackedWords):
            return words
        packed = "\n".join([*words, ""]).encode("utf-8", "surrogatepass")
        return cls(np.frombuffer(packed, dtype=np.uint8), len(words))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        return iter(str(self.data.data, "utf-8", "surrogatepass").split("\n")[:-1])

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return list(self)[index]


class WordNumbers:
    """The distinct words met so far, each with its number."""

    def __init__(self) -> None:
        self._numbers = new_numbering()

    def __len__(self) -> int:
        return len(self._numbers)

    def words(self) -> list[str]:
        """Return the words, in the order of their numbers."""
        return list(self._numbers)

    def number(self, words: Sequence[str]) -> IdArray:
        """Return uint32 [words], the number of each; new words get the next ones."""
        return np.fromiter(map(self._numbers.__getitem__, words), np.uint32, len(words))


class PackedWordNumbers(WordNumbers):
    """The same for words that hold no line feed, by a compiled loop; needs Numba.

    Args:
        words: the first ones, which are distinct.
        room: how many words, or more, there is room for before the table is rebuilt.
        at_once: how many words are looked up together.
    """

    def __init__(self, words: Sequence[str], room: int = _FEWEST_WORDS, at_once: int = _WORDS_AT_ONCE) -> None:
        self._at_once = at_once
        self._reset(2 * max(room, len(words)), 0)
        self.number(words)

    def __len__(self) -> int:
        return int(self._sizes[1])

    def words(self) -> list[str]:
        return list(PackedWords(self._words[: self._sizes[0]], len(self)))

    def number(self, words: Sequence[str]) -> IdArray:
        packed = PackedWords.of(words)
        held = PackedWords(self._words[: self._sizes[0]], len(self))
        if len(held) + len(packed) >= len(self._starts) or len(held.data) + len(packed.data) > len(self._words):
            self._reset(2 * (len(held) + len(packed)), 2 * (len(held.data) + len(packed.data)))
            self._merge(held)
        return self._merge(packed)

    def _reset(self, words: int, size: int) -> None:
        """Make an empty table with room for a number of words and of their bytes."""
        self._slots = np.zeros(1 << (2 * words).bit_length(), dtype=np.uint64)
        self._words = np.empty(size, dtype=np.uint8)
        self._starts = np.zeros(words + 1, dtype=np.int64)
        self._sizes = np.zeros(2, dtype=np.int64)  # bytes and words in the table

    def _merge(self, words: PackedWords) -> IdArray:
        from wvcli.tokens.scanning_loops import merge

        numbers = np.empty(len(words), dtype=np.uint32)
        hashes = np.empty((2, self._at_once), dtype=np.uint64)
        merge(words.data, self._slots, self._words, self._starts, self._sizes, numbers, hashes)
        return numbers


def fastest_numbers_for(numbers: WordNumbers, words: Sequence[str]) -> WordNumbers:
    """Return the numbers in the form that is fastest for such words."""
    if isinstance(words, PackedWords) and not isinstance(numbers, PackedWordNumbers):
        return PackedWordNumbers(numbers.words())
    return numbers
