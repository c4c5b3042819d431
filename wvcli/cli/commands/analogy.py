"""`wvcli analogy`."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Annotated

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.questions.answers import Question, Search, answer_columns, answer_rows, leaves_out_rare
from wvcli.cli.questions.input import Questions
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.errors import UsageError

_COLUMNS = (Column("a"), Column("b"), Column("c"), *answer_columns("answer"))
_SUM_COLUMNS = (Column("positive"), Column("negative"), *answer_columns("answer"))


def analogy(
    words: shared.ThreeWords = None,
    file: shared.QuestionFile = None,
    model: shared.Model = None,
    positive: Annotated[
        list[str] | None,
        typer.Option(
            "--positive",
            metavar="WORD...",
            help="Words the answer should be near; instead of A B C.",
            autocompletion=completion.words,
        ),
    ] = None,
    negative: Annotated[
        list[str] | None,
        typer.Option(
            "--negative",
            metavar="WORD...",
            help="Words the answer should be far from.",
            autocompletion=completion.words,
        ),
    ] = None,
    method: Annotated[
        shared.Method,
        typer.Option("--method", help="add: cosine to the sum (3CosAdd); multiply: product of cosines (3CosMul)."),
    ] = "add",
    topn: shared.Topn = 10,
    restrict_top: shared.RestrictTop = None,
    rare: shared.Rare = None,
    missing: shared.MissingPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Answer A is to B as C is to ?, or any sum of words."""
    is_sum = bool(positive or negative)
    if is_sum and (words or file):
        raise UsageError(f"give either {'A B C' if words else '--file'}, or --positive and --negative")
    asked = None if is_sum else Questions(words, "three words (A is to B as C is to ?)", 3, 3, file)
    vectors = open_vectors(model)
    batches = _analogies(asked, vectors.vocabulary) if asked else iter([[_sum(positive or [], negative or [])]])
    lookup = WordLookup(
        vectors,
        missing,
        alone=False,
        command="analogy",
        unanswered_file=unanswered_file(unanswered, file),
        has_marks=resolve_format(format) == "table",
        rare=rare,
    )
    search = Search(
        partial(vectors.nearest, method=method, among=restrict_top),
        topn,
        count_rare_nearer=partial(vectors.count_rare_nearer, method=method, among=restrict_top)
        if leaves_out_rare(vectors, rare, restrict_top, None)
        else None,
    )
    with writer(_SUM_COLUMNS if is_sum else _COLUMNS, format, header) as out:
        for batch in batches:
            for rows in answer_rows(batch, lookup, search):
                out.write(rows)
    lookup.finish()


def _analogies(asked: Questions, vocabulary: Collection[str]) -> Iterator[list[Question]]:
    return ([Question((a, b, c), [b, c], [a]) for a, b, c in batch] for batch in asked.batches(vocabulary))


def _sum(positive: list[str], negative: list[str]) -> Question:
    return Question((positive, negative), positive, negative)
