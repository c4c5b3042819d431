"""Japanese words, by the morphological analyser Sudachi with its small dictionary.

Only runs of Chinese characters and kana go to the analyser, in its mode C, which keeps compounds and names whole.
"""

from functools import cache

from wvcli.errors import MissingExtraError
from wvcli.text.spelling import VARIATION
from wvcli.text.tokenizers import Tokenize, Tokenizer
from wvcli.text.tokenizers._segmented import segmented
from wvcli.text.tokenizers.unicode import spaced

_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}"
# The long-vowel and voice marks belong to the kana before them, though Unicode gives them to no script.
_RUN = rf"[{_SCRIPTS}](?:[{_SCRIPTS}\u30fc\uff70\uff9e\uff9f\u3099\u309a]|{VARIATION})*"
_LONGEST = 10_000  # characters; the analyser refuses 50,000 bytes


@cache
def _cutter() -> Tokenize:
    """Load the analyser with its dictionary, once."""
    try:
        import sudachidict_small  # noqa: F401
        from sudachipy import Dictionary, SplitMode
    except ImportError as error:
        raise MissingExtraError("the tokenizer japanese", "ja") from error

    analyse = Dictionary(dict="small").tokenizer(SplitMode.C).tokenize

    def cut(run: str) -> list[str]:
        parts = (run[start : start + _LONGEST] for start in range(0, len(run), _LONGEST))
        found = (morpheme.surface() for part in parts for morpheme in analyse(part))
        return [word for word in found if any(map(str.isalnum, word))]

    return cut


def _make(argument: str) -> Tokenize:
    return segmented(_RUN, _cutter())


TOKENIZER = Tokenizer(
    "japanese",
    "Japanese words, and others as they stand between them",
    _make,
    spaced=spaced,
    scanned_as="unicode",
)
