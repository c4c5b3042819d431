"""The folder of a StaticEmbedding of Sentence Transformers: see wvcli/formats/_static_embeddings.py.

Where counts are known, the mean of a text's words is weighted as in SIF: by a / (a + p), where p is a word's share
of all words (Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", ICLR 2017).
"""

from pathlib import Path

import numpy as np

from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._static_embeddings import is_of_sentence_transformers, read_folder, write_folder
from wvcli.vectors.word_vectors import Vectors

_A = 1e-3  # the paper's


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    weights = None
    if vectors.counts is not None and vectors.counts.any():
        shares = vectors.counts / vectors.counts.sum()
        weights = (_A / (_A + shares)).astype(np.float32)
    write_folder(vectors, path, writing, weights, for_sentence_transformers=True)
    return []


FORMAT = Format(
    name="sentence-transformers",
    suffixes=(".sentence-transformers",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=is_of_sentence_transformers,
    read=read_folder,
    write=_write,
    dtypes=("float32", "float16"),
)
