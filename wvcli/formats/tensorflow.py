"""A TensorFlow SavedModel, a folder: words in, vectors out.

`tf.saved_model.load(path)` returns a function from a tensor of words, of any shape [...], to float32 [..., dim];
its signature `serving_default` is the same. A word outside the vocabulary has the row for unknown words where
the vectors have one, and otherwise zeros. The matrix is the variable `embeddings`, which can be trained further;
a hash table in the graph, made from `assets/words.txt`, finds the row of a word. `assets.extra/wvcli.json` lists
the words in the order of the rows. The layout is described at https://www.tensorflow.org/guide/saved_model.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._tensorflow import Table, Tensor, describe, save, sniff_saved_model, tensorflow
from wvcli.vectors.word_vectors import Vectors


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with (
        TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder,
        tensorflow("writing a SavedModel") as tf,
    ):
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
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=partial(sniff_saved_model, name="tensorflow"),
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
