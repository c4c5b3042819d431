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

    Words that differ in case only come before all others, and then those that may be the same word in simplified
    Chinese where `word` is traditional, or the other way round; these stand alone, the most frequent first.
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
    if not word.isascii():
        chinese = [other for other in pool if _may_be_same_chinese(word, other)]
        if chinese:
            return (same + sorted(chinese, key=lambda other: vocabulary.find(other) or 0))[:most]
    near = [match for match in get_close_matches(word, pool, n=most, cutoff=0.6) if match not in same]
    return (same + near)[:most]


def _may_be_same_chinese(word: str, other: str) -> bool:
    """Whether two words have a character in common and differ in nothing but traditional characters in one of them
    for simplified ones in the other, as 中國 and 中国 do. It is not known whether these are the same characters.
    """
    if len(word) != len(other):
        return False
    different = [(a, b) for a, b in zip(word, other, strict=True) if a != b]
    if not 0 < len(different) < len(word):
        return False
    scripts = {(_script(a), _script(b)) for a, b in different}
    return scripts in ({("big5", "gb2312")}, {("gb2312", "big5")})


def _script(character: str) -> str | None:
    """Return which of two standards has a character that the other lacks: Big5 for traditional, GB 2312 for
    simplified Chinese; None where both or neither has it.
    """
    having = [codec for codec in ("gb2312", "big5") if _is_in(character, codec)]
    return having[0] if len(having) == 1 else None


def _is_in(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
