"""One way to write a word, for text that is read and for words that are asked about."""

import unicodedata

_APOSTROPHE = "\u2019"
_SOFT_HYPHEN = "\u00ad"


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
