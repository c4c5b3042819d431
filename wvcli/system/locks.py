"""Locks that last as long as the process that holds them, however it ends; and what killed processes leave.

A temporary file or folder has a lock file beside it, `.NAME.wvcli-XXXXXXXX.lock` beside
`.NAME.wvcli-XXXXXXXX.tmp`; a folder in the one for temporary files is locked itself. One that nobody has locked is
a stray.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from wvcli.errors import WvcliError, reason
from wvcli.system import exchange

_LOCK = re.compile(r"(\..*\.wvcli-[0-9a-f]{8})\.lock", re.DOTALL)
_FOLDER = re.compile(r"wvcli-[0-9a-f]{16}\.tmp")


def lock(descriptor: int) -> bool | None:
    """Lock an open file or folder, unless another process holds a lock on it.

    The lock ends when the descriptor is closed.

    Returns:
        Whether it is locked now; None on Windows, and on file systems without locks.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return None
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is within this for the same folder; some systems have no such locks."""
    with ExitStack() as stack:
        with suppress(ImportError, OSError):
            from fcntl import LOCK_EX, flock

            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            flock(descriptor, LOCK_EX)
        yield


@contextmanager
def temporary_name(path: Path) -> Iterator[Path]:
    """Yield a hidden name beside a path, for what will take its place; nothing has it.

    Raises:
        OSError: nothing can be written there.
    """
    remove_strays(path.parent)
    while True:
        stem = f".{path.name}.wvcli-{os.urandom(4).hex()}"
        held = path.with_name(f"{stem}.lock")
        with _locked(held) as is_held:
            if is_held:
                yield path.with_name(f"{stem}.tmp")
                return


def place_for_temporary_files() -> Path:
    """Return the folder that `tempfile` uses; it tries a folder with a file, which a kill would leave there."""
    if tempfile.tempdir is None:
        named = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
        usual = ["/tmp"] if os.name == "posix" else []
        can_be_written = (
            os.path.abspath(folder)
            for folder in [*filter(None, named), *usual]
            if os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)
        )
        tempfile.tempdir = next(can_be_written, None)
    return Path(tempfile.gettempdir())


def no_temporary_space(what: str, error: OSError | None = None) -> WvcliError:
    """Return the failure that the folder for temporary files has no space for something."""
    why = f": {reason(error)}" if error else ""
    return WvcliError(
        f"the temporary folder {place_for_temporary_files()} has no space for {what}{why}",
        "set TMPDIR to a folder that has",
    )


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder in the folder for temporary files, and remove it with all that is in it."""
    parent = place_for_temporary_files()
    _remove_stray_folders(parent)
    while True:
        folder = parent / f"wvcli-{os.urandom(8).hex()}.tmp"
        folder.mkdir(mode=0o700)
        with _folder_locked(folder) as is_held:
            if is_held:
                try:
                    yield folder
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
                return


@contextmanager
def _folder_locked(path: Path) -> Iterator[bool]:
    """Lock a folder; yield False if another process holds it, or has removed it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    except PermissionError:  # Windows opens no folders
        yield True
        return
    try:
        yield lock(descriptor) is not False and os.path.lexists(path)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Make a lock file and remove it in the end; yield False if another process took it for a stray meanwhile."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            yield lock(descriptor) is not False and os.path.lexists(path)
        finally:
            with suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)


def remove_strays(folder: Path) -> None:
    """Remove the temporary files and folders that killed processes left in a folder; settle what they replaced."""
    with suppress(OSError):
        names = os.listdir(folder)
        for name in names:
            if found := _LOCK.fullmatch(name):
                temporary = f"{found[1]}.tmp"
                made = [folder / each for each in names if each == temporary or each.startswith(f"{temporary}.")]
                _remove_stray(folder / name, made)


def _remove_stray(held: Path, made: list[Path]) -> None:
    """Remove a lock file that nobody has locked, and what was made under it; settle what was being replaced."""
    temporary, final = held.with_suffix(".tmp"), held.with_name(held.name[1:].rsplit(".", 2)[0])
    with suppress(OSError), closing(held.open("r+b")) as file:
        if not lock(file.fileno()):
            return
        for path in made:
            if exchange.is_unsettled(temporary, path):
                with alone_in(path.parent):
                    exchange.settle(path, final)
        for path in made:
            remove(path)
        held.unlink()


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _remove_stray_folders(parent: Path) -> None:
    """Remove the temporary folders that killed processes of this user left."""
    if not hasattr(os, "getuid"):
        return
    for path in parent.iterdir():
        with suppress(OSError):
            if not _FOLDER.fullmatch(path.name):
                continue
            facts = path.lstat()
            if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
                continue
            descriptor = os.open(path, os.O_RDONLY)
            try:
                if lock(descriptor):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)
