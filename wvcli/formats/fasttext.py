"""The fastText program's own `.bin`: words with counts, subwords, and all that training goes on from.

The vector of a word is worked out as the program does: the mean of the word's own row and the rows of its n-grams;
`</s>`, the end of a line, has no n-grams. Bytes of a word that are not UTF-8 are read as `\\xff`, as Gensim does.
Unknown counts are written as 1, and counts of which none is more are read as unknown. Subwords, own rows and
output layer stay in the file, which is mapped. See wvcli/formats/_fasttext_model.py for the layout.

Where only the vectors of words are known, not their own rows, rows are written from which the program comes to
these vectors; and where the output layer is not known, zeros.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from wvcli.composed import Composed, Composition, parts, picked
from wvcli.errors import InputError, WvcliError
from wvcli.formats import Format, Writing
from wvcli.formats._fasttext_model import (
    END_OF_LINE,
    VERSION,
    Dictionary,
    Model,
    Settings,
    is_floret,
    is_model,
    open_model,
)
from wvcli.formats._layout import FASTTEXT_MAGIC, GrowingMatrix, opened, watcher
from wvcli.geometry import FloatArray
from wvcli.geometry import Rows as IntArray
from wvcli.paging import blocks, read_ahead
from wvcli.parallel import each, threads
from wvcli.subwords import Subwords, Text
from wvcli.vectors import Vectors
from wvcli.vocabulary import Vocabulary
from wvcli.weights import Weights

_MANY = 16_384  # words, of which one question need not work out all
_SHARE = 50  # where there is one word for so many buckets, most of the file is needed

_LOSSES = {"hierarchical": 1, "negative": 2, "softmax": 3, "one-vs-all": 4}
_ARCHITECTURES = {"cbow": 1, "skipgram": 2}
_NOISE_EXPONENT = 0.5  # the program's own; the file does not hold it


def _numbers(rows: Text) -> FloatArray:
    """float32 [rows, dim] of the bytes of rows."""
    return rows.view("<f4")


def _read(path: Path, limit: int | None) -> Vectors:
    with opened(path) as file:
        model = open_model(file, path)
    if model.settings.mode:
        raise InputError(f"{path} is floret's .bin and not fastText's", "the format floret reads it")
    return vectors_of(model, path, limit)


def vectors_of(model: Model, path: Path, limit: int | None) -> Vectors:
    """The words and vectors of a model with fastText's hash, all or its first so many words."""
    settings, most = model.settings, len(model.dictionary.counts)
    vocabulary, rows = vocabulary_of(model.dictionary, min(limit or most, most))
    own, subwords = model.inputs[:most], None
    if settings.maxn > 0 and settings.bucket and not model.dictionary.pruned:
        subwords = Subwords(_numbers(model.inputs[most:]), max(1, settings.minn), settings.maxn)
    counts, chosen = model.dictionary.counts[rows], _numbers(own[rows])
    if subwords is None:
        matrix = chosen
    else:
        text, offsets = bytes_of(model.dictionary, rows)
        composition = Composition(chosen, subwords, text, offsets, _row_of(text, offsets, END_OF_LINE))
        matrix = _matrix(path, composition)
    return Vectors(
        vocabulary,
        matrix,
        counts=counts if (counts > 1).any() else None,
        subwords=subwords,
        path=path,
        weights=Weights(
            None if subwords is None else chosen,
            _numbers(model.output[rows]) if len(model.output) == most else None,
            names_of(settings, model.dictionary.tokens),
        ),
    )


def vocabulary_of(dictionary: Dictionary, most: int) -> tuple[Vocabulary, slice | IntArray]:
    """The first so many words and their rows; of a word that occurs again only the first row counts."""
    offsets = dictionary.offsets[: most + 1]
    try:
        return Vocabulary.from_text(dictionary.text[: offsets[-1]], offsets), slice(0, most)
    except InputError:
        text = dictionary.text.tobytes()
        first: dict[str, int] = {}
        for row, (start, stop) in enumerate(pairwise(dictionary.offsets.tolist())):
            first.setdefault(text[start:stop].decode("utf-8", "backslashreplace"), row)
            if len(first) == most:
                break
        return Vocabulary.from_words(list(first)), np.array(list(first.values()), dtype=np.int64)


def bytes_of(dictionary: Dictionary, rows: slice | IntArray) -> tuple[Text, IntArray]:
    """The bytes of the words in these rows, and where each one begins and ends."""
    if isinstance(rows, slice):
        return dictionary.text, dictionary.offsets[: rows.stop + 1]
    return picked(dictionary.text, dictionary.offsets, rows)


