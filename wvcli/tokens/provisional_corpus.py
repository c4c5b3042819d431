"""From texts to numbers: every text is tokenized once and kept on disk as token ids, which engines train on.

Memory holds the vocabulary and one shard, whatever the size of the corpus. Training is checked against the counts
made here: `tokens_read` by the tokenizer, `tokens_kept` in the vocabulary.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError
from wvcli.text.settings import TextSettings
from wvcli.text.sources import display_name
from wvcli.tokens.batches import Batch
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import TEXT_END, IdArray, read_ids, write_ids
from wvcli.tokens.word_numbers import WordNumbers, fastest_numbers_for

LONGEST_TEXT = 10_000  # tokens; Gensim silently drops what a text has beyond, so a longer one is split
SHARD_IDS = 1 << 22  # 16 MB on disk; what is made of a shard takes several times that in memory

DROPPED = np.uint32(0xFFFFFFFE)  # stands for a word that is not in the vocabulary

CountArray = npt.NDArray[np.int64]


class ProvisionalCorpus:
    """All tokens of a corpus as provisional ids on disk, before the vocabulary is decided.

    Attributes:
        shards: their files; the ids are indices into `words`.
        words: every distinct token, in the order of first occurrence.
        counts: int64 [words], occurrences.
        texts: number of texts.
        tokens_read: tokens that the tokenizer returned.
        tokens_joined: tokens joined to the one before, or None when nothing was to be joined.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shards: list[Path] = []
        self.words: list[str] = []
        self.counts: CountArray = np.zeros(0, dtype=np.int64)
        self.texts = 0
        self.tokens_read = 0
        self.tokens_joined: int | None = None

    @classmethod
    def of_batches(
        cls,
        batches: Iterable[Batch],
        folder: Path,
        *,
        shard_ids: int = SHARD_IDS,
        longest_text: int = LONGEST_TEXT,
    ) -> "ProvisionalCorpus":
        """Write the ids of tokenized texts into a folder; how the texts are divided into batches does not matter.

        Args:
            batches: the texts.
            folder: where the shards are written.
            shard_ids: of a shard, at least; it ends with the text that reaches them.
            longest_text: tokens of a text, beyond which it is split.

        Raises:
            WvcliError: the ids cannot be written, because the disk is full, for example.
        """
        corpus = cls(folder)
        numbers = WordNumbers()
        with _ShardWriter(folder, shard_ids) as writer:
            for batch in batches:
                numbers = fastest_numbers_for(numbers, batch.words)
                word_numbers = numbers.number(batch.words)
                corpus._count(word_numbers, batch.occurrences())
                writer.add(corpus._renumbered(batch.ids, word_numbers, longest_text))
        corpus.shards = writer.shards
        corpus.words = numbers.words()
        corpus.counts = corpus.counts[: len(corpus.words)].copy()
        return corpus

    @property
    def distinct(self) -> int:
        """How many distinct words there are."""
        return len(self.words)

    def highest_count(self) -> int:
        """Return how often the most frequent word occurs."""
        return int(self.counts.max())

    def occurring(self, min_count: int) -> int:
        """Return how many words occur so often."""
        return int((self.counts >= min_count).sum())

    def _renumbered(self, ids: IdArray, numbers: IdArray, longest_text: int) -> IdArray:
        """Return uint32, a batch's ids in the corpus's numbers; empty texts are left out and long ones split."""
        # The end of a text is beyond all words of the batch, and so gets what is appended.
        ids = np.append(numbers, TEXT_END).take(ids, mode="clip")
        ends = np.flatnonzero(ids == TEXT_END)
        tokens = np.diff(ends, prepend=-1) - 1
        self.tokens_read += int(tokens.sum())
        is_long = tokens > longest_text
        splits = [
            np.arange(end - length + longest_text, end, longest_text)
            for end, length in zip(ends[is_long].tolist(), tokens[is_long].tolist(), strict=True)
        ]
        self.texts += int(np.count_nonzero(tokens)) + sum(map(len, splits))
        if splits:
            ids = np.insert(ids, np.concatenate(splits), TEXT_END)
        if not tokens.all():
            follows_end = np.concatenate(([True], ids[:-1] == TEXT_END))
            ids = ids[~(follows_end & (ids == TEXT_END))]
        return ids

    def _count(self, numbers: IdArray, occurrences: CountArray) -> None:
        """Add the occurrences of words, which are distinct."""
        size = int(numbers.max(initial=0)) + 1
        if size > len(self.counts):
            more = np.zeros(max(size - len(self.counts), len(self.counts)), dtype=np.int64)
            self.counts = np.append(self.counts, more)
        self.counts[numbers] += occurrences

    def move_to(self, folder: Path) -> None:
        """Write into another folder from now on; what is in the first one stays as it is."""
        self._folder = folder

    def _replace(self, shard: int, ids: IdArray) -> None:
        """Replace the ids of a shard."""
        self.shards[shard] = self._folder / self.shards[shard].name
        write_ids(self.shards[shard], ids)

    def counts_of_half(self) -> CountArray:
        """Return int64 [words], occurrences in every second text."""
        counts = np.zeros(len(self.words), dtype=np.int64)
        for path in self.shards:
            ids = read_ids(path)
            ends = ids == TEXT_END
            text = np.cumsum(ends) - ends
            counts += np.bincount(ids[~ends & (text % 2 == 0)], minlength=len(self.words))
        return counts

    def ids(self) -> Iterator[IdArray]:
        """Yield uint32 [ids], those of each shard: indices into `words`, and `TEXT_END` after each text."""
        return map(read_ids, self.shards)

    def rewrite(self, change: Callable[[IdArray], IdArray], words: Sequence[str]) -> None:
        """Rewrite every shard with some tokens joined, and count them.

        Args:
            change: returns the new ids of a shard, with as many texts as before.
            words: the distinct words that the new ids stand for; those that occur get new numbers, in the order
                of first occurrence.

        Raises:
            WvcliError: a shard cannot be read or written, or a text was lost.
        """
        numbers = np.full(len(words), DROPPED, dtype=np.uint32)
        counts = np.zeros(len(words), dtype=np.int64)
        order: list[int] = []
        texts = 0
        for number, path in enumerate(self.shards):
            ids = change(read_ids(path))
            is_token = ids != TEXT_END
            tokens = ids[is_token]
            first = np.full(len(words), len(tokens))
            first[tokens[::-1]] = np.arange(len(tokens))[::-1]  # of equal indices the one assigned last stays
            new = np.flatnonzero((numbers == DROPPED) & (first < len(tokens)))
            new = new[np.argsort(first[new])]
            numbers[new] = np.arange(len(order), len(order) + len(new))
            order += new.tolist()
            counts += np.bincount(tokens, minlength=len(words))
            ids[is_token] = numbers[tokens]
            self._replace(number, ids)
            texts += len(ids) - len(tokens)
        if texts != self.texts:
            raise WvcliError(f"there were {self.texts:,} texts, but {texts:,} are left after joining phrases")
        self.words = [words[index] for index in order]
        self.counts = counts[order]
        self.tokens_joined = self.tokens_read - int(self.counts.sum())

    def trimmed(
        self, min_count: int, max_vocab: int | None = None, known: Mapping[str, int] | None = None
    ) -> EncodedCorpus:
        """Decide the vocabulary and rewrite the shards in its ids.

        Args:
            min_count: words that occur less often are dropped.
            max_vocab: words to keep at most: the known ones, and the most frequent of the others.
            known: words of a model with their counts so far; they stay whatever their counts, and the counts here
                are added to those.

        Raises:
            WvcliError: a shard cannot be read or written, or tokens were lost.
        """
        words, counts, before = self._with_known(known or {})
        frequencies = counts + before
        ranked = np.argsort(-frequencies, kind="stable")
        is_known = before[ranked] > 0
        is_new = (frequencies[ranked] >= min_count) & ~is_known
        most_new = len(ranked) if max_vocab is None else max(0, max_vocab - len(known or {}))
        kept = ranked[is_known | (is_new & (np.cumsum(is_new) <= most_new))]
        final = np.full(len(words), DROPPED, dtype=np.uint32)
        final[kept] = np.arange(len(kept), dtype=np.uint32)
        tokens_kept = sum(self._renumber(number, final) for number in range(len(self.shards)))
        if tokens_kept != counts[kept].sum():
            raise WvcliError(f"{counts[kept].sum():,} tokens were counted, but {tokens_kept:,} are on disk")
        return EncodedCorpus(
            shards=self.shards,
            words=[words[index] for index in kept.tolist()],
            counts=counts[kept],
            texts=self.texts,
            tokens_read=self.tokens_read,
            tokens_kept=tokens_kept,
            frequencies=frequencies[kept],
            tokens_joined=self.tokens_joined,
        )

    def _with_known(self, known: Mapping[str, int]) -> tuple[list[str], CountArray, CountArray]:
        """Return all words, those that only a model knows last; their counts here, and their counts before."""
        if not known:
            return self.words, self.counts, np.zeros_like(self.counts)
        here = set(self.words)
        words = self.words + [word for word in known if word not in here]
        counts = np.zeros(len(words), dtype=np.int64)
        counts[: len(self.counts)] = self.counts
        before = np.array([known.get(word, 0) for word in words], dtype=np.int64)
        return words, counts, before

    def _renumber(self, shard: int, final: IdArray) -> int:
        """Rewrite a shard in final ids; return the number of tokens left."""
        ids = read_ids(self.shards[shard])
        ends = ids == TEXT_END
        ids[~ends] = final[ids[~ends]]
        ids = ids[ids != DROPPED]
        self._replace(shard, ids)
        return len(ids) - int(np.count_nonzero(ids == TEXT_END))


