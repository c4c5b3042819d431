"""PyTorch's `.pt`: what `torch.save` makes of the state dict of an `nn.Embedding` and of its words.

The file holds one dict, which `torch.load(path, weights_only=True)` gives back:

    state_dict   {"weight": float32 or float16 [words, dim]}, as `nn.Embedding.state_dict()` has it
    itos         list of str, the word of each row
    padding_idx  the row of the padding word, or None
    unknown_idx  the row for words outside the vocabulary, or None

It is a zip archive whose members are stored as they are, the numbers at a multiple of 64 bytes, so that they can
be mapped into memory; they are written and read in that way here. Other files are read as well if they hold one
matrix and, as a list or as a dict from words to rows, one word for each of its rows: TorchText's caches of vectors
are such files, `(itos, stoi, vectors, dim)`. Files are loaded with `weights_only=True`, which admits numbers and
text and runs no code. Counts are not in the file and stay unknown.
"""

import mmap
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, MissingExtraError, first_line
from wvcli.formats import Format, Writing
from wvcli.formats._arrays import BFLOAT16, floats, vocabulary_of
from wvcli.formats._blocks import blocks
from wvcli.formats._reading import GrowingMatrix, open_input
from wvcli.system import paging
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # how files began before PyTorch 1.6: a pickled magic number
_ARCHIVE = b"PK\x03\x04"
_ALIGNMENT = 64  # bytes, as torch.save aligns the numbers of a tensor
_LOCAL_HEADER, _ZIP64_FIELD, _FIELD_HEADER = 30, 20, 4  # bytes of these parts of a zip archive
_KINDS: dict[str, np.dtype[Any]] = {"bfloat16": BFLOAT16} | {
    name: np.dtype(name).newbyteorder("<") for name in ("float16", "float32", "float64")
}
_ROWS_AT_ONCE = 4_096
_NO_ARCHIVE = (BadZipFile, NotImplementedError, UnicodeDecodeError)
_DEEP = 4  # dicts and lists within one another that are looked through
_EXPECTED = "expected a matrix and a word for each of its rows"


def _torch(what: str) -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(what, "torch") from error
    return torch


def _sniff(head: bytes) -> bool:
    name = head[_LOCAL_HEADER : _LOCAL_HEADER + int.from_bytes(head[26:28], "little")]
    return head.startswith(_LEGACY) or (head.startswith(_ARCHIVE) and name.endswith(b"data.pkl"))


def _check_sizes(path: Path) -> None:
    """Refuse an archive that unpacks to more than its own size, before anything of it is unpacked."""
    try:
        with ZipFile(path) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
    except _NO_ARCHIVE as error:
        raise InputError(f"{path} is damaged: it is no whole zip archive ({error})") from error
    if claimed > path.stat().st_size:
        raise InputError(f"{path} is damaged: its parts claim {claimed} bytes, more than the file has")


def _load(path: Path) -> object:
    """What the file holds: tensors, text, numbers, and lists and dicts of these."""
    torch = _torch(f"reading {path}")
    with open_input(path) as file:
        whole = file.read(len(_ARCHIVE)) == _ARCHIVE
    if whole:
        _check_sizes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=whole)
    except Exception as error:  # torch.load raises whatever its parts raise
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        if named:
            raise InputError(
                f"{path} asks for {named[1]} to be run or made, which a file of vectors has no need of",
                "have its owner save a state dict and a list of words",
            ) from error
        raise InputError(f"{path} is damaged, or no file that PyTorch saved: {first_line(error)}") from error


def _parts(saved: object, depth: int = 0) -> Iterator[object]:
    """The tensors in what was loaded, and all that may be a vocabulary: lists of text, dicts of integers."""
    if isinstance(saved, Mapping):
        if saved and all(type(value) is int for value in saved.values()):
            yield saved
        elif depth < _DEEP:
            for value in saved.values():
                yield from _parts(value, depth + 1)
    elif isinstance(saved, (list, tuple)):
        if saved and all(type(value) is str for value in saved):
            yield saved
        elif depth < _DEEP:
            for value in saved:
                yield from _parts(value, depth + 1)
    elif hasattr(saved, "untyped_storage"):
        yield saved


def _words(part: Any) -> list[str]:
    """The words that a part lists, in the order of their rows; none if it is no vocabulary."""
    if not isinstance(part, Mapping):
        return list(part)
    if not all(type(word) is str for word in part):
        return []
    words = sorted(part, key=part.__getitem__)
    return words if [part[word] for word in words] == list(range(len(words))) else []


def _is_matrix(torch: Any, part: Any) -> bool:
    if not isinstance(part, torch.Tensor) or part.layout != torch.strided or part.device.type != "cpu":
        return False
    return part.ndim == 2 and part.dtype.is_floating_point and bool(part.numel())


