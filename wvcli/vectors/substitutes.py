"""Vectors in place of those that words do not have."""

import numpy as np

from wvcli.vectors.geometry import FloatArray


def substitute_vector(word: str, kind: str, dim: int) -> FloatArray:
    """Return float32 [dim] for a word without a vector.

    Args:
        word: the word, which decides the random numbers: the same word has the same vector each time.
        kind: `null` for zeros; `random` for numbers drawn evenly from -0.5 / dim to 0.5 / dim, as the vectors of a
            model are before training.
        dim: numbers of the vector.
    """
    if kind == "null":
        return np.zeros(dim, dtype=np.float32)
    from hashlib import sha256

    seed = int.from_bytes(sha256(word.encode("utf-8", "surrogateescape")).digest()[:8], "little")
    drawn = np.random.Generator(np.random.PCG64(seed)).random(dim, dtype=np.float32)
    drawn -= np.float32(0.5)
    drawn /= np.float32(dim)
    return drawn