class _ShardWriter:
    """Divides ids into shards of whole texts; each is written while the next one is made.

    Attributes:
        shards: their files.
    """

    def __init__(self, folder: Path, shard_ids: int) -> None:
        self.shards: list[Path] = []
        self._folder = folder
        self._shard_ids = shard_ids
        self._held: list[IdArray] = []
        self._size = 0
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def __enter__(self) -> "_ShardWriter":
        return self

    def add(self, ids: IdArray) -> None:
        """Add the ids of whole texts."""
        while self._size + len(ids) >= self._shard_ids:
            least = max(0, self._shard_ids - self._size - 1)
            stop = least + int(np.argmax(ids[least:] == TEXT_END)) + 1
            self._write([*self._held, ids[:stop]])
            self._held, self._size, ids = [], 0, ids[stop:]
        self._held.append(ids)
        self._size += len(ids)

    def _write(self, parts: Sequence[IdArray]) -> None:
        self._wait()
        path = self._folder / f"{len(self.shards):05}.ids"
        self._last = self._thread.submit(_write_parts, path, parts)
        self.shards.append(path)

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._thread:
            if kind is None:
                if self._size or not self.shards:
                    self._write(self._held)
                self._wait()


def _write_parts(path: Path, parts: Sequence[IdArray]) -> None:
    write_ids(path, np.concatenate([np.zeros(0, dtype=np.uint32), *parts]))


def require_words(tokens_read: int, text: TextSettings, characters: int = 0, skipped: int = 0) -> None:
    """Refuse a corpus without words.

    Args:
        tokens_read: how many words were read.
        text: which text, and how it is split into words.
        characters: how many there are in the text, beside white space.
        skipped: how many of its records could not be read.

    Raises:
        InputError: it has none.
    """
    if tokens_read:
        return
    hint = f"{skipped:,} unreadable record{' was' if skipped == 1 else 's were'} skipped" if skipped else ""
    if characters and not text.tokenizer.kind.literal and text.tokenizer.is_wanted() is None:
        hint = (
            f"its {characters:,} characters are punctuation, symbols or emoji to the tokenizer; "
            "`tokenizer=whitespace` takes whatever stands between spaces for a word"
        )
    raise InputError(f"there are no words in {', '.join(map(display_name, text.sources))}", hint)
