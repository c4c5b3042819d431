"""Vectors as they were downloaded: packed, in an archive, at an address, or on standard input.

Readers want a file of their own that they can map and read twice. So what is none is copied into the folder for
temporary files, unpacked and as UTF-8, and is gone when it has been read.
"""

import codecs
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO

from wvcli import formats
from wvcli.errors import InputError, UsageError, WvcliError, reason, unreadable
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, Progress, Throttle
from wvcli.system.encodings import Encoding
from wvcli.system.locks import place_for_temporary_files, temporary_folder
from wvcli.text import sources

_BLOCK = 1 << 20  # bytes copied at a time
_SNIFFED = 65_536  # bytes of a member that formats are shown
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.+)", re.DOTALL)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LISTED = 12  # members that a message names
_UTF8 = Encoding()


@dataclass(frozen=True)
class Obtained:
    """A file or folder that can be read.

    Attributes:
        path: where it is for as long as it is read.
        name: of the source, as the user typed it, but for a password.
        is_copy: whether `path` is a copy.
        encoding: of its words.
        member: what was taken out of an archive, or an empty string.
        size: the bytes of the source as they came; None if it is a file or folder that can be read again.
        sha256: of these bytes.
    """

    path: Path
    name: str
    is_copy: bool
    encoding: Encoding = _UTF8
    member: str = ""
    size: int | None = None
    sha256: str = ""

    @property
    def source(self) -> str:
        """What messages call it."""
        return f"{self.name} ({self.member})" if self.member else self.name

    @property
    def origin(self) -> Path:
        """The file or folder that was named, where it is one."""
        return Path(self.name)


def address_of(source: str | os.PathLike[str]) -> str:
    """Return a source as the user typed it: a path makes one slash of the two in an address."""
    text = os.fspath(source)
    found = _ADDRESS.fullmatch(text)
    return f"{found[1]}://{found[2]}" if found and not os.path.exists(text) else text


def is_elsewhere(source: str | os.PathLike[str]) -> bool:
    """Whether a source is standard input or an address."""
    text = address_of(source)
    return text == sources.STDIN or sources.is_remote(text)


def stem(source: str | os.PathLike[str]) -> str:
    """Return the name of what is in a source, a file without suffixes; `vectors` for standard input."""
    text = address_of(source)
    if os.path.isdir(text):
        return Path(text).name
    return "vectors" if text == sources.STDIN else sources.stem(text)


@contextmanager
def obtained(
    source: str | os.PathLike[str],
    on_progress: OnProgress,
    on_note: OnNote,
    member: str | None = None,
    encoding: Encoding = _UTF8,
) -> Iterator[Obtained]:
    """Within the block, have a source as a file or folder that can be read.

    Args:
        source: a path, an address, or `-`.
        on_progress: called with the stage `fetching` and the bytes of the source that came so far.
        on_note: called with what is wrong with packed data and does not matter.
        member: the file or folder in an archive that is meant; None where it holds vectors but once.
        encoding: of the words.

    Raises:
        InputError: there is no such source, it cannot be read, is damaged, or holds no vectors or several.
        UsageError: a member is named, and it is no archive.
        WvcliError: the temporary folder has no space for a copy.
    """
    name = address_of(source)
    if not is_elsewhere(name):
        path = Path(name)
        if not os.path.lexists(path):
            raise InputError(f"there is no file {name}")
        packing = _packing(path)
        if packing is None and not _must_be_decoded(path, encoding):
            if member is not None:
                raise UsageError(f"{name} is no archive", "leave out `member`")
            yield Obtained(path, name, is_copy=False, encoding=encoding)
            return
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        fetching = _Fetching(folder, name, on_progress, on_note)
        found = fetching.archive_in_place() or fetching.copy()
        if packing := _packing(found.path):
            found = fetching.taken_out(found, packing, member)
        elif member is not None:
            raise UsageError(f"{found.source} is no archive", "leave out `member`")
        if found.path.is_file() and model_file.is_model(found.path):
            raise UsageError(f"{found.source} is a model of wvcli", "unpack it")
        found = _as_utf8(found, encoding)
        with _known_by_its_source(found):
            yield found


