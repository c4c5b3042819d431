"""Files and folders written aside, flushed to disk and then put in place.

A crash leaves the old one or the new one and never half of one.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wvcli.errors import UsageError, WvcliError, reason
from wvcli.system import exchange
from wvcli.system.locks import alone_in, remove, remove_strays, temporary_name

_ASIDE = re.compile(r"\.(.*)\.wvcli-[0-9a-f]{8}\.tmp", re.DOTALL)

MayReplace = Callable[[Path], bool]


def check_writable(path: Path, overwrite: bool, may_replace: MayReplace | None = None) -> None:
    """Refuse early what `atomic_write` would refuse.

    Raises:
        UsageError: the file exists and `overwrite` is false, or it is a folder that must not be replaced.
        WvcliError: the folder it is to be in is missing or cannot be written.
    """
    remove_strays(path.parent)
    if path.is_dir():
        _check_folder(path, overwrite, may_replace)
    elif path.exists() and not path.is_file():
        raise UsageError(f"{path} is not an ordinary file")
    elif os.path.lexists(path) and not overwrite:
        raise _exists(path)
    if not path.parent.is_dir():
        raise WvcliError(f"cannot write {path}: there is no folder {path.parent}")
    try:
        with temporary_name(path):
            pass
    except OSError as error:
        raise WvcliError(f"cannot write {path}: {reason(error)}") from error


def _check_folder(path: Path, overwrite: bool, may_replace: MayReplace | None) -> None:
    if may_replace is None:
        raise UsageError(f"{path} is a folder", "name a file")
    if path.is_symlink() or path.resolve() == Path.cwd():
        raise UsageError(f"{path} is a folder that is in use", "name another one")
    if not any(path.iterdir()):
        return
    if not overwrite:
        raise UsageError(f"{path} exists", "add `overwrite=True` to replace it, or name another folder")
    if not may_replace(path):
        raise UsageError(f"{path} is a folder that holds other things", "name another one")


@contextmanager
def atomic_write(
    path: Path, overwrite: bool, may_replace: MayReplace | None = None, companions: Iterable[str] = ()
) -> Iterator[Path]:
    """Yield a path beside `path` where nothing is yet; what is made there replaces `path` in the end.

    It may be a file or a folder, or a file with others beside it whose names begin with its name and a dot; these
    come with it, all at one moment. What killed runs left in the same folder is removed.

    Args:
        path: where it is to be.
        overwrite: replace an existing file, or folder that may be replaced.
        may_replace: whether a folder is one that may be replaced; None where no folder may be.
        companions: regular expressions for what follows its name in the names of files that belong to it. Those
            that an earlier one of the same name left are replaced or removed, whatever `overwrite` says.

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
                _place(aside, path, overwrite, companions)
            finally:
                for made in (aside, *_side_files(aside)):
                    if exchange.is_unsettled(aside, made):
                        with suppress(OSError):  # then the old ones stay there
                            exchange.settle(made, path)
                    else:
                        remove(made)
        with suppress(OSError):  # some file systems cannot flush a folder; the file itself is safe
            flush(path.parent)
    except OSError as error:
        raise WvcliError(f"cannot write {path}: {reason(error)}") from error


def final_name(aside: Path) -> str:
    """Return the final name of a file that is made at the path of `atomic_write`, or beside it."""
    return _ASIDE.sub(r"\1", aside.name)


def _side_files(aside: Path) -> list[Path]:
    return sorted(other for other in aside.parent.iterdir() if other.name.startswith(f"{aside.name}."))


def _companions(path: Path, endings: Iterable[str]) -> list[Path]:
    """Return the files beside a path that belong to it by their names."""
    return sorted(
        other
        for other in path.parent.iterdir()
        if any(re.fullmatch(ending, other.name[len(path.name) :]) for ending in endings)
        and other.name.startswith(path.name)
        and not other.is_dir()
    )


def _place(aside: Path, path: Path, overwrite: bool, companions: Iterable[str]) -> None:
    """Flush what was made, and give it its name."""
    if aside.is_dir() and path.is_file():
        raise UsageError(f"{path} is a file, and a folder is to be written", "name another one")
    beside = {other: path.with_name(path.name + other.name[len(aside.name) :]) for other in _side_files(aside)}
    for made in [*beside, aside]:
        for file in made.rglob("*") if made.is_dir() else [made]:
            if not file.is_dir():
                flush(file)
    with alone_in(path.parent):
        if not aside.is_dir():
            _place_files(aside, path, beside, overwrite, companions)
        elif path.is_dir():
            exchange.replace_folder(aside, path)
        else:
            os.rename(aside, path)


def _place_files(
    aside: Path, path: Path, beside: dict[Path, Path], overwrite: bool, companions: Iterable[str]
) -> None:
    """Put a file in place, with those beside it, and remove what belonged to the old one only."""
    old = _companions(path, companions)
    for target in beside.values():
        if os.path.lexists(target) and target not in old and not overwrite:
            raise _exists(target)
    stale = [target for target in old if target not in beside.values()]
    if beside or stale:
        try:
            exchange.replace_files(beside | {aside: path}, stale, path, overwrite)
        except FileExistsError as error:
            raise _exists(path) from error
    elif overwrite:
        os.replace(aside, path)
    else:
        _put_in_place(aside, path)


def _exists(path: Path) -> UsageError:
    return UsageError(f"{path} exists", "add `overwrite=True` to replace it, or name another file")


def _put_in_place(aside: Path, path: Path) -> None:
    """Give `aside` the name `path` unless something took it meanwhile."""
    try:
        os.link(aside, path)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError:  # a file system without hard links
        os.rename(aside, path)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before going on."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
