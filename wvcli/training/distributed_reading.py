"""A text read on a cluster: tokenized, counted, numbered and cut into shards as on one machine, to the byte.

Three jobs:

* `read_part` tokenizes a part of the text. It numbers the words in the order in which they first occur there, and
  writes the numbers, and the words with their counts in as many buckets as there are tasks in the next job.
* `count_words` adds up the counts of the words in one bucket. Parts and numbers tell where each first occurs. It
  writes those that occur often enough.
* `write_shards`: the vocabulary is sorted here, on the driver, and where shards end is found there: with the text
  in which one reaches its size, as on one machine. Each task writes some shards with the words' final numbers.

What one machine does is in `tokens.provisional_corpus`.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_note
from wvcli.system.locks import temporary_folder
from wvcli.text.characters import count_in_words
from wvcli.text.corpus import Corpus, Part
from wvcli.text.parts import PART_BYTES, divide, refuse_unshared
from wvcli.text.settings import TextSettings
from wvcli.text.sources import is_remote, suffix
from wvcli.tokens import kept_text
from wvcli.tokens.encoded_corpus import EncodedCorpus, StoredShard, have_contexts
from wvcli.tokens.kept_text import KeptText
from wvcli.tokens.provisional_corpus import (
    DROPPED,
    LONGEST_TEXT,
    SHARD_IDS,
    ProvisionalCorpus,
    require_words,
)
from wvcli.tokens.shards import TEXT_END, IdArray, read_ids
from wvcli.tokens.tokenizing import batches
from wvcli.tokens.word_numbers import new_numbering
from wvcli.training.clusters import Executors, Values
from wvcli.training.reading import ReadingRecord, advise, read_text
from wvcli.training.request import Request
from wvcli.training.settings import auto_settings
from wvcli.training.work_folder import WorkFolder
from wvcli.version import __version__

_MOST_BUCKETS = 64  # of words; each takes the memory of one task
_SHARDS_AT_ONCE = 4  # that a task writes, of parts whose words it has at hand

CountArray = npt.NDArray[np.int64]
Piece = tuple[str, int, int, int]  # of a shard: file, first id, id after the last, and the part of the text


def pack_words(words: Sequence[str], *columns: CountArray) -> bytes:
    """Return words and int64 [words] columns as bytes."""
    text = json.dumps(list(words), ensure_ascii=False).encode("utf-8", "surrogatepass")
    head = np.array([len(words)], dtype="<i8")
    return b"".join([head.tobytes(), *(column.astype("<i8").tobytes() for column in columns), text])


def unpack_words(data: bytes, columns: int) -> tuple[list[str], list[CountArray]]:
    """Return what `pack_words` packed."""
    count = int(np.frombuffer(data, dtype="<i8", count=1)[0])
    numbers = np.frombuffer(data, dtype="<i8", count=count * columns, offset=8).astype(np.int64)
    words: list[str] = json.loads(str(data[8 * (1 + count * columns) :], "utf-8", "surrogatepass"))
    return words, list(numbers.reshape(columns, count))


def read_part(work: WorkFolder, values: Values) -> Values:
    """Tokenize a part of a text: a task.

    Args:
        work: the work folder.
        values: `text`, how to read it; `parts`, what to read; `others`, files like all those of the text;
            `buckets`, how many.

    Returns:
        The `pieces` of its numbers, names with how many ids each has; the file of its `words`, and where in it the
        `buckets` begin and end; and what was counted.
    """
    text = TextSettings.from_json(values["text"])
    parts = [Part(*part) for part in values["parts"]]
    notes: list[str] = []
    corpus = text.corpus(files=list(dict.fromkeys(part.file for part in parts)))
    corpus.others, corpus.on_note = values["others"], notes.append
    with (
        temporary_folder() as folder,
        closing(batches(corpus.blocks_of_parts(parts), text.tokenizer, processes=1)) as tokenized,
    ):
        read = ProvisionalCorpus.of_batches(tokenized, folder)
        pieces = [[work.write_file("read/ids", shard), shard.stat().st_size // 4] for shard in read.shards]
    buckets, bounds = in_buckets(read, values["buckets"])
    return {
        "pieces": pieces,
        "words": work.write("read/words", *buckets),
        "buckets": bounds,
        "texts": read.texts,
        "tokens_read": read.tokens_read,
        "sha256": corpus.fingerprint(),
        "characters": corpus.characters(),
        "skipped": corpus.skipped,
        "notes": notes,
    }


def in_buckets(read: ProvisionalCorpus, buckets: int) -> tuple[list[bytes], list[int]]:
    """Return the words of a part as bytes, one bucket after another, and the bytes where each begins and ends."""
    bucket_of = np.fromiter(
        (crc32(word.encode("utf-8", "surrogatepass")) % buckets for word in read.words), np.int64, len(read.words)
    )
    written, bounds = [], [0]
    for bucket in range(buckets):
        numbers = np.flatnonzero(bucket_of == bucket)
        words = [read.words[number] for number in numbers.tolist()]
        written.append(pack_words(words, read.counts[numbers], numbers))
        bounds.append(bounds[-1] + len(written[-1]))
    return written, bounds


def count_words(work: WorkFolder, values: Values) -> Values:
    """Add up the counts of the words in a bucket: a task.

    Args:
        work: the work folder.
        values: `parts`, the file that names the words of each part; `bucket`, which it is; `least`, the count of
            words that are kept.

    Returns:
        The file of the words `kept`, with their counts, parts and numbers there, and what was counted.
    """
    numbering = new_numbering()
    counts = np.zeros(0, dtype=np.int64)
    first: list[tuple[CountArray, CountArray]] = []
    bucket = values["bucket"]
    for part, (name, bounds) in enumerate(json.loads(work.read(values["parts"]))):
        words, [here, numbers] = unpack_words(work.read(name, bounds[bucket], bounds[bucket + 1]), 2)
        before = len(numbering)
        rows = np.fromiter(map(numbering.__getitem__, words), np.int64, len(words))
        counts = np.append(counts, np.zeros(len(numbering) - before, dtype=np.int64))
        counts[rows] += here
        new = numbers[rows >= before]  # in the order of their rows, as the words come in that of their numbers
        first.append((np.full(len(new), part, dtype=np.int64), new))
    words = list(numbering)
    parts, numbers = (np.concatenate([np.zeros(0, dtype=np.int64), *each]) for each in zip(*first, strict=True))
    kept = np.flatnonzero(counts >= values["least"])
    data = pack_words([words[row] for row in kept.tolist()], counts[kept], parts[kept], numbers[kept])
    return {
        "kept": work.write("read/kept", data),
        "occurring": len(kept),
        "distinct": len(words),
        "highest": int(counts.max(initial=0)),
        "tokens": int(counts.sum()),
        "characters": count_in_words(words, counts),
    }


def write_shards(work: WorkFolder, values: Values) -> Values:
    """Write some shards in the final numbers of the words: a task.

    Args:
        work: the work folder.
        values: `vocabulary`, the file of the words in the order of their numbers; `shards`, of each the pieces
            that it is made of: file, first id, id after the last, and its part of the text; `words`, for each of
            these parts the file of its words and where its buckets begin and end; `folder`, where the shards are
            put.

    Returns:
        The `shards`.
    """
    final = {word: number for number, word in enumerate(json.loads(work.read(values["vocabulary"])))}
    tables: dict[int, IdArray] = {}
    shards = []
    for pieces in values["shards"]:
        renumbered = [np.zeros(0, dtype=np.uint32)]
        for name, start, stop, part in pieces:
            if part not in tables:
                tables = {part: final_numbers(work, values["words"][str(part)], final)}
            ids = np.frombuffer(work.read(name, 4 * start, 4 * stop), dtype="<u4")
            ids = np.append(tables[part], TEXT_END).take(ids, mode="clip")
            renumbered.append(ids[ids != DROPPED])
        shards.append(asdict(store_shard(work, values["folder"], np.concatenate(renumbered))))
    return {"shards": shards}


def final_numbers(work: WorkFolder, words: Sequence[Any], final: Mapping[str, int]) -> IdArray:
    """Return uint32 [words of a part], the final number of each, or `DROPPED`."""
    name, bounds = words
    data = work.read(name)
    unpacked = [unpack_words(data[start:stop], 2) for start, stop in pairwise(bounds)]
    table = np.full(sum(len(each) for each, _ in unpacked), DROPPED, dtype=np.uint32)
    dropped = int(DROPPED)
    for each, [_, numbers] in unpacked:
        table[numbers] = np.fromiter((final.get(word, dropped) for word in each), np.uint32, len(each))
    return table


def store_shard(work: WorkFolder, folder: str, ids: IdArray) -> StoredShard:
    """Write uint32 [ids] as a shard into the work folder."""
    data = ids.astype("<u4", copy=False).tobytes()
    tokens = len(ids) - int(np.count_nonzero(ids == TEXT_END))
    checksum = hashlib.sha256(data).hexdigest()
    return StoredShard(work.write(f"{folder}/ids", data), len(ids), tokens, have_contexts(ids), checksum)


@dataclass
class DistributedCorpus:
    """All tokens of a corpus in the work folder of a cluster, before the vocabulary is decided.

    It answers what `ProvisionalCorpus` does when the vocabulary is chosen.

    Attributes:
        executors: of the cluster.
        work: its work folder.
        read: what `read_part` returned, for each part of the text.
        least: count from which on words were kept when they were counted last.
        counted: what `count_words` returned then, for each bucket.
        shard_ids: of a shard, at least.
        advised: what is called with the words and counts of the vocabulary, for advice on the tokenizer.
        tokens_joined: tokens joined to the one before, or None when nothing was to be joined.
        cuts: the pieces of each shard, when they were joined: file, first id, id after the last, and the part of
            the text; None where they are found by `cut`.
    """

    executors: Executors
    work: WorkFolder
    read: list[Values]
    least: int
    shard_ids: int = SHARD_IDS
    advised: Callable[[Sequence[str], CountArray], None] = lambda words, counts: None
    tokens_joined: int | None = None
    cuts: list[list[Piece]] | None = None
    counted: list[Values] = field(init=False)

    def __post_init__(self) -> None:
        self._count(self.least)

    @property
    def texts(self) -> int:
        return sum(part["texts"] for part in self.read)

    @property
    def tokens_read(self) -> int:
        return sum(part["tokens_read"] for part in self.read)

    @property
    def distinct(self) -> int:
        return sum(bucket["distinct"] for bucket in self.counted)

    @property
    def characters_in_words(self) -> int:
        """How many characters are in words."""
        return sum(bucket["characters"] for bucket in self.counted)

    def highest_count(self) -> int:
        return max(int(bucket["highest"]) for bucket in self.counted)

    def occurring(self, min_count: int) -> int:
        self._count(min_count)
        return sum(bucket["occurring"] for bucket in self.counted)

    def numbered_words(self) -> tuple[list[str], CountArray]:
        """Return all words in the order in which they first occur, and int64 [words], their counts."""
        self._count(1)
        words, counts, parts, numbers = self._kept()
        order = np.lexsort((numbers, parts))
        return [words[row] for row in order.tolist()], counts[order]

    def replace_read(self, read: Sequence[Values], cuts: list[list[Piece]]) -> None:
        """Take other numbers of the same texts for those that were read, and remove those.

        Args:
            read: what is different of each part: its `pieces`, `words`, `buckets` and `tokens`.
            cuts: the pieces of each shard.
        """
        self.remove_read()
        self.read = [{**before, **now} for before, now in zip(self.read, read, strict=True)]
        self.cuts = cuts
        self.tokens_joined = self.tokens_read - sum(part["tokens"] for part in read)
        self._count(self.least, again=True)

    def _count(self, least: int, again: bool = False) -> None:
        """Count the words, and keep those that occur so often, unless that was done already."""
        if "counted" in self.__dict__ and least == self.least and not again:
            return
        self.least = least
        named = json.dumps([[part["words"], part["buckets"]] for part in self.read])
        parts = self.work.write("read/parts", named.encode())
        buckets = len(self.read[0]["buckets"]) - 1
        arguments = [{"parts": parts, "bucket": bucket, "least": least} for bucket in range(buckets)]
        self.counted = self.executors.run(count_words, self.work, arguments)
        counted = sum(bucket["tokens"] for bucket in self.counted)
        wanted = self.tokens_read - (self.tokens_joined or 0)
        if counted != wanted:
            raise WvcliError(f"{wanted:,} tokens were read, but {counted:,} counted on the cluster")

    def _kept(self) -> tuple[list[str], CountArray, CountArray, CountArray]:
        """Return the words that were kept, with their counts, and the part and number where each first occurs."""
        words: list[str] = []
        buckets: list[list[CountArray]] = []
        for bucket in self.counted:
            some, columns = unpack_words(self.work.read(bucket["kept"]), 3)
            words += some
            buckets.append(columns)
        counts, parts, numbers = (np.concatenate(column) for column in zip(*buckets, strict=True))
        return words, counts, parts, numbers

    def trimmed(
        self, min_count: int, max_vocab: int | None = None, known: Mapping[str, int] | None = None
    ) -> EncodedCorpus:
        """Decide the vocabulary and write the shards in its ids, as `ProvisionalCorpus.trimmed` does.

        Raises:
            WvcliError: tokens were lost, or a task failed.
        """
        self._count(min_count)
        words, counts, parts, numbers = self._kept()
        ranked = np.lexsort((numbers, parts, -counts))[:max_vocab]
        words, counts = [words[row] for row in ranked.tolist()], counts[ranked]
        self.advised(words, counts)
        shards = self._numbered(words, "text")
        tokens_kept = sum(shard.tokens for shard in shards)
        if tokens_kept != counts.sum():
            raise WvcliError(f"{counts.sum():,} tokens were counted, but {tokens_kept:,} are in the work folder")
        return EncodedCorpus(
            shards=[],
            words=words,
            counts=counts,
            texts=self.texts,
            tokens_read=self.tokens_read,
            tokens_kept=tokens_kept,
            frequencies=counts,
            tokens_joined=self.tokens_joined,
            stored=shards,
        )

    def _numbered(self, words: Sequence[str], folder: str) -> tuple[StoredShard, ...]:
        """Write the shards in the numbers that words have in a list."""
        vocabulary = self.work.write("read/vocabulary", json.dumps(words).encode())
        cuts = list(self.cut()) if self.cuts is None else self.cuts
        arguments = []
        for first in range(0, len(cuts), _SHARDS_AT_ONCE):
            some = cuts[first : first + _SHARDS_AT_ONCE]
            used = {part for pieces in some for *_, part in pieces}
            arguments.append(
                {
                    "vocabulary": vocabulary,
                    "shards": some,
                    "words": {part: [self.read[part]["words"], self.read[part]["buckets"]] for part in used},
                    "folder": folder,
                }
            )
        done = self.executors.run(write_shards, self.work, arguments)
        return tuple(StoredShard(**shard) for each in done for shard in each["shards"])

    def cut(self) -> Iterator[list[Piece]]:
        """Yield the pieces of each shard."""
        pieces = [(name, ids, part) for part, read in enumerate(self.read) for name, ids in read["pieces"] if ids]
        starts = np.cumsum([0] + [ids for _, ids, _ in pieces]).tolist()

        def end_from(at: int) -> int:
            """Return where the first text ends that ends at an id or after it: the id after its last."""
            piece = int(np.searchsorted(starts, at, side="right")) - 1
            name, ids, _ = pieces[piece]
            start = at - starts[piece]
            stop = min(ids, start + LONGEST_TEXT + 1)
            window = np.frombuffer(self.work.read(name, 4 * start, 4 * stop), dtype="<u4")
            return at + int(np.argmax(window == TEXT_END)) + 1

        first, total = 0, starts[-1]
        while first < total:
            last = end_from(first + self.shard_ids - 1) if total - first >= self.shard_ids else total
            shard = []
            piece = int(np.searchsorted(starts, first, side="right")) - 1
            while piece < len(pieces) and starts[piece] < last:
                name, ids, part = pieces[piece]
                shard.append((name, max(first - starts[piece], 0), min(last - starts[piece], ids), part))
                piece += 1
            yield shard
            first = last

    def keep(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Keep the text as it was read in a folder of this machine, for further models.

        Raises:
            UsageError: the folder holds something else.
            WvcliError: it cannot be written.
        """
        with kept_text.new_folder(folder):
            corpus = ProvisionalCorpus(folder)
            corpus.words, corpus.counts = self.numbered_words()
            shards = self._numbered(corpus.words, "kept")
            corpus.texts, corpus.tokens_read = self.texts, self.tokens_read
            for number, shard in enumerate(shards):
                corpus.shards.append(folder / f"{number:05}.ids")
                self.work.fetch(shard.name, corpus.shards[-1])
            kept_text.save(corpus, folder, about)
            self.work.remove(shard.name for shard in shards)

    def remove_read(self) -> None:
        """Remove what only numbering the words needed."""
        names = [name for part in self.read for name, _ in part["pieces"]]
        self.work.remove(
            [*names, *(part["words"] for part in self.read), *(each["kept"] for each in self.counted)]
        )


