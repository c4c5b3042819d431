"""Texts as vectors: split into words as the model's own text was, looked up, and encoded batch by batch."""

import sys
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wvcli.errors import InputError, UsageError
from wvcli.models import model_file, opening
from wvcli.reporting import OnNote, OnProgress, ReadingProgress, ignore_note, ignore_progress
from wvcli.system.parallel import processors
from wvcli.system.tensor_files import sha256_of
from wvcli.text.settings import Sources, TextSettings
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.batches import Batch, batch_tokenizer
from wvcli.tokens.phrases import join_batch
from wvcli.tokens.shards import TEXT_END
from wvcli.tokens.tokenizing import batches
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.sentences import (
    COMPONENTS,
    Components,
    CountArray,
    Moments,
    SentenceEncoder,
    Weighting,
    word_probabilities,
    word_weights,
)
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__

KIND = "sentence encoder"

Missing = Literal["skip", "subword"]
_ARRAYS = ("weights", "directions", "shares")
_LOOKED_UP = 4_096  # distinct words after which all words of the model are put in a dictionary
_SAMPLED = 10_000  # words among which capitals are looked for


@dataclass(frozen=True)
class Encoded:
    """Some texts as vectors.

    Attributes:
        vectors: float32 [texts, dim]; zeros for a text without a known word.
        known: int64 [texts], how many words of each have a vector.
        batch: the texts as the tokenizer split them.
    """

    vectors: FloatArray
    known: CountArray
    batch: Batch


def tokenizer_of(vectors: Vectors) -> TokenizerSettings:
    """Return how to split texts for a model: as the text that it was trained on.

    Where that is not known, as for vectors of other systems, words are in lower case unless some of the model's
    frequent words have capitals.

    Raises:
        InputError: the manifest of the model is damaged.
    """
    recorded = vectors.manifest.get("tokenizer")
    if recorded:
        with model_file.reading_manifest(vectors.path):
            return TokenizerSettings.from_json(recorded)
    frequent = vectors.vocabulary[: min(len(vectors), _SAMPLED)]
    return TokenizerSettings(lowercase=all(word == word.lower() for word in frequent))


