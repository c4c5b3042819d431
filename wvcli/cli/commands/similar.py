"""`wvcli similar`."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.questions.answers import (
    Question,
    Search,
    answer_columns,
    answer_rows,
    excluded_rows,
    leaves_out_rare,
    rows_among,
)
from wvcli.cli.questions.explanations import pair_writer
from wvcli.cli.questions.input import STDIN, Questions, is_alone, word_batches
from wvcli.cli.questions.lookup import Crossing, WordLookup
from wvcli.cli.questions.opening import open_alignment, open_vectors
from wvcli.cli.questions.unanswered import unanswered_file
from wvcli.cli.questions.vector_lines import vector_questions
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format
from wvcli.errors import UsageError

if TYPE_CHECKING:
    from wvcli.models.index import Index
    from wvcli.vectors.word_vectors import Vectors

_TOPN = 10  # neighbours, if the user says nothing of how many or how near
_COLUMNS = (Column("word"), *answer_columns("neighbor"))


def similar(
    words: shared.Words = None,
    file: shared.QuestionFile = None,
    model: shared.Model = None,
    topn: Annotated[
        int | None,
        typer.Option(
            "-n",
            min=1,
            metavar="N",
            help="Number of neighbours of each word.",
            show_default="10, or with --min-similarity all",
        ),
    ] = None,
    vector: Annotated[
        Path | None,
        typer.Option(
            "--vector",
            metavar="FILE",
            help="Find the words near the vectors in this file, as vector and embed print them; `-` is stdin.",
            show_default=False,
        ),
    ] = None,
    min_similarity: Annotated[
        float | None,
        typer.Option(
            "--min-similarity",
            min=-1,
            max=1,
            metavar="X",
            help="Leave out less similar words; without -n, find all that are as similar.",
            show_default=False,
        ),
    ] = None,
    unique_pairs: Annotated[
        bool,
        typer.Option("--unique-pairs", help="Write each pair of words once, where it comes first."),
    ] = False,
    restrict_top: shared.RestrictTop = None,
    among: Annotated[
        Path | None,
        typer.Option(
            "--words",
            metavar="FILE",
            help="Search only the words in this file, one per line; `-` is stdin. The file of --file gives the "
            "pairs among its own words.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="WORD",
            help="Leave out this word; may be repeated.",
            show_default=False,
            autocompletion=completion.words,
        ),
    ] = None,
    rare: shared.Rare = None,
    together: Annotated[
        bool, typer.Option("--together", help="Take all the words, or all in a line of stdin, as one question.")
    ] = False,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Search the index made by wvcli index: fast, but not exact.")
    ] = False,
    alignment: Annotated[
        Path | None,
        typer.Option(
            "-a",
            "--alignment",
            metavar="FILE",
            help="Ask one of two aligned models, the target or that of -m, with words of the other.",
            show_default=False,
        ),
    ] = None,
    explain: shared.Explain = False,
    missing: shared.MissingPolicy = None,
    unanswered: shared.Unanswered = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Find the nearest neighbours of words, by cosine similarity."""
    if unique_pairs and together:
        raise UsageError("--unique-pairs is about pairs of words and cannot be combined with --together")
    if explain and together:
        raise UsageError("--explain takes each word on its own and cannot be combined with --together")
    if vector:
        _refuse_words_beside_vectors(words, file, together, explain, missing)
    from_stdin = not words or STDIN in words if (file or vector) is None else str(file or vector) == STDIN
    if str(among) == STDIN and from_stdin:
        raise UsageError("stdin cannot hold both the words to look up and those of --words")
    if approximate and (restrict_top or among):
        raise UsageError("an index searches all words, not a part of them", "leave out --approximate")
    joined = Questions(words, "one word or more", 1, None, file) if together else None
    vectors, crossing = _opened(model, alignment, approximate or explain)
    answers = vectors if crossing is None else crossing.answers
    vocabulary = vectors.vocabulary
    questions: Iterator[list[Question]]
    if vector:
        questions = vector_questions(vector, vectors.dim)
    elif joined:
        questions = (
            [Question((" ".join(asked),), asked, []) for asked in batch] for batch in joined.batches(vocabulary)
        )
    else:
        batches = word_batches(words, vocabulary, file)
        questions = ([Question((word,), [word], []) for word in batch] for batch in batches)
    threshold = "" if min_similarity is None else f" has similarity >= {min_similarity:g}"
    lookup = WordLookup(
        vectors,
        missing,
        alone=is_alone(words),
        command="similar",
        unanswered=f"no neighbour of {{}}{threshold or ' was found'}",
        unanswered_file=unanswered_file(unanswered, file),
        has_marks=resolve_format(format) == "table",
        rare=rare,
        crossing=crossing,
    )
    excluded = excluded_rows(answers, exclude)
    space, places = _space(answers, restrict_top, among, approximate)
    search = Search(
        partial(space.nearest, **places),
        topn or (_TOPN if min_similarity is None else None),
        min_similarity,
        partial(space.count_rare_nearer, **places)
        if leaves_out_rare(answers, rare, restrict_top, among)
        else None,
        excluded,
        set() if unique_pairs else None,
    )
    with pair_writer(vectors, _COLUMNS, ("word", "neighbor"), explain, format, header) as write:
        for batch in questions:
            write(answer_rows(batch, lookup, search))
    lookup.finish()