def read_on(
    executors: Executors,
    work: WorkFolder,
    text: TextSettings,
    source: Corpus,
    least: Callable[[int], int],
    on_progress: OnProgress,
    on_note: OnNote = ignore_note,
    keep_in: Path | None = None,
    part_bytes: int = PART_BYTES,
    shard_ids: int = SHARD_IDS,
) -> tuple[DistributedCorpus, ReadingRecord]:
    """Read a text on a cluster.

    Args:
        executors: of the cluster.
        work: its work folder.
        text: which text, and how it is read and split into words.
        source: the same text, opened.
        least: returns the count from which on words are likely to be kept, for a number of tokens.
        on_progress: called when a job begins.
        on_note: called with notes on the text.
        keep_in: a folder of this machine in which the text is kept as it was read.
        part_bytes: of the text that a task reads, about.
        shard_ids: of a shard, at least.

    Raises:
        UsageError: the text is in memory, or comes from standard input; or `keep_in` holds something else.
        InputError: a source cannot be read, or has no words.
        WvcliError: a task failed.
    """
    groups = divide(source, part_bytes)
    size = source.size()
    on_progress(Progress("reading", 0, size, unit="bytes"))
    how = replace(text, sources=()).to_json()
    others = list({suffix(file): file for file in source.files}.values())
    buckets = max(1, min(_MOST_BUCKETS, len(groups)))
    read = executors.run(
        read_part,
        work,
        [
            {
                "text": how,
                "parts": [[_absolute(part.file), part.start, part.stop, part.kind] for part in group],
                "others": others,
                "buckets": buckets,
            }
            for group in groups
        ],
    )
    for note in dict.fromkeys(note for part in read for note in part["notes"]):
        on_note(note)
    on_progress(Progress("reading", size or 0, size, unit="bytes"))
    tokens = sum(part["tokens_read"] for part in read)
    skipped, characters = (sum(part[name] for part in read) for name in ("skipped", "characters"))
    require_words(tokens, text, characters, skipped)
    corpus = DistributedCorpus(executors, work, read, least(tokens), shard_ids)
    hashes = [part["sha256"] for part in read]
    record = ReadingRecord(
        fingerprint=hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        skipped=skipped,
        characters=characters,
        characters_in_words=corpus.characters_in_words if text.tokenizer.kind.verbatim else None,
        parts=len(hashes),
    )
    corpus.advised = lambda words, counts: advise(words, counts, tokens, record, text.tokenizer, on_note)
    if keep_in is not None:
        corpus.keep(keep_in, {"text": text.to_json(), "read": asdict(record)})
    return corpus, record


