"""From sources to model file: new models, models trained further, and what a run would take."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus, Names
from wvcli.text.settings import Source, Sources, TextSettings
from wvcli.text.sources import IN_MEMORY, STDIN, folder_name, is_folder, stem
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.kept_text import KeptText
from wvcli.training import engines, record
from wvcli.training.checkpoints import checkpoint_folder
from wvcli.training.distribution import Distribution, shared_folder
from wvcli.training.job import Job
from wvcli.training.request import Request, TokenizerChoice
from wvcli.training.settings import auto_settings
from wvcli.training.starting_points import InitialVectors, ModelToUpdate
from wvcli.training.unfinished import UnfinishedRun, find_run, model_of, refuse_differences
from wvcli.vectors.word_vectors import Vectors

if TYPE_CHECKING:
    from wvcli.training.forecast import Forecast

_CHECKPOINT_MINUTES = 10.0  # between two checkpoints; a run that is likely to last longer has them by default
_SLOW_SPEED = 100_000  # tokens per second that one worker trains at 100 dimensions, on a slow machine
_UPDATABLE_SETTINGS = {"epochs", "alpha", "min_alpha", "min_count", "sample", "workers", "seed"}


def train(
    sources: Sources,
    output: Source | None = None,
    *,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    min_length: int | None = None,
    stopwords: Sequence[str] | Path | None = None,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: Names = None,
    column: Names = None,
    delimiter: str | None = None,
    skip_bad: bool = False,
    like: Source | None = None,
    init: Source | None = None,
    freeze: bool = False,
    freeze_until: int | None = None,
    engine: str = engines.AUTO,
    keep_encoded: Source | None = None,
    overwrite: bool = False,
    checkpoint: float | None = None,
    resume: bool = False,
    early_stop: bool = False,
    cluster: str | None = None,
    work: Source | None = None,
    replicas: int = 1,
    rounds: int | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Vectors:
    """Train word vectors from text and save them as a model file.

    Args:
        sources: a file, folder, glob, address, or `-` for standard input; or a list of them; or a folder made by
            `keep_encoded`. Or texts in memory: an iterator of strings, a column of pandas or Polars, or a list or
            iterator of lists of tokens, which are taken for words as they are unless a tokenizer is named.
        output: the model file to write; its suffix `.safetensors` may be left out. By default it is named after
            the first source, in the current folder.
        tokenizer: how the text is split into words: `auto` (the default), `unicode`, `romance`, `whitespace`,
            `chinese`, `japanese`, `korean`, `icu` or `regex:PATTERN`.
        lowercase: whether words are written in lower case, as they are by default.
        min_length: leave out words of fewer characters.
        stopwords: words to leave out, or the path of a file with one word per line.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is, as `a.b`; of a list of several, each is a text of its
            own.
        column: which column of CSV, TSV or Parquet holds the text; a list of several as for `field`.
        delimiter: what stands between the cells of a table: a character, or `tab`; None is told from the file.
        skip_bad: skip lines and records that cannot be read, and count them.
        like: a model whose settings and tokenizer are used where none are given here.
        init: vectors to start from, in any format that wvcli reads (Word2Vec only).
        freeze: keep the vectors from `init` as they are.
        freeze_until: keep the vectors from `init` as they are for the first epochs, this many.
        engine: what trains: `gensim`, `fast`, or `auto`, which takes that of the run that is resumed, or else the
            fast one if training is long.
        keep_encoded: a new folder in which to keep the text as numbers, so that further models can be trained from
            that folder without reading the sources again.
        overwrite: replace an existing model file, and delete the checkpoint of an unfinished run.
        checkpoint: minutes between two checkpoints; 0 for none before the run is stopped; None for ten minutes if
            the run is likely to take longer than that.
        resume: continue from the checkpoint of an unfinished run with the same output and arguments, for which
            `wvcli.resume` need not be given any; with `overwrite`, start a run if there is none.
        early_stop: stop before the last epoch when the loss hardly falls any more.
        cluster: the address of a cluster that reads the text and trains, such as `spark://host:7077`, `local[2]`
            for Spark on this machine, or `processes[2]` for processes without Spark.
        work: a folder that all machines of the cluster reach, and this one too: a path, or an address such as
            `s3://bucket/folder`.
        replicas: copies of the model that the cluster trains at the same time; with more than one, the vectors are
            not those of one machine.
        rounds: how often the replicas are combined in an epoch; None to choose.
        on_progress: called with the progress of the run, possibly from another thread.
        on_note: called with notes for the user, a line each.
        should_stop: called every few seconds of training; True saves the run beside the model file and stops it.
        settings: hyper-parameters, each by its name; one that is not given, or is None, is chosen by the size of
            the text (auto), or is as said here:

            * `algorithm` (auto: `word2vec`), or `fasttext` for subword vectors, or `glove`; `architecture` (auto:
              `skipgram`), or `cbow`; `loss` (`negative`), or `hierarchical`.
            * `dim` (auto), the length of a vector; `window` (auto: 5 or 10), words of context on each side;
              `fixed_window` (False), always the whole window.
            * `epochs` (auto), passes over the text; `alpha` (0.025) and `min_alpha` (0.0001), the learning rate at
              the start and at the end; `workers` (auto: the processors), threads; `seed` (1).
            * `min_count` (auto), leave out words that occur less often; `max_vocab` (None), keep this many words;
              `sample` (0.001), the share of the text above which a word is subsampled, 0 for none.
            * `negative` (5), noise words for each true word; `noise_exponent` (0.75), the power of the counts by
              which they are drawn.
            * FastText: `min_n` (3) and `max_n` (6), the lengths of character n-grams; `buckets` (auto), the number
              of their vectors.
            * GloVe: `x_max` (auto), the count of a pair of words from which on it has the whole weight;
              `glove_alpha` (0.75), the power by which the weight grows up to there; `glove_memory` (auto),
              megabytes in which pairs are counted. Its `alpha` is 0.05, which AdaGrad lowers, and its `window`
              10; `architecture`, `loss`, `negative`, `noise_exponent`, `sample`, `min_alpha` and `fixed_window`
              mean nothing to it.
            * Word2Vec, GloVe: `unknown_words` (auto: `subwords` where words have letters), fit vectors of n-grams
              to those of the words, from which unknown words get theirs, or `none`.
            * `phrases` (False), join words that often occur together: `new york` becomes `new_york`;
              `phrase_passes` (1); `phrase_threshold` (auto: 10, or 0.5 with `npmi`); `phrase_scorer` (`original`),
              or `npmi`; `phrase_min_count` (5).

            `wvcli.TrainSettings` describes them one by one.

    Returns:
        The trained vectors, opened from the model file; their manifest holds the settings and the coverage.

    Raises:
        UsageError: a setting is out of its limits, or the output exists.
        InputError: a source cannot be read, or has too few words.
        InterruptedRunError: `should_stop` returned True; the run is saved in its `checkpoint`.
        WvcliError: training failed, or the file could not be written.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.train("sample_corpora/english.txt", "english.safetensors", workers=1, seed=1)
        >>> vectors.manifest["settings"]["dim"]
        100
        >>> [word for word, similarity in vectors.most_similar("cat", 3)]
        ['dog', 'parrot', 'canary']
    """
    text = TextSettings.of(
        sources,
        encoding=encoding,
        encoding_errors=encoding_errors,
        field=field,
        column=column,
        delimiter=delimiter,
        skip_bad=skip_bad,
    )
    choice = TokenizerChoice(tokenizer, lowercase, min_length, stopwords).for_text(text)
    request = Request.of(text, choice, settings, like)
    distribution = Distribution.of(cluster, work, replicas, rounds)
    if distribution:
        request = _distributed(request, distribution, settings, engine, init, like)
    initial = InitialVectors.of(init, freeze, freeze_until, on_progress, on_note)
    request = _fitted(request, initial)
    path = output_path(output, request)
    job = Job(
        request=request,
        start=initial,
        path=path,
        engine=engines.engine_called(engine, request.settings.algorithm),
        keep_in=_folder_to_keep_in(keep_encoded, request.source),
        overwrite=overwrite,
        checkpoint_minutes=_checkpoint_minutes(checkpoint, request, resume or distribution is not None),
        resume=resume,
        early_stop=early_stop,
        on_progress=on_progress,
        on_note=on_note,
        should_stop=should_stop,
        distribution=distribution,
    )
    if resume:
        asked = {name: value for name, value in job.asked_for().items() if value is not None}
        if finished := _finished(path, asked, overwrite, on_note):
            return finished
        job = replace(job, overwrite=overwrite or _overwrites(path))
    return job.run()


def resume(
    run: Source | None = None,
    *,
    checkpoint: float | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    should_stop: Callable[[], bool] = lambda: False,
    **asked: Any,
) -> Vectors:
    """Continue an unfinished run as it began; its checkpoint knows how, and has its text.

    Args:
        run: the checkpoint of the run, a folder whose name ends in `.checkpoint`, or the model file that it is to
            write; None for the only unfinished run in the current folder.
        checkpoint: minutes between two checkpoints, if there are to be more or fewer than before.
        overwrite: replace an existing model file, even if that was not asked for when the run began.
        on_progress: called with the progress of the run, possibly from another thread.
        on_note: called with notes for the user, a line each.
        should_stop: called every few seconds of training; True saves the run again and stops it.
        asked: any other arguments of `train`, which must be those that the run began with.

    Returns:
        The trained vectors, opened from the model file; with one worker they are those that the run would have
        given without a break. If the model is there, and there is nothing to resume, it is opened.

    Raises:
        UsageError: there are several unfinished runs, or `asked` differs from what the run began with.
        InputError: there is no unfinished run, or its checkpoint is damaged.
        InterruptedRunError: `should_stop` returned True.
        WvcliError: training failed, or the file could not be written.

    Example:
        >>> import wvcli
        >>> moments = iter([False, True])
        >>> stop = lambda: next(moments)
        >>> try:
        ...     wvcli.train("sample_corpora/english.txt", "m.safetensors", dim=50, epochs=5, should_stop=stop)
        ... except wvcli.WvcliError as stopped:
        ...     print(stopped)
        interrupted in epoch 2 of 5; progress saved
        >>> wvcli.resume("m.safetensors.checkpoint")
        <Vectors: 1,731 words, 50 dimensions>
    """
    defaults = {name: each.default for name, each in signature(train).parameters.items()}
    asked = {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in asked.items()
        if value is not None and value != "auto" and value != defaults.get(name)
    }
    cluster = asked.pop("cluster", None)
    if "work" in asked:
        asked["work"] = shared_folder(asked["work"])
    if run is not None and (finished := _finished(model_of(Path(run)), asked, False, on_note)):
        return finished
    found = find_run(None if run is None else Path(run))
    refuse_differences(found, asked)
    options, request = found.options, Request(found.text, None, found.wanted)
    initial = None
    if init := options.init:
        opened = InitialVectors.of(
            Path(options.working_folder, init["source"]),
            init["freeze"],
            init["freeze_until"],
            on_progress,
            on_note,
        )
        initial = opened and replace(opened, source=init["source"])
    job = Job(
        request=request,
        start=initial,
        path=found.output,
        engine=engines.engine_called(asked.get("engine", options.engine), found.wanted.algorithm),
        keep_in=None if options.keep_encoded is None else Path(options.keep_encoded),
        overwrite=overwrite or options.overwrite,
        checkpoint_minutes=_checkpoint_minutes(checkpoint or options.checkpoint or None, request, True),
        resume=True,
        early_stop=options.early_stop,
        on_progress=on_progress,
        on_note=on_note,
        should_stop=should_stop,
        distribution=Distribution.of(cluster or options.cluster, options.work, options.replicas, options.rounds),
    )
    return job.run()


def _distributed(
    request: Request,
    distribution: Distribution,
    given: Mapping[str, Any],
    engine: str,
    init: Source | None,
    like: Source | None,
) -> Request:
    """Return the request with the learning rate for so many replicas.

    Raises:
        UsageError: something that was asked for does not work on a cluster, or with several replicas.
    """
    if init is not None:
        raise UsageError("`init` does not work with `cluster`", "start from these vectors on one machine")
    distribution.require(request.settings, engine)
    return replace(request, settings=distribution.with_learning_rate(request.settings, given, like is not None))


def _finished(path: Path, asked: Mapping[str, Any], overwrite: bool, on_note: OnNote) -> Vectors | None:
    """Return the model that a run wrote if nothing of the run is left to resume, and say so.

    Args:
        path: the model file.
        asked: arguments of `train` that the run must have had.
        overwrite: whether a model of another run does not matter.
        on_note: called with a line that says so.

    Raises:
        UsageError: the model is of a run that was asked for in another way.
    """
    if EncodedCorpus.is_in(checkpoint_folder(path)) or not model_file.is_model(path):
        return None
    model = model_file.open_model(path)
    if "imported" in model.manifest or "updated" in model.manifest:
        return None
    with model_file.reading_manifest(path):
        known = record.of_model(model.manifest)
    others = record.differences(known, {name: asked[name] for name in asked if name in known and name != "engine"})
    if not others:
        on_note(f"{path} is finished, and there is nothing to resume")
        return model.vectors()
    if overwrite:
        return None
    raise UsageError(
        f"{path} is finished, and was trained otherwise: {'; '.join(others)}",
        "choose another `output`, or replace it with `overwrite=True`",
    )


def _overwrites(path: Path) -> bool:
    """Return whether the unfinished run that is to write this model file may replace one."""
    folder = checkpoint_folder(path)
    return EncodedCorpus.is_in(folder) and UnfinishedRun.of(folder).options.overwrite


def plan(
    sources: Source | Sequence[Source],
    *,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    min_length: int | None = None,
    stopwords: Sequence[str] | Path | None = None,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: Names = None,
    column: Names = None,
    delimiter: str | None = None,
    skip_bad: bool = False,
    like: Source | None = None,
    init: Source | None = None,
    freeze: bool = False,
    freeze_until: int | None = None,
    engine: str = engines.AUTO,
    exact: bool = False,
    **settings: Any,
) -> "Forecast":
    """Forecast what `train` with the same arguments would take; nothing is written.

    Args:
        exact: read the whole text instead of excerpts.

    Raises:
        UsageError: a setting is out of its limits.
        InputError: a source cannot be read, or has no words.
    """
    from wvcli.training.forecast import forecast

    text = TextSettings.of(
        sources,
        encoding=encoding,
        encoding_errors=encoding_errors,
        field=field,
        column=column,
        delimiter=delimiter,
        skip_bad=skip_bad,
    )
    choice = TokenizerChoice(tokenizer, lowercase, min_length, stopwords).for_text(text)
    request = Request.of(text, choice, settings, like)
    initial = InitialVectors.of(init, freeze, freeze_until)
    request = _fitted(request, initial)
    return forecast(request, engines.engine_called(engine, request.settings.algorithm), exact)


def update(
    model: Source,
    sources: Sources,
    output: Source | None = None,
    *,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: Names = None,
    column: Names = None,
    delimiter: str | None = None,
    skip_bad: bool = False,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    engine: str = engines.AUTO,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    **settings: Any,
) -> Vectors:
    """Train a model further on more text, and learn the new words in it.

    Words are counted over the old and the new text together. The new text is split into words as the old one was,
    and its phrases are the model's.

    Args:
        model: a wvcli model trained with negative sampling, or made by `import_vectors` from another system's.
        sources: a file, folder, glob, address, or `-` for standard input; or a list of them; or texts in memory,
            as for `train`.
        output: the model file to write; by default the model itself, which takes `overwrite`.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is, as `a.b`; of a list of several, each is a text of its
            own.
        column: which column of CSV, TSV or Parquet holds the text; a list of several as for `field`.
        delimiter: what stands between the cells of a table: a character, or `tab`; None is told from the file.
        skip_bad: skip lines and records that cannot be read, and count them.
        tokenizer: for an imported model, how the text is split into words; at white space by default.
        lowercase: for an imported model, whether words are written in lower case; they are not by default.
        engine: what trains: `gensim`, `fast`, or `auto`, which takes the one that trained the model if it can be
            imported.
        overwrite: replace an existing file.
        on_progress: called with the progress of the run, possibly from another thread.
        on_note: called with notes for the user, a line each.
        settings: `epochs`, `alpha`, `min_alpha`, `min_count`, `sample`, `workers` and `seed`, where they are to
            differ from the model's.

    Returns:
        The vectors, opened from the new model file.

    Raises:
        UsageError: the model cannot be trained further, or the output exists.
        InputError: the model or a source cannot be read.
        WvcliError: training failed, or the file could not be written.

    Example:
        >>> import wvcli
        >>> old = wvcli.train("sample_corpora/english.txt", "old.safetensors", workers=1, epochs=5)
        >>> new = wvcli.update("old.safetensors", "sample_corpora/chinese.txt", "new.safetensors", epochs=1)
        >>> "猫" in old, "猫" in new
        (False, True)
    """
    opened = model_file.open_model(Path(model))
    with model_file.reading_manifest(opened.path):
        before = ModelToUpdate.of(opened)
    model_file.verify(opened)
    chosen = {name: value for name, value in settings.items() if value is not None}
    refused = chosen.keys() - _UPDATABLE_SETTINGS
    if refused:
        raise UsageError(f"{', '.join(f'`{name}`' for name in sorted(refused))} cannot change in an update")
    text = TextSettings.of(
        sources,
        encoding=encoding,
        encoding_errors=encoding_errors,
        field=field,
        column=column,
        delimiter=delimiter,
        skip_bad=skip_bad,
    )
    choice = _tokenizer_for_update(before, tokenizer, lowercase, on_note)
    request = Request.of(text, choice, {}, like=None if before.is_imported else opened)
    job = Job(
        request=replace(request, settings=replace(before.settings, **chosen)),
        start=before,
        path=Path(model) if output is None else model_file.named(output),
        engine=engines.engine_called(engine) or _engine_of(opened),
        overwrite=overwrite,
        on_progress=on_progress,
        on_note=on_note,
    )
    return job.run()


def _engine_of(model: model_file.ModelFile) -> engines.Engine | None:
    """Return the engine that trained a model; None if it cannot be imported."""
    engine = engines.registry.get(model.manifest.get("engine", "gensim"))
    return None if engine.import_failure() else engine


def _fitted(request: Request, initial: InitialVectors | None) -> Request:
    """Return the request with the dimensions of the vectors to start from, if there are any."""
    return request if initial is None else replace(request, settings=initial.fitted(request.settings))


def _tokenizer_for_update(
    before: ModelToUpdate, tokenizer: str | None, lowercase: bool | None, on_note: OnNote
) -> TokenizerChoice:
    """Return how to split the text for a model that is trained further, where the model does not record it.

    Raises:
        UsageError: the model records it, and yet it was chosen.
    """
    if not before.is_imported:
        if tokenizer is not None or lowercase is not None:
            raise UsageError(
                "the text is split into words as the model's own was", "leave out `tokenizer` and `lowercase`"
            )
        return TokenizerChoice()
    if tokenizer is None:
        on_note("the text is split at white space; if the model's own was split otherwise, give `tokenizer`")
    return TokenizerChoice(name=tokenizer or "whitespace", lowercase=bool(lowercase))


def _folder_to_keep_in(folder: Source | None, source: Corpus | KeptText | None) -> Path | None:
    """Return where to keep the encoded text, if anywhere.

    Raises:
        UsageError: the text is encoded already.
    """
    if folder is not None and isinstance(source, KeptText):
        raise UsageError(f"{source.folder} holds kept text already", "leave out `keep_encoded`")
    return None if folder is None else Path(folder)


def output_path(output: Source | None, request: Request) -> Path:
    """Return the model file that is meant; by default it is named after the text.

    Raises:
        UsageError: it is to be named after a text that has no name, or has another suffix.
    """
    if output is not None:
        return model_file.named(output)
    return default_output(request.text.sources, request.source or request.text.corpus())


def default_output(sources: Sequence[str], source: Corpus | KeptText) -> Path:
    """Return the model file for a corpus, in the current folder.

    It is named after the first source if that is a folder, or else after the first file, without suffixes.

    Raises:
        UsageError: the corpus begins with standard input or is in memory, and has no name.
    """
    if isinstance(source, KeptText):
        return Path(source.folder.resolve().name + model_file.SUFFIX)
    nameless = {STDIN: "text from standard input gives", IN_MEMORY: "texts in memory give"}
    if source.files[0] in nameless:
        raise UsageError(
            f"{nameless[source.files[0]]} the model no name", "name it with `output=FILE.safetensors`"
        )
    name = folder_name(sources[0]) if is_folder(sources[0]) else stem(source.files[0])
    return Path(name + model_file.SUFFIX)


def _checkpoint_minutes(given: float | None, request: Request, resume: bool) -> float:
    """Return the minutes between two checkpoints, or 0 for none."""
    if given is not None:
        if not 0 <= given < float("inf"):
            raise UsageError(f"`checkpoint` must be a number of minutes, not {given}")
        return given or (_CHECKPOINT_MINUTES if resume else 0)
    if resume:
        return _CHECKPOINT_MINUTES
    tokens = request.likely_tokens()
    likely = auto_settings(request.settings, tokens, processors())
    seconds = tokens * (likely.epochs or 1) / (_SLOW_SPEED * (likely.workers or 1)) * (likely.dim or 1) / 100
    return _CHECKPOINT_MINUTES if seconds > 60 * _CHECKPOINT_MINUTES else 0
