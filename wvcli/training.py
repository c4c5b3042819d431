"""A training run from sources to model file."""

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from wvcli import __version__, engines, store
from wvcli.corpus import STDIN, Corpus
from wvcli.encoding import EncodedCorpus, Encoding
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.settings import TrainSettings, auto_buckets, auto_settings
from wvcli.tokenizers import TokenizerSettings
from wvcli.vectors import Vectors, row_norms
from wvcli.vocabulary import Vocabulary

_REPORT_SECONDS = 0.1  # how often progress is told, at most


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


def train(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None = None,
    *,
    tokenizer: str = "auto",
    lowercase: bool = True,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    engine: str = "gensim",
    overwrite: bool = False,
    on_progress: OnProgress = _silent,
    **settings: Any,
) -> Vectors:
    """Train word vectors from text and save them as a model file.

    Args:
        sources: a file, folder, glob, or `-` for standard input; or several of them.
        output: the model file to write; by default named after the first source, in the current folder.
        tokenizer: how text is split into words: `auto`, `unicode`, `whitespace`, `chinese`, `regex:PATTERN`.
        lowercase: whether words are written in lower case.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        engine: what trains.
        overwrite: replace an existing model file.
        on_progress: told how far the run has come, possibly from another thread.
        settings: hyper-parameters by the names of `TrainSettings`.

    Returns:
        The trained vectors, opened from the model file; its manifest holds settings and coverage.

    Raises:
        UsageError: a setting is out of its limits, or the output exists.
        InputError: a source cannot be read, or has too few words.
        WvcliError: training went wrong, or the file could not be written.
    """
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    names = [os.fspath(source) for source in given]
    chosen = TrainSettings.of(settings)
    token_settings = TokenizerSettings(tokenizer, lowercase)
    tokenize = token_settings.tokenize()
    trainer = engines.registry.get(engine)
    reading = _ReadingProgress(on_progress)
    corpus = Corpus(names, encoding, encoding_errors, reading.add)
    path = Path(output) if output is not None else default_output(corpus.files)
    check_output(path, overwrite)
    reading.total = corpus.size()
    with tempfile.TemporaryDirectory(prefix="wvcli-") as folder:
        raw = Encoding.of(corpus.texts(), tokenize, Path(folder))
        chosen = _complete(chosen, raw, names)
        encoded = raw.trimmed(chosen.min_count or 1, chosen.max_vocab)
        chosen = _with_buckets(chosen, encoded)
        trained = trainer.train(encoded, chosen, _TrainingProgress(on_progress, encoded, chosen).report)
    _check_coverage(encoded, trained.tokens_trained)
    on_progress(Progress("saving"))
    manifest = {
        "settings": chosen.to_json(),
        "tokenizer": token_settings.to_json(),
        "engine": trainer.name,
        "corpus": {"sources": names, "texts": encoded.texts, "sha256": corpus.fingerprint()},
        "coverage": {
            "tokens_read": encoded.tokens_read,
            "tokens_kept": encoded.tokens_kept,
            "tokens_trained": min(trained.tokens_trained),
        },
        "history": [
            {"epoch": epoch, "tokens_trained": tokens} for epoch, tokens in enumerate(trained.tokens_trained, 1)
        ],
        "versions": {"wvcli": __version__, "python": platform.python_version(), **trained.versions},
    }
    store.save(path, _tensors(encoded, trained), manifest, overwrite)
    return store.open_model(path).vectors()


def default_output(files: Sequence[str]) -> Path:
    """The model file for a corpus: its first file's name without suffixes, in the current folder.

    Raises:
        UsageError: the corpus begins with standard input, which has no name.
    """
    if files[0] == STDIN:
        raise UsageError("text from standard input gives the model no name", "name it with -o FILE.safetensors")
    name = Path(files[0])
    if name.suffix.lower() in (".gz", ".bz2", ".xz", ".zst"):
        name = name.with_suffix("")
    return Path(name.stem + store.SUFFIX)


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
    if kept == 1:
        raise InputError(
            "only one distinct word is left, and a word has no neighbours but other words",
            "try --min-count 1" if len(raw.words) > 1 else "give it more text",
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


def _check_coverage(encoded: EncodedCorpus, tokens_trained: Sequence[int]) -> None:
    for epoch, tokens in enumerate(tokens_trained, 1):
        if tokens != encoded.tokens_kept:
            raise WvcliError(
                f"epoch {epoch} trained on {tokens:,} tokens of the {encoded.tokens_kept:,} in the vocabulary; "
                "no model was written"
            )


def _tensors(encoded: EncodedCorpus, trained: engines.Trained) -> dict[str, Any]:
    vocabulary = Vocabulary.from_words(encoded.words)
    matrix = trained.tensors["vectors"]
    vectors = Vectors(vocabulary, matrix, encoded.counts, stored_norms=row_norms(matrix))
    return {**store.vector_tensors(vectors), **trained.tensors}


class _ReadingProgress:
    """Bytes read, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self.total: int | None = None
        self._done = 0
        self._next = 0.0

    def add(self, count: int) -> None:
        self._done += count
        if perf_counter() >= self._next:
            self._next = perf_counter() + _REPORT_SECONDS
            self._on_progress(Progress("reading", self._done, self.total))


class _TrainingProgress:
    """Tokens trained, told to the listener now and then."""

    def __init__(self, on_progress: OnProgress, encoded: EncodedCorpus, settings: TrainSettings) -> None:
        self._on_progress = on_progress
        self._each = encoded.tokens_kept
        self._epochs = settings.epochs or 1
        self._next = 0.0

    def report(self, done: int) -> None:
        if perf_counter() >= self._next or done == self._each * self._epochs:
            self._next = perf_counter() + _REPORT_SECONDS
            epoch = min(self._epochs, done // self._each + 1)
            self._on_progress(Progress("training", done, self._each * self._epochs, epoch, self._epochs))
