"""`wvcli train`."""

from time import perf_counter
from typing import Any

from wvcli.cli.options import shared
from wvcli.cli.options import training as on
from wvcli.cli.reports.training import interruptible_progress, training_summary
from wvcli.cli.streams import stderr
from wvcli.cli.streams.stdout import resolve_format, write_object
from wvcli.errors import UsageError


def train(
    sources: on.Sources,
    output: on.Output = None,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
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
    engine: on.Engine = "auto",
    workers: on.Workers = None,
    seed: on.Seed = None,
    early_stop: on.EarlyStop = False,
    init: on.Init = None,
    freeze: on.Freeze = False,
    freeze_until: on.FreezeUntil = None,
    like: on.Like = None,
    keep_encoded: on.KeepEncoded = None,
    checkpoint: on.Checkpoint = None,
    resume: on.Resume = False,
    min_count: on.MinCount = None,
    max_vocab: on.MaxVocab = None,
    tokenizer: on.Tokenizer = None,
    lowercase: on.Lowercase = None,
    min_length: on.MinLength = None,
    stopwords: on.Stopwords = None,
    phrases: on.Phrases = None,
    phrase_passes: on.PhrasePasses = None,
    phrase_threshold: on.PhraseThreshold = None,
    phrase_scorer: on.PhraseScorer = None,
    phrase_min_count: on.PhraseMinCount = None,
    field: on.Field = None,
    column: on.Column = None,
    encoding: on.Encoding = "utf-8",
    encoding_errors: on.EncodingErrors = "strict",
    skip_bad: on.SkipBad = False,
    dry_run: on.DryRun = False,
    exact: on.Exact = False,
    format: shared.Format = "auto",
) -> None:
    """Train word vectors from text and save them as a model file."""
    given: dict[str, Any] = dict(locals())
    given["fixed_window"] = fixed_window or None
    for name in ("sources", "output", "overwrite", "quiet", "dry_run", "exact", "format"):
        del given[name]
    from wvcli.training import train

    if dry_run:
        facts = _forecast(sources, exact, given)
        write_object(_told(facts) if resolve_format(format) == "table" else facts, format)
        return
    if exact:
        raise UsageError("--exact has no effect without --dry-run")
    started = perf_counter()
    with interruptible_progress() as (on_progress, should_stop):
        vectors = train.train(
            sources,
            output,
            overwrite=overwrite,
            on_progress=on_progress,
            on_note=stderr.note,
            should_stop=should_stop,
            **given,
        )
    stderr.summary(lambda: training_summary(vectors, None if resume else perf_counter() - started))


def _forecast(sources: list[str], exact: bool, given: dict[str, Any]) -> dict[str, Any]:
    """What the run would take, for a person to read or a program."""
    from dataclasses import fields

    from wvcli.text.settings import TextSettings
    from wvcli.tokens.kept_text import KeptText
    from wvcli.training import engines
    from wvcli.training.forecast import forecast
    from wvcli.training.preparation import resolve_inputs
    from wvcli.training.settings import TrainSettings

    tokenizer = {"name": given["tokenizer"], "lowercase": given["lowercase"], "min_length": given["min_length"]}
    how = {name: given[name] for name in ("encoding", "encoding_errors", "field", "column", "skip_bad")}
    settings = {field.name: given[field.name] for field in fields(TrainSettings)}
    text = TextSettings(tuple(sources), **how)
    source, text, wanted = resolve_inputs(text, tokenizer, given["stopwords"], settings, given["like"])
    kept = source if isinstance(source, KeptText) else None
    return forecast(text, wanted, engines.engine_called(given["engine"]), exact, kept).to_json()


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    """A forecast for a person: in the units people use, without the settings that are nobody's choice."""
    settings = facts["settings"]
    about = "" if facts["is_exact"] else "about "
    told = {"tokens": f"{about}{facts['tokens']:,}"}
    for count, words in facts["vocabulary"].items():
        told[f"words with --min-count {count}"] = f"{about}{words:,}"
    for name in ("algorithm", "architecture", "dim", "window", "epochs", "min_count", "workers"):
        told[f"--{name.replace('_', '-')}"] = str(settings[name])
    told["--engine"] = facts["engine"]
    told["vocabulary"] = f"{about}{facts['words']:,} words"
    minutes, seconds = divmod(round(facts["seconds"]), 60)
    told["time"] = f"about {minutes} min {seconds} s" if minutes else f"about {seconds} s"
    for name, label in (("memory", "memory"), ("disk", "temporary files"), ("file", "model file")):
        told[label] = f"about {facts[name] / 1e6:,.0f} MB"
    return told
