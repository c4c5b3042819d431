"""Words as another system has them taken as words: `/c/en/cat`, `cat_NOUN`, or many with one vector."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import regex

from wvcli.errors import InputError, UsageError
from wvcli.system.paging import blocks
from wvcli.vectors.lazy import Lazy
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


@dataclass(frozen=True)
class WordRule:
    """Which words are taken, and what is left of them.

    Attributes:
        prefix: only words that begin with it are taken, without it.
        pattern: a regular expression; only words that match it whole are taken, and of these what its first group
            matches, if it has one. None takes all.
        unique_vectors: whether only the first of the words with one vector is taken.
    """

    prefix: str = ""
    pattern: "regex.Pattern[str] | None" = None
    unique_vectors: bool = False

    @classmethod
    def of(cls, prefix: str | None, pattern: str | None, unique_vectors: bool) -> "WordRule | None":
        """Return the rule that is meant, or None if every word is taken as it is.

        Raises:
            UsageError: the pattern is no regular expression.
        """
        if not prefix and pattern is None and not unique_vectors:
            return None
        try:
            return cls(prefix or "", None if pattern is None else regex.compile(pattern), unique_vectors)
        except regex.error as error:
            raise UsageError(f"`pattern={pattern}` is not a regular expression: {error}") from error

    def taken(self, word: str) -> str | None:
        """Return what a word becomes, or None if it is left out."""
        if not word.startswith(self.prefix):
            return None
        rest = word[len(self.prefix) :]
        if self.pattern is not None:
            match = self.pattern.fullmatch(rest)
            if match is None:
                return None
            rest = match[1] if self.pattern.groups else rest
        return rest or None


def _are_first(vectors: Vectors) -> "npt.NDArray[np.bool_]":
    """Return bool [words], whether a word is the first with its vector."""
    seen: set[bytes] = set()
    is_first = np.zeros(len(vectors), dtype=np.bool_)
    for start, block in blocks(vectors.matrix):
        for row, vector in enumerate(np.ascontiguousarray(block), start):
            digest = blake2b(vector.data, digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                is_first[row] = True
    return is_first


def rewritten(vectors: Vectors, rule: WordRule, limit: int | None) -> tuple[Vectors, list[str]]:
    """Return the words that a rule takes, the first of those that become alike, and notes on the others.

    Args:
        vectors: any vectors; their subwords and training weights are given up: they are of words as they were.
        rule: what is taken.
        limit: take only the first `limit` words; None for all.

    Raises:
        InputError: no word is taken.
    """
    rows: dict[str, int] = {}
    alike = 0
    is_first = _are_first(vectors) if rule.unique_vectors else None
    for row, word in enumerate(vectors.vocabulary):
        taken = rule.taken(word)
        if taken is None or (is_first is not None and not is_first[row]):
            continue
        if taken in rows:
            alike += 1
            continue
        if limit is not None and len(rows) == limit:
            break
        rows[taken] = row
    if not rows:
        first = vectors.vocabulary[0] if len(vectors) else ""
        raise InputError(f"none of the {len(vectors):,} words is as asked for (first: {first!r})")
    notes = [f"took {len(rows):,} of {len(vectors):,} words"]
    if alike:
        words = "1 word was" if alike == 1 else f"{alike:,} words were"
        notes.append(f"{words} left out: a word that becomes like one before it is that one")
    chosen = np.fromiter(rows.values(), np.int64, len(rows))
    counts = None if vectors.counts is None else vectors.counts[chosen]
    taken_vectors = Vectors(
        Vocabulary.from_words(list(rows)), Lazy(vectors.matrix, chosen), counts, path=vectors.path
    )
    return taken_vectors, notes
