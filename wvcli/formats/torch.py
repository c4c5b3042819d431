"""PyTorch's `.pt`, as `torch.save` writes it: the state dict of an `nn.Embedding` and its words.

The file holds one dict, which `torch.load(path, weights_only=True)` returns:

    state_dict   {"weight": float32 or float16 [words, dim]}, as in `nn.Embedding.state_dict()`
    itos         list of str, the word of each row
    padding_idx  the row of the padding word, or None
    unknown_idx  the row for words outside the vocabulary, or None

It is a zip archive of uncompressed members, with the numbers at a multiple of 64 bytes, so that they can be
memory-mapped; they are written and read in that way here. Other files are read too if they have one matrix and one
word for each of its rows, as a list or as a dict from words to rows: TorchText's caches of vectors are such files,
`(itos, stoi, vectors, dim)`. Files are loaded with `weights_only=True`, which admits numbers and text and runs no
code. Counts are not in the file and are unknown after reading.
"""

import mmap
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, MissingExtraError, first_line
from wvcli.formats._arrays import BFLOAT16, floats, vocabulary_of
from wvcli.formats._blocks import blocks
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._pickle_reading import check
from wvcli.formats._reading import GrowingMatrix, open_input, parsing
from wvcli.system import paging
from wvcli.system.mapped_files import map_whole
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # how files began before PyTorch 1.6: a pickled magic number
_ARCHIVE = b"PK\x03\x04"
_ALIGNMENT = 64  # bytes, as torch.save aligns the numbers of a tensor
_LOCAL_HEADER, _ZIP64_FIELD, _FIELD_HEADER = 30, 20, 4  # bytes, of a zip archive
_DTYPES: dict[str, np.dtype[Any]] = {"bfloat16": BFLOAT16} | {
    name: np.dtype(name).newbyteorder("<") for name in ("float16", "float32", "float64")
}
_ROWS_AT_ONCE = 4_096
_NOT_AN_ARCHIVE = (BadZipFile, NotImplementedError, UnicodeDecodeError)
_LEGACY_PICKLES = 5  # magic number, protocol, system, what was saved, and the keys of its numbers
_DEEPEST = 4  # levels of nested dicts and lists that are searched
_LONGEST_MESSAGE = 400  # characters
_USUAL = Reading()
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
    """Refuse an archive that would unpack to more than its own size, before unpacking anything."""
    try:
        with ZipFile(path) as archive:
            claimed = sum(member.file_size for member in archive.infolist())
    except _NOT_AN_ARCHIVE as error:
        raise InputError(f"{path} is damaged: it is not a complete zip archive ({error})") from error
    if claimed > path.stat().st_size:
        raise InputError(f"{path} is damaged: its members claim {claimed} bytes, more than the file has")


def _check_pickles(path: Path, is_archive: bool) -> None:
    """Refuse pickles that would crash or hang PyTorch, before it loads them."""
    if not is_archive:
        with parsing(path), open_input(path) as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        check(path, mapped, _LEGACY_PICKLES)
        return
    with parsing(path), ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.endswith("data.pkl"):
                check(path, archive.read(member))


def _load(path: Path) -> object:
    """Load the contents of a file: tensors, text, numbers, and lists and dicts of these."""
    torch = _torch(f"reading {path}")
    with open_input(path) as file:
        is_archive = file.read(len(_ARCHIVE)) == _ARCHIVE
    if is_archive:
        _check_sizes(path)
    _check_pickles(path, is_archive)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except Exception as error:  # torch.load lets many types of errors through
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        if named:
            raise InputError(
                f"{path} would run {named[1]}, which a file of vectors does not need",
                "ask its author for a state dict and a list of words",
            ) from error
        raise InputError(f"{path} is damaged, or not a file of PyTorch: {first_line(error)}") from error


