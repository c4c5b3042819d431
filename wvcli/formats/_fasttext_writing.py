"""Writing a `.bin` of fastText or floret; see wvcli/formats/_fasttext_model.py for the layout."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wvcli.errors import WvcliError
from wvcli.formats._fasttext_model import (
    ARCHITECTURES,
    END_OF_LINE,
    LOSSES,
    NOISE_EXPONENT,
    VERSION,
    Settings,
)
from wvcli.formats._headers import FASTTEXT_MAGIC
from wvcli.system.paging import blocks
from wvcli.vectors.composed import parts
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def write_model(vectors: Vectors, path: Path, floret: bool = False) -> list[str]:
    """Write a file for fastText or, with the same hash, for floret, and return notes for the user."""
    _check_words(vectors.vocabulary)
    weights = vectors.weights or Weights(None, None, vectors.manifest.get("settings", {}))
    settings = _settings(vectors, weights)
    if floret:
        settings = replace(settings, mode=1, hash_count=1)
    with path.open("wb") as file:
        file.write(struct.pack("<2i", FASTTEXT_MAGIC, VERSION) + settings.packed())
        _write_dictionary(file, vectors, weights)
        file.write(struct.pack("<B2q", 0, len(vectors) + settings.bucket, settings.dim))
        for rows in _own_rows(vectors, weights):
            file.write(np.ascontiguousarray(rows, dtype="<f4").data)
        if vectors.subwords is not None:
            _write_matrix(file, vectors.subwords.matrix)
        file.write(struct.pack("<B2q", 0, len(vectors), settings.dim))
        if weights.output is not None:
            _write_matrix(file, weights.output)
        else:
            for part in parts(*vectors.matrix.shape):
                file.write(bytes(4 * settings.dim * len(part)))
    return _notes(weights)


def _check_words(vocabulary: Vocabulary) -> None:
    zeros = np.flatnonzero(vocabulary.text == 0)
    if len(zeros):
        word = vocabulary[int(np.searchsorted(vocabulary.offsets, zeros[0], side="right")) - 1]
        raise WvcliError(f"the word {word!r} contains a zero byte, which ends a word in a fastText .bin")


def _settings(vectors: Vectors, weights: Weights) -> Settings:
    known = {name: value for name, value in weights.settings.items() if value is not None}
    subwords = vectors.subwords
    if subwords is not None and subwords.is_fitted:  # with n-grams of other lengths than training knew
        known["min_n"] = subwords.min_n
    loss = known.get("loss", "negative")
    is_tree_left_out = loss == "hierarchical" and weights.output is None
    return Settings(
        dim=vectors.dim,
        ws=known.get("window", 5),
        epoch=known.get("epochs", 5),
        min_count=known.get("min_count", 1),
        neg=0 if is_tree_left_out else known.get("negative", 5),  # Gensim would believe that both losses were used
        word_ngrams=known.get("word_ngrams", 1),
        loss=LOSSES[loss],
        model=ARCHITECTURES[known.get("architecture", "skipgram")],
        bucket=len(subwords.matrix) if subwords else 0,
        minn=known.get("min_n", subwords.min_n if subwords else 0),
        maxn=subwords.max_n if subwords else 0,
        lr_update_rate=known.get("lr_update_rate", 100),
        t=known.get("sample", 1e-4),
    )


def _write_dictionary(file: BinaryIO, vectors: Vectors, weights: Weights) -> None:
    words, counts = len(vectors), vectors.counts
    tokens = weights.settings.get("tokens") or (words if counts is None else int(counts.sum()))
    file.write(struct.pack("<3i2q", words, words, 0, tokens, -1))
    text, offsets = vectors.vocabulary.text, vectors.vocabulary.offsets
    for part in parts(*vectors.matrix.shape):
        bounds = offsets[part.start : part.stop + 1]
        known = np.ones(len(part), np.int64)  # Gensim does not open a file with a word that does not occur
        if counts is not None:
            np.maximum(known, counts[part.start : part.stop], out=known)
        letters, numbers = text[bounds[0] : bounds[-1]].tobytes(), known.astype("<i8").tobytes()
        entries = [
            letters[start:stop] + b"\0" + numbers[8 * index : 8 * index + 8] + b"\0"
            for index, (start, stop) in enumerate(pairwise((bounds - bounds[0]).tolist()))
        ]
        file.write(b"".join(entries))


def _own_rows(vectors: Vectors, weights: Weights) -> Iterator[FloatArray]:
    """Yield float32 [words, dim] in parts: rows whose mean with the rows of their n-grams is the word's vector."""
    subwords, vocabulary = vectors.subwords, vectors.vocabulary
    end = vocabulary.find(END_OF_LINE.decode())
    for part in parts(*vectors.matrix.shape):
        if subwords is None:
            rows = vectors.matrix[part.start : part.stop]
        elif weights.words is not None:
            rows = np.array(weights.words[part.start : part.stop], dtype=np.float32)
        else:  # what the n-grams' sum lacks for the mean to be the vector
            sums = np.zeros((len(part), vectors.dim), dtype=np.float32)
            with np.errstate(all="ignore"):  # numbers that are not finite stay so
                counts = subwords.add_to(sums, vocabulary.text, vocabulary.offsets[part.start : part.stop + 1])
                exact = vectors.matrix[part.start : part.stop] * (counts[:, None] + 1.0) - sums
                rows = exact.astype(np.float32)
        if subwords is not None and end is not None and end in part:
            rows[end - part.start] = vectors.matrix[end]
        yield rows


def _write_matrix(file: BinaryIO, matrix: FloatArray) -> None:
    for _, block in blocks(matrix):
        file.write(np.ascontiguousarray(block, dtype="<f4").data)


def _notes(weights: Weights) -> list[str]:
    """Return notes on what the file cannot hold of the training."""
    settings = weights.settings
    if settings.get("loss") == "hierarchical" and weights.output is None:
        return ["the output layer is left out, since fastText builds another tree of words"]
    exponent = settings.get("noise_exponent", NOISE_EXPONENT)
    if exponent != NOISE_EXPONENT:
        return [f"the noise exponent {exponent} is left out: fastText's files imply {NOISE_EXPONENT}"]
    return []
