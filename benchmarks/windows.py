"""How many windows a second memory alone would allow, beside what the fast engine trains.

    python benchmarks/windows.py [--words 40000] [--dims 100 300] [--windows 1000000]

For each window as many rows as CBOW has targets, a middle word and five noise words, are drawn by Zipf's law,
asked for a window ahead, read and written: the least that any loop does which trains so. Windows a second of one
thread.
"""

import argparse
from time import perf_counter
from typing import Any

import numpy as np
from numba import njit

from wvcli.compiling import LANES
from wvcli.engines import _drawing, _kernels, _memory

ROWS = 6


@njit(nogil=True, fastmath=True)
def touched(output: Any, noise: Any, words: int, dim: int, windows: int, change: Any) -> None:
    """Draw rows for each window and add to them, with nothing else to do."""
    random = _drawing.seeded(1)
    rows, at = np.zeros(2 * ROWS, np.uint32), _memory._pointer(noise)
    pointer = _memory._pointer(output)
    for window in range(windows):
        now = window % 2 * ROWS
        for number in range(ROWS):
            random = _drawing.following(random)
            place = _drawing.below(random, words)
            is_other = np.uint32(random) > at[2 * place]
            rows[ROWS - now + number] = at[2 * place + 1] if is_other else place
            _memory.fetch_row(pointer, rows[ROWS - now + number], dim)
        for number in range(ROWS):
            first = np.int64(rows[now + number]) * dim
            for step in range(dim):
                output[first + step] += change[step]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=40_000)
    parser.add_argument("--dims", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--windows", type=int, default=1_000_000)
    options = parser.parse_args()
    shares = 1 / np.arange(1.0, options.words + 1)
    random = np.random.default_rng(1)
    text = random.choice(options.words, size=options.windows, p=shares / shares.sum()).astype(np.uint32)
    noise = _drawing.alias_table(shares**0.75)
    for dim in options.dims:
        width = -(-dim // LANES) * LANES
        output, words = (_memory.aligned(((options.words + 1) * width,)) for _ in range(2))
        nothing = np.zeros(0, np.uint32)
        starts = np.zeros(options.words + 1, np.int64)
        weights = _memory.Weights(
            words, words[:0], output, np.ones(options.words, np.float32), width, options.words
        )
        tables = _memory.Tables(noise, options.words, starts, nothing, starts, nothing, words[:0])
        room = _memory.Room.of(5, 6, width)
        seen = {"rows alone": [], "cbow": [], "skipgram": []}  # type: dict[str, list[float]]
        for count in (1, *[options.windows] * 5):
            task = _memory.Task(text, len(text), 0, count, 0.025, 0.0, 5, False, 5, 1)
            for name in seen:
                started = perf_counter()
                if name == "rows alone":
                    touched(output, noise, options.words, width, count, np.full(width, 1e-9, np.float32))
                else:
                    getattr(_kernels, name)(task, tables, weights, room)
                seen[name].append(count / (perf_counter() - started))
        told = ", ".join(f"{name} {np.median(speeds[1:]) / 1e6:.2f} M" for name, speeds in seen.items())
        print(f"dim {dim}: windows a second: {told}", flush=True)


if __name__ == "__main__":
    main()
