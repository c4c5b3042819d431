"""Words of alphabetic scripts: letters with their marks, digits, and what joins them.

After the word boundaries of Unicode Standard Annex 29, with three choices a reader of English expects: a
hyphen between letters joins (`well-known`), a number keeps its separators (`3.14`, `1,000`), and the
typographic apostrophe is written as the plain one (`don't`).
"""

from wvcli.tokenizers import Tokenize, Tokenizer

# A word starts with a letter, mark, digit or underscore; an apostrophe or hyphen joins when a letter follows,
# a point or comma when digits stand on both sides.
_ASCII = r"\w+(?:['-](?=[a-zA-Z])\w+|(?<=\d)[.,](?=\d)\w+)*"
_ANY = (
    r"[\p{L}\p{M}\p{N}_\u200c\u200d]+"
    r"(?:['\-\u2010\u00b7\u05f4](?=\p{L})[\p{L}\p{M}\p{N}_\u200c\u200d]+|(?<=\p{N})[.,](?=\p{N})[\p{L}\p{M}\p{N}_]+)*"
)


def _make(argument: str) -> Tokenize:
    import re

    import regex

    ascii_words = re.compile(_ASCII, re.ASCII).findall
    any_words = regex.compile(_ANY).findall

    def split(text: str) -> list[str]:
        if text.isascii():
            return ascii_words(text)
        words: list[str] = any_words(text.replace("\u2019", "'").replace("\u00ad", ""))
        return words

    return split


TOKENIZER = Tokenizer("unicode", "words of alphabetic scripts, by Unicode's rules", _make)
