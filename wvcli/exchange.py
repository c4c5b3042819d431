"""Vectors of other systems made into models, and models into files of other systems."""

import platform
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from wvcli import __version__, formats, store
from wvcli.errors import InputError, UsageError
from wvcli.placing import check_writable
from wvcli.selection import EVERYTHING, Selection, select
from wvcli.vectors import Vectors

_BLOCK = 1 << 20  # bytes hashed at a time

Progress = Callable[[str, int, int | None], None]


def _silent(description: str, done: int, total: int | None) -> None:
    pass


def import_vectors(
    path: Path,
    output: Path | None = None,
    *,
    name: str | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    on_progress: Progress = _silent,
) -> Vectors:
    """Make a model file of a file or folder of another system.

    The model answers at once whatever its size. It has no output layer, so it cannot be trained further.

    Args:
        path: the file or folder.
        output: the model file; None for one in the current folder with the name of `path`.
        name: the format; None to tell it by content.
        limit: take the first so many words only.
        overwrite: replace an existing model file.
        on_progress: takes what is going on, the amount done and the amount in all.

    Raises:
        InputError: `path` cannot be read, is in no known format, or is damaged.
        UsageError: it is a model already, the model file exists, or it has a wrong name.
    """
    target = output or Path((path.name if path.is_dir() else path.stem) + store.SUFFIX)
    if target.suffix != store.SUFFIX:
        raise UsageError(f"a model file's name ends in {store.SUFFIX}, unlike {target}")
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if path.is_file() and store.is_model(path):
        raise UsageError(f"{path} is a model already")
    if target.exists() and path.exists() and target.samefile(path):
        raise UsageError(f"the model would take the place of {path}", "name another file with -o")
    check_writable(target, overwrite)
    chosen = formats.registry.get(name) if name else formats.recognise(path)
    vectors = formats.read(
        path, chosen.name, limit, lambda done, most: on_progress(f"importing {path.name}", done, most)
    )
    store.save(target, store.vector_tensors(vectors), _manifest(path, chosen.name, limit, vectors), overwrite)
    return store.open_model(target).vectors()


def _manifest(path: Path, name: str, limit: int | None, vectors: Vectors) -> dict[str, Any]:
    import numpy as np

    settings: dict[str, Any] = {"dim": vectors.dim}
    if vectors.subwords:
        settings["algorithm"] = "fasttext"
        settings |= {"min_n": vectors.subwords.min_n, "max_n": vectors.subwords.max_n}
        settings["bucket"] = len(vectors.subwords.matrix)
    origin = {"source": str(path), "format": name, "bytes": _size(path), "sha256": _digest(path), "limit": limit}
    versions = {"wvcli": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return {"settings": settings, "tokenizer": {}, "imported": origin, "versions": versions}


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))


def _digest(path: Path) -> str:
    """The SHA-256 of a file, or of the contents of a folder's files one after the other, by their names."""
    digest = sha256()
    block = bytearray(_BLOCK)
    for each in _files(path):
        with each.open("rb", buffering=0) as file:
            while count := file.readinto(block):
                digest.update(memoryview(block)[:count])
    return digest.hexdigest()


def export(
    vectors: Vectors,
    path: Path,
    *,
    name: str | None = None,
    selection: Selection = EVERYTHING,
    dtype: str | None = None,
    overwrite: bool = False,
    on_progress: Progress = _silent,
) -> tuple[Vectors, list[str]]:
    """Write vectors to a file or folder of another system, a block at a time.

    Args:
        vectors: what to write.
        path: the file or folder to make.
        name: the format; None to go by the suffix of `path`.
        selection: what of the vectors to write, and in which form.
        dtype: the kind of number, one of those the format has; None for the usual one.
        overwrite: replace an existing file, or a folder of the same format.
        on_progress: takes what is going on, the amount done and the amount in all.

    Returns:
        The vectors as they were written, and notes for the user.

    Raises:
        UsageError: the format cannot be written so, or the file exists.
        WvcliError: the file cannot be written.
    """
    chosen = formats.for_writing(path, name)
    pad, unknown = selection.special_rows
    if (selection.pad or selection.unknown) and not chosen.special:
        able = ", ".join(member.name for member in formats.registry if member.special) or "none"
        raise UsageError(f"{chosen.name} has no special words", f"formats for neural models have them: {able}")
    writing = formats.Writing(dtype or chosen.dtypes[0], pad, unknown)
    formats.check_dtype(chosen, writing.dtype)
    check_writable(path, overwrite, chosen.replaceable)
    total = 0

    def on_rows(row: int) -> None:
        on_progress(f"writing {path.name}", min(row, total), total)

    selected = select(vectors, selection, on_rows)
    total = len(selected.vectors)
    notes = selected.notes + formats.write(selected.vectors, path, chosen.name, overwrite, writing)
    if selected.vectors.subwords is not None and "subwords" not in chosen.keeps:
        notes.append(f"{chosen.name} has no room for subwords: words outside the vocabulary will have no vector")
    return selected.vectors, notes
