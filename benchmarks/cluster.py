"""What a cluster costs: time beside one machine, and bytes written into the work folder beside the formula.

    python benchmarks/cluster.py TEXT [--cluster local[2]] [--work FOLDER] [--tokens 2000000] [--replicas 2]
        [--rounds 8] [--epochs 1] [--dim 100]
    python benchmarks/cluster.py --sizes

About the first N tokens of TEXT are trained on by one machine with one worker, by the cluster with one replica,
and by the cluster with several; `--tokens 0` takes all. A work folder on disk is watched: the sizes of the files
of weights and changes that appear there are added up.

`--sizes` measures nothing. It prints what three epochs of 1 TB of English would take, calculated.
"""

import argparse
import os
import tempfile
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

from replicas import shortened

import wvcli
from wvcli.training.distribution import Distribution, round_bytes
from wvcli.training.settings import TrainSettings


class Watch:
    """Adds up the sizes of the files of weights and changes that appear in a work folder."""

    def __init__(self, work: Path) -> None:
        self.written: dict[str, int] = {}
        self._work = work
        self._end = Event()
        self._thread = Thread(target=self._run)

    def _run(self) -> None:
        while not self._end.wait(0.01):
            for path in self._work.glob("*/*/*"):
                if path.parent.name in ("weights", "changes") and not path.name.startswith("."):
                    try:
                        self.written[path.name] = path.stat().st_size
                    except FileNotFoundError:  # it was removed by then
                        continue

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def print_sizes() -> None:
    """Print what training on 1 TB of English would take, as Markdown."""
    tokens, epochs, workers = 180_000_000_000, 3, 16
    read_speed, threads, bytes_a_second, job_seconds = 4.4e6, 0.7 * workers, 1e9, 5.0
    for words, dim, speed in ((400_000, 200, 1.1e6), (1_000_000, 300, 0.48e6)):
        settings = TrainSettings(architecture="skipgram", dim=dim, window=5, workers=workers)
        for executors, replicas in ((16, 1), (4, 4), (16, 8), (16, 16), (64, 64)):
            read = tokens / (read_speed * threads * executors) / 60
            training = epochs * tokens / (speed * threads * replicas) / 60
            rounds = epochs * Distribution("local[2]", "/work", replicas).rounds_for(settings, tokens, words)
            exchanged = rounds * round_bytes(words, dim, replicas)
            waiting = (exchanged / replicas / bytes_a_second + rounds * job_seconds) / 60
            cells: list[float] = [words, dim, executors, replicas, round(read), round(training), rounds]
            cells += [float(f"{exchanged / 1e12:.2g}"), round(read + training + waiting)]
            print("|", " | ".join(f"{cell:,}" for cell in cells), "|")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--cluster", default="local[2]")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--dim", type=int, default=100)
    options = parser.parse_args()
    if options.sizes:
        print_sizes()
        return
    if options.text is None:
        parser.error("name a text")
    how: dict[str, Any] = {
        "dim": options.dim, "epochs": options.epochs, "window": 5, "min_count": 5, "workers": 1, "engine": "fast",
        "unknown_words": "none", "overwrite": True,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = options.work or folder / "work"
        os.makedirs(work, exist_ok=True)
        shortened([options.text], options.tokens or None, folder / "text.txt")
        kinds: dict[str, dict[str, Any]] = {"one machine": {}}
        for replicas, rounds in ((1, 1), (options.replicas, options.rounds)):
            kinds[f"{replicas} replicas, {rounds} rounds"] = {
                "cluster": options.cluster, "work": work, "replicas": replicas, "rounds": rounds,
            }  # fmt: skip
        for kind, distributed in kinds.items():
            stages: dict[str, float] = {}
            begun = perf_counter()

            def on_progress(progress: Any, stages: dict[str, float] = stages, begun: float = begun) -> None:
                stages.setdefault(progress.stage, perf_counter() - begun)

            with Watch(work) as watch:
                vectors = wvcli.train(
                    folder / "text.txt", folder / "model", on_progress=on_progress, **how, **distributed
                )
            seconds = perf_counter() - begun
            print(f"{kind}: {seconds:.1f} s; stages began at", {each: round(at, 1) for each, at in stages.items()})
            if distributed:
                replicas, rounds = distributed["replicas"], distributed["rounds"] * options.epochs
                model = 2 * len(vectors) * options.dim * 4
                # The formula has what is read, too: the weights by each replica and once more, and all changes.
                read = model * (replicas + (replicas + 1 if replicas > 1 else 0))
                formula = round_bytes(len(vectors), options.dim, replicas) * rounds - read * rounds
                in_rounds = sum(watch.written.values()) - model  # without the weights that training begins with
                print(f"  written in rounds: {in_rounds / 1e6:.1f} MB seen, {formula / 1e6:.1f} MB by the formula")


if __name__ == "__main__":
    main()
