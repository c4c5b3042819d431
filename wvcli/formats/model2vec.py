"""The folder that Model2Vec saves: see wvcli/formats/_static_embeddings.py.

The vector that `StaticModel` gives a word is wvcli's, and that of a text the mean of its words'.
"""

from pathlib import Path

from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._static_embeddings import files_folder, is_of_sentence_transformers, read_folder, write_folder
from wvcli.vectors.word_vectors import Vectors


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    write_folder(vectors, path, writing)
    return []


FORMAT = Format(
    name="model2vec",
    suffixes=(".model2vec",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=lambda path: files_folder(path) is not None and not is_of_sentence_transformers(path),
    read=read_folder,
    write=_write,
    dtypes=("float32", "float16"),
)
