"""Which model is meant, and how a model or a file in another format is opened."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote

from wvcli.errors import InputError, UsageError, unreadable
from wvcli.models import model_file
from wvcli.models.model_file import ModelFile
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.system import mapped_files
from wvcli.system.encodings import Encoding
from wvcli.system.tensor_files import NoHeaderError
from wvcli.vectors.word_vectors import Vectors

VARIABLE = "WVCLI_MODEL"

_AS_WRITTEN = ("utf-8", "strict", False)  # the usual encoding, what to do with errors, and whether to skip them

_kept_open: dict[Path, tuple[object, Vectors]] = {}  # one model at most, with the state of its file


def resolve(
    given: str | os.PathLike[str] | None, on_note: OnNote = ignore_note, argument: str = "path"
) -> tuple[Path, bool]:
    """Return the model file to use, and whether it was guessed.

    It is the one given, else the one in the variable WVCLI_MODEL, else the newest in the current folder that can
    be opened and was trained; one that was only imported is taken if none was, so that to import vectors beside a
    model does not change what is asked.

    Args:
        given: what the user named, if anything.
        on_note: called with a line for each newer file that was passed over because it cannot be opened.
        argument: what the hint calls the argument by which the user names a model.

    Raises:
        InputError: there is none, or none that can be opened.
    """
    chosen = given or os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen), False
    problems: list[InputError] = []
    found = _default(problems)
    if found is None:
        raise (
            problems[0]
            if problems
            else InputError(
                "there is no model in this folder",
                _how_to_finish(_unfinished(Path()))
                or f"train one with wvcli train FILE, or name one with `{argument}=FILE`",
            )
        )
    for problem in problems:
        on_note(f"passed over a file: {problem.message}")
    return found.path, True


def _unfinished(folder: Path) -> list[Path]:
    """Return the checkpoints of unfinished runs in a folder."""
    with suppress(OSError):
        return sorted(path for path in folder.iterdir() if model_file.is_checkpoint(path))
    return []


def _how_to_finish(runs: Sequence[Path]) -> str:
    """Return how to get a model out of unfinished runs; nothing where there are none."""
    if not runs:
        return ""
    there = "is an unfinished run; finish it" if len(runs) == 1 else f"are {len(runs)} unfinished runs; finish one"
    return f"there {there} with wvcli train --resume {quote(str(runs[0]))}"


def _default(problems: list[InputError]) -> ModelFile | None:
    """Return the model of the current folder that is meant if none is named; add what newer ones suffer from."""
    imported, before = None, 0
    for model in find(Path(), problems.append):
        if "imported" not in model.manifest:
            return model
        if imported is None:
            imported, before = model, len(problems)
    if imported is not None:
        del problems[before:]
    return imported


def is_default(path: Path) -> bool:
    """Return whether the model at `path` is the one that is meant if none is named."""
    try:
        return resolve(None)[0].samefile(path)
    except (InputError, OSError):
        return False


def find(
    folder: Path,
    on_problem: Callable[[InputError], None] = lambda problem: None,
    on_other: Callable[[ModelFile], None] = lambda file: None,
) -> Iterator[ModelFile]:
    """Open the wvcli models in a folder one after the other, the newest first.

    Safetensors files of other programs are left out.

    Args:
        folder: where to look.
        on_problem: called with what is wrong with a file that cannot be opened; the next one follows.
        on_other: called with each file of wvcli's that is no model of word vectors.

    Raises:
        InputError: the folder cannot be read.
    """
    for path in newest_first(folder):
        try:
            model = model_file.open_model(path)
        except model_file.OtherKindError as other:
            on_other(other.file)
        except model_file.NotAModelError:
            continue
        except InputError as problem:
            on_problem(problem)
        else:
            yield model


def newest_first(folder: Path) -> list[Path]:
    """Return the files in a folder that are named as models are, the newest first.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(model_file.SUFFIX))
    except OSError as error:
        raise unreadable(folder, error) from error
    changed: dict[Path, int] = {}
    for name in names:
        with suppress(OSError):  # a link to nothing or to itself, or removed since
            facts = os.stat(folder / name)
            if stat.S_ISREG(facts.st_mode):
                changed[folder / name] = facts.st_mtime_ns
    return sorted(changed, key=lambda path: -changed[path])


