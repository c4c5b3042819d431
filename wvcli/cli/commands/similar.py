"""`wvcli similar`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.questions.answers import Question, answer_columns, answer_rows, excluded_rows, rows_among
from wvcli.cli.questions.explanations import pair_writer
from wvcli.cli.questions.input import STDIN, is_alone, question_batches, word_batches
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.streams.columns import Column
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.vectors.neighbors import Neighbor
    from wvcli.vectors.word_vectors import Vectors

_COLUMNS = (Column("word"), *answer_columns("neighbor"))


def similar(
    words: shared.Words = None,
    model: shared.Model = None,
    topn: Annotated[int, typer.Option("-n", "--topn", min=1, metavar="N", help="Neighbours of each word.")] = 10,
    min_similarity: Annotated[
        float | None,
        typer.Option("--min-similarity", metavar="X", help="Leave out words less similar.", show_default=False),
    ] = None,
    restrict_top: shared.RestrictTop = None,
    among: Annotated[
        Path | None,
        typer.Option(
            "--words", metavar="FILE", help="Look only among the words in a file, one a line; `-` is stdin."
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="WORD",
            help="Leave out a word; may be repeated.",
            show_default=False,
            autocompletion=completion.words,
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Take the words, or those in a line of stdin, as one question.")
    ] = False,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Search in the index that wvcli index made: fast, not exact.")
    ] = False,
    explain: shared.Explain = False,
    missing: shared.MissingPolicy = None,
    format: shared.Format = "auto",
    header: shared.Header = False,
    quiet: shared.Quiet = False,
) -> None:
    """The nearest neighbours of words, by cosine."""
    if explain and together:
        raise UsageError("--explain is about single words, not about several taken --together")
    if str(among) == STDIN and (not words or STDIN in words):
        raise UsageError("stdin cannot hold both the words asked about and those to look among")
    if approximate and (restrict_top or among):
        raise UsageError("an index finds neighbours among all words only", "leave out --approximate")
    batches = (
        question_batches(words, "one word or more", 1, None)
        if together
        else ([[word] for word in batch] for batch in word_batches(words))
    )
    vectors = open_vectors(model)
    finder = WordLookup(vectors, missing, alone=is_alone(words))
    excluded = excluded_rows(vectors, exclude)
    search = partial(_search(vectors, restrict_top, among, approximate), min_similarity=min_similarity)
    with pair_writer(vectors, _COLUMNS, ("word", "neighbor"), explain, format, header) as write:
        for batch in batches:
            questions = [Question((" ".join(asked),), asked, []) for asked in batch]
            write(answer_rows(questions, finder, search, topn, excluded))
    finder.finish()


def _search(
    vectors: "Vectors", restrict_top: int | None, among: Path | None, approximate: bool
) -> "Callable[..., list[list[Neighbor]]]":
    """What finds neighbours: an exact search, or that in the index beside the model."""
    if not approximate:
        return partial(vectors.nearest, among=rows_among(vectors, restrict_top, among))
    from wvcli.models.index import open_index

    return open_index(vectors).nearest
