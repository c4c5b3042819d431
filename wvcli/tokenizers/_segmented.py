"""Text in which only the runs of one script go to a segmenter; Unicode's word rules split what stands between."""

from collections.abc import Callable

from wvcli.tokenizers import Tokenize, registry

VARIATION = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # selects how a character is drawn, not which it is


def segmented(run: str, cut: Callable[[str], list[str]]) -> Tokenize:
    """The function that gives `cut` every match of the pattern `run`, without selectors of variation."""
    import regex

    unicode = registry.get("unicode").make("")
    runs = regex.compile(run).finditer
    without_variation = regex.compile(VARIATION).sub

    def split(text: str) -> list[str]:
        words: list[str] = []
        end = 0
        for match in runs(text):
            if match.start() > end:
                words.extend(unicode(text[end : match.start()]))
            found = match.group()
            words.extend(cut(found if found.isalpha() else without_variation("", found)))
            end = match.end()
        words.extend(unicode(text[end:]))
        return words

    return split
