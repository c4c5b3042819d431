"""`wvcli embed`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wvcli.cli.options import shared
from wvcli.cli.options import training as options
from wvcli.cli.questions.input import is_file, text_batches
from wvcli.cli.questions.opening import open_vectors
from wvcli.cli.streams import stderr, stdout
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import OutputFormat, resolve_format, writer
from wvcli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wvcli.retrieval.encoding import TextEncoder
    from wvcli.vectors.geometry import FloatArray

    Write = Callable[[Sequence[str], FloatArray], None]

Method = Literal["mean", "idf", "sif", "usif"]

_COLUMNS = (Column("text"), Column("vector"))
_SHOWN = 60  # characters of a text that a note names


def embed(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...",
            help="Texts. `-` reads one text per line from stdin; so does a pipe when no text is given.",
            show_default=False,
        ),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="SOURCE",
            help="Read the texts from this file, folder or glob instead, one per line or record; may be repeated.",
            show_default=False,
        ),
    ] = None,
    model: shared.Model = None,
    method: Annotated[
        Method | None,
        typer.Option("--method", help="How words are weighted in the mean of a text.", show_default="sif"),
    ] = None,
    components: Annotated[
        int | None,
        typer.Option(
            "--components",
            min=0,
            metavar="N",
            help="Remove N components that all texts have in common.",
            show_default="1 with sif, 5 with usif, else 0",
        ),
    ] = None,
    fit: Annotated[
        list[str] | None,
        typer.Option(
            "--fit",
            metavar="SOURCE",
            help="Find the common components, and count words for idf, in this text; may be repeated.",
            show_default="the words of the model",
        ),
    ] = None,
    save_fit: Annotated[
        Path | None,
        typer.Option(
            "--save-fit",
            metavar="FILE",
            help="Keep weights and components in this file, for --use-fit.",
            show_default=False,
        ),
    ] = None,
    use_fit: Annotated[
        Path | None,
        typer.Option(
            "--use-fit", metavar="FILE", help="Use weights and components kept by --save-fit.", show_default=False
        ),
    ] = None,
    normalize: Annotated[bool, typer.Option("--normalize", help="Scale every vector to unit length.")] = False,
    missing: Annotated[
        Literal["skip", "subword"] | None,
        typer.Option(
            "--missing",
            help="Leave out words outside the vocabulary, or make their vectors of subwords.",
            show_default="subword for FastText models, else skip",
        ),
    ] = None,
    field: options.Field = None,
    column: options.Column = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write a file: .npy, .npz, .safetensors, .parquet, .sqlite, .jsonl, .tsv or .csv.",
            show_default="stdout",
        ),
    ] = None,
    overwrite: shared.Force = False,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
) -> None:
    """Print a vector for each text: the mean of its words' vectors.

    A text without a known word gets zeros, a note, and exit code 4.
    """
    from wvcli.retrieval.writing import kind_of

    reading = {
        "field": field,
        "column": column,
        "delimiter": delimiter,
        "encoding": encoding,
        "encoding_errors": encoding_errors,
        "skip_bad": skip_bad,
    }
    if output:
        kind_of(output)
    if save_fit and not fit:
        raise UsageError("--save-fit has no effect without --fit", "name a text with --fit")
    _check_sources(texts, files, fit, reading)
    encoder = _encoder(model, method, components, fit, use_fit, missing, reading if fit else None)
    if save_fit:
        stderr.note(f"wrote the weights and components to {encoder.save(save_fit, overwrite)}")
        if not texts and not files:
            return
    batches = _encoded_files(encoder, files, reading) if files else _encoded_texts(encoder, texts)
    _note_names_of_files(texts or [])
    empty = stderr.Tally("texts in total have no word of the model, and vectors of zeros")
    count, dim = 0, encoder.vectors.dim
    with ExitStack() as stack:
        write = _writing(stack, dim, output, overwrite, format, header)
        for some, vectors, known in batches:
            count += len(some)
            for place in (known == 0).nonzero()[0].tolist():
                empty.note(f"{some[place][:_SHOWN]!r} has no word of the model; its vector is zeros")
            write(some, _scaled(vectors) if normalize else vectors)
    empty.report_total()
    if output:
        stderr.note(f"wrote {count:,} text{'' if count == 1 else 's'} of {dim:,} dimensions to {output}")
    if empty.count:
        raise typer.Exit(ExitCode.MISSING_WORD)


def _check_sources(
    texts: list[str] | None, files: list[str] | None, fit: list[str] | None, reading: dict[str, Any]
) -> None:
    """Refuse texts that are given twice, and options of files where there is none."""
    if texts and files:
        raise UsageError("the texts are given twice: as arguments, and with --file", "give them once")
    if not fit and not files and any(reading[name] for name in ("field", "column", "delimiter", "skip_bad")):
        raise UsageError("options of text files have no effect without --file or --fit")


def _encoder(
    model: Path | None,
    method: Method | None,
    components: int | None,
    fit: list[str] | None,
    use_fit: Path | None,
    missing: Literal["skip", "subword"] | None,
    reading: dict[str, Any] | None,
) -> "TextEncoder":
    """Return the encoder that the options ask for."""
    from wvcli.retrieval.encoding import TextEncoder

    if use_fit:
        if method or components is not None or fit or missing:
            given = "--fit" if fit else "--method, --components and --missing"
            raise UsageError(f"--use-fit cannot be combined with {given}", "what was fitted has them")
        return TextEncoder.load(use_fit, open_vectors(model))
    vectors = open_vectors(model)
    with stderr.progress_shown() as show:
        return TextEncoder(
            vectors,
            method=method or "sif",
            components=components,
            missing=missing,
            fit=fit or None,
            reading=reading,
            on_progress=show,
        )


def _encoded_texts(encoder: "TextEncoder", texts: list[str] | None) -> Iterator[tuple[list[str], Any, Any]]:
    """Yield texts, their vectors and how many words of each are known, as the texts arrive."""
    for batch in text_batches(texts):
        encoded = encoder.encode_some(batch)
        yield batch, encoded.vectors, encoded.known


def _encoded_files(
    encoder: "TextEncoder", files: list[str], reading: dict[str, Any]
) -> Iterator[tuple[list[str], Any, Any]]:
    """Yield the same of the texts in files."""
    from wvcli.reporting import ReadingProgress
    from wvcli.text.settings import TextSettings

    corpus = TextSettings.of(files, tokenizer=encoder.tokenizer, **reading).corpus()
    corpus.on_note = stderr.note
    with stderr.progress_shown() as show:
        corpus.on_bytes = ReadingProgress(show, corpus.size()).add
        for texts, encoded in encoder.encode_with_texts(corpus.texts(), corpus.size()):
            yield texts, encoded.vectors, encoded.known
    if corpus.skipped:
        stderr.note(f"skipped {corpus.skipped:,} lines and records that cannot be read")


def _note_names_of_files(texts: Sequence[str]) -> None:
    """Note that a text is the name of a file, whose contents may have been meant."""
    for text in texts:
        if is_file(text):
            stderr.note(f"{text!r} is taken for a text; for the texts in that file: --file {text}")


def _writing(
    stack: ExitStack, dim: int, output: Path | None, overwrite: bool, format: OutputFormat, header: bool | None
) -> "Write":
    """Return the function that writes texts and vectors where they are wanted; `stack` ends what is written."""
    from wvcli.retrieval import writing

    if output:
        return stack.enter_context(writing.embedding_file(output, dim, overwrite)).add
    lines = {
        "tsv": writing.tsv_lines,
        "csv": writing.csv_lines,
        "jsonl": writing.json_lines,
        "plain": writing.plain_lines,
    }.get(resolve_format(format))
    if lines and not stdout.is_terminal():
        kind = resolve_format(format)
        if (kind == "csv" and header is not False) or (kind == "tsv" and header):
            heading = writing.csv_heading(dim)
            stdout.data(heading if kind == "csv" else heading.replace(b",", b"\t"))
        return lambda texts, vectors: stdout.data(lines(texts, vectors))
    out = stack.enter_context(writer(_COLUMNS, format, header))
    return lambda texts, vectors: out.write(zip(texts, vectors, strict=True))


def _scaled(vectors: "FloatArray") -> "FloatArray":
    from wvcli.retrieval.encoding import scaled

    return scaled(vectors)
