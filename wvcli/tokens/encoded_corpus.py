"""A corpus as word ids on disk, which engines train on, whole texts at a time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.tokens.shards import (
    TEXT_END,
    IdArray,
    read_ids,
    read_manifest,
    verify_shards,
    write_ids,
    write_manifest,
)

_MANIFEST = "encoded.json"
_SEED = 20_000_707  # of the division into halves


@dataclass(frozen=True)
class Stretch:
    """Whole texts of one shard.

    Attributes:
        shard: its number.
        start: index of the first id.
        stop: index after the last id.
        tokens: how many of the ids are words.
    """

    shard: int
    start: int
    stop: int
    tokens: int


def have_contexts(ids: IdArray) -> bool:
    """Whether any text has two words."""
    is_word = ids != TEXT_END
    return bool((is_word[1:] & is_word[:-1]).any())


@dataclass(frozen=True)
class StoredShard:
    """A shard in the work folder of a cluster.

    Attributes:
        name: its file there.
        ids: how many it has.
        tokens: how many of them are words.
        has_contexts: whether any text in it has two words.
        sha256: of its bytes, in hexadecimal digits.
    """

    name: str
    ids: int
    tokens: int
    has_contexts: bool
    sha256: str


@dataclass(frozen=True, kw_only=True)
class EncodedCorpus:
    """A corpus as word ids on disk, ready to train on.

    Attributes:
        shards: files of little-endian uint32; each text is its word ids and then `TEXT_END`.
        words: the vocabulary, most frequent first, equally frequent words in the order they first occur.
        counts: int64 [words], occurrences.
        texts: number of texts, those left without a word included.
        tokens_read: tokens that the tokenizer returned.
        tokens_kept: tokens that are in the vocabulary, counted from the shards.
        frequencies: int64 [words], occurrences here and in all text that the model was trained on before.
        tokens_joined: tokens joined to the one before as phrases; the vocabulary was made of `tokens_read` minus
            these. None when no phrases were joined.
        stored: the shards of a corpus that is in the work folder of a cluster, and of which `shards` is empty;
            None where `shards` are here.
    """

    shards: list[Path]
    words: list[str]
    counts: npt.NDArray[np.int64]
    texts: int
    tokens_read: int
    tokens_kept: int
    frequencies: npt.NDArray[np.int64]
    tokens_joined: int | None = None
    stored: tuple[StoredShard, ...] | None = None

    def coverage(self) -> dict[str, int]:
        """Return the tokens counted so far, by name; `tokens_joined` only where phrases were joined."""
        joined = {} if self.tokens_joined is None else {"tokens_joined": self.tokens_joined}
        return {"tokens_read": self.tokens_read, **joined, "tokens_kept": self.tokens_kept}

    def has_contexts(self) -> bool:
        """Whether any text has two words, so that there is something to learn from."""
        if self.stored is not None:
            return any(shard.has_contexts for shard in self.stored)
        return any(have_contexts(self.ids(shard)) for shard in range(len(self.shards)))

    def ids(self, shard: int, start: int = 0, stop: int | None = None) -> IdArray:
        """Read uint32 [ids], the ids of a shard from `start` up to `stop`.

        Raises:
            WvcliError: the shard is missing or cannot be read.
        """
        return read_ids(self.shards[shard], start, -1 if stop is None else stop - start)

    def stretches(self, least: int, shards: Iterable[int] | None = None) -> list[Stretch]:
        """Divide the corpus into stretches of whole texts, of `least` tokens or more but for a shard's last.

        Args:
            least: tokens.
            shards: which to divide; None for all.
        """
        stretches = []
        for number in range(len(self.shards)) if shards is None else shards:
            ends = np.flatnonzero(self.ids(number) == TEXT_END)
            tokens_before = ends - np.arange(len(ends))  # the ends of the texts before are not tokens
            start = done = 0
            for text, tokens in enumerate(tokens_before.tolist()):
                if tokens - done >= least or text == len(ends) - 1:
                    if tokens > done:
                        stretches.append(Stretch(number, start, int(ends[text]) + 1, tokens - done))
                    start, done = int(ends[text]) + 1, tokens
        return stretches

    def sentences(self, stretch: Stretch) -> Iterator[list[str]]:
        """Yield each text of a stretch that has a word left, as a list of words."""
        word = self.words.__getitem__
        ids = self.ids(stretch.shard, stretch.start, stretch.stop)
        start = 0
        for end in np.flatnonzero(ids == TEXT_END).tolist():
            if end > start:
                yield list(map(word, ids[start:end].tolist()))
            start = end + 1

    def halves(self, folder: Path) -> "tuple[EncodedCorpus, EncodedCorpus]":
        """Return two halves of the texts, each over the words that it has; written into a folder.

        Of every two texts that follow each other one is in either half; by chance, and the same each time, lest
        the halves be of two kinds where texts are so in turn, as questions and answers may be.

        Raises:
            WvcliError: a shard cannot be read or written.
        """
        swapped = np.random.Generator(np.random.PCG64(_SEED)).integers(0, 2, self.texts // 2 + 1)
        is_second = (np.arange(2 * len(swapped)) + np.repeat(swapped, 2)) % 2 == 1
        first, second = (
            self._half(folder / name, which) for name, which in (("first", ~is_second), ("second", is_second))
        )
        return first, second

    def _half(self, folder: Path, which: npt.NDArray[np.bool_]) -> "EncodedCorpus":
        """Return those of the texts, bool [texts], that are meant."""
        folder.mkdir()
        counts, before, parts = np.zeros_like(self.counts), 0, []
        for number, path in enumerate(self.shards):
            ids = self.ids(number)
            is_end = ids == TEXT_END
            text = before + np.cumsum(is_end) - is_end
            ids = ids[which[text]]
            before += int(np.count_nonzero(is_end))
            counts += np.bincount(ids[ids != TEXT_END], minlength=len(counts))
            parts.append(folder / path.name)
            write_ids(parts[-1], ids)
        kept = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        half = replace(
            self,
            shards=parts,
            counts=counts,
            texts=int(np.count_nonzero(which[:before])),
            tokens_read=int(counts.sum()),
            tokens_joined=None,
        )
        return half._over([self.words[row] for row in kept.tolist()], kept, folder)

    def over(self, other: "EncodedCorpus", folder: Path) -> "EncodedCorpus":
        """Return this text over the vocabulary of another, without the words that it lacks; written into a folder.

        Its `frequencies` are those of the other.

        Raises:
            WvcliError: a shard cannot be read or written.
        """
        folder.mkdir()
        rows = {word: row for row, word in enumerate(self.words)}
        own = np.array([rows.get(word, -1) for word in other.words], dtype=np.int64)
        return replace(self._over(other.words, own, folder), frequencies=other.frequencies)

    def _over(self, words: list[str], rows: npt.NDArray[np.int64], folder: Path) -> "EncodedCorpus":
        """Return the text over other words, whose rows here are given, -1 for one that is not here."""
        is_here = rows >= 0
        numbers = np.full(len(self.words) + 1, -1, dtype=np.int64)
        numbers[rows[is_here]] = np.flatnonzero(is_here)
        numbers[-1] = TEXT_END  # and this is what the end of a text finds, which is beyond all words
        shards = []
        for number, path in enumerate(self.shards):
            ids = numbers.take(self.ids(number), mode="clip")
            shards.append(folder / path.name)
            write_ids(shards[-1], ids[ids >= 0].astype(np.uint32))
        counts = np.where(is_here, self.counts[rows], 0)
        return replace(
            self, shards=shards, words=words, counts=counts, tokens_kept=int(counts.sum()), frequencies=counts
        )

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder holds a corpus saved by `save`."""
        return (folder / _MANIFEST).exists()

    @staticmethod
    def manifest(folder: Path) -> dict[str, Any]:
        """Read all that `save` wrote but the shards, which may be damaged.

        Raises:
            InputError: it is missing, damaged or of another version.
        """
        return read_manifest(folder, _MANIFEST)

    def save(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Write what `load` needs beside the shards, which must be in `folder`; `manifest` is added to it."""
        complete = {
            "shards": [path.name for path in self.shards],
            "words": self.words,
            "counts": self.counts.tolist(),
            "texts": self.texts,
            "tokens_read": self.tokens_read,
            "tokens_kept": self.tokens_kept,
            "frequencies": self.frequencies.tolist(),
            "tokens_joined": self.tokens_joined,
            **({} if self.stored is None else {"stored": [asdict(shard) for shard in self.stored]}),
            **manifest,
        }
        write_manifest(folder, _MANIFEST, complete)

    @classmethod
    def load(cls, folder: Path) -> "tuple[EncodedCorpus, dict[str, Any]]":
        """Load a corpus saved by `save`, and the manifest given there.

        Raises:
            InputError: the folder does not hold a complete one, or not with the bytes that were saved.
        """
        manifest = read_manifest(folder, _MANIFEST)
        try:
            verify_shards(folder, manifest)
            stored = manifest.pop("stored", None)
            shards = [folder / name for name in manifest.pop("shards")]
            corpus = cls(
                shards=shards,
                words=manifest.pop("words"),
                counts=np.array(manifest.pop("counts"), dtype=np.int64),
                texts=manifest.pop("texts"),
                tokens_read=manifest.pop("tokens_read"),
                tokens_kept=manifest.pop("tokens_kept"),
                frequencies=np.array(manifest.pop("frequencies"), dtype=np.int64),
                tokens_joined=manifest.pop("tokens_joined"),
                stored=None if stored is None else tuple(StoredShard(**shard) for shard in stored),
            )
            size = sum(path.stat().st_size for path in shards)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"the tokenized text in {folder} is damaged") from error
        if corpus.stored is None and size != 4 * (corpus.tokens_kept + corpus.texts):
            raise InputError(f"the tokenized text in {folder} is not complete")
        return corpus, manifest
