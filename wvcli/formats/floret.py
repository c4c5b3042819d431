"""floret's own `.bin`, with floret's hash or fastText's; see wvcli/formats/_fasttext_model.py for the layout.

With floret's hash a word's vector is the mean of the rows of the whole word and of its n-grams, several of each.
Two oddities of the program are followed: the first word has a row of its own besides; `</s>`, the end of a line,
has none but that, and so is zero where it is not the first.

The `.floret` table that the program writes beside it holds rows and no words, and is refused. What is written has
fastText's hash, with which vectors of words and subwords come out as they are.
"""

import re
from pathlib import Path

import numpy as np

from wvcli.errors import InputError
from wvcli.formats import Format, Writing
from wvcli.formats._fasttext_model import (
    END_OF_LINE,
    Model,
    bytes_of,
    is_floret,
    names_of,
    open_model,
    vectors_of,
    vocabulary_of,
)
from wvcli.formats._fasttext_writing import write_model
from wvcli.formats._reading import GrowingMatrix, open_input
from wvcli.reporting import report_words
from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.subwords import ByteArray, Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.word_vectors import Vectors

_TABLE = re.compile(rb"[0-9]+ [0-9]+ [0-9]+ [0-9]+ [1-4] [0-9]+ \S+ \S+ *\r?\n")
_AT_ONCE = 4_096  # words worked out at a time, whose n-grams take memory too


def _sniff(head: bytes) -> bool:
    return is_floret(head) or _TABLE.match(head) is not None


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        if _TABLE.match(file.read(200)):
            raise InputError(
                f"{path} is floret's table, which has rows and no words", "read floret's .bin instead"
            )
        file.seek(0)
        model = open_model(file, path)
    settings, most = model.settings, len(model.dictionary.counts)
    if settings.mode == 0:
        raise InputError(f"{path} is fastText's .bin and not floret's", "the format fasttext reads it")
    if settings.mode == 1:
        return vectors_of(model, path, limit)
    if not settings.bucket:
        raise InputError(f"{path}: a model of floret has buckets, and this has none")
    vocabulary, rows = vocabulary_of(model.dictionary, min(limit or most, most))
    subwords = Subwords(
        model.inputs[most:].view("<f4"), max(1, settings.minn), max(0, settings.maxn), settings.hash_count
    )
    text, offsets = bytes_of(model.dictionary, rows)
    counts = model.dictionary.counts[rows]
    return Vectors(
        vocabulary,
        _composed(path, model, subwords, text, offsets),
        counts=counts if (counts > 1).any() else None,
        subwords=subwords,
        path=path,
        weights=Weights(None, None, names_of(settings, model.dictionary.tokens)),
    )


def _composed(path: Path, model: Model, subwords: Subwords, text: ByteArray, offsets: RowArray) -> FloatArray:
    """float32 [words, dim], the vectors of all words."""
    words, dim = len(offsets) - 1, model.settings.dim

    def compose(start: int) -> FloatArray:
        bounds = offsets[start : start + _AT_ONCE + 1]
        sums = np.zeros((len(bounds) - 1, dim), dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite are given as they are
            counts = subwords.add_to(sums, text, bounds)
            for place in np.flatnonzero(np.diff(bounds) == len(END_OF_LINE)).tolist():
                if text[bounds[place] : bounds[place + 1]].tobytes() == END_OF_LINE:
                    sums[place] = counts[place] = 0
            if start == 0:
                sums[0] += model.inputs[:1].view("<f4")[0]
                counts[0] += 1
            sums *= (1 / np.maximum(counts, 1)).astype(np.float32)[:, None]
        return sums

    matrix, done = GrowingMatrix(path, words, dim), 0
    starts = range(0, words, _AT_ONCE)
    for first in range(0, len(starts), threads()):
        for vectors in parallel_map(compose, starts[first : first + threads()]):
            matrix.add(vectors)
            done += len(vectors)
        report_words(done, words)
    return matrix.whole()


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    return write_model(vectors, path, floret=True)


FORMAT = Format(
    name="floret",
    suffixes=(".floret.bin",),
    keeps="words with blanks, counts, vectors, subwords, output layer",
    sniff=_sniff,
    read=_read,
    write=_write,
)
