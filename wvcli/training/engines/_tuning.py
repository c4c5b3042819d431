"""The numbers that decide how fast the fast engine is, and what its speed costs."""

from dataclasses import dataclass

CACHE_LINE = 16  # float32 in a line of the cache: 64 bytes on most machines


@dataclass(frozen=True)
class Tuning:
    """What the fast engine is tuned by. The defaults were measured; `docs/fast-engine.md` has the figures.

    Attributes:
        task_ids: ids of text that a worker takes at a time: about a hundredth of a second of work.
        subsampling_ids: ids of text that are subsampled at a time.
        pool_bytes: most bytes of rows of noise words that a worker copies; a core's own cache has room for them.
        subword_pool_bytes: the same with subwords, where rows are not copied: 1,024 rows of 100 dimensions.
        copies_of_one_word: how often the most frequent noise word is in a pool of copies, on average and at most.
            Copies learn apart, and with more of them tiny vocabularies diverge.
        refresh_windows: windows of CBOW after which noise words of the pool are replaced, with up to two workers.
        cbow_replicas: most words of which each worker has replicas with CBOW.
        subword_skipgram_replicas: the same with FastText's skip-gram.
        cbow_sync_windows: windows of all workers together after which each synchronizes the replicas of one word.
        subword_skipgram_sync_windows: the same with FastText's skip-gram.
        min_replica_workers: workers from which on there are replicas; one worker has no one to wait for.
        max_replica_share: largest share that a word may have of the text, or of noise words, for there to be
            replicas at all: workers would learn too much of it apart.
        min_replica_share: least share of noise words that a word with a replica has. Replicas are synchronized
            when their word is in the noise pool, and so those of rarer words would be too seldom.
    """

    task_ids: int = 10_000
    subsampling_ids: int = 1 << 18
    pool_bytes: int = 1 << 18
    subword_pool_bytes: int = 7 << 16
    copies_of_one_word: int = 4
    refresh_windows: int = 4
    cbow_replicas: int = 128
    subword_skipgram_replicas: int = 1_024
    cbow_sync_windows: int = 16
    subword_skipgram_sync_windows: int = 8
    min_replica_workers: int = 2
    max_replica_share: float = 1 / 32
    min_replica_share: float = 1 / (1 << 15)


DEFAULT = Tuning()
