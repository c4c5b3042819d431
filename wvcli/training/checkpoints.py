"""What an interrupted run needs to continue: its encoded text and its latest state, in a folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from wvcli.errors import InputError, InterruptedRunError, UsageError, WvcliError, reason
from wvcli.models import model_file
from wvcli.models.model_file import ModelFile
from wvcli.system.locks import lock, temporary_folder
from wvcli.system.tensor_files import Tensors
from wvcli.tokens.encoded_corpus import EncodedCorpus

_STATE = "state.safetensors"
_LOCK = "lock"
# In the order in which they are removed: first what says that a run can be continued, which takes all the others.
_OURS = (
    "encoded.json*", _STATE, "*.ids", "cooccurrences*", f".{_STATE}.*.tmp", f".{_STATE}.*.lock", _LOCK
)  # fmt: skip


@dataclass
class Checkpoints:
    """The checkpoints of a run; each replaces the one before.

    Attributes:
        folder: where they are saved.
        minutes: between two of them; infinite where the run is only saved when it is stopped.
    """

    folder: Path
    minutes: float

    def __post_init__(self) -> None:
        self._next = monotonic() + 60 * self.minutes

    def are_due(self) -> bool:
        """Return whether it is time for a new checkpoint."""
        return monotonic() >= self._next

    def save(self, tensors: Tensors, state: Mapping[str, Any]) -> None:
        """Save a checkpoint, whole or not at all.

        Raises:
            WvcliError: the disk is full.
        """
        model_file.save(self.folder / _STATE, tensors, {"state": dict(state)}, overwrite=True)
        self._next = monotonic() + 60 * self.minutes

    def latest(self) -> ModelFile | None:
        """Return the latest checkpoint, or None when there is none.

        Raises:
            InputError: it is damaged.
        """
        if not (self.folder / _STATE).exists():
            return None
        saved = model_file.open_tensors(self.folder / _STATE)
        if model_file.damaged_tensors(saved):
            raise InputError(f"{saved.path} is damaged", "start over with `overwrite=True`")
        return saved


def state_of_run(folder: Path) -> dict[str, Any] | None:
    """Return where the run in a folder was saved last; None where it was not saved yet.

    Raises:
        InputError: it is damaged.
    """
    path = folder / _STATE
    if not path.exists():
        return None
    saved = model_file.open_tensors(path)
    with model_file.reading_manifest(path):
        return dict(saved.manifest["state"])


def last_saved(folder: Path) -> float:
    """Return when the run in a folder was saved last, or began to train, in seconds since 1970."""
    state = folder / _STATE
    return (state if state.exists() else folder).stat().st_mtime


def checkpoint_folder(path: Path) -> Path:
    """Return the folder in which a run that writes this model file is saved."""
    return path.with_name(path.name + model_file.CHECKPOINT)


@contextmanager
def workspace(path: Path, keeps: bool, resume: bool, overwrite: bool) -> Iterator[Path]:
    """Make the folder for a run's encoded text and checkpoints, and remove it when the run has finished.

    With checkpoints the folder is beside the model file, and stays if the run is interrupted. What a run left
    there that was killed before it had read its text is removed, since nothing can be resumed from it.

    Raises:
        UsageError: an unfinished run is in that folder, and neither `resume` nor `overwrite` says what to do with
            it; or another run uses the folder.
        InterruptedRunError: the run was interrupted, and can be resumed.
    """
    folder = checkpoint_folder(path)
    if folder.exists() and not resume:
        with _alone_in(folder):
            if EncodedCorpus.is_in(folder) and not overwrite:
                raise UsageError(
                    f"there is an unfinished run in {folder}",
                    "continue it with `resume=True`, or start over with `overwrite=True`",
                )
            _clear(folder)
    if not keeps:
        with temporary_folder() as temporary:
            yield temporary
        return
    folder.mkdir(exist_ok=True)
    with _alone_in(folder):
        try:
            yield folder
        except BaseException as error:
            if not EncodedCorpus.is_in(folder):
                _clear(folder)
            elif isinstance(error, KeyboardInterrupt):
                is_saved = (folder / _STATE).exists()
                kept = "what was saved last is kept" if is_saved else "its text is kept, but training begins anew"
                raise InterruptedRunError(f"interrupted; {kept}", "continue with `resume=True`", folder) from None
            raise
        _clear(folder)


@contextmanager
def place_for_stopped_run(path: Path) -> Iterator[Path]:
    """Make the folder beside the model file for a run that had none, and keep it only if the run is saved there.

    Raises:
        UsageError: another run is in that folder.
        WvcliError: the folder cannot be made.
    """
    folder = checkpoint_folder(path)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise WvcliError(f"cannot save the run in {folder}: {reason(error)}") from error
    with _alone_in(folder):
        if EncodedCorpus.is_in(folder):
            raise UsageError(f"there is an unfinished run in {folder} by now")
        try:
            yield folder
        except InterruptedRunError:
            raise
        except BaseException:
            _clear(folder)
            raise


def _clear(folder: Path) -> None:
    """Remove what runs wrote into the folder, and the folder itself if nothing else is in it."""
    for pattern in _OURS:
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Lock the folder.

    Raises:
        UsageError: another run uses it.
    """
    with (folder / _LOCK).open("a") as file:
        if lock(file.fileno()) is False:
            raise UsageError(f"another run is using {folder}")
        yield
