"""From sources to model file: what to read, how to train, where to put it."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any, Literal

from wvcli import __version__, engines, store
from wvcli.checkpoints import Checkpoints, workspace
from wvcli.corpus import Corpus
from wvcli.encoding import EncodedCorpus, Encoding
from wvcli.errors import InputError, UsageError
from wvcli.run import Run
from wvcli.settings import TrainSettings, auto_buckets, auto_settings
from wvcli.sources import STDIN, stem
from wvcli.tokenizers import TokenizerSettings
from wvcli.vectors import Vectors, row_norms
from wvcli.vocabulary import Vocabulary

_REPORT_SECONDS = 0.1  # how often progress is told, at most
_CHECKPOINT_MINUTES = 10.0  # between two states, and the length from which a run has them by itself
_BYTES_PER_TOKEN = 5.5  # of English text
_SLOW = 100_000  # tokens a worker trains in a second at 100 dimensions, on a slow machine


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        stage: `reading` counts bytes of the sources, `training` tokens of all epochs.
        done: bytes or tokens done.
        total: bytes or tokens in all, or None when unknown.
        epoch: the epoch under way, from 1, when training.
        epochs: how many there will be, when training.
    """

    stage: Literal["reading", "training", "saving"]
    done: int = 0
    total: int | None = None
    epoch: int = 0
    epochs: int = 0


OnProgress = Callable[[Progress], None]


def _silent(progress: Progress) -> None:
    pass


@dataclass(frozen=True)
class _Text:
    """Which text, and how it is read: what must be the same for a run to be resumed."""

    sources: tuple[str, ...]
    tokenizer: TokenizerSettings
    encoding: str
    encoding_errors: str
    field: str | None
    column: str | None
    skip_bad: bool

    def corpus(self) -> Corpus:
        return Corpus(self.sources, self.encoding, self.encoding_errors, self.field, self.column, self.skip_bad)

    def to_json(self) -> dict[str, Any]:
        return {**self.__dict__, "sources": list(self.sources), "tokenizer": self.tokenizer.to_json()}


