"""The words of a model, held as bytes so that a large vocabulary opens at once and costs no memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import overload

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError

_AT_ONCE = 8  # bytes of a word compared at a time
_COMPARED = 64  # bytes of a word compared in that way; few words are equal in more


@dataclass(frozen=True, eq=False)
class Vocabulary(Sequence[str]):
    """Words in model order, most frequent first, found by binary search.

    Attributes:
        text: uint8 [bytes], the UTF-8 bytes of all words one after the other.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
        order: int32 [words], the word ids sorted by the words' bytes.
        source: how messages name what the words came from.
    """

    text: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    order: npt.NDArray[np.int32]
    source: str = "the vocabulary"

    @classmethod
    def from_words(cls, words: Sequence[str]) -> "Vocabulary":
        """Build the arrays from words in model order.

        Raises:
            InputError: a word occurs twice, or is not text that UTF-8 can hold.
        """
        words = list(words)
        try:
            coded = [word.encode("utf-8") for word in words]
        except UnicodeEncodeError as error:
            raise InputError(f"the word {error.object!r} is not Unicode text") from error
        offsets = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, coded), np.int64, len(coded)), out=offsets[1:])
        return cls.from_text(np.frombuffer(b"".join(coded), dtype=np.uint8), offsets)

    @classmethod
    def from_text(cls, text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> "Vocabulary":
        """Build the arrays from words in model order, as `text` and `offsets` hold them.

        Raises:
            InputError: a word occurs twice, or is not UTF-8.
        """
        begins = text[offsets[:-1][np.diff(offsets) > 0]]
        try:
            text.tobytes().decode("utf-8")
            cut = bool(((begins & 0xC0) == 0x80).any())  # a word begins in the middle of a character
        except UnicodeDecodeError:
            cut = True
        if cut:
            raise InputError("a word is not Unicode text")
        return cls(text, offsets, _order(text, offsets))

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview, memoryview]:
        # A memoryview gives Python integers and bytes several times faster than a NumPy array does, but none of an
        # array that is not aligned, as in a file whose header has any length.
        offsets, order = (np.require(array, requirements="A") for array in (self.offsets, self.order))
        return self.text.data, offsets.data, order.data

    def _bytes(self, index: int) -> bytes:
        text, offsets, _ = self._views
        if not 0 <= index < len(self):
            raise InputError(f"{self.source} is damaged: it names a word {index}")
        return bytes(text[offsets[index] : offsets[index + 1]])

    def _word(self, index: int) -> str:
        try:
            return self._bytes(index).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{self.source} is damaged: word {index} is not UTF-8") from error

    def __len__(self) -> int:
        return len(self.order)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._word(place) for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return self._word(place)

    def __iter__(self) -> Iterator[str]:
        return map(self._word, range(len(self)))

    def _first_at_or_after(self, key: bytes) -> int:
        """Find the position in `order` of the first word not less than `key`."""
        order = self._views[2]
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            if self._bytes(order[middle]) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, word: str) -> int | None:
        """Find the id of `word`; None when it is not in the vocabulary."""
        key = word.encode("utf-8", "surrogatepass")  # a lone surrogate comes of an argument that is not UTF-8
        place = self._first_at_or_after(key)
        if place < len(self):
            index: int = self._views[2][place]
            if self._bytes(index) == key:
                return index
        return None

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) is not None

    def matching(self, pattern: str | None) -> Iterator[tuple[int, str]]:
        """Yield the words, with their ids, in which a regular expression matches; None matches all.

        Raises:
            UsageError: `pattern` is not a regular expression, or takes too long for a word.
        """
        if pattern is None:
            return enumerate(self)
        from wvcli.system.patterns import Pattern

        matches = Pattern(pattern).matches
        return ((index, word) for index, word in enumerate(self) if matches(word))

    def starting_with(self, prefix: str) -> npt.NDArray[np.int32]:
        """Find int32 [matches], the ids of the words that start with `prefix`, most frequent first."""
        key = prefix.encode("utf-8", "surrogatepass")
        start = self._first_at_or_after(key)
        stop = self._first_at_or_after(key + b"\xff")  # no UTF-8 text holds the byte 0xff
        found = np.sort(self.order[start:stop])
        if len(found) and not 0 <= found[0] <= found[-1] < len(self):
            raise InputError(f"{self.source} is damaged: its order names words that are not there")
        return found


def _order(text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Sort the ids of words, int32 [words], by the words' bytes, by eight bytes at a time as one number.

    Raises:
        InputError: a word occurs twice.
    """
    lengths, starts = np.diff(offsets), offsets[:-1]
    padded = np.concatenate([text, np.zeros(_AT_ONCE, dtype=np.uint8)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _AT_ONCE)
    order = np.arange(len(lengths))
    first = np.zeros(len(order), dtype=np.bool_)  # of those that are equal so far
    first[:1] = True
    for done in range(0, _COMPARED, _AT_ONCE):
        equal = ~first
        equal[:-1] |= ~first[1:]
        places = np.flatnonzero(equal)
        if not len(places):
            return order.astype(np.int32)
        groups, ids = np.cumsum(first)[places], order[places]
        left = np.clip(lengths[ids] - done, 0, _AT_ONCE)
        unused = (8 * np.minimum(_AT_ONCE - left, _AT_ONCE - 1)).astype(np.uint64)  # bits of the words that follow
        parts = windows[np.minimum(starts[ids] + done, len(text))].view(">u8").reshape(-1).astype(np.uint64)
        parts = np.where(left > 0, parts >> unused << unused, np.uint64(0))
        sorting = np.lexsort((parts, groups)) if done else np.argsort(parts, kind="stable")
        order[places], parts, groups = ids[sorting], parts[sorting], groups[sorting]
        first[places[1:]] = (parts[1:] != parts[:-1]) | (groups[1:] != groups[:-1])
    return _finished(text, offsets, order, first)


def _finished(
    text: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    first: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int32]:
    """Put words that are equal in all bytes compared so far in order, one by one."""
    bounds = [*np.flatnonzero(first).tolist(), len(order)]
    for start, stop in pairwise(bounds):
        if stop - start > 1:
            words = {index: text[offsets[index] : offsets[index + 1]].tobytes() for index in order[start:stop]}
            ids = sorted(words, key=words.__getitem__)
            for before, after in pairwise(ids):
                if words[before] == words[after]:
                    raise InputError(f"the word {words[before].decode()!r} occurs twice")
            order[start:stop] = ids
    return order.astype(np.int32)
