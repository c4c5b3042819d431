"""Windows a second of the fast engine's loops: with one thread, with two that train one model, and two models.

    python benchmarks/windows.py [--words 40000] [--dims 100 300] [--windows 300000] [--rounds 5]

A window is a word of the text and those around it. Words are drawn by Zipf's law, frequent ones less often, as by
subsampling. Two threads that train models of their own share nothing but the machine: what they do more than one
thread is what the machine allows, and what two threads on one model do less is what they lose to one another.
Medians of rounds in turn.
"""

import argparse
from collections import defaultdict
from statistics import median
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from wvcli.compiling import LANES
from wvcli.engines import _drawing, _kernels, _memory

SLOTS = 256  # noise words at hand
FREQUENT = 128  # words of which each worker has rows of its own, in CBOW
RENEWED = 4  # windows of CBOW with which noise words give way once
PERIOD = 8  # windows with which it shares those of one word


class Model(NamedTuple):
    """What the loops need of a model, with room for two workers."""

    weights: Any
    tables: Any
    rooms: list[Any]

    @classmethod
    def of(cls, dim: int, words: int, frequent: int, noise: Any) -> "Model":
        """A model with weights of zeros but for the words' vectors, which are random."""
        width = -(-dim // LANES) * LANES
        rows = words + 2 * frequent
        vectors = _memory.aligned((rows, width))
        vectors[:, :dim] = np.random.default_rng(1).uniform(-0.5 / dim, 0.5 / dim, (rows, dim))
        output = _memory.aligned(((words + 2 * (SLOTS + 1 + frequent)) * width,))
        output += 0  # so that no page of it is new when it is timed
        nothing, starts = np.zeros(0, np.uint32), np.zeros(words + 1, np.int64)
        vectors, ones = vectors.reshape(-1), np.ones(rows, np.float32)
        weights = _memory.Weights(vectors, vectors[:0], output, ones, width)
        tables = _memory.Tables(noise, words, starts, nothing, starts, nothing, vectors[:0])
        owns = (_memory.Own.of(n, words, SLOTS, True, RENEWED, frequent, frequent, PERIOD) for n in range(2))
        rooms = [_memory.Room.of(own, 5, 6, width) for own in owns]
        return cls(weights, tables, rooms)


def speed(kernel: Any, text: Any, models: list[Model]) -> float:
    """Windows a second, a thread for each model, each on a part of the text."""
    length = len(text) // len(models)

    def work(number: int) -> None:
        model = models[number]
        for start in range(number * length, (number + 1) * length, 10_000):
            stop = min(start + 10_000, (number + 1) * length)
            task = _memory.Task(text, len(text), start, stop, 0.025, 0.0, 5, False, 5, start)
            kernel(task, model.tables, model.weights, model.rooms[number])

    threads = [Thread(target=work, args=(number,)) for number in range(len(models))]
    started = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(text) / (perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=40_000)
    parser.add_argument("--dims", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--windows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    shares = 1 / np.arange(1.0, options.words + 1)
    shares /= shares.sum()
    noise = _drawing.alias_table(shares**0.75)
    shares *= np.minimum(1, np.sqrt(1e-3 / shares) + 1e-3 / shares)
    random = np.random.default_rng(1)
    text = random.choice(options.words, size=options.windows, p=shares / shares.sum()).astype(np.uint32)
    for dim in options.dims:
        for name, frequent in (("skipgram", 0), ("cbow", FREQUENT)):
            one, other = (Model.of(dim, options.words, frequent, noise) for _ in range(2))
            kernel = getattr(_kernels, name)
            seen: dict[str, list[float]] = defaultdict(list)
            speed(kernel, text, [one])
            for _ in range(options.rounds):
                seen["one thread"].append(speed(kernel, text, [one]))
                seen["two, one model"].append(speed(kernel, text, [one, one]))
                seen["two, two models"].append(speed(kernel, text, [one, other]))
            first = median(seen["one thread"])
            told = [
                f"{how} {median(speeds) / 1e6:.2f} M ({median(speeds) / first:.2f})"
                for how, speeds in seen.items()
            ]
            print(f"{name}, dim {dim}: windows a second: {', '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
