"""Gensim's own files: `KeyedVectors`, `Word2Vec` and `FastText`, as versions 3.8 to 4.4 save them.

`save` of these classes writes such a file, and `load` reads it. It is a pickle; arrays of 10,485,760 numbers or
more are beside it, such as `NAME.vectors.npy`. Pickles are read as plain data, so that nothing in them is run,
and Gensim is not needed. The counts n, n - 1, ... 1, which Gensim makes up for vectors without counts, are read
as unknown.

Written is a `KeyedVectors`, or with FastText's subwords a `FastTextKeyedVectors`, whose words' own vectors are
computed from the composed ones. The composed vectors are in the file too, unlike in Gensim's own files, so that
Gensim need not compute them when it opens the file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats import _pickle_writing as pickled
from wvcli.formats._arrays import (
    Counts,
    as_counts,
    check_counts,
    check_matrix,
    check_words,
    map_array,
    vectors_of,
    vocabulary_of,
)
from wvcli.formats._format import Format, Kept, Writing
from wvcli.formats._pickle_objects import Array, PickledObject
from wvcli.formats._pickle_reading import load
from wvcli.formats._reading import RowCollector
from wvcli.system.paging import ComputedRows, blocks
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.word_vectors import Vectors

_KEYED = "gensim.models.keyedvectors."
_FASTTEXT = "gensim.models.fasttext."
_VECTOR_CLASSES = frozenset(
    [_KEYED + name for name in ("KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors")]
    + [_KEYED + "FastTextKeyedVectors", _FASTTEXT + "FastTextKeyedVectors"]
)
_MODEL_CLASSES = frozenset(["gensim.models.word2vec.Word2Vec", _FASTTEXT + "FastText"])
# What these contain besides: settings, among them callables in versions 3 and 4, and states of random generators.
_PARTS = frozenset(
    [_KEYED + "Vocab", _KEYED + "CompatVocab"]
    + ["gensim.models.word2vec." + name for name in ("Vocab", "Word2VecTrainables", "Word2VecVocab")]
    + [_FASTTEXT + name for name in ("FastTextTrainables", "FastTextVocab")]
    + ["gensim.utils.call_on_class_only"]
    + [
        f"{module}.{name}"
        for module in ("builtins", "__builtin__")
        for name in ("hash", "int", "set", "frozenset")
    ]
    + ["__builtin__.long"]
    + ["numpy.random.__RandomState_ctor", "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64"]
    + [f"numpy.random._pickle.__{name}_ctor" for name in ("randomstate", "bit_generator", "generator")]
    + ["numpy.float32", "numpy.float64", "numpy.uint32", "numpy.int64"]
)
_ADMITTED = _VECTOR_CLASSES | _MODEL_CLASSES | _PARTS
_SETTINGS = {
    "window": "window",
    "epochs": "epochs",
    "min_count": "min_count",
    "negative": "negative",
    "ns_exponent": "noise_exponent",
    "sample": "sample",
    "alpha": "alpha",
    "min_alpha": "min_alpha",
    "seed": "seed",
}
_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # how files of PyTorch before 1.6 begin
_BESIDE = 10 * 1024**2  # numbers; Gensim puts an array of that many beside the file
_SAVE_AGAIN = "open it with Gensim 3.8.3 and save it again"
_COMPOSED_AT_ONCE = 16_384  # words whose vectors are computed at a time
_MADE_UP_FROM = 10  # words from which on counts of n, n - 1, ... 1 are considered made up


class _SavedObject:
    """The attributes of a saved object, in the file or beside it."""

    def __init__(self, path: Path, prefix: str, saved: PickledObject) -> None:
        self.path = path
        self.state = saved.state
        self.is_fasttext = saved.name.endswith("FastTextKeyedVectors")
        self._prefix = prefix

    def array(self, *names: str) -> npt.NDArray[Any] | None:
        """Return the matrix with the first of these names that exists, or None.

        Raises:
            InputError: it is not a matrix of floating-point numbers, or its file is missing.
        """
        beside = self.state.get("__numpys")
        for name in names:
            held = self.state.get(name)
            if isinstance(held, Array):
                found = self._numbers(name, held)
            elif isinstance(beside, list) and name in beside:
                found = map_array(self._path_of(name))
            else:
                continue
            check_matrix(self.path, name, found)
            return found
        return None

    def has(self, name: str) -> bool:
        """Return whether there is an array with this name, in the file or beside it."""
        beside = self.state.get("__numpys")
        is_beside = isinstance(beside, list) and name in beside
        return isinstance(self.state.get(name), Array) or (is_beside and self._path_of(name).is_file())

    def _path_of(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}{self._prefix}.{name}.npy")

    def _numbers(self, name: str, held: Array) -> npt.NDArray[Any]:
        try:
            return held.numbers()
        except (ValueError, TypeError) as error:
            raise InputError(f"{self.path} is damaged: {name!r}: {error}") from error

    def words(self) -> list[str]:
        """Return the words in the order of the rows."""
        for name in ("index_to_key", "index2word", "index2entity"):
            words = self.state.get(name)
            is_complete = name != "index_to_key" or isinstance(self.state.get("key_to_index"), dict)
            if isinstance(words, list) and is_complete:
                check_words(self.path, words)
                return words
        raise InputError(f"{self.path} has no words")

    def counts(self, words: list[str]) -> Counts | None:
        """Return int64 [words], the counts of these, the first words, or None when unknown."""
        total = len(self.words())
        extra, old = self.state.get("expandos"), self.state.get("vocab")
        if isinstance(extra, dict) and isinstance(extra.get("count"), Array):
            counts = as_counts(self.path, self._numbers("count", extra["count"]))
        elif isinstance(old, dict) and old:
            counts = self._old_counts(old, self.words())
        else:
            return None
        if len(counts) != total:  # Gensim leaves them short when words are added
            return None
        are_made_up = total >= _MADE_UP_FROM and (counts == np.arange(total, 0, -1)).all()
        return None if are_made_up else counts[: len(words)]

    def _old_counts(self, old: dict[Any, Any], words: list[str]) -> Counts:
        try:
            counts = np.fromiter((old[word].state["count"] for word in words), np.int64, len(words))
        except (KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{self.path} is damaged: its counts do not belong to its words") from error
        check_counts(self.path, counts)
        return counts

    def subwords(self) -> Subwords | None:
        """Return the vectors of the n-grams, or None when there are none.

        Raises:
            InputError: they are not hashed as fastText hashes them.
        """
        if not self.is_fasttext or not self.state.get("bucket"):
            return None
        buckets, min_n, max_n = (self.state.get(name) for name in ("bucket", "min_n", "max_n"))
        matrix = self.array("vectors_ngrams")
        if self.state.get("compatible_hash") is not True or matrix is None or len(matrix) != buckets:
            raise InputError(
                f"{self.path} was saved by a Gensim before 3.8, which hashed n-grams in another way",
                _SAVE_AGAIN,
            )
        if not (isinstance(min_n, int) and isinstance(max_n, int) and 0 < min_n <= max_n < 1_000):
            raise InputError(f"{self.path} is damaged: it does not say how long its n-grams are")
        return Subwords(_floats(matrix), min_n, max_n)


class _Training:
    """What a saved model has besides its vectors: settings and output layers."""

    def __init__(self, path: Path, root: PickledObject) -> None:
        parts = {name: root.state.get(name) for name in ("vocabulary", "trainables")}  # of Gensim 3
        inner = {
            name: _SavedObject(path, f".{name}", part)
            for name, part in parts.items()
            if isinstance(part, PickledObject)
        }
        self._parts = [_SavedObject(path, "", root), *inner.values()]

    def _value(self, name: str) -> Any:
        return next((part.state[name] for part in self._parts if name in part.state), None)

    def layer(self, name: str, limit: int | None) -> FloatArray | None:
        """Return an output layer, float32 [words, dim], or None when there is none or its file is missing."""
        for part in self._parts:
            if part.has(name):
                found = part.array(name)
                return None if found is None else _floats(found[:limit])
        return None

    def settings(self, algorithm: str) -> dict[str, Any]:
        """Return how the model was trained, by the names of `TrainSettings`."""
        saved = {ours: self._value(theirs) for theirs, ours in _SETTINGS.items()}
        known = {name: value for name, value in saved.items() if type(value) in (int, float)}
        is_skipgram = bool(self._value("sg"))
        known |= {"context": "sum"} if not is_skipgram and self._value("cbow_mean") == 0 else {}
        return known | {
            "algorithm": algorithm,
            "architecture": "skipgram" if is_skipgram else "cbow",
            "loss": "hierarchical" if self._value("hs") else "negative",
            "fixed_window": self._value("shrink_windows") in (False, 0),
        }


def _weights(
    training: _Training | None, own: npt.NDArray[Any] | None, limit: int | None, algorithm: str
) -> Weights | None:
    """Return what further training needs, as far as the file has it."""
    words = None if own is None else _floats(own[:limit])
    if training is None:
        return None if words is None else Weights(words, None)
    output, tree = training.layer("syn1neg", limit), training.layer("syn1", limit)
    return Weights(words, output, training.settings(algorithm), tree)


def _load(path: Path) -> tuple[_SavedObject, _Training | None]:
    """Return the vectors of a file, and the model around them, if any."""
    root = load(path, _ADMITTED)
    if isinstance(root, PickledObject) and root.name in _MODEL_CLASSES:
        inner = root.state.get("wv")
        if not isinstance(inner, PickledObject):
            raise InputError(f"{path} was saved by a Gensim before 1.0", _SAVE_AGAIN)
        return _SavedObject(path, ".wv", inner), _Training(path, root)
    if isinstance(root, PickledObject) and root.name in _VECTOR_CLASSES:
        return _SavedObject(path, "", root), None
    what = root.name if isinstance(root, PickledObject) else type(root).__name__
    raise InputError(f"{path} is a pickle of {what}; expected KeyedVectors, Word2Vec or FastText of Gensim")


def _read(path: Path, limit: int | None) -> Vectors:
    saved, training = _load(path)
    words = saved.words()[:limit]
    counts = saved.counts(words)
    subwords = saved.subwords()
    own = saved.array("vectors_vocab") if subwords else None
    weights = _weights(training, own, limit, "fasttext" if subwords else "word2vec")
    matrix = saved.array("vectors", "syn0")
    if matrix is None and saved.is_fasttext:
        if subwords and own is not None:
            composed = _composed(path, own[:limit], words, subwords)
            return replace(composed, counts=counts, subwords=subwords, weights=_matching(weights, composed))
        matrix = saved.array("vectors_vocab")
    if matrix is None:
        raise InputError(f"{path} has words but no vectors")
    found = vectors_of(path, words, matrix[:limit], counts=counts)
    if subwords and subwords.matrix.shape[1] != found.dim:
        raise InputError(f"{path} is damaged: its words and its n-grams have different numbers of dimensions")
    return replace(found, subwords=subwords, weights=_matching(weights, found))


def _matching(weights: Weights | None, vectors: Vectors) -> Weights | None:
    """Return the weights without the layers whose shape is not that of the vectors."""
    if weights is None:
        return None
    shape = vectors.matrix.shape

    def matching_layer(layer: FloatArray | None) -> FloatArray | None:
        return layer if layer is not None and layer.shape == shape else None

    return Weights(
        matching_layer(weights.words),
        matching_layer(weights.output),
        weights.settings,
        matching_layer(weights.tree),
    )


def _floats(matrix: npt.NDArray[Any]) -> FloatArray:
    return np.asarray(matrix, dtype="<f4")


def _composed(path: Path, own: npt.NDArray[Any], words: list[str], subwords: Subwords) -> Vectors:
    """Return the words with the mean of their own vector and those of their n-grams, summed in Gensim's order."""
    dim = subwords.matrix.shape[1]
    if own.shape != (len(words), dim):
        raise InputError(
            f"{path} is damaged: its words' own vectors are {list(own.shape)}; expected {[len(words), dim]}"
        )
    rows = RowCollector(path, len(words), dim)
    for start in range(0, len(words), _COMPOSED_AT_ONCE):
        part = words[start : start + _COMPOSED_AT_ONCE]
        vocabulary = vocabulary_of(path, part)
        vectors = np.array(own[start : start + _COMPOSED_AT_ONCE], dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite stay so
            counts = subwords.add_to(vectors, vocabulary.text, vocabulary.offsets)
            vectors /= (counts + 1).astype(np.float32)[:, None]
        rows.add(part, vectors)
    found = rows.vectors()
    if len(found) < len(words):
        raise InputError(f"{path} is damaged: a word occurs twice")
    return found


class _OwnVectors(ComputedRows[np.float32]):
    """The words' own vectors, float32 [words, dim], computed from the composed ones when rows are read."""

    dtype = np.dtype(np.float32)

    def __init__(self, vectors: Vectors, subwords: Subwords) -> None:
        self.shape = vectors.matrix.shape
        self._vectors = vectors
        self._subwords = subwords

    def __getitem__(self, rows: slice, /) -> FloatArray:
        matrix, vocabulary = self._vectors.matrix[rows], self._vectors.vocabulary
        sums = np.zeros(matrix.shape, dtype=np.float32)
        with np.errstate(all="ignore"):  # numbers that are not finite stay so
            bounds = vocabulary.offsets[rows.start : rows.start + len(sums) + 1]
            counts = self._subwords.add_to(sums, vocabulary.text, bounds)
            own: FloatArray = (matrix * (counts[:, None] + 1.0) - sums).astype(np.float32)
        return own


def _write_beside(path: Path, values: Any) -> None:
    """Write a matrix as an `.npy` file, a block at a time."""
    header = {"descr": "<f4", "fortran_order": False, "shape": tuple(map(int, values.shape))}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _, block in blocks(values):
            file.write(np.ascontiguousarray(block, dtype="<f4").data)


def _attributes(vectors: Vectors) -> tuple[dict[str, Iterable[pickled.Part]], dict[str, Any]]:
    """Return the attributes of Gensim's object, already pickled, and its matrices."""
    count = len(vectors)
    batches = (vectors.vocabulary[start : start + pickled.BATCH] for start in range(0, count, pickled.BATCH))
    extra = {} if vectors.counts is None else {"count": pickled.array(vectors.counts)}
    entries: dict[str, Iterable[pickled.Part]] = {
        "index_to_key": pickled.words(batches),  # first: the dict after it refers to the words by their numbers
        "key_to_index": pickled.word_indices(count),
        "vector_size": [pickled.number(vectors.dim)],
        "next_index": [pickled.number(count)],
        "norms": [pickled.constant(None)],
        "expandos": pickled.dictionary(extra),
        "mapfile_path": [pickled.constant(None)],
    }
    matrices: dict[str, Any] = {"vectors": vectors.matrix}
    subwords = vectors.subwords
    if subwords is not None:
        unlocked = np.ones(1, dtype=np.float32)
        numbers = {"min_n": subwords.min_n, "max_n": subwords.max_n, "bucket": len(subwords.matrix)}
        entries |= {name: [pickled.number(value)] for name, value in numbers.items()}
        entries |= {"buckets_word": [pickled.constant(None)], "compatible_hash": [pickled.constant(True)]}
        entries |= {f"vectors_{name}_lockf": pickled.array(unlocked) for name in ("vocab", "ngrams")}
        own = vectors.weights.words if vectors.weights else None
        matrices["vectors_vocab"] = _OwnVectors(vectors, subwords) if own is None else own
        matrices["vectors_ngrams"] = subwords.matrix
    return entries, matrices


def _written(vectors: Vectors) -> Vectors:
    """Return what is written: vectors whose words are made of n-grams keep these, and others are `KeyedVectors`.

    A `FastTextKeyedVectors` says of any word that it is in it, which is not what vectors of words are taken for.
    """
    is_fitted = vectors.subwords is not None and vectors.subwords.is_fitted
    return replace(vectors, subwords=None) if is_fitted else vectors


def _parts(vectors: Vectors, path: Path) -> Iterator[pickled.Part]:
    """Yield the pickle, and write the matrices that go beside it."""
    entries, matrices = _attributes(vectors)
    large = [name for name, values in matrices.items() if values.shape[0] * values.shape[1] >= _BESIDE]
    for name in large:
        _write_beside(path.with_name(f"{path.name}.{name}.npy"), matrices[name])
    entries |= {name: pickled.array(values) for name, values in matrices.items() if name not in large}
    entries |= {"__numpys": pickled.strings(large)}
    entries |= {f"__{name}": pickled.strings([]) for name in ("scipys", "ignoreds", "recursive_saveloads")}
    fasttext = vectors.subwords is not None
    yield pickled.new_object(
        "gensim.models.fasttext" if fasttext else "gensim.models.keyedvectors",
        "FastTextKeyedVectors" if fasttext else "KeyedVectors",
    )
    yield from pickled.attributes(entries)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    with path.open("wb") as file:
        for part in _parts(_written(vectors), path):
            file.write(part)
    return []


def _sniff(head: bytes) -> bool:
    return (
        head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and not head.startswith(_TORCH)
    )


FORMAT = Format(
    name="gensim",
    suffixes=(".kv", ".model"),
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS, Kept.SUBWORDS}),
    sniff=_sniff,
    read=_read,
    write=_write,
    companions=(r"\.vectors(_vocab|_ngrams)?\.npy",),
)
