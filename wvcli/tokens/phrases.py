"""Phrases: words that often stand together are joined in the corpus, so that `new york` is one word, `new_york`.

What is a phrase, and how it is joined, is as in Gensim's `Phrases`: Mikolov et al., "Distributed
Representations of Words and Phrases and their Compositionality" (2013), section 4, or by normalized pointwise
mutual information (Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction", 2009). Unlike
there, no count is ever dropped to save memory, which holds one shard, the distinct words, and 16 bytes for each
distinct pair of neighbours, or four times that while the pairs of two shards are merged.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.tokens.batches import Batch
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.shards import TEXT_END, IdArray

PairArray = npt.NDArray[np.uint64]
CountArray = npt.NDArray[np.int64]

Phrases = list[list[tuple[str, str]]]  # of each pass, the pairs of words that are joined

JOINT = "_"  # stands between the words of a phrase

_SECOND = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@dataclass(frozen=True)
class PhraseSettings:
    """How phrases are found.

    Attributes:
        threshold: the score above which two words are a phrase.
        passes: how many times words are joined; each pass can double the length of a phrase.
        scorer: `original` (Mikolov et al., 2013) or `npmi` (normalized pointwise mutual information).
        min_count: words that occur together fewer times than this are not a phrase.
    """

    threshold: float
    passes: int = 1
    scorer: str = "original"
    min_count: int = 5


def join(corpus: ProvisionalCorpus, settings: PhraseSettings) -> Phrases:
    """Find the phrases of a corpus and join them there, once for each pass.

    Args:
        corpus: the text, which is changed.
        settings: how phrases are found.

    Returns:
        The phrases found in each pass.

    Raises:
        WvcliError: a shard cannot be read or written.
    """
    corpus.tokens_joined = 0
    found = []
    for _ in range(settings.passes):
        table = PhraseTable.of(corpus.words, corpus.counts, *count_pairs(corpus.ids()), settings)
        found.append(table.spelled())
        if found[-1]:
            corpus.rewrite(table.join, table.words)
    return found


def join_known(corpus: ProvisionalCorpus, known: Phrases) -> None:
    """Join in a corpus the phrases that were found in another one, pass by pass.

    Args:
        corpus: the text, which is changed.
        known: what `join` returned.

    Raises:
        WvcliError: a shard cannot be read or written.
    """
    corpus.tokens_joined = 0
    for phrases in known:
        table = PhraseTable.known(corpus.words, phrases)
        if len(table.pairs):
            corpus.rewrite(table.join, table.words)


def join_batch(batch: Batch, known: Phrases) -> tuple[Sequence[str], IdArray]:
    """Return a batch with known phrases joined: its words, and the ids of its texts."""
    words, ids = batch.words, batch.ids
    for phrases in known:
        table = PhraseTable.known(words, phrases)
        if len(table.pairs):
            words, ids = table.words, table.join(ids)
    return words, ids


def count_pairs(shards: Iterable[IdArray]) -> tuple[PairArray, CountArray]:
    """Count the distinct pairs of neighbouring words of all texts.

    Args:
        shards: uint32 ids, with `TEXT_END` after each text.

    Returns:
        uint64 [pairs], the first word's id times 2 ** 32 plus the second's, ascending; int64 [pairs], occurrences.
    """
    return merge_pairs(map(_pairs_within, shards))


def _pairs_within(ids: IdArray) -> tuple[PairArray, CountArray]:
    """Return the distinct pairs of neighbouring words in a shard, ascending, and their occurrences."""
    within = (ids[:-1] != TEXT_END) & (ids[1:] != TEXT_END)
    return np.unique(_packed(ids[:-1][within], ids[1:][within]), return_counts=True)


def merge_pairs(counted: Iterable[tuple[PairArray, CountArray]]) -> tuple[PairArray, CountArray]:
    """Add up the occurrences of pairs that were counted apart.

    Args:
        counted: uint64 [pairs], ascending, and int64 [pairs], several times.

    Returns:
        uint64 [pairs], the distinct ones, ascending; int64 [pairs], occurrences.
    """
    pairs, counts = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    for more, more_counts in counted:
        pairs = np.concatenate([pairs, more])
        counts = np.concatenate([counts, more_counts])
        order = np.argsort(pairs, kind="stable")  # merges two sorted runs in linear time
        pairs, counts = pairs[order], counts[order]
        is_first = np.concatenate([np.ones(min(1, len(pairs)), dtype=bool), pairs[1:] != pairs[:-1]])
        counts = np.add.reduceat(counts, np.flatnonzero(is_first)) if len(pairs) else counts
        pairs = pairs[is_first]
    return pairs, counts


@dataclass(frozen=True)
class PhraseTable:
    """The pairs of words that are phrases.

    Attributes:
        words: the words of the text, and after them the phrases that are not among them.
        pairs: uint64 [phrases], as `count_pairs` returns them, ascending.
        phrases: uint32 [phrases], the index in `words` of what each pair is joined to.
    """

    words: list[str]
    pairs: PairArray
    phrases: IdArray

    @classmethod
    def of(
        cls,
        words: Sequence[str],
        counts: CountArray,
        pairs: PairArray,
        pair_counts: CountArray,
        settings: PhraseSettings,
        distinct_pairs: int | None = None,
    ) -> "PhraseTable":
        """Score every pair and take those above the threshold.

        Args:
            words: the distinct words.
            counts: int64 [words], occurrences.
            pairs: uint64 [pairs], as `count_pairs` returns them; those are enough that occur often enough, and
                those that `may_be_spelled_alike` says so of.
            pair_counts: int64 [pairs], occurrences.
            settings: how phrases are found.
            distinct_pairs: how many there are in the text; None where all are given.
        """
        tokens = int(counts.sum())
        number = {word: index for index, word in enumerate(words)}
        distinct_pairs = len(pairs) if distinct_pairs is None else distinct_pairs
        counts, pair_counts, distinct = _counts_by_spelling(number, counts, pairs, pair_counts, distinct_pairs)
        score = _scorer(settings.scorer)
        frequent = np.flatnonzero(pair_counts >= settings.min_count)
        first, second = _unpacked(pairs[frequent])
        numbers = zip(counts[first].tolist(), counts[second].tolist(), pair_counts[frequent].tolist(), strict=True)
        common = (distinct, settings.min_count, tokens)
        scores = np.array([score(*three, *common) for three in numbers], dtype=np.float64)
        return cls._numbered(number, words, pairs[frequent[scores > settings.threshold]])

    @classmethod
    def known(cls, words: Sequence[str], phrases: Sequence[tuple[str, str]]) -> "PhraseTable":
        """Take those phrases, two words each, whose words are both among the words of the text."""
        number = {word: index for index, word in enumerate(words)}
        found = [number[a] << 32 | number[b] for a, b in phrases if a in number and b in number]
        return cls._numbered(number, words, np.unique(np.array(found, dtype=np.uint64)))

    @classmethod
    def _numbered(cls, number: dict[str, int], words: Sequence[str], pairs: PairArray) -> "PhraseTable":
        """Give each phrase a number: that of the word spelled like it, or else a new one."""
        phrases = [number.setdefault(spelled, len(number)) for spelled in _spelled(words, pairs)]
        return cls(list(number), pairs, np.array(phrases, dtype=np.uint32))

    def spelled(self) -> list[tuple[str, str]]:
        """Return the two words of each phrase."""
        first, second = (part.tolist() for part in _unpacked(self.pairs))
        return [(self.words[a], self.words[b]) for a, b in zip(first, second, strict=True)]

    def join(self, ids: IdArray) -> IdArray:
        """Return uint32, the ids of whole texts with each phrase joined, from left to right; `TEXT_END` stays."""
        leads, follows = (np.zeros(len(self.words) + 1, dtype=bool) for _ in range(2))
        first, second = _unpacked(self.pairs)
        leads[first] = follows[second] = True
        within = np.minimum(ids, np.uint32(len(self.words)))  # the end of a text neither leads nor follows
        at = np.flatnonzero(leads[within[:-1]] & follows[within[1:]])
        keys = _packed(ids[at], ids[at + 1])
        phrase = np.minimum(np.searchsorted(self.pairs, keys), len(self.pairs) - 1)
        is_phrase = self.pairs[phrase] == keys
        at, phrase = at[is_phrase], phrase[is_phrase]
        # Where phrases overlap in a row of words, every second one is taken, beginning with the first.
        step = np.arange(len(at))
        begins = np.concatenate([np.ones(min(1, len(at)), dtype=bool), np.diff(at) != 1])
        is_joined = (step - np.maximum.accumulate(np.where(begins, step, 0))) % 2 == 0
        at, phrase = at[is_joined], phrase[is_joined]
        joined = ids.copy()
        joined[at] = self.phrases[phrase]
        return np.delete(joined, at + 1)


def _packed(first: IdArray, second: IdArray) -> PairArray:
    packed: PairArray = (first.astype(np.uint64) << _SHIFT) | second
    return packed


def _unpacked(pairs: PairArray) -> tuple[CountArray, CountArray]:
    return (pairs >> _SHIFT).astype(np.int64), (pairs & _SECOND).astype(np.int64)


def _spelled(words: Sequence[str], pairs: PairArray) -> list[str]:
    """Return what each pair is spelled like when it is joined."""
    first, second = (part.tolist() for part in _unpacked(pairs))
    return [f"{words[a]}{JOINT}{words[b]}" for a, b in zip(first, second, strict=True)]


def _scorer(name: str) -> Callable[[int, int, int, int, int, int], float]:
    """Return Gensim's scorer of the counts of two words and their pair, spellings, lowest count, and tokens."""
    from gensim.models import phrases

    scorer: Callable[[int, int, int, int, int, int], float] = (
        phrases.npmi_scorer if name == "npmi" else phrases.original_scorer
    )
    return scorer


