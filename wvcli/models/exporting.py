"""Vectors into files of other systems."""

from collections.abc import Callable
from pathlib import Path

from wvcli import formats
from wvcli.errors import UsageError
from wvcli.formats import Kept
from wvcli.reporting import progress_to
from wvcli.system.atomic_files import check_writable
from wvcli.vectors.selection import EVERYTHING, Selection, select
from wvcli.vectors.word_vectors import Vectors

Progress = Callable[[str, int, int | None], None]


def _silent(description: str, done: int, total: int | None) -> None:
    pass


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

    with progress_to(lambda done, most: on_progress("working out vectors", done, most)):
        selected = select(vectors, selection, on_rows)
        total = len(selected.vectors)
        notes = selected.notes + formats.write(selected.vectors, path, chosen.name, overwrite, writing)
    if selected.vectors.subwords is not None and Kept.SUBWORDS not in chosen.keeps:
        notes.append(f"{chosen.name} has no room for subwords: words outside the vocabulary will have no vector")
    return selected.vectors, notes
