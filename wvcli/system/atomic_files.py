"""Files and folders written aside, flushed to disk and then put in place.

A crash leaves the old one or the new one and never half of one.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wvcli.errors import UsageError, WvcliError, reason
from wvcli.system.locks import temporary_name

_ASIDE = re.compile(r"\.(.*)\.[0-9a-f]{8}\.tmp", re.DOTALL)

MayReplace = Callable[[Path], bool]


def check_writable(path: Path, overwrite: bool, may_replace: MayReplace | None = None) -> None:
    """Refuse early what `atomic_write` would refuse.

    Raises:
        UsageError: the file exists and `overwrite` is false, or it is a folder that must not be replaced.
        WvcliError: the folder it is to be in is missing or cannot be written.
    """
    if path.is_dir():
        _check_folder(path, overwrite, may_replace)
    elif path.exists() and not path.is_file():
        raise UsageError(f"{path} is not an ordinary file")
    elif os.path.lexists(path) and not overwrite:
        raise UsageError(f"{path} exists", "add --force to overwrite it, or name another file")
    if not path.parent.is_dir():
        raise WvcliError(f"cannot write {path}: there is no folder {path.parent}")
    try:
        with temporary_name(path):
            pass
    except OSError as error:
        raise WvcliError(f"cannot write {path}: {reason(error)}") from error


def _check_folder(path: Path, overwrite: bool, may_replace: MayReplace | None) -> None:
    if may_replace is None:
        raise UsageError(f"{path} is a folder", "name a file with -o")
    if path.is_symlink() or path.resolve() == Path.cwd():
        raise UsageError(f"{path} is a folder that is in use", "name another one")
    if not any(path.iterdir()):
        return
    if not overwrite:
        raise UsageError(f"{path} exists", "add --force to overwrite it, or name another folder")
    if not may_replace(path):
        raise UsageError(f"{path} is a folder that holds other things", "name another one")


@contextmanager
def atomic_write(path: Path, overwrite: bool, may_replace: MayReplace | None = None) -> Iterator[Path]:
    """Yield a path beside `path` where nothing is yet; what is made there replaces `path` in the end.

    It may be a file or a folder, with other files beside it whose names begin with its name and a dot; these
    come with it. What killed runs left in the same folder is removed.

    Args:
        path: where it is to be.
        overwrite: replace an existing file, or folder that may be replaced.
        may_replace: whether a folder is one that may be replaced; None where no folder may be.

    Raises:
        UsageError: the file exists and `overwrite` is false, or a folder must not be replaced.
        WvcliError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    check_writable(path, overwrite, may_replace)
    if path.is_symlink():  # what it points to is replaced, not the link
        path = Path(os.path.realpath(path))  # which bears a link to itself
    try:
        with temporary_name(path) as aside:
            try:
                yield aside
                _place(aside, path, overwrite)
            finally:
                for made in (aside, *_side_files(aside)):
                    _remove(made)
        with suppress(OSError):  # some file systems cannot flush a folder; the file itself is safe
            flush(path.parent)
    except OSError as error:
        raise WvcliError(f"cannot write {path}: {reason(error)}") from error


def final_name(aside: Path) -> str:
    """Return the final name of a file that is made at the path of `atomic_write`, or beside it."""
    return _ASIDE.sub(r"\1", aside.name)


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")


def _side_files(aside: Path) -> list[Path]:
    return sorted(other for other in aside.parent.iterdir() if other.name.startswith(f"{aside.name}."))


def _place(aside: Path, path: Path, overwrite: bool) -> None:
    """Flush what was made and give it its name; the main file comes last, so that it is never there alone."""
    if aside.is_dir() and path.is_file():
        raise UsageError(f"{path} is a file, and a folder is to be written", "name another one")
    moves = [(other, path.with_name(path.name + other.name[len(aside.name) :])) for other in _side_files(aside)]
    for made in [other for other, _ in moves] + [aside]:
        for file in made.rglob("*") if made.is_dir() else [made]:
            if not file.is_dir():
                flush(file)
    for _, target in moves:
        if os.path.lexists(target) and not overwrite:
            raise UsageError(f"{target} exists", "add --force to overwrite it, or name another file")
    for made, target in [*moves, (aside, path)]:
        if path.is_dir() and made == aside:
            _swap(aside, path)
        elif overwrite or made.is_dir():
            os.replace(made, target)
        else:
            _put_in_place(made, target)


def _swap(aside: Path, path: Path) -> None:
    """Put a folder where another one is."""
    old = _temporary_name(path)
    os.rename(path, old)
    os.rename(aside, path)
    shutil.rmtree(old, ignore_errors=True)


def _put_in_place(aside: Path, path: Path) -> None:
    """Give `aside` the name `path` unless something took it meanwhile."""
    try:
        os.link(aside, path)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", "add --force to overwrite it") from error
    except OSError:  # a file system without hard links
        os.rename(aside, path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before going on."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
