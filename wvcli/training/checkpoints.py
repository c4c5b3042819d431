"""Where a run keeps what it needs to go on after it was killed: its encoded text and its latest state."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from wvcli.errors import InputError, InterruptedRunError, UsageError
from wvcli.models import model_file
from wvcli.models.model_file import ModelFile
from wvcli.system.tensor_files import Tensors
from wvcli.tokens.encoded_corpus import EncodedCorpus

_STATE = "state.safetensors"
_LOCK = "lock"
_OURS = ("*.ids", "encoded.json*", _STATE, f".{_STATE}.*.tmp", _LOCK)


@dataclass
class Checkpoints:
    """States of a run, each in place of the last.

    Attributes:
        folder: where they are put.
        minutes: between two of them.
    """

    folder: Path
    minutes: float

    def __post_init__(self) -> None:
        self._next = monotonic() + 60 * self.minutes

    def are_due(self) -> bool:
        """Whether the time for a new state has come."""
        return monotonic() >= self._next

    def save(self, tensors: Tensors, state: Mapping[str, Any]) -> None:
        """Put a state on disk, whole or not at all.

        Raises:
            WvcliError: the disk is full.
        """
        model_file.save(self.folder / _STATE, tensors, {"state": dict(state)}, overwrite=True)
        self._next = monotonic() + 60 * self.minutes

    def latest(self) -> ModelFile | None:
        """The latest state, or None when there is none.

        Raises:
            InputError: it is damaged.
        """
        if not (self.folder / _STATE).exists():
            return None
        saved = model_file.open_tensors(self.folder / _STATE)
        if model_file.damaged_tensors(saved):
            raise InputError(f"{saved.path} is damaged", "start over with `overwrite=True`")
        return saved


@contextmanager
def workspace(path: Path, keeps: bool, resume: bool, overwrite: bool) -> Iterator[Path]:
    """The folder for a run's encoded text and checkpoints; it is gone when the run has ended well.

    With checkpoints it lies beside the model file, and stays when the run is broken off.

    Raises:
        UsageError: an unfinished run lies there, and neither `resume` nor `overwrite` says what to do with it; or
            another run is at work there.
        InterruptedRunError: the run was interrupted, and can be resumed.
    """
    folder = path.with_name(path.name + ".checkpoint")
    if folder.exists() and not resume:
        if not overwrite:
            raise UsageError(
                f"there is an unfinished run in {folder}",
                "continue it with `resume=True`, or start over with `overwrite=True`",
            )
        with _alone_in(folder):
            _clear(folder)
    if not keeps:
        with tempfile.TemporaryDirectory(prefix="wvcli-") as temporary:
            yield Path(temporary)
        return
    folder.mkdir(exist_ok=True)
    with _alone_in(folder):
        try:
            yield folder
        except BaseException as error:
            if not EncodedCorpus.lies_in(folder):
                _clear(folder)
            elif isinstance(error, KeyboardInterrupt):
                raise InterruptedRunError(
                    "interrupted", "rerun with `resume=True` to continue from the last checkpoint"
                ) from None
            raise
        _clear(folder)


def _clear(folder: Path) -> None:
    """Remove what runs put into the folder, and the folder itself if nothing else is in it."""
    for pattern in _OURS:
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Refuse to work in a folder in which another run is working."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        yield
        return
    with (folder / _LOCK).open("a") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError as error:
            raise UsageError(f"another run is at work in {folder}") from error
        yield