def _packing(path: Path) -> str | None:
    """Return how a file is packed, `stream`, `zip` or `tar`; None if it is not. A named pipe is a stream, too.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        return None
    if not path.is_file():
        return "stream"
    with formats.open_input(path) as file:
        head = file.read(_SNIFFED)
    if head.startswith(
        b"PK\x03\x04"
    ):  # as NumPy's and PyTorch's files do, which the name of the first member tells
        first = head[: 30 + int.from_bytes(head[26:28], "little")]
        return None if formats.of_head(first) else "zip"
    if head[257:262] == b"ustar":
        return "tar"
    return "stream" if sources.compression(head) else None


def _must_be_decoded(path: Path, encoding: Encoding) -> bool:
    return path.is_file() and _codec(path, encoding) is not None


class _Fetching:
    """The copy of a source into a folder.

    Args:
        folder: where the copy goes.
        source: as the user typed it.
        on_progress: called with the bytes that came.
        on_note: called with what does not matter.
    """

    def __init__(self, folder: Path, source: str, on_progress: OnProgress, on_note: OnNote) -> None:
        self._folder = folder
        self._source = source
        self._on_progress = on_progress
        self._on_note = on_note
        self._shown = sources.display_name(source)

    def archive_in_place(self) -> Obtained | None:
        """Return a local archive, which need not be copied to be opened."""
        path = Path(self._source)
        if is_elsewhere(self._source) or _packing(path) not in ("zip", "tar"):
            return None
        return Obtained(path, self._shown, is_copy=False)

    def copy(self) -> Obtained:
        """Copy the source as it is when unpacked."""
        target = self._folder / _file_name(self._source)
        total = None if is_elsewhere(self._source) else sources.size([self._source]) or None
        digest, done, throttle = sha256(), 0, Throttle()

        def on_data(data: bytes) -> None:
            nonlocal done
            digest.update(data)
            done += len(data)
            if throttle.is_due():
                self._on_progress(Progress("fetching", done, total, unit="bytes", subject=target.name))

        with sources.reading(self._source, lambda count: None, on_note=self._on_note, on_data=on_data) as stream:
            _write(stream, target, self._shown)
        return Obtained(target, self._shown, is_copy=True, size=done, sha256=digest.hexdigest())

    def taken_out(self, found: Obtained, packing: str, member: str | None) -> Obtained:
        """Take what is meant out of an archive."""
        if packing == "stream":
            raise InputError(f"{found.source} is packed twice", "unpack it first")
        root = self._folder / "members"
        with _opened_archive(found, packing) as archive:
            meant = (
                _named(archive, found.source, member) if member is not None else _only(archive, found.source, root)
            )
            for name in meant.names:
                archive.extract(name, root)
        if found.is_copy:
            found.path.unlink()
        return replace(found, path=root / meant.path, is_copy=True, member=meant.path)


@dataclass(frozen=True)
class _Meant:
    """What is meant in an archive.

    Attributes:
        path: of a file or folder in it; empty for all of it.
        names: the files that belong to it.
    """

    path: str
    names: list[str]


class _Archive:
    """The files of a zip or tar archive.

    Args:
        source: its name in messages.
        sizes: the bytes of each file, by its name.
        open_member: opens one of them.
    """

    def __init__(self, source: str, sizes: Mapping[str, int], open_member: Callable[[str], IO[bytes]]) -> None:
        self._source = source
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
            raise InputError(f"{self._source} is damaged: {name!r} leads out of it")
        target = root / name
        if not target.exists():
            if shutil.disk_usage(root.parent).free < self.sizes[name]:
                raise _no_space(self._source)
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._open(name) as stream:
                _write(stream, target, self._source)

    def inside(self, folder: str) -> list[str]:
        """Return the files in a folder and its subfolders."""
        return [name for name in self.sizes if not folder or name.startswith(f"{folder}/")]

    def with_companions(self, name: str) -> list[str]:
        """Return a file and those whose names begin with its own and a dot, as those of Gensim's arrays do."""
        return [name, *(other for other in self.sizes if other.startswith(f"{name}."))]

    def listing(self, names: list[str]) -> str:
        """Return names and sizes for a message."""
        shown = [f"{name} ({self.sizes[name] / 1e6:,.1f} MB)" for name in names[:_LISTED]]
        more = [f"{len(names) - _LISTED} more"] if len(names) > _LISTED else []
        return ", ".join(shown + more)


