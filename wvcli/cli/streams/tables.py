"""Draw rows as a table for people, as wide as the terminal allows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class _Filled:
    """A column with its values, and what a table needs to know of them."""

    column: Column
    cells: list[Any]

    @cached_property
    def has_passages(self) -> bool:
        """Whether a value is a passage, which is cut to the space that there is."""
        return any(isinstance(cell, Passage) for cell in self.cells)

    @cached_property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, which are never broken and aligned to the right."""
        return self.column.figures or all(isinstance(cell, int | float | None) for cell in self.cells)

    @cached_property
    def heading(self) -> str:
        """The name of the column; that of numbers is broken, so as to be narrow."""
        return self.column.name.replace("_", "\n" if self.is_numeric else " ")

    @cached_property
    def texts(self) -> list[str]:
        """The values as they are shown."""
        texts = list(map(table_cell, self.cells))
        return [text.rstrip() for text in texts] if self.is_numeric else texts

    @cached_property
    def width(self) -> int:
        """How many cells of a terminal the widest value or line of the heading takes."""
        return max(map(_length, [*self.heading.split("\n"), *self.texts]))

    @cached_property
    def least(self) -> int:
        """How many cells of a terminal are needed so that no number is cut and no word broken."""
        if self.has_passages:
            return _LEAST_PASSAGE
        if self.is_numeric:
            return self.width
        texts = [self.heading, *self.texts]
        return max((_length(part) for text in texts for part in _UNBROKEN.findall(text)), default=0)


def _length(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)


def draw(columns: Sequence[Column], grid: Sequence[Sequence[Any]], console: "Console") -> str:
    """Return a table of rows as text, without the columns for which the console is too narrow.

    The first combination of padding and level that fits is taken: columns whose `gives_way` is above the level
    are left out. For `similar`, whose rank has 2, count 1 and the others 0, these are tried in turn:

        (wide, 2)   word  rank  neighbor  similarity  count
        (wide, 1)   word  neighbor  similarity  count
        (wide, 0)   word  neighbor  similarity
        (close, 0)  the same with less space; if it does not fit either, words are broken
    """
    filled = [_Filled(column, [row[index] for row in grid]) for index, column in enumerate(columns)]
    filled = [each for each in filled if each.column.name or any(cell is not None for cell in each.cells)]
    before = _CLOSE if any(column.figures for column in columns) else _WIDE
    steps = [(before, level) for level in sorted({column.gives_way for column in columns}, reverse=True)]
    for before, level in [*steps, (_CLOSE, 0)]:
        shown = [each for each in filled if each.column.gives_way <= level]
        least = [each.least for each in shown]
        if sum(least) + _around(shown, before) <= console.width:
            return _drawn(shown, least, before, console)
    return _drawn(shown, [each.least if each.is_numeric else None for each in shown], before, console)


def _around(shown: Sequence[_Filled], before: int) -> int:
    """Return how many cells of the terminal the spaces of a line take."""
    return (before + 2) * len(shown) + 1


def _drawn(shown: Sequence[_Filled], least: Sequence[int | None], before: int, console: "Console") -> str:
    """Return a table of columns, each as many cells of the terminal wide as `least` says, or wider.

    Rich draws it, which takes a third of a millisecond for each row. So where it is plain how wide the columns
    will be, it only draws what is around the rows.
    """
    widths = _widths(shown, least, before, console.width)
    if widths is None:
        return _captured(_table(shown, least, before, console.width), console)
    lines = _captured(_frame(shown, widths, before), console).split("\n")
    return "\n".join([*lines[:-3], *_rows(shown, widths, before, console), *lines[-2:]])


def _captured(table: "Table", console: "Console") -> str:
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def _widths(
    shown: Sequence[_Filled], least: Sequence[int | None], before: int, available: int
) -> list[int] | None:
    """Return how wide the columns will be, or None where that is for Rich to say.

    If they are too wide for the console, the widest column of texts is narrowed, unless another is wider then.
    """
    widths = [each.width for each in shown]
    excess = sum(widths) + _around(shown, before) - available
    if not shown or any(each.has_passages for each in shown):
        return None
    if excess <= 0:
        return widths
    texts = sorted((index for index, each in enumerate(shown) if not each.is_numeric), key=widths.__getitem__)
    if not texts:
        return None
    *others, widest = texts
    widths[widest] -= excess
    narrowest = max([least[widest] or 1, *(widths[index] for index in others)])
    return widths if widths[widest] >= narrowest else None


def _rows(shown: Sequence[_Filled], widths: Sequence[int], before: int, console: "Console") -> Iterator[str]:
    """Yield the lines of the rows."""
    columns = [
        [_padded(text, width, each.is_numeric, console) for text in each.texts]
        for each, width in zip(shown, widths, strict=True)
    ]
    between = " " * (before + 2)
    for row in zip(*columns, strict=True):
        for number in range(max(map(len, row))):
            cells = [
                cell[number] if number < len(cell) else " " * width
                for cell, width in zip(row, widths, strict=True)
            ]
            yield f"{between[1:]}{between.join(cells)}  "


def _padded(text: str, width: int, is_numeric: bool, console: "Console") -> list[str]:
    """Return the lines of a cell; a text that is too wide is folded."""
    from rich.text import Text

    missing = width - _length(text)
    if missing < 0:
        lines = [line.plain for line in Text(text).wrap(console, width, overflow="fold")]
        return [line + " " * (width - _length(line)) for line in lines]
    return [" " * missing + text if is_numeric else text + " " * missing]


def _frame(shown: Sequence[_Filled], widths: Sequence[int], before: int) -> "Table":
    """Return a table of columns of these widths with an empty row."""
    table = _empty_table(before)
    for each, width in zip(shown, widths, strict=True):
        table.add_column(
            each.heading,
            justify="right" if each.is_numeric else "left",
            overflow="fold",
            no_wrap=each.is_numeric,
            width=width,
        )
    table.add_row()
    return table


def _table(shown: Sequence[_Filled], least: Sequence[int | None], before: int, width: int) -> "Table":
    """Return a table of columns, each as many cells of the terminal wide as `least` says, or wider."""
    from rich.text import Text

    table = _empty_table(before)
    for each, least_width in zip(shown, least, strict=True):
        table.add_column(
            each.heading,
            justify="right" if each.is_numeric else "left",
            overflow="fold",
            no_wrap=each.is_numeric,
            min_width=least_width,
        )
    passage_width = _passage_width(shown, width)
    for row in zip(*(each.cells for each in shown), strict=True):
        table.add_row(
            *(
                _shown(value, passage_width) if isinstance(value, Passage) else Text(table_cell(value))
                for value in row
            )
        )
    return table


def _empty_table(before: int) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, padding=(0, 1, 0, before))


def _passage_width(shown: Sequence[_Filled], width: int) -> int:
    """Return how many cells of the terminal are left to each column of passages beside the others."""
    others = sum(max(map(_length, [each.column.name, *each.texts])) for each in shown if not each.has_passages)
    several = sum(each.has_passages for each in shown)
    around = 3 * len(shown) + 1  # the spaces beside columns
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