@dataclass(frozen=True)
class JointWords:
    """Which words stand in the way of counting pairs by themselves, as others are spelled like two of them joined.

    Attributes:
        has_joint: bool [words], whether there is a joint in the word.
        begins: bool [words], whether it stands before a joint in another word.
        ends: bool [words], whether it stands after one.
        halves: uint64, the pairs of words that are one word, too, packed as `count_pairs` does.
    """

    has_joint: npt.NDArray[np.bool_]
    begins: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.bool_]
    halves: PairArray

    @classmethod
    def of(cls, number: dict[str, int]) -> "JointWords":
        """Find them among words with their indices."""
        begins, ends, has_joint = (np.zeros(len(number), dtype=bool) for _ in range(3))
        halves = []
        for word, index in number.items():
            at = word.find(JOINT)
            has_joint[index] = at >= 0
            while at >= 0:
                left, right = number.get(word[:at]), number.get(word[at + 1 :])
                if left is not None:
                    begins[left] = True
                if right is not None:
                    ends[right] = True
                if left is not None and right is not None:
                    halves.append(left << 32 | right)
                at = word.find(JOINT, at + 1)
        return cls(has_joint, begins, ends, np.array(halves, dtype=np.uint64))

    def around(self) -> npt.NDArray[np.bool_]:
        """Return bool [2, words], true where a word may begin, or end, a pair spelled like something else."""
        return np.stack([self.has_joint | self.begins, self.has_joint | self.ends])


