"""Words with their vectors: looked up, compared and searched, in NumPy alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import MissingWordError, UsageError, WvcliError
from wvcli.vectors.geometry import (
    Float64Array,
    FloatArray,
    FloatMatrix,
    RowArray,
    cosine,
    least_central,
    row_norms,
)
from wvcli.vectors.near_spellings import equivalents, near_spellings
from wvcli.vectors.neighbors import Among, Method, Neighbor, Query, Space
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pandas

# Where both words occur 30 to 49 times, three to five neighbours in ten are near in vectors of a far larger text
# too; below 20 a quarter or fewer. See benchmarks/confidence.py, and docs/asking.md, "Rare words".
TRUSTED_COUNT = 30
ENOUGH_FREQUENT = 1_000  # words to choose neighbours from, so that those left are near and not only frequent


@dataclass(frozen=True)
class Lookup:
    """A word as asked, and what was found for it.

    Attributes:
        word: the word as the user wrote it.
        index: its row, or None when the vector comes from subwords.
        vector: float32 [dim].
    """

    word: str
    index: int | None
    vector: FloatArray


def query(positive: Sequence[Lookup], negative: Sequence[Lookup] = (), excluded: Iterable[int] = ()) -> Query:
    """Make the query for what is near the sum of some words less others; no row of these is an answer.

    Raises:
        UsageError: there is no word.
    """
    rows = [word.index for word in (*positive, *negative) if word.index is not None]
    near, far = ([word.vector for word in words] for words in (positive, negative))
    return Query.of(near, far, excluded=(*rows, *excluded))


def _words(given: str | Sequence[str]) -> Sequence[str]:
    """Return words, of which one may be given alone."""
    return given if isinstance(given, Iterable) and not isinstance(given, str) else [given]


def _as_written(word: str) -> str:
    return word


def _forms(word: str, normalize: Callable[[str], str]) -> Iterator[str]:
    """Yield the forms in which to look up a word, itself first."""
    yield word
    normal = normalize(word)
    yield normal
    parts = [part for part in normal.replace("\t", " ").split(" ") if part]
    joined = "_".join(parts)
    if len(parts) > 1:
        yield joined
    if not word.isascii():
        yield from equivalents(word, normal, joined)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Words with their vectors.

    `wvcli.train` and `wvcli.load` return them. They are a collection of words: `len(vectors)`, `word in vectors`,
    `for word in vectors`, `vectors[word]` for a vector, float32 [dim], and `vectors[words]` for a matrix.

    Attributes:
        vocabulary: the words, most frequent first.
        matrix: float32 [words, dim], usually memory-mapped; a NumPy array, or one whose rows are computed when
            they are read. `np.asarray` of it is an array for certain.
        counts: int64 [words], occurrences in the training text, or None when unknown.
        subwords: n-gram vectors for words outside the vocabulary, or None.
        stored_norms: float32 [words], Euclidean lengths of the rows, or None to compute them when needed.
        normalize: how the tokenizer that made the vocabulary writes a word (lower case, say); a query that is
            not found as it stands is looked up in this form.
        manifest: settings, coverage and provenance; empty for a foreign file.
        path: the file the vectors came from, if any.
        weights: what training goes on from, or None; only with words and vectors as they were trained.
        from_subwords: whether words outside the vocabulary have the vectors of their n-grams; None where the words
            in it are made of n-grams too, as those of FastText.

    Example:
        >>> import wvcli
        >>> vectors = wvcli.load("animals.safetensors")
        >>> len(vectors), vectors.dim, "cat" in vectors
        (1731, 50, True)
        >>> vectors["cat"].shape
        (50,)
        >>> [word for word, similarity in vectors.most_similar("cat", 3)]
        ['dog', 'hamster', 'parrot']
        >>> vectors.similarity("cat", "dog") > vectors.similarity("cat", "bread")
        True
    """

    vocabulary: Vocabulary
    matrix: FloatMatrix
    counts: npt.NDArray[np.int64] | None = None
    subwords: Subwords | None = None
    stored_norms: FloatArray | None = None
    normalize: Callable[[str], str] = _as_written
    manifest: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    weights: Weights | None = None
    from_subwords: bool | None = None

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocabulary)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.index(word) is not None

    def __getitem__(self, word: str | Sequence[str]) -> FloatArray:
        """Return the vector of a word, float32 [dim], or those of several, float32 [words, dim].

        They come from subwords if need be, and if `from_subwords` says so.

        Raises:
            MissingWordError: a word has no vector.
            UsageError: a word is not a string.
        """
        if isinstance(word, str):
            return self.look_up(word).vector
        vectors = [self.look_up(each).vector for each in _words(word)]
        return np.stack(vectors) if vectors else np.empty((0, self.dim), dtype=np.float32)

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words, {self.dim} dimensions>"

    @property
    def dim(self) -> int:
        """The number of dimensions."""
        return int(self.matrix.shape[1])

    @cached_property
    def norms(self) -> FloatArray:
        """float32 [words], the Euclidean length of each row."""
        return row_norms(self.matrix) if self.stored_norms is None else self.stored_norms

    @cached_property
    def _space(self) -> Space:
        return Space(self.matrix, self.norms)

    def index(self, word: str) -> int | None:
        """Return the row of `word` in `matrix`, or None when it is not in the vocabulary.

        A word that is not found as it stands is looked up as the tokenizer writes it, then with `_` for the spaces
        between its words, and then in the other forms that Unicode calls canonically equivalent: composed (NFC)
        and decomposed (NFD).

        Raises:
            UsageError: `word` is not a string.
        """
        if not isinstance(word, str):
            raise UsageError(f"a word is a string, not a value of the type {type(word).__name__}")
        tried = set()
        for form in _forms(word, self.normalize):
            if form not in tried:
                found = self.vocabulary.find(form)
                if found is not None:
                    return found
                tried.add(form)
        return None

    def count(self, index: int) -> int | None:
        """Return how often the word in row `index` occurred in the training text, or None when unknown."""
        return None if self.counts is None else int(self.counts[index])

    def is_rare(self, index: int) -> bool:
        """Whether the word in row `index` occurred fewer than `TRUSTED_COUNT` times: too seldom for its neighbours
        to be trusted, or for itself as a neighbour. Never where counts do not tell what the vectors are made of:
        where they are unknown, and where training started from vectors of another text.
        """
        if self._told_counts is None:
            return False
        return int(self._told_counts[index]) < TRUSTED_COUNT

    @property
    def _told_counts(self) -> npt.NDArray[np.int64] | None:
        """The counts where they tell what the vectors are made of."""
        return None if "init" in self.manifest else self.counts

    @property
    def frequent(self) -> int:
        """How many words occurred `TRUSTED_COUNT` times or more: in a model they are the first ones."""
        return 0 if self.counts is None else int(np.count_nonzero(self.counts >= TRUSTED_COUNT))

    @property
    def has_enough_frequent(self) -> bool:
        """Whether at least `ENOUGH_FREQUENT` words are known not to be rare, enough to choose answers from.

        The commands `similar` and `analogy` then leave rare words out, if the user does not say whether to.
        """
        return self._told_counts is not None and self.frequent >= ENOUGH_FREQUENT

    def _divided(self, among: Among) -> tuple[Among, Among]:
        """Divide the rows to look among into those of words that are not rare, and those of rare ones."""
        counts = self._told_counts
        if counts is None:
            return among, np.empty(0, dtype=np.int64)
        if among is None or isinstance(among, int):
            stop = len(self) if among is None else min(among, len(self))
            first = min(self.frequent, stop)
            if first and (counts[:first] >= TRUSTED_COUNT).all():
                return first, np.arange(first, stop)
            rows = np.arange(stop)
        else:
            rows = np.unique(among)
        is_frequent = counts[rows] >= TRUSTED_COUNT
        return rows[is_frequent], rows[~is_frequent]

    @property
    def answers_unknown_words(self) -> bool:
        """Whether words outside the vocabulary have vectors unless it is said otherwise: see `from_subwords`."""
        if self.subwords is None:
            return False
        return not self.subwords.is_fitted if self.from_subwords is None else self.from_subwords

    def find(self, word: str, from_subwords: bool | None = None) -> Lookup | None:
        """Look up a word's vector, in the vocabulary or else from its subwords; None when there is neither.

        Args:
            word: the word.
            from_subwords: whether it may come from subwords; None for what these vectors' `from_subwords` says.
        """
        index = self.index(word)
        if index is not None:
            return Lookup(word, index, self.matrix[index])
        is_composed = self.answers_unknown_words if from_subwords is None else from_subwords
        vector = self.subwords.vector(self.normalize(word)) if self.subwords and is_composed else None
        return None if vector is None else Lookup(word, None, vector)

    def look_up(self, word: str, from_subwords: bool | None = None) -> Lookup:
        """Look up a word as `find` does; a missing word is an error that proposes near spellings.

        Raises:
            MissingWordError: the word has no vector.
        """
        found = self.find(word, from_subwords)
        if found is None:
            near = near_spellings(self.vocabulary, word)
            hints = [f"did you mean {', '.join(near)}?"] if near else []
            if self.subwords and not self.answers_unknown_words:
                hints.append("`from_subwords=True` answers from its n-grams")
            raise MissingWordError(f"{word!r} is not in the vocabulary", " ".join(hints))
        return found

    def most_similar(
        self,
        word: str | Sequence[str] = (),
        topn: int = 10,
        *,
        positive: str | Sequence[str] = (),
        negative: str | Sequence[str] = (),
        among: Among = None,
        min_similarity: float | None = None,
        rare: bool = True,
    ) -> list[tuple[str, float]]:
        """Find the `topn` words nearest to a word, or to a sum of words, by cosine, nearest first.

        No word that was asked about is an answer. Equal cosines stand in the order of the vocabulary, so answers
        never depend on chance.

        Args:
            word: the word asked about, or several that are asked about together.
            topn: how many, at most.
            positive: words to add, as in Gensim.
            negative: words to subtract, as in Gensim; `analogy` has more ways to do it.
            among: look only among these rows, int64 [rows], or among the first `among` words.
            min_similarity: leave out words less similar than this.
            rare: whether words that `is_rare` are answers. False is what the command `similar` does for a
                model that `has_enough_frequent` words.

        Returns:
            Words with their cosines, of which 1 is the greatest.

        Raises:
            MissingWordError: a word has no vector.
            UsageError: there is no word, or `topn` or the number in `among` is below 1.

        Example:
            >>> vectors = wvcli.load("animals.safetensors")
            >>> [word for word, cosine in vectors.most_similar("cat", 3, among=1000, min_similarity=0.5)]
            ['dog', 'hamster', 'parrot']
            >>> vectors.most_similar(positive=["kitten", "dog"], negative=["cat"])[0][0]
            'puppy'
        """
        if not hasattr(topn, "__index__"):
            raise UsageError(f"`topn` must be a whole number, not {topn!r}", "words to subtract are `negative`")
        added = [*_words(word), *_words(positive)]
        return self.analogy(added, _words(negative), topn, among=among, min_similarity=min_similarity, rare=rare)

    def analogy(
        self,
        positive: Sequence[str],
        negative: Sequence[str] = (),
        topn: int = 10,
        *,
        method: Method = "add",
        among: Among = None,
        min_similarity: float | None = None,
        rare: bool = True,
    ) -> list[tuple[str, float]]:
        """Find the `topn` words nearest to a signed sum of words, none of which is an answer.

        `analogy(["king", "woman"], ["man"])` asks what is to woman as king is to man. `method` is `add` for the
        cosine to the mean of the unit vectors (3CosAdd), as Gensim's `most_similar`, or `multiply` for 3CosMul
        (Levy and Goldberg, 2014), as Gensim's `most_similar_cosmul`, whose scores are not cosines. Other arguments
        are those of `most_similar`.

        Raises:
            MissingWordError: one of the words has no vector.
            UsageError: there is no word, or a number is below 1.

        Example:
            >>> vectors = wvcli.load("animals.safetensors")
            >>> vectors.analogy(["kitten", "dog"], ["cat"], 1)[0][0]  # cat is to kitten as dog is to ...
            'puppy'
        """
        signed = query([self.look_up(word) for word in positive], [self.look_up(word) for word in negative])
        [answers] = self.nearest(
            [signed], topn, method=method, among=among, min_similarity=min_similarity, rare=rare
        )
        return self._named(answers)

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a pandas data frame with a row for each word: its index is the words, its columns the dimensions.

        Raises:
            WvcliError: pandas is not installed.

        Example:
            >>> vectors = wvcli.load("animals.safetensors")
            >>> frame = vectors.to_dataframe()  # doctest: +SKIP
            >>> frame.loc["cat"]  # doctest: +SKIP
        """
        try:
            import pandas
        except ImportError as error:
            raise WvcliError("a data frame needs pandas", "pip install pandas") from error
        return pandas.DataFrame(np.asarray(self.matrix), index=pandas.Index(list(self), name="word"))

    def similarity(self, first: str, second: str) -> float:
        """Return the cosine of two words' vectors; 0 when either vector is zero.

        Raises:
            MissingWordError: one of the words has no vector.
        """
        return cosine(self[first], self[second])

    def odd_one_out(self, words: Sequence[str]) -> tuple[str, float]:
        """Find the word that does not belong with the others, and its cosine to the mean of the others.

        Raises:
            MissingWordError: one of the words has no vector.
            UsageError: there are fewer than three words, none of which is odder than the other.

        Example:
            >>> vectors = wvcli.load("animals.safetensors")
            >>> vectors.odd_one_out(["cat", "dog", "bread", "parrot"])[0]
            'bread'
        """
        odd, to_others = least_central([self[word] for word in words])
        return words[odd], to_others

    def nearest(
        self,
        queries: Sequence[Lookup | Query],
        topn: int = 10,
        *,
        method: Method = "add",
        among: Among = None,
        min_similarity: float | None = None,
        rare: bool = True,
    ) -> list[list[Neighbor]]:
        """Find for each query the `topn` nearest rows, nearest first; equal ones in the order of the vocabulary.

        A `Lookup` asks for the neighbours of its vector, its own row left out; `query` makes a `Query` of several.
        An answer is the same whatever it was asked together with. With `rare=False`, words that `is_rare` are no
        answers. See `Space.nearest` for the other arguments.

        Raises:
            UsageError: `topn` or the number in `among` is below 1.

        Example:
            >>> vectors = wvcli.load("animals.safetensors")
            >>> words = [vectors.look_up(word) for word in ("cat", "bread")]
            >>> for neighbors in vectors.nearest(words, 2):
            ...     print([vectors.vocabulary[neighbor.index] for neighbor in neighbors])
            ['dog', 'hamster']
            ['soup', 'cheese']
        """
        asked = [query([word]) if isinstance(word, Lookup) else word for word in queries]
        if not rare:
            among, _ = self._divided(among)
        return _neighbors(
            self._space.nearest(asked, topn, method=method, among=among, min_similarity=min_similarity)
        )

    def count_rare_nearer(
        self, queries: Sequence[Query], least: Sequence[float], *, method: Method = "add", among: Among = None
    ) -> list[int]:
        """Count for each query the rare words nearer than its `least`, which `rare=False` leaves out.

        See `Space.nearest` for the other arguments.
        """
        _, rows = self._divided(among)
        return self._space.count_above(queries, least, method=method, among=rows)

    def rank(
        self,
        queries: Sequence[Query],
        candidates: Sequence[RowArray],
        topn: int = 10,
        *,
        min_similarity: float | None = None,
    ) -> list[list[Neighbor]]:
        """Find nearest rows as `nearest` does, but for each query among candidates of its own, int64 [rows].

        Raises:
            UsageError: `topn` is below 1.
        """
        return _neighbors(self._space.rank(queries, candidates, topn, min_similarity=min_similarity))

    def _named(self, neighbors: Sequence[Neighbor]) -> list[tuple[str, float]]:
        return [(self.vocabulary[near.index], near.similarity) for near in neighbors]


def _neighbors(found: Iterable[tuple[RowArray, Float64Array]]) -> list[list[Neighbor]]:
    return [
        [Neighbor(row, score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]
        for rows, scores in found
    ]
