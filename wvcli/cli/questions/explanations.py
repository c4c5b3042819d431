"""Why words are similar, for the commands that tell how similar they are."""

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
    header: bool,
) -> Iterator[Callable[[Iterable[Sequence[Row]]], None]]:
    """A function that writes groups of rows about pairs of words, with what explains them if wanted.

    Args:
        vectors: the model.
        columns: of the rows.
        pair: the names of the two columns that hold the words.
        explain: whether to show what the corpus says of each pair.
        format: of the output.
        header: whether TSV and CSV begin with the names of the columns.
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
    """Writes rows about pairs of words together with what the corpus says of each pair, and keeps account of what
    there was nothing to say of; attributes are as for `pair_writer`.

    For a program the evidence is in further columns, and a pair has as many rows as it shares contexts, or one.
    For a person there are two tables: the rows, and the evidence.
    """

    vectors: "Vectors"
    columns: Sequence[Column]
    pair: tuple[str, str]
    format: OutputFormat
    _problem: WvcliError | None = None
    _unknown: bool = False

    def __post_init__(self) -> None:
        self._unshared = stderr.Tally("pairs in all share no context")

    def all_columns(self) -> tuple[Column, ...]:
        """The columns of the rows, and for a program those of the evidence."""
        return tuple(self.columns) if self._for_people else (*self.columns, *self._evidence_columns)

    @property
    def _for_people(self) -> bool:
        return resolve_format(self.format) == "table"

    @property
    def _evidence_columns(self) -> tuple[Column, ...]:
        a, b = self.pair
        return tuple(map(Column, ("context", f"{a}_place", f"{a}_text", f"{b}_place", f"{b}_text")))

    def write(self, out: Writer, groups: Iterable[Sequence[Row]]) -> None:
        """Write groups of rows, each a table of its own; the corpus is read once for all of them."""
        asked = [list(rows) for rows in groups]
        found = iter(self._contexts([self._words(row) for rows in asked for row in rows]))
        for rows in asked:
            explained = [(row, next(found)) for row in rows]
            if self._for_people:
                out.write(rows)
                self._show(explained)
            else:
                out.write((*row, *evidence) for row, shared in explained for evidence in self._evidence(shared))

    def _words(self, row: Row) -> tuple[str | None, str | None]:
        first, second = (row[[column.name for column in self.columns].index(name)] for name in self.pair)
        return first, second

    def _evidence(self, shared: "Sequence[SharedContext]") -> Iterator[Row]:
        """The values of the further columns, at least once."""
        for one in shared:
            yield one.context, one.first.place, one.first.passage, one.second.place, one.second.passage
        if not shared:
            yield (None,) * len(self._evidence_columns)

    def _show(self, explained: "Sequence[tuple[Row, list[SharedContext]]]") -> None:
        """The evidence as a table, with the words of a pair beside its first line."""
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
        if len({self._words(row)[0] for row, _ in explained}) < len(explained):  # the rows tell it already
            columns, rows = columns[1:], [row[1:] for row in rows]
        with writer(columns, self.format) as out:
            out.write(rows)

    def _contexts(self, pairs: Sequence[tuple[str | None, str | None]]) -> "list[list[SharedContext]]":
        """What the two words of each pair occur with: nothing where a word is not in the vocabulary, and nothing
        at all once the corpus was found wanting.
        """
        rows = [[None if word is None else self.vectors.index(word) for word in words] for words in pairs]
        known = [(first, second) for first, second in rows if first is not None and second is not None]
        self._unknown |= len(known) < len(rows)
        if self._problem or not known:
            return [[] for _ in pairs]
        try:
            answers = iter(self._read(known))
        except WvcliError as problem:
            self._problem = problem
            return [[] for _ in pairs]
        found = [[] if None in two else next(answers) for two in rows]
        for words, two, shared in zip(pairs, rows, found, strict=True):
            if None not in two and not shared:
                self._tell_unshared(words)
        return found

    def _read(self, pairs: Sequence[tuple[int, int]]) -> "list[list[SharedContext]]":
        from wvcli.analysis.shared_contexts import shared_contexts

        with stderr.progress_shown() as on_progress:
            return shared_contexts(self.vectors, pairs, on_progress=on_progress)

    def _tell_unshared(self, words: tuple[str | None, str | None]) -> None:
        if self._unshared.should_name():
            stderr.note(f"no word stands near both {words[0]!r} and {words[1]!r} more often than by chance")

    def finish(self) -> None:
        """Tell what was not explained; end with the exit code for it if the corpus was found wanting."""
        self._unshared.sum_up()
        if self._unknown:
            stderr.note("a word that is not in the vocabulary has no lines to show")
        if self._problem:
            stderr.error(WvcliError(f"cannot explain: {self._problem.message}", self._problem.hint))
            raise typer.Exit(self._problem.exit_code)
