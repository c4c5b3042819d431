"""Words divided into clusters by their vectors, written as word2vec's classes."""

from os import PathLike
from pathlib import Path

import numpy as np

from wvcli import formats
from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_note, ignore_progress
from wvcli.system.atomic_files import atomic_write, check_writable
from wvcli.system.paging import blocks
from wvcli.vectors.clusters import spherical_k_means
from wvcli.vectors.geometry import unit_rows
from wvcli.vectors.selection import EVERYTHING, Selection, select
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def export_clusters(
    vectors: Vectors,
    path: str | PathLike[str],
    clusters: int,
    *,
    selection: Selection = EVERYTHING,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
) -> dict[str, int]:
    """Divide words into clusters by spherical k-means, and write a line `word cluster` for each.

    word2vec.c writes such a file with `-classes`. The largest cluster is number 0, and so on; the same vectors
    give the same clusters.

    Args:
        vectors: of the words.
        path: the file to make.
        clusters: how many there are to be; there are fewer where vectors coincide.
        selection: which words to take, and what to do to their vectors before.
        overwrite: replace an existing file.
        on_progress: called with how far the work is.
        on_note: called with a line on words that were left out or written otherwise.

    Returns:
        The cluster of each word, in the order of the file.

    Raises:
        UsageError: `clusters` is below 1, the file exists, special words are asked for, or no vector has a
            direction.
        InputError: the vectors are a model's whose file is damaged.
        WvcliError: the file cannot be written.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.load("animals.safetensors")
        >>> cluster = wvcli.export_clusters(vectors, "classes.txt", 20)
        >>> len(cluster), max(cluster.values())
        (1731, 19)
    """
    path = Path(path)
    if clusters < 1:
        raise UsageError(f"`clusters` must be at least 1, not {clusters}")
    if selection.pad or selection.unknown:
        raise UsageError("special words are in no cluster", "leave out `pad` and `unknown`")
    check_writable(path, overwrite)
    model_file.verify_vectors(vectors)
    selected = select(vectors, selection)
    units = np.empty((len(selected.vectors), selected.vectors.dim), dtype=np.float32)
    for start, block in blocks(selected.vectors.matrix):
        units[start : start + len(block)] = unit_rows(block)
    rows = np.flatnonzero(units.any(axis=1))
    if not len(rows):
        raise UsageError("no vector has a direction", "take other words")
    found = list(selected.vectors.vocabulary)
    words = found if len(rows) == len(units) else [found[row] for row in rows.tolist()]
    units = units if len(rows) == len(units) else units[rows]

    def on_step(done: int, total: int) -> None:
        on_progress(Progress("clustering", done, total, unit="items", subject=path.name))

    numbers = spherical_k_means(units, clusters, on_step=on_step)[0].tolist()
    with atomic_write(path, overwrite) as temporary:
        notes = selected.notes + formats.write_classes(Vocabulary.from_words(words), numbers, temporary)
    if left_out := len(found) - len(words):
        were = "1 word was" if left_out == 1 else f"{left_out:,} words were"
        notes.append(f"{were} left out: their vectors are zero or not finite, and have no direction")
    for note in notes:
        on_note(note)
    return dict(zip(words, numbers, strict=True))
