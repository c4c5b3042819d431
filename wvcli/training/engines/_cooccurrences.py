"""How often words occur near each other, counted in bounded memory.

Each worker counts in a table of its own. A table that is full is written to disk as a run, sorted, and emptied.
In the end the runs are merged: the pairs that several have become one. `_cooccurrence_loops` says how a table is
laid out, and why the order of the pairs is a random one. It depends neither on the memory nor on the workers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from wvcli.errors import WvcliError
from wvcli.reporting import OnProgress, Progress, Throttle
from wvcli.system.parallel import parallel_map
from wvcli.tokens.encoded_corpus import EncodedCorpus, Stretch
from wvcli.tokens.shards import IdArray, unwritable
from wvcli.training.engines._cooccurrence_loops import (
    UNIT,
    CellArray,
    Table,
    add_cells,
    count_pairs,
    pairs_of,
    part_starts,
    sort_cells,
)

BYTES = 16  # of a pair
PATTERNS = ("cooccurrences", "cooccurrences.*.run")  # of the names of the files
_FULL = 0.6  # of a table: beyond, searches become long
_TOKENS = 200_000  # counted by a worker at a time
_FEWEST_SLOTS = 1 << 13
_SAMPLED = 100_000  # pairs, to judge all by
_PAIRS_OF_PART = 1 << 22  # of tokens, at most; far fewer distinct ones are left, some tens of megabytes in merging


@dataclass(frozen=True)
class Cooccurrences:
    """Pairs of words that occur within a window of each other, with their counts, in random order, on disk.

    A pair that is n words apart counts 1 / n. It is here once, not in each direction; a word beside itself counts
    twice, as it would from each of both sides.

    Attributes:
        path: the file: little-endian uint64, place and count of each pair.
        starts: int64 [parts + 1], the index of the first pair of each part, and the number of pairs.
    """

    path: Path
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def cells(self, start: int, stop: int) -> CellArray:
        """Read uint64 [2 * pairs], place and count of each pair from index `start` up to `stop`.

        Raises:
            WvcliError: the file is missing or cannot be read.
        """
        return _read(self.path, start, stop)

    def pairs(self, start: int, stop: int) -> tuple[IdArray, npt.NDArray[np.float64]]:
        """Read uint32 [pairs, 2], the words of each pair, and float64 [pairs], their counts."""
        cells = self.cells(start, stop)
        pairs, counts = np.empty((len(cells) // 2, 2), np.uint32), np.empty(len(cells) // 2)
        pairs_of(cells, pairs, counts)
        return pairs, counts

    def share_of_single(self, window: int) -> float:
        """Return how many of the pairs occur once, of all; by this power they grow with the text (Good, 1953)."""
        _, counts = self.pairs(0, min(_SAMPLED, len(self)))
        once = np.array([round(UNIT / distance) / UNIT for distance in range(1, window + 1)])
        return float(np.isin(counts, once).mean())


def count_cooccurrences(
    corpus: EncodedCorpus, window: int, *, workers: int, memory: int, folder: Path, on_progress: OnProgress
) -> Cooccurrences:
    """Count the pairs of words that occur within a window.

    Args:
        corpus: the text.
        window: words on each side.
        workers: threads.
        memory: bytes of the tables of all workers together.
        folder: where the file is made, and the runs are before they are merged.
        on_progress: called with the tokens counted, and then with the pairs merged.

    Raises:
        WvcliError: the disk is full, or the text on it is damaged.
    """
    for stray in folder.glob(PATTERNS[1]):  # of a run that was killed
        stray.unlink()
    bits = (corpus.tokens_kept * window // _PAIRS_OF_PART).bit_length()
    counting = _Counting(corpus, window, bits, folder, on_progress)
    counting.run(workers, _slots(corpus.tokens_kept, len(corpus.words), window, workers, memory))
    if counting.words != corpus.tokens_kept:
        raise WvcliError(f"{counting.words:,} of {corpus.tokens_kept:,} tokens were counted")
    return _merge(counting.runs, bits, workers, folder / PATTERNS[0], on_progress)


def _slots(tokens: int, words: int, window: int, workers: int, memory: int) -> int:
    """Return the slots of each worker's table: what all pairs that there can be need, or the memory has."""
    most_pairs = min(tokens * window, words * (words + 1) // 2)
    return max(_FEWEST_SLOTS, min(memory // workers // BYTES * 8 // 9, 2 * most_pairs))


def table_bytes(tokens: int, words: int, window: int, workers: int, memory: int) -> int:
    """Return the bytes of memory of the tables; arguments as in `count_cooccurrences`."""
    return workers * _slots(tokens, words, window, workers, memory) * BYTES * 9 // 8


@dataclass(frozen=True)
class _Run:
    """The pairs of one table, sorted, on disk; attributes as of `Cooccurrences`."""

    path: Path
    starts: npt.NDArray[np.int64]


@dataclass
class _Counting:
    """Workers that count one stretch of text after another.

    Attributes:
        corpus: the text.
        window: words on each side.
        bits: upper bits of places, by which runs are divided into parts.
        folder: where runs are written.
        on_progress: called with the tokens counted.
        runs: the runs written so far.
        words: tokens counted so far.
    """

    corpus: EncodedCorpus
    window: int
    bits: int
    folder: Path
    on_progress: OnProgress
    runs: list[_Run] = field(default_factory=list)
    words: int = 0
    _names: int = 0
    _lock: Lock = field(default_factory=Lock)
    _throttle: Throttle = field(default_factory=Throttle)

    def run(self, workers: int, slots: int) -> None:
        """Count all, with tables of so many slots."""
        waiting = self.corpus.stretches(_TOKENS)[::-1]
        try:
            parallel_map(lambda worker: self._work(waiting, slots), range(workers), workers)
        except BaseException:  # Ctrl-C, mostly: the others must stop as well
            waiting.clear()
            raise

    def _work(self, waiting: list[Stretch], slots: int) -> None:
        """Count stretches until none is left."""
        try:
            table = Table.of(slots)
        except MemoryError as error:
            raise WvcliError(
                "there is not enough memory to count co-occurrences", "choose a smaller `glove_memory`"
            ) from error
        shares = np.zeros(self.window + 1, np.uint64)
        shares[1:] = [round(UNIT / distance) for distance in range(1, self.window + 1)]
        used = 0
        try:
            while stretch := self._next(waiting):
                used = self._count(stretch, shares, table, used)
            if used:
                self._write(table)
        except BaseException:
            waiting.clear()
            raise

    def _next(self, waiting: list[Stretch]) -> Stretch | None:
        with self._lock:
            return waiting.pop() if waiting else None

    def _count(self, stretch: Stretch, shares: CellArray, table: Table, used: int) -> int:
        """Count a stretch, and return how many cells of the table are taken then."""
        ids = self.corpus.ids(stretch.shard, stretch.start, stretch.stop)
        position = words = 0
        while position < len(ids):
            position, used, counted = count_pairs(ids, position, shares, table, used, int(_FULL * table.slots))
            words += counted
            if used < 0:
                raise WvcliError("a table of co-occurrences overflowed", "choose a larger `glove_memory`")
            if position < len(ids):
                self._write(table)
                used = 0
        with self._lock:
            self.words += words
            if self._throttle.is_due():
                self.on_progress(Progress("counting", self.words, self.corpus.tokens_kept, unit="tokens"))
        return used

    def _write(self, table: Table) -> None:
        """Write the pairs of a table as a run, and empty it."""
        cells = table.cells[: 2 * sort_cells(table)]
        with self._lock:
            self._names += 1
            path = self.folder / PATTERNS[1].replace("*", str(self._names))
        _write(path, [cells])
        run = _Run(path, part_starts(cells, self.bits))
        cells[:] = 0
        with self._lock:
            self.runs.append(run)


def _merge(runs: list[_Run], bits: int, workers: int, path: Path, on_progress: OnProgress) -> Cooccurrences:
    """Merge runs into a file, and remove them."""
    if len(runs) == 1:
        runs[0].path.replace(path)
        return Cooccurrences(path, runs[0].starts)
    parts = 1 << bits
    path.unlink(missing_ok=True)
    sizes: list[int] = []
    throttle = Throttle()
    total = sum(int(run.starts[-1]) for run in runs)
    for first in range(0, parts, workers):
        numbers = range(first, min(first + workers, parts))
        merged = parallel_map(lambda part: _merged_part(runs, part, bits), numbers, workers)
        _write(path, merged)
        sizes += [len(cells) // 2 for cells in merged]
        if throttle.is_due():
            done = sum(int(run.starts[numbers[-1] + 1]) for run in runs)
            on_progress(Progress("merging", done, total, unit="items"))
    for run in runs:
        run.path.unlink()
    return Cooccurrences(path, np.cumsum([0, *sizes]))


def _merged_part(runs: Sequence[_Run], part: int, bits: int) -> CellArray:
    """Return the pairs of a part of all runs, each once, sorted."""
    pieces = [_read(run.path, run.starts[part], run.starts[part + 1]) for run in runs]
    table = Table.of(max(_FEWEST_SLOTS, sum(map(len, pieces))), bits)
    for piece in pieces:
        if add_cells(piece, table) < 0:
            raise WvcliError("a table of co-occurrences overflowed")
    return table.cells[: 2 * sort_cells(table)]


def _read(path: Path, start: int, stop: int) -> CellArray:
    """Read pairs of a file from index `start` up to `stop`."""
    try:
        cells = np.fromfile(path, dtype="<u8", count=2 * int(stop - start), offset=BYTES * int(start))
    except OSError as error:
        raise WvcliError(f"cannot read the co-occurrences in {path}: {error.strerror}") from error
    if len(cells) != 2 * (stop - start):
        raise WvcliError(f"the co-occurrences in {path} are damaged")
    return cells


def _write(path: Path, pieces: Sequence[CellArray]) -> None:
    """Append pairs to a file."""
    try:
        with path.open("ab") as file:
            for cells in pieces:
                cells.astype("<u8", copy=False).tofile(file)
    except OSError as error:
        raise unwritable("co-occurrences", path, error) from error
