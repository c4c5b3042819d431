"""Batches: tokenized texts as numbers, some at a time; small enough to hold and send, large enough to be fast."""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.shards import TEXT_END, IdArray
from wvcli.tokens.word_numbers import new_numbering

TEXT_END_TOKEN = "\0"  # stands after the tokens of each text where those of several texts are in one list
GROUP_SIZE = 1 << 19  # characters tokenized at a time: a hundredth of a second of work or more, a part of a shard

Group = Sequence[str] | bytes  # several texts; as bytes in UTF-8, each followed by a line feed and with none in it


@dataclass(frozen=True)
class Batch:
    """Some texts of a corpus as numbers of their own.

    Attributes:
        words: their distinct tokens, in the order of first occurrence.
        ids: uint32 [tokens + texts], the index of each token in `words`, and `TEXT_END` after each text.
        counts: int64 [words], their occurrences, where they were counted already.
    """

    words: Sequence[str]
    ids: IdArray
    counts: npt.NDArray[np.int64] | None = None

    def occurrences(self) -> npt.NDArray[np.int64]:
        """Return int64 [words], how often each occurs."""
        if self.counts is not None:
            return self.counts
        return np.bincount(self.ids[self.ids != TEXT_END], minlength=len(self.words))


class Numbering:
    """Makes a batch of tokens, text by text."""

    def __init__(self) -> None:
        self._numbers = new_numbering()
        self._ids = array("I")

    def add(self, tokens: Iterable[str]) -> None:
        """Add one text."""
        self._ids.extend(map(self._numbers.__getitem__, tokens))
        self._ids.append(int(TEXT_END))

    def add_several(self, tokens: Iterable[str]) -> None:
        """Add several texts, after each of which stands `TEXT_END_TOKEN`."""
        as_word = self._numbers.get(TEXT_END_TOKEN)  # a text added alone may have it as a word
        self._numbers[TEXT_END_TOKEN] = int(TEXT_END)
        self._ids.extend(map(self._numbers.__getitem__, tokens))
        if as_word is None:
            del self._numbers[TEXT_END_TOKEN]
        else:
            self._numbers[TEXT_END_TOKEN] = as_word

    def batch(self) -> Batch:
        """Return all that was added."""
        return Batch(list(self._numbers), np.frombuffer(self._ids, dtype=np.uint32))


def grouped(items: Iterable[str | bytes], size: int = GROUP_SIZE) -> Iterator[Group]:
    """Yield texts, which come one by one or many together, in groups of `size` characters or more, in order."""
    group: list[Any] = []
    length = 0
    for item in items:
        if group and isinstance(item, bytes) != isinstance(group[0], bytes):
            yield _as_group(group)
            group, length = [], 0
        group.append(item)
        length += len(item)
        if length >= size:
            yield _as_group(group)
            group, length = [], 0
    if group:
        yield _as_group(group)


def _as_group(items: list[Any]) -> Group:
    return b"".join(items) if isinstance(items[0], bytes) else items


def texts_of(group: Group) -> Sequence[str]:
    """Return the texts of a group."""
    return str(group, "utf-8").split("\n")[:-1] if isinstance(group, bytes) else group


def batch_tokenizer(settings: TokenizerSettings) -> Callable[[Group], Batch]:
    """Return the function that makes a batch of a group of texts.

    Raises:
        UsageError: there is no such tokenizer, or its argument is wrong.
        MissingExtraError: the package that the tokenizer needs is not installed.
    """
    tokenize, tokenize_joined, to_ascii = settings.tokenize(), settings.tokenize_joined(), settings.to_ascii
    tokenize_several = settings.tokenize_several()

    def batch(texts: Group) -> Batch:
        numbering = Numbering()
        if isinstance(texts, bytes) and tokenize_joined and texts.isascii() and b"\0" not in texts:
            numbering.add_several(tokenize_joined(str(texts.replace(b"\n", b" \0 "), "ascii")))
            return numbering.batch()
        pairs = ((to_ascii(text) if tokenize_joined else None, text) for text in texts_of(texts))
        for is_alone, group in groupby(pairs, lambda pair: pair[0] is None or "\0" in pair[0]):
            if is_alone or not tokenize_joined:
                others = [text for _, text in group]
                if tokenize_several and len(others) > 1:
                    numbering.add_several(tokenize_several(others))
                    continue
                for text in others:
                    numbering.add(tokenize(text))
            else:
                numbering.add_several(tokenize_joined("".join(f"{text} \0 " for text, _ in group)))
        return numbering.batch()

    return batch
