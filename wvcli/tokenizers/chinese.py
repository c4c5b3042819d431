"""Chinese words, by the segmenter jieba (dictionary and hidden Markov model, here in its Rust edition).

Only runs of Chinese characters go to the segmenter; what stands between them is split by Unicode's word rules.
"""

from collections.abc import Callable
from functools import cache

from wvcli.tokenizers import Tokenize, Tokenizer, registry
from wvcli.tokenizers.unicode import blanked

_VARIATION = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # selects how a character is drawn, not which it is
_HAN = rf"[\p{{Han}}\u3005\u3007](?:[\p{{Han}}\u3005\u3007]|{_VARIATION})*"
_NOT_HAN = r"[^\p{Han}\u3005\u3007]+"


@cache
def _segmenter() -> Callable[[str], list[str]]:
    """The segmenter, whose dictionary takes a while to load."""
    import rjieba

    cut: Callable[[str], list[str]] = rjieba.Jieba().cut
    return cut


def _make(argument: str) -> Tokenize:
    import regex

    unicode = registry.get("unicode").make("")
    cut = _segmenter()
    without_variation = regex.compile(_VARIATION).sub
    runs = regex.compile(rf"(?P<han>{_HAN})|{_NOT_HAN}").finditer

    def split(text: str) -> list[str]:
        words: list[str] = []
        for run in runs(text):
            part = run.group()
            if run.lastgroup:
                words.extend(cut(part if part.isalpha() else without_variation("", part)))
            else:
                words.extend(unicode(part))
        return words

    return split


TOKENIZER = Tokenizer("chinese", "Chinese words, and others as they stand between them", _make, blanked=blanked)
