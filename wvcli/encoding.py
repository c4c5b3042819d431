"""From texts to numbers: every text is tokenized once and kept on disk as word ids, which engines train on.

Memory holds the vocabulary and one shard, whatever the size of the corpus. The counts made here are the
measure that training is held against: `tokens_read` by the tokenizer, `tokens_kept` in the vocabulary.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.batches import TEXT_END as TEXT_END
from wvcli.batches import Batch, Numbering, grouped
from wvcli.batches import IdArray as IdArray
from wvcli.errors import InputError, WvcliError

LONGEST_TEXT = 10_000  # tokens; Gensim silently drops what a text has beyond, so a longer one is split
_SHARD_IDS = 1 << 24  # 64 MB on disk
_DROPPED = np.uint32(0xFFFFFFFE)
_STRETCH = 500_000  # tokens, a few seconds of training: the grain of checkpoints
_MANIFEST = "encoded.json"
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class Stretch:
    """Whole texts of one shard.

    Attributes:
        shard: its number.
        start: the first id.
        stop: one after the last id.
        tokens: how many of the ids are words.
    """

    shard: int
    start: int
    stop: int
    tokens: int


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus as word ids on disk, ready to train on.

    Attributes:
        shards: files of little-endian uint32; each text is its word ids and then `TEXT_END`.
        words: the vocabulary, most frequent first, equally frequent words in the order they first occur.
        counts: int64 [words], occurrences.
        texts: number of texts, those left without a word included.
        tokens_read: tokens the tokenizer gave.
        tokens_kept: tokens that are in the vocabulary, counted from the shards.
        frequencies: int64 [words], occurrences here and in all text that the model was trained on before.
        tokens_joined: how many tokens the joining of phrases took up, so that `tokens_read` less these are the
            tokens that the vocabulary was made of; None when no phrases were joined.
    """

    shards: list[Path]
    words: list[str]
    counts: npt.NDArray[np.int64]
    texts: int
    tokens_read: int
    tokens_kept: int
    frequencies: npt.NDArray[np.int64]
    tokens_joined: int | None = None

    def coverage(self) -> dict[str, int]:
        """The tokens counted so far, by name; `tokens_joined` only where phrases were joined."""
        joined = {} if self.tokens_joined is None else {"tokens_joined": self.tokens_joined}
        return {"tokens_read": self.tokens_read, **joined, "tokens_kept": self.tokens_kept}

    def ids(self, shard: int, start: int = 0, stop: int | None = None) -> IdArray:
        """uint32 [ids], the ids of a shard from `start` up to `stop`.

        Raises:
            WvcliError: the shard is gone or cannot be read.
        """
        return _load(self.shards[shard], start, -1 if stop is None else stop - start)

    def stretches(self) -> list[Stretch]:
        """The corpus in stretches of whole texts, each of half a million tokens or more but for a shard's last."""
        stretches = []
        for number in range(len(self.shards)):
            ends = np.flatnonzero(self.ids(number) == TEXT_END)
            tokens_before = ends - np.arange(len(ends))  # each text before has one end, which is no token
            start = done = 0
            for text, tokens in enumerate(tokens_before.tolist()):
                if tokens - done >= _STRETCH or text == len(ends) - 1:
                    if tokens > done:
                        stretches.append(Stretch(number, start, int(ends[text]) + 1, tokens - done))
                    start, done = int(ends[text]) + 1, tokens
        return stretches

    def sentences(self, stretch: Stretch | None = None) -> Iterator[list[str]]:
        """Each text of a stretch, or of the corpus, that has a word left, as a list of words."""
        if stretch is None:
            yield from chain.from_iterable(map(self.sentences, self.stretches()))
            return
        word = self.words.__getitem__
        ids = self.ids(stretch.shard, stretch.start, stretch.stop)
        start = 0
        for end in np.flatnonzero(ids == TEXT_END).tolist():
            if end > start:
                yield list(map(word, ids[start:end].tolist()))
            start = end + 1

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether a folder holds a corpus kept by `save`."""
        return (folder / _MANIFEST).exists()

    def save(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Write beside the shards, which must lie in `folder`, what `load` needs to train from them again."""
        complete = {
            "format_version": _FORMAT_VERSION,
            "shards": [path.name for path in self.shards],
            "words": self.words,
            "counts": self.counts.tolist(),
            "texts": self.texts,
            "tokens_read": self.tokens_read,
            "tokens_kept": self.tokens_kept,
            "frequencies": self.frequencies.tolist(),
            "tokens_joined": self.tokens_joined,
            **manifest,
        }
        aside = folder / (_MANIFEST + ".tmp")
        aside.write_text(json.dumps(complete), encoding="utf-8")
        os.replace(aside, folder / _MANIFEST)

    @classmethod
    def load(cls, folder: Path) -> "tuple[EncodedCorpus, dict[str, Any]]":
        """A corpus kept by `save`, and the manifest given there.

        Raises:
            InputError: the folder holds no whole encoded corpus.
        """
        try:
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            if manifest.pop("format_version") != _FORMAT_VERSION:
                raise InputError(f"{folder} holds encoded text of another version")
            shards = [folder / name for name in manifest.pop("shards")]
            corpus = cls(
                shards,
                manifest.pop("words"),
                np.array(manifest.pop("counts"), dtype=np.int64),
                manifest.pop("texts"),
                manifest.pop("tokens_read"),
                manifest.pop("tokens_kept"),
                np.array(manifest.pop("frequencies"), dtype=np.int64),
                manifest.pop("tokens_joined"),
            )
            size = sum(path.stat().st_size for path in shards)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{folder} holds no encoded text") from error
        if size != 4 * (corpus.tokens_kept + corpus.texts):
            raise InputError(f"the encoded text in {folder} is not whole")
        return corpus, manifest


