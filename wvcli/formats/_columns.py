"""What the formats share that hold a word, its count and its vector under these names."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from wvcli.errors import InputError, WvcliError
from wvcli.geometry import FloatArray
from wvcli.paging import blocks
from wvcli.vectors import Vectors

_MOST = 2**63 - 1  # the largest count that is kept


def parts(vectors: Vectors, dtype: str = "<f4") -> Iterator[tuple[list[str], list[int] | None, FloatArray]]:
    """Words, their counts or None, and their vectors, contiguous [rows, dim], a block at a time.

    Raises:
        WvcliError: a number is too large for this kind of number.
    """
    for start, block in blocks(vectors.matrix):
        rows = slice(start, start + len(block))
        counts = None if vectors.counts is None else vectors.counts[rows].tolist()
        with np.errstate(over="ignore"):
            numbers = np.ascontiguousarray(block, dtype=dtype)
        if numbers.dtype != block.dtype:
            lost = np.flatnonzero((np.isinf(numbers) & np.isfinite(block)).any(axis=1))
            if len(lost):
                word = vectors.vocabulary[start + int(lost[0])]
                raise WvcliError(f"the vector of {word!r} has numbers that are too large for {numbers.dtype}")
        yield vectors.vocabulary[rows], counts, numbers


def decoded(word: bytes, path: Path, place: str) -> str:
    """A word of a file as text.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, {place}: the word is not UTF-8") from error


def checked_count(count: object, place: str) -> int | None:
    """A count as it stands in a file, or None where there is none.

    Raises:
        InputError: it is no count; the message begins with `place`.
    """
    if count is None or (type(count) is int and 0 <= count <= _MOST):
        return count
    raise InputError(f"{place}: expected a count, found {count!r:.40}")


def known_counts(counts: Sequence[int | None]) -> list[int] | None:
    """The counts, or None where one of them is unknown."""
    known = [count for count in counts if count is not None]
    return known if len(known) == len(counts) else None
