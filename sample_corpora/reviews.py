"""Compose the labelled reviews: what was good, what was bad, and sometimes a little of both."""

from types import ModuleType

import reviews_chinese
import reviews_english
from grammar import Deck, Dice, Scene, expand

PER_LABEL = 150
LABELS = ("positive", "negative")

# The sides of each subject, in its order, that a review with the other label may admit.
MINOR = ((2, 3, 4), (2, 3, 4, 5), (3, 4, 5, 7), (2, 3, 6, 7), (0, 5, 6))
MAIN_SIDES = 4


class Reviewer:
    """Writes the reviews of one language."""

    def __init__(self, dice: Dice, language: ModuleType) -> None:
        """Shuffle the decks of the language."""
        self._dice = dice
        self._subjects = Deck(dice, list(zip(language.SUBJECTS.values(), MINOR, strict=True)))
        self._openings = {label: Deck(dice, language.OPENINGS[label]) for label in LABELS}
        self._closings = {label: Deck(dice, language.CLOSINGS[label]) for label in LABELS}
        self._bodies = Deck(dice, language.BODIES)
        self._gap = " " if language is reviews_english else ""

    def review(self, label: str) -> str:
        """Return one review with the label."""
        (things, good, bad), minor = self._subjects.deal()
        main, other = (good, bad) if label == "positive" else (bad, good)
        admitted = self._dice.pick(minor)
        sides = self._dice.shuffled([side for side in range(len(main)) if side != admitted])
        scene: Scene = {"thing": [self._dice.pick(things)], "other": [other[admitted]]}
        scene["main"] = [main[side] for side in sides[:MAIN_SIDES]]
        parts = (self._openings[label].deal(), self._bodies.deal(), self._closings[label].deal())
        return expand(self._gap.join(part for part in parts if part), scene, self._dice)


def compose(seed: int) -> list[str]:
    """Return the lines ``label<TAB>text`` in random order."""
    dice = Dice(seed)
    texts: dict[str, str] = {}
    for language in (reviews_english, reviews_chinese):
        reviewer = Reviewer(dice, language)
        for label in LABELS:
            wanted = len(texts) + PER_LABEL
            while len(texts) < wanted:
                texts.setdefault(reviewer.review(label), label)
    return dice.shuffled([f"{label}\t{text}" for text, label in texts.items()])
