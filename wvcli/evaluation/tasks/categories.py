"""Words to be put into categories, as in the sets of Almuhareb and Poesio or BLESS.

A line is word and category, with a tab, comma, semicolon or spaces between.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, UsageError
from wvcli.evaluation.measures import Mean
from wvcli.evaluation.tasks import Item, Lexicon, OnItems, Scores, Task
from wvcli.evaluation.tasks._item_files import ItemFile, Line, fields, number, separator_of
from wvcli.text.sources import display_name

_LOOKED_AT = 20  # lines by which a file is judged
_MOST = 20_000  # words clustered, whose distances take 1.6 GB
_HEADINGS = {"category", "class", "cluster", "label"}


def _separator(content: Sequence[Line]) -> str | None:
    return separator_of(content[:_LOOKED_AT], 2)


def _recognises(file: ItemFile) -> bool:
    separator = _separator(file.content)
    rows = [fields(line, separator) for line in file.content[:_LOOKED_AT]]
    return all(len(row) == 2 and all(row) and number(row[1]) is None for row in rows)


def _parse(file: ItemFile) -> list[Item]:
    separator, items = _separator(file.content), []
    for line in file.content:
        row = fields(line, separator)
        if len(row) != 2 or not all(row):
            raise file.wrong(line, "a word and its category")
        if line is not file.content[0] or row[1].lower() not in _HEADINGS:
            items.append(Item((row[0],), category=row[1]))
    if not 1 < len({item.category for item in items}) < len(items):
        raise InputError(
            f"{display_name(file.name)} has a word and a category in each line, but not two categories or more, "
            "some of several words"
        )
    return items


def _score(lexicon: Lexicon, items: Sequence[Item], on_items: OnItems) -> Scores:
    """Purity: the share of words that belong to the most frequent category of their cluster.

    The words that have a vector are put into as many clusters as they have categories, by Ward's agglomerative
    clustering of their unit vectors.

    Raises:
        UsageError: there are too many words to cluster.
    """
    if len(items) > _MOST:
        raise UsageError(f"{len(items):,} words are too many to cluster", f"give {_MOST:,} at most")
    found = lexicon.find(item.words[0] for item in items)
    places = np.array([found.positions[item.words[0]] for item in items])
    covered = np.flatnonzero(found.known[places])
    categories = [items[place].category for place in covered.tolist()]
    clusters = _clusters(found.units[places[covered]], len(set(categories)))
    sizes = Counter(zip(clusters, categories, strict=True)).most_common()
    frequent = dict(pair for pair, _ in reversed(sizes))  # the greatest comes last and stays
    outcomes = np.full(len(items), np.nan)
    outcomes[covered] = [
        category == frequent[cluster] for category, cluster in zip(categories, clusters, strict=True)
    ]
    on_items(len(items))
    return Scores({"purity": outcomes}, np.isfinite(outcomes) & (found.rows[places] < 0))


def _clusters(units: npt.NDArray[np.float64], count: int) -> list[int]:
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(units) < 2:
        return [1] * len(units)
    return list(map(int, fcluster(linkage(units, "ward"), count, "maxclust")))


TASK = Task("categories", "words", (Mean("purity"),), _recognises, _parse, _score)
