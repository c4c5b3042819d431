"""Draw rows as a table for people, as wide as the terminal allows."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wvcli.cli.streams.columns import Column, table_cell
from wvcli.cli.streams.stderr import visible
from wvcli.text.passages import Passage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_LEAST_PASSAGE = 12  # cells of a terminal that still show a word with its context
_WIDE, _CLOSE = 1, 0  # spaces before each cell; there is always one after it
_UNBROKEN = re.compile(r"^\s*\S+|\S+")  # what is not folded: a word, the first one with its indent

Filled = tuple[Column, list[Any]]  # a column with its values


def draw(columns: Sequence[Column], grid: Sequence[Sequence[Any]], console: "Console") -> "Table":
    """Return a table of rows, without the columns for which the console is too narrow.

    The first combination of padding and level that fits is taken: columns whose `gives_way` is above the level
    are left out. For `similar`, whose rank has 2, count 1 and the others 0, these are tried in turn:

        (wide, 2)   word  rank  neighbor  similarity  count
        (wide, 1)   word  neighbor  similarity  count
        (wide, 0)   word  neighbor  similarity
        (close, 0)  the same with less space; if it does not fit either, words are broken
    """
    filled = [(column, [row[index] for row in grid]) for index, column in enumerate(columns)]
    filled = [
        (column, cells) for column, cells in filled if column.name or any(cell is not None for cell in cells)
    ]
    before = _CLOSE if any(column.figures for column in columns) else _WIDE
    steps = [(before, level) for level in sorted({column.gives_way for column in columns}, reverse=True)]
    for before, level in [*steps, (_CLOSE, 0)]:
        shown = [(column, cells) for column, cells in filled if column.gives_way <= level]
        least = [_least_width(*each) for each in shown]
        if sum(least) + (before + 2) * len(shown) + 1 <= console.width:
            return _table(shown, least, before, console.width)
    numbers = [width if _is_numeric(*each) else None for width, each in zip(least, shown, strict=True)]
    return _table(shown, numbers, before, console.width)


def _is_numeric(column: Column, cells: Sequence[Any]) -> bool:
    return column.figures or all(isinstance(cell, int | float | None) for cell in cells)


def _heading(column: Column, is_numeric: bool) -> str:
    return column.name.replace("_", "\n" if is_numeric else " ")  # narrow, and numbers are never folded


def _least_width(column: Column, cells: Sequence[Any]) -> int:
    """Return how many cells of a terminal a column needs so that no number is cut and no word broken."""
    from rich.cells import cell_len

    if any(isinstance(cell, Passage) for cell in cells):
        return _LEAST_PASSAGE
    is_numeric = _is_numeric(column, cells)
    texts = [*_heading(column, is_numeric).split("\n"), *map(table_cell, cells)]
    parts = texts if is_numeric else [part for text in texts for part in _UNBROKEN.findall(text)]
    return max(map(cell_len, parts), default=0)


def _table(shown: Sequence[Filled], least: Sequence[int | None], before: int, width: int) -> "Table":
    """Return a table of columns, each as many cells of the terminal wide as `least` says, or wider."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, before))
    for (column, cells), least_width in zip(shown, least, strict=True):
        is_numeric = _is_numeric(column, cells)
        table.add_column(
            _heading(column, is_numeric),
            justify="right" if is_numeric else "left",
            overflow="fold",
            no_wrap=is_numeric,
            min_width=least_width,
        )
    passage_width = _passage_width(shown, width)
    for row in zip(*(cells for _, cells in shown), strict=True):
        table.add_row(
            *(
                _shown(value, passage_width) if isinstance(value, Passage) else Text(table_cell(value))
                for value in row
            )
        )
    return table


def _passage_width(columns: Sequence[Filled], width: int) -> int:
    """Return how many cells of the terminal are left to each column of passages beside the others."""
    from rich.cells import cell_len

    others, several = 0, 0
    for column, cells in columns:
        if any(isinstance(cell, Passage) for cell in cells):
            several += 1
        else:
            others += max(map(cell_len, [column.name, *map(table_cell, cells)]))
    around = 3 * len(columns) + 1  # the spaces beside columns
    return max(_LEAST_PASSAGE, (width - others - around) // max(1, several))


def _shown(value: Passage, width: int) -> "Text":
    """Return a passage cut to this many cells of the terminal, with its words in bold."""
    from rich.cells import cell_len
    from rich.text import Text

    cut = value.cut(width, cell_len)
    shown = Text(visible(cut.text))
    if len(shown.plain) == len(cut.text):  # else control characters were written out, and the spans do not fit
        for start, stop in cut.spans:
            shown.stylize("bold", start, stop)
    return shown
