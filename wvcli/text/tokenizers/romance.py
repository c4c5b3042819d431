"""Words of French, Italian and Catalan, in which small words lose their vowel before another word.

Text is split as `unicode` does, and then behind the apostrophe of such a small word, which keeps it: `l'icône` is
`l'` and `icône`, as in the treebanks of Universal Dependencies. Whatever else has an apostrophe stays whole, as
`aujourd'hui` does.
"""

import re

from wvcli.text.tokenizers import Tokenize, Tokenizer, registry

_FRENCH = r"[cdjlmnst]|(?:jus|lors|puis|quoi)?qu"  # the letters are those of Catalan and Italian, too
_ITALIAN = (
    r"v|un|(?:ciasc|ness|alc)un|(?:[ac]|da|de|ne|su)ll|coll|(?:de|a|da|ne|su)?gl|que(?:ll|st|gl)|be(?:ll|gl)|sant"
    r"|(?:ne)?anch|ch|cos|com|d?ov|senz|tutt|mezz|nient|quand|buon|grand"
)


def _make(argument: str) -> Tokenize:
    unicode = registry.get("unicode").make("")
    parts = re.compile(rf"(?:{_FRENCH}|{_ITALIAN})'|.+", re.IGNORECASE).findall

    def split(text: str) -> list[str]:
        words = unicode(text)
        if "'" not in text:
            return words
        return [part for word in words for part in (parts(word) if "'" in word else (word,))]

    return split


TOKENIZER = Tokenizer("romance", "French, Italian and Catalan words; l' and d' are words of their own", _make)