def _read(path: Path, limit: int | None) -> Vectors:
    parts: list[Any] = list(_parts(_load(path)))
    torch = _torch(f"reading {path}")
    tables = [part for part in parts if _is_matrix(torch, part)]
    lists = [words for words in (_words(part) for part in parts if not isinstance(part, torch.Tensor)) if words]
    lists = [words for place, words in enumerate(lists) if words not in lists[:place]]
    if not lists:
        raise InputError(f"{path} holds no list of words; {_EXPECTED}", _hint(tables))
    fitting = [(words, table) for words in lists for table in tables if len(words) == len(table)]
    if len(fitting) != 1:
        found = "none" if not fitting else f"{len(fitting)} such pairs"
        raise InputError(f"{path}: {_EXPECTED}, found {found}")
    words, table = fitting[0]
    if table.numel() * table.element_size() > table.untyped_storage().nbytes():
        raise InputError(f"{path}: the numbers of its matrix are not all in the file")
    vocabulary = vocabulary_of(path, words[:limit])
    return Vectors(vocabulary, _matrix(torch, path, table.detach(), limit), path=path)


def _matrix(torch: Any, path: Path, table: Any, limit: int | None) -> FloatArray:
    """float32 [rows, dim], the first rows of a tensor [words, dim]; where they are so in the file, mapped."""
    mapped = _mapped(torch, path, table)
    if mapped is not None and mapped.dtype == np.float32:
        return mapped[:limit]
    numbers = GrowingMatrix(path, len(table[:limit]), table.shape[1])
    if mapped is not None:
        for _, block in paging.blocks(mapped[:limit]):
            numbers.add(floats(block))
    else:
        for rows in table[:limit].split(_ROWS_AT_ONCE):
            numbers.add(rows.to(torch.float32).numpy())
    return numbers.whole()


def _mapped(torch: Any, path: Path, table: Any) -> npt.NDArray[Any] | None:
    """The numbers of a tensor where they are in the file, or None where that is not known.

    PyTorch maps the file too, but as memory that cannot be given back after it was gone through.
    """
    storage = table.untyped_storage()
    kind = _KINDS.get(str(table.dtype).removeprefix("torch."))
    if kind is None or not table.is_contiguous():
        return None
    places = [place for place, size in _stored(path) if size == storage.nbytes()]
    if len(places) != 1 or (places[0] - storage.data_ptr()) % mmap.PAGESIZE:
        return None
    if places[0] + storage.nbytes() > path.stat().st_size:
        return None
    place = places[0] + table.storage_offset() * table.element_size()
    return np.asarray(np.memmap(path, kind, "r", place, tuple(table.shape)))


def _stored(path: Path) -> list[tuple[int, int]]:
    """Where the members of an archive that are stored as they are begin, and their sizes; none in other files."""
    found = []
    try:
        with ZipFile(path) as archive, path.open("rb") as file:
            for member in archive.infolist():
                if member.compress_type == ZIP_STORED:
                    file.seek(member.header_offset)
                    header = file.read(_LOCAL_HEADER)
                    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
                    found.append((member.header_offset + _LOCAL_HEADER + lengths, member.file_size))
    except _NO_ARCHIVE:
        return []
    return found


def _hint(tables: list[Any]) -> str:
    if not tables:
        return ""
    rows, dim = tables[0].shape
    return f"it has a matrix of {rows} x {dim}: save it as a dict with state_dict and itos, a list of {rows} words"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    torch = _torch("writing PyTorch's .pt")
    # Never filled, and so no memory is used; torch.save leaves a hole for its numbers.
    table = torch.empty((len(vectors), vectors.dim), dtype=getattr(torch, writing.dtype))
    saved = {
        "state_dict": {"weight": table},
        "itos": list(vectors),
        "padding_idx": writing.pad,
        "unknown_idx": writing.unknown,
    }
    with TemporaryFile(dir=path.parent) as outline:
        with torch.serialization.skip_data():
            torch.save(saved, outline)
        with ZipFile(outline) as given, path.open("wb") as file, ZipFile(file, "w") as archive:
            for member in given.infolist():
                with archive.open(_aligned(member.filename, file.tell()), "w", force_zip64=True) as part:
                    if member.filename.endswith("/data/0"):
                        for block in blocks(vectors, writing.dtype):
                            part.write(block.data.cast("B"))
                    else:
                        part.write(given.read(member))
    return []


def _aligned(name: str, place: int) -> ZipInfo:
    """A member that begins at `place` of an archive, with its content at a multiple of `_ALIGNMENT` bytes."""
    before = place + _LOCAL_HEADER + len(name) + _ZIP64_FIELD + _FIELD_HEADER
    filling = -before % _ALIGNMENT
    member = ZipInfo(name)
    member.extra = b"FB" + filling.to_bytes(2, "little") + b"Z" * filling  # as torch.save fills up
    return member


FORMAT = Format(
    name="torch",
    suffixes=(".pt", ".pth"),
    keeps="words with blanks and vectors",
    sniff=_sniff,
    read=_read,
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="torch",
)
