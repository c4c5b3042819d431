"""Mapped files that are changed or cut short by another program while they are in use."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from weakref import ref

from wvcli.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_State = tuple[int, int, int, int]
_mapped: "list[tuple[Callable[[], Any], Path, _State]]" = []
_end: Callable[[Path | None], None] | None = None
_handler: Any = None  # what C calls must not be collected


def map_whole(file: BinaryIO, path: Path) -> "npt.NDArray[np.uint8]":
    """Map an open file and watch it as long as the map is alive; by its name another one might be opened.

    Args:
        file: open to read; its position stays.
        path: its name.

    Returns:
        uint8 [bytes], read-only.

    Raises:
        ValueError: the file is empty.
    """
    import numpy as np  # the command line begins without it

    position = file.tell()
    mapped = np.memmap(file, dtype=np.uint8, mode="r")
    file.seek(position)
    watch(mapped.base, path, file.fileno())
    return np.asarray(mapped)


def watch(mapped: Any, path: Path, descriptor: int) -> None:
    """Remember a file that is mapped, as long as the map is alive.

    Args:
        mapped: the map.
        path: its name.
        descriptor: of the open file.
    """
    prepare()
    _mapped[:] = [entry for entry in _mapped if entry[0]() is not None]
    _mapped.append((ref(mapped), path.absolute(), _state(os.fstat(descriptor))))


def check_unchanged() -> None:
    """Refuse to go on with a mapped file that was written to.

    A file that another one has replaced under its name is as it was.

    Raises:
        InputError: a file that is in use was overwritten in place.
    """
    changed = _changed()
    if changed:
        raise overwritten(changed)


def overwritten(path: Path | None) -> InputError:
    """Return the failure that a file was changed while it was in use; None is one whose name is not known."""
    what = path or "a file"
    return InputError(f"{what} was overwritten or cut short while it was in use", "ask again")


def _changed() -> Path | None:
    """Return the first mapped file that still has its name and yet is not as it was."""
    for mapped, path, before in _mapped:
        try:
            now = _state(os.stat(path))
        except OSError:
            continue
        if mapped() is not None and now[:2] == before[:2] and now != before:
            return path
    return None


def _state(facts: os.stat_result) -> _State:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def call_on_bus_error(end: Callable[[Path | None], None]) -> None:
    """Have a function called when memory is read that a mapped file no longer has.

    Args:
        end: ends the program; given the name of the file, if it is known.
    """
    global _end
    _end = end


def prepare() -> None:
    """Before a file is mapped, install what `call_on_bus_error` was given.

    Python's own handlers run after the instruction that failed, which fails again for ever. So this one is given
    to C, which calls it within that instruction: NumPy reading a row, say.
    """
    global _handler
    if _end is None or _handler is not None or not hasattr(signal, "SIGBUS"):
        return
    import ctypes  # NumPy does so, too; whoever maps no file does without

    end, kind = _end, ctypes.CFUNCTYPE(None, ctypes.c_int)
    _handler = kind(lambda number: end(_changed()))
    install = ctypes.CDLL(None).signal
    install.restype, install.argtypes = ctypes.c_void_p, [ctypes.c_int, kind]
    install(int(signal.SIGBUS), _handler)
