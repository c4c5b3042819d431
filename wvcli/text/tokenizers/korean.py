"""Korean morphemes, by the morphological analyser Kiwi: particles and endings stand apart from nouns and stems.

Verbs and adjectives are written as dictionaries do, with -다, and endings as the analyser restores them. It sees
the whole text, for a particle is known by what it follows; but words without Hangul are split by Unicode's rules.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from wvcli.errors import MissingExtraError
from wvcli.text.tokenizers import Tokenize, Tokenizer, registry
from wvcli.text.tokenizers.unicode import spaced


@cache
def _analyser() -> Callable[[str], Iterable[Any]]:
    """Load the analyser with its model, once; it returns the morphemes of a text with their positions."""
    try:
        from kiwipiepy import Kiwi, Match
    except ImportError as error:
        raise MissingExtraError("the tokenizer korean", "ko") from error
    # One thread, as processes share the work; no entries of several words, since a word holds no space; and no
    # addresses or hashtags as one word.
    analyser = Kiwi(num_workers=1, load_multi_dict=False)
    return lambda text: analyser.tokenize(text, match_options=Match.Z_CODA | Match.COMPATIBLE_JAMO)


def _make(argument: str) -> Tokenize:
    import regex

    analyse = _analyser()
    unicode = registry.get("unicode").make("")
    has_hangul = regex.compile(r"\p{Hangul}").search
    is_word = regex.compile(r"[\p{L}\p{N}]").search  # ㈀ is Hangul by its script, but a sign
    replace_controls = regex.compile(r"[\p{Cc}\p{Cs}]").sub  # by a space each, which keeps the positions

    def split(text: str) -> list[str]:
        if text.isascii() or not has_hangul(text):
            return unicode(text)
        words: list[str] = []
        end = 0
        for morpheme in analyse(replace_controls(" ", text)):
            start, stop = morpheme.start, morpheme.start + morpheme.len
            if start == stop or has_hangul(text[start:stop]):
                if start > end:
                    words.extend(unicode(text[end:start]))
                words.extend(word for word in morpheme.lemma.split() if is_word(word))
                end = max(end, stop)
        words.extend(unicode(text[end:]))
        return words

    return split


TOKENIZER = Tokenizer(
    "korean",
    "Korean morphemes, and words that stand between them",
    _make,
    spaced=spaced,
    scanned_as="unicode",
    verbatim=False,
)
