"""A `.bin` of the fastText program, opened: settings, dictionary, input matrix and output matrix.

The layout is that of `FastText::saveModel` in fasttext.cc. All numbers are little-endian. A file begins with two
int32, a magic number and the version (11 or 12). Then come

* settings: int32 dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate;
  float64 t;
* dictionary: int32 entries, words and labels; int64 tokens and pruned rows (-1 for none); then for each entry its
  bytes, a zero byte, its int64 count and its int8 type (0 a word, 1 a label); then the pruned rows;
* input matrix: a byte that says whether it is quantised; int64 rows and columns; float32 [words + bucket, dim];
* output matrix: the same, float32 [words, dim] for all models but classifiers.

floret's files have in addition two int32 between maxn and lrUpdateRate: the mode, 1 for fastText's hash and 2 for
floret's, and the number of rows that an n-gram is hashed to.

Versions before 11 lack the magic number, the version, the number of pruned rows and the bytes before matrices.
"""

import struct
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._headers import FASTTEXT_MAGIC, is_fasttext_binary
from wvcli.formats._reading import bytes_left
from wvcli.system.mapped_files import map_whole
from wvcli.vectors.geometry import RowArray
from wvcli.vectors.subwords import ByteArray

VERSION = 12
LOSSES = {"hierarchical": 1, "negative": 2, "softmax": 3, "one-vs-all": 4}
ARCHITECTURES = {"cbow": 1, "skipgram": 2}
NOISE_EXPONENT = 0.5  # the program's own; the file does not hold it
END_OF_LINE = b"</s>"  # a word like any other, but without n-grams
_VERSIONS = (11, 12)
_AFTER_WORD = 10  # bytes of an entry after its word: a zero byte, the count and the type
_BLOCK = 1 << 20  # bytes of the dictionary read at a time
_LONGEST_WORD = 1 << 20  # bytes; a file without a zero byte within that many is damaged
_SNIFFED = 100  # bytes, enough to distinguish fastText's files from floret's
_SUPERVISED = 3  # the value of `model` for a classifier
_SETTINGS = "<12id"
_FLORET_SETTINGS = "<14id"
_BEFORE_FLORET = 11  # settings that stand before the two of floret
_DICTIONARY = "<3iq"  # entries, words, labels, tokens


@dataclass(frozen=True)
class Settings:
    """The settings of a model, in the order of the file and by the program's own names."""

    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lr_update_rate: int
    t: float
    mode: int = 0
    hash_count: int = 0

    def packed(self) -> bytes:
        """Return the bytes that stand in a file, one of floret's if there is a mode."""
        *values, mode, hashes = astuple(self)
        if not self.mode:
            return struct.pack(_SETTINGS, *values)
        return struct.pack(_FLORET_SETTINGS, *values[:_BEFORE_FLORET], mode, hashes, *values[_BEFORE_FLORET:])

    @property
    def is_valid(self) -> bool:
        """Whether they can be the settings of a model."""
        positive = self.dim > 0 and self.ws >= 0 and self.epoch >= 0 and self.bucket >= 0
        positive = positive and self.mode in (0, 1, 2) and (self.mode < 2 or 0 < self.hash_count < 5)
        return positive and self.loss in (1, 2, 3, 4) and self.model in (1, 2, 3) and 0 <= self.t < np.inf


@dataclass(frozen=True)
class Dictionary:
    """The words of a model, labels left out.

    Attributes:
        text: uint8 [bytes], the words' bytes one after the other, UTF-8 or not.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
        counts: int64 [words].
        tokens: the length of the text that the model was trained on.
        pruned: whether subwords were removed.
    """

    text: ByteArray
    offsets: RowArray
    counts: RowArray
    tokens: int
    pruned: bool


@dataclass(frozen=True)
class Model:
    """The contents of a file, its matrices memory-mapped.

    Attributes:
        settings: how it was trained.
        dictionary: its words.
        inputs: uint8 [words + bucket, 4 * dim], the bytes of float32 numbers, which need not be aligned.
        output: uint8 [rows, 4 * dim], likewise.
    """

    settings: Settings
    dictionary: Dictionary
    inputs: ByteArray
    output: ByteArray