def _is_hidden(name: str) -> bool:
    """Whether a file is none that somebody would mean, such as what macOS adds to archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts if part != "..")


@contextmanager
def _opened_archive(found: Obtained, packing: str) -> Iterator[_Archive]:
    """Open a zip or tar archive; whatever its reader meets within the block is damage.

    Raises:
        InputError: it is damaged, or needs a password.
    """
    try:
        if packing == "zip":
            with zipfile.ZipFile(found.path) as packed:
                sizes = {entry.filename: entry.file_size for entry in packed.infolist() if not entry.is_dir()}
                yield _Archive(found.source, sizes, packed.open)
        else:
            with tarfile.open(found.path, "r:") as tar:
                sizes = {entry.name.removeprefix("./"): entry.size for entry in tar if entry.isreg()}
                names = {entry.name.removeprefix("./"): entry for entry in tar if entry.isreg()}
                yield _Archive(found.source, sizes, lambda name: tar.extractfile(names[name]) or _nothing(name))
    except WvcliError:
        raise
    except (RuntimeError, NotImplementedError) as error:  # as zipfile says of passwords and rare methods
        raise InputError(f"cannot read {found.source}: {error}", "unpack it first") from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise InputError(f"{found.source} is damaged: {error or 'it ends early'}") from error
    except OSError as error:
        raise unreadable(found.source, error) from error


def _nothing(name: str) -> IO[bytes]:
    raise tarfile.ReadError(f"nothing is stored of {name}")


def _named(archive: _Archive, source: str, member: str) -> _Meant:
    """Return the file or folder of an archive that the user named, by its path or by the end of it.

    Raises:
        InputError: there is none, or several have that name.
    """
    wanted = member.strip("/")
    if wanted in archive.sizes:
        return _Meant(wanted, archive.with_companions(wanted))
    if archive.inside(wanted):
        return _Meant(wanted, archive.inside(wanted))
    ending = [name for name in archive.sizes if name.endswith(f"/{wanted}")]
    if len(ending) == 1:
        return _Meant(ending[0], archive.with_companions(ending[0]))
    what = "several files" if ending else "no file"
    listed = archive.listing(ending or list(archive.sizes))
    raise InputError(f"{source} has {what} called {member}", f"it has: {listed}")


def _only(archive: _Archive, source: str, root: Path) -> _Meant:
    """Return the one file of an archive that holds vectors, or else the one folder.

    A folder in a known format has a JSON file that describes it; its files may look like vectors by themselves.

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
        return _Meant(folders[0], archive.inside(folders[0]))
    files = [name for name in archive.sizes if any(found.read for found in formats.of_head(archive.head(name)))]
    files = [name for name in files if not any(name != one and name.startswith(f"{one}.") for one in files)]
    if len(files) == 1:
        return _Meant(files[0], archive.with_companions(files[0]))
    if not files:
        raise InputError(
            f"{source} holds no vectors in a known format", f"it has: {archive.listing(list(archive.sizes))}"
        )
    raise InputError(f"{source} holds vectors more than once", f"choose with `member`: {archive.listing(files)}")


def _is_in(folder: str, other: str) -> bool:
    return not other or folder.startswith(f"{other}/")


def _as_utf8(found: Obtained, encoding: Encoding) -> Obtained:
    """Return a file whose words are in UTF-8 or in an encoding that extends ASCII; write a copy if need be.

    Raises:
        InputError: it is not in the encoding.
        WvcliError: there is no space for a copy.
    """
    codec = _codec(found.path, encoding) if found.path.is_file() else None
    if codec is None:
        return replace(found, encoding=encoding)
    target = found.path.with_name(f"utf-8 of {found.path.name}")
    try:
        with (
            found.path.open(encoding=codec, errors=encoding.errors, newline="") as text,
            target.open("xb") as copy,
        ):
            for block in iter(lambda: text.read(_BLOCK), ""):
                _put(block.encode("utf-8", "replace"), copy, found.source)
    except UnicodeError as error:
        raise InputError(f"{found.source} is not {codec.upper()}: {error}") from error
    if found.is_copy:
        found.path.unlink()
    return replace(found, path=target, is_copy=True)


def _codec(path: Path, encoding: Encoding) -> str | None:
    """Return the codec that a file must be read with since it is not one that extends ASCII; None if it is."""
    if not encoding.extends_ascii:
        return encoding.codec
    with formats.open_input(path) as file:
        return "utf-16" if encoding.is_utf8 and file.read(2) in _UTF16 else None


def _file_name(source: str) -> str:
    """Return the name of a copy; readers tell some formats by it."""
    return "vectors" if source == sources.STDIN else sources.unpacked_name(source) or "vectors"


def _write(stream: IO[bytes], target: Path, source: str) -> None:
    """Write what a stream holds to a new file.

    Raises:
        WvcliError: there is no space for it.
    """
    with target.open("xb") as copy:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            _put(block, copy, source)


def _put(block: bytes, copy: IO[bytes], source: str) -> None:
    try:
        copy.write(block)
    except OSError as error:
        raise _no_space(source, error) from error


def _no_space(source: str, error: OSError | None = None) -> WvcliError:
    why = f": {reason(error)}" if error else ""
    return WvcliError(
        f"the temporary folder {place_for_temporary_files()} has no space for a copy of {source}{why}",
        "set TMPDIR to a folder that has",
    )


@contextmanager
def _known_by_its_source(found: Obtained) -> Iterator[None]:
    """Let what goes wrong with a copy within the block name what the user knows."""
    try:
        yield
    except WvcliError as error:
        error.message = error.message.replace(str(found.path), found.source)
        error.args = (error.message,)
        error.hint = error.hint.replace(str(found.path), found.source)
        raise
