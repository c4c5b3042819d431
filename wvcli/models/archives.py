"""Zip and tar archives: which of their files hold vectors, and those files on disk."""

import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from wvcli import formats
from wvcli.errors import InputError, WvcliError, unreadable
from wvcli.system.locks import no_temporary_space

_ZIP, _TAR = b"PK\x03\x04", b"ustar"
_TAR_PLACE = 257  # of its magic
_ZIP_NAME = slice(26, 28)  # where the length of the first name stands; the name begins at 30
_SNIFFED = 65_536  # bytes of a member that formats are shown
_BLOCK = 1 << 20  # bytes copied at a time
_LISTED = 12  # members that a message names
_WORD_LISTS = (".words.txt", ".words", ".vocab.txt", ".vocab")  # of arrays without words
_VOCABULARY = "vocab.txt"  # of GloVe's program


def kind_of(head: bytes) -> str | None:
    """Return `zip` or `tar` for a file that begins with these bytes, or None.

    The files of NumPy and PyTorch are zip archives too, as the name of the first member tells; they are none here.
    """
    if head.startswith(_ZIP):
        first = head[: 30 + int.from_bytes(head[_ZIP_NAME], "little")]
        return None if formats.of_head(first) else "zip"
    return "tar" if head[_TAR_PLACE:].startswith(_TAR) else None


@dataclass(frozen=True)
class Members:
    """A file or folder of an archive.

    Attributes:
        path: its name there; empty for all of it.
        names: the files that belong to it.
    """

    path: str
    names: list[str]


class Archive:
    """The files of a zip or tar archive.

    Args:
        source: its name in messages.
        sizes: the bytes of each file, by its name.
        open_member: opens one of them.
    """

    def __init__(self, source: str, sizes: Mapping[str, int], open_member: Callable[[str], IO[bytes]]) -> None:
        self.source = source
        self._open = open_member
        self.sizes = {name: size for name, size in sizes.items() if not _is_hidden(name)}

    def head(self, name: str) -> bytes:
        """Return the first bytes of a file."""
        with self._open(name) as stream:
            return stream.read(_SNIFFED)

    def extract(self, name: str, root: Path) -> None:
        """Write a file below a folder, under its name, unless it is there.

        Raises:
            InputError: its name leads out of the folder.
            WvcliError: there is no space for it.
        """
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            raise InputError(f"{self.source} is damaged: {name!r} leads out of it")
        target = root / name
        if not target.exists():
            if shutil.disk_usage(root.parent).free < self.sizes[name]:
                raise no_temporary_space(f"a copy of {self.source}")
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._open(name) as stream:
                write_copy(stream, target, self.source)

    def inside(self, folder: str) -> list[str]:
        """Return the files in a folder and its subfolders."""
        return [name for name in self.sizes if not folder or name.startswith(f"{folder}/")]

    def with_companions(self, name: str) -> list[str]:
        """Return a file and those that belong to it.

        Their names begin with its own and a dot, as those of Gensim's arrays do, or they are lists of its words.
        """
        path = PurePosixPath(name)
        lists = {str(path.with_suffix(ending)) for ending in _WORD_LISTS} | {str(path.with_name(_VOCABULARY))}
        belonging = (other for other in self.sizes if other.startswith(f"{name}.") or other in lists)
        return [name, *(other for other in belonging if other != name)]

    def listing(self, names: list[str]) -> str:
        """Return names and sizes for a message."""
        shown = [f"{name} ({self.sizes[name] / 1e6:,.1f} MB)" for name in names[:_LISTED]]
        more = [f"{len(names) - _LISTED} more"] if len(names) > _LISTED else []
        return ", ".join(shown + more)


