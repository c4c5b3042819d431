"""New files or a new folder in the place of old ones of the same names, at one moment.

A kill at any time leaves all of the old or all of the new under their names. A folder is exchanged by the system.
Several files are first replaced by links to where they lie in a folder of their own,

    .NAME.wvcli-XXXXXXXX.tmp.links/old/  the old files  NAME      ->  .NAME.wvcli-XXXXXXXX.tmp.links/now/NAME
    .NAME.wvcli-XXXXXXXX.tmp.links/new/  the new files  NAME.more ->  .NAME.wvcli-XXXXXXXX.tmp.links/now/NAME.more
    .NAME.wvcli-XXXXXXXX.tmp.links/now    ->  old, then new

then `now` is turned from the old to the new, and in the end the links are replaced by the files. Where the system
cannot exchange or has no links, the old ones are kept in `.NAME.wvcli-XXXXXXXX.tmp.kept/` and put back on failure.
`settle` ends, or takes back, what a killed process began.
"""

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from wvcli.errors import WvcliError, reason

_LINKS, _KEPT = ".links", ".kept"
_OLD, _NEW, _NOW, _NEXT = "old", "new", "now", "next"
_NOT_FOR_WANT_OF_LINKS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux, in fcntl.h and fs.h


def replace_folder(made: Path, path: Path) -> None:
    """Put a folder in the place of another one, which lies where the new one was made, or is removed.

    Raises:
        OSError: it was not possible; the old one is in its place.
        WvcliError: nor could that be put back; the message says where it is.
    """
    if not _exchange(made, path):
        _replace_keeping({made: path}, [])


def replace_files(files: Mapping[Path, Path], stale: Sequence[Path], main: Path, overwrite: bool) -> None:
    """Put several files in their places, and remove others.

    Args:
        files: where they were made, and where they are to be; all are in one folder.
        stale: files there that belong to the old ones and to none of the new.
        main: the one of the places that names the others.
        overwrite: replace what is at `main`.

    Raises:
        FileExistsError: there is something at `main`, and `overwrite` is false.
        OSError: it was not possible; the old ones are in their places.
        WvcliError: nor could those be put back; the message says where they are.
    """
    made = next(made for made, target in files.items() if target == main)
    folder = made.with_name(made.name + _LINKS)
    targets = [main, *(target for target in files.values() if target != main)]
    try:
        try:
            _gather(folder, files, stale)
            _point(folder, _OLD)
            if not overwrite:
                os.symlink(_link_text(folder, main.name), main)  # which fails if something is there
            for target in [*targets[not overwrite :], *stale]:
                _replace_by_link(folder, target)
            _point(folder, _NEW)
        finally:
            settle(folder, main)
    except OSError as error:
        if isinstance(error, FileExistsError) or error.errno in _NOT_FOR_WANT_OF_LINKS:
            raise
        others = {made: target for made, target in files.items() if target != main}
        _replace_keeping(others | {made: main}, stale)


def is_unsettled(made: Path, path: Path) -> bool:
    """Return whether a path is that of a folder for `settle`, of what was made at `made`."""
    return path.name in (made.name + _LINKS, made.name + _KEPT)


def settle(folder: Path, main: Path) -> None:
    """Bring each file that a folder of old and new ones stands for into its place, and remove the folder."""
    if folder.name.endswith(_KEPT):
        _put_back(folder, main)
    else:
        _replace_links(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names; return whether the system can do that."""
    import ctypes  # takes some time to import

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # not on Linux, or with an old C library
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):  # the file system or the kernel cannot
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def _gather(folder: Path, files: Mapping[Path, Path], stale: Sequence[Path]) -> None:
    """Give the old and the new files second names, in a folder."""
    for part in (_OLD, _NEW):
        (folder / part).mkdir(parents=True)
    for target in [*files.values(), *stale]:
        if target.is_symlink():
            os.symlink(os.path.realpath(target), folder / _OLD / target.name)
        elif os.path.lexists(target):
            os.link(target, folder / _OLD / target.name)
    for made, target in files.items():
        os.link(made, folder / _NEW / target.name)


def _point(folder: Path, part: str) -> None:
    """Turn `now` to the old or the new files."""
    os.symlink(part, folder / _NEXT)
    os.replace(folder / _NEXT, folder / _NOW)


def _link_text(folder: Path, name: str) -> str:
    return f"{folder.name}/{_NOW}/{name}"


def _replace_by_link(folder: Path, target: Path) -> None:
    os.symlink(_link_text(folder, target.name), folder / _NEXT)
    os.replace(folder / _NEXT, target)


def _replace_links(folder: Path) -> None:
    names = {file.name for part in (_OLD, _NEW) if (folder / part).is_dir() for file in (folder / part).iterdir()}
    for name in sorted(names):
        link, file = folder.with_name(name), folder / _NOW / name
        if not link.is_symlink() or os.readlink(link) != _link_text(folder, name):
            continue
        if os.path.lexists(file):
            with suppress(FileNotFoundError):
                (folder / _NEXT).unlink()
            os.link(file, folder / _NEXT, follow_symlinks=False)
            os.replace(folder / _NEXT, link)
        else:
            link.unlink()


def _replace_keeping(moves: Mapping[Path, Path], stale: Sequence[Path]) -> None:
    """Replace files, or a folder; the last of them is taken away first and put in place last.

    So a kill may leave nothing under its name, and never a file that meets what does not belong to it.
    """
    made, main = list(moves.items())[-1]
    kept = made.with_name(made.name + _KEPT)
    kept.mkdir()
    try:
        for target in [*reversed(list(moves.values())), *stale]:
            if os.path.lexists(target):
                os.rename(target, kept / target.name)
        for made, target in moves.items():
            os.rename(made, target)
    except OSError as error:
        try:
            _put_back(kept, main)
        except OSError as second:
            raise WvcliError(
                f"cannot replace {main}: {reason(error)}, nor put the old one back: {reason(second)}",
                f"the old one is in {kept}",
            ) from error
        kept.rmdir()
        raise
    shutil.rmtree(kept, ignore_errors=True)


def _put_back(kept: Path, main: Path) -> None:
    """Give the old ones their names again, the main one last, unless the new ones are complete."""
    if not os.path.lexists(main):
        for file in sorted(kept.iterdir(), key=lambda file: file.name == main.name):
            os.replace(file, main.with_name(file.name))
