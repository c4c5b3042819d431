"""Words of alphabetic scripts: letters with their marks, digits, and what joins them.

After the word boundaries of Unicode Standard Annex 29, with two choices a reader of English expects: a hyphen
between letters joins (`well-known`), and a number keeps its separators (`3.14`, `1,000`).
"""

import re

import numpy as np

from wvcli.text.tokenizers import Tokenize, Tokenizer

# A word starts with a letter, digit or underscore; an apostrophe or hyphen joins when a letter follows, a point
# or comma when digits stand on both sides, and a quotation mark between Hebrew letters, where it marks an acronym.
_ASCII = r"\w+(?:['-](?=[a-zA-Z])\w+|(?<=\d)[.,](?=\d)\w+)*"
JOINERS = "\u2010\u00b7\u05f3\u05f4"  # hyphen, middle dot, geresh and gershayim: join when a letter follows
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d]*"
_JOINED = rf"['\-{JOINERS}](?=\p{{L}})|(?<=\p{{N}})[.,](?=\p{{N}})|(?<=\p{{Hebrew}})\"(?=\p{{Hebrew}})"
ANY = rf"{_PART}(?:(?:{_JOINED}){_PART})*"

_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_IN_WORDS = _LETTERS + _DIGITS + b"_'-.,\0"
_TO_SPACE = bytes(byte if byte in _IN_WORDS else ord(" ") for byte in range(256))  # a table for bytes.translate
_IS_JOINER, _IS_HYPHEN, _IS_WORD, _IS_LETTER, _IS_DIGIT = (
    np.isin(np.arange(256), list(some)) for some in (b"'-.,", b"'-", _LETTERS + _DIGITS + b"_", _LETTERS, _DIGITS)
)


def spaced(text: str) -> str:
    """Replace whatever is in no word of an ASCII text by spaces: 5 times as fast as finding words one by one.

    NULs stay; the text must begin and end with a space or NUL.
    """
    data = np.frombuffer(bytearray(text.encode("ascii").translate(_TO_SPACE)), dtype=np.uint8)
    at = np.flatnonzero(_IS_JOINER[data])
    before, after = data[at - 1], data[at + 1]
    joins = np.where(
        _IS_HYPHEN[data[at]], _IS_WORD[before] & _IS_LETTER[after], _IS_DIGIT[before] & _IS_DIGIT[after]
    )
    data[at[~joins]] = ord(" ")
    return data.tobytes().decode("ascii")


def _make(argument: str) -> Tokenize:
    import regex

    ascii_words = re.compile(_ASCII, re.ASCII).findall
    any_words = regex.compile(ANY).findall

    def split(text: str) -> list[str]:
        words: list[str] = ascii_words(text) if text.isascii() else any_words(text)
        return words

    return split


TOKENIZER = Tokenizer(
    "unicode",
    "words of alphabetic scripts, by Unicode's rules",
    _make,
    spaced=spaced,
    scanned_as="unicode",
)
