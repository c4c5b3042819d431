"""Chinese words, by the segmenter jieba (dictionary and hidden Markov model, here in its Rust edition).

Only runs of Chinese characters go to the segmenter; what stands between them is split by Unicode's word rules.
"""

from collections.abc import Callable
from functools import cache

from wvcli.text.spelling import VARIATION
from wvcli.text.tokenizers import Together, Tokenize, Tokenizer
from wvcli.text.tokenizers._segmented import segmented, segmented_together
from wvcli.text.tokenizers.unicode import spaced

_HAN = rf"[\p{{Han}}\u3005\u3007](?:[\p{{Han}}\u3005\u3007]|{VARIATION})*"


@cache
def _segmenter() -> Callable[[str], list[str]]:
    """Load the segmenter, whose dictionary takes a while, once."""
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.Jieba().cut
    return cut


def _make(argument: str) -> Tokenize:
    return segmented(_HAN, _segmenter())


def together(alone: str = "") -> Together:
    """Return the function that splits many texts in one, and the test which it cannot, as those of `alone`."""
    return segmented_together(_HAN, lambda text: _segmenter()(text), alone)  # loaded with the first run


TOKENIZER = Tokenizer(
    "chinese",
    "Chinese words, and others as they stand between them",
    _make,
    spaced=spaced,
    scanned_as="unicode",
    make_together=together,
)
