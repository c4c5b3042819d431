"""What the kernels of the fast engine work on, as named tuples of arrays, and how kernels reach into them.

A kernel first replaces the arrays of its arguments by pointers (`pointers`): Numba counts references to arrays,
which in loops as short as these costs more than the arithmetic.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import int64, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from wvcli.tokens.shards import IdArray
from wvcli.training.engines._simd import EIGHT
from wvcli.training.engines._tuning import CACHE_LINE

FloatArray = npt.NDArray[np.float32]

QUEUE_WORDS = 64  # noise words drawn together: each waits for the alias table, and 64 overlap their waiting
GROUP = 6  # targets multiplied at a time: a word and the usual five noise words


def _can_cache() -> bool:
    """Return whether Numba can keep compiled code: in the package's folder or in one of the user's."""
    try:
        njit(cache=True)(_can_cache)
    except RuntimeError:
        return False
    return True


is_cacheable = _can_cache()
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
compiled = njit(cache=is_cacheable, **_OPTIONS)
# Called by kernels only, never from Python: compiled without code for that, and without files of their own in the
# cache, which takes much less time.
inlined = njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)
specialized = njit(inline="always")  # compiled only as part of its caller, with the functions that this hands it


class Weights(NamedTuple):
    """What is trained, flat: row r begins at r * width, on a cache line, and is zero beyond the dimension.

    Attributes:
        word_vectors: float32, a row for each word, then the replicas of each worker.
        ngram_vectors: float32, a row for each bucket of n-grams; empty without subwords.
        output: float32, a row for each word, or with hierarchical softmax for each inner node; then for each
            worker its copies of noise words, its padding row and its replicas.
        lock_factors: float32, for each row of `word_vectors`: changes of the row are multiplied by it, so that 0
            freezes a word.
        width: float32 numbers from one row to the next: the dimension, rounded up to whole cache lines.
        length: how many of them are calculated with: the dimension, rounded up to whole lines of `_simd`.
    """

    word_vectors: FloatArray
    ngram_vectors: FloatArray
    output: FloatArray
    lock_factors: FloatArray
    width: int
    length: int


class Tables(NamedTuple):
    """What kernels look up about words. Word w has the n-grams (and nodes) from `starts[w]` up to `starts[w + 1]`.

    Attributes:
        alias_table: uint32 [words * 2], by which noise words are drawn; empty with hierarchical softmax.
        vocabulary_size: number of words.
        ngram_starts: int64 [words + 1].
        ngrams: uint32, rows of the n-gram vectors.
        path_starts: int64 [words + 1]; all 0 with negative sampling.
        path_nodes: uint32, the inner nodes of the Huffman tree from its root to a word: rows of the output layer.
        path_labels: float32, 1 or 0 at each node: what the model is to predict there.
    """

    alias_table: IdArray
    vocabulary_size: int
    ngram_starts: npt.NDArray[np.int64]
    ngrams: IdArray
    path_starts: npt.NDArray[np.int64]
    path_nodes: IdArray
    path_labels: FloatArray


class Task(NamedTuple):
    """A piece of text that one worker trains on in one call of a kernel.

    Attributes:
        ids: uint32 [length], the text with what stands around the piece; `TEXT_END` ends each text.
        length: number of ids.
        start: index of the first id to train on.
        stop: index after the last.
        alpha: learning rate at `start`.
        alpha_step: by how much the learning rate falls with each id.
        window: words of context on each side, at most.
        has_fixed_window: whether it is always as wide as that.
        negative: noise words for each prediction; 0 with hierarchical softmax.
        seed: of the random numbers.
    """

    ids: IdArray
    length: int
    start: int
    stop: int
    alpha: float
    alpha_step: float
    window: int
    has_fixed_window: bool
    negative: int
    seed: int


class WorkerRows(NamedTuple):
    """Which rows of the weights one worker alone trains, and how often they are exchanged with those of all.

    Attributes:
        first_copy: row of the output layer with the copy of the first noise word of the pool.
        pool_size: number of words in the noise pool.
        has_copies: whether copies of noise words are trained, or the rows of the words themselves.
        padding: row of the output layer that stands for no word, for groups of targets that are not full.
        output_replicas: how many of the most frequent words have a replica in the output layer.
        first_output_replica: row of the output layer with the first of them.
        word_replicas: how many of the most frequent words have a replica of their vector.
        first_word_replica: row of the word vectors with the first of them.
        refresh_windows: windows of CBOW after which noise words of the pool are replaced.
        sync_windows: windows after which the replicas of one word are synchronized.
    """

    first_copy: int
    pool_size: int
    has_copies: bool
    padding: int
    output_replicas: int
    first_output_replica: int
    word_replicas: int
    first_word_replica: int
    refresh_windows: int
    sync_windows: int

    @classmethod
    def of(
        cls,
        *,
        worker: int,
        words: int,
        pool_size: int,
        has_copies: bool,
        output_replicas: int,
        word_replicas: int,
        refresh_windows: int,
        sync_windows: int,
    ) -> "WorkerRows":
        """Return the rows of a worker by its number: they stand behind those of words and of earlier workers."""
        first_copy = words + worker * (pool_size + 1 + output_replicas)
        return cls(
            first_copy=first_copy,
            pool_size=pool_size,
            has_copies=has_copies,
            padding=first_copy + pool_size,
            output_replicas=output_replicas,
            first_output_replica=first_copy + pool_size + 1,
            word_replicas=word_replicas,
            first_word_replica=words + worker * word_replicas,
            refresh_windows=refresh_windows,
            sync_windows=sync_windows,
        )

    @property
    def output_rows(self) -> int:
        """The number of rows that the output layer must have to hold these."""
        return self.first_output_replica + self.output_replicas

    @property
    def word_rows(self) -> int:
        """The number of rows that the word vectors must have to hold these."""
        return self.first_word_replica + self.word_replicas


class Scratch(NamedTuple):
    """The working memory of one worker.

    Attributes:
        rows: which rows of the weights are the worker's.
        context: uint32 [2 * window + 1], rows of the vectors of the words around, then of the middle word.
        pool: uint32 [pool_size], the words of the noise pool.
        queue: uint32 [2 * QUEUE_WORDS], words to enter the pool next, each followed by its slot there.
        queue_state: uint64 [2], the random number that the queue was drawn with last, and the index of its head.
        copy_snapshot: float32 [pool_size * width], the rows of noise words when they were copied.
        output_snapshot: float32 [output_replicas * width], the output rows of frequent words at the last
            synchronization.
        word_snapshot: float32 [word_replicas * width], the same of their vectors.
        targets: uint32, rows of the output layer to predict: groups of six, of which the last may hold padding.
        labels: float32, for each target 1 if it is to be predicted and 0 if not; two more, for eight are loaded.
        counts: float32, how often each target was drawn, 0 for padding; laid out as `labels`.
        errors: float32, eight for each word of the context: by what to change for each target of a group.
        hidden: float32 [width], the hidden layer: the vector that predicts.
        hidden_change: float32 [width], what it is to change by.
    """

    rows: WorkerRows
    context: IdArray
    pool: IdArray
    queue: IdArray
    queue_state: npt.NDArray[np.uint64]
    copy_snapshot: FloatArray
    output_snapshot: FloatArray
    word_snapshot: FloatArray
    targets: IdArray
    labels: FloatArray
    counts: FloatArray
    errors: FloatArray
    hidden: FloatArray
    hidden_change: FloatArray

    @classmethod
    def of(cls, rows: WorkerRows, *, window: int, targets: int, width: int) -> "Scratch":
        """Return zeros for windows of up to `window` words on each side and up to `targets` targets at once."""
        words, groups = 2 * window + 1, targets // GROUP + 1
        labels, counts = np.zeros((2, groups * GROUP + EIGHT - GROUP), np.float32)
        hidden, hidden_change = aligned_zeros((2, width))
        return cls(
            rows=rows,
            context=np.zeros(words, np.uint32),
            pool=np.zeros(rows.pool_size, np.uint32),
            queue=np.zeros(2 * QUEUE_WORDS, np.uint32),
            queue_state=np.zeros(2, np.uint64),
            copy_snapshot=aligned_zeros((rows.pool_size * width,)),
            output_snapshot=aligned_zeros((rows.output_replicas * width,)),
            word_snapshot=aligned_zeros((rows.word_replicas * width,)),
            targets=np.zeros(groups * GROUP, np.uint32),
            labels=labels,
            counts=counts,
            errors=np.zeros((words + 1) * EIGHT, np.float32),
            hidden=hidden,
            hidden_change=hidden_change,
        )


def aligned_zeros(shape: tuple[int, ...]) -> FloatArray:
    """Return float32 zeros of this shape that begin on a cache line."""
    count = int(np.prod(shape))
    numbers = np.zeros(count + CACHE_LINE, np.float32)
    first = -numbers.ctypes.data % (CACHE_LINE * numbers.itemsize) // numbers.itemsize
    return numbers[first : first + count].reshape(shape)


@intrinsic
def pointers(typingctx: Any, record: Any) -> Any:
    """Return a named tuple with pointers to their numbers in place of its arrays, and all else as it is."""
    fields = [types.CPointer(kind.dtype) if isinstance(kind, types.Array) else kind for kind in record.types]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = []
        for kind, value in zip(record.types, cgutils.unpack_tuple(builder, arguments[0]), strict=True):
            is_array = isinstance(kind, types.Array)
            values.append(context.make_array(kind)(context, builder, value).data if is_array else value)
        return context.make_tuple(builder, signature.return_type, values)

    return types.NamedTuple(fields, record.instance_class)(record), generate


@intrinsic
def prefetch(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Load the cache line of a number into the cache before it is needed, to be written to."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), byte)
        builder.call(prefetch, [address, number(1), number(3), number(1)])  # to write, near, data
        return context.get_dummy_value()

    return types.void(pointer, types.int64), generate


@inlined
def prefetch_row(array, row, width):
    """Load a row into the cache before it is needed, so that it is not waited for then."""
    first = int64(row) * width
    for offset in range(0, width, CACHE_LINE):
        prefetch(array, first + offset)
