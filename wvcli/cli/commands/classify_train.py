"""`wvcli classify train`."""

from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from wvcli.cli.options import classification as options
from wvcli.cli.options import shared
from wvcli.cli.options import training as text_options
from wvcli.cli.reports.classification import training_summary, trial_note
from wvcli.cli.reports.training import stop_on_request
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import write_object


def train(
    sources: options.LabelledSources,
    output: Annotated[
        Path | None,
        shared.output("the first source's name with .classifier.safetensors"),
    ] = None,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
    test: Annotated[
        list[str] | None,
        typer.Option("--test", metavar="SOURCE...", help="Labelled texts to judge on.", show_default=False),
    ] = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            "--holdout",
            metavar="SHARE",
            help="Share of the texts to judge on, between 0 and 1.",
            show_default="5 folds, or 0.1 where learning takes long",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", metavar="N", help="Judge on all texts in N parts.", show_default=False),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors",
            metavar="MODEL",
            help="Model of word vectors, which help where labelled texts are few.",
            show_default=False,
        ),
    ] = None,
    ngrams: Annotated[int, typer.Option("--ngrams", metavar="N", help="Words in the longest n-gram.")] = 2,
    characters: Annotated[
        str,
        typer.Option(
            "--characters", metavar="MIN-MAX", help="Shortest and longest n-gram of characters in a word, or none."
        ),
    ] = "2-5",
    min_count: Annotated[
        int | None,
        typer.Option(
            "--min-count",
            metavar="N",
            help="Leave out n-grams that fewer than N texts have.",
            show_default="1 for up to 3,000 texts, else 2",
        ),
    ] = None,
    c: Annotated[
        float | None,
        typer.Option(
            "--c",
            metavar="X",
            help="How closely the texts are followed: the inverse of regularisation.",
            show_default="chosen on texts held out; 0.3 where learning takes long",
        ),
    ] = None,
    balance: Annotated[
        options.Balance,
        typer.Option("--balance", help="Weigh labels as if all were as frequent; sqrt goes halfway there."),
    ] = "none",
    multilabel: Annotated[
        bool | None,
        typer.Option(
            "--multilabel/--single-label",
            help="Whether a text may have any number of labels.",
            show_default="whether one has several",
        ),
    ] = None,
    max_size: Annotated[
        float | None,
        typer.Option(
            "--max-size",
            metavar="MB",
            help="Megabytes of the file: leave out what matters least.",
            show_default=False,
        ),
    ] = None,
    tune: Annotated[
        float | None,
        typer.Option(
            "--tune",
            metavar="MINUTES",
            help="Try other settings for so long, and take the best; Ctrl-C ends the trials.",
            show_default=False,
        ),
    ] = None,
    workers: options.Workers = None,
    dry_run: text_options.DryRun = False,
    label_column: options.LabelColumn = None,
    column: options.Column = None,
    weight_column: options.WeightColumn = None,
    label_field: options.LabelField = None,
    field: options.Field = None,
    weight_field: options.WeightField = None,
    label_separator: options.LabelSeparator = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
    tokenizer: options.Tokenizer = None,
    lowercase: options.Lowercase = None,
    format: text_options.ForecastFormat = "auto",
) -> None:
    """Train a classifier on texts with labels, and say how good it is on texts it did not see."""
    where = options.where(locals())
    from wvcli.classification.forecast import forecast
    from wvcli.classification.settings import ClassifierSettings
    from wvcli.classification.train import default_output, train_classifier
    from wvcli.text.tokenizers import TokenizerSettings

    lengths = options.characters(characters)
    if dry_run:
        settings = ClassifierSettings(
            ngrams=ngrams, characters=lengths, min_count=min_count, c=c, balance=balance, multilabel=multilabel
        )
        words = TokenizerSettings(name=tokenizer or "auto", lowercase=lowercase is not False)
        write_object(forecast(sources, settings, words, where, workers, stderr.note).to_json(), format)
        return
    started = perf_counter()
    chosen = output or default_output(sources)
    stopping = nullcontext(lambda: False) if tune is None else stop_on_request(0, "making no more trials")
    with stderr.progress_shown() as show, stopping as should_stop:
        classifier = train_classifier(
            sources,
            chosen,
            test=test,
            holdout=holdout,
            folds=folds,
            vectors=vectors,
            ngrams=ngrams,
            characters=lengths,
            min_count=min_count,
            c=c,
            balance=balance,
            multilabel=multilabel,
            max_size=max_size,
            tune=tune,
            workers=workers,
            tokenizer=tokenizer or "auto",
            lowercase=lowercase is not False,
            overwrite=overwrite,
            on_progress=show,
            on_note=stderr.note,
            on_trial=lambda tried: stderr.note(trial_note(tried)),
            should_stop=should_stop,
            **where,
        )
    took = perf_counter() - started
    stderr.summary(lambda: training_summary(classifier, took))
