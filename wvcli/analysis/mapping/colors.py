"""Colours that tell clusters apart, and the values of a column, or show numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wvcli.analysis.mapping.points import number_of

# Twelve hues of one lightness and chroma in Oklch, so that no cluster stands out for its colour: lightness .62 and
# chroma .15 on a light page, .77 and .125 on a dark one, a little more and less in turn.
LIGHT = (
    "#c55056",
    "#d7712e",
    "#a96e00",
    "#979700",
    "#449032",
    "#00ad82",
    "#00949f",
    "#009fda",
    "#4379d3",
    "#917ee5",
    "#a25ab2",
    "#d2669d",
)
DARK = (
    "#ef898a",
    "#fea572",
    "#d4a143",
    "#c3c55f",
    "#7fbe71",
    "#5ad8b1",
    "#08c2ca",
    "#59ccfe",
    "#7cabf9",
    "#bdafff",
    "#ce90dc",
    "#fa9bc9",
)

GREY = "#b0b2b6"
RAMP = ((197, 214, 226), (124, 176, 201), (54, 128, 170), (22, 83, 130), (10, 42, 82))  # from few to many

_FAR_APART = (9, 1, 5, 11, 3, 7, 0, 6, 10, 2, 8, 4)  # the hues in an order in which neighbours differ
_MOST_VALUES = 24  # of a column that have names of their own


def colors_apart(places: npt.NDArray[np.float64]) -> list[int]:
    """Return for each place, float64 [places, 2], the number of a colour that differs from those around it.

    Each in turn takes the colour whose hue is furthest from those that the nearest places have taken already.
    """
    taken: list[int] = []
    many = len(LIGHT)
    for number, place in enumerate(places):
        cost = np.zeros(many)
        before = places[:number]
        distance = np.hypot(*(before - place).T) if number else np.empty(0)
        for other in np.argsort(distance, kind="stable")[:8].tolist():
            apart = np.abs(np.arange(many) - taken[other])
            apart = np.minimum(apart, many - apart)
            cost += 1 / (0.02 + distance[other]) / (1 + apart) ** 2
        cost += 1e-3 * np.bincount(taken, minlength=many)  # so that all are used
        taken.append(int(cost.argmin()))
    return taken


@dataclass(frozen=True)
class Values:
    """The values of a column, the most frequent first, each with a colour of its own.

    Attributes:
        names: the values; where they are too many to tell apart, the rest are `other`.
        colors: for each the number of its colour.
        of: for each point the number of its value, or -1 where it has none.
    """

    names: list[str]
    colors: list[int]
    of: list[int]


def scale_of(values: Sequence[str], names: Sequence[str] = ()) -> Values | list[float | None]:
    """Return how a column colours points: numbers where it has many, or else values that have colours.

    Args:
        values: of each point; an empty string where it has none.
        names: the values in the order of their colours; none for the most frequent first.
    """
    if names:
        number_of_name = {name: number for number, name in enumerate(names)}
        return Values(list(names), list(_FAR_APART[: len(names)]), [number_of_name[value] for value in values])
    numbers = [number_of(value) for value in values]
    counted = Counter(value for value in values if value)
    is_numeric = all((number is not None) == bool(value) for number, value in zip(numbers, values, strict=True))
    if is_numeric and len(counted) > len(LIGHT):
        return numbers
    names = sorted(counted, key=lambda value: (-counted[value], value))
    place = {value: min(number, _MOST_VALUES) for number, value in enumerate(names)}
    if len(names) > _MOST_VALUES:
        names = [*names[:_MOST_VALUES], "other"]
    colors = [_FAR_APART[number % len(_FAR_APART)] for number in range(len(names))]
    return Values(names, colors, [place.get(value, -1) for value in values])


def ramp(share: float) -> str:
    """Return the colour of a share from 0 to 1, pale for little."""
    at = min(0.9999, max(0.0, share)) * (len(RAMP) - 1)
    low = int(at)
    pair = zip(RAMP[low], RAMP[low + 1], strict=True)
    return "#" + "".join(f"{round(first + (second - first) * (at - low)):02x}" for first, second in pair)
