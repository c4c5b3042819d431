"""Vectors as they were downloaded: packed, in an archive, at an address, or on standard input.

Readers want a file of their own that they can map and read twice. So what is none is copied into the folder for
temporary files, unpacked and as UTF-8, and is gone when it has been read.
"""

import codecs
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from textwrap import shorten

from wvcli import formats
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.models import archives, model_file
from wvcli.reporting import OnNote, OnProgress, Progress, Throttle
from wvcli.system.encodings import Encoding
from wvcli.system.locks import temporary_folder
from wvcli.text import sources
from wvcli.text.addresses import hub_files
from wvcli.text.downloads import kept_download

_BLOCK = 1 << 20  # characters decoded at a time
_TENSORS = ".safetensors"
_LONGEST_LIST = 300  # characters of the files that a message names
_SNIFFED = 65_536  # bytes by which the packing of a file is told
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.+)", re.DOTALL)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF8 = Encoding()


@dataclass(frozen=True)
class Fetched:
    """A file or folder that can be read.

    Attributes:
        path: where it is for as long as it is read.
        name: of the source, as the user typed it, but for a password.
        is_copy: whether `path` is a copy.
        encoding: of its words.
        member: what was taken out of an archive, or an empty string.
        size: the bytes of the source as they came; None if it is a file or folder that can be read again.
        sha256: of these bytes.
        words: where the file with its words is for as long as it is read, if the user named one.
    """

    path: Path
    name: str
    is_copy: bool
    encoding: Encoding = _UTF8
    member: str = ""
    size: int | None = None
    sha256: str = ""
    words: Path | None = None

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
def fetched(
    source: str | os.PathLike[str],
    on_progress: OnProgress,
    on_note: OnNote,
    member: str | None = None,
    encoding: Encoding = _UTF8,
    words: str | os.PathLike[str] | None = None,
) -> Iterator[Fetched]:
    """Within the block, have a source as a file or folder that can be read.

    Args:
        source: a path, an address, or `-`.
        on_progress: called with the stage `fetching` and the bytes of the source that came so far.
        on_note: called with what is wrong with packed data and does not matter.
        member: the file or folder in an archive that is meant; None where it holds vectors but once.
        encoding: of the words.
        words: a file with the words, in the archive or elsewhere; None where they are with the vectors.

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
            yield Fetched(path, name, is_copy=False, encoding=encoding, words=_words_file(words))
            return
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        fetching = _Fetching(folder, name, on_progress, on_note)
        found = fetching.archive_in_place() or fetching.repository() or fetching.copy()
        if packing := _packing(found.path):
            found = fetching.extracted(found, packing, member, words)
        elif member is not None:
            raise UsageError(f"{found.source} is no archive", "leave out `member`")
        else:
            found = replace(found, words=_words_file(words))
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
    return archives.kind_of(head) or ("stream" if sources.compression(head) else None)


def _words_file(words: str | os.PathLike[str] | None) -> Path | None:
    """Return the file with the words, if the user named one.

    Raises:
        InputError: there is no such file.
    """
    if words is None:
        return None
    path = Path(words)
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    return path


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

    def archive_in_place(self) -> Fetched | None:
        """Return a local archive, which need not be copied to be opened."""
        path = Path(self._source)
        if is_elsewhere(self._source) or _packing(path) not in ("zip", "tar"):
            return None
        return Fetched(path, self._shown, is_copy=False)

    def copy(self) -> Fetched:
        """Copy the source as it is when unpacked."""
        target = self._folder / _file_name(self._source)
        digest = sha256()
        size = self._download(self._source, target, digest.update)
        return Fetched(target, self._shown, is_copy=True, size=size, sha256=digest.hexdigest())

    def repository(self) -> Fetched | None:
        """Copy the files of static embeddings in a repository of the Hugging Face Hub, if the source is one.

        Raises:
            InputError: it has none.
        """
        files = hub_files(self._source)
        if files is None:
            return None
        wanted = sorted(file for file in files if _is_of_embeddings(PurePosixPath(file)))
        if not any(file.endswith(_TENSORS) for file in wanted):
            listed = ", ".join(files) or "none"
            raise InputError(
                f"{self._shown} has no static embeddings",
                f"name one of its files, as in {self._shown}/FILE: {shorten(listed, _LONGEST_LIST)}",
            )
        root = self._folder / PurePosixPath(self._source).name
        digest, size = sha256(), 0
        for file in wanted:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            size += self._download(f"{self._source.rstrip('/')}/{file}", root / file, digest.update)
        return Fetched(root, self._shown, is_copy=True, size=size, sha256=digest.hexdigest())

    def _download(self, source: str, target: Path, on_data: Callable[[bytes], None]) -> int:
        """Copy a source, unpacked, and return how many bytes came of it; `on_data` gets them as they came."""
        total = None if is_elsewhere(source) else sources.size([source]) or None
        done, throttle = 0, Throttle()

        def on_size(size: int) -> None:
            nonlocal total
            total = size

        def on_bytes(count: int) -> None:
            nonlocal done
            done += count
            if throttle.is_due():
                self._on_progress(Progress("fetching", done, total, unit="bytes", subject=target.name))

        with kept_download(source) as kept:
            with sources.reading(
                source,
                on_bytes,
                on_note=self._on_note,
                on_data=on_data,
                on_size=on_size,
                kept=kept if is_elsewhere(source) else None,
            ) as stream:
                archives.write_copy(stream, target, self._shown)
            if kept.before:
                self._on_note(f"the first {kept.before / 1e6:,.1f} MB of {self._shown} are of an earlier run")
        return done

    def extracted(
        self, found: Fetched, packing: str, member: str | None, words: str | os.PathLike[str] | None
    ) -> Fetched:
        """Take what is meant out of an archive, and the file with its words if that is there, too."""
        if packing == "stream":
            raise InputError(f"{found.source} is packed twice", "unpack it first")
        root = self._folder / "members"
        with archives.opened(found.path, packing, found.source) as archive:
            is_inside = words is not None and not os.path.exists(words)
            list_of_words = archives.named(archive, os.fspath(words)).path if words and is_inside else None
            meant = (
                archives.only(archive, root, list_of_words) if member is None else archives.named(archive, member)
            )
            for name in [*meant.names, *([list_of_words] if list_of_words else [])]:
                archive.extract(name, root)
        if found.is_copy:
            found.path.unlink()
        words_file = root / list_of_words if list_of_words else _words_file(words)
        return replace(found, path=root / meant.path, is_copy=True, member=meant.path, words=words_file)


def _as_utf8(found: Fetched, encoding: Encoding) -> Fetched:
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
                archives.write_block(block.encode("utf-8", "replace"), copy, found.source)
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


def _is_of_embeddings(file: PurePosixPath) -> bool:
    """Whether a file of a repository may be one of static embeddings: in its folder, or the only one below it."""
    is_inside = not file.is_absolute() and ".." not in file.parts
    return is_inside and len(file.parts) <= 2 and file.suffix in (".json", _TENSORS)


def _file_name(source: str) -> str:
    """Return the name of a copy; readers tell some formats by it."""
    return "vectors" if source == sources.STDIN else sources.unpacked_name(source) or "vectors"


@contextmanager
def _known_by_its_source(found: Fetched) -> Iterator[None]:
    """Let what goes wrong with a copy within the block name what the user knows."""
    try:
        yield
    except WvcliError as error:
        error.message = error.message.replace(str(found.path), found.source)
        error.args = (error.message,)
        error.hint = error.hint.replace(str(found.path), found.source)
        raise
