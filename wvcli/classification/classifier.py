"""A classifier: what it says of texts, why, and how it lies in its file."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from math import inf, isfinite
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.classification import ngram_hashes
from wvcli.classification.calibration import Calibration, probabilities
from wvcli.classification.features import Words
from wvcli.classification.named_ngrams import KINDS, Kind, ngrams_of, numbers_of
from wvcli.classification.ngram_hashes import Hashes
from wvcli.classification.scoring import Scorer
from wvcli.classification.settings import ClassifierSettings
from wvcli.classification.support_vectors import Weights
from wvcli.classification.text_vectors import TextVectors
from wvcli.errors import InputError
from wvcli.models import model_file
from wvcli.models.model_file import KIND, ModelFile
from wvcli.system.parallel import parallel_map, processors
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.batches import Batch, Group
from wvcli.tokens.tokenizing import LARGE, fastest_batch_tokenizer
from wvcli.vectors.vocabulary import Vocabulary

CLASSIFIER = "classifier"  # what its manifest says is in its file
BIAS, VECTORS = "(bias)", "(vectors)"  # parts of a score that are no n-grams

_FEW = 100  # texts, up to which Python is done before the compiled loops are loaded
_MOST_AT_ONCE = 4_096  # texts that a thread scores at a time
_GROUP = 20_000  # texts that `predict` takes at a time

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contribution:
    """What a part of a text adds to the log-odds of a label.

    Attributes:
        part: a word, an n-gram, `(bias)` or `(vectors)`.
        amount: what it adds; negative where it speaks against the label.
        kind: `word`, `words`, `characters`, `bias` or `vectors`.
    """

    part: str
    amount: float
    kind: str


@dataclass(frozen=True, eq=False)
class Classifier:
    """Gives labels to texts, with probabilities.

    Attributes:
        labels: their names, sorted.
        settings: which n-grams count, and how it was trained.
        tokenizer: how texts are split into words.
        hashes: uint64 [features], ascending.
        counts: int64 [features], how many texts had each.
        weights: of the features, see `Weights`.
        calibration: of scores.
        is_multilabel: whether a text may have any number of labels.
        vectors: of texts, from those of words; None where n-grams are all.
        names: the n-grams that speak most for each label, and how much: label, n-gram, kind, weight, texts.
        manifest: everything known of it.
        path: its file, if it is in one.

    Example:
        >>> import wvcli
        >>> reviews = ["good food", "good room", "bad food", "bad room"] * 3
        >>> classifier = wvcli.train_classifier(reviews, labels=["good", "good", "bad", "bad"] * 3)
        >>> classifier.predict(["a good soup"])[0][0]
        'good'
    """

    labels: tuple[str, ...]
    settings: ClassifierSettings
    tokenizer: TokenizerSettings
    hashes: Hashes
    counts: npt.NDArray[np.int64]
    weights: Weights
    calibration: Calibration
    is_multilabel: bool
    vectors: TextVectors | None = None
    names: tuple[tuple[str, str, str, float, int], ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False)
    path: Path | None = None

    def __repr__(self) -> str:
        return f"<Classifier: {len(self.labels):,} labels, {len(self.hashes):,} features>"

    @cached_property
    def _tokenize(self) -> Any:
        return self.tokenizer.tokenize()

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.settings, self.hashes, self.counts, self.weights)

    @cached_property
    def _tokenize_some(self) -> Callable[[Group], Batch]:
        return fastest_batch_tokenizer(self.tokenizer, LARGE)

    def predict(self, texts: Iterable[str]) -> list[tuple[str, float]]:
        """Return the most probable label of each text, and its probability.

        Args:
            texts: strings.
        """
        found: list[tuple[str, float]] = []
        remaining = iter([texts] if isinstance(texts, str) else texts)
        while group := list(islice(remaining, _GROUP)):
            chances = self.probabilities(group)
            best = chances.argmax(axis=1)
            found += [
                (self.labels[label], chance)
                for label, chance in zip(best.tolist(), chances[np.arange(len(best)), best].tolist(), strict=True)
            ]
        return found

    def probabilities(self, texts: Sequence[str]) -> Reals:
        """Return float64 [texts, labels], the probability of each label.

        Without `is_multilabel` those of a text add up to one.
        """
        return probabilities(self.scores(texts), self.calibration, self.is_multilabel)

    def scores(self, texts: Sequence[str]) -> Reals:
        """Return float64 [texts, columns of the weights], the scores before calibration."""
        if (len(texts) <= _FEW and "_scorer" not in self.__dict__) or not _has_loops():
            return np.stack([self._score(text) for text in texts]) if texts else self._no_scores()
        _ = self._scorer, self._tokenize_some  # made here, and not by several threads
        workers = processors()
        size = min(_MOST_AT_ONCE, max(_FEW, -(-len(texts) // workers)))
        parts = [texts[first : first + size] for first in range(0, len(texts), size)]
        found = parallel_map(self._scores_of_some, parts, workers)
        return np.concatenate(found) if found else self._no_scores()

    def _scores_of_some(self, texts: Sequence[str]) -> Reals:
        if any("\n" in text for text in texts):
            texts = [text.replace("\n", " ") for text in texts]
        return self.scores_of_words(Words.of_batch(self._tokenize_some(texts)))

    def probabilities_of_words(self, words: Words) -> Reals:
        """Return what `probabilities` does, of tokenized texts."""
        return probabilities(self.scores_of_words(words), self.calibration, self.is_multilabel)

    def scores_of_words(self, words: Words) -> Reals:
        """Return what `scores` does, of tokenized texts."""
        return self._scorer.scores(words, self.dense(words))

    def dense(self, words: Words) -> Reals:
        """Return float64 [texts, columns], the vectors of texts; without columns where there are no vectors."""
        if self.vectors is None:
            return np.zeros((len(words), 0))
        return self.vectors.of_texts(words)

    def _no_scores(self) -> Reals:
        return np.zeros((0, len(self.weights.biases)))

    def _score(self, text: str) -> Reals:
        """Return float64 [columns], the score of one text, to the last bit as the compiled loops have it."""
        words = self._tokenize(text.replace("\n", " "))
        total: Reals = self.weights.biases.copy()
        for scale, part in self._parts(words):
            some = np.zeros(len(total))
            for number, _, _, _ in part:
                some += self.weights.features[number]
            total += scale * some
        dense = self._dense_of(words)
        for column in range(len(dense)):
            total += dense[column] * self.weights.dense[column]
        return total

    def _dense_of(self, words: list[str]) -> Reals:
        distinct = list(dict.fromkeys(words))
        ids = np.array([distinct.index(word) for word in words], dtype=np.int32)
        found: Reals = self.dense(Words(distinct, ids, np.array([0, len(words)], dtype=np.int64)))[0]
        return found

    def _parts(self, words: Sequence[str]) -> Iterator[tuple[float, list[tuple[int, str, Kind, tuple[int, ...]]]]]:
        """Yield for each part of a row its scale, and the number, name, kind and words of each feature in it."""
        for kind in KINDS:
            found: dict[int, tuple[str, list[int]]] = {}
            for hashed, name, places in ngrams_of(words, self.settings, kind):
                found.setdefault(hashed, (name, []))[1].extend(places)
            ngrams = [(hashed, name, tuple(places)) for hashed, (name, places) in found.items()]
            known = [
                (number, name, kind, places)
                for number, (_, name, places) in zip(numbers_of(ngrams, self.hashes), ngrams, strict=True)
                if number >= 0
            ]
            yield 1 / float(np.sqrt(max(len(known), 1))), known

    def contributions(self, text: str, label: str | None = None, by: str = "word") -> list[Contribution]:
        """Return what each part of a text adds to the log-odds of a label; together they are the log-odds.

        For one of more than two labels these are its log-odds against all others, before labels are compared.

        Args:
            text: the text.
            label: its name; None for the most probable one.
            by: `word` to have what n-grams add divided among their words; `ngram` for each n-gram, largest first.

        Raises:
            InputError: there is no such label.
        """
        column, sign = self._column(label if label is not None else self.predict([text])[0][0])
        words = self._tokenize(text.replace("\n", " "))
        factor = sign / self.calibration.temperature
        of_words: dict[int, float] = defaultdict(float)
        of_ngrams: list[Contribution] = []
        for scale, part in self._parts(words):
            for number, name, kind, places in part:
                amount = factor * scale * float(self.weights.features[number, column])
                of_ngrams.append(Contribution(name, amount, kind))
                for place in places:
                    of_words[place] += amount / len(places)
        shift = self.calibration.shift if isfinite(self.calibration.shift) else 0.0
        rest = [Contribution(BIAS, factor * float(self.weights.biases[column]) + shift, "bias")]
        if self.vectors is not None:
            amount = factor * float(self._dense_of(words) @ self.weights.dense[:, column])
            rest.append(Contribution(VECTORS, amount, "vectors"))
        if by == "ngram":
            return sorted(of_ngrams, key=lambda each: -abs(each.amount)) + rest
        return [Contribution(word, of_words[place], "word") for place, word in enumerate(words)] + rest

    def _column(self, label: str) -> tuple[int, int]:
        """Return the column of weights of a label, and 1, or -1 where the column is that of the other label."""
        if label not in self.labels:
            raise InputError(f"there is no label {label!r}", f"known: {', '.join(self.labels[:20])}")
        number = self.labels.index(label)
        if len(self.weights.biases) == len(self.labels):
            return number, 1
        return 0, 1 if number else -1

    def save(self, path: str | PathLike[str], overwrite: bool = False) -> None:
        """Write the classifier to a file.

        Args:
            path: the file to make.
            overwrite: replace an existing file.

        Raises:
            UsageError: the file exists and `overwrite` is false.
            WvcliError: the disk is full or the folder cannot be written.
        """
        tensors: dict[str, npt.NDArray[Any]] = {
            "features.hashes": self.hashes,
            "features.counts": self.counts.astype(np.uint32),
            "features.names": np.frombuffer(json.dumps(self.names, ensure_ascii=False).encode(), dtype=np.uint8),
            "bias": self.weights.biases,
        }
        tensors |= _stored(self.weights.features, str(self.manifest.get("weights", "float32")))
        if self.vectors is not None:
            vocabulary = self.vectors.vocabulary
            tensors |= {
                "vectors.matrix": self.vectors.matrix.astype(np.float16),
                "vectors.weights": self.vectors.weights,
                "vectors.component": self.vectors.component,
                "vectors.learned": self.weights.dense,
                "vectors.vocabulary.text": np.asarray(vocabulary.text),
                "vectors.vocabulary.offsets": np.asarray(vocabulary.offsets),
                "vectors.vocabulary.order": np.asarray(vocabulary.order),
            }
        about = {
            KIND: CLASSIFIER,
            "labels": list(self.labels),
            "settings": {"algorithm": "classifier", **self.settings.to_json()},
            "tokenizer": self.tokenizer.to_json(),
            "temperature": self.calibration.temperature,
            "shift": self.calibration.shift if isfinite(self.calibration.shift) else None,
            "multilabel": self.is_multilabel,
            "hashing": ngram_hashes.HASHING,
        }
        model_file.save(Path(path), tensors, {**self.manifest, **about}, overwrite)

    @classmethod
    def open(cls, path: Path) -> "Classifier":
        """Open the file of a classifier.

        Raises:
            InputError: it is missing, damaged, newer than this program, or no classifier.
        """
        what = "wvcli classify train SOURCE makes one of texts with labels"
        model = model_file.open_kind(path, CLASSIFIER, what)
        with model_file.reading_manifest(path):
            return _opened(cls, model)


def _opened(cls: type[Classifier], model: ModelFile) -> Classifier:
    manifest, tensors = model.manifest, model.tensors
    labels = tuple(map(str, manifest["labels"]))
    if manifest["hashing"] != ngram_hashes.HASHING:
        raise InputError(f"{model.path} has unknown hashes, {manifest['hashing']}", "install a newer wvcli")
    columns = len(tensors["bias"])
    features = _restored(tensors)
    hashes = np.asarray(tensors["features.hashes"])
    fits = features.shape == (len(hashes), columns) and len(tensors["features.counts"]) == len(hashes)
    expected = 1 if len(labels) == 2 and not manifest["multilabel"] else len(labels)
    if not fits or columns != expected or len(labels) < 2 or bool((hashes[1:] <= hashes[:-1]).any()):
        raise InputError(f"{model.path} is damaged: its arrays do not fit its labels")
    vectors, dense = None, np.zeros((0, columns))
    if "vectors.matrix" in tensors:
        words = {name: tensors[f"vectors.vocabulary.{name}"] for name in ("text", "offsets", "order")}
        vocabulary = Vocabulary(**words, source=str(model.path))
        arrays = {
            name: tensors[f"vectors.{name}"].astype(np.float32) for name in ("matrix", "weights", "component")
        }
        vectors = TextVectors(vocabulary, **arrays)
        dense = np.asarray(tensors["vectors.learned"], dtype=np.float64)
        if dense.shape != (vectors.columns, columns):
            raise InputError(f"{model.path} is damaged: its vectors do not fit its labels")
    shift = manifest.get("shift")
    return cls(
        labels,
        ClassifierSettings.from_json(manifest["settings"]),
        TokenizerSettings.from_json(manifest["tokenizer"]),
        hashes,
        np.asarray(tensors["features.counts"]).astype(np.int64),
        Weights(features, dense, np.asarray(tensors["bias"], dtype=np.float64)),
        Calibration(float(manifest["temperature"]), -inf if shift is None else float(shift)),
        bool(manifest["multilabel"]),
        vectors,
        tuple(map(_name, json.loads(tensors["features.names"].tobytes()))),
        manifest,
        model.path,
    )


@cache
def _has_loops() -> bool:
    """Whether the compiled loops can be used; without them, all is done in Python."""
    try:
        from wvcli.classification import ngram_loops, solver_loops  # noqa: F401
    except (ImportError, RuntimeError):
        return False
    return True


def _name(values: Any) -> tuple[str, str, str, float, int]:
    label, ngram, kind, weight, texts = values
    return str(label), str(ngram), str(kind), float(weight), int(texts)


def quantised(weights: npt.NDArray[np.float32], dtype: str) -> npt.NDArray[np.float32]:
    """Return weights as they are read back from a file that holds them so."""
    return _restored(_stored(weights, dtype))


def _stored(weights: npt.NDArray[np.float32], dtype: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays by which a file holds weights."""
    if dtype != "int8":
        return {"features.weights": weights.astype(dtype)}
    largest = np.abs(weights).max(axis=0, initial=0)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return {"features.weights": np.rint(weights / scales).astype(np.int8), "features.scales": scales}


def _restored(tensors: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """Return the weights that a file holds."""
    stored = tensors["features.weights"]
    if "features.scales" in tensors:
        return np.ascontiguousarray(stored.astype(np.float32) * tensors["features.scales"])
    return np.ascontiguousarray(stored, dtype=np.float32)
