"""A small map that the tests of its parts share, of words that lie around ten directions."""

import numpy as np
import pytest

from tests.against_gensim import vectors_of
from wvcli.analysis.mapping.points import words_of
from wvcli.analysis.mapping.word_map import WordMap, make_map
from wvcli.vectors.word_vectors import Vectors

HOSTILE = [
    '</script><b>"',
    'it\'s "quoted"',
    "שלום",
    "\u202eevil",
    "🐈",
    "a\tb",
    "<!--",
    "&amp;",
    "猫",
    "line\nend",
]


@pytest.fixture(scope="session")
def gathered() -> Vectors:
    """300 words around ten directions, the i-th around direction i % 10, some of them hard to show."""
    random = np.random.default_rng(5)
    centres = np.linalg.qr(random.normal(size=(12, 12)))[0][:10]
    rows = np.array([centres[word % 10] for word in range(300)]) + random.normal(scale=0.06, size=(300, 12))
    words = HOSTILE + [f"w{word}" for word in range(10, 300)]
    return vectors_of(rows, words, counts=np.arange(3000, 0, -10))


@pytest.fixture(scope="session")
def drawn(gathered: Vectors) -> WordMap:
    """The map of these words."""
    return make_map(words_of(gathered), "A & B <1>", method="pca", clusters=10)