def load(
    path: str | os.PathLike[str] | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    *,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    skip_bad: bool = False,
    from_subwords: bool | None = None,
) -> Vectors:
    """Open a model, or a file in any format that wvcli reads.

    Args:
        path: the file or folder; None for what the variable WVCLI_MODEL names, or else the newest model in the
            current folder that can be opened, one that was trained before one that was only imported.
        on_progress: called while a file in another format is read, with the words read so far.
        on_note: called with a line on what was left out of such a file, such as vectors of repeated words; and, if
            `path` is None, for each newer model that was passed over because it cannot be opened.
        encoding: of the words in text vectors and word2vec's files, by a name that Python knows.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        skip_bad: leave out lines and words that cannot be read, and note how many there were.
        from_subwords: whether words outside the vocabulary have the vectors of their n-grams; None for FastText
            models only.

    Returns:
        Its words and vectors, memory-mapped where the format allows.

    Raises:
        InputError: the file is missing, damaged or in no known format.
        UsageError: there is no such encoding, or none can be chosen in this format; or there are no subwords.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.load("animals.safetensors")
        >>> vectors
        <Vectors: 1,731 words, 50 dimensions>
        >>> [word for word, similarity in vectors.most_similar("cat", 3)]
        ['dog', 'hamster', 'parrot']
        >>> wvcli.load("animals.safetensors", from_subwords=True)["catlike"].shape
        (50,)
    """
    vectors = _opened(path, on_progress, on_note, (encoding, encoding_errors, skip_bad))
    if from_subwords is None:
        return vectors
    if from_subwords and vectors.subwords is None:
        raise UsageError(f"{vectors.path} has no subwords", "train or import it with `unknown_words=subwords`")
    return replace(vectors, from_subwords=from_subwords)


def _opened(
    path: str | os.PathLike[str] | None, on_progress: OnProgress, on_note: OnNote, reading: tuple[str, str, bool]
) -> Vectors:
    """Open a model or another file as `load` does; the one that is kept open is not opened again."""
    chosen, _ = resolve(path, on_note)
    mapped_files.prepare()
    try:
        state = _state(chosen)
    except FileNotFoundError as error:
        from wvcli.models.fetching import is_elsewhere  # a query of our own models does without

        if not is_elsewhere(chosen):
            run = chosen.with_name(chosen.name + model_file.CHECKPOINT)
            hint = _how_to_finish([run] if model_file.is_checkpoint(run) else [])
            raise InputError(f"there is no file {chosen}", hint) from error
        state = None
    except OSError as error:  # a link to itself, a name that is too long
        raise unreadable(chosen, error) from error
    if reading != _AS_WRITTEN:
        return _read(chosen, on_progress, on_note, reading)
    before, vectors = _kept_open.get(chosen, (None, None))
    if vectors is None or before != state:
        vectors = _read(chosen, on_progress, on_note)
        if chosen in _kept_open:
            _kept_open[chosen] = (state, vectors)
    return vectors


def keep(path: str | os.PathLike[str], on_note: OnNote = ignore_note) -> Vectors:
    """Open a model as `load` does and keep it open, in place of the one kept before.

    Until its file changes, `load` of the same path gives the same object without reading it again.

    Raises:
        InputError: the file is missing, damaged or in no known format.
    """
    chosen = Path(path)
    state = None
    with suppress(OSError):  # of which `load` tells
        state = _state(chosen)  # first: what is written meanwhile is read again
    vectors = load(chosen, on_note=on_note)
    _kept_open.clear()
    _kept_open[chosen] = (state, vectors)
    return vectors


def is_kept(path: Path) -> bool:
    """Whether this model is kept open."""
    return path in _kept_open


def _state(path: Path) -> object:
    """Return what differs once a file was written again."""
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def open_if_model(path: Path) -> ModelFile | None:
    """Open a model file; return None for a folder, and for a file that does not say that it is one.

    Raises:
        OtherKindError: wvcli wrote it, but it is no model of word vectors.
        InputError: it is a model, but damaged or newer than this program.
    """
    if path.is_file():
        try:
            return model_file.open_model(path)
        except model_file.OtherKindError:
            raise
        except (model_file.NotAModelError, NoHeaderError):
            pass
    return None


def _read(
    path: Path, on_progress: OnProgress, on_note: OnNote, reading: tuple[str, str, bool] = _AS_WRITTEN
) -> Vectors:
    model = open_if_model(path)
    if model:
        if reading != _AS_WRITTEN:
            raise UsageError(
                f"{path} is a model, whose words are UTF-8",
                "leave out `encoding`, `encoding_errors` and `skip_bad`",
            )
        return model.vectors()
    from wvcli import formats  # a query of our own models does without
    from wvcli.models.fetching import fetched

    encoding, encoding_errors, skip_bad = reading
    with fetched(path, on_progress, on_note, None, Encoding.of(encoding, encoding_errors)) as found:
        try:
            chosen = formats.recognise(found.path)
        except InputError:
            if path.suffix != model_file.SUFFIX or path.is_dir():
                raise
            return model_file.open_model(path).vectors()  # it says what is wrong with the model
        as_said = formats.Reading(found.encoding, skip_bad)
        vectors = formats.read(found.path, chosen.name, None, on_progress, on_note, as_said)
    return replace(vectors, path=path) if found.is_copy else vectors