def _refuse_words_beside_vectors(
    words: list[str] | None, file: Path | None, together: bool, explain: bool, missing: str | None
) -> None:
    """Refuse what is about words where vectors are asked about.

    Raises:
        UsageError: there is something of the kind.
    """
    if words or file:
        raise UsageError("--vector takes the place of words", "ask about one or the other")
    for option, is_given in (("--together", together), ("--explain", explain), ("--missing", missing)):
        if is_given:
            raise UsageError(f"{option} is about words and cannot be combined with --vector")


def _opened(model: Path | None, alignment: Path | None, has_needs: bool) -> "tuple[Vectors, Crossing | None]":
    """Return the model in which words are looked up, and the way to the one that is asked, if that is another.

    Args:
        model: the model to ask; None for the target of the alignment, or else for the default.
        alignment: the alignment, if the words are of another model.
        has_needs: whether the index or the corpus of the model is needed, which have nothing across languages.

    Raises:
        UsageError: `model` is neither of the two that are aligned, or they cannot do what is asked.
    """
    if alignment is None:
        return open_vectors(model), None
    if has_needs:
        raise UsageError("--alignment cannot be combined with --approximate or --explain")
    opened = open_alignment(alignment)
    words, answers = opened.source, opened.target
    if model is not None and not _is_file_of(answers.vectors, model):
        if _is_file_of(words.vectors, model):
            words, answers = answers, words
        elif str(model) != os.environ.get("WVCLI_MODEL"):  # which is meant for questions of one model
            raise UsageError(
                f"{model} is not one of the models that {alignment} aligns",
                f"they are {words.vectors.path} and {answers.vectors.path}",
            )
    stderr.note(f"words of {words.vectors.path}, neighbours in {answers.vectors.path}")
    return words.vectors, Crossing(words.map, answers.in_common_space())


def _is_file_of(vectors: "Vectors", path: Path) -> bool:
    return vectors.path is not None and path.exists() and vectors.path.samefile(path)


def _space(
    vectors: "Vectors", restrict_top: int | None, among: Path | None, approximate: bool
) -> "tuple[Vectors | Index, dict[str, Any]]":
    """Return what finds neighbours, the vectors or the index beside them, and where in it to look."""
    if not approximate:
        return vectors, {"among": rows_among(vectors, restrict_top, among)}
    from wvcli.models.index import open_index

    return open_index(vectors), {}
