"""Words and vectors from a model of the fastText program, or of floret with fastText's hash."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._fasttext_model import (
    ARCHITECTURES,
    END_OF_LINE,
    LOSSES,
    NOISE_EXPONENT,
    Dictionary,
    Model,
    Settings,
)
from wvcli.formats._reading import GrowingMatrix, note_repeated
from wvcli.reporting import report_words
from wvcli.system.paging import read_ahead
from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.composed import Composed, Composition, picked
from wvcli.vectors.geometry import FloatArray, FloatMatrix, RowArray
from wvcli.vectors.subwords import ByteArray, Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_COMPOSED_LAZILY = 16_384  # words from which on vectors are composed when asked for: one query needs few of them
_READ_AHEAD_SHARE = 50  # with at least one word for this many buckets, most of the n-grams' rows are needed


def vectors_of(model: Model, path: Path, limit: int | None) -> Vectors:
    """Return the words and vectors of a model with fastText's hash, all or only the first `limit`."""
    settings, words = model.settings, len(model.dictionary.counts)
    vocabulary, rows = vocabulary_of(path, model.dictionary, min(limit or words, words))
    own_rows, subwords = model.inputs[:words], None
    if settings.maxn > 0 and settings.bucket and not model.dictionary.pruned:
        subwords = Subwords(_as_float32(model.inputs[words:]), max(1, settings.minn), settings.maxn)
    counts, own = model.dictionary.counts[rows], _as_float32(own_rows[rows])
    if subwords is None:
        matrix: FloatMatrix = own
    else:
        text, offsets = word_bytes(model.dictionary, rows)
        composition = Composition(own, subwords, text, offsets, _row_of(text, offsets, END_OF_LINE))
        matrix = _composed_matrix(path, composition)
    return Vectors(
        vocabulary,
        matrix,
        counts=counts if (counts > 1).any() else None,
        subwords=subwords,
        path=path,
        weights=Weights(
            None if subwords is None else own,
            _as_float32(model.output[rows]) if len(model.output) == words else None,
            settings_of(settings, model.dictionary.tokens),
        ),
    )


def vocabulary_of(path: Path, dictionary: Dictionary, most: int) -> tuple[Vocabulary, slice | RowArray]:
    """Return the first `most` words and their rows; of a word that occurs again only the first row counts."""
    offsets = dictionary.offsets[: most + 1]
    try:
        return Vocabulary.from_text(dictionary.text[: offsets[-1]], offsets), slice(0, most)
    except InputError:
        text = dictionary.text.tobytes()
        first: dict[str, int] = {}
        repeated = []
        for row, (start, stop) in enumerate(pairwise(dictionary.offsets.tolist())):
            word = text[start:stop].decode("utf-8", "backslashreplace")
            if first.setdefault(word, row) != row:
                repeated.append(word)
            if len(first) == most:
                break
        if repeated:
            note_repeated(path, len(repeated), repeated[0])
        return Vocabulary.from_words(list(first)), np.array(list(first.values()), dtype=np.int64)


def word_bytes(dictionary: Dictionary, rows: slice | RowArray) -> tuple[ByteArray, RowArray]:
    """Return the bytes of the words in these rows, uint8 [bytes], and their bounds, int64 [words + 1]."""
    if isinstance(rows, slice):
        return dictionary.text, dictionary.offsets[: rows.stop + 1]
    return picked(dictionary.text, dictionary.offsets, rows)


def settings_of(settings: Settings, tokens: int) -> dict[str, Any]:
    """Return the program's settings by the names that they have in wvcli."""
    return {
        "algorithm": "fasttext",
        "architecture": _name_of(ARCHITECTURES, settings.model),
        "loss": _name_of(LOSSES, settings.loss),
        "dim": settings.dim,
        "window": settings.ws,
        "epochs": settings.epoch,
        "min_count": settings.min_count,
        "negative": settings.neg,
        "noise_exponent": NOISE_EXPONENT,
        "sample": settings.t,
        "min_n": settings.minn,
        "max_n": settings.maxn,
        "buckets": settings.bucket,
        "word_ngrams": settings.word_ngrams,
        "lr_update_rate": settings.lr_update_rate,
        "tokens": tokens,
    }


def _name_of(choices: Mapping[str, int], number: int) -> str:
    return next(name for name, value in choices.items() if value == number)


def _as_float32(rows: ByteArray) -> FloatArray:
    """Return the bytes of rows, uint8 [rows, 4 * dim], as float32 [rows, dim]."""
    return rows.view("<f4")


def _composed_matrix(path: Path, composition: Composition) -> FloatMatrix:
    """Return float32 [words, dim], composed when rows are asked for if there are many words."""
    if len(composition.own) < _COMPOSED_LAZILY:
        return _compose_all(path, composition)
    return Composed(composition, partial(_compose_all, path))


def _compose_all(path: Path, composition: Composition) -> FloatArray:
    """Return float32 [words, dim], the vectors of all words."""
    if len(composition.own) * _READ_AHEAD_SHARE > len(composition.subwords.matrix):
        read_ahead(composition.subwords.matrix)
    return compose_in_parallel(
        path, composition.own.shape, composition.parts(), lambda part: composition.part(part.start, part.stop)
    )


def compose_in_parallel(
    path: Path, shape: tuple[int, int], parts: Sequence[range], compose: Callable[[range], FloatArray]
) -> FloatArray:
    """Return float32 [words, dim], composed of parts of the rows by several threads.

    Args:
        path: the file that the vectors come from.
        shape: the number of words and of dimensions.
        parts: all rows, in ascending order.
        compose: returns float32 [rows, dim] for the rows of a part.
    """
    matrix, done = GrowingMatrix(path, *shape), 0
    for start in range(0, len(parts), threads()):
        for vectors in parallel_map(compose, parts[start : start + threads()]):
            matrix.add(vectors)
            done += len(vectors)
        report_words(done, shape[0])
    return matrix.whole()


def _row_of(text: ByteArray, offsets: RowArray, word: bytes) -> int:
    """Return the row of a word, or -1."""
    for row in np.flatnonzero(np.diff(offsets) == len(word)).tolist():
        if text[offsets[row] : offsets[row + 1]].tobytes() == word:
            return int(row)
    return -1
