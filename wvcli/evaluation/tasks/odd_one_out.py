"""Words of which one does not belong.

Two kinds of file. In lines of words, with tabs, commas, semicolons or spaces between, the odd word has `*` before
it. Or, as in the 8-8-8 set (Camacho-Collados and Navigli, 2016) and WikiSem500: a word a line, those that belong
together first, then an empty line, then words each of which is odd among them.
"""

from collections.abc import Sequence

import numpy as np

from wvcli.evaluation.measures import Mean, Proportion
from wvcli.evaluation.tasks import Item, Lexicon, OnItems, Scores, Task
from wvcli.evaluation.tasks._item_files import ItemFile, Line, fields, separator_of, split_at_spaces

_MARK = "*"
_LEAST = 3  # words of an item
_LOOKED_AT = 20  # lines by which a file of marked words is judged
_EXPECTED = "three words or more, one of which begins with * as the odd one"


def _marked(row: Sequence[str]) -> list[int]:
    return [place for place, word in enumerate(row) if word.startswith(_MARK) and word.strip(_MARK)]


def _is_marked(content: Sequence[Line]) -> bool:
    separator = separator_of(content[:_LOOKED_AT], _LEAST)
    first = fields(content[0], separator)
    return len(first) >= _LEAST and len(_marked(first)) == 1


def _blocks(file: ItemFile) -> tuple[list[str], list[str]] | None:
    """Split a file of a word a line at its first empty line; None for other files."""
    words = [line.text for line in file.lines]
    while words and not words[0]:
        words.pop(0)
    if "" not in words or any("\t" in word for word in words):
        return None
    place = words.index("")
    together, odd = words[:place], [word for word in words[place:] if word]
    single = sum(len(split_at_spaces(word)) == 1 for word in together + odd)
    is_list = len(together) >= _LEAST - 1 and odd and 2 * single > len(together) + len(odd)
    return (together, odd) if is_list else None


def _recognises(file: ItemFile) -> bool:
    return _is_marked(file.content) or _blocks(file) is not None


def _parse(file: ItemFile) -> list[Item]:
    if not _is_marked(file.content):
        together, odd = _blocks(file) or ([], [])
        return [Item((*together, word)) for word in odd]
    separator = separator_of(file.content[:_LOOKED_AT], _LEAST)
    items = []
    for line in file.content:
        row = fields(line, separator)
        marked = _marked(row)
        if len(row) < _LEAST or len(marked) != 1 or not all(row):
            raise file.wrong(line, _EXPECTED)
        odd_word = row.pop(marked[0]).removeprefix(_MARK).strip(" \t")
        items.append(Item((*row, odd_word)))
    return items


def _score(lexicon: Lexicon, items: Sequence[Item], on_items: OnItems) -> Scores:
    """Whether the odd word is less central than all others, and the share of the others that are more central.

    Central is what has a high cosine to the mean, as in Gensim's `doesnt_match`. Camacho-Collados and Navigli
    order words by their mean similarity to the others, their compactness, which gives the same order.
    """
    found = lexicon.find(word for item in items for word in item.words)
    right, position = np.full((2, len(items)), np.nan)
    from_subwords = np.zeros(len(items), dtype=np.bool_)
    for place, item in enumerate(items):
        words = found.of(item.words)
        if not found.known[words].all():
            continue
        from_subwords[place] = (found.rows[words] < 0).any()
        units = found.units[words]
        closeness = units @ units.sum(axis=0)
        position[place] = np.mean(closeness[:-1] > closeness[-1])
        right[place] = position[place] == 1
    on_items(len(items))
    return Scores({"accuracy": right, "position": position}, from_subwords)


TASK = Task(
    "odd-one-out",
    "sets of words",
    (Proportion("accuracy"), Mean("position")),
    _recognises,
    _parse,
    _score,
    pooled=True,
)
