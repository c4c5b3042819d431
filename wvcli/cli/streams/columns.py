"""The columns of rows, and how values are written as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wvcli.cli.streams.stderr import visible

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DECIMALS = 6  # of a similarity, where float32 vectors still carry meaning
_SHOWN_NUMBERS = 6  # of a vector in a table

Row = Sequence[Any]


@dataclass(frozen=True)
class Column:
    """A column of the output.

    Attributes:
        name: its key in JSON and its heading elsewhere; a column without a name is shown only if it has a value.
        table_only: shown in tables, left out of the formats for programs.
        figures: its texts are numbers, which a table aligns to the right.
        gives_way: order in which columns are left out of a table that is too wide, highest first; 0 is never.
    """

    name: str
    table_only: bool = False
    figures: bool = False
    gives_way: int = 0


def is_vector(value: Any) -> bool:
    """Return whether a value is a vector, float32 [dim]."""
    return hasattr(value, "dtype") and getattr(value, "ndim", 0) == 1


def number_texts(vector: "npt.NDArray[np.float32]") -> list[str]:
    """Return each number in the fewest digits that are read back as the same float32."""
    return list(map(str, vector))


def cell(value: Any) -> str:
    """Return a value as text for programs."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    if isinstance(value, list):
        return " ".join(value)
    return str(value)


def on_one_line(text: str) -> str:
    """Return text as a cell of TSV, in which a tab and an end of a line would end the cell."""
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def table_cell(value: Any) -> str:
    """Return a value as text for people."""
    if is_vector(value):
        shown = "  ".join(f"{number:8.4f}" for number in value[:_SHOWN_NUMBERS])
        return f"{shown}  …" if len(value) > _SHOWN_NUMBERS else shown
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return visible(cell(value))
