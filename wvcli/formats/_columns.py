"""What table formats share, which have a record or columns for a word, its count and its vector."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._blocks import blocks
from wvcli.vectors.word_vectors import Vectors

_LARGEST_COUNT = 2**63 - 1  # that int64 can hold


def column_blocks(vectors: Vectors, dtype: str) -> Iterator[tuple[list[str], list[int] | None, npt.NDArray[Any]]]:
    """Yield words, their counts or None, and their vectors, C-ordered and little-endian [rows, dim], in blocks.

    Raises:
        WvcliError: a number is too large for float16.
    """
    start = 0
    for block in blocks(vectors, dtype):
        rows = slice(start, start + len(block))
        counts = None if vectors.counts is None else vectors.counts[rows].tolist()
        yield vectors.vocabulary[rows], counts, block
        start += len(block)


def decode_word(word: bytes, path: Path, where: str) -> str:
    """Return a word of a file as text.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}, {where}: the word is not UTF-8") from error


def check_count(count: object, where: str) -> int | None:
    """Return a count of a file, or None where there is none.

    Raises:
        InputError: it is not a count; the message begins with `where`.
    """
    if count is None or (type(count) is int and 0 <= count <= _LARGEST_COUNT):
        return count
    raise InputError(f"{where}: expected a count, found {count!r:.40}")


def known_counts(counts: Sequence[int | None]) -> list[int] | None:
    """Return the counts, or None where one of them is unknown."""
    known = [count for count in counts if count is not None]
    return known if len(known) == len(counts) else None
