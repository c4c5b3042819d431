"""Phrases found and joined on a cluster: the same ones as by `tokens.phrases` on one machine, in the same order.

For each pass three jobs:

* `count_part` counts the pairs of neighbouring words in a part of the text, in as many buckets as there are tasks
  in the next job.
* `count_pairs` adds up the pairs in a bucket, and keeps those that can be phrases. They are scored on the driver,
  which holds the distinct words of the text and these pairs.
* `join_part` joins the phrases in a part, and numbers its words again.
"""

import json
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from wvcli.system.locks import temporary_folder
from wvcli.tokens import phrases
from wvcli.tokens.phrases import CountArray, JointWords, PairArray, Phrases, PhraseSettings, PhraseTable
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.shards import IdArray
from wvcli.training.clusters import Values
from wvcli.training.distributed_reading import DistributedCorpus, Piece, final_numbers, in_buckets, unpack_words
from wvcli.training.work_folder import WorkFolder

_PAIR = 16  # bytes of a pair with its count


def join(corpus: DistributedCorpus, settings: PhraseSettings) -> Phrases:
    """Find the phrases of a corpus and join them there, once for each pass.

    Args:
        corpus: the text, which is changed.
        settings: how phrases are found.

    Returns:
        The phrases found in each pass.

    Raises:
        WvcliError: a task failed, or tokens were lost.
    """
    words, counts = corpus.numbered_words()
    corpus.advised(words, counts)
    corpus.advised = lambda words, counts: None
    corpus.tokens_joined = 0
    cuts = list(corpus.cut())
    found = []
    for _ in range(settings.passes):
        found.append(_find(corpus, words, counts, cuts, settings))
        if found[-1]:
            cuts = _join(corpus, found[-1], cuts)
            words, counts = corpus.numbered_words()
    return found


def _find(
    corpus: DistributedCorpus,
    words: list[str],
    counts: CountArray,
    cuts: list[list[Piece]],
    settings: PhraseSettings,
) -> list[tuple[str, str]]:
    """Return the two words of each phrase.

    Args:
        corpus: the text.
        words: its distinct words, in the order in which they first occur.
        counts: int64 [words], occurrences.
        cuts: the pieces of each shard.
        settings: how phrases are found.
    """
    work = corpus.work
    around = JointWords.of({word: number for number, word in enumerate(words)}).around()
    buckets = len(corpus.read[0]["buckets"]) - 1
    vocabulary = work.write("read/vocabulary", json.dumps(words).encode())
    shared = {"vocabulary": vocabulary, "buckets": buckets}
    counted = corpus.executors.run(count_part, work, [{**part, **shared} for part in _by_part(corpus, cuts)])
    named = json.dumps([[part["pairs"], part["bounds"]] for part in counted])
    files = {
        "parts": work.write("read/parts", named.encode()),
        "around": work.write("read/around", around.tobytes()),
    }
    arguments = [{**files, "bucket": bucket, "least": settings.min_count} for bucket in range(buckets)]
    added = corpus.executors.run(count_pairs, work, arguments)
    columns = zip(*(_unpack_pairs(work.read(bucket["kept"])) for bucket in added), strict=True)
    pairs, pair_counts = map(np.concatenate, columns)
    order = np.argsort(pairs)
    distinct = sum(bucket["distinct"] for bucket in added)
    table = PhraseTable.of(words, counts, pairs[order], pair_counts[order], settings, distinct)
    work.remove([vocabulary, *files.values()])
    work.remove([*(part["pairs"] for part in counted), *(bucket["kept"] for bucket in added)])
    return table.spelled()


def _join(corpus: DistributedCorpus, found: list[tuple[str, str]], cuts: list[list[Piece]]) -> list[list[Piece]]:
    """Join phrases in all parts of a text; return the pieces of each shard, which ends with the same text."""
    known = corpus.work.write("read/phrases", json.dumps(found).encode())
    arguments = [
        {**part, "phrases": known, "texts": read["texts"], "tokens": read["tokens_read"]}
        for part, read in zip(_by_part(corpus, cuts), corpus.read, strict=True)
    ]
    joined = corpus.executors.run(join_part, corpus.work, arguments)
    following = [iter(part["pieces"]) for part in joined]
    after: list[list[Piece]] = []
    for shard in cuts:
        pieces = [(*next(following[part]), part) for *_, part in shard]
        after.append([(name, 0, ids, part) for name, ids, part in pieces])
    corpus.replace_read(joined, after)
    corpus.work.remove([known])
    return after


def _by_part(corpus: DistributedCorpus, cuts: list[list[Piece]]) -> list[Values]:
    """Return of each part of a text its `pieces`, in order, and its `words`, as the tasks take them."""
    pieces: list[list[tuple[str, int, int]]] = [[] for _ in corpus.read]
    for shard in cuts:
        for name, start, stop, part in shard:
            pieces[part].append((name, start, stop))
    return [
        {"pieces": own, "words": [read["words"], read["buckets"]]}
        for own, read in zip(pieces, corpus.read, strict=True)
    ]


