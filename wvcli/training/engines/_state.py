"""What the loops of the fast engine work on, and how they reach it.

The loops see pointers where callers give arrays: Numba counts references to arrays, which in loops as short as
these costs more than the arithmetic.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import int64, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from wvcli.system.compiling import LANES
from wvcli.tokens.shards import IdArray
from wvcli.training.engines._simd import HALF

FloatArray = npt.NDArray[np.float32]

AHEAD = 64  # noise words drawn at a time
TARGETS = 6  # multiplied at a time: a window of 5 noise words has so many


def _can_keep() -> bool:
    """Whether compiled loops can be kept: in the package's folder or in one of the user's."""
    try:
        njit(cache=True)(_can_keep)
    except RuntimeError:
        return False
    return True


_HOW: dict[str, Any] = {"nogil": True, "cache": _can_keep(), "fastmath": True, "error_model": "numpy"}
compiled = njit(**_HOW)
inlined = njit(forceinline=True, **_HOW)


class Weights(NamedTuple):
    """What is trained; each row begins with a line, and zeros fill its last one up.

    Attributes:
        words: float32 [words * width], the words' own vectors.
        ngrams: float32 [buckets * width], those of their n-grams; empty without subwords.
        output: float32, a row for each word, or with hierarchical softmax for each inner node, and then for each
            worker its copies and one row that stands for no word.
        factors: float32 [words], by which changes of a word's vector are multiplied: 0 keeps it as it is.
        width: numbers from a row to the next.
    """

    words: FloatArray
    ngrams: FloatArray
    output: FloatArray
    factors: FloatArray
    width: int


class Tables(NamedTuple):
    """What training looks up of words; in lists, word w has the members from `starts[w]` up to `starts[w + 1]`.

    Attributes:
        noise: uint32 [words * 2], what `alias_table` gives.
        words: number of words.
        ngram_starts: int64 [words + 1].
        ngrams: uint32, the n-grams' rows.
        path_starts: int64 [words + 1]; all 0 with negative sampling.
        nodes: uint32, the inner nodes on the way to a word.
        sides: float32, 1 or 0 at each: what the model is to predict.
    """

    noise: IdArray
    words: int
    ngram_starts: npt.NDArray[np.int64]
    ngrams: IdArray
    path_starts: npt.NDArray[np.int64]
    nodes: IdArray
    sides: FloatArray


class Task(NamedTuple):
    """A piece of text to train on.

    Attributes:
        ids: uint32 [length], the text around it as well, each text ended by `TEXT_END`.
        length: number of ids.
        start: the first place to train at.
        stop: one after the last.
        alpha: learning rate at the start.
        fall: by how much it falls with each place.
        window: words of context on each side, at most.
        is_fixed: whether the window is always as wide as that.
        negative: noise words for each window; 0 with hierarchical softmax.
        seed: of the random numbers.
    """

    ids: IdArray
    length: int
    start: int
    stop: int
    alpha: float
    fall: float
    window: int
    is_fixed: bool
    negative: int
    seed: int


class WorkerRows(NamedTuple):
    """Which rows a worker has for itself.

    Attributes:
        copies: row of the output layer that is the first copy of a noise word.
        slots: number of noise words at hand.
        is_copied: whether copies of their rows are trained, or the rows themselves.
        renewed: windows of CBOW with which noise words give way once.
        spare: row of the output layer that stands for no word.
        frequent: of how many of the most frequent words it has rows of its own in the output layer.
        output: row of the output layer that is the first of those.
        vectors: of how many it has vectors of its own as well.
        words: row of the words' vectors that is the first of those.
        period: windows with which what changed in those of one word is shared.
    """

    copies: int
    slots: int
    is_copied: bool
    renewed: int
    spare: int
    frequent: int
    output: int
    vectors: int
    words: int
    period: int

    @classmethod
    def of(
        cls,
        worker: int,
        words: int,
        slots: int,
        is_copied: bool,
        renewed: int,
        frequent: int,
        vectors: int,
        period: int,
    ) -> "WorkerRows":
        """Those of a worker, by its number: they stand after the rows of words and of workers before it."""
        copies = words + worker * (slots + 1 + frequent)
        spare, first = copies + slots, words + worker * vectors
        return cls(copies, slots, is_copied, renewed, spare, frequent, spare + 1, vectors, first, period)


class Scratch(NamedTuple):
    """Room for what is at hand of one window.

    Attributes:
        own: where the rows are that the worker has for itself.
        context: uint32, rows of the vectors of the words around, and after them of the middle one.
        pool: uint32 [slots], noise words at hand.
        coming: uint32 [2 * AHEAD], the words that come next, each with its slot.
        stream: uint64 [2], the random number by which they were drawn, and which of them is next.
        copied: float32 [slots * width], the rows of noise words when they were copied.
        output_before: float32 [frequent * width], rows of frequent words when they were shared last.
        words_before: float32 [vectors * width], the same of their vectors.
        rows: uint32, rows of the output layer that are its targets.
        labels: float32, 1 for a target that is there and 0 for one that is not; half a line for each six.
        shares: float32, by which the learning rate is multiplied for a target; as `labels`.
        errors: float32, of each word of the context half a line, with those of six targets.
        hidden: float32 [width], the vector that predicts.
        total: float32 [width], what it is to change by.
    """

    own: WorkerRows
    context: IdArray
    pool: IdArray
    coming: IdArray
    stream: npt.NDArray[np.uint64]
    copied: FloatArray
    output_before: FloatArray
    words_before: FloatArray
    rows: IdArray
    labels: FloatArray
    shares: FloatArray
    errors: FloatArray
    hidden: FloatArray
    total: FloatArray

    @classmethod
    def of(cls, own: WorkerRows, window: int, targets: int, width: int) -> "Scratch":
        """Room for so many words on each side and so many targets at once."""
        words, groups = 2 * window + 1, targets // TARGETS + 1
        labels, shares = np.zeros((2, groups * HALF), np.float32)
        hidden, total = aligned((2, width))
        return cls(
            own,
            np.zeros(words, np.uint32),
            np.zeros(own.slots, np.uint32),
            np.zeros(2 * AHEAD, np.uint32),
            np.zeros(2, np.uint64),
            aligned((own.slots * width,)),
            aligned((own.frequent * width,)),
            aligned((own.vectors * width,)),
            np.zeros(groups * TARGETS, np.uint32),
            labels,
            shares,
            np.zeros((words + 1) * HALF, np.float32),
            hidden,
            total,
        )


def aligned(shape: tuple[int, ...]) -> FloatArray:
    """Zeros of this shape, the first of which begins a line of the cache."""
    numbers = np.zeros(int(np.prod(shape)) + LANES, np.float32)
    first = -numbers.ctypes.data % (LANES * numbers.itemsize) // numbers.itemsize
    return numbers[first : first + int(np.prod(shape))].reshape(shape)


@intrinsic
def _pointer(typingctx: Any, array: Any) -> Any:
    """Where the numbers of an array are."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def _fetch(typingctx: Any, pointer: Any, place: Any) -> Any:
    """Ask for a number's line of the cache before it is needed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), byte)
        builder.call(prefetch, [address, number(1), number(3), number(1)])  # to write, near, data
        return context.get_dummy_value()

    return types.void(pointer, types.int64), generate


@inlined
def at_weights(weights):
    words, ngrams = _pointer(weights.words), _pointer(weights.ngrams)
    return Weights(words, ngrams, _pointer(weights.output), _pointer(weights.factors), weights.width)


@inlined
def at_tables(tables):
    ngrams = _pointer(tables.ngram_starts), _pointer(tables.ngrams)
    nodes = _pointer(tables.nodes), _pointer(tables.sides)
    return Tables(
        _pointer(tables.noise),
        tables.words,
        ngrams[0],
        ngrams[1],
        _pointer(tables.path_starts),
        nodes[0],
        nodes[1],
    )


@inlined
def at_task(task):
    return Task(
        _pointer(task.ids),
        task.length,
        task.start,
        task.stop,
        task.alpha,
        task.fall,
        task.window,
        task.is_fixed,
        task.negative,
        task.seed,
    )


@inlined
def at_room(room):
    return Scratch(
        room.own,
        _pointer(room.context),
        _pointer(room.pool),
        _pointer(room.coming),
        _pointer(room.stream),
        _pointer(room.copied),
        _pointer(room.output_before),
        _pointer(room.words_before),
        _pointer(room.rows),
        _pointer(room.labels),
        _pointer(room.shares),
        _pointer(room.errors),
        _pointer(room.hidden),
        _pointer(room.total),
    )


@inlined
def fetch_row(array, row, width):
    first = int64(row) * width
    for place in range(0, width, LANES):
        _fetch(array, first + place)
