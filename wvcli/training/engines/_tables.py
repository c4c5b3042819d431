"""What training looks up about words, and the weights it begins with: to the bit as Gensim makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.system.parallel import parallel_map, processors
from wvcli.tokens.shards import IdArray
from wvcli.training.engines import FloatArray
from wvcli.training.settings import TrainSettings
from wvcli.vectors.subwords import bucket_rows
from wvcli.vectors.vocabulary import Vocabulary

_KEPT = 2**32 - 1  # of a word that subsampling always leaves
_NOISE = 2**31 - 1  # the steps in which the distribution of noise words is measured
_ROWS_AT_ONCE = 1 << 12  # of which weights are drawn; an even number


@dataclass(frozen=True)
class Lists:
    """A list for each word, all in one: that of word w is `items[starts[w]:starts[w + 1]]`.

    Attributes:
        starts: int64 [words + 1].
        items: uint32.
    """

    starts: npt.NDArray[np.int64]
    items: IdArray

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> "Lists":
        """Join lists."""
        starts = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum([len(each) for each in lists], out=starts[1:])
        items = np.concatenate([np.zeros(0, dtype=np.uint32), *lists], dtype=np.uint32, casting="unsafe")
        return cls(starts, items)

    @classmethod
    def empty(cls, words: int) -> "Lists":
        """Return an empty list for each word."""
        return cls(np.zeros(words + 1, dtype=np.int64), np.zeros(0, dtype=np.uint32))

    def __getitem__(self, word: int) -> IdArray:
        items: IdArray = self.items[self.starts[word] : self.starts[word + 1]]
        return items

    def lengths(self) -> npt.NDArray[np.int64]:
        """Return int64 [words], how long each list is."""
        return np.diff(self.starts)

    def some(self, words: IdArray) -> "Lists":
        """Return the lists of some words."""
        lengths = self.lengths()[words]
        starts = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        places = np.arange(starts[-1]) + np.repeat(self.starts[words] - starts[:-1], lengths)
        return Lists(starts, self.items[places])


@dataclass(frozen=True)
class Tables:
    """What training looks up about the words of a vocabulary.

    Attributes:
        frequencies: int64 [words].
        keep: uint32 [words]; subsampling leaves a word where a random number is not above this.
        noise: float64 [words], in what proportion they are drawn as noise words; empty with hierarchical softmax.
        ngrams: the rows of the n-grams of each word, in fastText's order; empty lists without subwords.
        nodes: the inner nodes on the path from the root of the Huffman tree to each word; empty lists with
            negative sampling.
        sides: 0 or 1 at each of these nodes, for the side on which the path goes on.
    """

    frequencies: npt.NDArray[np.int64]
    keep: IdArray
    noise: npt.NDArray[np.float64]
    ngrams: Lists
    nodes: Lists
    sides: Lists

    @classmethod
    def of(cls, words: Sequence[str], frequencies: npt.NDArray[np.int64], settings: TrainSettings) -> "Tables":
        """Make the tables that training by some settings needs.

        Args:
            words: the vocabulary.
            frequencies: int64 [words].
            settings: nothing of theirs that matters here is `auto`.
        """
        none = Lists.empty(len(words))
        nodes, sides = _paths(frequencies) if settings.loss == "hierarchical" else (none, none)
        return cls(
            frequencies=frequencies,
            keep=_keep(frequencies, settings.sample),
            noise=_noise(frequencies, settings.noise_exponent) if settings.loss == "negative" else np.zeros(0),
            ngrams=_ngrams(words, settings) if settings.algorithm == "fasttext" else none,
            nodes=nodes,
            sides=sides,
        )


def _keep(frequencies: npt.NDArray[np.int64], sample: float) -> IdArray:
    """Return uint32 [words], the chance that subsampling leaves a word, as a share of the largest uint32."""
    total = int(frequencies.sum())
    threshold = float(sample * total) if sample else float(total)
    counts = frequencies.astype(np.float64)
    chances = (np.sqrt(counts / threshold) + 1) * (threshold / counts)
    return (np.minimum(chances, 1.0) * _KEPT).astype(np.uint32)


def _noise(frequencies: npt.NDArray[np.int64], exponent: float) -> npt.NDArray[np.float64]:
    """Return float64 [words], in what proportion words are drawn as noise words: whole numbers."""
    # One by one, since NumPy's powers of whole arrays differ in the last bit from one processor to the other.
    sums = np.array(list(accumulate(count**exponent for count in frequencies.tolist())))
    return np.diff(np.rint(sums / sums[-1] * _NOISE), prepend=0.0)


def _ngrams(words: Sequence[str], settings: TrainSettings) -> Lists:
    vocabulary = Vocabulary.from_words(words)
    rows, starts = bucket_rows(
        vocabulary.text, vocabulary.offsets, settings.min_n, settings.max_n, settings.buckets or 1
    )
    return Lists(starts, rows.astype(np.uint32))


class _Node:
    """A node of the Huffman tree; of two nodes with the same count neither comes first."""

    __slots__ = ("count", "left", "number", "right")

    def __init__(self, count: int, number: int, left: Any = None, right: Any = None) -> None:
        self.count, self.number, self.left, self.right = count, number, left, right

    def __lt__(self, other: "_Node") -> bool:
        return self.count < other.count


def _paths(frequencies: npt.NDArray[np.int64]) -> tuple[Lists, Lists]:
    """Return the inner nodes on the path to each word in the Huffman tree, and at each the side it goes on."""
    words = len(frequencies)
    heap = [_Node(count, word) for word, count in enumerate(frequencies.tolist())]
    heapify(heap)
    for number in range(words - 1):
        first, second = heappop(heap), heappop(heap)
        heappush(heap, _Node(first.count + second.count, words + number, first, second))
    nodes: list[list[int]] = [[] for _ in range(words)]
    sides: list[list[int]] = [[] for _ in range(words)]
    stack: list[tuple[_Node, list[int], list[int]]] = [(heap[0], [], [])]
    while stack:
        node, above, turns = stack.pop()
        if node.number < words:
            nodes[node.number], sides[node.number] = above, turns
        else:
            above = [*above, node.number - words]
            stack += [(node.left, above, [*turns, 0]), (node.right, above, [*turns, 1])]
    return Lists.of(nodes), Lists.of(sides)


def draw_weights(rows: FloatArray, seed: int) -> None:
    """Fill float32 [rows, dim] with numbers drawn evenly from -1 / dim to 1 / dim."""
    dim = rows.shape[1]

    def draw(start: int) -> None:
        some = rows[start : start + _ROWS_AT_ONCE]
        random = np.random.Generator(np.random.PCG64(seed).advance(start * dim // 2))  # two numbers at a time
        drawn = random.random(some.shape, dtype=np.float32)
        drawn *= np.float32(2.0)
        drawn -= np.float32(1.0)
        np.divide(drawn, np.float32(dim), out=some)

    parallel_map(draw, range(0, len(rows), _ROWS_AT_ONCE), processors())
