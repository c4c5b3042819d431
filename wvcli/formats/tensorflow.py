"""A TensorFlow SavedModel, a folder: words in, vectors out.

`tf.saved_model.load(path)` gives a function from a tensor of words, of any shape [...], to float32 [..., dim]; so
does its signature `serving_default`. A word that is not in the vocabulary has the row for unknown words where the
vectors have one, and else zeros. The matrix is the variable `embeddings`, which can be trained further; words are
found by a hash table in the graph, made of `assets/words.txt`. `assets.extra/wvcli.json` lists the words in the
order of the rows.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wvcli.formats import Format, Writing
from wvcli.formats._tensorflow import Table, Tensor, describe, save, sniff_saved_model, tensorflow
from wvcli.vectors.word_vectors import Vectors


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with TemporaryDirectory(dir=path.parent) as folder, tensorflow("writing a SavedModel") as tf:
        table = Table(tf, vectors, writing, Path(folder))

        def look_up(words: Tensor) -> Tensor:
            rows = table.find(words)
            known = tf.expand_dims(rows >= 0, -1)
            return tf.where(known, table.rows(tf.maximum(rows, 0)), 0.0)

        save(tf, table, look_up, tf.TensorSpec(None, tf.string, name="words"), path)
    described = {"format": "tensorflow", "pad": writing.pad, "unknown": writing.unknown}
    describe(path, described, vectors)
    return []


FORMAT = Format(
    name="tensorflow",
    suffixes=(".savedmodel",),
    keeps="words with blanks and vectors",
    sniff=lambda head: False,
    sniff_folder=partial(sniff_saved_model, name="tensorflow"),
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
