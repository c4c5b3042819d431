"""Why words are similar, for the commands that tell how similar they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from wvcli.cli import console
from wvcli.cli.output import Column, Row, resolved, writer
from wvcli.errors import WvcliError

if TYPE_CHECKING:
    from wvcli.cli.output import OutputFormat
    from wvcli.evidence import SharedContext
    from wvcli.preparation import Progress
    from wvcli.vectors import Vectors

Pair = tuple[int | None, int | None]


def evidence_columns(first: str, second: str) -> tuple[Column, ...]:
    """What --explain adds to the columns of a command whose two words are in these columns."""
    names = ("context", f"{first}_place", f"{first}_text", f"{second}_place", f"{second}_text")
    return tuple(map(Column, names))


NOTHING: Row = (None,) * len(evidence_columns("a", "b"))


@dataclass
class Explainer:
    """Finds what pairs of words share in the corpus, and keeps account of what could not be found."""

    vectors: "Vectors"
    _problem: WvcliError | None = None
    _unknown: bool = field(default=False)

    def contexts(self, pairs: Sequence[Pair]) -> "list[list[SharedContext]]":
        """What the words of each pair, by their rows, both occur with: nothing where a word has no row, and nothing
        at all once the corpus was found wanting, which is told.
        """
        known = [(first, second) for first, second in pairs if first is not None and second is not None]
        self._unknown |= len(known) < len(pairs)
        if self._problem or not known:
            return [[] for _ in pairs]
        try:
            found = iter(self._found(known))
        except WvcliError as problem:
            self._problem = problem
            return [[] for _ in pairs]
        return [next(found) if first is not None and second is not None else [] for first, second in pairs]

    def _found(self, pairs: Sequence[tuple[int, int]]) -> "list[list[SharedContext]]":
        from wvcli.evidence import shared_contexts

        with console.progress("words") as show:

            def on_progress(progress: "Progress") -> None:
                show("reading the corpus", progress.done, progress.total)

            return shared_contexts(self.vectors, pairs, on_progress=on_progress)

    def finish(self) -> None:
        """Tell why there was nothing to show, and end with the exit code for it."""
        if self._unknown:
            console.note("a word that is not in the vocabulary has no lines to show")
        if self._problem:
            console.error(
                WvcliError(f"nothing is explained: {self._problem.message}", self._problem.hint)
            )
            raise typer.Exit(self._problem.exit_code)


def evidence_rows(found: "Sequence[SharedContext]") -> Iterator[Row]:
    """The values of `evidence_columns`, at least one row of them."""
    if not found:
        yield NOTHING
    for one in found:
        yield (one.context, one.first.place, one.first.passage, one.second.place, one.second.passage)