class Encoding:
    """All tokens of a corpus as provisional ids on disk, before the vocabulary is decided.

    Attributes:
        words: every distinct token, in the order of first occurrence.
        counts: int64 [words], occurrences.
        texts: number of texts.
        tokens_read: tokens the tokenizer gave.
        tokens_joined: tokens taken up by joining, or None when nothing was to be joined.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: list[Path] = []
        self.words: list[str] = []
        self.counts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.texts = 0
        self.tokens_read = 0
        self.tokens_joined: int | None = None

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        tokenize: Callable[[str], list[str]],
        folder: Path,
    ) -> "Encoding":
        """Tokenize every text and write its ids into `folder`.

        Raises:
            WvcliError: the folder cannot take the ids, because the disk is full, say.
        """
        return cls.of_batches((_batch(group, tokenize) for group in grouped(texts)), folder)

    @classmethod
    def of_batches(cls, batches: Iterable[Batch], folder: Path) -> "Encoding":
        """Write the ids of tokenized texts into `folder`; how the texts lie in batches makes no difference.

        Raises:
            WvcliError: the folder cannot take the ids, because the disk is full, say.
        """
        encoding = cls(folder)
        places: defaultdict[str, int] = defaultdict(count().__next__)
        held: list[IdArray] = []
        size = 0
        for batch in batches:
            ids = encoding._numbered(batch, places.__getitem__)
            while size + len(ids) >= _SHARD_IDS:
                least = max(0, _SHARD_IDS - size - 1)
                stop = least + int(np.argmax(ids[least:] == TEXT_END)) + 1
                encoding._write([*held, ids[:stop]], len(places))
                held, size, ids = [], 0, ids[stop:]
            held.append(ids)
            size += len(ids)
        if size or not encoding._shards:
            encoding._write(held, len(places))
        encoding.words = list(places)
        return encoding

    def _numbered(self, batch: Batch, place: Callable[[str], int]) -> IdArray:
        """uint32, the batch in the corpus's numbers; empty texts are left out and long ones split."""
        numbers = np.fromiter(chain(map(place, batch.words), (TEXT_END,)), np.uint32, len(batch.words) + 1)
        ids = numbers.take(batch.ids, mode="clip")  # the end of a text, beyond all places, gets the last number
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

    def _write(self, parts: Sequence[IdArray], words: int) -> None:
        """Put a shard on disk and count its tokens."""
        ids = np.concatenate([np.zeros(0, dtype=np.uint32), *parts])
        counts = np.bincount(ids[ids != TEXT_END], minlength=words)
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        path = self._folder / f"{len(self._shards):05}.ids"
        _store(path, ids)
        self._shards.append(path)

    def counts_of_half(self) -> npt.NDArray[np.int64]:
        """int64 [words], occurrences in every second text."""
        counts = np.zeros(len(self.words), dtype=np.int64)
        for path in self._shards:
            ids = _load(path)
            ends = ids == TEXT_END
            text = np.cumsum(ends) - ends
            counts += np.bincount(ids[~ends & (text % 2 == 0)], minlength=len(self.words))
        return counts

    def ids(self) -> Iterator[IdArray]:
        """uint32 [ids] of each shard: the places in `words` of the tokens of each text, and then `TEXT_END`."""
        return map(_load, self._shards)

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
        for path in self._shards:
            ids = change(_load(path))
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
            _store(path, ids)
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
        tokens_kept = sum(self._renumber(path, final) for path in self._shards)
        if tokens_kept != counts[kept].sum():
            raise WvcliError(f"{counts[kept].sum():,} tokens were counted, but {tokens_kept:,} lie on disk")
        return EncodedCorpus(
            self._shards,
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

    @staticmethod
    def _renumber(path: Path, final: IdArray) -> int:
        """Rewrite a shard in final ids; gives the number of tokens left."""
        ids = _load(path)
        ends = ids == TEXT_END
        ids[~ends] = final[ids[~ends]]
        ids = ids[ids != _DROPPED]
        _store(path, ids)
        return len(ids) - int(np.count_nonzero(ids == TEXT_END))


def _batch(texts: Iterable[str], tokenize: Callable[[str], list[str]]) -> Batch:
    numbering = Numbering()
    for tokens in map(tokenize, texts):
        numbering.add(tokens)
    return numbering.batch()


def _load(path: Path, start: int = 0, count: int = -1) -> IdArray:
    try:
        return np.fromfile(path, dtype="<u4", count=count, offset=4 * start)
    except OSError as error:
        raise WvcliError(f"the encoded text {path} is gone: {error.strerror or error}") from error


def _store(path: Path, ids: IdArray) -> None:
    try:
        ids.astype("<u4", copy=False).tofile(path)
    except OSError as error:
        raise WvcliError(
            f"cannot write the encoded text to {path.parent}: {error.strerror or 'no space left on device'}",
            "make room there, or train with TMPDIR or -o in another place",
        ) from error