def _is_hidden(name: str) -> bool:
    """Whether a file is none that somebody would mean, such as what macOS adds to archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts if part != "..")


@contextmanager
def opened(path: Path, kind: str, source: str) -> Iterator[Archive]:
    """Open an archive; whatever its reader meets within the block is damage.

    Args:
        path: the archive.
        kind: `zip` or `tar`.
        source: its name in messages.

    Raises:
        InputError: it is damaged, or needs a password.
    """
    try:
        if kind == "zip":
            with zipfile.ZipFile(path) as packed:
                sizes = {entry.filename: entry.file_size for entry in packed.infolist() if not entry.is_dir()}
                yield Archive(source, sizes, packed.open)
        else:
            with tarfile.open(path, "r:") as tar:
                entries = {entry.name.removeprefix("./"): entry for entry in tar if entry.isreg()}
                sizes = {name: entry.size for name, entry in entries.items()}
                yield Archive(source, sizes, lambda name: tar.extractfile(entries[name]) or _nothing(name))
    except WvcliError:
        raise
    except (RuntimeError, NotImplementedError) as error:  # as zipfile says of passwords and rare methods
        raise InputError(f"cannot read {source}: {error}", "unpack it first") from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise InputError(f"{source} is damaged: {error or 'it ends early'}") from error
    except OSError as error:
        raise unreadable(source, error) from error


def _nothing(name: str) -> IO[bytes]:
    raise tarfile.ReadError(f"nothing is stored of {name}")


def named(archive: Archive, member: str) -> Members:
    """Return the file or folder of an archive that the user named, by its path or by the end of it.

    Raises:
        InputError: there is none, or several have that name.
    """
    wanted = member.strip("/")
    if wanted in archive.sizes:
        return Members(wanted, archive.with_companions(wanted))
    if archive.inside(wanted):
        return Members(wanted, archive.inside(wanted))
    ending = [name for name in archive.sizes if name.endswith(f"/{wanted}")]
    if len(ending) == 1:
        return Members(ending[0], archive.with_companions(ending[0]))
    what = "several files" if ending else "no file"
    listed = archive.listing(ending or list(archive.sizes))
    raise InputError(f"{archive.source} has {what} called {member}", f"it has: {listed}")


def only(archive: Archive, root: Path, other: str | None = None) -> Members:
    """Return the one file of an archive that holds vectors, besides an `other` one, or else the one folder.

    A folder in a known format has a JSON file that describes it; its files may look like vectors by themselves. To
    tell, what may be such a folder is extracted.

    Raises:
        InputError: there is none, or there are several.
    """
    described = {os.path.dirname(name) for name in archive.sizes if name.endswith(".json")}
    outermost = [one for one in described if not any(one != other and _is_in(one, other) for other in described)]
    folders = []
    for folder in outermost:
        for name in archive.inside(folder):
            archive.extract(name, root)
        if any(found.read for found in formats.matching(root / folder)):
            folders.append(folder)
    if len(folders) == 1:
        return Members(folders[0], archive.inside(folders[0]))
    names = [name for name in archive.sizes if name != other]
    files = [name for name in names if any(found.read for found in formats.of_head(archive.head(name)))]
    files = [name for name in files if not any(name != one and name.startswith(f"{one}.") for one in files)]
    if len(files) == 1:
        return Members(files[0], archive.with_companions(files[0]))
    if not files:
        raise InputError(
            f"{archive.source} holds no vectors in a known format",
            f"it has: {archive.listing(list(archive.sizes))}",
        )
    raise InputError(
        f"{archive.source} holds vectors more than once", f"choose with `member`: {archive.listing(files)}"
    )


def _is_in(folder: str, other: str) -> bool:
    return not other or folder.startswith(f"{other}/")


def write_copy(stream: IO[bytes], target: Path, source: str) -> None:
    """Write what a stream holds to a new file; `source` is what messages call it.

    Raises:
        WvcliError: there is no space for it.
    """
    with target.open("xb") as copy:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            write_block(block, copy, source)


def write_block(block: bytes, copy: IO[bytes], source: str) -> None:
    """Write bytes to a copy.

    Raises:
        WvcliError: there is no space for them.
    """
    try:
        copy.write(block)
        copy.flush()
    except OSError as error:
        raise no_temporary_space(f"a copy of {source}", error) from error
