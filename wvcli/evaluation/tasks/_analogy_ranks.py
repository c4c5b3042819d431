"""The ranks of right answers among all words, for many analogy questions at once, in NumPy alone.

Only a rank is wanted, not the words before it: the rows that score higher than the right answer are counted, and
none is sorted. A set asks about the same words again and again, so each distinct word is compared once with each
row, by matrix products over blocks of rows, and a question only adds or multiplies three rows of cosines. A
question is given up when enough rows are ahead. Cosines are in float32; where rounding could change the answer,
the rows in question are scored again in float64.

The scores are those of `wvcli.vectors.scoring`, which keeps the best rows of a few questions in order; counting
instead, with cosines shared by all questions, makes thousands of questions quick.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from wvcli.system.parallel import parallel_map, processors
from wvcli.vectors.geometry import Float64Array, FloatArray, RowArray, directions, inverse_norms
from wvcli.vectors.scoring import EPSILON
from wvcli.vectors.word_vectors import Vectors

TOP = 5  # ranks beyond this one are not distinguished
METHODS = ("add", "mul")

_ROWS = 4_096  # of the matrix compared at a time
_TOGETHER = 64  # questions scored at a time: a megabyte of float32 for each term
_QUESTIONS = 4_096  # questions whose words are compared at a time, so that memory does not grow with them
_ROUNDING = 1e-5  # more than float32 rounding can move half a cosine of unit vectors at any usual dimension


@dataclass(frozen=True)
class Question:
    """An analogy: a is to b as c is to what?

    Attributes:
        terms: a, b and c, as rows of the vectors of all terms.
        answers: rows that are right, none of them excluded; the best of them counts, and where there is none no
            answer is right.
        excluded: rows that are no answer, as those of a, b and c.
    """

    terms: tuple[int, int, int]
    answers: tuple[int, ...]
    excluded: tuple[int, ...]


def answer_ranks(
    vectors: Vectors,
    terms: Float64Array,
    questions: Sequence[Question],
    among: int,
    on_questions: Callable[[int], None] = lambda count: None,
) -> RowArray:
    """Count the words that score higher than the right one, by 3CosAdd and 3CosMul (Levy and Goldberg, 2014).

    Words with the same score come in the order of the vocabulary. Rows and terms that are not finite never score.

    Args:
        vectors: where to search.
        terms: float64 [terms, dim], unit vectors of the words asked about.
        questions: what to ask.
        among: search only the first `among` rows.
        on_questions: called with how many questions are answered, about, as that number grows.

    Returns:
        int64 [questions, 2]: 0 where the right answer is the first, 1 where it is among the first `TOP`, and `TOP`
        where it is beyond.
    """
    found = np.full((len(questions), len(METHODS)), TOP, dtype=np.int64)
    for start in range(0, len(questions), _QUESTIONS):
        part = questions[start : start + _QUESTIONS]
        search = _Search(vectors, terms, part, among)
        search.run(lambda share, start=start, part=part: on_questions(start + round(share * len(part))))  # type: ignore[misc]
        found[start : start + len(part)] = search.classes()
    return found


class _Search:
    """Questions whose words are compared with the rows together."""

    def __init__(self, vectors: Vectors, terms: Float64Array, questions: Sequence[Question], among: int) -> None:
        self._matrix = vectors.matrix[:among]
        norms = vectors.norms[:among]
        self._unfit = ~np.isfinite(norms)
        self._inverse = inverse_norms(norms)
        self._questions = questions
        used, local = np.unique([question.terms for question in questions], return_inverse=True)
        self._exact = terms[used]
        self._units = self._exact.astype(np.float32)
        self._terms = local.reshape(-1, 3)
        self._best = [self._best_answer(question) for question in range(len(questions))]
        self._scores = np.array([scores for scores, _ in self._best])
        self._ahead = np.zeros((2, len(questions), len(METHODS)), dtype=np.int64)  # surely; possibly
        self._live = np.flatnonzero(np.isfinite(self._scores).all(axis=1))
        self._ahead[:, ~np.isfinite(self._scores).all(axis=1)] = TOP
        barred = [
            (place, row)
            for place, question in enumerate(questions)
            for row in {*question.excluded, *question.answers}
        ]
        self._barred = np.array(barred, dtype=np.int64).reshape(-1, 2)

    def run(self, on_share: Callable[[float], None]) -> None:
        """Count the rows ahead of the right answers, block by block."""
        for start, halves in self._blocks(self._units):
            groups = [self._live[first : first + _TOGETHER] for first in range(0, len(self._live), _TOGETHER)]
            parallel_map(partial(self._count, start, halves), groups, processors())
            self._live = self._live[(self._ahead[0, self._live] < TOP).any(axis=1)]
            on_share(min(1.0, (start + _ROWS) / len(self._matrix)))

    def classes(self) -> RowArray:
        """Return int64 [questions, methods], as `answer_ranks` does."""
        surely, possibly = (_class_of(ahead) for ahead in self._ahead)
        for question in np.flatnonzero((surely != possibly).any(axis=1)):
            surely[question] = _class_of(self._exactly(int(question)))
        return surely

    def _blocks(self, units: FloatArray) -> Iterator[tuple[int, FloatArray]]:
        """Yield for each block of rows (1 + cosine) / 2 to each unit vector: float32 [vectors, rows]."""
        for start in range(0, len(self._matrix), _ROWS):
            rows = slice(start, start + _ROWS)
            with np.errstate(invalid="ignore", over="ignore"):  # rows with NaN or infinity are never ahead
                halves = units @ self._matrix[rows].T
                halves *= self._inverse[rows] * np.float32(0.5)
                halves += np.float32(0.5)
            yield start, halves

    def _count(self, start: int, halves: FloatArray, live: RowArray) -> None:
        """Take a block of rows into account for some questions."""
        barred = self._barred_in(start, start + halves.shape[1], live)
        for method, (margins, least, slack) in enumerate(self._margins(halves, self._terms[live], live)):
            margins[barred] = -np.inf
            near = np.flatnonzero(margins.max(axis=1) > least - slack)
            for place in near.tolist():
                row = margins[place]
                self._ahead[0, live[place], method] += np.count_nonzero(row > least[place] + slack[place])
                self._ahead[1, live[place], method] += np.count_nonzero(row > least[place] - slack[place])

    def _barred_in(self, start: int, stop: int, live: RowArray) -> tuple[RowArray, RowArray]:
        """Return the rows of a block that are no answer: positions in `live`, and columns."""
        first, last = np.searchsorted(self._barred[:, 0], [live[0], live[-1] + 1])
        questions, rows = self._barred[first:last].T
        here = (rows >= start) & (rows < stop)
        places = np.searchsorted(live, questions[here])
        asked = live[places] == questions[here]
        wrong = np.flatnonzero(self._unfit[start:stop])
        every = np.repeat(np.arange(len(live)), len(wrong))
        columns = np.concatenate([rows[here][asked] - start, np.tile(wrong, len(live))])
        return np.concatenate([places[asked], every]), columns

    def _margins(
        self, halves: FloatArray, terms: RowArray, live: RowArray
    ) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
        """For each method what tells how far rows are ahead, float32 [questions, rows]; where the right answer
        stands, float32 [questions]; and how far rounding may have moved a row.
        """
        a, b, c = (halves[terms[:, term]] for term in range(3))
        add, mul = self._scores[live].astype(np.float32).T
        with np.errstate(invalid="ignore", over="ignore"):
            margins = b + c
            margins -= a
            yield margins, (add + 1) / 2, np.full_like(add, 4 * _ROUNDING)
            b *= c
            a *= mul[:, None]
            b -= a
            yield b, mul * np.float32(EPSILON), (3 + mul) * np.float32(_ROUNDING)

    def _best_answer(self, question: int) -> tuple[Float64Array, RowArray]:
        """Return for each method the highest score among the right answers, and its row."""
        rows = np.array(self._questions[question].answers, dtype=np.int64)
        if not len(rows):
            return np.full(len(METHODS), np.nan), rows
        scores = self._score(question, rows)
        best = scores.argmax(axis=0)
        return scores[best, [0, 1]], rows[best]

    def _score(self, question: int, rows: RowArray) -> Float64Array:
        """Return float64 [rows, methods], the exact scores of some rows."""
        units = directions(self._matrix[rows])
        # Row by row: a matrix product may round equal rows differently.
        a, b, c = ((units * self._exact[term]).sum(axis=1) for term in self._terms[question])
        product = (1 + b) / 2 * (1 + c) / 2 / ((1 + a) / 2 + EPSILON)
        return np.stack([b + c - a, product], axis=1)

    def _exactly(self, question: int) -> RowArray:
        """Count int64 [methods], the rows ahead of the right answer by scores in float64."""
        near: list[list[RowArray]] = [[] for _ in METHODS]
        for start, halves in self._blocks(self._units[self._terms[question]]):
            for method, (margins, least, slack) in enumerate(
                self._margins(halves, np.arange(3)[None], np.array([question]))
            ):
                near[method].append(np.flatnonzero(margins[0] > least - slack) + start)
        ahead = np.zeros(len(METHODS), dtype=np.int64)
        barred = self._barred[self._barred[:, 0] == question, 1]
        scores, best = self._best[question]
        for method in range(len(METHODS)):
            rows = np.setdiff1d(np.concatenate(near[method]), barred)
            theirs = self._score(question, rows)[:, method]
            ahead[method] = np.sum(
                (theirs > scores[method]) | ((theirs == scores[method]) & (rows < best[method]))
            )
        return ahead


def _class_of(ahead: RowArray) -> RowArray:
    """Tell apart only no rows ahead, fewer than `TOP`, and more."""
    return np.where(ahead >= TOP, TOP, np.minimum(ahead, 1))
