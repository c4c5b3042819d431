"""Why two words are similar: the words that both occur with, and the lines of the corpus that show it.

The corpus that a model's manifest names is read again and split as it was for training. Memory holds numbers for
each word asked about and each distinct word around it, whatever the size of the corpus.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.models import model_file
from wvcli.reporting import OnProgress, ReadingProgress, ignore_progress
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
from wvcli.text.passages import Passage, passage
from wvcli.text.settings import TextSettings
from wvcli.text.sources import IN_MEMORY, STDIN, display_name, is_remote
from wvcli.tokens.batches import Batch
from wvcli.tokens.phrases import JOINT, Phrases, join_batch
from wvcli.tokens.shards import TEXT_END
from wvcli.tokens.tokenizing import batches
from wvcli.vectors.word_vectors import Vectors

Array = npt.NDArray[np.int64]

# occurrences that halve a weight: with 1, names seen once come first; with 4, articles do
_DISCOUNT = 2
_NEAREST = 40  # bits of the number of a text; its distance stands above them
_NUMBER = (1 << _NEAREST) - 1
_LONGEST_LINE = 500  # characters of a line that are shown
_NO_WORD, _NO_TEXT = -1, -2
_NOWHERE = np.iinfo(np.int64).max
_PASSES = 2


@dataclass(frozen=True)
class Quote:
    """A line of the corpus in which a word stands near a context.

    Attributes:
        source: the file.
        line: from 1; the row of a Parquet file, the item of a JSON array.
        passage: the line, with the places of the word and its context.
    """

    source: str
    line: int
    passage: Passage

    @property
    def place(self) -> str:
        """File and line, as compilers and `grep -n` write them."""
        return f"{self.source}:{self.line}"


@dataclass(frozen=True)
class SharedContext:
    """A word that two words both occur with.

    Attributes:
        context: the word.
        weight: how much more often than by chance it stands near the one of them where that is less, in nats.
        first: a line that shows it near the first word.
        second: a line that shows it near the second.
    """

    context: str
    weight: float
    first: Quote
    second: Quote


@dataclass(frozen=True)
class _Part:
    """A text that a model was trained on, and its fingerprint then; None if it was read in parts, on a cluster."""

    text: TextSettings
    sha256: str | None

    @property
    def name(self) -> str:
        return ", ".join(map(display_name, self.text.sources))


class _ChangedTextError(InputError):
    """A text is not the one that a model was trained on."""


def shared_contexts(
    vectors: Vectors, pairs: Sequence[tuple[int, int]], most: int = 3, on_progress: OnProgress = ignore_progress
) -> list[list[SharedContext]]:
    """Find what the two words of each pair both occur with in the text that a model was trained on.

    A context is a word of the vocabulary within the model's window. Of each the pointwise mutual information with
    both words is found (Church and Hanks, "Word Association Norms, Mutual Information, and Lexicography", 1990),
    times n / (n + 2) where it was seen n times, which keeps what is rare by chance from the top (after Pantel and
    Lin, "Discovering Word Senses from Text", 2002); the lesser of the two is its weight.

    Args:
        vectors: a model that wvcli trained, with its manifest.
        pairs: rows of two words each.
        most: contexts for each pair.
        on_progress: called with the bytes of the text read so far.

    Returns:
        For each pair the contexts with the greatest weights above 0, the greatest first.

    Raises:
        InputError: the model does not say what it was trained on, or the text is gone or has changed since.
        MissingExtraError: reading or splitting the text needs a package that is not installed.
    """
    reading, around = _contexts(vectors, np.unique(np.array(pairs, dtype=np.int64)), on_progress)
    chosen = [around.shared(first, second, most) for first, second in pairs]
    quoted = reading.lines({number for found in chosen for one in found for number in one.numbers})
    joint = JOINT if reading.phrases else ""
    return [
        [_explained(vectors, pair, one, quoted, joint) for one in found]
        for pair, found in zip(pairs, chosen, strict=True)
    ]


def _contexts(vectors: Vectors, rows: Array, on_progress: OnProgress) -> "tuple[_Reading, Contexts]":
    """Read the text, from the first of the places where it may be at which it is what it was.

    Raises:
        InputError: it is gone, or at each of them another one.
    """
    candidates = _candidate_parts(_parts(vectors), vectors.path.parent if vectors.path else Path())
    problems = []
    for parts in candidates:
        reading = _Reading(vectors, parts, on_progress)
        try:
            return reading, reading.contexts(rows)
        except _ChangedTextError as problem:
            problems.append(problem)
    raise problems[0]


def _explained(
    vectors: Vectors, pair: tuple[int, int], one: "_Shared", lines: "Mapping[int, _Line]", joint: str
) -> SharedContext:
    context = vectors.vocabulary[one.context]

    def quote(row: int, number: int) -> Quote:
        source, line, text = lines[number]
        found = passage(text, (vectors.vocabulary[row], context), joint)
        return Quote(display_name(source), line, found.cut(_LONGEST_LINE))

    return SharedContext(context, one.weight, quote(pair[0], one.numbers[0]), quote(pair[1], one.numbers[1]))


def _parts(vectors: Vectors) -> list[_Part]:
    """Return the texts that a model was trained on, the first one first.

    Raises:
        InputError: it does not say, or they cannot be there any more.
    """
    name = str(vectors.path or "the model")
    manifest: Mapping[str, Any] | None = vectors.manifest
    if vectors.counts is None or "corpus" not in vectors.manifest:
        raise InputError(f"{name} does not say which text it was trained on", "only models that wvcli trained do")
    parts = []
    try:
        while manifest is not None:
            text = TextSettings.from_json(
                {
                    **manifest["reading"],
                    "sources": manifest["corpus"]["sources"],
                    "tokenizer": vectors.manifest["tokenizer"],
                }
            )
            parts.append(_Part(text, manifest["corpus"].get("sha256")))
            manifest = manifest.get("updated")
    except (KeyError, TypeError) as error:
        raise InputError(f"{name} is damaged: its manifest does not say how its text was read") from error
    return parts[::-1]


def _candidate_parts(parts: Sequence[_Part], folder: Path) -> list[list[_Part]]:
    """Find the texts where their sources may be: as named, and beside the model in `folder`; one of them at least.

    Raises:
        InputError: one of them is gone, or was standard input.
    """
    nowhere = {STDIN: "standard input", IN_MEMORY: "texts in the memory of a program"}
    gone_for_good = [name for part in parts for name in part.text.sources if name in nowhere]
    if gone_for_good:
        raise InputError(f"the model was trained on {nowhere[gone_for_good[0]]}, which cannot be read again")
    beside = [replace(part, text=replace(part.text, sources=_beside(part.text.sources, folder))) for part in parts]
    gone = [_missing(part.text.sources) for part in parts]
    named = [other if missing else part for part, other, missing in zip(parts, beside, gone, strict=True)]
    found = [there for there in (named, beside) if not any(_missing(part.text.sources) for part in there)]
    if not found:
        raise InputError(
            f"the text that the model was trained on is gone: there is no {', '.join(chain(*gone))}",
            "go to the folder where it was trained",
        )
    return found if named != beside else found[:1]


def _beside(sources: Sequence[str], folder: Path) -> tuple[str, ...]:
    return tuple(source if is_remote(source) else str(folder / source) for source in sources)


def _missing(sources: Sequence[str]) -> list[str]:
    def is_gone(source: str) -> bool:
        try:
            Corpus([source])
        except InputError:
            return True
        return False

    return [source for source in sources if is_gone(source)]


_Line = tuple[str, int, str]


class _Reading:
    """The texts of a model, read again."""

    def __init__(self, vectors: Vectors, parts: Sequence[_Part], on_progress: OnProgress) -> None:
        self._vectors = vectors
        self._parts = parts
        with model_file.reading_manifest(vectors.path):
            self._window = int(vectors.manifest["settings"]["window"])
        self.phrases: Phrases = model_file.phrases_of(vectors)
        sizes = [part.text.corpus().size() for part in parts]
        known = [size for size in sizes if size is not None]
        total = _PASSES * sum(known) if len(known) == len(sizes) else None
        self._progress = ReadingProgress(on_progress, total)

    def contexts(self, rows: Array) -> "Contexts":
        """Count the contexts of the words in these rows.

        Raises:
            InputError: the text cannot be read, or is not what it was.
        """
        vocabulary = self._vectors.vocabulary
        numbers = {word: row for row, word in enumerate(vocabulary)}
        found = Contexts(rows, np.asarray(self._vectors.counts), self._window)
        start = 0
        for part in self._parts:
            corpus = self._opened(part)
            candidates = _Candidates(corpus, part.text, self._sought(rows), start)
            with closing(batches(candidates, part.text.tokenizer, processors())) as tokenized:
                for batch in tokenized:
                    words, ids = join_batch(batch, self.phrases)
                    known = np.array([*(numbers.get(word, _NO_WORD) for word in words), _NO_TEXT], dtype=np.int64)
                    found.add(known.take(ids, mode="clip"), candidates.next_numbers(batch))
            if part.sha256 is not None and corpus.fingerprint() != part.sha256:
                raise _ChangedTextError(f"{part.name} has changed since the model was trained")
            start = candidates.number
        return found

    def lines(self, numbers: set[int]) -> dict[int, _Line]:
        """Find the texts with these numbers, counted from 0 over all parts, with file and line."""
        found: dict[int, _Line] = {}
        texts = (line for part in self._parts for line in self._opened(part).located_texts())
        for number, line in enumerate(texts):
            if len(found) == len(numbers):
                break
            if number in numbers:
                found[number] = line
        return found

    def _opened(self, part: _Part) -> Corpus:
        corpus = part.text.corpus()
        corpus.on_bytes = self._progress.add
        return corpus

    def _sought(self, rows: Array) -> list[str]:
        """Return what a text must hold to hold one of the words: of a phrase, its longest word."""
        words = [self._vectors.vocabulary[row] for row in rows.tolist()]
        return [max(word.split(JOINT), key=len) for word in words] if self.phrases else words


class _Candidates:
    """The texts of a corpus that may hold one of the words sought, with their numbers.

    `batches` tokenizes texts in other processes and returns no numbers, but it returns all texts, in the order in
    which it took them from here. So numbers wait in a queue: iterating adds to its end, and `next_numbers`, called
    once for each batch in order, takes from its front as many as the batch has texts. How far `batches` reads
    ahead does not matter.

    Attributes:
        number: of the next text of the corpus.
    """

    def __init__(self, corpus: Corpus, text: TextSettings, sought: Sequence[str], start: int) -> None:
        self._corpus = corpus
        self._may_hold = text.tokenizer.may_find(sought)
        self._numbers: deque[int] = deque()
        self.number = start

    def __iter__(self) -> Iterator[str]:
        for text in self._corpus.texts():
            if self._may_hold(text):
                self._numbers.append(self.number)
                yield text
            self.number += 1

    def next_numbers(self, batch: Batch) -> Array:
        """Return int64 [texts], the numbers of the texts in the next batch."""
        count = int(np.count_nonzero(batch.ids == TEXT_END))
        return np.array([self._numbers.popleft() for _ in range(count)], dtype=np.int64)


@dataclass(frozen=True)
class _Shared:
    """A context of two words by its row, with its weight, and the numbers of the texts that show it with each."""

    context: int
    weight: float
    numbers: tuple[int, int]


@dataclass
class Contexts:
    """How often the words asked about have each other word around them, and where first at the least distance.

    Of another text than that one it is known, too, where first at the least distance.

    Attributes:
        rows: int64, the words asked about, ascending.
        counts: int64 [words], of all words.
        window: how many words to each side are around a word.
    """

    rows: Array
    counts: Array
    window: int
    _keys: Array = attribute(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _seen: Array = attribute(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _best: Array = attribute(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _second: Array = attribute(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, ids: Array, numbers: Array) -> None:
        """Take up texts.

        Args:
            ids: rows of the vocabulary, `_NO_WORD` for other words, and `_NO_TEXT` after each text.
            numbers: of the texts.
        """
        text = np.cumsum(ids == _NO_TEXT) - (ids == _NO_TEXT)
        ids, text = ids[ids != _NO_WORD], text[ids != _NO_WORD]
        asked = np.zeros(len(self.counts) + 2, dtype=bool)  # the end of a text is the last but one
        asked[self.rows] = True
        at = np.flatnonzero(asked[ids])
        keys, best = [self._keys, self._keys], [self._best, self._second]
        for step in (step for step in range(-self.window, self.window + 1) if step):
            beside = at + step
            within = (beside >= 0) & (beside < len(ids))
            word, beside = at[within], beside[within]
            same = (text[word] == text[beside]) & (ids[beside] != _NO_TEXT)
            word, beside = word[same], beside[same]
            keys.append(ids[word] * len(self.counts) + ids[beside])
            best.append((abs(step) << _NEAREST) | numbers[text[word]])
        self._merge(np.concatenate(keys), np.concatenate(best))

    def _merge(self, keys: Array, best: Array) -> None:
        """Add up what is known of the same word and context; the first of `keys` are those there, twice each."""
        seen = np.ones(len(keys), dtype=np.int64)
        seen[: len(self._seen)], seen[len(self._seen) : 2 * len(self._seen)] = self._seen, 0
        order = np.argsort(keys, kind="stable")
        keys, seen, best = keys[order], seen[order], best[order]
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        if len(first):
            self._keys, self._seen = keys[first], np.add.reduceat(seen, first)
            self._best = np.minimum.reduceat(best, first)
            shown = np.repeat(self._best & _NUMBER, np.diff(first, append=len(keys)))
            self._second = np.minimum.reduceat(np.where(best & _NUMBER == shown, _NOWHERE, best), first)

    def _of(self, row: int) -> tuple[Array, npt.NDArray[np.float64], Array]:
        """Return the contexts of a word, ascending, their weights, and int64 [contexts, 2]: the two texts that
        show each best, the distance there and the number of the text in one number.
        """
        words = len(self.counts)
        start, stop = np.searchsorted(self._keys, [row * words, (row + 1) * words]).tolist()
        contexts, seen = self._keys[start:stop] - row * words, self._seen[start:stop]
        share, chance = seen / max(1, int(seen.sum())), self.counts[contexts] / max(1, int(self.counts.sum()))
        weights = np.log(share / chance) * seen / (seen + _DISCOUNT)
        return contexts, weights, np.stack([self._best[start:stop], self._second[start:stop]], axis=1)

    def shared(self, first: int, second: int, most: int) -> list[_Shared]:
        """Return the contexts of two words with the greatest weights."""
        (a, a_weights, a_texts), (b, b_weights, b_texts) = self._of(first), self._of(second)
        common, a_places, b_places = np.intersect1d(a, b, assume_unique=True, return_indices=True)
        weights = np.minimum(a_weights[a_places], b_weights[b_places])
        weights[(common == first) | (common == second)] = 0
        best = np.argsort(-weights, kind="stable")[:most]
        return [
            _Shared(int(common[n]), float(weights[n]), _apart(a_texts[a_places[n]], b_texts[b_places[n]]))
            for n in best.tolist()
            if weights[n] > 0
        ]


def _apart(first: Array, second: Array) -> tuple[int, int]:
    """Return the numbers of the texts that show a context with either of two words: not the same one, if possible.

    Args:
        first: int64 [2], the two texts that show it best with the first word, as `Contexts._of` has them.
        second: the same for the second word.
    """
    (a, other_a), (b, other_b) = first.tolist(), second.tolist()
    if a & _NUMBER == b & _NUMBER and min(other_a, other_b) != _NOWHERE:
        a, b = (other_a, b) if other_a < other_b else (a, other_b)
    return a & _NUMBER, b & _NUMBER
