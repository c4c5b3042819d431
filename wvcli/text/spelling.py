"""One way to write a word, for text that is read and for words that are asked about."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

_APOSTROPHE = "\u2019"
_SOFT_HYPHEN = "\u00ad"
_BETWEEN_WORDS = "\u2018\u201c\u201d\u2013\u2014\u2026\u00a0\u20ac\u00a3"  # quotation marks, dashes, currencies

# selects how a character is drawn, not which it is
VARIATION = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_any_variation = re.compile(VARIATION)


def without_variation(text: str) -> str:
    """`text` without selectors of variation."""
    return text if text.isascii() else _any_variation.sub("", text)


def plain(text: str) -> str:
    """`text` with the typographic apostrophe written as the plain one, and without soft hyphens."""
    return text.replace(_APOSTROPHE, "'").replace(_SOFT_HYPHEN, "")


def normal(text: str, lowercase: bool) -> str:
    """`text` in Unicode form NFC, and in lower case if wanted."""
    if text.isascii():
        return text.lower() if lowercase else text
    text = unicodedata.normalize("NFC", text)
    # Lower case is not always NFC again: an accented capital may have no character of its own where the small has.
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def in_ascii(text: str) -> str | None:
    """Text that is ASCII but for common signs between words, with blanks for these; None for any other text."""
    for sign in _BETWEEN_WORDS:
        text = text.replace(sign, " ")
    return text if text.isascii() else None


def normalizer(tokenizer: Mapping[str, Any]) -> Callable[[str], str]:
    """How the tokenizer would write a word: what a query is looked up as when it is not found as it stands."""
    if not tokenizer:
        return str
    lowercase = bool(tokenizer.get("lowercase"))
    return lambda word: normal(plain(word), lowercase)
