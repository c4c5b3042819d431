"""The features of texts: which n-grams of words and characters each has, as rows of numbers.

Each text is a row of three parts: words, n-grams of words, n-grams of characters. A feature is in a text or not;
each part of a row is scaled to length one, so that many n-grams of characters do not drown few words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.classification.ngram_hashes import Hashes, ideographic
from wvcli.classification.settings import ClassifierSettings
from wvcli.system.parallel import processors
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.batches import Batch
from wvcli.tokens.shards import TEXT_END
from wvcli.tokens.tokenizing import batches

PARTS = 3  # of a row

_CHUNK = 1 << 22  # words of texts whose features are found at a time
_FEWEST_SLOTS = 1 << 16

Numbers = npt.NDArray[np.int32]
Ends = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Features of texts.

    Attributes:
        numbers: int32 [features of all texts], without repeats within a text.
        starts: int64 [texts], where each row begins.
        ends: int64 [texts, 3], where each of its parts ends.
        scales: float64 [texts, 3], by which each part is multiplied: one divided by the root of its size.
    """

    numbers: Numbers
    starts: Ends
    ends: Ends
    scales: npt.NDArray[np.float64]

    @classmethod
    def of(cls, numbers: Numbers, ends: Ends) -> "Rows":
        """Return the rows whose parts end there, one after the other."""
        starts = np.zeros(len(ends), dtype=np.int64)
        starts[1:] = ends[:-1, -1]
        sizes = np.diff(np.column_stack([starts, ends]), axis=1)
        return cls(numbers, starts, ends, 1 / np.sqrt(np.maximum(sizes, 1)))

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, which: npt.NDArray[np.int64]) -> "Rows":
        """Return some of the rows; their numbers are not copied."""
        return Rows(
            self.numbers,
            self.starts[which],
            np.ascontiguousarray(self.ends[which]),
            np.ascontiguousarray(self.scales[which]),
        )


@dataclass(frozen=True)
class Words:
    """Tokenized texts.

    Attributes:
        words: the distinct words.
        ids: int32, the words of all texts.
        ends: int64 [texts + 1]; those of text i are `ids[ends[i]:ends[i + 1]]`.
    """

    words: Sequence[str]
    ids: Numbers
    ends: Ends

    @classmethod
    def of_batch(cls, batch: Batch) -> "Words":
        """Return the texts of one batch."""
        is_end = batch.ids == TEXT_END
        ends = np.flatnonzero(is_end)
        bounds = np.zeros(len(ends) + 1, dtype=np.int64)
        bounds[1:] = ends - np.arange(len(ends))
        return cls(batch.words, batch.ids[~is_end].astype(np.int32), bounds)

    @classmethod
    def of_batches(cls, tokenized: Iterable[Batch]) -> "Words":
        """Return the texts of all batches, in order."""
        numbers: dict[str, int] = {}
        ids, ends, total = [np.zeros(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)], 0
        for batch in tokenized:
            part = cls.of_batch(batch)
            here = [numbers.setdefault(word, len(numbers)) for word in part.words]
            ids.append(np.array(here, dtype=np.int32)[part.ids] if here else part.ids)
            ends.append(part.ends[1:] + total)
            total += len(part.ids)
        return cls(list(numbers), np.concatenate(ids), np.concatenate(ends))

    def __len__(self) -> int:
        return len(self.ends) - 1

    def tokens_of(self, text: int) -> list[str]:
        """Return the words of one text."""
        return [self.words[number] for number in self.ids[self.ends[text] : self.ends[text + 1]]]


def tokenized(
    texts: Iterable[str], settings: TokenizerSettings, workers: int | None = None, size: int | None = None
) -> Iterator[Batch]:
    """Yield batches of texts, which are read as they are needed."""
    yield from batches((text.replace("\n", " ") for text in texts), settings, workers or processors(), size)


@dataclass(frozen=True)
class NumberedWords:
    """Distinct words, and the n-grams of their characters, as numbers.

    Attributes:
        points: uint32, the code points of all words; those of word i are at `starts[i]:starts[i + 1]`.
        starts: int64 [words + 1].
        are_ideographic: bool [words]; these have no n-grams of their own.
        hashes: uint64 [words].
        numbers: int32 [words]; -1 for an unknown one.
        gram_starts: int64 [words + 1].
        grams: int32, the n-grams of all words; those of word i are at `gram_starts[i]:gram_starts[i + 1]`.
    """

    points: npt.NDArray[np.uint32]
    starts: Ends
    are_ideographic: npt.NDArray[np.bool_]
    hashes: Hashes
    numbers: Numbers
    gram_starts: Ends
    grams: Numbers


