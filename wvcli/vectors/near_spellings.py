"""Words of a vocabulary that are spelled like a word that is not in it."""

from collections.abc import Iterator
from typing import Literal

from wvcli.vectors.vocabulary import Vocabulary

_POOL = 3_000  # words compared letter by letter: the most frequent ones, and those with the same first letters


def equivalents(*texts: str) -> Iterator[str]:
    """Yield texts in the forms that Unicode calls canonically equivalent: all composed, then all decomposed."""
    from unicodedata import normalize  # which queries in ASCII do without

    forms: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
    for form in forms:
        for text in texts:
            yield normalize(form, text)


def near_spellings(vocabulary: Vocabulary, word: str, most: int = 3) -> list[str]:
    """Find up to `most` words that are spelled like `word`, the most alike first.

    Words that differ in case only come before all others.
    """
    from difflib import get_close_matches

    forms = dict.fromkeys([word.lower(), word.capitalize(), word.upper()])
    same = [form for form in forms if form != word and form in vocabulary]
    pool: dict[str, None] = {}
    for prefix in (word[:2], word[:1]):
        if prefix:
            ids = vocabulary.starting_with(prefix)[:_POOL]
            pool.update((vocabulary[int(index)], None) for index in ids)
    pool.update((vocabulary[index], None) for index in range(min(len(vocabulary), _POOL)))
    near = [match for match in get_close_matches(word, pool, n=most, cutoff=0.6) if match not in same]
    return (same + near)[:most]
