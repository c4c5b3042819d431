"""Classifiers of fastText: a file `.bin` of its command `supervised`, or `.ftz`, which is quantised.

After a magic number and a version come the settings (twelve int32 and a float64), the dictionary (its entries,
words and labels as int32; the tokens read, and the n-grams kept of a quantised model, as int64; for each entry
its bytes, a zero, the count as int64 and the type as a byte; then pairs of int32 for n-grams kept), and two
matrices, of words and of labels. Each begins with a byte, whether it is quantised. Then it is a product
quantiser's: for each row a code for each part of it, and perhaps one for its norm, of 256 centroids each (Joulin
and others, "FastText.zip", 2016).
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.classification.calibration import Calibration, probabilities
from wvcli.errors import InputError, unreadable

_MAGIC, _VERSIONS = 793712314, (11, 12)
_SETTINGS = "<12id"
_NAMES = (
    "dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn",
    "lrUpdateRate", "t",
)  # fmt: skip
_SUPERVISED = 3
_HIERARCHICAL, _NEGATIVE, _SOFTMAX, _ONE_VS_ALL = 1, 2, 3, 4  # the losses
_END = "</s>"
_PREFIX = "__label__"
_CENTROIDS = 256
_SPACES = b" \n\r\t\v\f\0"
_NGRAM_FACTOR = 116049371
_WIDE = (1 << 64) - 1
_LEAST = 1e-5  # that the program adds to a probability before it takes its logarithm
_TABLE = 512  # sigmoids that the program computes beforehand, between -8 and 8

Matrix = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]


def is_fasttext_classifier(path: Path) -> bool:
    """Whether a file begins as a classifier of fastText's."""
    try:
        with path.open("rb") as file:
            head = file.read(8 + struct.calcsize(_SETTINGS))
    except OSError:
        return False
    if len(head) < 8 + struct.calcsize(_SETTINGS) or struct.unpack_from("<2i", head)[0] != _MAGIC:
        return False
    return bool(struct.unpack_from(_SETTINGS, head, 8)[7] == _SUPERVISED)


