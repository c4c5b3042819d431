"""Which settings to try next: one is changed at a time, from the best so far on (coordinate search)."""

from collections.abc import Generator, Sequence
from typing import Any

from wvcli.training.settings import TrainSettings

Changes = dict[str, Any]

SEARCHED = ("window", "epochs", "dim", "architecture", "algorithm")  # in this order
_CHOICES = {"architecture": ("skipgram", "cbow"), "algorithm": ("word2vec", "fasttext")}
_LIMITS = {"epochs": (1, 1_000), "window": (1, 40), "dim": (10, 2_000)}
_FACTORS = (2.0, 2**0.5)  # by which a number is changed: first coarsely, then between what was tried


def coordinate_search(first: TrainSettings, searched: Sequence[str] = SEARCHED) -> Generator[Changes, bool, None]:
    """Yield what to change of the first settings, from trial to trial, for as long as there is something to try.

    A number is doubled for as long as that is better; if doubling does not help at all, it is halved.
    What is better is kept before the next setting is changed. When nothing that is left to try is better, the
    search goes on in steps of 1.4 around the best, and then ends. The same answers lead to the same trials.

    Args:
        first: the settings of the first trial, for which nothing is changed; nothing in them is `auto` any more.
        searched: the settings to change, in this order.

    Yields:
        The settings that differ from the first, by name. What is sent back is whether they are better than the
        best so far, as the first ones always are.
    """
    climb = _Climb(first)
    yield from climb.tried({})
    for factor in _FACTORS:
        before: Changes | None = None
        while before != climb.best:
            before = climb.best
            for name in searched:
                yield from climb.changed(name, factor)


class _Climb:
    """The best settings so far, and all that were tried.

    Attributes:
        best: what of them differs from the first.
    """

    def __init__(self, first: TrainSettings) -> None:
        self._first = first
        self.best: Changes = {}
        self._tried: list[Changes] = []

    def tried(self, changes: Changes) -> Generator[Changes, bool, bool]:
        """Have some settings tried that were not tried yet; return whether they are the best now."""
        if changes in self._tried:
            return False
        self._tried.append(changes)
        is_better = yield dict(changes)
        if is_better:
            self.best = changes
        return is_better

    def changed(self, name: str, factor: float) -> Generator[Changes, bool, None]:
        """Have other values of one setting tried."""
        if name in _CHOICES:
            for value in _CHOICES[name]:
                yield from self.tried(self._with(name, value))
            return
        for step in (factor, 1 / factor):
            is_better = found = yield from self.tried(self._next(name, step))
            while found:
                found = yield from self.tried(self._next(name, step))
            if is_better:
                return

    def _next(self, name: str, step: float) -> Changes:
        """Return the best settings with a number multiplied by a step, and rounded."""
        value = self._value(name)
        low, high = _LIMITS[name]
        number = round(value * step)
        if name == "dim" and number >= 20:
            number = round(number, -1)
        return self._with(name, max(min(low, value), min(max(high, value), number)))

    def _value(self, name: str) -> Any:
        return self.best.get(name, getattr(self._first, name))

    def _with(self, name: str, value: Any) -> Changes:
        """Return the best settings with one changed."""
        changes = {**self.best, name: value}
        return {each: new for each, new in changes.items() if new != getattr(self._first, each)}
