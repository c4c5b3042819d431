"""Words shown in their context: found in a text as it was written, and cut out with what is around them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_GAP = r"[\W_]*"  # between the words of a phrase
# Thai and Lao, Burmese, Khmer, kana, ideographs
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Patterns are compiled when they are needed, since every question imports this.
_SPACED_LETTER = rf"[^\W{_UNSPACED}]"  # a letter that belongs to the word whose letters stand beside it
_LEFT_OUT = "…"

Span = tuple[int, int]


@dataclass(frozen=True)
class Passage:
    """A piece of text in which some words stand.

    Attributes:
        text: one line.
        spans: where in it the words begin and end, ascending; none if they were not found as they are written.
    """

    text: str
    spans: tuple[Span, ...] = ()

    def __str__(self) -> str:
        return self.text

    def cut(self, width: int, measure: Callable[[str], int] = len) -> "Passage":
        """Cut the passage to a width, with the words in the middle if possible, and `…` for what is left out.

        Args:
            width: in the units of `measure`, at least 2.
            measure: the width of a string, such as the cells that it takes up in a terminal.
        """
        if measure(self.text) <= width:
            return self
        start, stop = (self.spans[0][0], self.spans[-1][1]) if self.spans else (0, 0)
        room = width - 2 * measure(_LEFT_OUT)
        for at in range(start, stop):
            room -= (size := measure(self.text[at]))
            if room < 0:
                stop, room = at, room + size
                break
        start, stop = _widened(self.text, start, stop, room, measure)
        before = _LEFT_OUT if start else ""
        after = _LEFT_OUT if stop < len(self.text) else ""
        shift = len(before) - start
        spans = tuple((max(a, start) + shift, min(b, stop) + shift) for a, b in self.spans if a < stop)
        return Passage(before + self.text[start:stop] + after, spans)


def _widened(text: str, start: int, stop: int, room: int, measure: Callable[[str], int]) -> Span:
    """Widen a stretch of text on both sides while there is room."""
    grows = True
    while grows:
        grows = False
        if start and (size := measure(text[start - 1])) <= room:
            start, room, grows = start - 1, room - size, True
        if stop < len(text) and (size := measure(text[stop])) <= room:
            stop, room, grows = stop + 1, room - size, True
    return start, stop


def passage(text: str, words: Sequence[str], joint: str = "") -> Passage:
    """Return the text as one line, with the occurrences of two words that are nearest to each other.

    Args:
        text: as it was written.
        words: two words as a tokenizer wrote them, perhaps in lower case.
        joint: what stands between the words of a phrase, if there are phrases.
    """
    line = re.sub(r"\s", " ", text)
    found = sorted(
        (match.start(), match.end(), which)
        for which, word in enumerate(words)
        for match in re.finditer(_pattern(word, joint), line, re.IGNORECASE)
        if match.end() > match.start()
    )
    whole = [(start, stop, which) for start, stop, which in found if not _is_part(line, start, stop)]
    for occurrences in (whole, found):
        if len({which for _, _, which in occurrences}) == len(words):
            return Passage(line, _nearest(occurrences))
    return Passage(line)


def _pattern(word: str, joint: str) -> str:
    """Return the regular expression for a word as it may be written in a text."""
    parts = word.split(joint) if joint else [word]
    return _GAP.join(re.escape(part).replace("'", "['\u2019]") for part in parts if part) or re.escape(word)


def _is_part(line: str, start: int, stop: int) -> bool:
    """Whether a stretch of text begins or ends within a word."""
    edges = (line[max(0, start - 1) : start + 1], line[stop - 1 : stop + 1])
    return any(len(edge) == 2 and all(re.match(_SPACED_LETTER, letter) for letter in edge) for edge in edges)


def _nearest(occurrences: Sequence[tuple[int, int, int]]) -> tuple[Span, ...]:
    """Return the occurrences of two different words with the least text between; they overlap only if all do."""
    pairs = [((a, b), (c, d)) for (a, b, first), (c, d, second) in pairwise(occurrences) if first != second]
    apart = [pair for pair in pairs if pair[0][1] <= pair[1][0]]
    return min(apart or pairs, key=lambda pair: pair[1][0] - pair[0][1])
