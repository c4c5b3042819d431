"""The `.bin` of floret, explosion's variant of fastText, with floret's hash or fastText's.

`floret skipgram` and `floret cbow` write it; see wvcli/formats/_fasttext_model.py for the layout. With floret's
hash a word's vector is the mean of the rows of the whole word and of its n-grams, several of each. Two oddities of
the program are reproduced: the first word has in addition a row of its own; `</s>`, the end of a line, has no
other row, and so its vector is zero where it is not the first word.

The `.floret` table that the program writes beside it holds rows but no words, and is refused. Files are written
with fastText's hash, which preserves the vectors of words and subwords.
"""

import re
from pathlib import Path

import numpy as np

from wvcli.errors import InputError
from wvcli.formats._fasttext_model import (
    END_OF_LINE,
    Model,
    is_floret,
    open_model,
)
from wvcli.formats._fasttext_vectors import compose_in_parallel, settings_of, vectors_of, vocabulary_of, word_bytes
from wvcli.formats._fasttext_writing import write_model
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._reading import open_input
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.subwords import ByteArray, Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.word_vectors import Vectors

_TABLE = re.compile(rb"[0-9]+ [0-9]+ [0-9]+ [0-9]+ [1-4] [0-9]+ \S+ \S+ *\r?\n")
_AT_ONCE = 4_096  # words composed at a time: their n-grams take memory too


def _sniff(head: bytes) -> bool:
    return is_floret(head) or _TABLE.match(head) is not None


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        if _TABLE.match(file.read(200)):
            raise InputError(
                f"{path} is a table of floret, which has rows but no words", "read floret's .bin instead"
            )
        file.seek(0)
        model = open_model(file, path)
    settings, words = model.settings, len(model.dictionary.counts)
    if settings.mode == 0:
        raise InputError(f"{path} is a .bin of fastText, not of floret", "the format fasttext reads it")
    if settings.mode == 1:
        return vectors_of(model, path, limit)
    if not settings.bucket:
        raise InputError(f"{path} is damaged: it has no buckets; a model of floret has some")
    vocabulary, rows = vocabulary_of(path, model.dictionary, min(limit or words, words))
    subwords = Subwords(
        model.inputs[words:].view("<f4"), max(1, settings.minn), max(0, settings.maxn), settings.hash_count
    )
    text, offsets = word_bytes(model.dictionary, rows)
    counts = model.dictionary.counts[rows]
    return Vectors(
        vocabulary,
        _composed(path, model, subwords, text, offsets),
        counts=counts if (counts > 1).any() else None,
        subwords=subwords,
        path=path,
        weights=Weights(None, None, settings_of(settings, model.dictionary.tokens)),
    )


def _composed(path: Path, model: Model, subwords: Subwords, text: ByteArray, offsets: RowArray) -> FloatArray:
    """Return float32 [words, dim], the vectors of all words."""
    words, dim = len(offsets) - 1, model.settings.dim

    def compose(part: range) -> FloatArray:
        bounds = offsets[part.start : part.stop + 1]
        sums = np.zeros((len(bounds) - 1, dim), dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite stay so
            counts = subwords.add_to(sums, text, bounds)
            for row in np.flatnonzero(np.diff(bounds) == len(END_OF_LINE)).tolist():
                if text[bounds[row] : bounds[row + 1]].tobytes() == END_OF_LINE:
                    sums[row] = counts[row] = 0
            if part.start == 0:
                sums[0] += model.inputs[:1].view("<f4")[0]
                counts[0] += 1
            sums *= (1 / np.maximum(counts, 1)).astype(np.float32)[:, None]
        return sums

    parts = [range(start, min(start + _AT_ONCE, words)) for start in range(0, words, _AT_ONCE)]
    return compose_in_parallel(path, (words, dim), parts, compose)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    return write_model(vectors, path, floret=True)


FORMAT = Format(
    name="floret",
    suffixes=(".floret.bin",),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS, Kept.SUBWORDS, Kept.OUTPUT_LAYER}),
    sniff=_sniff,
    read=_read,
    write=_write,
)
