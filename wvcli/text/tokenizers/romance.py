"""Words of French, Italian and Catalan, in which small words lose their vowel before another word.

Text is split as `unicode` does, and then behind the apostrophe of such a small word, which keeps it: `l'icône` is
`l'` and `icône`, as in the treebanks of Universal Dependencies. Whatever else has an apostrophe stays whole, as
`aujourd'hui` does.

Catalan pronouns that lost their vowel behind another word have their apostrophe before them: `dona'm` is `dona`
and `'m`, `donar-te'n` is `donar-te` and `'n`. They follow a vowel; English `don't` and `I'm` stay whole. Hyphens
join, as in `unicode`, but for an elided word between a hyphen and an apostrophe: `va-t'en` is `va`, `t'` and `en`.
"""

import re

from wvcli.text.tokenizers import Tokenize, Tokenizer, registry

_FRENCH = r"[cdjlmnst]|(?:jus|lors|puis|quoi)?qu"  # the letters are those of Catalan and Italian, too
_ITALIAN = (
    r"v|un|(?:ciasc|ness|alc)un|(?:[ac]|da|de|ne|su)ll|coll|(?:de|a|da|ne|su)?gl|que(?:ll|st|gl)|be(?:ll|gl)|sant"
    r"|(?:ne)?anch|ch|cos|com|d?ov|senz|tutt|mezz|nient|quand|buon|grand"
)
_ELIDED = rf"(?<![^'-])(?:{_FRENCH}|{_ITALIAN})'"  # at the start of a word, or of a part of it
# 's only where Catalan verbs have it, as in veure's and posi's: English has it behind any vowel, and in here's.
_PRONOUN = r"(?:(?<=\w[aeioàéèíïòóú])'(?:[mt]|[ln]s?)|(?:(?<=re)(?<!here)|(?<=\wi))'s)(?![^-])"


def _make(argument: str) -> Tokenize:
    unicode = registry.get("unicode").make("")
    rest = rf"(?!-)(?:(?!{_PRONOUN}|-[cdlmnst]').)+"
    parts = re.compile(rf"{_ELIDED}|{_PRONOUN}|{rest}", re.IGNORECASE).findall

    def split(text: str) -> list[str]:
        words = unicode(text)
        if "'" not in text:
            return words
        return [part for word in words for part in (parts(word) if "'" in word else (word,))]

    return split


TOKENIZER = Tokenizer("romance", "French, Italian and Catalan words; l' and d' are words of their own", _make)
