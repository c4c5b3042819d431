"""`wvcli train`."""

from time import perf_counter
from typing import Any

from wvcli.cli import console, options
from wvcli.cli import train_options as on
from wvcli.cli.report import training_summary, watched


def train(
    sources: on.Sources,
    output: on.Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    algorithm: on.Algorithm = "auto",
    architecture: on.Architecture = "auto",
    dim: on.Dim = None,
    window: on.Window = None,
    fixed_window: on.FixedWindow = False,
    min_n: on.MinN = None,
    max_n: on.MaxN = None,
    buckets: on.Buckets = None,
    epochs: on.Epochs = None,
    loss: on.Loss = None,
    negative: on.Negative = None,
    noise_exponent: on.NoiseExponent = None,
    sample: on.Sample = None,
    alpha: on.Alpha = None,
    min_alpha: on.MinAlpha = None,
    workers: on.Workers = None,
    seed: on.Seed = None,
    early_stop: on.EarlyStop = False,
    init: on.Init = None,
    freeze: on.Freeze = False,
    freeze_until: on.FreezeUntil = None,
    like: on.Like = None,
    checkpoint: on.Checkpoint = None,
    resume: on.Resume = False,
    min_count: on.MinCount = None,
    max_vocab: on.MaxVocab = None,
    tokenizer: on.Tokenizer = "auto",
    lowercase: on.Lowercase = True,
    min_length: on.MinLength = 1,
    stopwords: on.Stopwords = None,
    field: on.Field = None,
    column: on.Column = None,
    encoding: on.Encoding = "utf-8",
    encoding_errors: on.EncodingErrors = "strict",
    skip_bad: on.SkipBad = False,
) -> None:
    """Train word vectors from text and save them as a model file."""
    given: dict[str, Any] = dict(locals())
    for name in ("sources", "output", "force", "quiet", "stopwords"):
        del given[name]
    for name in ("algorithm", "architecture"):
        given[name] = None if given[name] == "auto" else given[name]
    started = perf_counter()
    from wvcli import training
    from wvcli.corpus import read_words

    with watched() as (on_progress, should_stop):
        vectors = training.train(
            sources,
            output,
            stopwords=read_words(stopwords) if stopwords else (),
            overwrite=force,
            on_progress=on_progress,
            should_stop=should_stop,
            **given,
        )
    console.summary(lambda: training_summary(vectors, perf_counter() - started))
