"""Words of scripts without spaces: a segmenter cuts their runs, and Unicode's word rules split what is between."""

from collections.abc import Callable

from wvcli.text.spelling import without_variation
from wvcli.text.tokenizers import Together, Tokenize, registry
from wvcli.text.tokenizers.unicode import ANY

_MARK = "\x01"  # stands for a run where what is between is joined


def segmented(run: str, cut: Callable[[str], list[str]]) -> Tokenize:
    """Return the function that splits a text.

    Args:
        run: the pattern of a run that goes to the segmenter; the rest is split by Unicode's word rules.
        cut: the segmenter. It sees no variation selectors.
    """
    import regex

    unicode = registry.get("unicode").make("")
    runs = regex.compile(run).finditer

    def split(text: str) -> list[str]:
        words: list[str] = []
        end = 0
        for match in runs(text):
            if match.start() > end:
                words.extend(unicode(text[end : match.start()]))
            found = match.group()
            if found.isalpha():
                words.extend(cut(found))
            else:  # it may hold radicals, which are symbols and not letters
                words.extend(word for word in cut(without_variation(found)) if any(map(str.isalnum, word)))
            end = match.end()
        words.extend(unicode(text[end:]))
        return words

    return split


def segmented_together(run: str, cut: Callable[[str], list[str]], alone: str = "") -> Together:
    """Return the function that splits many texts in one, each followed by a NUL, and the test which it cannot.

    It finds what `segmented` does one by one. The segmenter gets all runs at once, with line feeds between them,
    across which it finds no words, and Unicode's word rules are applied to all that is between.

    Args:
        run: the pattern of a run, as for `segmented`.
        cut: the segmenter.
        alone: scripts in whose texts words are found otherwise, as in a set of a pattern.
    """
    import regex

    split_at_runs = regex.compile(f"({run})").split
    words_and_marks = regex.compile(rf"{ANY}|[\0{_MARK}]").findall

    def split(text: str) -> list[str]:
        parts = split_at_runs(text)
        between, runs = parts[::2], parts[1::2]
        if not runs:
            return list(words_and_marks(text))
        parts[::2] = " ".join(words_and_marks(_MARK.join(between))).split(_MARK)
        parts[1::2] = " ".join(cut("\n".join(runs))).split("\n")
        return " ".join(parts).split()

    others = rf"[\p{{Han}}--\p{{L}}]\ufe00-\ufe0f\U000e0100-\U000e01ef\0{_MARK}{alone}"
    is_alone = regex.compile(f"(?V1)[{others}]").search
    return split, lambda text: is_alone(text) is not None