def _absolute(file: str) -> str:
    return file if is_remote(file) else os.path.abspath(file)


def probe(work: WorkFolder, values: Values) -> Values:
    """Write a file that the driver reads: a task."""
    return {"file": work.write("probe", values["text"].encode())}


@dataclass(frozen=True)
class ConnectedCluster:
    """A cluster with the folder of a run in its work folder.

    Attributes:
        executors: of the cluster.
        work: the folder of the run.
        part_bytes: of the text that a task reads, about.
        shard_ids: of a shard, at least.
    """

    executors: Executors
    work: WorkFolder
    part_bytes: int = PART_BYTES
    shard_ids: int = SHARD_IDS

    def require_work_folder(self) -> None:
        """Refuse a work folder that the cluster and this machine do not share.

        Raises:
            MissingPackageError: an executor lacks a package that tasks need.
            WvcliError: a file that a task wrote cannot be read here, or it could not be written.
        """
        text = f"written by wvcli {__version__}"
        [written] = self.executors.run(probe, self.work, [{"text": text}])
        try:
            read = self.work.read(written["file"])
        except WvcliError as error:
            raise WvcliError(
                f"a file that the cluster wrote into {self.work} is not there for this machine ({error.message})",
                "name a `work` folder that all machines share",
            ) from error
        if read.decode() != text:
            raise WvcliError(f"the work folder {self.work} gives other bytes than were written there")
        self.work.remove([written["file"]])

    def read(
        self,
        request: Request,
        folder: Path,
        on_progress: OnProgress,
        on_note: OnNote,
        keep_in: Path | None = None,
    ) -> tuple[ProvisionalCorpus | DistributedCorpus, ReadingRecord]:
        """Read a text on the cluster; or here, if it was kept as numbers.

        Args:
            request: the text and the settings that were asked for.
            folder: where the numbers are written that are made here.
            on_progress: called when a job begins.
            on_note: called with notes on the text.
            keep_in: a folder of this machine in which the text is kept as it was read.

        Raises:
            InputError: a source cannot be read, or has no words.
            UsageError: the text is in memory, or comes from standard input.
        """
        if request.source is None:
            raise InputError("there is no text to read")
        if isinstance(request.source, Corpus):
            refuse_unshared(request.source)
        if isinstance(request.source, KeptText):
            return read_text(request.text, request.source, folder, on_progress, on_note, keep_in)

        def least(tokens: int) -> int:
            if request.settings.phrases:  # rare words may be parts of them
                return 1
            return auto_settings(request.settings, tokens, 1).min_count or 1

        return read_on(
            self.executors, self.work, request.text, request.source, least, on_progress, on_note, keep_in,
            self.part_bytes, self.shard_ids,
        )  # fmt: skip

    def stored(self, encoded: EncodedCorpus) -> EncodedCorpus:
        """Return a corpus with its shards in the work folder, where those numbered on the cluster are already."""
        if encoded.stored is not None:
            return encoded
        shards = tuple(store_shard(self.work, "text", read_ids(path)) for path in encoded.shards)
        return replace(encoded, shards=[], stored=shards)
