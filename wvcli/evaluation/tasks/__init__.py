"""Tasks: each is a kind of test, recognised by the content of its files, that scores word vectors.

A set of items is loaded once and scored on any number of models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.evaluation.measures import Measure, Numbers
from wvcli.evaluation.tasks._item_files import ItemFile, read
from wvcli.evaluation.tasks._lexicon import Lexicon as Lexicon
from wvcli.registry import Registry
from wvcli.text import sources

OnItems = Callable[[int], None]
EXPECTED = (
    "a line of a test set: word, word and score; or four words, below lines `: section`; or words, the odd one "
    "with * before it; or word and category"
)


@dataclass(frozen=True)
class Item:
    """One item of a test.

    Attributes:
        words: what the item is made of; for an analogy the answer last, for an odd-one-out set the odd word last,
            for a translation the word first and then what it is translated by.
        section: the part of the set it belongs to, or an empty string.
        expected: for a pair the similarity that people gave it.
        category: for a word to be put into a category, the right one.
    """

    words: tuple[str, ...]
    section: str = ""
    expected: float = 0.0
    category: str = ""


@dataclass(frozen=True, eq=False)
class Scores:
    """What a model made of the items of a set.

    Attributes:
        outcomes: for each measure of the task, by name, float64 [items]; NaN where an item is not covered.
        from_subwords: bool [items], whether a word outside the vocabulary was given the vector of its n-grams.
    """

    outcomes: dict[str, Numbers]
    from_subwords: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """A kind of test.

    Attributes:
        name: what users call it.
        items: what its items are called, in the plural.
        measures: what it measures, the most telling first.
        recognises: whether a file is a set of this kind.
        parse: its items. Raises InputError naming file and line.
        score: what a model makes of the items; the last argument is called with how many are done.
        pooled: whether the files of a folder can be the sections of one set.
    """

    name: str
    items: str
    measures: tuple[Measure, ...]
    recognises: Callable[[ItemFile], bool]
    parse: Callable[[ItemFile], list[Item]]
    score: Callable[[Lexicon, Sequence[Item], OnItems], Scores]
    pooled: bool = False


registry: Registry[Task] = Registry("task", __name__)


@dataclass(frozen=True, eq=False)
class ItemSet:
    """A set of items of one kind.

    Attributes:
        name: the name of the file without suffixes, or of the folder.
        task: their kind.
        items: the items in the order of the file.
    """

    name: str
    task: Task
    items: Sequence[Item]

    @cached_property
    def sections(self) -> list[str]:
        """The names of its parts, in order; none where it has no parts."""
        return [name for name in dict.fromkeys(item.section for item in self.items) if name]

    def members(self, section: str) -> npt.NDArray[np.int64]:
        """Return int64 [items], the numbers of the items of a section; of all items for an empty string."""
        return np.flatnonzero([not section or item.section == section for item in self.items])

    @cached_property
    def expected(self) -> Numbers:
        """float64 [items], what people said of the items."""
        return np.array([item.expected for item in self.items], dtype=np.float64)


def load(file: str | PathLike[str], kind: str | None = None) -> ItemSet:
    """Read a test set of whichever kind.

    Args:
        file: a path, an address, or `-` for standard input; UTF-8, plain or compressed. A line that begins with
            `#` is a comment. Of a folder with sets of odd words or analogies each file is a section.
        kind: the name of the task; None to recognise it by content.

    Raises:
        InputError: it cannot be read, is of no known kind, or has a line that does not fit, which is named.
    """
    named = fspath(file)
    parts = [_load(read(part), kind) for part in sources.expand(named)]
    if len(parts) == 1:
        return parts[0]
    if len({part.task.name for part in parts}) > 1 or not parts[0].task.pooled:
        raise InputError(f"{named} names several sets, which have no score in common", "name each in `sets`")
    items = [replace(item, section=part.name) for part in parts for item in part.items]
    return ItemSet(Path(named).name, parts[0].task, items)


def _load(file: ItemFile, kind: str | None) -> ItemSet:
    """Parse the items of one file."""
    fitting = registry.get(kind) if kind else next((task for task in registry if task.recognises(file)), None)
    if fitting is None:
        raise file.wrong(file.content[0], EXPECTED)
    items = fitting.parse(file)
    if not items:
        raise InputError(f"{sources.display_name(file.name)} holds no {fitting.items}")
    name = "stdin" if file.name == sources.STDIN else sources.stem(file.name)
    return ItemSet(name, fitting, items)
