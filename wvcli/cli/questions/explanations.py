"""Explain why words are similar, for the commands that say how similar they are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import OutputFormat, Writer, resolve_format, writer
from wvcli.errors import WvcliError

if TYPE_CHECKING:
    from wvcli.analysis.shared_contexts import SharedContext
    from wvcli.vectors.word_vectors import Vectors


@contextmanager
def pair_writer(
    vectors: "Vectors",
    columns: Sequence[Column],
    pair: tuple[str, str],
    explain: bool,
    format: OutputFormat,
    header: bool | None,
) -> Iterator[Callable[[Iterable[Sequence[Row]]], None]]:
    """Yield a function that writes groups of rows about pairs of words, with their explanation if asked for.

    Args:
        vectors: the model.
        columns: of the rows.
        pair: the names of the two columns that hold the words.
        explain: whether to show the contexts that each pair shares in the corpus.
        format: of the output.
        header: whether TSV and CSV begin with the names of the columns; None is the habit of the format.
    """
    explainer = Explainer(vectors, columns, pair, format) if explain else None
    with writer(explainer.all_columns() if explainer else columns, format, header) as out:

        def write(groups: Iterable[Sequence[Row]]) -> None:
            if explainer:
                explainer.write(out, groups)
            else:
                for rows in groups:
                    out.write(rows)

        yield write
    if explainer:
        explainer.finish()


@dataclass
class Explainer:
    """Writes rows about pairs of words with the contexts that each pair shares, and reports pairs without any.

    For a program the contexts are in further columns, and a pair has one row for each, or one row if there is
    none; where the corpus cannot be read, it gets an error instead of rows, which would look like pairs that share
    nothing. For a person there are two tables: the rows, which are written all the same, and the contexts.
    Attributes are as for `pair_writer`.
    """

    vectors: "Vectors"
    columns: Sequence[Column]
    pair: tuple[str, str]
    format: OutputFormat
    _problem: WvcliError | None = None
    _unknown: bool = False

    def __post_init__(self) -> None:
        self._unshared = stderr.Tally("pairs in total share no context")

    def all_columns(self) -> tuple[Column, ...]:
        """Return the columns of the rows, and for a program those of the contexts."""
        return tuple(self.columns) if self._for_people else (*self.columns, *self._context_columns)

    @property
    def _for_people(self) -> bool:
        return resolve_format(self.format) == "table"

    @property
    def _context_columns(self) -> tuple[Column, ...]:
        a, b = self.pair
        return tuple(map(Column, ("context", f"{a}_place", f"{a}_text", f"{b}_place", f"{b}_text")))

    def write(self, out: Writer, groups: Iterable[Sequence[Row]]) -> None:
        """Write groups of rows, each a table of its own; read the corpus once for all of them."""
        asked = [list(rows) for rows in groups]
        found = iter(self._contexts([self._words(row) for rows in asked for row in rows]))
        for rows in asked:
            explained = [(row, next(found)) for row in rows]
            if self._for_people:
                out.write(rows)
                self._show(explained)
            else:
                out.write((*row, *values) for row, shared in explained for values in self._values(shared))

    def _words(self, row: Row) -> tuple[str | None, str | None]:
        first, second = (row[[column.name for column in self.columns].index(name)] for name in self.pair)
        return first, second

    def _values(self, shared: "Sequence[SharedContext]") -> Iterator[Row]:
        """Yield the values of the further columns, at least once."""
        for one in shared:
            yield one.context, one.first.place, one.first.passage, one.second.place, one.second.passage
        if not shared:
            yield (None,) * len(self._context_columns)

    def _show(self, explained: "Sequence[tuple[Row, list[SharedContext]]]") -> None:
        """Write the contexts as a table, with the words of a pair beside its first line."""
        a, b = self.pair
        columns = [Column(name) for name in (a, b, "context", f"{a}_text", f"{b}_text")]
        rows: list[Row] = [
            (
                *(self._words(row) if number == 0 else (None, None)),
                one.context,
                one.first.passage,
                one.second.passage,
            )
            for row, shared in explained
            for number, one in enumerate(shared)
        ]
        if len({self._words(row)[0] for row, _ in explained}) < len(explained):  # the rows above show it already
            columns, rows = columns[1:], [row[1:] for row in rows]
        with writer(columns, self.format) as out:
            out.write(rows)

    def _contexts(self, pairs: Sequence[tuple[str | None, str | None]]) -> "list[list[SharedContext]]":
        """Return the contexts that the two words of each pair share.

        There are none for a word outside the vocabulary, and none at all once reading the corpus has failed.

        Raises:
            WvcliError: reading it has failed, and the rows are for a program.
        """
        rows = [[None if word is None else self.vectors.index(word) for word in words] for words in pairs]
        known = [(first, second) for first, second in rows if first is not None and second is not None]
        self._unknown |= len(known) < len(rows)
        if self._problem or not known:
            return [[] for _ in pairs]
        try:
            answers = iter(self._read(known))
        except WvcliError as problem:
            problem.message = f"cannot explain: {problem.message}"
            if not self._for_people:
                raise
            self._problem = problem
            return [[] for _ in pairs]
        found = [[] if None in two else next(answers) for two in rows]
        for words, two, shared in zip(pairs, rows, found, strict=True):
            if None not in two and not shared:
                self._unshared.note(
                    f"no word occurs near both {words[0]!r} and {words[1]!r} more often than by chance"
                )
        return found

    def _read(self, pairs: Sequence[tuple[int, int]]) -> "list[list[SharedContext]]":
        from wvcli.analysis.shared_contexts import shared_contexts

        with stderr.progress_shown() as on_progress:
            return shared_contexts(self.vectors, pairs, on_progress=on_progress)

    def finish(self) -> None:
        """Report what was not explained, and exit with the code for it if reading the corpus failed."""
        self._unshared.report_total()
        if self._unknown:
            stderr.note("words outside the vocabulary have no lines to show")
        if self._problem:
            stderr.error(self._problem)
            raise typer.Exit(self._problem.exit_code)