class WordRows:
    """Finds the rows of words as `Vectors.index` does, and remembers them.

    Args:
        vectors: the model.
        missing: whether words outside the vocabulary get vectors from their subwords.
    """

    def __init__(self, vectors: Vectors, missing: Missing) -> None:
        self._vectors = vectors
        self._has_subwords = missing == "subword"
        self._rows: dict[str, int] = {}
        self._all: dict[str, int] | None = None

    def of(self, words: Iterable[str]) -> tuple[RowArray, FloatArray | None]:
        """Return int64 [words], their rows, -1 where there is no vector, and the vectors made of subwords.

        Those, float32 [others, dim], have the rows that follow the last one of the model.
        """
        known = self._rows
        listed = list(words)
        rows = np.fromiter((self._found(word) if word not in known else known[word] for word in listed), np.int64)
        if not self._has_subwords:
            return rows, None
        outside = np.flatnonzero(rows < 0)
        vectors, has_ngrams = self._composed([listed[place] for place in outside.tolist()])
        rows[outside[has_ngrams]] = len(self._vectors) + np.arange(len(vectors))
        return rows, vectors

    def _found(self, word: str) -> int:
        """Look up a word that was not looked up before."""
        if self._all is None and len(self._rows) >= _LOOKED_UP:
            self._all = {each: row for row, each in enumerate(self._vectors.vocabulary)}
        row = None if self._all is None else self._all.get(word)
        is_plain = word.isascii() and " " not in word and self._vectors.normalize(word) == word
        if row is None and not (self._all is not None and is_plain):
            row = self._vectors.index(word)
        found = self._rows[word] = -1 if row is None else row
        return found

    def _composed(self, words: list[str]) -> tuple[FloatArray, np.ndarray[Any, np.dtype[np.bool_]]]:
        """Return float32 [found, dim], the vectors of words made of subwords, and bool [words], which have one."""
        subwords, dim = self._vectors.subwords, self._vectors.dim
        if subwords is None or not words:
            return np.zeros((0, dim), dtype=np.float32), np.zeros(len(words), dtype=np.bool_)
        coded = [self._vectors.normalize(word).encode("utf-8", "replace") for word in words]
        offsets = np.zeros(len(coded) + 1, dtype=np.int64)
        np.cumsum([len(code) for code in coded], out=offsets[1:])
        sums = np.zeros((len(words), dim), dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            counts = subwords.add_to(sums, np.frombuffer(b"".join(coded), dtype=np.uint8), offsets)
        has_ngrams = counts > 0
        vectors = sums[has_ngrams]
        vectors /= counts[has_ngrams, None].astype(np.float32)
        return vectors, has_ngrams


class TextEncoder:
    """Makes vectors of texts, all in one space.

    Without a fit, the common components are told from the model's words alone, so that the same text has the same
    vector whatever it stands beside.

    Args:
        model: vectors, or the file of a model; None for the newest model in the current folder.
        method: how words are weighted: `mean`, `idf`, `sif` or `usif`.
        components: how many common components are removed; None for as many as is usual with the method.
        missing: `subword` gives words outside the vocabulary vectors from their subwords, `skip` leaves them out;
            None is `subword` for FastText models.
        fit: a text in which common components are found and, for `idf`, words counted, as the sources of
            `wvcli.train`.
        tokenizer: how texts are split; None for how the model's text was.
        reading: how `fit` is read, by the names of `wvcli.train`: `column`, `field`, `encoding` and so on.
        on_progress: called with how much of `fit` is read.

    Attributes:
        vectors: the model.
        tokenizer: how texts are split.
        fitted: what is known of the fit: the method, and the texts and words that were read.

    Raises:
        UsageError: there is no such method, `idf` has no text to count in, or the model has no subwords.
        InputError: the model or the text cannot be read.

    Example:
        >>> import wvcli
        >>> encoder = wvcli.TextEncoder("animals.safetensors")
        >>> vectors = encoder.encode(["the cat sleeps", "a dog barks", ""])
        >>> vectors.shape, bool(vectors[2].any())
        ((3, 50), False)
    """

    def __init__(
        self,
        model: Vectors | str | PathLike[str] | None = None,
        *,
        method: Weighting = "sif",
        components: int | None = None,
        missing: Missing | None = None,
        fit: "Sources | None" = None,
        tokenizer: TokenizerSettings | None = None,
        reading: dict[str, Any] | None = None,
        on_progress: OnProgress = ignore_progress,
    ) -> None:
        vectors = self._begin(model, missing, tokenizer)
        if method not in COMPONENTS:
            raise UsageError(f"there is no method {method!r}", f"there are {', '.join(COMPONENTS)}")
        self.fitted: dict[str, Any] = {"method": method, "texts": 0, "tokens": 0}
        if fit is None:
            self._sentences = SentenceEncoder.of_words(vectors.matrix, vectors.counts, method, components)
        else:
            text = TextSettings.of(fit, tokenizer=self.tokenizer, **(reading or {}))
            self._sentences = self._fitted_to(text, method, components, on_progress)
        self.fitted["components"] = len(self._sentences.components.shares)

    def _begin(
        self,
        model: Vectors | str | PathLike[str] | None,
        missing: Missing | None,
        tokenizer: TokenizerSettings | None,
    ) -> Vectors:
        """Take up the model, and how texts are split."""
        self.vectors = model if isinstance(model, Vectors) else opening.load(model)
        if missing == "subword" and self.vectors.subwords is None:
            raise UsageError(
                "this model has no subwords",
                "FastText models have some, and those trained or imported with `unknown_words=subwords`",
            )
        self.missing: Missing = missing or ("subword" if self.vectors.answers_unknown_words else "skip")
        self.tokenizer = tokenizer or tokenizer_of(self.vectors)
        self._tokenize = batch_tokenizer(self.tokenizer)
        self._phrases = model_file.phrases_of(self.vectors)
        self._rows = WordRows(self.vectors, self.missing)
        return self.vectors

    def _fitted_to(
        self, text: TextSettings, method: Weighting, components: int | None, on_progress: OnProgress
    ) -> SentenceEncoder:
        """Return the encoder fitted to a text, which is read twice where both words and products are counted."""
        vectors = self.vectors
        wanted = COMPONENTS[method] if components is None else components
        if method == "idf" and wanted and (text.texts_in_memory or "-" in text.sources):
            raise UsageError(
                "`method=idf` with `components` reads the text to be fitted to twice", "name it as a file"
            )
        counted = np.zeros(len(vectors), dtype=np.int64) if method == "idf" else None
        texts = 0
        if counted is not None:
            for rows, bounds, _ in self._read(text, on_progress):
                number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
                inside = (rows >= 0) & (rows < len(vectors))
                distinct = np.unique(number[inside] * len(vectors) + rows[inside]) % len(vectors)
                counted += np.bincount(distinct, minlength=len(vectors))
                texts += len(bounds) - 1
        weights = word_weights(method, word_probabilities(len(vectors), vectors.counts), counted, texts)
        of_others = float(np.log(1 + texts) + 1) if method == "idf" else 1.0
        encoder = SentenceEncoder(vectors.matrix, weights, Components.none(vectors.dim), of_others)
        if counted is not None and not wanted:
            return encoder
        moments = Moments(vectors.dim)
        self.fitted["texts"] = self.fitted["tokens"] = 0
        for rows, bounds, further in self._read(text, on_progress):
            moments.add(encoder.means(rows, bounds, further)[0])
        if not moments.texts:
            raise InputError("none of the texts to be fitted to has a word of the model")
        found = moments.components(method, components)
        return SentenceEncoder(vectors.matrix, weights, found, of_others)

    def _read(
        self, text: TextSettings, on_progress: OnProgress
    ) -> Generator[tuple[RowArray, RowArray, FloatArray | None], None, None]:
        """Read a text with all processors; yield its batches as `rows_of` returns them."""
        corpus = text.corpus()
        size = corpus.size()
        corpus.on_bytes = ReadingProgress(on_progress, size).add
        with closing(batches(corpus.blocks(), self.tokenizer, processors(), size)) as tokenized:
            for batch in tokenized:
                rows, bounds, further = self.rows_of(batch)
                self.fitted["texts"] += len(bounds) - 1
                self.fitted["tokens"] += len(rows)
                yield rows, bounds, further
        self.fitted["sources"], self.fitted["sha256"] = list(text.to_json()["sources"]), corpus.fingerprint()

    def rows_of(self, batch: Batch) -> tuple[RowArray, RowArray, FloatArray | None]:
        """Return int64 [tokens] and [texts + 1], the rows of the words of texts, and the vectors of further ones.

        They are what `SentenceEncoder.encode` takes.
        """
        words, ids = join_batch(batch, self._phrases)
        of_words, further = self._rows.of(words)
        ends = np.flatnonzero(ids == TEXT_END)
        rows = np.append(of_words, -1).take(np.delete(ids, ends), mode="clip")
        bounds = np.concatenate([[0], ends - np.arange(len(ends))])
        return rows, bounds, further

    def encode_batch(self, batch: Batch) -> Encoded:
        """Return the vectors of texts that are split into words already."""
        vectors, known = self._sentences.encode(*self.rows_of(batch))
        return Encoded(vectors, known, batch)

    def encode_some(self, texts: Sequence[str]) -> Encoded:
        """Return the vectors of some texts, and what is known of them."""
        return self.encode_batch(self._tokenize(texts))

    def encode_all(self, texts: Iterable[str | bytes], size: int | None = None) -> Generator[Encoded, None, None]:
        """Yield the vectors of many texts in order, a batch at a time, with all processors.

        Args:
            texts: one by one; or lines of UTF-8 many at a time, each with its line feed.
            size: bytes of all texts, if known.
        """
        with closing(batches(texts, self.tokenizer, processors(), size)) as tokenized:
            for batch in tokenized:
                yield self.encode_batch(batch)

    def encode_with_texts(
        self, texts: Iterable[str], size: int | None = None
    ) -> Generator[tuple[list[str], Encoded], None, None]:
        """Yield what `encode_all` does, each batch with its texts."""
        waiting: deque[str] = deque()  # texts that are being split; how far `encode_all` reads ahead is its own

        def noted() -> Iterator[str]:
            for text in texts:
                waiting.append(text)
                yield text

        with closing(self.encode_all(noted(), size)) as batches_encoded:
            for encoded in batches_encoded:
                yield [waiting.popleft() for _ in range(len(encoded.known))], encoded

    def encode(self, texts: str | Iterable[str]) -> FloatArray:
        """Return float32 [texts, dim], the vector of each text; zeros where it has no known word.

        A single string is one text.

        Raises:
            UsageError: a text is not a string.
        """
        given = [texts] if isinstance(texts, str) else texts
        if not isinstance(given, Iterable):
            raise UsageError(f"texts are strings, not a value of the type {type(texts).__name__}")
        parts = [encoded.vectors for encoded in self.encode_all(map(_as_text, given))]
        return np.concatenate([np.zeros((0, self.vectors.dim), dtype=np.float32), *parts])

    def identity(self) -> dict[str, Any]:
        """Return by what vectors of another encoder are told from those of this one."""
        components = self._sentences.components
        arrays = (self._sentences.weights, components.directions, components.shares)
        return {
            "model": model_file.fingerprint(self.vectors),
            "method": self.fitted["method"],
            "missing": self.missing,
            "tokenizer": self.tokenizer.to_json(),
            **{name: sha256_of(array) for name, array in zip(_ARRAYS, arrays, strict=True)},
        }

    def save(self, path: str | PathLike[str], overwrite: bool = False) -> Path:
        """Write the weights and common components to a file, from which `load` makes the same encoder.

        A name without a suffix gets `.safetensors`. The file is for this model alone.

        Raises:
            UsageError: the file exists and `overwrite` is false.
            WvcliError: it cannot be written.
        """
        target = model_file.named(path)
        components = self._sentences.components
        manifest = {
            model_file.KIND: KIND,
            "fit": self.fitted | {"missing": self.missing, "weight_of_others": self._sentences.weight_of_others},
            "tokenizer": self.tokenizer.to_json(),
            "model": _identity(self.vectors),
            "versions": {"wvcli": __version__, "python": sys.version.split()[0], "numpy": np.__version__},
        }
        arrays = (self._sentences.weights, components.directions, components.shares)
        model_file.save(target, dict(zip(_ARRAYS, arrays, strict=True)), manifest, overwrite)
        return target

    @classmethod
    def load(cls, path: str | PathLike[str], model: Vectors | str | PathLike[str] | None = None) -> "TextEncoder":
        """Open an encoder that `save` wrote.

        Args:
            path: the file.
            model: the model that it was made for, or its file.

        Raises:
            InputError: the file is missing, damaged, or no such encoder; or it was made for another model.
        """
        hint = "wvcli embed --fit SOURCE --save-fit FILE makes one"
        file = model_file.open_kind(Path(path), KIND, hint)
        encoder = cls.__new__(cls)
        with model_file.reading_manifest(file.path):
            fitted = dict(file.manifest["fit"])
            missing: Missing = fitted.pop("missing")
            of_others = float(fitted.pop("weight_of_others"))
            vectors = encoder._begin(model, missing, TokenizerSettings.from_json(file.manifest["tokenizer"]))
            if file.manifest["model"]["fingerprint"] != model_file.fingerprint(vectors):
                raise InputError(
                    f"{file.path} was fitted to another model, {file.manifest['model']['name']}",
                    "name that model, or fit this one",
                )
            weights, directions, shares = (file.tensors[name] for name in _ARRAYS)
        shapes = (len(vectors),), (len(shares), vectors.dim), (len(shares),)
        for array, shape in zip((weights, directions, shares), shapes, strict=True):
            if array.dtype != np.float32 or array.shape != shape or not np.isfinite(array).all():
                raise InputError(f"{file.path} is damaged: its arrays do not fit the model")
        encoder.fitted = fitted
        encoder._sentences = SentenceEncoder(vectors.matrix, weights, Components(directions, shares), of_others)
        return encoder


def _identity(vectors: Vectors) -> dict[str, Any]:
    """Return by what a model is known again."""
    return {
        "name": vectors.path.name if vectors.path else "vectors of a program",
        "words": len(vectors),
        "dim": vectors.dim,
        "fingerprint": model_file.fingerprint(vectors),
    }


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"a text is a string, not a value of the type {type(value).__name__}")
    return value