@dataclass(frozen=True, eq=False)
class FastTextClassifier:
    """Gives the labels and probabilities that fastText's program does.

    Attributes:
        path: its file.
        labels: without `__label__`, in the order of the file.
        counts: how many texts had each.
        numbers: the rows of words, by their bytes.
        kept: the rows of n-grams that a quantised model kept, by what they were; None where all are there.
        settings: by the program's own names.
        inputs: float32 [words and n-grams, dim].
        outputs: float32 [labels, dim], or inner nodes of a tree of labels.
    """

    path: Path
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    numbers: Mapping[bytes, int]
    kept: Mapping[int, int] | None
    settings: Mapping[str, int]
    inputs: Matrix
    outputs: Matrix
    _rows: dict[bytes, tuple[list[int], int]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: Path) -> "FastTextClassifier":
        """Read a file.

        Raises:
            InputError: it is missing or damaged, or of another version.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from error
        try:
            return _Reader(path, data).classifier()
        except (struct.error, ValueError, IndexError) as error:
            raise InputError(f"{path} is damaged or cut off: {error}") from error

    @property
    def is_multilabel(self) -> bool:
        """Whether a text may have any number of labels: whether each was learned for itself."""
        return self.settings["loss"] == _ONE_VS_ALL

    def predict(self, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Return the most probable label of each text, and its probability."""
        chances = self.probabilities(texts)
        best = chances.argmax(axis=1)
        return [(self.labels[label], float(chances[row, label])) for row, label in enumerate(best)]

    def probabilities(self, texts: Sequence[str]) -> Reals:
        """Return float64 [texts, labels]; of a text without a known word, all are alike.

        They are what the program prints, which is 1e-5 more than what it computes, but 1 at most.
        """
        hidden = np.zeros((len(texts), self.inputs.shape[1]), dtype=np.float32)
        for place, text in enumerate(texts):
            if rows := self._rows_of(text):
                hidden[place] = self.inputs[rows].sum(axis=0, dtype=np.float32) / np.float32(len(rows))
        products = (hidden @ self.outputs.T).astype(np.float64)
        loss = self.settings["loss"]
        if loss == _HIERARCHICAL:
            return np.minimum(self._by_tree(products), 1.0)
        if loss != _SOFTMAX:
            found = _sigmoids(products)
        else:
            found = np.ones((len(texts), 1))
            if len(self.labels) > 1:
                found = probabilities(products, Calibration(), False)
        return np.minimum(found + _LEAST, 1.0)

    def _rows_of(self, text: str) -> list[int]:
        """Return the rows of the input matrix that a text adds up."""
        rows: list[int] = []
        hashes: list[int] = []
        for token in (*text.encode("utf-8", "surrogateescape").translate(_TO_SPACE).split(b" "), _END.encode()):
            if not token or (token.startswith(_PREFIX.encode()) and token not in self.numbers):
                continue
            if token not in self._rows:
                self._rows[token] = self._rows_of_token(token), _signed(_hash(token))
            of_token, hashed = self._rows[token]
            rows += of_token
            hashes.append(hashed)
        for start in range(len(hashes)):
            value = hashes[start] & _WIDE
            for end in range(start + 1, min(len(hashes), start + self.settings["wordNgrams"])):
                value = (value * _NGRAM_FACTOR + hashes[end]) & _WIDE
                self._add_ngram(value % self.settings["bucket"], rows)
        return rows

    def _rows_of_token(self, token: bytes) -> list[int]:
        number = self.numbers.get(token)
        rows = [] if number is None else [number]
        if token != _END.encode() and self.settings["maxn"] > 0:
            self._add_subwords(b"<" + token + b">", rows)
        return rows

    def _add_subwords(self, word: bytes, rows: list[int]) -> None:
        shortest, longest = self.settings["minn"], self.settings["maxn"]
        starts = [at for at, byte in enumerate(word) if byte & 0xC0 != 0x80] + [len(word)]
        for first in range(len(starts) - 1):
            for length in range(1, min(longest, len(starts) - 1 - first) + 1):
                is_edge = length == 1 and (first == 0 or first + length == len(starts) - 1)
                if length >= shortest and not is_edge:
                    ngram = word[starts[first] : starts[first + length]]
                    self._add_ngram(_hash(ngram) % self.settings["bucket"], rows)

    def _add_ngram(self, number: int, rows: list[int]) -> None:
        if self.kept is not None:
            if number not in self.kept:
                return
            number = self.kept[number]
        rows.append(len(self.numbers) + number)

    @cached_property
    def _tree(self) -> list[tuple[int, int]]:
        """The children of each inner node, of which the last is the root; labels come before inner nodes."""
        labels = len(self.counts)
        counts = [*self.counts, *([10**15] * (labels - 1))]
        leaf, node = labels - 1, labels
        found: list[tuple[int, int]] = []
        for inner in range(labels, 2 * labels - 1):
            pair = []
            for _ in range(2):
                if leaf >= 0 and counts[leaf] < counts[node]:
                    pair.append(leaf)
                    leaf -= 1
                else:
                    pair.append(node)
                    node += 1
            counts[inner] = counts[pair[0]] + counts[pair[1]]
            found.append((pair[0], pair[1]))
        return found

    def _by_tree(self, products: Reals) -> Reals:
        labels = len(self.labels)
        found = np.zeros((len(products), labels))
        scores: dict[int, Any] = {2 * labels - 2: np.zeros(len(products))}
        for inner in range(2 * labels - 2, labels - 1, -1):
            chance = 1 / (1 + np.exp(-products[:, inner - labels]))
            score = scores.pop(inner)
            for child, share in zip(self._tree[inner - labels], (1 - chance, chance), strict=True):
                scores[child] = score + np.log(share + _LEAST)
        for label, score in scores.items():
            found[:, label] = np.exp(score)
        return found


