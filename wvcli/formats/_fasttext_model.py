"""The layout of the fastText program's `.bin`: settings, dictionary, input matrix, output matrix.

All numbers are little-endian. A file begins with two int32, a magic number and the version (11 or 12). Then come

* settings: int32 dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate;
  float64 t;
* dictionary: int32 entries, words and labels; int64 tokens and pruned rows (-1 for none); then for each entry its
  bytes, a zero byte, its int64 count and its int8 type (0 a word, 1 a label); then the pruned rows;
* input matrix: a byte that says whether it is quantised; int64 rows and columns; float32 [words + bucket, dim];
* output matrix: the same, float32 [words, dim] for all models but those that classify.

floret's files are the same but for two int32 between maxn and lrUpdateRate: the mode, 1 for fastText's hash and 2
for floret's, and how many rows a hash names.

Versions before 11 lack the magic number, the version, the number of pruned rows and the bytes before matrices.
"""

import struct
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._layout import FASTTEXT_MAGIC, is_fasttext_binary
from wvcli.formats._reading import GrowingMatrix, bytes_left
from wvcli.reporting import report_words
from wvcli.system.paging import read_ahead
from wvcli.system.parallel import parallel_map, threads
from wvcli.vectors.composed import Composed, Composition, picked
from wvcli.vectors.geometry import FloatArray, FloatMatrix, RowArray
from wvcli.vectors.subwords import ByteArray, Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