def is_model(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a model of fastText or floret, of any version."""
    if is_fasttext_binary(head):
        return True
    length = struct.calcsize(_SETTINGS)
    if len(head) < length + struct.calcsize(_DICTIONARY):
        return False
    entries, words, labels, tokens = struct.unpack_from(_DICTIONARY, head, length)
    likely = entries > 0 and words >= 0 and labels >= 0 and entries == words + labels and tokens >= 0
    return likely and Settings(*struct.unpack_from(_SETTINGS, head)).is_valid


def is_floret(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is floret's.

    It has two int32 where fastText has the float64 t, which as a float64 are smaller than any t.
    """
    offset = 8 + struct.calcsize("<12i")
    if not is_fasttext_binary(head) or len(head) < offset + 8:
        return False
    return bool(0 < struct.unpack_from("<d", head, offset)[0] < np.finfo(np.float64).tiny)


def open_model(file: BinaryIO, path: Path) -> Model:
    """Open a model of fastText or floret; `file` is at its start.

    Raises:
        InputError: it is damaged, of a newer version, quantised, pruned or a classifier.
    """
    return _Reader(file, path).model()


class _Reader:
    """Reads a file from its start."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._has_version = True

    def _error(self, problem: str, hint: str = "") -> InputError:
        return InputError(f"{self._path}{problem}", hint)

    def _take(self, layout: str, what: str) -> tuple[Any, ...]:
        size = struct.calcsize(layout)
        data = self._file.read(size)
        if len(data) < size:
            raise self._error(f": the file ends within {what}; expected {size} bytes")
        return struct.unpack(layout, data)

    def model(self) -> Model:
        settings = self._settings()
        dictionary = self._dictionary()
        words = len(dictionary.counts)
        start, rows = self._matrix("the input matrix", settings.dim)
        if rows != words + settings.bucket:
            raise self._error(
                f", input matrix: expected {words + settings.bucket} rows, for {words} words and "
                f"{settings.bucket} buckets, found {rows}"
            )
        self._file.seek(4 * rows * settings.dim, 1)
        output_start, output_rows = self._matrix("the output matrix", settings.dim)
        surplus = bytes_left(self._file) - 4 * output_rows * settings.dim
        if surplus:
            raise self._error(
                f": expected the end of the file after the output matrix, found {surplus} bytes more"
            )
        whole = map_whole(self._file, self._path)
        row = 4 * settings.dim  # bytes
        return Model(
            settings,
            dictionary,
            whole[start : start + row * rows].reshape(rows, row),
            whole[output_start : output_start + row * output_rows].reshape(output_rows, row),
        )

    def _settings(self) -> Settings:
        head = self._file.read(_SNIFFED)
        self._file.seek(0)
        magic, version = self._take("<2i", "the version")
        if magic != FASTTEXT_MAGIC:
            self._has_version = False
            self._file.seek(0)
        elif version not in _VERSIONS:
            raise self._error(f" has version {version} of fastText's format; expected 11 or 12")
        if is_floret(head):
            values = self._take(_FLORET_SETTINGS, "the settings")
            of_floret = slice(_BEFORE_FLORET, _BEFORE_FLORET + 2)
            settings = Settings(*values[: of_floret.start], *values[of_floret.stop :], *values[of_floret])
        else:
            settings = Settings(*self._take(_SETTINGS, "the settings"))
        if not settings.is_valid or (is_floret(head) and not settings.mode):
            raise self._error(f" is damaged: its settings are not fastText's: {settings.packed().hex(' ', 4)}")
        if settings.model == _SUPERVISED:
            raise self._error(
                " is a classifier (fastText supervised), not a model of word vectors",
                "wvcli reads the models of fastText skipgram and cbow",
            )
        return settings

    def _dictionary(self) -> Dictionary:
        entries, words, labels, tokens = self._take(_DICTIONARY, "the dictionary")
        pruned = self._take("<q", "the dictionary")[0] if self._has_version else -1
        if words < 1 or labels < 0 or entries != words + labels:
            raise self._error(f", dictionary: {entries} entries cannot be {words} words and {labels} labels")
        if pruned > 0:
            raise self._error(" has pruned subwords, as only a quantised classifier has")
        if entries * _AFTER_WORD > bytes_left(self._file):
            raise self._error(f", dictionary: the file is too short for {entries} entries")
        data, ends = self._entries(entries)
        types = data[ends - 1]
        wrong = np.flatnonzero(types != (np.arange(entries) >= words))
        if len(wrong):
            kind = "word" if wrong[0] < words else "label"
            raise self._error(
                f", dictionary, entry {wrong[0] + 1}: expected a {kind}, found type {types[wrong[0]]}"
            )
        found = _dictionary(data[: ends[words - 1]], ends[:words], int(tokens), pruned == 0)
        wrong = np.flatnonzero(found.counts < 0)
        if len(wrong):
            raise self._error(
                f", dictionary, entry {wrong[0] + 1}: expected a count, found {found.counts[wrong[0]]}"
            )
        return found

    def _entries(self, count: int) -> tuple[ByteArray, RowArray]:
        """Return the bytes of all entries, and int64 [count], where each one ends."""
        pieces: list[bytes] = []
        ends: list[int] = []
        rest, used_before = b"", 0
        while len(ends) < count:
            more = self._file.read(_BLOCK)
            data = rest + more
            used, found = _whole_entries(data, count - len(ends))
            if not found and (not more or len(data) > _LONGEST_WORD + _AFTER_WORD):
                end = "no zero byte follows it" if more else "the file ends here"
                raise self._error(f", dictionary, entry {len(ends) + 1} of {count}: {end}")
            ends += [used_before + end for end in found]
            used_before += used
            pieces.append(data[:used])
            rest = data[used:]
        self._file.seek(-len(rest), 1)
        return np.frombuffer(b"".join(pieces), dtype=np.uint8), np.array(ends, dtype=np.int64)

    def _matrix(self, what: str, dim: int) -> tuple[int, int]:
        """Return the offset of the numbers of a matrix, where the file then is, and the number of rows."""
        if self._has_version and self._take("<B", what)[0]:
            raise self._error(
                " is quantised, as only fastText's classifiers are", "take the model that was quantised"
            )
        rows, columns = self._take("<2q", what)
        if columns != dim:
            raise self._error(f", {what.removeprefix('the ')}: expected {dim} columns, found {columns}")
        left = bytes_left(self._file)
        if rows < 0 or 4 * rows * dim > left:
            raise self._error(
                f", {what.removeprefix('the ')}: {rows} rows of {dim} do not fit the {left} bytes left"
            )
        return self._file.tell(), rows


def _whole_entries(data: bytes, most: int) -> tuple[int, list[int]]:
    """Return the bytes that the first complete entries take, at most `most`, and where each one ends."""
    find, end, ends = data.find, 0, []
    last = len(data) - _AFTER_WORD
    for _ in range(most):
        zero = find(b"\0", end)
        if not 0 <= zero <= last:
            break
        end = zero + _AFTER_WORD
        ends.append(end)
    return end, ends


def _dictionary(data: ByteArray, ends: RowArray, tokens: int, pruned: bool) -> Dictionary:
    """Make the dictionary from the bytes of entries that follow one another."""
    counts: npt.NDArray[np.uint8] = data[(ends - 9)[:, None] + np.arange(8)]
    is_word = np.ones(len(data), dtype=np.bool_)
    is_word[(ends - _AFTER_WORD)[:, None] + np.arange(_AFTER_WORD)] = False
    offsets = np.zeros(len(ends) + 1, dtype=np.int64)
    offsets[1:] = ends - _AFTER_WORD * np.arange(1, len(ends) + 1)
    return Dictionary(data[is_word], offsets, counts.view("<i8").reshape(-1).astype(np.int64), tokens, pruned)
