"""Any text, by the script of each run: the segmenter cuts Chinese, Unicode's word rules split the rest.

Japanese is cut where its scripts change, Korean at its spaces; the tokenizers `japanese` and `korean` do better.
"""

from wvcli.text.tokenizers import Together, Tokenize, Tokenizer, registry
from wvcli.text.tokenizers.unicode import spaced

_IDEOGRAPHIC = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
# The long-vowel and voice marks belong to the kana before them, though Unicode gives them to no script.
_KANA = r"(?=\p{L})\p{Katakana}[\p{Katakana}\u30fc\uff70\uff9e\uff9f]*|\p{Hiragana}[\p{Hiragana}\u30fc]*"
_OTHER = r"(?:(?!\p{Hiragana}|\p{Katakana}).)+"


def _make(argument: str) -> Tokenize:
    import regex

    unicode = registry.get("unicode").make("")
    chinese: Tokenize | None = None
    is_ideographic = regex.compile(_IDEOGRAPHIC).search
    runs = regex.compile(rf"(?P<kana>{_KANA})|{_OTHER}", regex.S).finditer

    def split(text: str) -> list[str]:
        nonlocal chinese
        if text.isascii() or not is_ideographic(text):
            return unicode(text)
        if chinese is None:  # the dictionary loads with the first Chinese text
            chinese = registry.get("chinese").make("")
        words: list[str] = []
        for run in runs(text):
            words.extend([run.group()] if run.lastgroup else chinese(run.group()))
        return words

    return split


def _together() -> Together:
    from wvcli.text.tokenizers.chinese import together

    return together(r"\p{Hiragana}\p{Katakana}")


TOKENIZER = Tokenizer(
    "auto",
    "tells the script of each run of text and splits it accordingly",
    _make,
    spaced=spaced,
    scanned_as="unicode",
    make_together=_together,
)
