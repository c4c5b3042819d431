"""Words of scripts without spaces: a segmenter cuts their runs, and Unicode's word rules split what is between."""

from collections.abc import Callable

from wvcli.text.spelling import without_variation
from wvcli.text.tokenizers import Tokenize, registry


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
