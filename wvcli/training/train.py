"""From sources to model file: new models, and models trained further."""

import os
import platform
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.reporting import REPORT_SECONDS, OnNote, OnProgress, Progress, ignore_note, ignore_progress
from wvcli.system import atomic_files
from wvcli.system.compiling import gc_paused
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
from wvcli.text.settings import Source, TextSettings, file_names
from wvcli.text.sources import STDIN, stem
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.kept_text import KeptText
from wvcli.training import engines
from wvcli.training.checkpoints import Checkpoints, workspace
from wvcli.training.loop import Run
from wvcli.training.preparation import Prepared, prepare, resolve_inputs
from wvcli.training.settings import TrainSettings, auto_settings
from wvcli.training.starting_points import InitialVectors, ModelToUpdate
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__

_CHECKPOINT_MINUTES = 10.0  # between two states, and the length from which a run has them by itself
_BYTES_PER_TOKEN = 5.5  # of English text
_ID_BYTES = 4  # of a token on disk
_MUCH = 1_000_000_000  # bytes on disk that are worth a word
_SLOW = 100_000  # tokens a worker trains in a second at 100 dimensions, on a slow machine


def train(
    sources: Source | Sequence[Source],
    output: Source | None = None,
    *,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    min_length: int | None = None,
    stopwords: Sequence[str] | Path | None = None,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: str | None = None,
    column: str | None = None,
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
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Vectors:
    """Train word vectors from text and save them as a model file.

    Args:
        sources: a file, folder, glob, or `-` for standard input; or several of them; or a folder of encoded text.
        output: the model file to write; by default named after the first source, in the current folder.
        tokenizer: how text is split into words, by the name of a tokenizer; `auto` if not given.
        lowercase: whether words are written in lower case; they are if not given.
        min_length: words of fewer characters are left out.
        stopwords: words that are left out, or the path of a file that has one a line.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is, as `a.b`.
        column: which column of CSV, TSV or Parquet holds the text.
        skip_bad: pass over lines and records that cannot be read, and count them.
        like: a model whose settings and tokenizer are used where none are given here.
        init: vectors to start from, in any format that wvcli reads (Word2Vec only).
        freeze: keep the vectors found in `init` as they are.
        freeze_until: keep them so for this number of epochs only.
        engine: what trains: `gensim`, `fast`, or `auto`, which takes the fast one if it is installed and the text
            is large enough.
        keep_encoded: a folder in which to keep the text as it was read, split and numbered, so that further models
            are trained from that folder without reading the sources again.
        overwrite: replace an existing model file, and drop the checkpoint of an unfinished run.
        checkpoint: minutes between two states of the run put on disk; 0 for none; None for ten minutes if the
            run is likely to last longer than that.
        resume: go on from the checkpoint of an unfinished run with the same output.
        early_stop: end before the last epoch when the loss hardly falls any more.
        on_progress: told how far the run has come, possibly from another thread.
        on_note: told in a line what is worth knowing of the run.
        should_stop: asked every few seconds whether to save the run and stop, if it has checkpoints.
        settings: hyper-parameters by the names of `TrainSettings`.

    Returns:
        The trained vectors, opened from the model file; its manifest holds settings and coverage.

    Raises:
        UsageError: a setting is out of its limits, or the output exists.
        InputError: a source cannot be read, or has too few words.
        InterruptedRunError: `should_stop` said so.
        WvcliError: training went wrong, or the file could not be written.
    """
    reading: dict[str, Any] = {"encoding": encoding, "encoding_errors": encoding_errors, "skip_bad": skip_bad}
    text = TextSettings(file_names(sources), field=field, column=column, **reading)
    words = {"name": tokenizer, "lowercase": lowercase, "min_length": min_length}
    source, text, wanted = resolve_inputs(text, words, stopwords, settings, like)
    initial = InitialVectors.of(init, freeze, freeze_until)
    if initial is not None:
        wanted = initial.fitted(wanted)
    job = _Job(
        text,
        source,
        wanted,
        Path(output) if output is not None else default_output(text.sources, source),
        engines.engine_called(engine),
        overwrite,
        _checkpoint_minutes(checkpoint, source, wanted, resume),
        resume,
        early_stop,
        _kept_in(keep_encoded, source),
        on_progress,
        on_note,
        should_stop,
    )
    return job.run(initial)


def update(
    model: Source,
    sources: Source | Sequence[Source],
    output: Source | None = None,
    *,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: str | None = None,
    column: str | None = None,
    skip_bad: bool = False,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    **settings: Any,
) -> Vectors:
    """Train a model further on more text, and learn the new words in it.

    Words are counted over the old and the new text together; the text is split as the old one was, and its
    phrases are the model's.

    Args:
        model: a wvcli model trained with negative sampling, or made by `import_vectors` of one of another system.
        sources: a file, folder, glob, or `-` for standard input; or several of them.
        output: the model file to write; by default the model itself, which takes `overwrite`.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is, as `a.b`.
        column: which column of CSV, TSV or Parquet holds the text.
        skip_bad: pass over lines and records that cannot be read, and count them.
        tokenizer: how the text for an imported model is split into words; at white space if not given.
        lowercase: whether words for an imported model are written in lower case; they are not if not given.
        overwrite: replace an existing file.
        on_progress: told how far the run has come, possibly from another thread.
        on_note: told in a line what is worth knowing of the run.
        settings: `epochs`, `alpha`, `min_alpha`, `min_count`, `sample`, `workers` and `seed`, where they are to
            differ from the model's.

    Returns:
        The vectors, opened from the new model file.

    Raises:
        UsageError: the model cannot be trained further, or the output exists.
        InputError: the model or a source cannot be read.
        WvcliError: training went wrong, or the file could not be written.
    """
    old = model_file.open_model(Path(model))
    before = ModelToUpdate.of(old)
    chosen = {name: value for name, value in settings.items() if value is not None}
    refused = chosen.keys() - _UPDATABLE
    if refused:
        raise UsageError(f"{', '.join(sorted(refused))} cannot change in an update")
    reading: dict[str, Any] = {"encoding": encoding, "encoding_errors": encoding_errors, "skip_bad": skip_bad}
    text = TextSettings(file_names(sources), field=field, column=column, **reading)
    split = _split(before, tokenizer, lowercase, on_note)
    source, text, _ = resolve_inputs(text, split, None, {}, None if before.imported else model)
    wanted = replace(before.settings, **chosen)
    path = Path(output) if output is not None else Path(model)
    trained_by = engines.registry.get(old.manifest.get("engine", "gensim"))
    engine = trained_by if trained_by.is_installed() else None
    job = _Job(text, source, wanted, path, engine, overwrite, on_progress=on_progress, on_note=on_note)
    return job.run(before)


def _split(
    before: ModelToUpdate, tokenizer: str | None, lowercase: bool | None, on_note: OnNote
) -> dict[str, Any]:
    """How to split the text for a model that is trained further, where the model does not tell."""
    if before.imported:
        if tokenizer is None:
            on_note("the text is split at white space; if the model's own was split otherwise, give --tokenizer")
        return {"name": tokenizer or "whitespace", "lowercase": bool(lowercase)}
    if tokenizer is not None or lowercase is not None:
        raise UsageError("the text is split as the model's own was", "leave out --tokenizer and --lowercase")
    return {}


def _kept_in(folder: Source | None, source: Corpus | KeptText) -> Path | None:
    """Where to keep the encoded text, if anywhere."""
    if folder is not None and isinstance(source, KeptText):
        raise UsageError(f"{source.folder} holds encoded text already", "leave out --keep-encoded")
    return None if folder is None else Path(folder)


_UPDATABLE = {"epochs", "alpha", "min_alpha", "min_count", "sample", "workers", "seed"}


@dataclass
class _Job:
    """All that a run needs, from text to file."""

    text: TextSettings
    source: Corpus | KeptText
    wanted: TrainSettings
    path: Path
    engine: engines.Engine | None
    overwrite: bool
    minutes: float = 0
    resume: bool = False
    early_stop: bool = False
    keep: Path | None = None
    on_progress: OnProgress = ignore_progress
    on_note: OnNote = ignore_note
    should_stop: Callable[[], bool] = lambda: False

    def run(self, start: InitialVectors | ModelToUpdate | None) -> Vectors:
        """Train and save."""
        self.text.tokenizer.tokenize()  # refuses what it cannot do before anything is read
        check_output(self.path, self.overwrite)
        with workspace(self.path, self.minutes > 0, self.resume, self.overwrite) as folder:
            self._tell(folder)
            known = start.known() if start else None
            self._load()
            prepared = prepare(
                self.text, self.source, self.wanted, folder, self.on_progress, known, self.keep, self.on_note
            )
            progress = _TrainingProgress(self.on_progress, prepared)
            engine = self.engine or engines.default_engine(prepared.encoded.tokens_kept, self.on_note)
            trainer = engine.start(prepared.encoded, prepared.settings, progress.add, self.on_note)
            run = Run(prepared.encoded, prepared.settings, trainer, engine.name, early_stop=self.early_stop)
            started = start.apply(run) if start else {}
            if self.minutes:
                run.checkpoints, run.should_stop = Checkpoints(folder, self.minutes), self.should_stop
            run.restore()
            progress.add(run.epoch * prepared.encoded.tokens_kept + run.tokens)
            run.train()
            self.on_progress(Progress("saving"))
            manifest = prepared.manifest(self.text) | started | self._manifest(run, engine)
            model_file.save(self.path, _tensors(prepared, trainer), manifest, self.overwrite)
        return model_file.open_model(self.path).vectors()

    def _load(self) -> None:
        """Load the packages of the engine that will train, if the size of the text tells: Numba reads it too."""
        tokens = _likely_tokens(self.source)
        if self.engine or tokens >= engines.FAST_TOKENS:
            engine = self.engine or engines.default_engine(tokens)
            with gc_paused(), suppress(ImportError):  # the engine tells what is wrong with them
                for package in engine.packages:
                    import_module(package)

    def _tell(self, folder: Path) -> None:
        """Say what is worth knowing before the text is read."""
        if self.resume and not EncodedCorpus.lies_in(folder):
            self.on_note("there is no unfinished run to go on with; starting from the beginning")
        size = _ID_BYTES * _likely_tokens(self.source)
        if size >= _MUCH:
            places = {str(place): shutil.disk_usage(place).free for place in (folder, self.keep) if place}
            for place, free in places.items():
                enough = "" if free > size else ", which may not be enough"
                self.on_note(
                    f"the text as numbers takes about {size / 1e9:.1f} GB in {place}, where {free / 1e9:.1f} GB "
                    f"are free{enough}"
                )

    def _manifest(self, run: Run, engine: engines.Engine) -> dict[str, Any]:
        own = {"wvcli": __version__, "python": platform.python_version()}
        return {
            "engine": engine.name,
            "early_stop": self.early_stop,
            "coverage": {
                **run.corpus.coverage(),
                "tokens_trained": min(epoch["tokens_trained"] for epoch in run.history),
            },
            "history": run.history,
            "versions": own | engine.versions(),
        }


def default_output(sources: Sequence[str], source: Corpus | KeptText) -> Path:
    """The model file for a corpus, in the current folder: named after the first source if that is a folder, and
    else after the first file, without suffixes.

    Raises:
        UsageError: the corpus begins with standard input, which has no name.
    """
    if isinstance(source, KeptText):
        return Path(source.folder.resolve().name + model_file.SUFFIX)
    if source.files[0] == STDIN:
        raise UsageError("text from standard input gives the model no name", "name it with -o FILE.safetensors")
    name = Path(sources[0]).resolve().name if os.path.isdir(sources[0]) else stem(source.files[0])
    return Path(name + model_file.SUFFIX)


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse a model file that could not be written in the end.

    Raises:
        UsageError: it exists, or its name does not end as a model file's does.
        WvcliError: its folder is missing or cannot be written.
    """
    if path.suffix != model_file.SUFFIX:
        raise UsageError(
            f"a model file's name ends in {model_file.SUFFIX}, unlike {path}",
            "for other formats, train first and then use wvcli export",
        )
    atomic_files.check_writable(path, overwrite)


def _likely_tokens(source: Corpus | KeptText) -> int:
    """How many tokens there may be; 0 when nothing tells."""
    return source.tokens if isinstance(source, KeptText) else int((source.size() or 0) / _BYTES_PER_TOKEN)


def _checkpoint_minutes(
    given: float | None, source: Corpus | KeptText, wanted: TrainSettings, resume: bool
) -> float:
    """Minutes between two checkpoints, or 0 for none."""
    if given is not None:
        if not 0 <= given < float("inf"):
            raise UsageError(f"--checkpoint must be a number of minutes, not {given}")
        return given or (_CHECKPOINT_MINUTES if resume else 0)
    if resume:
        return _CHECKPOINT_MINUTES
    tokens = _likely_tokens(source)
    likely = auto_settings(wanted, tokens, processors())
    seconds = tokens * (likely.epochs or 1) / (_SLOW * (likely.workers or 1)) * (likely.dim or 1) / 100
    return _CHECKPOINT_MINUTES if seconds > 60 * _CHECKPOINT_MINUTES else 0


def _tensors(prepared: Prepared, trainer: engines.Trainer) -> dict[str, Any]:
    vocabulary = Vocabulary.from_words(prepared.encoded.words)
    matrix = trainer.vectors()
    vectors = Vectors(vocabulary, matrix, prepared.encoded.frequencies, stored_norms=row_norms(matrix))
    return {**trainer.tensors, **model_file.vector_tensors(vectors), **prepared.tensors()}


class _TrainingProgress:
    """Tokens trained, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress, prepared: Prepared) -> None:
        self._on_progress = on_progress
        self._each = prepared.encoded.tokens_kept
        self._epochs = prepared.settings.epochs or 1
        self._done = 0
        self._next = 0.0
        self._lock = Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            total = self._each * self._epochs
            if perf_counter() >= self._next or self._done == total:
                self._next = perf_counter() + REPORT_SECONDS
                epoch = min(self._epochs, self._done // max(1, self._each) + 1)
                self._on_progress(Progress("training", self._done, total, epoch, self._epochs))