def train(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None = None,
    *,
    tokenizer: str = "auto",
    lowercase: bool = True,
    min_length: int = 1,
    stopwords: Sequence[str] = (),
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: str | None = None,
    column: str | None = None,
    skip_bad: bool = False,
    engine: str = "gensim",
    overwrite: bool = False,
    checkpoint: float | None = None,
    resume: bool = False,
    early_stop: bool = False,
    on_progress: OnProgress = _silent,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Vectors:
    """Train word vectors from text and save them as a model file.

    Args:
        sources: a file, folder, glob, or `-` for standard input; or several of them.
        output: the model file to write; by default named after the first source, in the current folder.
        tokenizer: how text is split into words: `auto`, `unicode`, `whitespace`, `chinese`, `regex:PATTERN`.
        lowercase: whether words are written in lower case.
        min_length: words of fewer characters are left out.
        stopwords: words that are left out.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is, as `a.b`.
        column: which column of CSV, TSV or Parquet holds the text.
        skip_bad: pass over lines and records that cannot be read, and count them.
        engine: what trains.
        overwrite: replace an existing model file, and drop the checkpoint of an unfinished run.
        checkpoint: minutes between two states of the run put on disk; 0 for none; None for ten minutes if the
            run is likely to last longer than that.
        resume: go on from the checkpoint of an unfinished run with the same output.
        early_stop: end before the last epoch when the loss hardly falls any more.
        on_progress: told how far the run has come, possibly from another thread.
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
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    text = _Text(
        tuple(os.fspath(source) for source in given),
        TokenizerSettings(tokenizer, lowercase, min_length, tuple(stopwords)),
        encoding,
        encoding_errors,
        field,
        column,
        skip_bad,
    )
    wanted = TrainSettings.of(settings)
    text.tokenizer.tokenize()  # refuses what it cannot do before anything is read
    trainer = engines.registry.get(engine)
    corpus = text.corpus()
    path = Path(output) if output is not None else default_output(corpus.files)
    check_output(path, overwrite)
    minutes = _checkpoint_minutes(checkpoint, corpus, wanted, resume)
    with workspace(path, minutes > 0, resume, overwrite) as folder:
        prepared = _prepared(text, corpus, wanted, folder, on_progress)
        progress = _TrainingProgress(on_progress, prepared)
        run = Run(
            prepared.encoded,
            prepared.settings,
            trainer.start(prepared.encoded, prepared.settings, progress.add),
            Checkpoints(folder, minutes) if minutes else None,
            should_stop,
            early_stop,
        )
        run.restore()
        progress.add(run.epoch * prepared.encoded.tokens_kept + run.tokens)
        run.go()
        on_progress(Progress("saving"))
        manifest = prepared.manifest(text) | {
            "engine": trainer.name,
            "history": run.history,
            "versions": {
                "wvcli": __version__,
                "python": platform.python_version(),
                **trainer.versions(),
            },
        }
        store.save(path, _tensors(prepared.encoded, run.trainer), manifest, overwrite)
    return store.open_model(path).vectors()


@dataclass(frozen=True)
class _Prepared:
    """A corpus encoded, and the settings complete."""

    encoded: EncodedCorpus
    settings: TrainSettings
    fingerprint: str
    skipped: int

    def manifest(self, text: _Text) -> dict[str, Any]:
        """What the model file says about its text and settings."""
        return {
            "settings": self.settings.to_json(),
            "tokenizer": text.tokenizer.to_json(),
            "corpus": {
                "sources": list(text.sources),
                "texts": self.encoded.texts,
                "skipped": self.skipped,
                "sha256": self.fingerprint,
            },
            "coverage": {
                "tokens_read": self.encoded.tokens_read,
                "tokens_kept": self.encoded.tokens_kept,
                "tokens_trained": self.encoded.tokens_kept,
            },
        }


def _prepared(
    text: _Text, corpus: Corpus, wanted: TrainSettings, folder: Path, on_progress: OnProgress
) -> _Prepared:
    """Take up the encoded text in `folder`, if a run left it there, or else read and encode the sources."""
    if EncodedCorpus.lies_in(folder):
        encoded, about = EncodedCorpus.load(folder)
        if about["text"] != text.to_json() or about["wanted"] != wanted.to_json():
            raise UsageError(
                "the unfinished run was started with other sources or settings",
                "give the same ones, or start over with --force",
            )
        return _Prepared(encoded, TrainSettings(**about["settings"]), about["fingerprint"], about["skipped"])
    corpus.on_bytes = _ReadingProgress(on_progress, corpus.size()).add
    raw = Encoding.of(corpus.texts(), text.tokenizer.tokenize(), folder)
    settings = _complete(wanted, raw, text.sources)
    encoded = raw.trimmed(settings.min_count or 1, settings.max_vocab)
    settings = _with_buckets(settings, encoded)
    prepared = _Prepared(encoded, settings, corpus.fingerprint(), corpus.skipped)
    about = {
        "text": text.to_json(),
        "wanted": wanted.to_json(),
        "settings": settings.to_json(),
        "fingerprint": prepared.fingerprint,
        "skipped": prepared.skipped,
    }
    encoded.save(folder, about)
    return prepared


def default_output(files: Sequence[str]) -> Path:
    """The model file for a corpus: its first file's name without suffixes, in the current folder.

    Raises:
        UsageError: the corpus begins with standard input, which has no name.
    """
    if files[0] == STDIN:
        raise UsageError("text from standard input gives the model no name", "name it with -o FILE.safetensors")
    return Path(stem(files[0]) + store.SUFFIX)


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse a model file that could not be written in the end.

    Raises:
        UsageError: it exists, or its name does not end as a model file's does.
        WvcliError: its folder is missing or cannot be written.
    """
    if path.suffix != store.SUFFIX:
        raise UsageError(
            f"a model file's name ends in {store.SUFFIX}, unlike {path}",
            "for other formats, train first and then use wvcli export",
        )
    store.check_writable(path, overwrite)


def _checkpoint_minutes(given: float | None, corpus: Corpus, wanted: TrainSettings, resume: bool) -> float:
    """Minutes between two checkpoints, or 0 for none."""
    if given is not None:
        if not 0 <= given < float("inf"):
            raise UsageError(f"--checkpoint must be a number of minutes, not {given}")
        return given or (_CHECKPOINT_MINUTES if resume else 0)
    if resume:
        return _CHECKPOINT_MINUTES
    tokens = int((corpus.size() or 0) / _BYTES_PER_TOKEN)
    likely = auto_settings(wanted, tokens, _processors())
    seconds = tokens * (likely.epochs or 1) / (_SLOW * (likely.workers or 1)) * (likely.dim or 1) / 100
    return _CHECKPOINT_MINUTES if seconds > 60 * _CHECKPOINT_MINUTES else 0


def _complete(settings: TrainSettings, raw: Encoding, sources: Sequence[str]) -> TrainSettings:
    """Choose what is `auto` for this corpus; refuse a corpus that leaves no vocabulary."""
    if not raw.tokens_read:
        raise InputError(f"there are no words in {', '.join(sources)}")
    highest = int(raw.counts.max())
    chosen = auto_settings(settings, raw.tokens_read, _processors())
    if settings.min_count is None and highest < (chosen.min_count or 1):
        chosen = replace(chosen, min_count=1)
    kept = int((raw.counts >= (chosen.min_count or 1)).sum())
    if kept == 0:
        raise InputError(
            f"none of {len(raw.words):,} distinct words occurs {chosen.min_count} times in {raw.tokens_read:,} "
            f"tokens; the most frequent one occurs {highest} times",
            f"try --min-count {max(1, highest // 2)}",
        )
    if min(kept, chosen.max_vocab or kept) == 1:
        raise InputError(
            "only one distinct word is left, and a word has no neighbours but other words",
            "give it more text" if len(raw.words) == 1 else "try --min-count 1 and a larger --max-vocab",
        )
    return chosen


def _with_buckets(settings: TrainSettings, encoded: EncodedCorpus) -> TrainSettings:
    if settings.algorithm != "fasttext" or settings.buckets is not None:
        return settings
    return replace(settings, buckets=auto_buckets(encoded.words, settings.min_n, settings.max_n))


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _tensors(encoded: EncodedCorpus, trainer: engines.Trainer) -> dict[str, Any]:
    vocabulary = Vocabulary.from_words(encoded.words)
    matrix = trainer.vectors()
    vectors = Vectors(vocabulary, matrix, encoded.counts, stored_norms=row_norms(matrix))
    return {**trainer.tensors, **store.vector_tensors(vectors)}


class _ReadingProgress:
    """Bytes read, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress, total: int | None) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0
        self._next = 0.0

    def add(self, count: int) -> None:
        self._done += count
        if perf_counter() >= self._next:
            self._next = perf_counter() + _REPORT_SECONDS
            self._on_progress(Progress("reading", self._done, self._total))


class _TrainingProgress:
    """Tokens trained, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress, prepared: _Prepared) -> None:
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
                self._next = perf_counter() + _REPORT_SECONDS
                epoch = min(self._epochs, self._done // self._each + 1)
                self._on_progress(Progress("training", self._done, total, epoch, self._epochs))
