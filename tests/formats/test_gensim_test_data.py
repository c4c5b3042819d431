"""The files of vectors that Gensim tests itself with, which come with it: what it reads is read here, too."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gensim
import numpy as np
import pytest
from gensim.models import KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_vectors

import wvcli

FOLDER = Path(gensim.__file__).parent / "test" / "test_data"


def _layout(**how: Any) -> Callable[[str], KeyedVectors]:
    return lambda path: KeyedVectors.load_word2vec_format(path, **how)


FILES: dict[str, Callable[[str], KeyedVectors]] = {
    "test_glove.txt": _layout(no_header=True),
    "word2vec_pre_kv_c": _layout(),
    "crime-and-punishment.vec": _layout(),
    "lee_fasttext.vec": _layout(),
    "toy-model.vec": _layout(),
    "high_precision.kv.txt": _layout(),
    "high_precision.kv.bin": _layout(binary=True),
    "euclidean_vectors.bin": _layout(binary=True),
    "poincare_vectors.bin": _layout(binary=True),
    "crime-and-punishment.bin": load_facebook_vectors,
    "lee_fasttext.bin": load_facebook_vectors,
    "lee_fasttext_new.bin": load_facebook_vectors,
    "toy-model.bin": load_facebook_vectors,
    "non_ascii_fasttext.bin": load_facebook_vectors,
    "old_keyedvectors_320.dat": KeyedVectors.load,
    "word2vec_3.3": lambda path: Word2Vec.load(path).wv,
    "word2vec_old": lambda path: Word2Vec.load(path).wv,
    "word2vec_old_sep": lambda path: Word2Vec.load(path).wv,
    "model-from-gensim-3.8.0.w2v": lambda path: Word2Vec.load(path).wv,
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Gensim leaves files open
@pytest.mark.parametrize("name", FILES)
def test_words_and_vectors_are_those_that_gensim_reads(name: str) -> None:
    path = FOLDER / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old pickles, and of files that Gensim leaves open
        expected = FILES[name](str(path))
    found = wvcli.load(path)
    assert list(found) == expected.index_to_key
    # Gensim adds the n-grams of a word in another order than fastText, and gives the end of a line n-grams.
    rows = [row for row, word in enumerate(found) if word != "</s>"]
    near = 1e-6 if FILES[name] is load_facebook_vectors else 0
    np.testing.assert_allclose(found.matrix[rows], expected.vectors[rows], rtol=0, atol=near)
