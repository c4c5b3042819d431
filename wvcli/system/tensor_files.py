"""Files of the safetensors layout: arrays by name, behind a header in JSON.

Written a block of rows at a time, so that arrays may be larger than memory, and mapped into memory to read. The
layout is described at https://github.com/huggingface/safetensors, "Format": the length of the header as eight
bytes, the header, and the bytes of the arrays one after the other. The header holds for each array its dtype, its
shape and where its bytes begin and end, and under `__metadata__` texts by name.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import prod
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, unreadable
from wvcli.system import mapped_files
from wvcli.system.paging import Matrix, blocks

LONGEST_HEADER = 100_000_000  # bytes; the format's own limit

_METADATA = "__metadata__"
_MANY = 1 << 20  # bytes whose hashing is worth a thread
_ALIGNED = 8  # bytes; in files written here the arrays begin at a multiple of it
_DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BOOL": "|b1", "C64": "<c8"}
_DTYPES |= {f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_DTYPES["BF16"] = "|V2"  # the upper half of an F32, for which NumPy has no dtype; it is read and never written

Tensors = Mapping[str, npt.NDArray[Any]]


class NoHeaderError(InputError):
    """A file does not begin with a header of this layout."""


Metadata = Callable[[Mapping[str, str]], Mapping[str, str]]


def write(path: Path, arrays: Mapping[str, Matrix[Any]], metadata: Metadata, dtypes: Mapping[str, str]) -> None:
    """Write a file.

    Args:
        path: the file to make.
        arrays: by name.
        metadata: returns the texts of the header from the SHA-256 of each array's bytes, in hexadecimal. Their
            length must not depend on the digests.
        dtypes: by name, the dtype to write an array as where it is not its own.
    """
    written_as = {name: _little_endian(dtypes.get(name, array.dtype)) for name, array in arrays.items()}
    # The widest numbers come first, so that each array is aligned.
    names = sorted(arrays, key=lambda name: (-written_as[name].itemsize, name))
    digests = dict.fromkeys(names, "0" * 64)
    with path.open("wb") as file:
        file.write(_header(names, arrays, written_as, metadata(digests)))
        for name in names:
            digest = _new_digest()
            for data in _bytes_of(arrays[name], written_as[name]):
                _write_hashed(file, data, digest)
            digests[name] = digest.hexdigest()
        file.seek(0)
        file.write(_header(names, arrays, written_as, metadata(digests)))


def _write_hashed(file: BinaryIO, data: memoryview, digest: Any) -> None:
    """Write bytes, and add them to a digest; both at the same time if they are many."""
    if len(data) < _MANY:
        digest.update(data)
        file.write(data)
        return
    hashing = Thread(target=digest.update, args=(data,))
    hashing.start()
    try:
        file.write(data)
    finally:
        hashing.join()


def _header(
    names: list[str],
    arrays: Mapping[str, Matrix[Any]],
    written_as: Mapping[str, np.dtype[Any]],
    texts: Mapping[str, str],
) -> bytes:
    header: dict[str, Any] = {_METADATA: dict(texts)}
    start = 0
    for name in names:
        shape = [int(size) for size in arrays[name].shape]
        stop = start + prod(shape) * written_as[name].itemsize
        header[name] = {"dtype": _NAMES[written_as[name]], "shape": shape, "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNED)
    return len(text).to_bytes(8, "little") + text


def sha256_of(array: Matrix[Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the bytes that a file holds of an array."""
    digest = _new_digest()
    for data in _bytes_of(array, _little_endian(array.dtype)):
        digest.update(data)
    return str(digest.hexdigest())


def _new_digest() -> Any:
    from hashlib import sha256  # loads OpenSSL, which a query does without

    return sha256()


def _little_endian(dtype: Any) -> np.dtype[Any]:
    little: np.dtype[Any] = np.dtype(dtype).newbyteorder("<")
    return little


def _bytes_of(array: Matrix[Any], dtype: np.dtype[Any]) -> Iterator[memoryview]:
    for _, block in blocks(array if array.ndim else np.asarray(array)[None]):
        yield np.ascontiguousarray(block, dtype=dtype).reshape(-1).view(np.uint8).data


