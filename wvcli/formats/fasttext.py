"""The fastText program's own `.bin`: words with counts, subwords, and all that further training needs.

`fasttext skipgram` and `fasttext cbow` write it, `fasttext print-word-vectors` and Gensim's
`load_facebook_model` read it. See wvcli/formats/_fasttext_model.py for the layout.

The vector of a word is computed as the program does: the mean of the word's own row and the rows of its n-grams;
`</s>`, the end of a line, has no n-grams. Bytes of a word that are not UTF-8 are read as `\\xff`, as Gensim does.
Unknown counts are written as 1, and counts that are all 1 are read as unknown. Subwords, own rows and output layer
stay in the file, which is memory-mapped.

Where only the vectors of words are known and not their own rows, rows are written from which the program computes
these vectors; an unknown output layer is written as zeros.
"""

from pathlib import Path

from wvcli.errors import InputError
from wvcli.formats._fasttext_model import is_floret, is_model, open_model
from wvcli.formats._fasttext_vectors import vectors_of
from wvcli.formats._fasttext_writing import write_model
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._reading import open_input
from wvcli.vectors.word_vectors import Vectors


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        model = open_model(file, path)
    if model.settings.mode:
        raise InputError(f"{path} is a .bin of floret, not of fastText", "the format floret reads it")
    return vectors_of(model, path, limit)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    return write_model(vectors, path)


FORMAT = Format(
    name="fasttext",
    suffixes=(".fasttext.bin",),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS, Kept.SUBWORDS, Kept.OUTPUT_LAYER}),
    sniff=lambda head: is_model(head) and not is_floret(head),
    read=_read,
    write=_write,
)