class FeatureTable:
    """Finds the features of texts, and numbers them; needs Numba.

    Args:
        settings: which n-grams there are.
        hashes: uint64 [features], those that are known, in the order of their numbers; None to add all there are.
    """

    def __init__(self, settings: ClassifierSettings, hashes: Hashes | None = None) -> None:
        from wvcli.classification import ngram_loops

        self._loops = ngram_loops
        self._settings = settings
        self._grows = hashes is None
        known = np.zeros(0, dtype=np.uint64) if hashes is None else hashes
        self.count = len(known)
        self._slots = self._filled_slots(known, len(known))
        self._hashes = np.array(known, dtype=np.uint64)

    @property
    def hashes(self) -> Hashes:
        """Return uint64 [features], the hash of each number."""
        return self._hashes[: self.count]

    def numbered(self, words: Sequence[str]) -> "NumberedWords":
        """Return distinct words, and the n-grams of their characters, as numbers."""
        points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        starts = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum([len(word) for word in words], out=starts[1:])
        are_ideographic = ideographic(words)
        shortest, longest = self._settings.characters or (0, 0)
        most = max(0, longest - shortest + 1) * (len(points) + 2 * len(words))
        self._make_room(most + len(words))
        hashes = np.empty(len(words), dtype=np.uint64)
        numbers = np.empty(len(words), dtype=np.int32)
        gram_starts = np.empty(len(words) + 1, dtype=np.int64)
        grams = np.empty(most, dtype=np.int32)
        self.count = self._loops.words(
            points, starts, are_ideographic, shortest, longest, self._slots, self._hashes, self.count, self._grows,
            hashes, numbers, gram_starts, grams,
        )  # fmt: skip
        return NumberedWords(
            points, starts, are_ideographic, hashes, numbers, gram_starts, grams[: gram_starts[-1]]
        )

    def rows(self, words: Words) -> Iterator[tuple[Numbers, Ends]]:
        """Yield the features of texts, many texts at a time: numbers, and int64 [texts, 3] where parts end."""
        numbered = self.numbered(words.words)
        lengths = np.diff(numbered.starts)
        of_runs = lengths * numbered.are_ideographic * self._settings.ideographs
        of_word = np.diff(numbered.gram_starts) + 1
        last, last_of_word = np.empty(len(self._hashes), dtype=np.int32), np.empty(len(lengths), dtype=np.int32)
        for first, stop in _chunks(words.ends):
            ids = words.ids[words.ends[first] : words.ends[stop]]
            # The words, and the n-grams of their characters, have their numbers; only these may be new.
            new = int(of_runs[ids].sum()) + (len(ids) + stop - first) * (self._settings.ngrams - 1)
            self._make_room(new)
            if len(last) < len(self._hashes):
                last = np.empty(len(self._hashes), dtype=np.int32)
            run = np.empty(int(lengths[ids].sum()), dtype=np.int32)
            found = np.empty(new + int(of_word[ids].sum()) + 1, dtype=np.int32)
            bounds = np.empty((stop - first, PARTS), dtype=np.int64)
            ends = words.ends[first : stop + 1] - words.ends[first]
            last.fill(-1)
            last_of_word.fill(-1)
            self.count, filled = self._loops.texts(
                ids, ends, 0, stop - first, numbered.points, numbered.starts, numbered.are_ideographic,
                self._settings.ngrams, self._settings.ideographs,
                self._slots, self._hashes, self.count, self._grows,
                numbered.hashes, numbered.numbers, numbered.gram_starts, numbered.grams,
                last, last_of_word, run, found, bounds,
            )  # fmt: skip
            yield found[:filled].copy(), bounds

    def score(
        self, ids: Numbers, ends: Ends, numbered: NumberedWords, weights: npt.NDArray[np.float32],
        biases: npt.NDArray[np.float64], scores: npt.NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Score texts by the weights of their features, without keeping these.

        Args:
            ids: int32, the words of all texts, as places in `numbered`.
            ends: int64 [texts + 1]; those of text i are at `ends[i]:ends[i + 1]`.
            numbered: words.
            weights: float32 [features, labels], by the numbers of this table.
            biases: float64 [labels].
            scores: float64 [texts, labels], to be filled.
        """
        characters = int((numbered.starts[ids + 1] - numbered.starts[ids]).sum())
        grams = int((numbered.gram_starts[ids + 1] - numbered.gram_starts[ids]).sum())
        run = np.empty(characters, dtype=np.int32)
        most = grams + characters * self._settings.ideographs + (len(ids) + len(ends)) * self._settings.ngrams
        sizes = len(self._hashes), len(numbered.numbers)
        last, last_of_word = (np.full(size, -1, dtype=np.int32) for size in sizes)
        self._loops.score(
            ids, ends, numbered.points, numbered.starts, numbered.are_ideographic,
            self._settings.ngrams, self._settings.ideographs, self._slots, self._hashes,
            numbered.hashes, numbered.numbers, numbered.gram_starts, numbered.grams,
            last, last_of_word, run, np.empty(most + 1, dtype=np.int32), weights, biases, scores,
        )  # fmt: skip

    def _make_room(self, more: int) -> None:
        """Have room for so many more hashes."""
        if not self._grows:
            return
        needed = self.count + more
        if len(self._hashes) < needed:
            hashes = np.empty(max(needed, 2 * len(self._hashes)), dtype=np.uint64)
            hashes[: self.count] = self._hashes[: self.count]
            self._hashes = hashes
        if len(self._slots) < 2 * needed:
            self._slots = self._filled_slots(self._hashes[: self.count], needed)

    def _filled_slots(self, hashes: Hashes, room: int) -> Numbers:
        slots = np.full(max(_FEWEST_SLOTS, 1 << (2 * room).bit_length()), -1, dtype=np.int32)
        self._loops.fill(slots, np.array(hashes, dtype=np.uint64), len(hashes))
        return slots


def _chunks(ends: Ends) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts of about `_CHUNK` words together."""
    first, texts = 0, len(ends) - 1
    while first < texts:
        stop = int(np.searchsorted(ends, ends[first] + _CHUNK, side="right")) - 1
        stop = min(texts, max(first + 1, stop))
        yield first, stop
        first = stop


@dataclass(frozen=True)
class Features:
    """The features of the texts that a classifier learns from, those that are too rare left out.

    The most frequent come first: most of what is looked up then lies close together, in the processor's cache.

    Attributes:
        hashes: uint64 [features].
        counts: int64 [features], in how many texts each occurs.
        rows: the features of each text.
    """

    hashes: Hashes
    counts: Ends
    rows: Rows

    @property
    def parts(self) -> npt.NDArray[np.uint8]:
        """uint8 [features], in which part of a row each is."""
        rows = self.rows
        bounds = np.column_stack([rows.starts, rows.ends])
        parts = np.tile(np.arange(PARTS, dtype=np.uint8), len(rows))
        found = np.zeros(len(self.hashes), dtype=np.uint8)
        found[rows.numbers] = np.repeat(parts, (bounds[:, 1:] - bounds[:, :-1]).ravel())
        return found


def find_features(words: Words, settings: ClassifierSettings, min_count: int) -> Features:
    """Find the features that occur in `min_count` texts or more, and those of each text.

    Args:
        words: the texts.
        settings: which n-grams there are.
        min_count: texts in which a feature must occur.
    """
    table = FeatureTable(settings)
    found = list(table.rows(words))
    loops = table._loops
    counts = np.zeros(table.count, dtype=np.int64)
    for numbers, _ in found:
        loops.count_texts(numbers, len(numbers), counts)
    kept = np.flatnonzero(counts >= min_count)
    kept = kept[np.lexsort((table.hashes[kept], -counts[kept]))]
    new = np.full(table.count, -1, dtype=np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    hashes, kept_counts = table.hashes[kept], counts[kept]
    numbers = np.empty(int(kept_counts.sum()), dtype=np.int32)
    ends = np.empty((len(words), PARTS), dtype=np.int64)
    del table
    filled = first = 0
    while found:
        here, bounds = found.pop(0)
        filled = loops.renumber(
            here, bounds, 0, len(bounds), new, numbers, filled, ends[first : first + len(bounds)]
        )
        first += len(bounds)
    return Features(hashes, kept_counts, Rows.of(numbers, ends))
