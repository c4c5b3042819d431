"""From labelled texts to what a classifier learns from: labels, features and vectors of texts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from os import PathLike, fspath
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import Features, Words, find_features, tokenized
from wvcli.classification.folds import Places, Problem
from wvcli.classification.labelled_texts import LabelledText, LabelledTexts, Rows, TextsInProgram
from wvcli.classification.ngram_hashes import ideographic
from wvcli.classification.settings import (
    EMPHASIS,
    EMPHASIS_OF_IDEOGRAPHS,
    FEW,
    SMOOTHING,
    SMOOTHING_OF_FEW_IDEOGRAPHS,
    ClassifierSettings,
)
from wvcli.classification.text_vectors import TextVectors
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.reporting import OnNote, OnProgress, Progress
from wvcli.system.compiling import note_if_compiling
from wvcli.system.parallel import processors
from wvcli.text.tokenizers import TokenizerSettings

_COMPILING = "compiling the loops of classifiers for this machine, once; later runs start at once"
_RARE_LABEL = 5  # texts, below which a label is hardly learned
_SHOWN = 3  # labels that a note names

Flags = npt.NDArray[np.bool_]


def rows_of(
    sources: Any, labels: Iterable[Any] | None, weights: Iterable[float] | None, where: Mapping[str, Any],
    on_note: OnNote, **more: Any,
) -> Rows:  # fmt: skip
    """Return labelled texts: those of files, or those of a Python program, which come with `labels`.

    Raises:
        UsageError: the arguments contradict each other.
    """
    if labels is not None:
        return TextsInProgram(sources, labels, weights)
    if weights is not None:
        raise UsageError("`weights` has no effect without `labels`", "`weight_column` names a column of them")
    given = [sources] if isinstance(sources, str | PathLike) else list(sources)
    return LabelledTexts([fspath(each) for each in given], **where, on_note=on_note, **more)


@dataclass
class Labels:
    """What is kept of labelled texts that were read, without the texts themselves.

    Attributes:
        names: the labels of each text.
        weights: how much each counts.
        digests: of the texts, by which repeats are told.
        places: file and line.
    """

    names: list[tuple[str, ...]]
    weights: list[float]
    digests: list[bytes]
    places: list[tuple[str, int]]

    @classmethod
    def empty(cls) -> "Labels":
        return cls([], [], [], [])

    def texts(
        self,
        rows: Iterable[LabelledText],
        on_progress: OnProgress,
        keep: Callable[[LabelledText], None] | None = None,
    ) -> Iterator[str]:
        """Yield each text, and keep what belongs to it."""
        for number, each in enumerate(rows):
            self.names.append(each.labels)
            self.weights.append(each.weight)
            self.digests.append(blake2b(each.text.strip().encode("utf-8", "replace"), digest_size=8).digest())
            self.places.append((each.file, each.number))
            if keep is not None:
                keep(each)
            if number % 5000 == 0:
                on_progress(Progress("reading", number, None, unit="items"))
            yield each.text


@dataclass(frozen=True)
class Learnable:
    """What a classifier learns from by some settings.

    Attributes:
        settings: these.
        features: of the texts.
        problem: what is to be learned.
    """

    settings: ClassifierSettings
    features: Features
    problem: Problem


def load_loops(on_note: OnNote) -> None:
    """Load the compiled loops, or compile them.

    Raises:
        WvcliError: Numba is missing, or cannot be used.
    """
    try:
        with note_if_compiling(on_note, _COMPILING):
            from wvcli.classification import ngram_loops, solver_loops  # noqa: F401 - compiled here at the latest
    except (ImportError, RuntimeError) as error:
        hint = 'pip install "numba>=0.61"'
        raise WvcliError(f"training a classifier needs Numba, which cannot be used: {error}", hint) from error


class Preparation:
    """Labelled texts on their way to what a classifier learns from.

    Attributes:
        labels: their names, sorted; known once the texts are read.
        is_multilabel: whether a text has several labels.
        used: int64, the places of the texts with a word in them, among all.
        found: what is learned from; known once features are found.

    Args:
        rows: the texts.
        settings: how to learn.
        tokenizer: how texts are split into words.
        workers: threads; None for one a processor.
        on_progress: called with how far it is.
        on_note: called with what is worth knowing.
        keep: called with each text.
    """

    labels: tuple[str, ...]
    is_multilabel: bool
    used: Places
    found: Learnable

    def __init__(
        self, rows: Rows, settings: ClassifierSettings, tokenizer: TokenizerSettings, workers: int | None,
        on_progress: OnProgress, on_note: OnNote, keep: Callable[[LabelledText], None] | None = None,
    ) -> None:  # fmt: skip
        self.rows = rows
        self._keep = keep
        self._settings = settings
        self._tokenizer = tokenizer
        self._workers = workers or processors()
        self.on_progress, self.on_note = on_progress, on_note

    def read(self, others: Rows | None, warns: bool = True) -> None:
        """Read and tokenize the texts, and those to judge on, if these are others."""
        self._read, words = self._read_rows(self.rows, self._keep)
        kept = self._without_empty(words)
        self.labels = tuple(sorted({name for names in self._read.names for name in names}))
        self._require_labels()
        is_multilabel = self._settings.multilabel
        if is_multilabel is None:
            is_multilabel = any(len(names) > 1 for names in self._read.names)
        self.is_multilabel = is_multilabel
        self._require_one_label()
        self.words = kept
        self.targets = self._targets_of(self._read.names)
        self.test: tuple[Labels, Words] | None = None
        if warns:
            self._warn()
        if others is not None:
            self.test = self._read_rows(others)
            self._warn_of_shared(self.test[0])

    def _read_rows(self, rows: Rows, keep: Callable[[LabelledText], None] | None = None) -> tuple[Labels, Words]:
        read = Labels.empty()
        batches = tokenized(read.texts(rows, self.on_progress, keep), self._tokenizer, self._workers, rows.size())
        words = Words.of_batches(batches)
        if rows.skipped:
            self.on_note(f"skipped {rows.skipped:,} lines that could not be used")
        return read, words

    def _without_empty(self, words: Words) -> Words:
        """Leave out texts without a word, from which nothing can be learned."""
        lengths = np.diff(words.ends)
        used = self.used = np.flatnonzero(lengths)
        empty = len(lengths) - len(used)
        if not empty:
            return words
        if not len(used):
            raise InputError("there is no text with a word in it" if len(lengths) else "there is no text")
        self.on_note(f"left out {empty:,} text{'' if empty == 1 else 's'} without a word")
        read = self._read
        for name in ("names", "weights", "digests", "places"):
            values = getattr(read, name)
            setattr(read, name, [values[place] for place in used])
        return Words(words.words, words.ids, np.concatenate([[0], np.cumsum(lengths[used])]).astype(np.int64))

    def _require_labels(self) -> None:
        if not self._read.names:
            raise InputError("there is no text")
        if len(self.labels) < 2:
            raise InputError(
                f"all {len(self._read.names):,} texts have the label {self.labels[0]!r}",
                "a classifier needs texts of two labels or more",
            )

    def _require_one_label(self) -> None:
        if self.is_multilabel:
            return
        for names, (file, number) in zip(self._read.names, self._read.places, strict=True):
            if len(names) > 1:
                raise InputError(f"{file}, line {number}: {len(names)} labels", "leave out `multilabel=False`")

    def _targets_of(self, names: Sequence[tuple[str, ...]]) -> Flags:
        place = {label: number for number, label in enumerate(self.labels)}
        targets = np.zeros((len(names), len(self.labels)), dtype=bool)
        for row, found in enumerate(names):
            for name in found:
                if name in place:
                    targets[row, place[name]] = True
        return targets

    def texts_by_label(self) -> dict[str, int]:
        """Return how many texts have each label."""
        counts = Counter(name for names in self._read.names for name in names)
        return {label: counts[label] for label in self.labels}

    def _warn(self) -> None:
        """Note what makes a classifier worse than it could be."""
        counts = self.texts_by_label()
        rare = [label for label in self.labels if counts[label] < _RARE_LABEL]
        if rare:
            named_some = ", ".join(f"{label} ({counts[label]})" for label in rare[:_SHOWN])
            more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
            self.on_note(f"fewer than {_RARE_LABEL} texts have the label {named_some}{more}; it is hardly learned")
        first: dict[bytes, int] = {}
        repeats, contradictions = 0, []
        for place, digest in enumerate(self._read.digests):
            before = first.setdefault(digest, place)
            if before != place:
                repeats += 1
                if self._read.names[before] != self._read.names[place]:
                    contradictions.append((before, place))
        if contradictions:
            lines = " and ".join(f"{self._read.places[place][1]}" for place in contradictions[0])
            self.on_note(
                f"{len(contradictions):,} repeated text{'s have' if len(contradictions) > 1 else ' has'} "
                f"another label each time, such as lines {lines}; "
                "wvcli classify check lists them"
            )
        if repeats > len(self._read.digests) // 100:
            self.on_note(f"{repeats:,} of {len(self._read.digests):,} texts are repeats of others")

    def _warn_of_shared(self, test: Labels) -> None:
        known = set(self._read.digests)
        shared = sum(digest in known for digest in test.digests)
        if shared:
            self.on_note(f"{shared:,} of the {len(test.digests):,} texts to test on are among those to train on")
        unseen = sorted({name for names in test.names for name in names} - set(self.labels))
        if unseen:
            self.on_note(f"no text to train on has the label {', '.join(unseen[:_SHOWN])}")

    def find(self, vectors: Any) -> None:
        """Find the features of the texts, and their vectors."""
        self.on_progress(Progress("counting n-grams", 0, None))
        load_loops(self.on_note)
        self.vectors: TextVectors | None = None
        self._dense = np.zeros((len(self.words), 0))
        self.vectors_record: dict[str, Any] = {}
        if vectors is not None:
            self.vectors = TextVectors.of(_opened(vectors, self.vectors_record), self.words)
            self._dense = self.vectors.of_texts(self.words)
        self.found = self.learnable(self._settings)

    @cached_property
    def are_ideographic(self) -> bool:
        """Whether most words of the texts are written without spaces between them."""
        return bool(ideographic(self.words.words)[self.words.ids].mean() > 0.5)

    def learnable(self, settings: ClassifierSettings) -> Learnable:
        """Find the features that settings ask for."""
        few = len(self.words) <= FEW
        min_count = settings.min_count or (1 if few else 2)
        settings = replace(
            settings,
            min_count=min_count,
            multilabel=self.is_multilabel,
            smoothing=settings.smoothing
            or (SMOOTHING_OF_FEW_IDEOGRAPHS if few and self.are_ideographic else SMOOTHING),
            emphasis=settings.emphasis or (EMPHASIS_OF_IDEOGRAPHS if self.are_ideographic else EMPHASIS),
        )
        features = find_features(self.words, settings, min_count)
        problem = Problem(
            features.rows, self._dense, self.targets, np.array(self._read.weights), features.parts,
            self.is_multilabel, settings, self._workers,
        )  # fmt: skip
        return Learnable(settings, features, problem)


def _opened(vectors: Any, record: dict[str, Any]) -> Any:
    """Open a model of word vectors unless it is open; put down in `record` which it is."""
    from wvcli.models import model_file, opening

    found = opening.load(vectors) if isinstance(vectors, str | PathLike) else vectors
    record.update(
        path=str(found.path or ""), words=len(found), dim=found.dim, sha256=model_file.fingerprint(found)
    )
    return found
