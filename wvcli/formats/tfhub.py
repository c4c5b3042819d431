"""A TensorFlow Hub module, which is a SavedModel folder: texts in, a vector for each out.

`hub.load(path)` gives a function from a tensor of texts [n] to float32 [n, dim], and `hub.KerasLayer(path)` a
layer. A text is split at white space, and the vectors of its words are combined as in the published `nnlm`
modules, with the combiner `sqrtn`: their sum, divided by the square root of their number. A word that is not in
the vocabulary has the row for unknown words where the vectors have one; else it is left out and not counted. A
text without words has zeros. Words are taken as they are written: neither is their case changed nor punctuation
taken off.
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from wvcli.formats import Format, Writing
from wvcli.formats._tensorflow import Table, Tensor, describe, save, sniff_saved_model, tensorflow
from wvcli.vectors.word_vectors import Vectors

COMBINER = "sqrtn"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with TemporaryDirectory(dir=path.parent) as folder, tensorflow("writing a TF Hub module") as tf:
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
    """A note on the words that no text can hold once it is split."""
    count, first = 0, ""
    for word in vectors:
        if len(word.encode().split()) != 1:  # TensorFlow splits at the white space of ASCII
            count, first = count + 1, first or word
    if not count:
        return []
    return [f"no text has the words with blanks once it is split: {count} in all, such as {first!r}"]


FORMAT = Format(
    name="tfhub",
    suffixes=(".tfhub",),
    keeps="words and vectors",
    sniff=lambda head: False,
    sniff_folder=partial(sniff_saved_model, name="tfhub"),
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="tensorflow",
)
