"""Words of scripts without spaces between words, by the dictionaries of ICU, Unicode's own library.

They are Thai, Lao, Khmer, Burmese, Chinese (simplified and traditional) and Japanese; only their runs go to it.
"""

from wvcli.errors import MissingExtraError
from wvcli.text.spelling import VARIATION
from wvcli.text.tokenizers import Tokenize, Tokenizer
from wvcli.text.tokenizers._segmented import segmented
from wvcli.text.tokenizers.unicode import spaced

_SCRIPTS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}"
# The long-vowel and voice marks belong to the kana before them, though Unicode gives them to no script.
_RUN = rf"[{_SCRIPTS}](?:[{_SCRIPTS}\u30fc\uff70\uff9e\uff9f\u3099\u309a\u200c\u200d]|{VARIATION})*"
_LONGEST = 10_000  # characters of a run cut at a time


def _make(argument: str) -> Tokenize:
    try:
        from icu4py.breakers import WordBreaker
    except ImportError as error:
        raise MissingExtraError("the tokenizer icu", "icu") from error

    def cut(run: str) -> list[str]:
        parts = (run[start : start + _LONGEST] for start in range(0, len(run), _LONGEST))
        return [word for part in parts for word in WordBreaker(part, "root") if any(map(str.isalnum, word))]

    return segmented(_RUN, cut)


TOKENIZER = Tokenizer(
    "icu",
    "Thai, Lao, Khmer, Burmese, Chinese and Japanese words, by ICU's dictionaries",
    _make,
    spaced=spaced,
    scanned_as="unicode",
)
