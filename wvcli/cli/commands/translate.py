"""`wvcli translate`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.input import is_alone, word_batches
from wvcli.cli.questions.lookup import WordLookup
from wvcli.cli.questions.opening import open_alignment
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import OutputFormat, writer
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.vectors.bilingual import Alignment, By, Translation
    from wvcli.vectors.word_vectors import Lookup

_TOPN = 5  # translations, if the user says nothing of how many
_BATCH = 1_024  # words of a whole dictionary that are translated together
_COLUMNS = (
    Column("word"),
    Column("rank", table_only=True, gives_way=3),
    Column("translation"),
    Column("similarity"),
    Column("csls", gives_way=2),
    Column("mutual"),
    Column("count", table_only=True, gives_way=1),
)


def translate(
    words: shared.Words = None,
    file: shared.QuestionFile = None,
    alignment: shared.Alignment = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Translate words of the target.")] = False,
    topn: Annotated[
        int | None,
        typer.Option(
            "-n", min=1, metavar="N", help="Number of translations of each word.", show_default="5, with --all 1"
        ),
    ] = None,
    mutual: Annotated[
        bool, typer.Option("--mutual", help="Leave out words to which another word than the one asked is nearer.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Translate all words, most frequent first, and write word and translation alone, "
            "as align --dictionary reads them.",
        ),
    ] = False,
    nearest: Annotated[
        bool, typer.Option("--nearest", help="Rank by cosine, not by CSLS, which corrects it for hubs.")
    ] = False,
    min_count: Annotated[
        int,
        typer.Option("--min-count", min=1, metavar="N", help="Leave out translations that occur less often."),
    ] = 1,
    missing: shared.MissingPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Find the translations of words, by two aligned models."""
    if whole and (words or file):
        raise UsageError("--all translates all words, and none can be named", "leave out one of them")
    opened = open_alignment(alignment)
    if reverse:
        opened = opened.reversed
    by: By = "cosine" if nearest else "csls"
    if whole:
        _write_dictionary(opened, topn or 1, by, min_count, mutual, format, header)
        return
    lookup = WordLookup(
        opened.source.vectors,
        missing,
        alone=is_alone(words),
        command="translate",
        unanswered="no translation of {}",
        unanswered_file=unanswered_file(unanswered, file),
        hint=lambda word: _hint_at_other_side(opened, word, reverse),
    )
    with writer(_COLUMNS, format, header) as out:
        for batch in word_batches(words, lookup.vectors.vocabulary, file):
            found = [lookup.find_all([word]) for word in batch]
            known = [word[0] for word in found if word is not None]
            answers = iter(opened.nearest(known, topn or _TOPN, by=by, min_count=min_count, mutual=mutual))
            near = (next(answers) if looked_up is not None else None for looked_up in found)
            out.write(row for asked, some in zip(batch, near, strict=True) for row in _rows(asked, some, lookup))
    lookup.finish()


def _rows(asked: str, near: "list[Translation] | None", lookup: WordLookup) -> Iterator[Row]:
    """Yield the rows of a word; with `--missing null` one without values where there is no translation.

    Args:
        asked: the word.
        near: its translations; None where the word is missing.
        lookup: reports a word that has none.
    """
    if near is not None and not near:
        lookup.report_unanswered([asked])
    for rank, one in enumerate(near or (), 1):
        yield asked, rank, one.word, one.similarity, one.csls, one.mutual, one.count
    if not near and lookup.policy == "null":
        yield asked, *[None] * (len(_COLUMNS) - 1)


def _hint_at_other_side(alignment: "Alignment", word: str, reverse: bool) -> str:
    """Return how to ask about a word that only the other model has; nothing if it has none such."""
    other = alignment.target.vectors
    if word not in other:
        return ""
    return f"{other.path} has it: {'leave out --reverse' if reverse else '--reverse translates from there'}"


def _write_dictionary(
    alignment: "Alignment",
    topn: int,
    by: "By",
    min_count: int,
    mutual: bool,
    format: OutputFormat,
    header: bool | None,
) -> None:
    with writer((Column("word"), Column("translation")), format, header) as out:
        batch: list[Lookup] = []
        for word in alignment.words_of_source():
            batch.append(word)
            if len(batch) == _BATCH:
                out.write(_pairs(alignment, batch, topn, by, min_count, mutual))
                batch = []
        if batch:
            out.write(_pairs(alignment, batch, topn, by, min_count, mutual))


def _pairs(
    alignment: "Alignment", batch: "list[Lookup]", topn: int, by: "By", min_count: int, mutual: bool
) -> Iterator[Row]:
    answers = alignment.nearest(batch, topn, by=by, min_count=min_count, mutual=mutual)
    return ((word.word, one.word) for word, near in zip(batch, answers, strict=True) for one in near)
