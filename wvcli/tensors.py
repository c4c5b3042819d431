"""Files of the safetensors layout, written a block at a time, so that arrays may be larger than memory.

The safetensors package, with which the files are read, takes arrays whole. The layout is described at
https://github.com/huggingface/safetensors, "Format".
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.paging import blocks

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
