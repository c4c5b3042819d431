"""Distinct words numbered in the order of first occurrence, for a whole corpus."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import overload

import numpy as np

from wvcli.tokens.shards import ByteArray, IdArray

_FEWEST = 1 << 16  # words that there is room for at first
_AT_ONCE = 256  # words that are sought together


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
        """Any words without line feeds, packed."""
        if isinstance(words, PackedWords):
            return words
        packed = "\n".join([*words, ""]).encode("utf-8", "surrogatepass")
        return cls(np.frombuffer(packed, dtype=np.uint8), len(words))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        return iter(str(self.data.data, "utf-8", "surrogatepass").split("\n")[:-1])

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return list(self)[place]


class WordNumbers:
    """The words met so far, each with its number."""

    def __init__(self) -> None:
        self._places: defaultdict[str, int] = defaultdict(count().__next__)  # a new word gets the next number

    def __len__(self) -> int:
        return len(self._places)

    def words(self) -> list[str]:
        """The words, in the order of their numbers."""
        return list(self._places)

    def numbers(self, words: Sequence[str]) -> IdArray:
        """uint32 [words], their numbers; new words get the next ones."""
        return np.fromiter(map(self._places.__getitem__, words), np.uint32, len(words))


class PackedWordNumbers(WordNumbers):
    """As `Places`, for words that hold no line feed, by a compiled loop; needs Numba."""

    def __init__(self, words: Sequence[str]) -> None:
        self._make_room(2 * max(_FEWEST, len(words)), 0)
        self.numbers(words)

    def __len__(self) -> int:
        return int(self._sizes[1])

    def words(self) -> list[str]:
        return list(PackedWords(self._words[: self._sizes[0]], len(self)))

    def numbers(self, words: Sequence[str]) -> IdArray:
        packed = PackedWords.of(words)
        held = PackedWords(self._words[: self._sizes[0]], len(self))
        if len(held) + len(packed) >= len(self._starts) or len(held.data) + len(packed.data) > len(self._words):
            self._make_room(2 * (len(held) + len(packed)), 2 * (len(held.data) + len(packed.data)))
            self._merge(held)
        return self._merge(packed)

    def _make_room(self, words: int, size: int) -> None:
        """Begin anew, with room for so many words, of so many bytes."""
        self._slots = np.zeros(1 << (2 * words).bit_length(), dtype=np.uint64)
        self._words = np.empty(size, dtype=np.uint8)
        self._starts = np.zeros(words + 1, dtype=np.int64)
        self._sizes = np.zeros(2, dtype=np.int64)

    def _merge(self, words: PackedWords) -> IdArray:
        from wvcli.tokens.scanning_loops import merge

        numbers = np.empty(len(words), dtype=np.uint32)
        hashes = np.empty((2, _AT_ONCE), dtype=np.uint64)
        merge(words.data, self._slots, self._words, self._starts, self._sizes, numbers, hashes)
        return numbers


def fastest_numbers_for(places: WordNumbers, words: Sequence[str]) -> WordNumbers:
    """The places in the form that is quick for such words."""
    if isinstance(words, PackedWords) and not isinstance(places, PackedWordNumbers):
        return PackedWordNumbers(places.words())
    return places
