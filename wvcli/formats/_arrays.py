"""What formats share whose vectors are one array: it is memory-mapped and joined with the words of its rows."""

import re
import warnings
from collections.abc import Sequence
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, first_line
from wvcli.formats._format import Reading
from wvcli.formats._quantised import restore
from wvcli.formats._reading import RowCollector, open_input
from wvcli.formats._word_tables import is_table, words_in_table
from wvcli.system.mapped_files import map_whole
from wvcli.system.paging import blocks
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

Counts = npt.NDArray[np.int64]

BFLOAT16 = np.dtype("V2")  # the upper half of a float32, for which NumPy has no dtype
_DTYPES = ("float16", "float32", "float64", BFLOAT16.name)
_COUNTED = re.compile(r"(.+)[ \t]([0-9]{1,18})", re.DOTALL)  # a line of GloVe's vocabulary
_VOCABULARY = "vocab.txt"  # as GloVe's program calls it
_WORD_LISTS = (".words.txt", ".words", ".vocab.txt", ".vocab", ".txt")  # endings, tried in this order


def map_array(path: Path) -> npt.NDArray[Any]:
    """Memory-map an `.npy` file of NumPy.

    Raises:
        InputError: it cannot be read, or is not an array of numbers.
    """
    try:
        with open_input(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers written by Python 2
            shape, is_fortran, dtype = npy_header(file)
            if dtype.hasobject:
                raise ValueError("it is pickled; save it as numbers")
            size = prod(shape) * dtype.itemsize
            data = map_whole(file, path)[file.tell() :]
            if not min(shape, default=1) >= 0 or not size <= len(data):
                raise ValueError("its header claims more than the file has")
            return data[:size].view(dtype).reshape(shape, order="F" if is_fortran else "C")
    except (ValueError, TypeError, EOFError, SyntaxError, OverflowError, TokenError) as error:
        raise InputError(f"{path} is damaged or not an .npy file of numbers: {first_line(error)}") from error


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of an `.npy`: shape, whether in Fortran order, and dtype; ValueError where there is none."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read(file)
    return shape, is_fortran, dtype


def check_matrix(path: Path, name: str, array: npt.NDArray[Any]) -> None:
    """Refuse an array that is not a matrix of floating-point numbers, [words, dim]."""
    if array.ndim != 2 or array.dtype.name not in _DTYPES or not array.size:
        found = f"{array.dtype} {list(array.shape)}"
        raise InputError(f"{path}: {name!r} is {found}; expected floating-point numbers [words, dimensions]")


def vectors_of(
    path: Path,
    words: Sequence[str],
    matrix: npt.NDArray[Any],
    limit: int | None = None,
    counts: Counts | None = None,
    scales: npt.NDArray[Any] | None = None,
) -> Vectors:
    """Join words and the rows of an array.

    A matrix of float32 is not copied. Of a word that occurs again only the first vector is kept.

    Args:
        path: the file that they come from.
        words: the word of each row.
        matrix: [words, dim], as accepted by `check_matrix`, or int8.
        limit: keep only the first `limit` words; None for all.
        counts: int64 [words], or None.
        scales: float [words], the scales of the rows of an int8 matrix.

    Raises:
        InputError: the numbers of words, vectors and counts differ, or a word is not text.
    """
    if len(words) != len(matrix) or (counts is not None and len(counts) != len(words)):
        raise InputError(f"{path} is damaged: it has {len(matrix)} vectors for {len(words)} words")
    words, matrix = words[:limit], matrix[:limit]
    check_words(path, words)
    counts = None if counts is None else counts[:limit]
    first = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))  # the first row of each word
    if len(first) < len(words) and counts is not None:
        counts = counts[sorted(first.values())]
    is_plain = matrix.dtype == np.float32 and matrix.dtype.isnative and matrix.flags.c_contiguous
    if is_plain and len(first) == len(words) and matrix.flags.aligned:
        del first
        return Vectors(vocabulary_of(path, words), matrix, counts, path=path)
    del first
    rows = RowCollector(path, len(words), matrix.shape[1])
    for start, block in blocks(matrix):
        stop = start + len(block)
        rows.add(words[start:stop], floats(block) if scales is None else restore(block, scales[start:stop]))
    found = rows.vectors()
    return Vectors(found.vocabulary, found.matrix, counts, path=path)


