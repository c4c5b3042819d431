"""`wvcli train`."""

import os
from pathlib import Path
from shlex import quote
from typing import Any

from wvcli.cli.options import shared
from wvcli.cli.options import training as options
from wvcli.cli.reports.training import (
    SAVED_FROM,
    TrainingTime,
    interruptible_progress,
    readable_forecast,
    training_summary,
)
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import resolve_format, write_object
from wvcli.errors import UsageError


def train(
    sources: options.SourcesOrNone = None,
    output: options.Output = None,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
    algorithm: options.Algorithm = "auto",
    architecture: options.Architecture = "auto",
    dim: options.Dim = None,
    window: options.Window = None,
    fixed_window: options.FixedWindow = False,
    unknown_words: options.UnknownWords = "auto",
    min_n: options.MinN = None,
    max_n: options.MaxN = None,
    buckets: options.Buckets = None,
    x_max: options.XMax = None,
    glove_alpha: options.GloveAlpha = None,
    glove_memory: options.GloveMemory = None,
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
    early_stop: options.EarlyStop = False,
    init: options.Init = None,
    freeze: options.Freeze = False,
    freeze_until: options.FreezeUntil = None,
    like: options.Like = None,
    keep_encoded: options.KeepEncoded = None,
    checkpoint: options.Checkpoint = None,
    resume: options.Resume = False,
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
    dry_run: options.DryRun = False,
    exact: options.Exact = False,
    cluster: options.Cluster = None,
    work: options.Work = None,
    replicas: options.Replicas = 1,
    rounds: options.Rounds = None,
    format: options.ForecastFormat = "auto",
) -> None:
    """Train word vectors from text and save them as a model file."""
    from wvcli.models.model_file import is_checkpoint
    from wvcli.training import train as training

    sources = sources or []
    if not sources and (dry_run or not resume):
        raise UsageError("missing argument 'SOURCE...'", "see wvcli train --help")
    text: dict[str, Any] = {
        "tokenizer": tokenizer,
        "lowercase": lowercase,
        "min_length": min_length,
        "stopwords": stopwords,
        "encoding": encoding,
        "encoding_errors": encoding_errors,
        "field": field,
        "column": column,
        "delimiter": delimiter,
        "skip_bad": skip_bad,
    }
    model: dict[str, Any] = {
        "like": like,
        "init": init,
        "freeze": freeze,
        "freeze_until": freeze_until,
        "engine": engine,
        "algorithm": algorithm,
        "architecture": architecture,
        "loss": loss,
        "dim": dim,
        "window": window,
        "fixed_window": fixed_window or None,
        "epochs": epochs,
        "min_count": min_count,
        "max_vocab": max_vocab,
        "negative": negative,
        "noise_exponent": noise_exponent,
        "sample": sample,
        "alpha": alpha,
        "min_alpha": min_alpha,
        "min_n": min_n,
        "max_n": max_n,
        "buckets": buckets,
        "x_max": x_max,
        "glove_alpha": glove_alpha,
        "glove_memory": glove_memory,
        "unknown_words": unknown_words,
        "workers": workers,
        "seed": seed,
        "phrases": phrases,
        "phrase_passes": phrase_passes,
        "phrase_threshold": phrase_threshold,
        "phrase_scorer": phrase_scorer,
        "phrase_min_count": phrase_min_count,
    }
    distributed: dict[str, Any] = {"cluster": cluster, "work": work, "replicas": replicas, "rounds": rounds}
    if dry_run:
        if cluster is not None:
            raise UsageError("--dry-run forecasts a run on this machine, not on a --cluster")
        forecast = training.plan(sources, exact=exact, **text, **model).to_json()
        write_object(readable_forecast(forecast) if resolve_format(format) == "table" else forecast, format)
        return
    if exact:
        raise UsageError("--exact has no effect without --dry-run")
    if format != os.environ.get("WVCLI_FORMAT", "auto"):
        raise UsageError("--format has no effect without --dry-run")
    time = TrainingTime()
    run = _run_meant(sources, output) if resume else None
    if not resume and is_checkpoint(Path(sources[0])):
        hint = f"continue it with wvcli train --resume {quote(sources[0])}"
        raise UsageError(f"{sources[0]} is no text, but an unfinished run", hint)
    with interruptible_progress(0 if checkpoint or resume else SAVED_FROM) as (on_progress, should_stop):
        more: dict[str, Any] = {
            "overwrite": overwrite,
            "keep_encoded": keep_encoded,
            "checkpoint": checkpoint,
            "early_stop": early_stop,
            "on_progress": time.watched(on_progress),
            "on_note": stderr.note,
            "should_stop": should_stop,
            **distributed,
        }
        if sources and not run:
            vectors = training.train(sources, output, resume=resume, **more, **text, **model)
        else:
            vectors = training.resume(run, **more, **text, **model)
    stderr.summary(lambda: training_summary(vectors, time))


def _run_meant(sources: list[str], output: Path | None) -> Path | None:
    """Return the run that is named in place of a text, or by its model file alone; None where none is.

    Raises:
        UsageError: the model file named is not that of the run.
    """
    from wvcli.training.unfinished import is_run, model_of

    if not sources:
        return output
    if len(sources) > 1 or not is_run(sources[0]):
        return None
    run = Path(sources[0])
    if output not in (None, model_of(run)):
        raise UsageError(f"{run} writes {model_of(run)}, not {output}", "leave out --output")
    return run