def _parts(saved: object, seen: set[int], name: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield the tensors in what was loaded, and what may be a vocabulary: lists of text and dicts of integers.

    Each comes after its name, the keys that lead to it with points between them. What is shared is yielded once;
    `seen` has the ids of what was met.
    """
    if id(saved) in seen:
        return
    seen.add(id(saved))
    if hasattr(saved, "untyped_storage"):
        yield name, saved
        return
    if not isinstance(saved, Mapping | list | tuple):
        return
    values = list(saved.items() if isinstance(saved, Mapping) else enumerate(saved))
    if values and all(type(value) is (int if isinstance(saved, Mapping) else str) for _, value in values):
        yield name, saved
    elif depth < _DEEPEST:
        for key, value in values:
            yield from _parts(value, seen, f"{name}.{key}".removeprefix("."), depth + 1)


def _words(part: Any) -> list[str]:
    """Return the words of a list or dict in the order of their rows; none if it is not a vocabulary."""
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


def _tables(torch: Any, path: Path, named: list[tuple[str, Any]], wanted: str | None) -> list[Any]:
    """Return the matrices of a file, or the one that the user wants, by its whole name or the end of it.

    Raises:
        InputError: there is no such matrix.
    """
    tables = [(name, part) for name, part in named if _is_matrix(torch, part)]
    if wanted is None:
        return [part for _, part in tables]
    meant = [part for name, part in tables if f".{name}".endswith(f".{wanted}")]
    if len(meant) != 1:
        found = ", ".join(name for name, _ in tables) or "none"
        raise InputError(f"{path} has no matrix {wanted!r} (matrices: {found})"[:_LONGEST_MESSAGE])
    return meant


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    loaded = _load(path)  # held, so that ids stay those of its parts
    named: list[tuple[str, Any]] = list(_parts(loaded, set()))
    parts = [part for _, part in named]
    torch = _torch(f"reading {path}")
    tables = _tables(torch, path, named, reading.matrix)
    lists = [words for words in (_words(part) for part in parts if not isinstance(part, torch.Tensor)) if words]
    lists = [list(words) for words in dict.fromkeys(map(tuple, lists))]
    if not lists:
        raise InputError(f"{path} has no list of words; {_EXPECTED}", _hint(tables))
    lengths = Counter(map(len, tables))
    pairs = sum(lengths[len(words)] for words in lists)
    if pairs != 1:
        found = f"{pairs} such pairs" if pairs else "none"
        raise InputError(f"{path}: {_EXPECTED}, found {found}", "choose with `matrix`" if pairs > 1 else "")
    words = next(words for words in lists if len(words) in lengths)
    table = next(table for table in tables if len(table) == len(words))
    if table.numel() * table.element_size() > table.untyped_storage().nbytes():
        raise InputError(f"{path}: the numbers of its matrix are not all in the file")
    vocabulary = vocabulary_of(path, words[:limit])
    return Vectors(vocabulary, _matrix(torch, path, table.detach(), limit), path=path)


def _matrix(torch: Any, path: Path, table: Any, limit: int | None) -> FloatArray:
    """Return the first rows of a tensor [words, dim] as float32, memory-mapped if they are float32 in the file."""
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
    """Memory-map the numbers of a tensor in the file, or return None where their offset is not known.

    PyTorch maps the file too, but as memory that cannot be released block by block.
    """
    storage = table.untyped_storage()
    dtype = _DTYPES.get(str(table.dtype).removeprefix("torch."))
    if dtype is None or not table.is_contiguous():
        return None
    with open_input(path) as file:
        offsets = [offset for offset, size in _stored(file) if size == storage.nbytes()]
        whole = map_whole(file, path)
    if len(offsets) != 1 or (offsets[0] - storage.data_ptr()) % mmap.PAGESIZE:
        return None
    if offsets[0] + storage.nbytes() > len(whole):
        return None
    offset = offsets[0] + table.storage_offset() * table.element_size()
    matrix: npt.NDArray[Any] = whole[offset : offset + table.numel() * table.element_size()].view(dtype)
    return matrix.reshape(tuple(table.shape))


def _stored(file: BinaryIO) -> list[tuple[int, int]]:
    """Return offset and size of each uncompressed member of an archive; none for other files."""
    found = []
    try:
        with ZipFile(file) as archive:
            for member in archive.infolist():
                if member.compress_type == ZIP_STORED:
                    file.seek(member.header_offset)
                    header = file.read(_LOCAL_HEADER)
                    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
                    found.append((member.header_offset + _LOCAL_HEADER + lengths, member.file_size))
    except _NOT_AN_ARCHIVE:
        return []
    return found


def _hint(tables: list[Any]) -> str:
    if not tables:
        return ""
    rows, dim = tables[0].shape
    return f"it has a matrix of {rows} x {dim}: save it as a dict with state_dict and itos, a list of {rows} words"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    torch = _torch("writing PyTorch's .pt")
    # It is never filled, so it takes no memory; torch.save leaves a hole for its numbers.
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
        with ZipFile(outline) as empty, path.open("wb") as file, ZipFile(file, "w") as archive:
            for member in empty.infolist():
                with archive.open(_aligned(member.filename, file.tell()), "w", force_zip64=True) as part:
                    if member.filename.endswith("/data/0"):
                        for block in blocks(vectors, writing.dtype):
                            part.write(block.data.cast("B"))
                    else:
                        part.write(empty.read(member))
    return []


def _aligned(name: str, offset: int) -> ZipInfo:
    """Return a member that begins at `offset` of an archive, with its content at a multiple of `_ALIGNMENT`."""
    before = offset + _LOCAL_HEADER + len(name) + _ZIP64_FIELD + _FIELD_HEADER
    padding = -before % _ALIGNMENT
    member = ZipInfo(name)
    member.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding  # the same field as torch.save writes
    return member


FORMAT = Format(
    name="torch",
    suffixes=(".pt", ".pth"),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    choices=frozenset({"matrix"}),
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="torch",
)
