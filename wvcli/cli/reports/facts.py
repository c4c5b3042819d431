"""What reports are made of: a table of named facts, and numbers as a small line."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wvcli.cli.streams import stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARKS = 40  # columns at most


def facts_table(facts: Mapping[str, str]) -> "RenderableType":
    """Return a table of named facts, without those that are empty."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, style="bold"), Text(stderr.visible(value), overflow="fold"))
    return table


def loss_in_a_line(losses: Sequence[float]) -> str:
    """Return how the loss fell from epoch to epoch; an empty string where it was not measured."""
    if len(losses) < 2:
        return "".join(f"{loss:.3f}" for loss in losses)
    return f"{spark(losses)} from {losses[0]:.3f} to {losses[-1]:.3f}"


def spark(values: Sequence[float]) -> str:
    """Return numbers as a small line of blocks, the lowest empty and the highest full."""
    low, high = min(values), max(values)
    steps = [round((value - low) / (high - low) * (len(_BLOCKS) - 1)) if high > low else 0 for value in values]
    return "".join(_BLOCKS[step] for step in steps[:: max(1, -(-len(steps) // _SPARKS))])
