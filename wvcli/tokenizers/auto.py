"""Tells the script of each run of text: Chinese goes to the segmenter, the rest by Unicode's word rules.

Japanese is cut where its scripts change, Korean at its spaces.
"""

from wvcli.tokenizers import Tokenize, Tokenizer, registry

_HAN = r"[\p{Han}\u3005\u3007]+"
_KATAKANA = r"[\p{Katakana}\u30fc\uff70]+"
_HIRAGANA = r"\p{Hiragana}+"
_IDEOGRAPHIC = r"[\p{Han}\p{Hiragana}\p{Katakana}]"


def _make(argument: str) -> Tokenize:
    import regex

    unicode = registry.get("unicode").make("")
    segmenters: list[Tokenize] = []
    is_ideographic = regex.compile(_IDEOGRAPHIC).search
    runs = regex.compile(rf"(?P<han>{_HAN})|(?P<kana>{_KATAKANA}|{_HIRAGANA})|(?:(?!{_IDEOGRAPHIC}).)+", regex.S)

    def split(text: str) -> list[str]:
        if text.isascii() or not is_ideographic(text):
            return unicode(text)
        words: list[str] = []
        for run in runs.finditer(text):
            if run.lastgroup == "kana":
                words.append(run.group())
            elif run.lastgroup == "han":
                if not segmenters:  # the dictionary loads with the first Chinese text
                    segmenters.append(registry.get("chinese").make(""))
                words.extend(segmenters[0](run.group()))
            else:
                words.extend(unicode(run.group()))
        return words

    return split


TOKENIZER = Tokenizer("auto", "tells the script of each run of text and splits it accordingly", _make)
