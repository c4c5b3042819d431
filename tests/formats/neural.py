"""What tests of formats for neural networks share: odd words and random vectors."""

from pathlib import Path

import numpy as np

from wvcli import formats
from wvcli.formats import Writing
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = [
    "<pad>",
    "<unk>",
    "cat",
    "猫",
    "new york",
    "",
    "a\nb",
    "[UNK]",
    "\ufeffmark",
    "line\u2028end",
    "dog",
    "c\rd",
]
DIM = 7
MATRIX = np.random.default_rng(7).normal(size=(len(WORDS), DIM)).astype(np.float32)
MATRIX[0] = 0
ROW = {word: row for row, word in enumerate(WORDS)}
BOTH = Writing(pad=0, unknown=1)
HALF = Writing("float16", pad=0, unknown=1)
PLAIN = Writing()


def export_words(path: Path, writing: Writing = PLAIN) -> list[str]:
    """Write the words in the format that the suffix means; gives the notes."""
    return formats.write(Vectors(Vocabulary.from_words(WORDS), MATRIX), path, writing=writing)


def expected(writing: Writing) -> FloatArray:
    """float32 [words, dim], the vectors as a file holds them."""
    return MATRIX.astype(writing.dtype).astype(np.float32)