def count_part(work: WorkFolder, values: Values) -> Values:
    """Count the pairs of neighbouring words in a part of a text: a task.

    Args:
        work: the work folder.
        values: `pieces`, the numbers of the part: file, first id, id after the last; `words`, the file of its
            words and where its buckets begin and end; `vocabulary`, the file of all words in the order in which
            they first occur; `buckets`, how many.

    Returns:
        The file of the `pairs` with their counts, and the `bounds` of its buckets.
    """
    number = {word: index for index, word in enumerate(json.loads(work.read(values["vocabulary"])))}
    numbers = final_numbers(work, values["words"], number)
    local, counts = phrases.count_pairs(_ids(work, values["pieces"]))
    pairs = phrases.renumbered(local, numbers)
    bucket_of = (pairs ^ (pairs >> np.uint64(32))) % np.uint64(values["buckets"])
    written, bounds = [], [0]
    for bucket in range(values["buckets"]):
        own = np.flatnonzero(bucket_of == bucket)
        own = own[np.argsort(pairs[own])]
        written.append(_pack_pairs(pairs[own], counts[own]))
        bounds.append(bounds[-1] + len(written[-1]))
    return {"pairs": work.write("read/pairs", *written), "bounds": bounds}


def count_pairs(work: WorkFolder, values: Values) -> Values:
    """Add up the counts of the pairs in a bucket: a task.

    Args:
        work: the work folder.
        values: `parts`, the file that names the pairs of each part; `bucket`, which it is; `least`, the count of
            pairs that are kept; `around`, the file of what says which are kept in any case.

    Returns:
        The file of the pairs `kept`, and how many `distinct` ones there are.
    """
    bucket = values["bucket"]
    parts = json.loads(work.read(values["parts"]))
    pairs, counts = phrases.merge_pairs(
        _unpack_pairs(work.read(name, bounds[bucket], bounds[bucket + 1])) for name, bounds in parts
    )
    around = np.frombuffer(work.read(values["around"]), dtype=np.bool_).reshape(2, -1)
    kept = (counts >= values["least"]) | phrases.may_be_spelled_alike(pairs, around)
    return {"kept": work.write("read/kept", _pack_pairs(pairs[kept], counts[kept])), "distinct": len(pairs)}


def join_part(work: WorkFolder, values: Values) -> Values:
    """Join the phrases in a part of a text: a task.

    Args:
        work: the work folder.
        values: `pieces` and `words` as for `count_part`; `phrases`, the file of the two words of each; `texts` and
            `tokens`, how many of them were read.

    Returns:
        The `pieces`, each with its number of ids, and `words` and `buckets`, as `read_part` does; and how many
        `tokens` there are now.
    """
    name, bounds = values["words"]
    with temporary_folder() as folder:
        corpus = ProvisionalCorpus(folder)
        corpus.texts, corpus.tokens_read = values["texts"], values["tokens"]
        corpus.words, corpus.counts = _words_of_part(work.read(name), bounds)
        for number, ids in enumerate(_ids(work, values["pieces"])):
            corpus.shards.append(folder / f"{number:05}.ids")
            corpus.shards[-1].write_bytes(ids.tobytes())
        phrases.join_known(
            corpus, [[(first, second) for first, second in json.loads(work.read(values["phrases"]))]]
        )
        pieces = [[work.write_file("read/ids", shard), shard.stat().st_size // 4] for shard in corpus.shards]
    buckets, bounds = in_buckets(corpus, len(bounds) - 1)
    return {
        "pieces": pieces,
        "words": work.write("read/words", *buckets),
        "buckets": bounds,
        "tokens": int(corpus.counts.sum()),
    }


def _words_of_part(data: bytes, bounds: list[int]) -> tuple[list[str], CountArray]:
    """Return the words of a part in the order of their numbers, and their counts."""
    words: list[str] = []
    columns: list[list[CountArray]] = []
    for start, stop in pairwise(bounds):
        some, here = unpack_words(data[start:stop], 2)
        words += some
        columns.append(here)
    counts, numbers = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(numbers)
    return [words[row] for row in order.tolist()], counts[order]


def _ids(work: WorkFolder, pieces: list[tuple[str, int, int]]) -> Iterator[IdArray]:
    """Yield uint32 [ids], those of each piece."""
    for name, start, stop in pieces:
        yield np.frombuffer(work.read(name, 4 * start, 4 * stop), dtype="<u4")


def _pack_pairs(pairs: PairArray, counts: CountArray) -> bytes:
    """Return uint64 [pairs] and int64 [pairs] as bytes."""
    return pairs.astype("<u8").tobytes() + counts.astype("<i8").tobytes()


def _unpack_pairs(data: bytes) -> tuple[PairArray, CountArray]:
    """Return what `_pack_pairs` packed."""
    count = len(data) // _PAIR
    return (
        np.frombuffer(data, dtype="<u8", count=count).astype(np.uint64),
        np.frombuffer(data, dtype="<i8", count=count, offset=8 * count).astype(np.int64),
    )
