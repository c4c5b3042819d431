"""Keras's `.keras`: a model of two layers, `words` and `embedding`; words in, vectors out.

`keras.models.load_model(path)` gives a model from strings [texts, words] to numbers [texts, words, dim]. Its layer
`words` is a `StringLookup` from words to rows and needs TensorFlow; `embedding` is an `Embedding`, which stands on
its own for ids. Row 0 is the padding word, if the vectors have one, and is masked (`mask_zero`). The next row is
for words outside the vocabulary: the vectors' own, or else one of zeros that is added, so that a word of the model
stands one row lower. The numbers are set as weights: as an initializer they would be in the file twice, once as
JSON.

The file is a zip of the model's description, `config.json`, and its weights, `model.weights.h5`. Keras makes one
of a single word; all the words and numbers are then put into a copy of it a block at a time.
"""

import json
import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingExtraError, WvcliError
from wvcli.formats import Format, Writing
from wvcli.formats._blocks import blocks
from wvcli.formats._tensorflow import json_list, tensorflow
from wvcli.vectors.word_vectors import Vectors

_WHAT = "writing a Keras model"
_NO_WORDS = '"vocabulary": []'


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    lost = next((word for word in vectors.vocabulary if word.endswith("\0")), None)
    if lost is not None:
        raise WvcliError(f"Keras drops the NUL at the end of a word, such as {lost!r}")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # read once, when it is imported
    added = None if writing.unknown is not None else 0 if writing.pad is None else 1
    rows = len(vectors) + (added is not None)
    # Keras writes to names that end with .keras only.
    with TemporaryDirectory(dir=path.parent) as folder, ZipFile(path, "w") as archive:
        outline = Path(folder, "outline.keras")
        with tensorflow(_WHAT):
            _outline(_keras(), vectors, writing).save(outline)
        with ZipFile(outline) as given:
            for name in given.namelist():
                with given.open(name) as of_outline, archive.open(name, "w", force_zip64=True) as part:
                    if name == "config.json":
                        _put_words(json.load(of_outline), vectors, rows, writing, part)
                    elif name == "model.weights.h5":
                        numbers = _rows(vectors, writing.dtype, added)
                        _put_rows(of_outline, numbers, (rows, vectors.dim), part, folder)
                    else:
                        shutil.copyfileobj(of_outline, part)
    return [] if added is None else [f"row {added} was added, of zeros, for words outside the vocabulary"]


def _keras() -> Any:
    try:
        import keras
    except ImportError as error:
        raise MissingExtraError(_WHAT, "tensorflow") from error
    if keras.backend.backend() != "tensorflow":
        raise WvcliError(f"{_WHAT} needs its backend tensorflow", "set the variable KERAS_BACKEND=tensorflow")
    return keras


def _outline(keras: Any, vectors: Vectors, writing: Writing) -> Any:
    """The model as it would be with one word, and zeros for vectors."""
    pad = None if writing.pad is None else vectors.vocabulary[writing.pad]
    unknown = _unused(vectors) if writing.unknown is None else vectors.vocabulary[writing.unknown]
    lookup = keras.layers.StringLookup(
        vocabulary=[f"{pad}{unknown}"], mask_token=pad, oov_token=unknown, name="words"
    )
    embedding = keras.layers.Embedding(
        3,
        vectors.dim,
        embeddings_initializer="zeros",
        mask_zero=pad is not None,
        dtype=writing.dtype,
        name="embedding",
    )
    return keras.Sequential([keras.Input((None,), dtype="string"), lookup, embedding])


def _put_words(config: Any, vectors: Vectors, rows: int, writing: Writing, part: IO[bytes]) -> None:
    """Write the description of the model with all words."""
    layers = {layer["config"]["name"]: layer["config"] for layer in config["config"]["layers"]}
    layers["words"] |= {"vocabulary": [], "vocabulary_size": rows}
    layers["embedding"]["input_dim"] = rows
    special = sum(row is not None for row in (writing.pad, writing.unknown))
    before, _, after = json.dumps(config).partition(_NO_WORDS)
    part.write(before.encode() + b'"vocabulary": ')
    for text in json_list(islice(vectors.vocabulary, special, None)):
        part.write(text.encode())
    part.write(after.encode())


def _rows(vectors: Vectors, dtype: str, added: int | None) -> Iterator[npt.NDArray[Any]]:
    """All rows in blocks, with one of zeros before the row `added`."""
    for block in blocks(vectors, dtype):
        yield block if added is None else np.insert(block, added, 0, axis=0)
        added = None


def _put_rows(
    outline: IO[bytes], rows: Iterator[npt.NDArray[Any]], shape: tuple[int, int], part: IO[bytes], folder: str
) -> None:
    """Write the HDF5 file of the weights, `outline` with other rows, float [rows, dim], in its only matrix."""
    import h5py

    with TemporaryFile(dir=folder) as file:
        shutil.copyfileobj(outline, file)
        with h5py.File(file, "r+") as weights:
            place, size = _make_room(h5py, weights, shape)
        file.seek(0)
        part.write(file.read(place))
        for block in rows:
            part.write(block.data.cast("B"))
        file.seek(place + size)
        shutil.copyfileobj(file, part)


def _make_room(h5py: Any, weights: Any, shape: tuple[int, int]) -> tuple[int, int]:
    """Put a matrix of this shape in the place of the one that there is; gives where its numbers are to be.

    Nothing is written there, so that the file has a hole.
    """
    found: list[Any] = []
    weights.visititems(lambda name, item: found.append(item) if getattr(item, "ndim", 0) == 2 else None)
    [matrix] = found
    group, name, kind = matrix.parent, matrix.name.rpartition("/")[2], matrix.id.get_type()
    del group[name]
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_layout(h5py.h5d.CONTIGUOUS)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    made = h5py.h5d.create(group.id, name.encode(), kind, h5py.h5s.create_simple(shape), layout)
    return made.get_offset(), made.get_storage_size()


def _unused(vectors: Vectors) -> str:
    """A name for unknown words that no word has."""
    name = "<unk>"
    while name in vectors.vocabulary:
        name = f"<{name}>"
    return name


FORMAT = Format(
    name="keras",
    suffixes=(".keras",),
    keeps="words with blanks and vectors",
    sniff=lambda head: head.startswith(b"PK\x03\x04") and b"metadata.json" in head[:64],
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
