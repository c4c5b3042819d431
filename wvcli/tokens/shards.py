"""Shards, the files of token ids that a corpus is kept in, and the manifest beside them.

A shard is little-endian uint32: the ids of the tokens of each text, and then `TEXT_END`. The manifest is a JSON
object that begins with `format_version` and `checksum`, the SHA-256 of its bytes after these two, and holds the
SHA-256 of each shard.
"""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, WvcliError, reason, unreadable
from wvcli.system.atomic_files import flush

TEXT_END = np.uint32(0xFFFFFFFF)  # stands after the last token of each text

_FORMAT_VERSION = 2
_CHECKSUMS = "shards_sha256"
_BLOCK = 1 << 20  # bytes read at a time

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
        raise unwritable("the token ids", path, error) from error


def unwritable(what: str, path: Path, error: OSError) -> WvcliError:
    """Return the failure that what a run needs on disk cannot be written to a file."""
    return WvcliError(
        f"cannot write {what} to {path.parent}: {error.strerror or 'no space left on device'}",
        "make room there, or train with TMPDIR or `output` in another place",
    )


def write_manifest(folder: Path, name: str, values: Mapping[str, Any]) -> None:
    """Write the JSON file beside the shards in a folder, whole or not at all, when all is on disk.

    Args:
        folder: where the shards are.
        name: of the file.
        values: what it holds; the names of the shards under `shards`. Their checksums are added.

    Raises:
        WvcliError: it cannot be written, because the disk is full, for example.
    """
    try:
        checksums = [_flushed(folder / shard) for shard in values["shards"]]
        rest = json.dumps({**values, _CHECKSUMS: checksums})[1:].encode()
        aside = folder / f"{name}.tmp"
        with aside.open("wb") as file:
            file.write(_beginning(sha256(rest).hexdigest()) + rest)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, folder / name)
        flush(folder)
    except OSError as error:
        raise WvcliError(f"cannot write to {folder}: {reason(error)}") from error


def _beginning(checksum: str) -> bytes:
    """Return what stands before the part of a manifest that has this SHA-256."""
    return f'{{"format_version": {_FORMAT_VERSION}, "checksum": "{checksum}", '.encode()


def _flushed(path: Path) -> str:
    """Have a shard on disk, and return its SHA-256."""
    checksum = _sha256(path)
    flush(path)
    return checksum


def _sha256(path: Path) -> str:
    digest, block = sha256(), bytearray(_BLOCK)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(memoryview(block)[:count])
    return digest.hexdigest()


def read_manifest(folder: Path, name: str) -> dict[str, Any]:
    """Read what `write_manifest` wrote.

    Raises:
        InputError: it is missing, damaged or of another version.
    """
    try:
        data = (folder / name).read_bytes()
        values: dict[str, Any] = json.loads(data)
        version, checksum = values.pop("format_version"), values.pop("checksum", "")
        if any(os.path.basename(shard) != shard for shard in values["shards"]):
            raise ValueError("a shard in another folder")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{folder} does not hold tokenized text, or it is damaged") from error
    if version != _FORMAT_VERSION:
        raise InputError(f"{folder} holds tokenized text of version {version}, which this wvcli cannot read")
    beginning = _beginning(str(checksum))
    if not data.startswith(beginning) or sha256(data[len(beginning) :]).hexdigest() != checksum:
        raise InputError(f"the tokenized text in {folder} is damaged: {name} has a wrong checksum")
    return values


def verify_shards(folder: Path, values: Mapping[str, Any]) -> None:
    """Read all shards, and refuse them if they are not those that were written.

    Args:
        folder: where they are.
        values: what `read_manifest` returned.

    Raises:
        InputError: a shard is missing or has another checksum.
    """
    try:
        for shard, checksum in zip(values["shards"], values[_CHECKSUMS], strict=True):
            if _sha256(folder / shard) != checksum:
                raise InputError(f"the tokenized text in {folder} is damaged: {shard} has a wrong checksum")
    except OSError as error:
        raise unreadable(f"the tokenized text in {folder}", error) from error