def read_metadata(path: Path) -> dict[str, str]:
    """Read the texts of a file's header, without checking that the arrays are there.

    Raises:
        OSError: the file cannot be read.
        ValueError: it does not begin with a header.
    """
    with path.open("rb") as file:
        return _texts(_read_header(file))


def map_file(path: Path) -> tuple[dict[str, str], Tensors]:
    """Open a file, whoever wrote it.

    Returns:
        The texts of its header, and its arrays, memory-mapped and read-only. Where another program wrote a header
        of a length that is not a multiple of eight, the arrays are not aligned; NumPy reads them all the same.

    Raises:
        NoHeaderError: the file does not begin with a header.
        InputError: it is missing or damaged, or has arrays of a dtype that NumPy lacks.
    """
    try:
        with path.open("rb") as file:  # once: another file may take its name meanwhile
            try:
                header = _read_header(file)
            except ValueError as error:
                raise NoHeaderError(f"{path} is damaged or not a model: {error}") from error
            texts = _texts(header)
            data_start = file.tell()
            entries = {name: _Entry.parse(name, entry) for name, entry in header.items() if name != _METADATA}
            _check_spans(entries, file.seek(0, 2) - data_start)
            whole = mapped_files.map_whole(file, path)
        return texts, {name: entry.of(whole[data_start:]) for name, entry in entries.items()}
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, OverflowError) as error:
        raise InputError(f"{path} is damaged or not a model: {error}") from error


def _read_header(file: BinaryIO) -> dict[str, Any]:
    """Parse the header at the start of a file and leave the file at its end; ValueError where there is none."""
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= LONGEST_HEADER:
        raise ValueError("it does not begin with a header of safetensors")
    data = file.read(length)
    if len(data) < length:
        raise ValueError(f"it ends within its header, of {length} bytes")
    try:
        text = data.decode("utf-8")
        header = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():  # perhaps half a surrogate pair, which is no text
            json.dumps(header, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    return header


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _texts(header: Mapping[str, Any]) -> dict[str, str]:
    texts = header.get(_METADATA) or {}
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError(f"{_METADATA} in its header does not hold texts")
    return texts


class _Entry:
    """What a header holds of one array.

    Attributes:
        start: where its bytes begin, counted from the end of the header.
        stop: where they end.
    """

    def __init__(self, dtype: np.dtype[Any], shape: list[int], start: int, stop: int) -> None:
        self._dtype, self._shape = dtype, shape
        self.start, self.stop = start, stop

    @classmethod
    def parse(cls, name: str, entry: Any) -> "_Entry":
        """Read an entry; ValueError where it does not make sense."""
        try:
            kind, shape, (start, stop) = (entry[key] for key in ("dtype", "shape", "data_offsets"))
        except (KeyError, TypeError, ValueError):
            kind, shape, start, stop = None, None, None, None
        if not (isinstance(kind, str) and _are_sizes(shape) and _are_sizes([start, stop])):
            raise ValueError(f"the entry of {name!r} in its header has no dtype, shape and offsets")
        if kind not in _DTYPES:
            raise ValueError(f"{name!r} holds numbers of an unknown kind, {kind!r}")
        dtype = np.dtype(_DTYPES[kind])
        if stop - start != prod(shape) * dtype.itemsize:
            raise ValueError(f"the shape and the length of {name!r} disagree")
        return cls(dtype, shape, start, stop)

    def of(self, data: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Return the array, a view of the bytes that follow the header."""
        return data[self.start : self.stop].view(self._dtype).reshape(self._shape)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _check_spans(entries: Mapping[str, _Entry], length: int) -> None:
    """Check that the arrays fill the bytes after the header, without holes or overlaps."""
    spans = sorted([(entry.start, entry.stop) for entry in entries.values()])
    for (_, before), (start, _) in pairwise([(0, 0), *spans, (length, length)]):
        if start != before:
            raise ValueError("its header and its length disagree")