VERSION = 12
LOSSES = {"hierarchical": 1, "negative": 2, "softmax": 3, "one-vs-all": 4}
ARCHITECTURES = {"cbow": 1, "skipgram": 2}
NOISE_EXPONENT = 0.5  # the program's own; the file does not hold it
END_OF_LINE = b"</s>"  # a word like any other but for its n-grams, of which it has none
_VERSIONS = (11, 12)
_AFTER_WORD = 10  # bytes of an entry that follow its word
_BLOCK = 1 << 20  # bytes of the dictionary read at a time
_LONGEST_WORD = 1 << 20  # bytes; without a zero byte within so many the file is not what it seems
_SNIFFED = 100  # bytes that tell fastText's files from floret's
_SUPERVISED = 3  # the kind of model
_SETTINGS = "<12id"
_FLORET_SETTINGS = "<14id"
_AFTER_MAXN = 11  # settings of floret alone come after so many
_START = "<3iq"


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
        """As they stand in a file, which is floret's if there is a mode."""
        *values, mode, hashes = astuple(self)
        if not self.mode:
            return struct.pack(_SETTINGS, *values)
        return struct.pack(_FLORET_SETTINGS, *values[:_AFTER_MAXN], mode, hashes, *values[_AFTER_MAXN:])

    @property
    def sound(self) -> bool:
        """Whether they can be those of a model."""
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
        tokens: of the text it was trained on.
        pruned: whether subwords were taken away.
    """

    text: ByteArray
    offsets: RowArray
    counts: RowArray
    tokens: int
    pruned: bool


@dataclass(frozen=True)
class Model:
    """What a file holds, its matrices mapped.

    Attributes:
        settings: how it was trained.
        dictionary: its words.
        inputs: uint8 [words + bucket, 4 * dim], the bytes of float32 that need not lie where float32 can be read.
        output: uint8 [rows, 4 * dim], in the same way.
    """

    settings: Settings
    dictionary: Dictionary
    inputs: ByteArray
    output: ByteArray


def is_model(head: bytes) -> bool:
    """Whether a file that begins with these bytes is one, of any version."""
    if is_fasttext_binary(head):
        return True
    length = struct.calcsize(_SETTINGS)
    if len(head) < length + struct.calcsize(_START):
        return False
    entries, words, labels, tokens = struct.unpack_from(_START, head, length)
    likely = entries > 0 and words >= 0 and labels >= 0 and entries == words + labels and tokens >= 0
    return likely and Settings(*struct.unpack_from(_SETTINGS, head)).sound


def is_floret(head: bytes) -> bool:
    """Whether a file that begins with these bytes is floret's, with whole numbers for fastText's fraction."""
    place = 8 + struct.calcsize("<12i")
    if not is_fasttext_binary(head) or len(head) < place + 8:
        return False
    return bool(0 < struct.unpack_from("<d", head, place)[0] < np.finfo(np.float64).tiny)


def open_model(file: BinaryIO, path: Path) -> Model:
    """Open a file of word vectors, fastText's or floret's, at whose start `file` is.

    Raises:
        InputError: it is damaged, of a newer version, quantised, pruned or a classifier.
    """
    return _Opening(file, path).model()


class _Opening:
    """A file that is gone through from its start."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._modern = True

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
        place, rows = self._matrix("the input matrix", settings.dim)
        if rows != words + settings.bucket:
            raise self._error(
                f", input matrix: expected {words + settings.bucket} rows, for {words} words and "
                f"{settings.bucket} buckets, found {rows}"
            )
        self._file.seek(4 * rows * settings.dim, 1)
        second, outputs = self._matrix("the output matrix", settings.dim)
        surplus = bytes_left(self._file) - 4 * outputs * settings.dim
        if surplus:
            raise self._error(
                f": expected the end of the file after the output matrix, found {surplus} bytes more"
            )
        whole = np.asarray(np.memmap(self._path, dtype=np.uint8, mode="r"))
        row = 4 * settings.dim
        return Model(
            settings,
            dictionary,
            whole[place : place + row * rows].reshape(rows, row),
            whole[second : second + row * outputs].reshape(outputs, row),
        )

    def _settings(self) -> Settings:
        head = self._file.read(_SNIFFED)
        self._file.seek(0)
        magic, version = self._take("<2i", "the version")
        if magic != FASTTEXT_MAGIC:
            self._modern = False
            self._file.seek(0)
        elif version not in _VERSIONS:
            raise self._error(f" is of fastText's version {version}; this wvcli reads 11 and 12")
        if is_floret(head):
            values = self._take(_FLORET_SETTINGS, "the settings")
            own = slice(_AFTER_MAXN, _AFTER_MAXN + 2)
            settings = Settings(*values[: own.start], *values[own.stop :], *values[own])
        else:
            settings = Settings(*self._take(_SETTINGS, "the settings"))
        if not settings.sound or (is_floret(head) and not settings.mode):
            raise self._error(f": these are no settings of fastText: {settings.packed().hex(' ', 4)}")
        if settings.model == _SUPERVISED:
            raise self._error(
                " is a classifier (fastText supervised), whose words have no vectors to compare",
                "the models of fastText skipgram and cbow can be read",
            )
        return settings

    def _dictionary(self) -> Dictionary:
        entries, words, labels, tokens = self._take(_START, "the dictionary")
        pruned = self._take("<q", "the dictionary")[0] if self._modern else -1
        if words < 1 or labels < 0 or entries != words + labels:
            raise self._error(f", dictionary: {entries} entries cannot be {words} words and {labels} labels")
        if pruned > 0:
            raise self._error(" has some of its subwords pruned, which only a quantised classifier has")
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
        return _dictionary(data[: ends[words - 1]], ends[:words], int(tokens), pruned == 0)

    def _entries(self, count: int) -> tuple[ByteArray, RowArray]:
        """The bytes of all entries, and int64 [count], where in them each one ends."""
        pieces: list[bytes] = []
        ends: list[int] = []
        rest, before = b"", 0
        while len(ends) < count:
            more = self._file.read(_BLOCK)
            data = rest + more
            used, found = _whole_entries(data, count - len(ends))
            if not found and (not more or len(data) > _LONGEST_WORD + _AFTER_WORD):
                end = "no zero byte follows it" if more else "the file ends here"
                raise self._error(f", dictionary, entry {len(ends) + 1} of {count}: {end}")
            ends += [before + end for end in found]
            before += used
            pieces.append(data[:used])
            rest = data[used:]
        self._file.seek(-len(rest), 1)
        return np.frombuffer(b"".join(pieces), dtype=np.uint8), np.array(ends, dtype=np.int64)

    def _matrix(self, what: str, dim: int) -> tuple[int, int]:
        """Where the numbers of a matrix begin, to which the file is then moved, and how many rows there are."""
        if self._modern and self._take("<B", what)[0]:
            raise self._error(
                " is quantised, which only fastText's classifiers are", "take the one it was made of"
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
    """How many bytes the entries that are there to their end take, at most so many, and where each one ends."""
    find, end, ends = data.find, 0, []
    last = len(data) - _AFTER_WORD
    for _ in range(most):
        place = find(b"\0", end)
        if not 0 <= place <= last:
            break
        end = place + _AFTER_WORD
        ends.append(end)
    return end, ends


def _dictionary(data: ByteArray, ends: RowArray, tokens: int, pruned: bool) -> Dictionary:
    """Words and counts, from entries without a gap."""
    counted: npt.NDArray[np.uint8] = data[(ends - 9)[:, None] + np.arange(8)]
    of_words = np.ones(len(data), dtype=np.bool_)
    of_words[(ends - _AFTER_WORD)[:, None] + np.arange(_AFTER_WORD)] = False
    offsets = np.zeros(len(ends) + 1, dtype=np.int64)
    offsets[1:] = ends - _AFTER_WORD * np.arange(1, len(ends) + 1)
    return Dictionary(data[of_words], offsets, counted.view("<i8").reshape(-1).astype(np.int64), tokens, pruned)


def vectors_of(model: Model, path: Path, limit: int | None) -> Vectors:
    """The words and vectors of a model with fastText's hash, all or its first so many words."""
    settings, most = model.settings, len(model.dictionary.counts)
    vocabulary, rows = vocabulary_of(model.dictionary, min(limit or most, most))
    own, subwords = model.inputs[:most], None
    if settings.maxn > 0 and settings.bucket and not model.dictionary.pruned:
        subwords = Subwords(_numbers(model.inputs[most:]), max(1, settings.minn), settings.maxn)
    counts, chosen = model.dictionary.counts[rows], _numbers(own[rows])
    if subwords is None:
        matrix: FloatMatrix = chosen
    else:
        text, offsets = bytes_of(model.dictionary, rows)
        composition = Composition(chosen, subwords, text, offsets, _row_of(text, offsets, END_OF_LINE))
        matrix = _matrix(path, composition)
    return Vectors(
        vocabulary,
        matrix,
        counts=counts if (counts > 1).any() else None,
        subwords=subwords,
        path=path,
        weights=Weights(
            None if subwords is None else chosen,
            _numbers(model.output[rows]) if len(model.output) == most else None,
            names_of(settings, model.dictionary.tokens),
        ),
    )


def vocabulary_of(dictionary: Dictionary, most: int) -> tuple[Vocabulary, slice | RowArray]:
    """The first so many words and their rows; of a word that occurs again only the first row counts."""
    offsets = dictionary.offsets[: most + 1]
    try:
        return Vocabulary.from_text(dictionary.text[: offsets[-1]], offsets), slice(0, most)
    except InputError:
        text = dictionary.text.tobytes()
        first: dict[str, int] = {}
        for row, (start, stop) in enumerate(pairwise(dictionary.offsets.tolist())):
            first.setdefault(text[start:stop].decode("utf-8", "backslashreplace"), row)
            if len(first) == most:
                break
        return Vocabulary.from_words(list(first)), np.array(list(first.values()), dtype=np.int64)


def bytes_of(dictionary: Dictionary, rows: slice | RowArray) -> tuple[ByteArray, RowArray]:
    """The bytes of the words in these rows, and where each one begins and ends."""
    if isinstance(rows, slice):
        return dictionary.text, dictionary.offsets[: rows.stop + 1]
    return picked(dictionary.text, dictionary.offsets, rows)


def names_of(settings: Settings, tokens: int) -> dict[str, Any]:
    """Settings of the program by the names they have here."""
    return {
        "algorithm": "fasttext",
        "architecture": _name(ARCHITECTURES, settings.model),
        "loss": _name(LOSSES, settings.loss),
        "dim": settings.dim,
        "window": settings.ws,
        "epochs": settings.epoch,
        "min_count": settings.min_count,
        "negative": settings.neg,
        "noise_exponent": NOISE_EXPONENT,
        "sample": settings.t,
        "min_n": settings.minn,
        "max_n": settings.maxn,
        "buckets": settings.bucket,
        "word_ngrams": settings.word_ngrams,
        "lr_update_rate": settings.lr_update_rate,
        "tokens": tokens,
    }


def _name(choices: Mapping[str, int], number: int) -> str:
    return next(name for name, value in choices.items() if value == number)


def _numbers(rows: ByteArray) -> FloatArray:
    """float32 [rows, dim] of the bytes of rows."""
    return rows.view("<f4")


def _matrix(path: Path, composition: Composition) -> FloatMatrix:
    """float32 [words, dim]; where there are many words, worked out when they are asked for."""
    if len(composition.own) < _MANY:
        return composed_matrix(path, composition)
    return Composed(composition, partial(composed_matrix, path))


def _row_of(text: ByteArray, offsets: RowArray, word: bytes) -> int:
    """The row of a word, or -1."""
    for row in np.flatnonzero(np.diff(offsets) == len(word)).tolist():
        if text[offsets[row] : offsets[row + 1]].tobytes() == word:
            return int(row)
    return -1


_MANY = 16_384  # words, of which one question need not work out all
_SHARE = 50  # where there is one word for so many buckets, most of the file is needed


def composed_matrix(path: Path, composition: Composition) -> FloatArray:
    """float32 [words, dim], the vectors of all words."""
    if len(composition.own) * _SHARE > len(composition.subwords.matrix):
        read_ahead(composition.subwords.matrix)
    matrix = GrowingMatrix(path, *composition.own.shape)
    todo, done = composition.parts(), 0
    for start in range(0, len(todo), threads()):
        for vectors in parallel_map(
            lambda part: composition.part(part.start, part.stop), todo[start : start + threads()]
        ):
            matrix.add(vectors)
            done += len(vectors)
        report_words(done, len(composition.own))
    return matrix.whole()
