"""GloVe's own binary, what its program writes with `-binary 1`: the parameters of a model, without its words.

The layout is that of `save_params` in glove.c: float64, little-endian, [2 * words, dim + 1] without a header. The
first half are the words' rows, the second half those of the words as context; the last number of a row is its
bias. A vector is read as its program's text has it, the sum of both rows without their biases (`-model 2`).

The words are in the vocabulary that `vocab_count` wrote, a line `word count` each. For `NAME.bin` that is the
first of `NAME.vocab.txt`, `NAME.vocab` and `vocab.txt` in the same folder. The number of its lines tells the
dimensions. The vector for unknown words, which only the text has, is left out.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._format import Format, Kept, Reading
from wvcli.formats._reading import RowCollector, bytes_left, note_skipped, open_input
from wvcli.system.mapped_files import map_whole
from wvcli.system.paging import LARGE, blocks, release
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.word_vectors import Vectors

_NUMBER = 8  # bytes
_LARGEST = 1e6  # beyond which no number of a model is
_SMALLEST = 1e-30  # below which only 0 is one; other data taken for float64 have numbers of any size
_EXAMINED = 4_096  # numbers by which vectors are told from their squared gradients
_USUAL = Reading()


def _vocabulary(path: Path) -> Path | None:
    """Return the file with the words of a model, or None."""
    beside = (path.with_suffix(".vocab.txt"), path.with_suffix(".vocab"), path.with_name("vocab.txt"))
    return next((file for file in beside if file.is_file() and file != path), None)


def _counted_words(vocabulary: Path) -> list[tuple[bytes, bytes]]:
    """Return the words of a vocabulary and their counts, as they stand there.

    Raises:
        InputError: a line is not a word and its count.
    """
    with open_input(vocabulary) as file:
        lines = file.read().removesuffix(b"\n").split(b"\n")
    found = []
    for number, line in enumerate(lines, 1):
        word, _, count = line.removesuffix(b"\r").rpartition(b" ")
        if not word or not count.isdigit() or len(count) > 18:
            raise InputError(f"{vocabulary}, line {number}: expected a word and its count")
        found.append((word, count))
    return found


def _dimensions(size: int, words: int) -> int | None:
    """Return the dimensions of a file with so many bytes for so many words; None if there can be none."""
    columns, surplus = divmod(size, 2 * words * _NUMBER)
    return columns - 1 if columns > 1 and not surplus else None


def _parameters(file: BinaryIO, path: Path, words: int, dim: int) -> npt.NDArray[np.float64]:
    """Map the numbers of a file, float64 [2 * words, dim + 1].

    Raises:
        InputError: they are no parameters, but their squared gradients, which the program can write too.
    """
    numbers: npt.NDArray[np.float64] = map_whole(file, path).view("<f8")
    if (numbers[:_EXAMINED] >= 1).all():  # where the sums of these begin
        raise InputError(
            f"{path} has the squared gradients of a GloVe model and no vectors", "take its vectors.bin"
        )
    return numbers.reshape(2 * words, dim + 1)


def _sums(numbers: npt.NDArray[np.float64], start: int, stop: int) -> FloatArray:
    """Return float32 [stop - start, dim], the vectors of these words."""
    half, dim = len(numbers) // 2, numbers.shape[1] - 1
    with np.errstate(over="ignore", invalid="ignore"):
        as_context = numbers[half + start : half + stop]
        sums = (numbers[start:stop, :dim] + as_context[:, :dim]).astype(np.float32)
    if numbers.nbytes >= LARGE:
        release(as_context)
    return sums


def _decoded(
    counted: list[tuple[bytes, bytes]], start: int, stop: int, reading: Reading, vocabulary: Path
) -> tuple[list[str], list[int]]:
    """Return the words of some lines that can be read, and the rows that are theirs.

    Raises:
        InputError: one is not in the encoding, and such words are not to be left out.
    """
    lines = [word for word, _ in counted[start:stop]]
    words = reading.decode(lines)
    if len(words) == len(lines):
        return words, list(range(start, stop))
    if not reading.skip_bad:
        where = f"{vocabulary}, line {start + len(words) + 1}"
        raise reading.not_in_encoding(where, lines[len(words)])
    rows = [row for row, line in enumerate(lines, start) if reading.decode([line])]
    return reading.decode([counted[row][0] for row in rows]), rows


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    vocabulary = _vocabulary(path)
    with open_input(path) as file:
        if vocabulary is None:
            raise InputError(
                f"{path} has no words", "put GloVe's vocab.txt into its folder, a line `word count` for each"
            )
        counted = _counted_words(vocabulary)
        dim = _dimensions(bytes_left(file), len(counted))
        if dim is None:
            raise InputError(
                f"{path} does not fit {vocabulary}: {bytes_left(file):,} bytes are no GloVe vectors of "
                f"{len(counted):,} words"
            )
        numbers = _parameters(file, path, len(counted), dim)
        rows = RowCollector(path, len(counted), dim, limit)
        skipped: list[int] = []
        for start, block in blocks(numbers[: len(counted)]):
            stop = start + len(block)
            words, kept = _decoded(counted, start, stop, reading, vocabulary)
            skipped += sorted(set(range(start, stop)).difference(kept))
            sums = _sums(numbers, start, stop)[np.asarray(kept, dtype=np.int64) - start]
            rows.add(words, sums, [int(counted[row][1]) for row in kept])
            if rows.is_full:
                break
    if skipped:
        note_skipped(vocabulary, len(skipped), skipped[0] + 1)
    return rows.vectors()


def _sniff(head: bytes) -> bool:
    """Return whether most numbers that a file begins with are finite, and those are like a model's."""
    numbers = np.frombuffer(head[: len(head) // _NUMBER * _NUMBER], "<f8")
    with np.errstate(invalid="ignore"):
        sizes = np.abs(numbers[np.isfinite(numbers)])
    is_likely = (sizes == 0) | ((sizes > _SMALLEST) & (sizes < _LARGEST))
    return bool(2 * len(sizes) > len(numbers) and is_likely.all() and sizes.any())


def _sniff_file(path: Path) -> bool:
    """Return whether the size of a file fits a vocabulary beside it."""
    vocabulary = _vocabulary(path)
    if vocabulary is None:
        return False
    try:
        words = len(_counted_words(vocabulary))
    except InputError:
        return False
    with open_input(path) as file:
        return _dimensions(bytes_left(file), words) is not None


FORMAT = Format(
    name="glove-binary",
    suffixes=(".glove.bin",),
    keeps=frozenset({Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    sniff_file=_sniff_file,
    read=_read,
    read_with=_read,
)
