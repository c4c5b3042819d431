"""Text in which only the runs of one script go to a segmenter; Unicode's word rules split what stands between."""

from collections.abc import Callable

from wvcli.text.spelling import without_variation
from wvcli.text.tokenizers import Tokenize, registry


def segmented(run: str, cut: Callable[[str], list[str]]) -> Tokenize:
    """The function that gives `cut` every match of the pattern `run`, without selectors of variation."""
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
            else:  # it may hold radicals, which are signs and no letters
                words.extend(word for word in cut(without_variation(found)) if any(map(str.isalnum, word)))
            end = match.end()
        words.extend(unicode(text[end:]))
        return words

    return split
