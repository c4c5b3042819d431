"""Files of the safetensors layout, written a block at a time, so that arrays may be larger than memory.

The safetensors package, with which the files are read, takes arrays whole. The layout is described at
https://github.com/huggingface/safetensors, "Format".
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, unreadable
from wvcli.system.paging import blocks

_NAMES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
}
_ALIGNED = 8  # bytes; the arrays begin at a multiple of it

Metadata = Callable[[Mapping[str, str]], Mapping[str, str]]


def write(path: Path, arrays: Mapping[str, Any], metadata: Metadata, dtypes: Mapping[str, str]) -> None:
    """Write a file.

    Args:
        path: the file to make.
        arrays: by name; anything with `shape`, `dtype` and slices of rows.
        metadata: the texts of the header, made from the SHA-256 of each array's bytes, in hexadecimal. Their
            length must not depend on the digests.
        dtypes: the kind of number to write arrays as, by name, where it is not their own.
    """
    from hashlib import sha256  # loads OpenSSL, which a query does without

    kinds = {name: np.dtype(dtypes.get(name, array.dtype)).newbyteorder("<") for name, array in arrays.items()}
    names = sorted(arrays, key=lambda name: (-kinds[name].itemsize, name))  # so that each array is aligned
    digests = dict.fromkeys(names, "0" * 64)
    with path.open("wb") as file:
        file.write(_header(names, arrays, kinds, metadata(digests)))
        for name in names:
            digest = sha256()
            for _, block in blocks(arrays[name]):
                data = np.ascontiguousarray(block, dtype=kinds[name]).reshape(-1).view(np.uint8).data
                file.write(data)
                digest.update(data)
            digests[name] = digest.hexdigest()
        file.seek(0)
        file.write(_header(names, arrays, kinds, metadata(digests)))


def _header(
    names: list[str], arrays: Mapping[str, Any], kinds: Mapping[str, Any], texts: Mapping[str, str]
) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(texts)}
    place = 0
    for name in names:
        shape = [int(size) for size in arrays[name].shape]
        stop = place + int(np.prod(shape, dtype=np.int64)) * kinds[name].itemsize
        header[name] = {"dtype": _NAMES[kinds[name].name], "shape": shape, "data_offsets": [place, stop]}
        place = stop
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNED)
    return len(text).to_bytes(8, "little") + text


Tensors = Mapping[str, npt.NDArray[Any]]
_DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BOOL": "|b1"}
_DTYPES |= {f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)}
_DTYPES["BF16"] = "|V2"  # the upper half of an F32, for which NumPy has no dtype
_HASH_BLOCK = 1 << 24  # bytes hashed at a time


def sha256_of(array: npt.NDArray[Any]) -> str:
    from hashlib import sha256  # loads OpenSSL, which a query does without

    digest = sha256()
    view = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(view), _HASH_BLOCK):
        digest.update(view[start : start + _HASH_BLOCK])
    return digest.hexdigest()


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a safetensors file; ValueError when there is none."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= 100_000_000:  # the format's own limit
            raise ValueError("no safetensors header")
        header: dict[str, Any] = json.loads(file.read(length))
        return header


def map_file(path: Path) -> tuple[dict[str, str], Tensors]:
    """Open a safetensors file, whoever wrote it: the texts of its header, and its arrays, memory-mapped.

    Raises:
        InputError: the file is missing, damaged, or holds a kind of number that NumPy cannot hold.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with path.open("rb"):  # the safetensors package has one message for all that can be wrong here
            pass
        with safe_open(path, framework="np") as file:  # checks that the header and the file's length agree
            metadata = file.metadata() or {}
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (SafetensorError, ValueError) as error:
        raise InputError(f"{path} is damaged or not a model: {error}") from error
    try:
        return metadata, _map_tensors(path)
    except KeyError as error:
        raise InputError(f"{path} is damaged or holds numbers of an unknown kind: {error}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from error


def _map_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    header = read_header(path)
    header.pop("__metadata__", None)
    with path.open("rb") as file:
        data_start = 8 + int.from_bytes(file.read(8), "little")
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    tensors = {}
    for name, entry in header.items():
        start, stop = (data_start + offset for offset in entry["data_offsets"])
        tensors[name] = np.asarray(whole[start:stop]).view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors
