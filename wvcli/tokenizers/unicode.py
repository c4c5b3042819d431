"""Words of alphabetic scripts: letters with their marks, digits, and what joins them.

After the word boundaries of Unicode Standard Annex 29, with two choices a reader of English expects: a hyphen
between letters joins (`well-known`), and a number keeps its separators (`3.14`, `1,000`).
"""

from wvcli.tokenizers import Tokenize, Tokenizer

# A word starts with a letter, digit or underscore; an apostrophe or hyphen joins when a letter follows, a point
# or comma when digits stand on both sides.
_ASCII = r"\w+(?:['-](?=[a-zA-Z])\w+|(?<=\d)[.,](?=\d)\w+)*"
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d]*"
_ANY = rf"{_PART}(?:['\-\u2010\u00b7\u05f4](?=\p{{L}}){_PART}|(?<=\p{{N}})[.,](?=\p{{N}}){_PART})*"


def _make(argument: str) -> Tokenize:
    import re

    import regex

    ascii_words = re.compile(_ASCII, re.ASCII).findall
    any_words = regex.compile(_ANY).findall

    def split(text: str) -> list[str]:
        words: list[str] = ascii_words(text) if text.isascii() else any_words(text)
        return words

    return split


TOKENIZER = Tokenizer("unicode", "words of alphabetic scripts, by Unicode's rules", _make)
