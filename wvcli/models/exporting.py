"""Vectors written to files of other systems."""

from os import PathLike
from pathlib import Path

from wvcli import formats
from wvcli.errors import UsageError
from wvcli.formats import Kept
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_note, ignore_progress, words_reported_to
from wvcli.system.atomic_files import check_writable
from wvcli.vectors.selection import EVERYTHING, SUBWORDS_LEFT_OUT, Selection, select
from wvcli.vectors.word_vectors import Vectors


def export(
    vectors: Vectors,
    path: str | PathLike[str],
    *,
    name: str | None = None,
    selection: Selection = EVERYTHING,
    dtype: str | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
) -> Vectors:
    """Write vectors to a file or folder of another system, a block at a time.

    Args:
        vectors: what to write.
        path: the file or folder to make.
        name: the format; None for the one that the suffix of `path` means.
        selection: which words to write, and in which form.
        dtype: the number type, one of those the format has; None for its usual one, mostly `float32`.
        overwrite: replace an existing file, or a folder of the same format.
        on_progress: called with how far the work is, in words.
        on_note: called with a line on each thing that was left out or changed.

    Returns:
        The vectors as they were written.

    Raises:
        UsageError: the format cannot be written so, or the file exists.
        InputError: the vectors are a model's whose file is damaged.
        MissingExtraError: the format needs a package that is not installed.
        WvcliError: the file cannot be written.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.load("animals.safetensors")
        >>> selection = wvcli.Selection(top=1000, normalize=True)
        >>> wvcli.export(vectors, "animals.vec", selection=selection)
        <Vectors: 1,000 words, 50 dimensions>
        >>> wvcli.load("animals.vec").most_similar("cat", 1)[0][0]
        'dog'
    """
    path = Path(path)
    chosen = formats.for_writing(path, name)
    pad, unknown = selection.special_rows
    if (selection.pad or selection.unknown) and not chosen.special:
        able = ", ".join(member.name for member in formats.registry if member.special) or "none"
        raise UsageError(f"{chosen.name} has no special words", f"formats for neural models have them: {able}")
    writing = formats.Writing(dtype or chosen.dtypes[0], pad, unknown)
    formats.check_dtype(chosen, writing.dtype)
    check_writable(path, overwrite, chosen.replaceable)
    model_file.verify_vectors(vectors)
    total = 0

    def on_rows(row: int) -> None:
        on_progress(Progress("writing", min(row, total), total, subject=path.name))

    with words_reported_to(on_progress, "computing", "vectors"):
        selected = select(vectors, selection, on_rows)
        total = len(selected.vectors)
        notes = selected.notes + formats.write(selected.vectors, path, chosen.name, overwrite, writing)
    notes += _on_subwords(vectors, selected.vectors, chosen) + _on_heading(vectors, path, chosen)
    for note in notes:
        on_note(note)
    return selected.vectors


def _on_subwords(vectors: Vectors, selected: Vectors, chosen: formats.Format) -> list[str]:
    """Return a note on subwords that are left out, if there is one.

    There is none where they were fitted and the format has no room for any: all that was trained is there.
    """
    if vectors.subwords is None:
        return []
    has_room = Kept.SUBWORDS in chosen.keeps
    if vectors.subwords.is_fitted:
        return [SUBWORDS_LEFT_OUT] if has_room and selected.subwords is None else []
    if selected.subwords is not None and not has_room:
        able = ", ".join(
            f"{member.name} ({member.suffixes[0]})"
            for member in formats.registry
            if member.write and Kept.SUBWORDS in member.keeps
        )
        return [
            f"{chosen.name} has no room for subwords: words outside the vocabulary will have no vector; "
            f"formats that have: {able}"
        ]
    return []


def _on_heading(vectors: Vectors, path: Path, chosen: formats.Format) -> list[str]:
    """Return a note on the line that GloVe's readers do not expect, if GloVe's vectors are written with it."""
    if chosen.name != "word2vec-text" or vectors.manifest.get("settings", {}).get("algorithm") != "glove":
        return []
    return [
        f"{path.name} begins with word2vec's line of how many words and dimensions there are, which programs that "
        "read GloVe's files do not expect; those have none, and are written with `name=glove`"
    ]
