"""`wvcli update`."""

from pathlib import Path
from typing import Annotated

import typer

from wvcli.cli.options import completion, shared
from wvcli.cli.options import training as options
from wvcli.cli.questions.opening import named_first
from wvcli.cli.reports.training import TrainingTime, interruptible_progress, training_summary
from wvcli.cli.streams import stderr


def update(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL SOURCE...",
            help="The model to train further; then text as for train. With -m, all are text.",
            show_default=False,
        ),
    ],
    model: shared.OneModel = None,
    output: Annotated[Path | None, shared.output("MODEL itself, with --force")] = None,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
    epochs: Annotated[int | None, options.of_the_model(options.Epochs)] = None,
    alpha: Annotated[float | None, options.of_the_model(options.Alpha)] = None,
    min_alpha: Annotated[float | None, options.of_the_model(options.MinAlpha)] = None,
    min_count: Annotated[int | None, options.of_the_model(options.MinCount)] = None,
    sample: Annotated[float | None, options.of_the_model(options.Sample)] = None,
    workers: Annotated[int | None, options.of_the_model(options.Workers)] = None,
    seed: Annotated[int | None, options.of_the_model(options.Seed)] = None,
    engine: Annotated[options.EngineName, options.of_the_model(options.Engine)] = "auto",
    field: options.Field = None,
    column: options.Column = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            help="For imported models: how the text is split into words. [default: whitespace]",
            show_default=False,
            metavar="NAME",
            autocompletion=completion.tokenizers,
            rich_help_panel="Text",
        ),
    ] = None,
    lowercase: Annotated[
        bool | None,
        typer.Option(
            "--lowercase/--keep-case",
            help="For imported models: write words in lower case, or leave them as they are. [default: keep-case]",
            show_default=False,
            rich_help_panel="Text",
        ),
    ] = None,
) -> None:
    """Train a model further on more text, and learn the new words in it."""
    from wvcli.training import train as training

    named, sources = named_first(names, model, "a model and text")
    time = TrainingTime()
    with interruptible_progress() as (on_progress, _):
        vectors = training.update(
            named,
            sources,
            output,
            encoding=encoding,
            encoding_errors=encoding_errors,
            field=field,
            column=column,
            delimiter=delimiter,
            skip_bad=skip_bad,
            tokenizer=tokenizer,
            lowercase=lowercase,
            engine=engine,
            overwrite=overwrite,
            on_progress=time.watched(on_progress),
            on_note=stderr.note,
            epochs=epochs,
            alpha=alpha,
            min_alpha=min_alpha,
            min_count=min_count,
            sample=sample,
            workers=workers,
            seed=seed,
        )
    stderr.summary(lambda: training_summary(vectors, time))
