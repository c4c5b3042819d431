"""`wvcli search`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.options import training as options
from wvcli.cli.questions.input import STDIN, text_batches
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import resolve_format, writer
from wvcli.errors import ExitCode, MissingWordError, UsageError

_LONGEST_SHOWN = 500  # characters of a passage in a table


def search(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY", help="A text of any length; `-` reads one per line from stdin.", show_default=False
        ),
    ],
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="Files, folders or globs to search; `-` is stdin.",
            show_default="with --index, those that it is of",
        ),
    ] = None,
    model: shared.Model = None,
    topn: Annotated[int, typer.Option("-n", min=1, metavar="N", help="Number of passages to find.")] = 10,
    by: Annotated[
        Literal["line", "paragraph", "file"],
        typer.Option("--by", help="What is found: lines, paragraphs between blank lines, or files."),
    ] = "line",
    hybrid: Annotated[
        bool, typer.Option("--hybrid", help="Rank by the words of the query, too (BM25), and fuse both rankings.")
    ] = False,
    index: Annotated[
        Path | None,
        typer.Option(
            "--index",
            metavar="FILE",
            help="Keep the passages and their vectors in this file; it is made again when a source has changed.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        Literal["mean", "sif", "usif"] | None,
        typer.Option("--method", help="How words are weighted in the mean of a text.", show_default="sif"),
    ] = None,
    use_fit: Annotated[
        Path | None,
        typer.Option(
            "--use-fit",
            metavar="FILE",
            help="Use weights and components kept by wvcli embed --save-fit.",
            show_default=False,
        ),
    ] = None,
    field: options.Field = None,
    column: options.Column = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Find the lines, paragraphs or files nearest in meaning to a text."""
    from wvcli.retrieval.encoding import TextEncoder
    from wvcli.retrieval.search import Searcher

    if query == STDIN and STDIN in (sources or []):
        raise UsageError("stdin cannot hold both the queries and the text to search")
    if use_fit and method:
        raise UsageError("--use-fit cannot be combined with --method", "what was fitted has one")
    vectors = open_vectors(model)
    encoder = TextEncoder.load(use_fit, vectors) if use_fit else TextEncoder(vectors, method=method or "sif")
    reading = {
        "field": field,
        "column": column,
        "delimiter": delimiter,
        "encoding": encoding,
        "encoding_errors": encoding_errors,
        "skip_bad": skip_bad,
    }
    is_table = resolve_format(format) == "table"
    columns = _columns(hybrid, has_query=query == STDIN or not is_table)
    missing = stderr.Tally("queries in total have no known word")
    with stderr.progress_shown() as show:
        searcher = Searcher(
            encoder, sources, by=by, index=index, reading=reading, on_progress=show, on_note=stderr.note
        )
    with writer(columns, format, header) as out:
        for batch in [[query]] if query != STDIN else text_batches(None):
            for asked in batch:
                try:
                    hits = searcher.find(asked, topn, hybrid=hybrid)
                except MissingWordError as problem:
                    if query != STDIN:
                        raise
                    missing.note(problem.message)
                else:
                    if not hits:
                        stderr.note(f"nothing was found for {asked!r}")
                    out.write(_row(asked, hit, columns, is_table) for hit in hits)
    missing.report_total()
    if missing.count:
        raise typer.Exit(ExitCode.MISSING_WORD)


def _columns(hybrid: bool, has_query: bool) -> tuple[Column, ...]:
    """Return the columns: the query where it is not plain, and the score of words where they are asked for."""
    names = [*["query"] * has_query, "rank", "similarity", *["bm25"] * hybrid, "place", "text"]
    return tuple(map(Column, names))


def _row(query: str, hit: Any, columns: tuple[Column, ...], is_table: bool) -> list[Any]:
    """Return what was found as a row; in a table the text is cut to the space that there is."""
    from wvcli.text.passages import Passage

    text = " ".join(hit.text.split()) if is_table else hit.text
    values = {
        "query": query,
        "rank": hit.rank,
        "similarity": hit.similarity,
        "bm25": hit.bm25,
        "place": hit.place,
        "text": Passage(text[:_LONGEST_SHOWN]) if is_table else text,
    }
    return [values[column.name] for column in columns]