def may_be_spelled_alike(pairs: PairArray, around: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return bool [pairs], true at least for those that are spelled like a word or another pair.

    Args:
        pairs: uint64 [pairs], as `count_pairs` returns them.
        around: what `JointWords.around` returns.
    """
    first, second = _unpacked(pairs)
    alike: npt.NDArray[np.bool_] = around[0, first] & around[1, second]
    return alike


def renumbered(pairs: PairArray, numbers: IdArray) -> PairArray:
    """Return uint64 [pairs] in other numbers of the words, uint32 [words]; they are no longer ascending."""
    first, second = _unpacked(pairs)
    return _packed(numbers[first], numbers[second])


def _counts_by_spelling(
    number: dict[str, int], counts: CountArray, pairs: PairArray, pair_counts: CountArray, distinct_pairs: int
) -> tuple[CountArray, CountArray, int]:
    """Return the counts of words and pairs, all that are spelled alike with the sum, and the number of spellings.

    `new_york` may be a word of the text beside the pair `new york`, and after a first pass `a_b c` is spelled as
    `a b_c`: Gensim counts these as one.
    """
    joint = JointWords.of(number)
    distinct = len(number) + distinct_pairs
    if not joint.has_joint.any() or not len(pairs):
        return counts, pair_counts, distinct
    first, second = _unpacked(pairs)
    # Two pairs are spelled alike only if the longer first word begins with the shorter one and a joint, and the
    # longer second word ends with a joint and the shorter one.
    alike = (joint.begins[first] & joint.has_joint[second]) | (joint.has_joint[first] & joint.ends[second])
    nearest = np.minimum(np.searchsorted(pairs, joint.halves), len(pairs) - 1)
    alike[nearest[pairs[nearest] == joint.halves]] = True
    return _summed(number, counts, pairs, pair_counts, np.flatnonzero(alike), distinct)


def _summed(
    number: dict[str, int],
    counts: CountArray,
    pairs: PairArray,
    pair_counts: CountArray,
    alike: npt.NDArray[np.intp],
    distinct: int,
) -> tuple[CountArray, CountArray, int]:
    """Do so for the pairs at the indices `alike`, the only ones that share a spelling with anything."""
    counts, pair_counts = counts.copy(), pair_counts.copy()
    by_spelling: defaultdict[str, list[int]] = defaultdict(list)
    for index, spelled in zip(alike.tolist(), _spelled(list(number), pairs[alike]), strict=True):
        by_spelling[spelled].append(index)
    for spelled, same in by_spelling.items():
        word = number.get(spelled)
        total = int(pair_counts[same].sum())
        if word is not None:
            total += int(counts[word])
            counts[word] = total
        pair_counts[same] = total
        distinct -= len(same) - (word is None)
    return counts, pair_counts, distinct
