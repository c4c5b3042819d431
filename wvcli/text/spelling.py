"""One spelling for each word, in text that is read and in words that are asked about."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

_APOSTROPHE = "\u2019"
_SOFT_HYPHEN = "\u00ad"
_BETWEEN_WORDS = "\u2018\u201c\u201d\u2013\u2014\u2026\u00a0\u20ac\u00a3"  # quotation marks, dashes, currencies
_LAST_BETWEEN = max(_BETWEEN_WORDS)

# selects how a character is drawn, not which it is
VARIATION = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_any_variation = re.compile(VARIATION)


def without_variation(text: str) -> str:
    """Return `text` without variation selectors."""
    return text if text.isascii() else _any_variation.sub("", text)


def plain(text: str) -> str:
    """Return `text` with plain apostrophes in place of typographic ones, and without soft hyphens."""
    return text.replace(_APOSTROPHE, "'").replace(_SOFT_HYPHEN, "")


def normal(text: str, lowercase: bool) -> str:
    """Return `text` in Unicode form NFC, and in lower case if `lowercase`."""
    if text.isascii():
        return text.lower() if lowercase else text
    text = unicodedata.normalize("NFC", text)
    if lowercase:  # Turkish writes capital İ and small i; by Unicode's general rule a second dot would be left
        text = text.replace("İ", "i")
    # Lower case is not always NFC: a small accented letter may have a character of its own, and its capital none.
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def spaced_ascii(text: str) -> str | None:
    """Return `text` with a space for each common sign between words; None if it is not ASCII even so."""
    if max(text, default="") > _LAST_BETWEEN:  # which tells texts of other scripts before anything is replaced
        return None
    for sign in _BETWEEN_WORDS:
        text = text.replace(sign, " ")
    return text if text.isascii() else None


def normalizer(tokenizer: Mapping[str, Any]) -> Callable[[str], str]:
    """Return the function that spells a word as the tokenizer would.

    A query that is not found as it is written is looked up so.

    Args:
        tokenizer: its settings as the manifest of a model has them; empty where they are not known.
    """
    if not tokenizer:
        return str
    lowercase = bool(tokenizer.get("lowercase"))
    return lambda word: normal(plain(word), lowercase)