def _composed(path: Path, composition: Composition) -> FloatArray:
    """float32 [words, dim], the vectors of all words."""
    if len(composition.own) * _SHARE > len(composition.subwords.matrix):
        read_ahead(composition.subwords.matrix)
    matrix = GrowingMatrix(path, *composition.own.shape)
    todo, done = composition.parts(), 0
    for start in range(0, len(todo), threads()):
        for vectors in each(lambda part: composition.part(part.start, part.stop), todo[start : start + threads()]):
            matrix.add(vectors)
            done += len(vectors)
        watcher.get()(done, len(composition.own))
    return matrix.whole()


def _matrix(path: Path, composition: Composition) -> FloatArray:
    """float32 [words, dim]; where there are many words, worked out when they are asked for."""
    if len(composition.own) < _MANY:
        return _composed(path, composition)
    return cast(FloatArray, Composed(composition, partial(_composed, path)))


def _row_of(text: Text, offsets: IntArray, word: bytes) -> int:
    """The row of a word, or -1."""
    for row in np.flatnonzero(np.diff(offsets) == len(word)).tolist():
        if text[offsets[row] : offsets[row + 1]].tobytes() == word:
            return int(row)
    return -1


def names_of(settings: Settings, tokens: int) -> dict[str, Any]:
    """Settings of the program by the names they have here."""
    return {
        "algorithm": "fasttext",
        "architecture": _name(_ARCHITECTURES, settings.model),
        "loss": _name(_LOSSES, settings.loss),
        "dim": settings.dim,
        "window": settings.ws,
        "epochs": settings.epoch,
        "min_count": settings.min_count,
        "negative": settings.neg,
        "noise_exponent": _NOISE_EXPONENT,
        "sample": settings.t,
        "min_n": settings.minn,
        "max_n": settings.maxn,
        "buckets": settings.bucket,
        "word_ngrams": settings.word_ngrams,
        "lr_update_rate": settings.lr_update_rate,
        "tokens": tokens,
    }


def _name(choices: Mapping[str, int], number: int) -> str:
    return next(name for name, value in choices.items() if value == number)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    return write_model(vectors, path)


def write_model(vectors: Vectors, path: Path, floret: bool = False) -> list[str]:
    """Write a file for fastText or, with the same hash, for floret; returns notes for the user."""
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
        raise WvcliError(f"the word {word!r} holds a zero byte, which ends a word in a fastText .bin")


def _settings(vectors: Vectors, weights: Weights) -> Settings:
    known = {name: value for name, value in weights.settings.items() if value is not None}
    subwords = vectors.subwords
    loss = known.get("loss", "negative")
    tree_is_left_out = loss == "hierarchical" and weights.output is None
    return Settings(
        dim=vectors.dim,
        ws=known.get("window", 5),
        epoch=known.get("epochs", 5),
        min_count=known.get("min_count", 1),
        neg=0 if tree_is_left_out else known.get("negative", 5),  # Gensim would take both losses for used
        word_ngrams=known.get("word_ngrams", 1),
        loss=_LOSSES[loss],
        model=_ARCHITECTURES[known.get("architecture", "skipgram")],
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
            letters[start:stop] + b"\0" + numbers[8 * place : 8 * place + 8] + b"\0"
            for place, (start, stop) in enumerate(pairwise((bounds - bounds[0]).tolist()))
        ]
        file.write(b"".join(entries))


def _own_rows(vectors: Vectors, weights: Weights) -> Iterator[FloatArray]:
    """float32 [words, dim] in parts, the rows from which and the n-grams' rows the program makes the vectors."""
    subwords, vocabulary = vectors.subwords, vectors.vocabulary
    end = vocabulary.find(END_OF_LINE.decode())
    for part in parts(*vectors.matrix.shape):
        if subwords is None:
            rows = vectors.matrix[part.start : part.stop]
        elif weights.words is not None:
            rows = np.array(weights.words[part.start : part.stop], dtype=np.float32)
        else:  # what is missing from the n-grams' sum for their mean to be the vector
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
    """What of the training does not go into the file."""
    settings = weights.settings
    if settings.get("loss") == "hierarchical" and weights.output is None:
        return ["the output layer is left out, since fastText builds its tree of words otherwise"]
    exponent = settings.get("noise_exponent", _NOISE_EXPONENT)
    if exponent != _NOISE_EXPONENT:
        return [
            f"fastText has no noise exponent but {_NOISE_EXPONENT}: that of this model, {exponent}, is left out"
        ]
    return []


FORMAT = Format(
    name="fasttext",
    suffixes=(".fasttext.bin",),
    keeps="words with blanks, counts, vectors, subwords, output layer",
    sniff=lambda head: is_model(head) and not is_floret(head),
    read=_read,
    write=_write,
)
