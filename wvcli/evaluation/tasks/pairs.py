"""Pairs of words with the similarity that people gave them, as in WordSim-353 and SimLex-999.

A line is word, word and score, with tabs, commas, semicolons or spaces between. A first line without a number is a
heading; a number before the words is the number of the pair; the score is the first number after the words.
"""

from collections.abc import Sequence

import numpy as np

from wvcli.evaluation.measures import Correlation
from wvcli.evaluation.tasks import Item, Lexicon, OnItems, Scores, Task
from wvcli.evaluation.tasks._item_files import ItemFile, Line, fields, is_not_finite, number, separator_of

_LOOKED_AT = 20  # lines by which a file is judged
_DECIMALS = 9  # of a cosine: finer differences are rounding, which must not part equal ranks
_EXPECTED = "two words and a score"


def _shape(content: Sequence[Line]) -> tuple[str | None, int, int] | None:
    """Find what separates fields, which of them is the first word and which the score; None for no pairs."""
    separator = separator_of(content[:_LOOKED_AT], 3)
    rows = [fields(line, separator) for line in content[: _LOOKED_AT + 1]]
    rows = rows[1:] if len(rows) > 1 and _score_place(rows[0], 2) is None else rows
    numbered = all(number(row[0]) is not None for row in rows) and any(_score_place(row, 3) for row in rows)
    first = 1 if numbered else 0
    score = _score_place(rows[0], first + 2)
    return None if score is None else (separator, first, score)


def _score_place(row: Sequence[str], first: int) -> int | None:
    return next((place for place in range(first, len(row)) if number(row[place]) is not None), None)


def _recognises(file: ItemFile) -> bool:
    return _shape(file.content) is not None


def _parse(file: ItemFile) -> list[Item]:
    content = file.content
    shape = _shape(content)
    assert shape is not None
    separator, first, score = shape
    items = []
    for line in content:
        row = fields(line, separator)
        value = number(row[score]) if len(row) > score else None
        words = tuple(row[first : first + 2])
        if value is None or not all(words):
            if line is content[0] and _score_place(row, 2) is None and not any(map(is_not_finite, row[2:])):
                continue
            raise file.wrong(line, _EXPECTED)
        items.append(Item(words, expected=value))
    return items


def _score(lexicon: Lexicon, items: Sequence[Item], on_items: OnItems) -> Scores:
    found = lexicon.find(word for item in items for word in item.words)
    places = np.array([found.of(item.words) for item in items])
    first, second = places.T
    cosines = np.einsum("nd,nd->n", found.units[first], found.units[second]).round(_DECIMALS)
    covered = found.known[places].all(axis=1)
    cosines[~covered] = np.nan
    on_items(len(items))
    from_subwords = covered & (found.rows[places] < 0).any(axis=1)
    return Scores({measure.name: cosines for measure in TASK.measures}, from_subwords)


TASK = Task(
    "pairs",
    "pairs of words",
    (Correlation("spearman", ranked=True), Correlation("pearson", ranked=False)),
    _recognises,
    _parse,
    _score,
)
