"""Lines that have a word near the ones asked for: the near words are found once, and lines by these words."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wvcli.models import model_file
from wvcli.retrieval.encoding import tokenizer_of
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
from wvcli.text.passages import Span
from wvcli.tokens.batches import Batch, batch_tokenizer
from wvcli.tokens.phrases import JOINT, join_batch
from wvcli.tokens.shards import TEXT_END
from wvcli.tokens.tokenizing import batches
from wvcli.vectors.word_vectors import Lookup, Vectors

_LONGEST_PHRASE = 4  # words of a phrase that two passes of joining make

Block = tuple[int, str | bytes]  # a line, or several each with its line feed, and the number of the first


def near_words(
    vectors: Vectors,
    words: Sequence[Lookup],
    threshold: float,
    most: int | None = None,
    *,
    rare: bool = True,
    ignore_case: bool = False,
) -> dict[str, float]:
    """Find the words of a model near any of some words, with their cosines; those words themselves are near.

    Args:
        vectors: the model.
        words: what is asked for.
        threshold: the least cosine.
        most: how many words near each one are taken, at most; None for all.
        rare: whether words that `Vectors.is_rare` are taken.
        ignore_case: take words that differ from a near one, or from one asked for, in capitals only.

    Raises:
        UsageError: `most` is below 1.
    """
    found: dict[str, float] = {}
    asked = list(words)
    if ignore_case:
        forms = {form(word.word) for word in words for form in (str.lower, str.upper, str.title)}
        asked += [each for form in sorted(forms) if (each := vectors.find(form)) and each.index is not None]
    answers = vectors.nearest(asked, len(vectors) if most is None else most, min_similarity=threshold, rare=rare)
    for word, neighbors in zip(asked, answers, strict=True):
        own = vectors.normalize(word.word) if word.index is None else vectors.vocabulary[word.index]
        found[own] = 1.0
        for near in neighbors:
            name = vectors.vocabulary[near.index]
            found[name] = max(near.similarity, found.get(name, -inf))
    if ignore_case:
        by_form: dict[str, float] = {}
        for name, similarity in found.items():
            by_form[name.lower()] = max(similarity, by_form.get(name.lower(), -inf))
        found |= {word: by_form[low] for word in vectors.vocabulary if (low := word.lower()) in by_form}
    return found


class FoundLine(NamedTuple):
    """A line to show.

    Attributes:
        number: from 1; the row of a Parquet file, the item of a JSON array.
        text: without its end.
        is_selected: whether it was asked for, or else stands around one that was.
        similarity: of the word in it that is nearest to one asked for; None where it has none.
        is_apart: whether lines are left out between the one shown before and this one, where lines around those
            that were asked for are shown.
    """

    number: int
    text: str
    is_selected: bool
    similarity: float | None
    is_apart: bool = False


class LineFinder:
    """Finds lines that have one of some words.

    Args:
        vectors: the model, whose tokenizer splits the lines.
        words: the words with their similarities, as `near_words` returns them.
        invert: find the lines that have none of them.
        most: lines of a file after which to stop; None for all.
        before: lines to show before each.
        after: lines to show after each.
    """

    def __init__(
        self,
        vectors: Vectors,
        words: Mapping[str, float],
        *,
        invert: bool = False,
        most: int | None = None,
        before: int = 0,
        after: int = 0,
    ) -> None:
        self._words, self._invert, self._most = words, invert, most
        self._before, self._after = before, after
        self._tokenizer = tokenizer_of(vectors)
        self._phrases = model_file.phrases_of(vectors)
        self._tokenize_some = batch_tokenizer(self._tokenizer)
        self._tokenize = self._tokenizer.tokenize()

    def lines_of(self, corpus: Corpus) -> Iterator[list[FoundLine]]:
        """Yield the lines of a corpus of one file, some at a time, read with all processors.

        Raises:
            InputError: the file cannot be read.
        """
        waiting: deque[Block] = deque()  # what is being split; how far `batches` reads ahead is its own

        def noted() -> Iterator[str | bytes]:
            for _, number, item in corpus.numbered_blocks():
                waiting.append((number, item))
                yield item

        with closing(batches(noted(), self._tokenizer, processors(), corpus.size())) as tokenized:
            yield from self._shown((batch, _taken(waiting, batch)) for batch in tokenized)

    def lines_as_they_come(self, blocks: Iterable[tuple[int, bytes]]) -> Iterator[list[FoundLine]]:
        """Yield the lines of blocks, each with the number of its first line, as soon as a block is there."""
        yield from self._shown(
            (self._tokenize_some(block.decode("utf-8", "replace").encode()), [(number, block)])
            for number, block in blocks
        )

    def _shown(self, tokenized: Iterable[tuple[Batch, list[Block]]]) -> Iterator[list[FoundLine]]:
        """Yield the lines to show of blocks with their batches; stop after as many as are wanted."""
        context = _Context(self._before, self._after)
        left = inf if self._most is None else self._most
        for batch, blocks in tokenized:
            nearest = self._similarities(batch)
            start = 0
            for number, item in blocks:
                lines = _Lines(number, item)
                part = nearest[start : start + len(lines)]
                start += len(lines)
                selected = np.flatnonzero((part > -inf) != self._invert)[: None if left == inf else int(left)]
                left -= len(selected)
                if found := context.around(lines, selected, part):
                    yield found
                if left <= 0 and not context.is_owed():
                    return

    def _similarities(self, batch: Batch) -> npt.NDArray[np.float64]:
        """Return float64 [lines], the similarity of the nearest word in each line, -inf where there is none."""
        words, ids = join_batch(batch, self._phrases)
        found = self._words.get
        of_words = np.array([*(found(word, -inf) for word in words), -inf])
        of_tokens = of_words.take(ids, mode="clip")  # the end of a text finds the last one
        ends = np.flatnonzero(ids == TEXT_END)
        hits = np.flatnonzero(of_tokens > -inf)
        nearest = np.full(len(ends), -inf)
        np.maximum.at(nearest, np.searchsorted(ends, hits), of_tokens[hits])
        return nearest

    def similarity(self, word: str) -> float:
        """Return how near a word is to the nearest one asked for; -inf where it is not near."""
        return self._words.get(word, -inf)

    def spans(self, text: str) -> list[tuple[Span, str]]:
        """Find where in a line the words stand, each with the word as the model has it, in order.

        A word that the tokenizer writes in another way than the line does is left out.
        """
        tokens = self._tokenize(text)
        lowered = text.lower()
        if len(lowered) != len(text):  # as with some capitals of Turkish: nothing stands where it stood
            lowered = text
        places: list[Span] = []
        end = 0
        for token in tokens:
            start = max(text.find(token, end), -1)
            low = lowered.find(token.lower(), end)
            start = low if low >= 0 and (start < 0 or low < start) else start
            places.append((start, start + len(token)) if start >= 0 else (-1, -1))
            end = places[-1][1] if start >= 0 else end
        longest = _LONGEST_PHRASE if self._phrases else 1
        return list(_spans_of(tokens, places, self._words, longest))


def _spans_of(
    tokens: Sequence[str], places: Sequence[Span], words: Mapping[str, float], longest: int
) -> Iterator[tuple[Span, str]]:
    """Yield the places of tokens, or of several that are a phrase, that are among the words."""
    at = 0
    while at < len(tokens):
        for length in range(min(longest, len(tokens) - at), 0, -1):
            word, (start, _), (_, stop) = JOINT.join(tokens[at : at + length]), places[at], places[at + length - 1]
            if word in words and start >= 0 and stop >= 0:
                yield (start, stop), word
                at += length
                break
        else:
            at += 1


def _taken(waiting: "deque[Block]", batch: Batch) -> list[Block]:
    """Take the blocks that a batch was made of from the front of those that wait."""
    left = int(np.count_nonzero(batch.ids == TEXT_END))
    taken: list[Block] = []
    while left > 0:
        taken.append(waiting.popleft())
        item = taken[-1][1]
        left -= item.count(b"\n") if isinstance(item, bytes) else 1
    return taken


class _Lines:
    """The lines of a block, which are text only when asked for.

    Args:
        number: of the first.
        item: one line, or several each with its line feed.
    """

    def __init__(self, number: int, item: str | bytes) -> None:
        self.number = number
        self._item = item
        self._count = item.count(b"\n") if isinstance(item, bytes) else 1

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _ends(self) -> list[int]:
        assert isinstance(self._item, bytes)
        found: list[int] = np.flatnonzero(np.frombuffer(self._item, dtype=np.uint8) == ord("\n")).tolist()
        return [-1, *found]

    def text(self, place: int) -> str:
        """Return one line."""
        if isinstance(self._item, str):
            return self._item
        return self._item[self._ends[place] + 1 : self._ends[place + 1]].decode("utf-8", "surrogateescape")


class _Context:
    """Remembers of the blocks before what the lines of the next one may need around them."""

    def __init__(self, before: int, after: int) -> None:
        self._before, self._after = before, after
        self._held: deque[tuple[int, str]] = deque(maxlen=before)  # the last lines of the blocks before
        self._owed = 0  # lines still to be shown after the last one selected
        self._shown = 0  # the number of the last line shown
        self._is_first = True

    def is_owed(self) -> bool:
        """Whether lines are to be shown though none is selected any more."""
        return self._owed > 0

    def around(
        self, lines: _Lines, selected: npt.NDArray[np.int64], nearest: npt.NDArray[np.float64]
    ) -> list[FoundLine]:
        """Return the lines of a block to show: the selected ones, and those around them."""
        if not self._before and not self._after:
            known = [None if each == -inf else each for each in nearest[selected].tolist()]
            return [
                FoundLine(lines.number + place, lines.text(place), True, similarity, False)
                for place, similarity in zip(selected.tolist(), known, strict=True)
            ]
        found: list[FoundLine] = []
        for before, place in pairwise([-1, *selected.tolist(), len(lines)]):
            self._show_after(lines, before + 1, place, found)
            if place == len(lines):
                break
            self._show_before(lines, before + 1, place, found)
            found.append(self._line(lines.number + place, lines.text(place), True, float(nearest[place])))
            self._owed = self._after
        if self._before:
            start = max(0, len(lines) - self._before)
            self._held.extend((lines.number + each, lines.text(each)) for each in range(start, len(lines)))
        return found

    def _show_after(self, lines: _Lines, start: int, stop: int, found: list[FoundLine]) -> None:
        for place in range(start, min(stop, start + self._owed)):
            found.append(self._line(lines.number + place, lines.text(place), False, None))
            self._owed -= 1

    def _show_before(self, lines: _Lines, start: int, place: int, found: list[FoundLine]) -> None:
        first = lines.number + place - self._before
        earlier = [(number, text) for number, text in self._held if first <= number < lines.number]
        here = [(lines.number + at, at) for at in range(max(start, place - self._before), place)]
        for number, text in earlier if start == 0 else []:
            if number > self._shown:
                found.append(self._line(number, text, False, None))
        for number, at in here:
            if number > self._shown:
                found.append(self._line(number, lines.text(at), False, None))

    def _line(self, number: int, text: str, is_selected: bool, similarity: float | None) -> FoundLine:
        is_apart = not self._is_first and number > self._shown + 1
        self._shown, self._is_first = number, False
        known = None if similarity is None or similarity == -inf else similarity
        return FoundLine(number, text, is_selected, known, is_apart)
