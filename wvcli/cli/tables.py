"""Rows as a table for people, as wide as the terminal allows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wvcli.cli.cells import Column, table_cell
from wvcli.cli.console import visible
from wvcli.passages import Passage

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_UNBOUNDED = 10_000  # columns: a width that no table has
_LEAST_PASSAGE = 12  # cells of a terminal in which a word is still seen with its context


def draw(columns: Sequence[Column], grid: Sequence[Sequence[Any]], console: "Console") -> "Table":
    """A table of rows, without the columns that give way where a console is too narrow for all."""
    shown = list(range(len(columns)))
    padding = (0, 1, 0, 0) if any(column.gives_way for column in columns) else (0, 1, 0, 1)
    unbounded = console.options.update(max_width=_UNBOUNDED)
    while True:
        table = _table([(columns[place], [row[place] for row in grid]) for place in shown], padding, console.width)
        if console.measure(table, options=unbounded).maximum <= console.width:
            return table
        widest = max(shown, key=lambda place: columns[place].gives_way)
        if not columns[widest].gives_way:
            return table
        shown.remove(widest)


def _table(columns: Sequence[tuple[Column, list[Any]]], padding: tuple[int, int, int, int], width: int) -> "Table":
    """A table of columns with their cells, `padding` around each of these."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    columns = [
        (column, cells) for column, cells in columns if column.name or any(cell is not None for cell in cells)
    ]
    table = Table(box=SIMPLE_HEAD, padding=padding)
    for column, cells in columns:
        numeric = column.figures or all(isinstance(cell, int | float | None) for cell in cells)
        heading = column.name.replace("_", "\n" if numeric else " ")  # narrow, and numbers are never folded
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    room = _passage_width(columns, width)
    for row in zip(*(cells for _, cells in columns), strict=True):
        table.add_row(
            *(_shown(value, room) if isinstance(value, Passage) else Text(table_cell(value)) for value in row)
        )
    return table


def _passage_width(columns: Sequence[tuple[Column, list[Any]]], width: int) -> int:
    """The cells that each column of passages has in a table, when the others have what they need."""
    from rich.cells import cell_len

    others, several = 0, 0
    for column, cells in columns:
        if any(isinstance(cell, Passage) for cell in cells):
            several += 1
        else:
            others += max(map(cell_len, [column.name, *map(table_cell, cells)]))
    around = 3 * len(columns) + 1  # the blanks beside columns
    return max(_LEAST_PASSAGE, (width - others - around) // max(1, several))


def _shown(value: Passage, width: int) -> "Text":
    """A passage cut to so many cells, with its words in bold."""
    from rich.cells import cell_len
    from rich.text import Text

    cut = value.cut(width, cell_len)
    shown = Text(visible(cut.text))
    if len(shown.plain) == len(cut.text):  # else something was written out, and the places are others
        for start, stop in cut.spans:
            shown.stylize("bold", start, stop)
    return shown
