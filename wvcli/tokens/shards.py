"""Shards, the files of token ids that a corpus is kept in, and the manifest beside them.

A shard is little-endian uint32: the ids of the tokens of each text, and then `TEXT_END`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError, reason

TEXT_END = np.uint32(0xFFFFFFFF)  # stands after the last token of each text

_FORMAT_VERSION = 1

IdArray = npt.NDArray[np.uint32]
ByteArray = npt.NDArray[np.uint8]


def read_ids(path: Path, start: int = 0, count: int = -1) -> IdArray:
    """Read uint32 [count], ids of a shard from `start` on; all the rest where `count` is -1.

    Raises:
        WvcliError: the shard is missing or cannot be read.
    """
    try:
        return np.fromfile(path, dtype="<u4", count=count, offset=4 * start)
    except OSError as error:
        raise WvcliError(f"cannot read the token ids in {path}: {reason(error)}") from error


def write_ids(path: Path, ids: IdArray) -> None:
    """Write uint32 [ids] as a shard.

    Raises:
        WvcliError: it cannot be written, because the disk is full, for example.
    """
    try:
        ids.astype("<u4", copy=False).tofile(path)
    except OSError as error:
        raise WvcliError(
            f"cannot write the token ids to {path.parent}: {error.strerror or 'no space left on device'}",
            "make room there, or train with TMPDIR or `output` in another place",
        ) from error


def write_manifest(folder: Path, name: str, values: Mapping[str, Any]) -> None:
    """Write the JSON file beside the shards in a folder, whole or not at all."""
    aside = folder / f"{name}.tmp"
    aside.write_text(json.dumps({"format_version": _FORMAT_VERSION, **values}), encoding="utf-8")
    os.replace(aside, folder / name)


def read_manifest(folder: Path, name: str) -> dict[str, Any]:
    """Read what `write_manifest` wrote.

    Raises:
        InputError: it is missing, damaged or of another version.
    """
    try:
        values: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
        version = values.pop("format_version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder} does not hold tokenized text, or it is damaged") from error
    if version != _FORMAT_VERSION:
        raise InputError(f"{folder} holds tokenized text of version {version}, which this wvcli cannot read")
    return values
