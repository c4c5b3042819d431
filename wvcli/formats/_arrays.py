"""What formats that hold the numbers as one array share: the array is mapped, and words are put to its rows."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, first_line, unreadable
from wvcli.formats._quantised import restore
from wvcli.formats._reading import RowCollector
from wvcli.system.paging import blocks
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

Counts = npt.NDArray[np.int64]

BFLOAT16 = np.dtype("V2")  # the upper half of a float32, which NumPy has no kind for
_KINDS = ("float16", "float32", "float64", BFLOAT16.name)
_WORD_LISTS = (".words.txt", ".words", ".vocab.txt", ".vocab", ".txt")  # endings, tried in this order


def map_array(path: Path) -> npt.NDArray[Any]:
    """A `.npy` file of NumPy's, memory-mapped.

    Raises:
        InputError: it cannot be read, or holds no numbers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers written by Python 2
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, EOFError, SyntaxError, OverflowError, TokenError) as error:
        raise InputError(f"{path} is damaged or no .npy file of numbers: {first_line(error)}") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path} is no .npy file")
    return np.asarray(array)


def check_matrix(path: Path, name: str, array: npt.NDArray[Any]) -> None:
    """Refuse an array that is no matrix of floating-point numbers, [words, dim]."""
    if array.ndim != 2 or array.dtype.name not in _KINDS or not array.size:
        found = f"{array.dtype} {list(array.shape)}"
        raise InputError(f"{path}: {name!r} is {found}; expected floating-point numbers [words, dimensions]")


def of_arrays(
    path: Path,
    words: Sequence[str],
    matrix: npt.NDArray[Any],
    limit: int | None = None,
    counts: Counts | None = None,
    scales: npt.NDArray[Any] | None = None,
) -> Vectors:
    """Vectors of words and a matrix [words, dim] that `check_matrix` let pass; only the first `limit` of them.

    A matrix of int8 comes with the scales of its rows, float [words].

    A matrix of float32 stays where it is. Of a word that occurs again only the first vector is kept.

    Raises:
        InputError: the numbers of words, vectors and counts differ, or a word is not text.
    """
    if len(words) != len(matrix) or (counts is not None and len(counts) != len(words)):
        raise InputError(f"{path} is damaged: it has {len(matrix)} vectors for {len(words)} words")
    words, matrix = words[:limit], matrix[:limit]
    check_words(path, words)
    counts = None if counts is None else counts[:limit]
    fresh = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))  # the first row of each word
    if len(fresh) < len(words) and counts is not None:
        counts = counts[sorted(fresh.values())]
    plain = matrix.dtype == np.float32 and matrix.dtype.isnative and matrix.flags.c_contiguous
    if plain and len(fresh) == len(words) and matrix.flags.aligned:
        del fresh
        return Vectors(vocabulary_of(path, words), matrix, counts, path=path)
    del fresh
    rows = RowCollector(path, len(words), matrix.shape[1])
    for start, block in blocks(matrix):
        stop = start + len(block)
        rows.add(words[start:stop], floats(block) if scales is None else restore(block, scales[start:stop]))
    found = rows.vectors()
    return Vectors(found.vocabulary, found.matrix, counts, path=path)


def floats(block: npt.NDArray[Any]) -> FloatArray:
    """Rows of any kind that `check_matrix` lets pass as float32; what is beyond it is infinite."""
    if block.dtype != BFLOAT16:
        with np.errstate(over="ignore"):
            return block.astype(np.float32)
    return (np.ascontiguousarray(block).view("<u2").astype(np.uint32) << 16).view(np.float32)


def check_words(path: Path, words: Sequence[Any]) -> None:
    """Refuse words that are no text, or none that UTF-8 can hold."""
    for place, word in enumerate(words, 1):
        if not isinstance(word, str):
            raise InputError(f"{path}, word {place}: {str(word)[:50]!r} is not text")
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: the word with {error.object[error.start]!r} is not Unicode text") from error


def vocabulary_of(path: Path, words: Sequence[str]) -> Vocabulary:
    """The words as a vocabulary.

    Raises:
        InputError: a word is no text, or occurs twice.
    """
    check_words(path, words)
    try:
        return Vocabulary.from_words(words)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error


def as_counts(path: Path, array: npt.NDArray[Any]) -> Counts:
    """int64 [words], how often each word occurred.

    Raises:
        InputError: the array is no list of whole numbers.
    """
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{path}: the counts are {array.dtype} {list(array.shape)}; expected whole numbers [words]"
        )
    return array.astype(np.int64)


def words_beside(path: Path, rows: int) -> list[str]:
    """The words of a file that has none, from the text file that lies beside it, one a line.

    Beside `NAME.npy` it is the first of `NAME.words.txt`, `NAME.words`, `NAME.vocab.txt`, `NAME.vocab` and
    `NAME.txt`. What follows a tab on a line, a count say, is passed over.

    Raises:
        InputError: there is none, or it has another number of lines.
    """
    tried = [path.with_suffix(ending) for ending in _WORD_LISTS]
    found = next((file for file in tried if file.is_file() and file != path), None)
    if found is None:
        raise InputError(
            f"{path} holds no words, and no list of them lies beside it",
            f"put them into {tried[0].name}, one a line, in the order of the rows",
        )
    try:
        lines = found.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise unreadable(found, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{found} is not UTF-8 at byte {error.start}") from error
    if len(lines) != rows:
        raise InputError(f"{found} has {len(lines)} lines for the {rows} vectors of {path}")
    return [line.removesuffix("\r").split("\t")[0] for line in lines]
