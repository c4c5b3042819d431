"""Keras's `.keras`: a model of two layers, `words` and `embedding`; words in, vectors out.

`keras.models.load_model(path)` gives a model from strings [texts, words] to numbers [texts, words, dim]. Its layer
`words` is a `StringLookup` from words to rows and needs TensorFlow; `embedding` is an `Embedding`, which stands on
its own for ids. Row 0 is the padding word, if the vectors have one, and is masked (`mask_zero`). The next row is
for words outside the vocabulary: the vectors' own, or else one of zeros that is added, so that a word of the model
stands one row lower. The numbers are set as weights: as an initializer they would be in the file twice, once as
JSON.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wvcli.errors import MissingExtraError, WvcliError
from wvcli.formats import Format, Writing
from wvcli.formats._tensorflow import fill, tensorflow
from wvcli.vectors import Vectors

_WHAT = "writing a Keras model"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # read once, when it is imported
    with tensorflow(_WHAT):
        keras = _keras()
        model = _model(keras, vectors, writing)
        added = _fill(model.get_layer("embedding").embeddings.value, vectors, writing)
        with TemporaryDirectory(dir=path.parent) as folder:  # Keras writes to names that end with .keras only
            made = Path(folder, "model.keras")
            model.save(made)
            made.rename(path)
    return [] if added is None else [f"row {added} was added, of zeros, for words outside the vocabulary"]


def _keras() -> Any:
    try:
        import keras
    except ImportError as error:
        raise MissingExtraError(_WHAT, "tensorflow") from error
    if keras.backend.backend() != "tensorflow":
        raise WvcliError(f"{_WHAT} needs its backend tensorflow", "set the variable KERAS_BACKEND=tensorflow")
    return keras


def _model(keras: Any, vectors: Vectors, writing: Writing) -> Any:
    """The model, with zeros for vectors."""
    words = list(vectors)
    special = [row for row in (writing.pad, writing.unknown) if row is not None]
    lookup = keras.layers.StringLookup(
        vocabulary=words[len(special) :],
        mask_token=None if writing.pad is None else words[writing.pad],
        oov_token=_unused(vectors) if writing.unknown is None else words[writing.unknown],
        name="words",
    )
    embedding = keras.layers.Embedding(
        len(words) + (writing.unknown is None),
        vectors.dim,
        embeddings_initializer="zeros",
        mask_zero=writing.pad is not None,
        dtype=writing.dtype,
        name="embedding",
    )
    return keras.Sequential([keras.Input((None,), dtype="string"), lookup, embedding])


def _fill(table: Any, vectors: Vectors, writing: Writing) -> int | None:
    """Put the vectors into a tf.Variable [rows, dim]; gives the row that was added to them, if one was."""
    if writing.unknown is not None:
        fill(table, vectors, writing.dtype)
        return None
    fill(table, vectors, writing.dtype, 1)
    if writing.pad is None:
        return 0
    table[0].assign(table[1])  # the padding word comes first
    table[1].assign([0.0] * vectors.dim)
    return 1


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
