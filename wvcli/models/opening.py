"""Which model is meant, and how a model or a file in another format is opened."""

import os
from collections.abc import Iterator
from pathlib import Path

from wvcli.errors import InputError
from wvcli.models import model_file
from wvcli.reporting import OnProgress, ignore_progress
from wvcli.vectors.word_vectors import Vectors

VARIABLE = "WVCLI_MODEL"

_kept_open: dict[Path, tuple[object, Vectors]] = {}  # one model at most, with the state of its file


def resolve(given: str | os.PathLike[str] | None) -> tuple[Path, bool]:
    """Return the model file to use, and whether it was guessed.

    It is the one given, else the one in the variable WVCLI_MODEL, else the newest in the current folder.

    Raises:
        InputError: there is none.
    """
    chosen = given or os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen), False
    found = find(Path())
    if not found:
        raise InputError(
            "there is no model in this folder", "train one with wvcli train FILE, or name one with -m FILE"
        )
    return found[0], True


def find(folder: Path) -> list[Path]:
    """Find the wvcli models in a folder, the newest first."""
    return sorted(_models(folder), key=lambda path: (-path.stat().st_mtime_ns, path.name))


def _models(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob(f"*{model_file.SUFFIX}") if path.is_file() and model_file.is_model(path))


def load(path: str | os.PathLike[str] | None = None, on_progress: OnProgress = ignore_progress) -> Vectors:
    """Open a model, or a file in any format that wvcli reads.

    Args:
        path: the file or folder; None for what the variable WVCLI_MODEL names, or else the newest model in the
            current folder.
        on_progress: called while a file in another format is read, with the words read so far.

    Returns:
        Its words and vectors, memory-mapped where the format allows.

    Raises:
        InputError: the file is missing, damaged or in no known format.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.load("animals.safetensors")
        >>> vectors
        <Vectors: 1,731 words, 50 dimensions>
        >>> [word for word, similarity in vectors.most_similar("cat", 3)]
        ['dog', 'hamster', 'parrot']
    """
    chosen, _ = resolve(path)
    if not chosen.exists():
        raise InputError(f"there is no file {chosen}")
    state = _state(chosen)
    before, vectors = _kept_open.get(chosen, (None, None))
    if vectors is None or before != state:
        vectors = _read(chosen, on_progress)
        if chosen in _kept_open:
            _kept_open[chosen] = (state, vectors)
    return vectors


def keep(path: str | os.PathLike[str]) -> Vectors:
    """Open a model as `load` does and keep it open, in place of the one kept before.

    Until its file changes, `load` of the same path gives the same object without reading it again.

    Raises:
        InputError: the file is missing, damaged or in no known format.
    """
    chosen = Path(path)
    state = _state(chosen) if chosen.exists() else None  # first: what is written meanwhile is read again
    vectors = load(chosen)
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


def _read(path: Path, on_progress: OnProgress) -> Vectors:
    if not path.is_dir() and model_file.is_model(path):
        return model_file.open_model(path).vectors()
    from wvcli import formats  # a query of our own models does without

    try:
        chosen = formats.recognise(path)
    except InputError:
        if path.suffix != model_file.SUFFIX or path.is_dir():
            raise
        return model_file.open_model(path).vectors()  # it says what is wrong with the model
    return formats.read(path, chosen.name, on_progress=on_progress)