def embed(
    texts: str | Iterable[str],
    model: Vectors | str | PathLike[str] | None = None,
    *,
    method: Weighting = "sif",
    components: int | None = None,
    fit: "Sources | None" = None,
    missing: Missing | None = None,
    normalize: bool = False,
    on_note: OnNote = ignore_note,
) -> FloatArray:
    """Return the vectors of texts, float32 [texts, dim], one row for each; zeros where no word is known.

    `TextEncoder` keeps what is fitted, for texts that come later.

    Args:
        texts: strings; a single one is one text.
        model: vectors, or the file of a model; None for the newest model in the current folder.
        method: how words are weighted: `mean`, `idf`, `sif` or `usif`.
        components: how many common components are removed; None for as many as is usual with the method.
        fit: a text in which common components are found and, for `idf`, words counted, as the sources of
            `wvcli.train`.
        missing: `subword` gives words outside the vocabulary vectors from their subwords, `skip` leaves them out;
            None is `subword` for FastText models.
        normalize: scale every vector to unit length; zeros stay.
        on_note: called with a line on texts without a known word.

    Raises:
        UsageError: there is no such method, `idf` has no text to count in, or a text is not a string.
        InputError: the model or the text to fit cannot be read.

    Example:
        >>> import wvcli
        >>> cat, dog, soup = wvcli.embed(["the cat sleeps", "my dog sleeps", "hot soup"], "animals.safetensors")
        >>> bool(cat @ dog > cat @ soup)
        True
    """
    encoder = TextEncoder(model, method=method, components=components, fit=fit, missing=missing)
    vectors = encoder.encode(texts)
    empty = int(np.count_nonzero(~vectors.any(axis=1)))
    if empty:
        on_note(f"{empty:,} of {len(vectors):,} texts have no word of the model, and vectors of zeros")
    return scaled(vectors) if normalize else vectors


def scaled(vectors: FloatArray) -> FloatArray:
    """Return float32 [texts, dim] with rows of unit length; those of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: FloatArray = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return units