def _sigmoids(products: Reals) -> Reals:
    """Return the sigmoids of products, as the program looks them up in its table."""
    steps = np.clip(((products + 8) * (_TABLE / 16)).astype(np.int64), 0, _TABLE)
    found = 1 / (1 + np.exp(8 - steps * (16 / _TABLE)))
    return np.where(products < -8, 0.0, np.where(products > 8, 1.0, found))


_TO_SPACE = bytes(ord(" ") if byte in _SPACES else byte for byte in range(256))


def _hash(data: bytes) -> int:
    """Return the program's hash, FNV-1a but that bytes above 127 are negative numbers."""
    value = 2166136261
    for byte in data:
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return value


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


class _Reader:
    """Reads a file from its start."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data, self._at = path, data, 0

    def classifier(self) -> FastTextClassifier:
        magic, version = self._take("<2i")
        if magic != _MAGIC or version not in _VERSIONS:
            raise InputError(f"{self._path} has version {version} of fastText's format; expected 11 or 12")
        settings = dict(zip(_NAMES, self._take(_SETTINGS), strict=True))
        if settings["model"] != _SUPERVISED:
            raise InputError(f"{self._path} holds vectors of words, and is no classifier")
        if version == 11:
            settings["maxn"] = 0  # which classifiers of this version did without
        entries, words, labels, _, pruned = self._take("<3i2q")
        if entries != words + labels or words < 0 or labels < 1:
            raise InputError(f"{self._path} is damaged: its dictionary has {words} words and {labels} labels")
        found = [self._entry() for _ in range(entries)]
        numbers = {name: row for row, (name, _) in enumerate(found[:words])}
        kept = None
        if pruned >= 0:
            pairs = self._array("<i4", 2 * pruned).reshape(-1, 2).tolist()
            kept = dict(pairs)
        is_quantised = bool(self._take("<?")[0])
        inputs = self._matrix(is_quantised)
        outputs = self._matrix(bool(self._take("<?")[0]))
        return FastTextClassifier(
            self._path,
            tuple(name.decode("utf-8", "replace").removeprefix(_PREFIX) for name, _ in found[words:]),
            tuple(count for _, count in found[words:]),
            numbers,
            kept,
            settings,
            inputs,
            outputs,
        )

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _entry(self) -> tuple[bytes, int]:
        end = self._data.index(b"\0", self._at)
        name = self._data[self._at : end]
        self._at = end + 1
        count, _ = self._take("<qb")
        return name, count

    def _array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self._data, dtype=dtype, count=count, offset=self._at)
        self._at += found.nbytes
        return found

    def _matrix(self, is_quantised: bool) -> Matrix:
        if not is_quantised:
            rows, columns = self._take("<2q")
            return self._array("<f4", rows * columns).reshape(rows, columns)
        has_norms, rows, columns, size = self._take("<?2qi")
        codes = self._array("u1", size)
        found = self._decoded(codes, rows)
        if found.shape != (rows, columns):
            raise ValueError("a quantised matrix has other columns than it says")
        if has_norms:
            found *= self._decoded(self._array("u1", rows), rows)
        return found

    def _decoded(self, codes: npt.NDArray[np.uint8], rows: int) -> Matrix:
        """Return float32 [rows, dim] of the codes that stand before the centroids."""
        dim, parts, size, last = self._take("<4i")
        centroids = self._array("<f4", dim * _CENTROIDS)
        found = np.empty((rows, dim), dtype=np.float32)
        codes = codes.reshape(rows, parts)
        for part in range(parts):
            width = last if part == parts - 1 else size
            start = part * _CENTROIDS * size
            table = centroids[start : start + _CENTROIDS * width].reshape(_CENTROIDS, width)
            found[:, part * size : part * size + width] = table[codes[:, part]]
        return found
