"""Files of token ids, and the JSON beside them: how they are written and read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError

IdArray = npt.NDArray[np.uint32]
ByteArray = npt.NDArray[np.uint8]


TEXT_END = np.uint32(0xFFFFFFFF)  # stands after the last token of each text


_FORMAT_VERSION = 1


def write_manifest(folder: Path, name: str, values: Mapping[str, Any]) -> None:
    """Write a JSON file beside encoded text, whole or not at all."""
    aside = folder / f"{name}.tmp"
    aside.write_text(json.dumps({"format_version": _FORMAT_VERSION, **values}), encoding="utf-8")
    os.replace(aside, folder / name)


def read_manifest(folder: Path, name: str) -> dict[str, Any]:
    """What `put_json` wrote.

    Raises:
        InputError: it is missing, damaged or of another version.
    """
    try:
        values: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
        version = values.pop("format_version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder} holds no encoded text") from error
    if version != _FORMAT_VERSION:
        raise InputError(f"{folder} holds encoded text of another version")
    return values


def load_ids(path: Path, start: int = 0, count: int = -1) -> IdArray:
    """uint32, so many ids of a shard, or all; WvcliError when it is gone or cannot be read."""
    try:
        return np.fromfile(path, dtype="<u4", count=count, offset=4 * start)
    except OSError as error:
        raise WvcliError(f"the encoded text {path} is gone: {error.strerror or error}") from error


def store_ids(path: Path, ids: IdArray) -> None:
    """Put the ids of a shard on disk; WvcliError when it is full."""
    try:
        ids.astype("<u4", copy=False).tofile(path)
    except OSError as error:
        raise WvcliError(
            f"cannot write the encoded text to {path.parent}: {error.strerror or 'no space left on device'}",
            "make room there, or train with TMPDIR or -o in another place",
        ) from error
