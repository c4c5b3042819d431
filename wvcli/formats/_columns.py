"""What the formats share that hold a word, its count and its vector under these names."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._blocks import blocks
from wvcli.vectors.word_vectors import Vectors

_MOST = 2**63 - 1  # the largest count that is kept


def parts(vectors: Vectors, dtype: str) -> Iterator[tuple[list[str], list[int] | None, npt.NDArray[Any]]]:
    """Words, their counts or None, and their vectors, little-endian and contiguous [rows, dim], a block at a time.

    Raises:
        WvcliError: a number is too large for float16.
    """
    start = 0
    for block in blocks(vectors, dtype):
        rows = slice(start, start + len(block))
        counts = None if vectors.counts is None else vectors.counts[rows].tolist()
        yield vectors.vocabulary[rows], counts, block
        start += len(block)


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
