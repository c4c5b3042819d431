"""Tokenized texts as numbers, some at a time: small enough to hold and to send, large enough to be quick."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.shards import TEXT_END, IdArray

Group = Sequence[str] | bytes  # several texts; as bytes in UTF-8, each followed by a line feed and with none in it

TEXT_END_TOKEN = "\0"  # stands after the tokens of each text where those of several texts are in one list
_BATCH = 1 << 19  # characters tokenized at a time: a hundredth of a second of work or more, a fraction of a shard


@dataclass(frozen=True)
class Batch:
    """Some texts of a corpus as numbers of their own.

    Attributes:
        words: their distinct tokens, in the order of first occurrence.
        ids: uint32 [tokens + texts], each token's place in `words`, and `TEXT_END` after each text.
        counts: int64 [words], their occurrences, where they were counted already.
    """

    words: Sequence[str]
    ids: IdArray
    counts: npt.NDArray[np.int64] | None = None

    def occurrences(self) -> npt.NDArray[np.int64]:
        """int64 [words], how often each occurs."""
        if self.counts is not None:
            return self.counts
        return np.bincount(self.ids[self.ids != TEXT_END], minlength=len(self.words))


class Numbering:
    """Makes a batch of tokens, text by text."""

    def __init__(self) -> None:
        self._places: defaultdict[str, int] = defaultdict(count().__next__)  # a new word gets the next number
        self._ids = array("I")

    def add(self, tokens: Iterable[str]) -> None:
        """Take up one text."""
        self._ids.extend(map(self._places.__getitem__, tokens))
        self._ids.append(int(TEXT_END))

    def add_several(self, tokens: Iterable[str]) -> None:
        """Take up several texts, after each of which stands `TEXT_END_TOKEN`."""
        as_word = self._places.get(TEXT_END_TOKEN)  # a text added alone may have it as a word
        self._places[TEXT_END_TOKEN] = int(TEXT_END)
        self._ids.extend(map(self._places.__getitem__, tokens))
        if as_word is None:
            del self._places[TEXT_END_TOKEN]
        else:
            self._places[TEXT_END_TOKEN] = as_word

    def batch(self) -> Batch:
        """All that was taken up."""
        return Batch(list(self._places), np.frombuffer(self._ids, dtype=np.uint32))


def grouped(items: Iterable[str | bytes]) -> Iterator[Group]:
    """Texts, singly or many together, in groups of half a million characters or more, in order."""
    group: list[Any] = []
    size = 0
    for item in items:
        if group and isinstance(item, bytes) != isinstance(group[0], bytes):
            yield _joined(group)
            group, size = [], 0
        group.append(item)
        size += len(item)
        if size >= _BATCH:
            yield _joined(group)
            group, size = [], 0
    if group:
        yield _joined(group)


def _joined(group: list[Any]) -> Group:
    return b"".join(group) if isinstance(group[0], bytes) else group


def texts_of(group: Group) -> Sequence[str]:
    """The texts of a group, one by one."""
    return str(group, "utf-8").split("\n")[:-1] if isinstance(group, bytes) else group


def batch_tokenizer(settings: TokenizerSettings) -> Callable[[Group], Batch]:
    """The function that makes a batch of a group of texts.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
    """
    tokenize, tokenize_joined, to_ascii = settings.tokenize(), settings.tokenize_joined(), settings.to_ascii

    def batch(texts: Group) -> Batch:
        numbering = Numbering()
        if isinstance(texts, bytes) and tokenize_joined and texts.isascii() and b"\0" not in texts:
            numbering.add_several(tokenize_joined(str(texts.replace(b"\n", b" \0 "), "ascii")))
            return numbering.batch()
        pairs = ((to_ascii(text) if tokenize_joined else None, text) for text in texts_of(texts))
        for is_alone, group in groupby(pairs, lambda pair: pair[0] is None or "\0" in pair[0]):
            if is_alone or not tokenize_joined:
                for _, text in group:
                    numbering.add(tokenize(text))
            else:
                numbering.add_several(tokenize_joined("".join(f"{text} \0 " for text, _ in group)))
        return numbering.batch()

    return batch