def floats(block: npt.NDArray[Any]) -> FloatArray:
    """Return rows of any dtype that `check_matrix` accepts as float32; larger numbers become infinite."""
    if block.dtype != BFLOAT16:
        with np.errstate(over="ignore"):
            return block.astype(np.float32)
    return (np.ascontiguousarray(block).view("<u2").astype(np.uint32) << 16).view(np.float32)


def check_words(path: Path, words: Sequence[Any]) -> None:
    """Refuse words that are not text, or cannot be encoded in UTF-8."""
    for number, word in enumerate(words, 1):
        if not isinstance(word, str):
            found = repr(str(word)) if isinstance(word, int | float | None) else f"a {type(word).__name__}"
            raise InputError(f"{path}, word {number}: {found} is not text")
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: the word with {error.object[error.start]!r} is not Unicode text") from error


def vocabulary_of(path: Path, words: Sequence[str]) -> Vocabulary:
    """Return the words as a vocabulary.

    Raises:
        InputError: a word is not text, or occurs twice.
    """
    check_words(path, words)
    try:
        return Vocabulary.from_words(words)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error


def as_counts(path: Path, array: npt.NDArray[Any]) -> Counts:
    """Return int64 [words], how often each word occurred.

    Raises:
        InputError: the array is not a list of whole numbers, or one of them is negative or too large.
    """
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{path}: the counts are {array.dtype} {list(array.shape)}; expected whole numbers [words]"
        )
    counts = array.astype(np.int64)
    check_counts(path, counts)
    return counts


def check_counts(path: Path, counts: Counts) -> None:
    """Refuse counts, int64 [words], of which one is negative."""
    if (counts < 0).any():
        word = int(np.flatnonzero(counts < 0)[0]) + 1
        raise InputError(f"{path}, word {word}: expected a count, found {counts[word - 1]}")


def words_beside(path: Path, rows: int, reading: Reading) -> tuple[list[str], Counts | None]:
    """Read the words for a file without words from the file that the user names, or a text file beside it.

    They stand one on each line, or in a file that the user names in a column of Parquet. Beside `NAME.npy` it is
    the first of `NAME.words.txt`, `NAME.words`, `NAME.vocab.txt`, `NAME.vocab` and `NAME.txt`. What follows a tab
    on a line is left out. The lines of `NAME.vocab.txt`, `NAME.vocab` and `vocab.txt` may all be a word, a space
    or tab, and its count.

    Returns:
        The words, and their counts, int64 [words], where the file has them.

    Raises:
        InputError: there is none, or it has another number of lines.
    """
    tried = [path.with_suffix(ending) for ending in _WORD_LISTS]
    found = reading.words or next((file for file in tried if file.is_file() and file != path), None)
    if found is not None and reading.words and is_table(found):
        words = words_in_table(found, reading.word_column)
        if len(words) != rows:
            raise InputError(f"{found} has {len(words)} words for the {rows} vectors of {path}")
        return words, None
    if found is None:
        order = "one on each line, in the order of the rows"
        hint = f"put them into {tried[0].name}, {order}, or name their file with `words`"
        if (path.parent / "tokenizer.json").is_file():  # of Model2Vec
            hint = f"name its folder, {path.parent}, whose tokenizer.json may have them"
        raise InputError(f"{path} has no words, and there is no list of words beside it", hint)
    with open_input(found) as file:
        data = file.read().removeprefix(b"\xef\xbb\xbf")
    try:
        lines = data.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{found} is not UTF-8 at byte {error.start}") from error
    if len(lines) != rows:
        raise InputError(f"{found} has {len(lines)} lines for the {rows} vectors of {path}")
    lines = [line.removesuffix("\r") for line in lines]
    is_vocabulary = ".vocab" in found.name[len(path.stem) :] or found.name == _VOCABULARY
    counted = [_COUNTED.fullmatch(line) for line in lines] if is_vocabulary else [None]
    pairs = [match.groups() for match in counted if match]
    if len(pairs) == len(lines):
        return [word for word, _ in pairs], np.array([int(count) for _, count in pairs], dtype=np.int64)
    return [line.split("\t")[0] for line in lines], None
