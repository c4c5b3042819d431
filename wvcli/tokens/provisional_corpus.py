"""From texts to numbers: every text is tokenized once and kept on disk as word ids, which engines train on.

Memory holds the vocabulary and one shard, whatever the size of the corpus. The counts made here are the
measure that training is held against: `tokens_read` by the tokenizer, `tokens_kept` in the vocabulary.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError
from wvcli.text.settings import TextSettings
from wvcli.text.sources import display_name
from wvcli.tokens.batches import Batch, Numbering, grouped, texts_of
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import TEXT_END, IdArray, load_ids, store_ids
from wvcli.tokens.word_numbers import WordNumbers, fastest_numbers_for

LONGEST_TEXT = 10_000  # tokens; Gensim silently drops what a text has beyond, so a longer one is split
SHARD_IDS = 1 << 22  # 16 MB on disk; what is made of a shard takes several times that in memory
_DROPPED = np.uint32(0xFFFFFFFE)


class ProvisionalCorpus:
    """All tokens of a corpus as provisional ids on disk, before the vocabulary is decided.

    Attributes:
        shards: files of little-endian uint32; of each text the places of its tokens in `words`, then `TEXT_END`.
        words: every distinct token, in the order of first occurrence.
        counts: int64 [words], occurrences.
        texts: number of texts.
        tokens_read: tokens the tokenizer gave.
        tokens_joined: tokens taken up by joining, or None when nothing was to be joined.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shards: list[Path] = []
        self.words: list[str] = []
        self.counts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.texts = 0
        self.tokens_read = 0
        self.tokens_joined: int | None = None
        self._written: Future[None] = Future()  # of the last shard
        self._written.set_result(None)

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        tokenize: Callable[[str], list[str]],
        folder: Path,
    ) -> "ProvisionalCorpus":
        """Tokenize every text and write its ids into `folder`.

        Raises:
            WvcliError: the folder cannot take the ids, because the disk is full, say.
        """
        return cls.of_batches((_batch(texts_of(group), tokenize) for group in grouped(texts)), folder)

    @classmethod
    def of_batches(cls, batches: Iterable[Batch], folder: Path) -> "ProvisionalCorpus":
        """Write the ids of tokenized texts into `folder`; how the texts lie in batches makes no difference.

        Raises:
            WvcliError: the folder cannot take the ids, because the disk is full, say.
        """
        encoding = cls(folder)
        places = WordNumbers()
        held: list[IdArray] = []
        size = 0
        with ThreadPoolExecutor(1) as writer:
            for batch in batches:
                places = fastest_numbers_for(places, batch.words)
                numbers = places.numbers(batch.words)
                encoding._count(numbers, batch.occurrences())
                ids = encoding._numbered(batch.ids, numbers)
                while size + len(ids) >= SHARD_IDS:
                    least = max(0, SHARD_IDS - size - 1)
                    stop = least + int(np.argmax(ids[least:] == TEXT_END)) + 1
                    encoding._write([*held, ids[:stop]], writer)
                    held, size, ids = [], 0, ids[stop:]
                held.append(ids)
                size += len(ids)
            if size or not encoding.shards:
                encoding._write(held, writer)
            encoding._written.result()
        encoding.words = places.words()
        encoding.counts = encoding.counts[: len(encoding.words)].copy()
        return encoding

    def _numbered(self, ids: IdArray, numbers: IdArray) -> IdArray:
        """uint32, a batch's ids in the corpus's numbers; empty texts are left out and long ones split."""
        ids = np.append(numbers, TEXT_END).take(
            ids, mode="clip"
        )  # the end of a text, beyond all places, gets the last number
        ends = np.flatnonzero(ids == TEXT_END)
        tokens = np.diff(ends, prepend=-1) - 1
        self.tokens_read += int(tokens.sum())
        splits = [
            np.arange(end - length + LONGEST_TEXT, end, LONGEST_TEXT)
            for end, length in zip(*(part[tokens > LONGEST_TEXT].tolist() for part in (ends, tokens)), strict=True)
        ]
        self.texts += int(np.count_nonzero(tokens)) + sum(map(len, splits))
        if splits:
            ids = np.insert(ids, np.concatenate(splits), TEXT_END)
        if not tokens.all():
            follows_end = np.concatenate(([True], ids[:-1] == TEXT_END))
            ids = ids[~(follows_end & (ids == TEXT_END))]
        return ids

    def _count(self, numbers: IdArray, occurrences: npt.NDArray[np.int64]) -> None:
        """Add the occurrences of words, which are distinct."""
        room = int(numbers.max(initial=0)) + 1
        if room > len(self.counts):
            self.counts = np.append(
                self.counts, np.zeros(max(room - len(self.counts), len(self.counts)), np.int64)
            )
        self.counts[numbers] += occurrences

    def _write(self, parts: Sequence[IdArray], writer: Executor) -> None:
        """Have a shard put on disk while the next one is made."""
        self._written.result()
        path = self._folder / f"{len(self.shards):05}.ids"
        self._written = writer.submit(_store, path, parts)
        self.shards.append(path)

    def move_to(self, folder: Path) -> None:
        """Write into another folder from now on: what lies in the first one stays as it is."""
        self._folder = folder

    def _replace(self, shard: int, ids: IdArray) -> None:
        """Put new ids in place of a shard's."""
        self.shards[shard] = self._folder / self.shards[shard].name
        store_ids(self.shards[shard], ids)

    def counts_of_half(self) -> npt.NDArray[np.int64]:
        """int64 [words], occurrences in every second text."""
        counts = np.zeros(len(self.words), dtype=np.int64)
        for path in self.shards:
            ids = load_ids(path)
            ends = ids == TEXT_END
            text = np.cumsum(ends) - ends
            counts += np.bincount(ids[~ends & (text % 2 == 0)], minlength=len(self.words))
        return counts

    def ids(self) -> Iterator[IdArray]:
        """uint32 [ids] of each shard: the places in `words` of the tokens of each text, and then `TEXT_END`."""
        return map(load_ids, self.shards)

    def rewrite(self, change: Callable[[IdArray], IdArray], words: Sequence[str]) -> None:
        """Join tokens: rewrite every shard and count anew.

        Args:
            change: gives the new ids of a shard, whose texts stay as many as they were.
            words: the distinct words that the new ids stand for; those that occur are numbered anew, in the order
                of first occurrence.

        Raises:
            WvcliError: a shard cannot be read or written, or a text was lost.
        """
        numbers = np.full(len(words), _DROPPED, dtype=np.uint32)
        counts = np.zeros(len(words), dtype=np.int64)
        order: list[int] = []
        texts = 0
        for number, path in enumerate(self.shards):
            ids = change(load_ids(path))
            is_token = ids != TEXT_END
            tokens = ids[is_token]
            first = np.full(len(words), len(tokens))
            first[tokens[::-1]] = np.arange(len(tokens))[::-1]  # of equal places the one assigned last stays
            new = np.flatnonzero((numbers == _DROPPED) & (first < len(tokens)))
            new = new[np.argsort(first[new])]
            numbers[new] = np.arange(len(order), len(order) + len(new))
            order += new.tolist()
            counts += np.bincount(tokens, minlength=len(words))
            ids[is_token] = numbers[tokens]
            self._replace(number, ids)
            texts += len(ids) - len(tokens)
        if texts != self.texts:
            raise WvcliError(f"{self.texts:,} texts were encoded, but {texts:,} are left after joining phrases")
        self.words = [words[place] for place in order]
        self.counts = counts[order]
        self.tokens_joined = self.tokens_read - int(self.counts.sum())

    def trimmed(
        self, min_count: int, max_vocab: int | None = None, known: Mapping[str, int] | None = None
    ) -> EncodedCorpus:
        """Decide the vocabulary and rewrite the shards in its ids.

        Args:
            min_count: words that occur less often are dropped.
            max_vocab: keep at most so many words: the known ones, and the most frequent of the others.
            known: words of a model with their counts so far; they stay whatever their counts, and their counts
                and those here are added up.
        """
        words, counts, before = self._with_known(known or {})
        frequencies = counts + before
        ranked = np.argsort(-frequencies, kind="stable")
        is_known = before[ranked] > 0
        is_new = (frequencies[ranked] >= min_count) & ~is_known
        room = len(ranked) if max_vocab is None else max(0, max_vocab - len(known or {}))
        kept = ranked[is_known | (is_new & (np.cumsum(is_new) <= room))]
        final = np.full(len(words), _DROPPED, dtype=np.uint32)
        final[kept] = np.arange(len(kept), dtype=np.uint32)
        tokens_kept = sum(self._renumber(number, final) for number in range(len(self.shards)))
        if tokens_kept != counts[kept].sum():
            raise WvcliError(f"{counts[kept].sum():,} tokens were counted, but {tokens_kept:,} lie on disk")
        return EncodedCorpus(
            self.shards,
            [words[index] for index in kept.tolist()],
            counts[kept],
            self.texts,
            self.tokens_read,
            tokens_kept,
            frequencies[kept],
            self.tokens_joined,
        )

    def _with_known(
        self, known: Mapping[str, int]
    ) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """All words, those that only a model knows last; their counts here, and their counts before."""
        if not known:
            return self.words, self.counts, np.zeros_like(self.counts)
        here = set(self.words)
        words = self.words + [word for word in known if word not in here]
        counts = np.zeros(len(words), dtype=np.int64)
        counts[: len(self.counts)] = self.counts
        before = np.array([known.get(word, 0) for word in words], dtype=np.int64)
        return words, counts, before

    def _renumber(self, shard: int, final: IdArray) -> int:
        """Rewrite a shard in final ids; gives the number of tokens left."""
        ids = load_ids(self.shards[shard])
        ends = ids == TEXT_END
        ids[~ends] = final[ids[~ends]]
        ids = ids[ids != _DROPPED]
        self._replace(shard, ids)
        return len(ids) - int(np.count_nonzero(ids == TEXT_END))


def _batch(texts: Iterable[str], tokenize: Callable[[str], list[str]]) -> Batch:
    numbering = Numbering()
    for tokens in map(tokenize, texts):
        numbering.add(tokens)
    return numbering.batch()


def _store(path: Path, parts: Sequence[IdArray]) -> None:
    store_ids(path, np.concatenate([np.zeros(0, dtype=np.uint32), *parts]))


def require_words(encoding: ProvisionalCorpus, text: TextSettings) -> None:
    """Refuse text without words.

    Raises:
        InputError: it has none.
    """
    if not encoding.tokens_read:
        raise InputError(f"there are no words in {', '.join(map(display_name, text.sources))}")
