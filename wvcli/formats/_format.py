"""What a format says of itself: its name, what it keeps, and its functions that read and write."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path

from wvcli.errors import InputError
from wvcli.system.encodings import Encoding
from wvcli.vectors.word_vectors import Vectors


class Kept(Enum):
    """What comes back from a file as it was, besides words without spaces and their vectors."""

    SPACES = "spaces inside words"
    COUNTS = "the counts of words"
    EXACT_VECTORS = "every bit of a vector, where the file holds float32"
    SUBWORDS = "the vectors of n-grams, from which words outside the vocabulary get theirs"
    OUTPUT_LAYER = "the output layer, with which training can go on"


@dataclass(frozen=True)
class Writing:
    """How a file is to be written.

    Attributes:
        dtype: the dtype of the vectors, one of the format's `dtypes`.
        pad: the row of the padding word, which neural models need, or None.
        unknown: the row that stands for words outside the vocabulary, or None.
    """

    dtype: str = "float32"
    pad: int | None = None
    unknown: int | None = None


@dataclass(frozen=True)
class Reading:
    """How a file is to be read that may not be what its format asks for, or holds several things.

    Attributes:
        encoding: of the words, and what to do with bytes that are not in it.
        skip_bad: leave out lines and words that cannot be read, and note how many there were.
        matrix: the name of the matrix with the vectors; None for the usual or the only one.
        word_column: the name of the column, key or list with the words; None for the usual or the only one.
        vector_column: the name of the column or key with the vectors; None for the usual or the only one.
        words: a file with the words of vectors that have none; None for the usual one.
    """

    encoding: Encoding = field(default_factory=Encoding)
    skip_bad: bool = False
    matrix: str | None = None
    word_column: str | None = None
    vector_column: str | None = None
    words: Path | None = None

    @property
    def chosen(self) -> frozenset[str]:
        """The names of the attributes that are not as usual; `skip_bad` goes with `encoding`."""
        names = {item.name for item in fields(self) if getattr(self, item.name) != getattr(_USUAL, item.name)}
        return frozenset("encoding" if name == "skip_bad" else name for name in names)

    def decode(self, words: list[bytes]) -> list[str]:
        """Return words as text, up to the first that is not in the encoding."""
        codec, errors = self.encoding.codec, self.encoding.errors
        decoded: list[str] = []
        with suppress(UnicodeDecodeError):
            for word in words:
                decoded.append(word.decode(codec, errors))
        return decoded

    def not_in_encoding(self, where: str, word: bytes) -> InputError:
        """Return the error for a word that is not in the encoding."""
        shown = repr(word[:40].decode(errors="replace"))
        return InputError(
            f"{where}: the word {shown} is not {self.encoding.name.upper()}",
            "name the encoding with `encoding`, replace such bytes with `encoding_errors=replace`, "
            "or leave such words out with `skip_bad=True`",
        )


_USUAL = Reading()


def _is_meant(suffix: str, name: str) -> bool:
    """Whether a name in lower case ends in a suffix, or has the first of its two parts as a word before that."""
    if name.endswith(suffix):
        return True
    *_, word, last = suffix.split(".")
    stem = name.removesuffix(f".{last}")
    return bool(word) and stem != name and re.search(rf"(?<![^\W\d_]){word}(?![^\W\d_])", stem) is not None


@dataclass(frozen=True)
class Format:
    """A file format of another system.

    Attributes:
        name: what users call it.
        suffixes: endings of file names that mean this format when writing, the usual one first; none for a
            format that must be named.
        keeps: what survives a round trip.
        sniff: whether a file that begins with these bytes is in this format; if there is a `sniff_file`, may be.
        sniff_file: whether such a file is in this format indeed: by its size, what else it holds, and the files
            beside it; None where its first bytes tell.
        sniff_folder: whether a folder is in this format; None for formats that are files.
        may_replace: whether a folder may be replaced by a new one; None where any in this format may.
        read: opens a file or folder, all words or only the first `limit`; None when the format is only
            written. Raises InputError naming file and line.
        read_with: does as `read`, as the user says it: with words in some encoding and, if the user wishes,
            without those that cannot be read, or with a matrix or columns of some name; None where there is no
            choice.
        choices: what of that the user may say, by attributes of `Reading`; `encoding` goes with `skip_bad`.
        write: makes a new file or folder at a path where nothing is yet, and returns notes for the user on what
            was changed; None when the format is only read. The matrix may be lazy: it is read in blocks of rows,
            `vectors.matrix[start:stop]`, and never whole. Further files go beside the path if their names begin
            with its name and a dot.
        companions: regular expressions for what follows its name in the names of such files.
        dtypes: the dtypes that vectors can be written with, the usual one first.
        special: whether the rows for padding and for unknown words mean something to it.
        extra: the optional dependency it needs, as in `pip install "wvcli[EXTRA]"`, or an empty string.
    """

    name: str
    suffixes: tuple[str, ...]
    keeps: frozenset[Kept]
    sniff: Callable[[bytes], bool]
    sniff_file: Callable[[Path], bool] | None = None
    sniff_folder: Callable[[Path], bool] | None = None
    may_replace: Callable[[Path], bool] | None = None
    read: Callable[[Path, int | None], Vectors] | None = None
    read_with: Callable[[Path, int | None, Reading], Vectors] | None = None
    choices: frozenset[str] = frozenset({"encoding"})
    write: Callable[[Vectors, Path, Writing], list[str]] | None = None
    companions: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float32",)
    special: bool = False
    extra: str = ""

    def is_meant_by(self, file: str) -> bool:
        """Whether the name of a file ends in a suffix of this format.

        Of a suffix of two parts, such as `.glove.txt`, the first may stand anywhere before the second, as a word:
        `glove.txt` and `glove.6B.50d.txt`, as GloVe's own files are called, mean the format glove.
        """
        return self.length_meant(file) > 0

    def length_meant(self, file: str) -> int:
        """Return the characters of the longest suffix that the name of a file means; 0 where it means none."""
        name = file.lower()
        return max((len(suffix) for suffix in self.suffixes if _is_meant(suffix, name)), default=0)

    @property
    def kept_text(self) -> str:
        """What survives a round trip, as users read it: "words with spaces, counts and vectors"."""
        parts = ["words with spaces" if Kept.SPACES in self.keeps else "words"]
        parts += ["counts"] if Kept.COUNTS in self.keeps else []
        parts += ["vectors" if Kept.EXACT_VECTORS in self.keeps else "rounded vectors"]
        parts += ["subwords"] if Kept.SUBWORDS in self.keeps else []
        parts += ["output layer"] if Kept.OUTPUT_LAYER in self.keeps else []
        return f"{', '.join(parts[:-1])} and {parts[-1]}"

    @property
    def replaceable(self) -> Callable[[Path], bool] | None:
        """What tells whether a folder may be replaced by one in this format; None where no folder may."""
        return self.may_replace or self.sniff_folder
