"""Keras's `.keras`: a model of two layers, `words` and `embedding`; words in, vectors out.

`keras.models.load_model(path)` returns a model from strings [texts, words] to numbers [texts, words, dim]. Its
layer `words` is a `StringLookup` from words to rows and needs TensorFlow; `embedding` is an `Embedding`, which
can be used alone with ids. Row 0 is the padding word, if the vectors have one, and is masked (`mask_zero`). The
next row is for words outside the vocabulary: the vectors' own, or else a row of zeros that is added, which moves
each word down by one row. The numbers are set as weights: as an initializer they would be in the file twice,
once as JSON.

The file is a zip of the model's description, `config.json`, and its weights in HDF5, `model.weights.h5`. Keras
makes one with a single word; all words and numbers are then written into a copy of it, a block at a time.
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
from wvcli.formats._blocks import blocks
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._tensorflow import json_list, tensorflow
from wvcli.vectors.word_vectors import Vectors

_WHAT = "writing a Keras model"
_NO_WORDS = '"vocabulary": []'


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    lost = next((word for word in vectors.vocabulary if word.endswith("\0")), None)
    if lost is not None:
        raise WvcliError(f"Keras would drop the NUL at the end of a word, such as {lost!r}")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # read once, when it is imported
    added = None if writing.unknown is not None else 0 if writing.pad is None else 1
    rows = len(vectors) + (added is not None)
    # Keras writes to names that end with .keras only.
    with TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder, ZipFile(path, "w") as archive:
        outline = Path(folder, "outline.keras")
        with tensorflow(_WHAT):
            _outline(_keras(), vectors, writing).save(outline)
        with ZipFile(outline) as single:
            for name in single.namelist():
                with single.open(name) as of_outline, archive.open(name, "w", force_zip64=True) as part:
                    if name == "config.json":
                        _write_words(json.load(of_outline), vectors, rows, writing, part)
                    elif name == "model.weights.h5":
                        numbers = _rows(vectors, writing.dtype, added)
                        _write_rows(of_outline, numbers, (rows, vectors.dim), part, folder)
                    else:
                        shutil.copyfileobj(of_outline, part)
    return [] if added is None else [f"row {added}, of zeros, was added for words outside the vocabulary"]


def _keras() -> Any:
    try:
        import keras
    except ImportError as error:
        raise MissingExtraError(_WHAT, "tensorflow") from error
    if keras.backend.backend() != "tensorflow":
        raise WvcliError(
            f"{_WHAT} needs the Keras backend tensorflow", "set the environment variable KERAS_BACKEND=tensorflow"
        )
    return keras


def _outline(keras: Any, vectors: Vectors, writing: Writing) -> Any:
    """Return the model as it would be with one word, and with zeros for vectors."""
    pad = None if writing.pad is None else vectors.vocabulary[writing.pad]
    unknown = _unused_name(vectors) if writing.unknown is None else vectors.vocabulary[writing.unknown]
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


def _write_words(config: Any, vectors: Vectors, rows: int, writing: Writing, part: IO[bytes]) -> None:
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
    """Yield all rows in blocks, with a row of zeros inserted as row `added`."""
    for block in blocks(vectors, dtype):
        yield block if added is None else np.insert(block, added, 0, axis=0)
        added = None


def _write_rows(
    outline: IO[bytes], rows: Iterator[npt.NDArray[Any]], shape: tuple[int, int], part: IO[bytes], folder: str
) -> None:
    """Write the HDF5 file of the weights: `outline` with these rows, float [rows, dim], as its only matrix."""
    import h5py

    with TemporaryFile(dir=folder) as file:
        shutil.copyfileobj(outline, file)
        with h5py.File(file, "r+") as weights:
            start, size = _reserve_matrix(h5py, weights, shape)
        file.seek(0)
        part.write(file.read(start))
        for block in rows:
            part.write(block.data.cast("B"))
        file.seek(start + size)
        shutil.copyfileobj(file, part)


def _reserve_matrix(h5py: Any, weights: Any, shape: tuple[int, int]) -> tuple[int, int]:
    """Replace the only matrix by one of this shape, and return the offset and the number of bytes of its numbers.

    Nothing is written there, so that the file has a hole.
    """
    found: list[Any] = []
    weights.visititems(lambda name, item: found.append(item) if getattr(item, "ndim", 0) == 2 else None)
    [matrix] = found
    group, name, number_type = matrix.parent, matrix.name.rpartition("/")[2], matrix.id.get_type()
    del group[name]
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_layout(h5py.h5d.CONTIGUOUS)
    layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    created = h5py.h5d.create(group.id, name.encode(), number_type, h5py.h5s.create_simple(shape), layout)
    return created.get_offset(), created.get_storage_size()


def _unused_name(vectors: Vectors) -> str:
    """Return a name for unknown words that no word has."""
    name = "<unk>"
    while name in vectors.vocabulary:
        name = f"<{name}>"
    return name


FORMAT = Format(
    name="keras",
    suffixes=(".keras",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=lambda head: head.startswith(b"PK\x03\x04") and b"metadata.json" in head[:64],
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
