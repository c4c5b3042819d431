"""Windows a second of the fast engine's loops: with one thread, with two that train one model, and two models.

    python benchmarks/windows.py [--words 40000] [--dims 100 300] [--methods skipgram cbow fasttext]
        [--windows 300000] [--rounds 5]

A window is a word of the text and those around it. Words are drawn by Zipf's law and subsampled as Gensim does it;
they are written in syllables, so that they have n-grams in common. Two threads that train a model each share
nothing but the machine: what they gain over one thread is what the machine allows, and what two threads on one
model do less is what they lose to each other. Printed are medians of rounds in turn.
"""

import argparse
from collections import defaultdict
from statistics import median
from threading import Thread
from time import perf_counter
from typing import Any

import numpy as np

from wvcli.training.engines._layout import CompiledLoop
from wvcli.training.engines._loops import KERNELS
from wvcli.training.engines._state import Task
from wvcli.training.engines._tables import Tables
from wvcli.training.engines._tuning import DEFAULT
from wvcli.training.settings import TrainSettings

METHODS: dict[str, tuple[Any, Any]] = {
    "skipgram": ("word2vec", "skipgram"),
    "cbow": ("word2vec", "cbow"),
    "fasttext": ("fasttext", "skipgram"),
}
TOKENS = 1 << 30  # of the text that the vocabulary is said to be from


def syllables(number: int) -> str:
    """Return a word for a number, shorter for smaller ones."""
    word = ""
    while number >= 0:
        number, which = divmod(number, 90)
        word += "bcdfghjklmnprstvwz"[which // 5] + "aeiou"[which % 5]
        number -= 1
    return word


def loop(method: str, dim: int, shares: Any, workers: int) -> CompiledLoop:
    """Return the loop of a method, on a new model, for a number of workers."""
    algorithm, architecture = METHODS[method]
    settings = TrainSettings(algorithm=algorithm, architecture=architecture, dim=dim, window=5, buckets=2_000_000)
    words, frequencies = list(map(syllables, range(len(shares)))), (shares * TOKENS).astype(np.int64)
    tables = Tables.of(words, frequencies, settings)
    made = CompiledLoop.of(KERNELS[METHODS[method]], tables, settings, workers=workers, tuning=DEFAULT)
    made.weights.output[:] = 0  # so that all its pages are in memory when it is timed
    return made


def speed(text: Any, loops: list[CompiledLoop]) -> float:
    """Return windows a second, with a thread for each loop, each on a part of the text."""
    length = len(text) // len(loops)

    def work(number: int) -> None:
        mine = loops[number]
        for start in range(number * length, (number + 1) * length, 10_000):
            stop = min(start + 10_000, (number + 1) * length)
            task = Task(
                ids=text,
                length=len(text),
                start=start,
                stop=stop,
                alpha=0.025,
                alpha_step=0.0,
                window=5,
                has_fixed_window=False,
                negative=5,
                seed=start,
            )
            mine.kernel(task, mine.tables, mine.weights, mine.scratch[number])

    threads = [Thread(target=work, args=(number,)) for number in range(len(loops))]
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
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--windows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    shares = 1 / np.arange(1.0, options.words + 1)
    shares /= shares.sum()
    sampled = shares * np.minimum(1, np.sqrt(1e-3 / shares) + 1e-3 / shares)
    random = np.random.default_rng(1)
    text = random.choice(options.words, size=options.windows, p=sampled / sampled.sum()).astype(np.uint32)
    for dim in options.dims:
        for method in options.methods:
            alone, one, other = (loop(method, dim, shares, workers) for workers in (1, 2, 2))
            seen: dict[str, list[float]] = defaultdict(list)
            speed(text, [alone])
            for _ in range(options.rounds):
                seen["one thread"].append(speed(text, [alone]))
                seen["two, one model"].append(speed(text, [one, one]))
                seen["two, two models"].append(speed(text, [one, other]))
            first = median(seen["one thread"])
            cells = [
                f"{how} {median(speeds) / 1e6:.2f} M ({median(speeds) / first:.2f})"
                for how, speeds in seen.items()
            ]
            print(f"{method}, dim {dim}: windows a second: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
