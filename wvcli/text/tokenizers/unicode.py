"""Words of alphabetic scripts: letters with their marks, digits, and what joins them.

After the word boundaries of Unicode Standard Annex 29, with two choices a reader of English expects: a hyphen
between letters joins (`well-known`), and a number keeps its separators (`3.14`, `1,000`).
"""

import numpy as np

from wvcli.text.tokenizers import Tokenize, Tokenizer

# A word starts with a letter, digit or underscore; an apostrophe or hyphen joins when a letter follows, a point
# or comma when digits stand on both sides.
_ASCII = r"\w+(?:['-](?=[a-zA-Z])\w+|(?<=\d)[.,](?=\d)\w+)*"
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d]*"
_ANY = rf"{_PART}(?:['\-\u2010\u00b7\u05f4](?=\p{{L}}){_PART}|(?<=\p{{N}})[.,](?=\p{{N}}){_PART})*"

_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_KEPT = _LETTERS + _DIGITS + b"_'-.,\0"
_SPACED = bytes(byte if byte in _KEPT else ord(" ") for byte in range(256))
_IS_JOINER, _IS_HYPHEN, _IS_WORD, _IS_LETTER, _IS_DIGIT = (
    np.isin(np.arange(256), list(some)) for some in (b"'-.,", b"'-", _LETTERS + _DIGITS + b"_", _LETTERS, _DIGITS)
)


def blanked(text: str) -> str:
    """ASCII text with a blank for whatever is in no word, all at once: 5 times as fast as finding the words.

    A NUL stays; the text must begin and end with blanks or NULs.
    """
    data = np.frombuffer(bytearray(text.encode("ascii").translate(_SPACED)), dtype=np.uint8)
    places = np.flatnonzero(_IS_JOINER[data])
    before, after = data[places - 1], data[places + 1]
    joins = np.where(
        _IS_HYPHEN[data[places]], _IS_WORD[before] & _IS_LETTER[after], _IS_DIGIT[before] & _IS_DIGIT[after]
    )
    data[places[~joins]] = ord(" ")
    return data.tobytes().decode("ascii")


def _make(argument: str) -> Tokenize:
    import re

    import regex

    ascii_words = re.compile(_ASCII, re.ASCII).findall
    any_words = regex.compile(_ANY).findall

    def split(text: str) -> list[str]:
        words: list[str] = ascii_words(text) if text.isascii() else any_words(text)
        return words

    return split


TOKENIZER = Tokenizer("unicode", "words of alphabetic scripts, by Unicode's rules", _make, blanked=blanked)
