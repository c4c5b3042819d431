"""A very small pattern language for composing plain sentences.

A pattern is a string. ``[one|two|three]`` stands for one of its alternatives (they may nest and may be
empty), and ``{slot}`` for a phrase of the scene. A slot that holds several phrases hands out a different one
each time it is used inside the same paragraph. ``a~`` becomes ``a`` or ``an`` to suit the word after it.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")

Scene = dict[str, list[str]]

_INNERMOST_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa])~(\w+)")
_VOWEL_SOUND = re.compile(r"(?!one|uni|use|usu|eu)[aeiou]|hour|honest|heir|unimp|unin", re.IGNORECASE)
_SENTENCE_START = re.compile(r'(^|[.!?] |[.]” )(["“]?)([a-z])')
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]+[”\"]?")
_ATTEMPTS = 60


class Dice:
    """Random choices built on ``random()`` alone, so every Python version makes the same ones."""

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to the seed."""
        self._source = random.Random(seed)

    def below(self, limit: int) -> int:
        """Return a whole number from 0 up to, not including, the limit."""
        return int(self._source.random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a random order."""
        deck = list(items)
        for last in range(len(deck) - 1, 0, -1):
            other = self.below(last + 1)
            deck[last], deck[other] = deck[other], deck[last]
        return deck


class Deck(Generic[T]):
    """Items dealt in random order, every one of them once before any comes again."""

    def __init__(self, dice: Dice, items: Sequence[T]) -> None:
        """Keep the items; the first round is shuffled when the first one is dealt."""
        self._dice = dice
        self._items = list(items)
        self._round: list[T] = []

    def deal(self) -> T:
        """Return the next item."""
        if not self._round:
            self._round = self._dice.shuffled(self._items)
        return self._round.pop()


def _choose(pattern: str, dice: Dice) -> str:
    """Settle every ``[one|two]`` of the pattern, the innermost first."""
    while match := _INNERMOST_CHOICE.search(pattern):
        chosen = dice.pick(match.group(1).split("|"))
        pattern = pattern[: match.start()] + chosen + pattern[match.end() :]
    return pattern


def _fill(pattern: str, scene: Scene, dice: Dice) -> str:
    """Replace every slot by a phrase of the scene, never the same phrase twice while others are left."""
    left: Scene = {}
    while match := _SLOT.search(pattern):
        slot = match.group(1)
        if not left.get(slot):
            left[slot] = dice.shuffled(scene[slot])
        phrase = _choose(left[slot].pop(), dice)
        pattern = pattern[: match.start()] + phrase + pattern[match.end() :]
    return pattern


def _article(match: re.Match[str]) -> str:
    """Write the article that suits the next word."""
    word = match.group(2)
    return f"{match.group(1)}{'n' if _VOWEL_SOUND.match(word) else ''} {word}"


def _capital(match: re.Match[str]) -> str:
    """Write the first letter of a sentence as a capital."""
    return f"{match.group(1)}{match.group(2)}{match.group(3).upper()}"


def expand(pattern: str, scene: Scene, dice: Dice) -> str:
    """Return one text the pattern stands for."""
    text = _fill(_choose(pattern, dice), scene, dice)
    text = _ARTICLE.sub(_article, re.sub(r" {2,}", " ", text)).replace(" ,", ",").strip()
    return _SENTENCE_START.sub(_capital, text)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text."""
    return [found.strip() for found in _SENTENCE.findall(text)]


class Ledger:
    """The sentences written so far, so that none is written twice."""

    def __init__(self) -> None:
        """Start empty."""
        self._seen: set[str] = set()

    def accept(self, text: str) -> bool:
        """Note the text's sentences and return True, or return False when one of them is known already."""
        found = [sentence.lower() for sentence in sentences(text)]
        if len(set(found)) < len(found) or any(sentence in self._seen for sentence in found):
            return False
        self._seen.update(found)
        return True


def compose_new(ledger: Ledger, compose: Callable[[], str]) -> str | None:
    """Return a text that repeats no earlier sentence, or None when there seems to be none left."""
    for _ in range(_ATTEMPTS):
        text = compose()
        if ledger.accept(text):
            return text
    return None


def blocks(table: str) -> list[list[str]]:
    """Return the records of a table: each starts with a line ``= ...`` and goes on until the next one.

    A line that ends with a comma goes on in the line after it.
    """
    records: list[list[str]] = []
    for line in table.strip().splitlines():
        if line.startswith("= "):
            records.append([line[2:]])
        elif records[-1][-1].endswith((",", "、")):
            records[-1][-1] += line
        else:
            records[-1].append(line)
    return records


def phrases(line: str, separator: str = ",") -> list[str]:
    """Return the phrases of a line of a table."""
    return [part.strip() for part in line.split(separator)]


def compose_lines(
    dice: Dice,
    draw: Callable[[], tuple[str, Scene]],
    subjects: Mapping[str, Sequence[str]],
    kinds: Mapping[str, Sequence[str]],
    counts: Mapping[str, int],
    pet: str,
) -> list[str]:
    """Compose the lines of a corpus, no sentence twice.

    Args:
        dice: every choice.
        draw: gives a scene and the kind of its animal.
        subjects: patterns by what they are about.
        kinds: patterns about animals of a kind.
        counts: how many lines to try for each subject.
        pet: the kind of animal that stories at home are about.
    """
    ledger = Ledger()
    decks = {subject: Deck(dice, patterns) for subject, patterns in subjects.items()}
    kind_decks = {kind: Deck(dice, patterns) for kind, patterns in kinds.items()}

    def line(subject: str) -> str:
        kind, scene = draw()
        while subject == "home" and kind != pet:
            kind, scene = draw()
        deck = kind_decks[kind] if subject == "kind" else decks[subject]
        return expand(deck.deal(), scene, dice)

    order = dice.shuffled([subject for subject, count in counts.items() for _ in range(count)])
    composed = [compose_new(ledger, partial(line, subject)) for subject in order]
    return [text for text in composed if text is not None]
