"""Quality of the vectors that several replicas of a model train in rounds, beside those of one machine.

    python benchmarks/replicas.py TEXT... --data DATA [--tokens 3000000] [--replicas 2 8] [--rounds 16]
        [--seeds 1] [--dim 100] [--epochs 5] [--processes 2] [--usual-alpha] [--full] [--mllib 1 8]

TEXT are files of text, read one after the other, of which about the first N tokens are used (half of them of each
of two files, so that the replicas read different subjects); DATA is a folder with `similarity/*.tsv` and
`analogies/questions-words.txt`. Each model is Word2Vec's skip-gram with negative sampling, trained by a worker a
replica, on processes of this machine, which give what Spark gives. The learning rate of replicas is that which
`--replicas` takes, and with `--usual-alpha` also that of one machine; one machine is also measured with the
learning rate of the largest number of replicas. Printed are the means over the seeds, the lowest and the highest
score, and the differences from one machine.

`--mllib` also trains Word2Vec of Spark's MLlib, by as many tasks at a time as there are processes; its numbers are
partitions, each of which trains a copy of the model. It has the same words, dimensions, window and epochs, and is
skip-gram too, but with hierarchical softmax and without subsampling. Seconds, and those of processors, are of the
whole run, from text to file, once Spark is there.

`--full` is the whole measurement, which takes hours: all of TEXT, 2, 4, 8 and 16 replicas, 16 and 48 rounds, three
seeds.
"""

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from engines_quality import scored
from mllib import processor_seconds, spark, train_mllib

import wvcli
from wvcli.text.corpus import Corpus

_BYTES_PER_TOKEN = 5.5


def shortened(texts: list[str], tokens: int | None, path: Path) -> None:
    """Write about as many tokens, as many of each text, into one file."""
    with path.open("w", encoding="utf-8") as file:
        for text in texts:
            left = sys.maxsize if tokens is None else int(tokens * _BYTES_PER_TOKEN / len(texts))
            for line in Corpus([text]).texts():
                file.write(line + "\n")
                left -= len(line) + 1
                if left < 0:
                    break


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tokens", type=int, default=3_000_000)
    parser.add_argument("--replicas", type=int, nargs="+", default=[2, 8])
    parser.add_argument("--rounds", type=int, nargs="+", default=[16])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--usual-alpha", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--mllib", type=int, nargs="+", default=[])
    options = parser.parse_args()
    if options.full:
        options.tokens, options.replicas, options.rounds, options.seeds = None, [2, 4, 8, 16], [16, 48], 3
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        text = folder / "text.txt"
        shortened(options.texts, options.tokens, text)
        kinds = of_wvcli(options, text)
        session = None
        if options.mllib:
            session = spark(options.processes, folder / "spark")
            stack.callback(session.stop)
            for partitions in options.mllib:
                trained = partial(of_mllib, options, text, session=session, partitions=partitions)
                kinds[f"MLlib, {partitions} partitions"] = trained
        for seed, (kind, train) in product(range(1, options.seeds + 1), kinds.items()):
            begun = perf_counter(), processor_time(session)
            model = train(seed=seed)
            found = {
                "seconds": perf_counter() - begun[0],
                "processor seconds": processor_time(session) - begun[1],
                **scored(model, options.data),
            }
            vectors = wvcli.load(model)
            listed = "  ".join(f"{what} {score:.3f}" for what, score in found.items())
            print(f"seed {seed}, {kind}, {len(vectors):,} words: {listed}", file=sys.stderr, flush=True)
            for what, score in found.items():
                scores[what][kind].append(score)
        tokens = wvcli.load(folder / "one.safetensors").manifest["coverage"]["tokens_kept"]
    print(f"{tokens:,} tokens in the vocabulary")
    for what, by_kind in scores.items():
        print(what)
        first = mean(by_kind["one machine"])
        for kind, values in by_kind.items():
            spread = f"({min(values):.3f} to {max(values):.3f}, {mean(values) - first:+.3f})"
            print(f"  {kind:<40} {mean(values):.3f} {spread}")


def processor_time(session: Any) -> float:
    """Return the seconds of processors that this process, those that it waited for, and Spark have taken."""
    return sum(os.times()[:4]) + (processor_seconds(session) if session else 0.0)


def of_wvcli(options: argparse.Namespace, text: Path) -> dict[str, Callable[..., Path]]:
    """Return what trains a model and returns its file, for each way in which wvcli is measured."""
    raised = round(0.025 * max(options.replicas) ** (1 / 6), 6)
    kinds: dict[str, dict[str, Any]] = {
        "one machine": {"output": text.with_name("one")},
        f"one machine, alpha {raised:g}": {"alpha": raised},
    }
    for replicas, rounds in product(options.replicas, options.rounds):
        distributed = {
            "cluster": f"processes[{options.processes}]",
            "work": text.with_name("work"),
            "replicas": replicas,
            "rounds": rounds,
        }
        kinds[f"{replicas} replicas, {rounds} rounds"] = distributed
        if options.usual_alpha:
            kinds[f"{replicas} replicas, {rounds} rounds, usual alpha"] = distributed | {"alpha": 0.025}

    def train(how: dict[str, Any], seed: int) -> Path:
        output: Path = how.get("output", text.with_name("model"))
        wvcli.train(
            text, dim=options.dim, epochs=options.epochs, window=5, min_count=5, workers=1, seed=seed,
            engine="fast", unknown_words="none", overwrite=True, **{**how, "output": output},
        )  # fmt: skip
        return output.with_suffix(".safetensors")

    return {kind: partial(train, how) for kind, how in kinds.items()}


def of_mllib(options: argparse.Namespace, text: Path, session: Any, partitions: int, seed: int) -> Path:
    """Train the same text by MLlib, and return the file of the vectors."""
    words = list(wvcli.load(text.with_name("one.safetensors")))
    vectors = text.with_name("mllib.vec")
    train_mllib(session, text, vectors, words, partitions, options.dim, options.epochs, seed)
    return vectors


if __name__ == "__main__":
    main()
