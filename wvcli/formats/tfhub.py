"""A TensorFlow Hub module, which is a SavedModel folder: texts in, a vector for each out.

`hub.load(path)` returns a function from a tensor of texts [n] to float32 [n, dim], and `hub.KerasLayer(path)` a
layer. A text is split at white space, and the vectors of its words are combined as in the published `nnlm`
modules, with the combiner `sqrtn`: their sum, divided by the square root of their number. A word outside the
vocabulary has the row for unknown words where the vectors have one; otherwise it is left out and not counted.
The vector of a text without words is zero. Words are looked up as written: case and punctuation are not changed.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._tensorflow import Table, Tensor, describe, save, sniff_saved_model, tensorflow
from wvcli.vectors.word_vectors import Vectors

COMBINER = "sqrtn"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with (
        TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder,
        tensorflow("writing a TF Hub module") as tf,
    ):
        table = Table(tf, vectors, writing, Path(folder))

        def embed(texts: Tensor) -> Tensor:
            words = tf.strings.split(texts)
            rows = table.find(words.flat_values)
            known = rows >= 0
            of_text = tf.boolean_mask(words.value_rowids(), known)
            found = table.rows(tf.boolean_mask(rows, known))
            return tf.math.unsorted_segment_sqrt_n(found, of_text, words.nrows())

        save(tf, table, embed, tf.TensorSpec([None], tf.string, name="texts"), path)
    described = {"format": "tfhub", "combiner": COMBINER, "pad": writing.pad, "unknown": writing.unknown}
    describe(path, described, vectors)
    return _unreachable(vectors)


def _unreachable(vectors: Vectors) -> list[str]:
    """Return a note on the words that no text contains after it is split."""
    count, first = 0, ""
    for word in vectors:
        if len(word.encode().split()) != 1:  # TensorFlow splits at the white space of ASCII
            count, first = count + 1, first or word
    if not count:
        return []
    return [f"words with spaces are not found, since texts are split at spaces: {count} in all, such as {first!r}"]


FORMAT = Format(
    name="tfhub",
    suffixes=(".tfhub",),
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=partial(sniff_saved_model, name="tfhub"),
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
