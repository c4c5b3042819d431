"""Korean morphemes, by the morphological analyser Kiwi: particles and endings stand apart from nouns and stems.

Verbs and adjectives are written as dictionaries do, with -다, and endings as the analyser restores them. Only runs
of Hangul, with the blanks between, go to the analyser.
"""

from functools import cache

from wvcli.errors import MissingExtraError
from wvcli.tokenizers import Tokenize, Tokenizer
from wvcli.tokenizers._segmented import segmented
from wvcli.tokenizers.unicode import blanked

_RUN = r"\p{Hangul}+(?:\s+\p{Hangul}+)*"


@cache
def _cutter() -> Tokenize:
    """The analyser, whose model is loaded once."""
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise MissingExtraError("the tokenizer korean", "ko") from error

    # One thread, as processes share the work; and no entries of several words, for a word holds no blank.
    analyse = Kiwi(num_workers=1, load_multi_dict=False).tokenize
    return lambda run: [morpheme.lemma for morpheme in analyse(run)]


def _make(argument: str) -> Tokenize:
    return segmented(_RUN, _cutter())


TOKENIZER = Tokenizer("korean", "Korean morphemes, and words that stand between them", _make, blanked=blanked)
