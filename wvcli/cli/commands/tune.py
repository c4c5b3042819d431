"""`wvcli tune`."""

from dataclasses import fields
from typing import Annotated, Any

import typer

from wvcli.cli.options import shared
from wvcli.cli.options import training as options
from wvcli.cli.reports import tuning as report
from wvcli.cli.reports.training import stop_on_request
from wvcli.cli.streams import stderr
from wvcli.errors import InterruptedRunError
from wvcli.training.settings import TrainSettings

_TEXT = (
    "tokenizer",
    "lowercase",
    "min_length",
    "stopwords",
    "field",
    "column",
    "delimiter",
    "encoding",
    "encoding_errors",
    "skip_bad",
)


def tune(
    sources: options.Sources,
    output: options.Output = None,
    overwrite: shared.Force = False,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FILE",
            help="Test set to score by, as for evaluate; may be repeated. Or wordsim353, simlex999 or "
            "questions-words, which are English.",
            show_default="neighbours that two halves of the text agree on",
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="N", help="Time for all of it, reading included.")
    ] = 10,
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials",
            min=1,
            metavar="N",
            help="Make N trials at most.",
            show_default="as many as there is time for",
        ),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory",
            metavar="GB",
            help="Begin no trial that would take more memory.",
            show_default="what the computer has left",
        ),
    ] = None,
    format: shared.Format = "auto",
    header: shared.Header = None,
    quiet: shared.Quiet = False,
    algorithm: options.Algorithm = "auto",
    architecture: options.Architecture = "auto",
    dim: options.Dim = None,
    window: options.Window = None,
    fixed_window: options.FixedWindow = False,
    min_n: options.MinN = None,
    max_n: options.MaxN = None,
    buckets: options.Buckets = None,
    epochs: options.Epochs = None,
    loss: options.Loss = None,
    negative: options.Negative = None,
    noise_exponent: options.NoiseExponent = None,
    sample: options.Sample = None,
    alpha: options.Alpha = None,
    min_alpha: options.MinAlpha = None,
    engine: options.Engine = "auto",
    workers: options.Workers = None,
    seed: options.Seed = None,
    min_count: options.MinCount = None,
    max_vocab: options.MaxVocab = None,
    tokenizer: options.Tokenizer = None,
    lowercase: options.Lowercase = None,
    min_length: options.MinLength = None,
    stopwords: options.Stopwords = None,
    phrases: options.Phrases = None,
    phrase_passes: options.PhrasePasses = None,
    phrase_threshold: options.PhraseThreshold = None,
    phrase_scorer: options.PhraseScorer = None,
    phrase_min_count: options.PhraseMinCount = None,
    field: options.Field = None,
    column: options.Column = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    encoding_errors: options.EncodingErrors = "strict",
    skip_bad: options.SkipBad = False,
) -> None:
    """Try settings within a budget, and keep the best model.

    Epochs, window, dimensions, architecture and algorithm are tried; what is given here stays as it is.
    """
    given = dict(locals())
    from wvcli.training import tune as tuning

    text: dict[str, Any] = {name: given[name] for name in _TEXT}
    # GloVe is not tried, and its settings are no options here.
    settings = {each.name: given[each.name] for each in fields(TrainSettings) if each.name in given}
    shown = report.Trials(format, header)
    try:
        with stderr.progress_shown() as on_progress, stop_on_request(0, report.STOPPING) as should_stop:
            found = tuning.tune(
                sources,
                output,
                sets=sets or (),
                minutes=minutes,
                trials=trials,
                memory=memory,
                engine=engine,
                overwrite=overwrite,
                on_progress=on_progress,
                on_note=stderr.note,
                on_trial=shown.add,
                should_stop=should_stop,
                **text,
                **(settings | {"fixed_window": fixed_window or None}),
            )
    except KeyboardInterrupt:
        shown.write()
        raise InterruptedRunError("interrupted", shown.what_is_left(bool(sets))) from None
    shown.write()
    for note in (*report.notes(found), *report.kept(found)):
        stderr.note(note)
    if found.interrupted:
        raise typer.Exit(InterruptedRunError.exit_code)
