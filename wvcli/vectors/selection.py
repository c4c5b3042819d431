"""Vectors selected, reduced and renamed as another system needs them, computed row by row when read."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wvcli.errors import UsageError
from wvcli.system.paging import blocks
from wvcli.vectors.geometry import FloatArray, FloatMatrix, RowArray, unit_rows
from wvcli.vectors.lazy import Change, Lazy, joined
from wvcli.vectors.principal_components import principal_components
from wvcli.vectors.substitutes import substitute_vector
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

PAD, UNKNOWN = "<pad>", "<unk>"

Unknown = Literal["zero", "mean", "random"]


@dataclass(frozen=True)
class Selection:
    """Which words to take of some vectors, and in which form.

    Attributes:
        words: only these, in this order; None for all.
        top: only the first `top` of them, or None for all.
        rename: words by the words to write in their place.
        dim: dimensions to keep, by principal component analysis, or None.
        normalize: scale every vector to unit length.
        pad: put a row of zeros first, for the word `<pad>`.
        unknown: put a row before the first word, for the word `<unk>`: zeros, the mean of the words' rows, or
            numbers drawn as untrained vectors are; None for no such row.

    Example:
        >>> import wvcli
        >>> selection = wvcli.Selection(top=1000, dim=20, normalize=True)
        >>> wvcli.export(wvcli.load("animals.safetensors"), "small.vec", selection=selection)
        <Vectors: 1,000 words, 20 dimensions>
    """

    words: Sequence[str] | None = None
    top: int | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    dim: int | None = None
    normalize: bool = False
    pad: bool = False
    unknown: Unknown | None = None

    @property
    def special_rows(self) -> tuple[int | None, int | None]:
        """The rows for padding and for unknown words."""
        return (0 if self.pad else None), (int(self.pad) if self.unknown else None)


EVERYTHING = Selection()
SUBWORDS_LEFT_OUT = "subwords are left out, since they do not fit changed vectors"


@dataclass(frozen=True)
class Selected:
    """What was selected.

    Attributes:
        vectors: their rows are computed when they are read.
        notes: what the user should know.
    """

    vectors: Vectors
    notes: list[str]


def select(vectors: Vectors, selection: Selection, on_rows: Callable[[int], None] | None = None) -> Selected:
    """Choose words and change their vectors.

    In this order: some words, the first ones, fewer dimensions, unit length, special rows, new names. Counts go
    with their words, and special rows have 0. Subword vectors are given up where vectors are changed.

    Args:
        vectors: of which to choose.
        selection: what to choose and how to change it.
        on_rows: called with the number of rows read so far.

    Raises:
        UsageError: nothing is left, or there are not as many dimensions, or two words would have one name.
    """
    if selection == EVERYTHING:
        return Selected(replace(vectors, matrix=Lazy(vectors.matrix, on_rows=on_rows)), [])
    notes: list[str] = []
    chosen = _Choice.of(vectors, selection, notes)
    base = joined(vectors.matrix, chosen.added)
    change = _change(Lazy(base, chosen.rows), selection, notes)
    names, first = _special(selection, Lazy(base, chosen.rows, change))
    vocabulary = _named(chosen.words(vectors.vocabulary), names, selection.rename, notes)
    if change and vectors.subwords is not None and not vectors.subwords.is_fitted:
        notes.append(SUBWORDS_LEFT_OUT)
    norms = None if change or names else vectors.stored_norms
    selected = Vectors(
        vocabulary=vocabulary,
        matrix=Lazy(base, chosen.rows, change, first, on_rows),
        counts=None if vectors.counts is None else chosen.of_rows(vectors.counts, len(names)),
        subwords=None if change else vectors.subwords,
        stored_norms=None if norms is None or len(chosen.added) else chosen.of_rows(norms, 0),
        normalize=vectors.normalize,
        # What the file holds beside the vectors, and its checksums, are no longer of these.
        manifest={key: value for key, value in vectors.manifest.items() if key != "checksum"},
    )
    if isinstance(change, _ToUnitLength):
        change.note_after(len(selected) - len(names))
    return Selected(selected, notes)


@dataclass(frozen=True)
class _Choice:
    """The rows that are wanted.

    Attributes:
        rows: int64 [words], or None for all.
        names: words that have no row, but a vector made of subwords.
        added: float32 [names, dim], their vectors; their rows follow those of the matrix.
    """

    rows: RowArray | None
    names: list[str]
    added: FloatArray

    @classmethod
    def of(cls, vectors: Vectors, selection: Selection, notes: list[str]) -> "_Choice":
        if selection.words is None:
            top = selection.top
            rows = None if top is None or top >= len(vectors) else np.arange(top, dtype=np.int64)
            return cls(rows, [], np.empty((0, vectors.dim), dtype=np.float32))
        places: dict[int, None] = {}
        added: dict[str, FloatArray] = {}
        missing = []
        for word in dict.fromkeys(selection.words):
            found = vectors.find(word)
            if found is None:
                missing.append(word)
            elif found.index is not None:
                places[found.index] = None
            else:
                places[len(vectors) + len(added)] = None
                added[word] = found.vector
        notes += _reporting(missing, "select", "not in the vocabulary")
        notes += _reporting(list(added), "select", "not in the vocabulary: made of subwords")
        rows = np.array(list(places)[: selection.top], dtype=np.int64)
        if not len(rows):
            raise UsageError("none of the words to select is in the vocabulary")
        return cls(rows, list(added), np.array(list(added.values()), dtype=np.float32).reshape(-1, vectors.dim))

    def words(self, vocabulary: Vocabulary) -> Vocabulary | list[str]:
        """Return the chosen words."""
        if self.rows is None:
            return vocabulary
        known = len(vocabulary)
        return [vocabulary[row] if row < known else self.names[row - known] for row in self.rows.tolist()]

    def of_rows(self, values: npt.NDArray[Any], special: int) -> npt.NDArray[Any]:
        """Return the values of the chosen rows, after zeros for special ones; words without a row have 0 too."""
        padded = np.concatenate([values, np.zeros(len(self.names), dtype=values.dtype)])
        chosen = padded if self.rows is None else padded[self.rows]
        return np.concatenate([np.zeros(special, dtype=values.dtype), chosen])


def _reporting(words: list[str], purpose: str, what: str) -> list[str]:
    """Return a note on some of the words to select or to rename, if there are any."""
    are = "is" if len(words) == 1 else "are"
    return [f"{len(words):,} of the words to {purpose} {are} {what} (first: {words[0]!r})"] if words else []


def _named(
    words: Vocabulary | list[str], special: list[str], rename: Mapping[str, str], notes: list[str]
) -> Vocabulary:
    """Return the vocabulary of the words by their new names, after the special ones."""
    if not special and not rename and isinstance(words, Vocabulary):
        return words
    named = special + [rename.get(word, word) for word in words]
    if len(set(named)) < len(named):
        twice = next(word for word, count in Counter(named).items() if count > 1)
        hint = "rename the one in the vocabulary with `rename`" if twice in special else ""
        raise UsageError(f"two words would both be called {twice!r}", hint)
    unknown = rename.keys() - set(words)
    notes += _reporting([word for word in rename if word in unknown], "rename", "not among those written")
    return Vocabulary.from_words(named)


def _special(selection: Selection, matrix: FloatMatrix) -> tuple[list[str], FloatArray]:
    """Return the special words, and their rows, float32 [special, dim]."""
    dim = matrix.shape[1]
    names, rows = [], []
    if selection.pad:
        names.append(PAD)
        rows.append(np.zeros(dim, dtype=np.float32))
    if selection.unknown:
        names.append(UNKNOWN)
        if selection.unknown == "mean":
            total = np.zeros(dim)
            for _, block in blocks(matrix):
                total += block.sum(axis=0, dtype=np.float64)
            rows.append((total / len(matrix)).astype(np.float32))
        else:
            kind = "random" if selection.unknown == "random" else "null"
            rows.append(substitute_vector(UNKNOWN, kind, dim))
        if selection.normalize:
            rows[-1] = unit_rows(rows[-1][None])[0]
    return names, np.array(rows, dtype=np.float32).reshape(-1, dim)


def _change(matrix: FloatMatrix, selection: Selection, notes: list[str]) -> Change | None:
    """Return the function that changes rows, or None where they stay as they are."""
    project = None if selection.dim is None else principal_components(matrix, selection.dim, notes)
    return _ToUnitLength(project, notes) if selection.normalize else project


class _ToUnitLength:
    """Scales rows to unit length, and notes how many were not finite and became zeros.

    Args:
        before: changes rows first, or None.
        notes: where to put the note.
    """

    def __init__(self, before: Change | None, notes: list[str]) -> None:
        self._before, self._notes = before, notes
        self._left = self._lost = 0

    def note_after(self, count: int) -> None:
        """Write the note after the next `count` rows, which are all rows once."""
        self._left = count

    def __call__(self, rows: FloatArray) -> FloatArray:
        rows = rows if self._before is None else self._before(rows)
        if self._left > 0 and len(rows):
            self._left -= len(rows)
            self._lost += int(np.count_nonzero(~np.isfinite(rows).all(axis=1)))
            if self._left <= 0 and self._lost:
                vectors = "1 vector was" if self._lost == 1 else f"{self._lost:,} vectors were"
                self._notes.append(f"{vectors} not finite and became zeros, since no length can be given to them")
        return unit_rows(rows)
