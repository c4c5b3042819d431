"""What came of a download before it broke off or the program was killed, kept for the next run.

It lies in the user's folder for caches, `$XDG_CACHE_HOME/wvcli/downloads` or `~/.cache/wvcli/downloads`, under a
name made of the address and of what the server calls its version, so that another version begins anew.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

from wvcli.errors import InputError
from wvcli.system.locks import lock

_SUFFIX = ".part"
_LONGEST_KEPT = 30 * 24 * 3600  # seconds after which nobody is thought to come back


def folder() -> Path:
    """Return the folder for what is kept; it need not exist."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "wvcli" / "downloads"


class KeptDownload:
    """The first bytes of what is at an address.

    Where they cannot be kept, as on a full disk, or another run is at it, nothing is.

    Args:
        address: of what is downloaded.

    Attributes:
        is_broken_off: whether the server broke off, so that a later run can go on.
        before: how many bytes an earlier run left.
        size: how many there are now.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._file: IO[bytes] | None = None
        self.is_broken_off = False
        self.before = self.size = 0

    def begin(self, version: str) -> int:
        """Return how many bytes are kept of what the server calls by this version."""
        with suppress(OSError, RuntimeError):  # RuntimeError: the user has no home
            kept = folder()
            kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            _remove_old(kept)
            name = sha256(f"{self._address}\0{version}".encode()).hexdigest()
            file = (kept / f"{name}{_SUFFIX}").open("a+b", buffering=0)
            if lock(file.fileno()) is False:
                file.close()
                return 0
            self._file = file
            self.before = self.size = file.seek(0, 2)
        return self.size

    def read(self, position: int, most: int) -> bytes:
        """Return at most this many bytes from a position; none behind the last."""
        if self._file is None or position >= self.before:
            return b""
        self._file.seek(position)
        return self._file.read(min(most, self.before - position))

    def add(self, data: bytes) -> None:
        """Keep the next bytes."""
        if self._file is not None:
            try:
                self._file.write(data)
                self.size += len(data)
            except OSError:  # the disk is full: what is kept would be in the way
                self.discard()

    def discard(self) -> None:
        """Keep nothing."""
        if self._file is not None:
            with suppress(OSError):
                os.unlink(self._file.name)
            self.close()
        self.before = self.size = 0

    def close(self) -> None:
        """Close what is kept."""
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def kept_download(address: str) -> Iterator[KeptDownload]:
    """Keep within the block what comes of an address, until the block ends well.

    It stays there where the server breaks off, the disk is full, or the program is stopped. Where what came is
    damaged, nothing is kept.
    """
    kept = KeptDownload(address)
    try:
        yield kept
    except InputError as error:
        if not kept.is_broken_off:
            kept.discard()
        elif kept.size and not error.hint:
            error.hint = f"{kept.size / 1e6:,.1f} MB of it are kept: the same command goes on from there"
        raise
    else:
        kept.discard()
    finally:
        kept.close()


def _remove_old(kept: Path) -> None:
    for file in kept.glob(f"*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _LONGEST_KEPT:
                file.unlink()
