"""GloVe trained by wvcli beside the authors' own program: time, memory and scores on the same tokens.

    python benchmarks/glove.py TEXT DATA BUILD [--tokens N] [--dim 100] [--epochs 15] [--window 10] [--x-max 10]
        [--min-count 5] [--seeds 3] [--workers 2] [--memory 4.0]

TEXT is raw text, of which the first N tokens are used, or all; DATA is a folder with `similarity/*.tsv` and
`analogies/questions-words.txt`; BUILD is the folder in which `make` of github.com/stanfordnlp/GloVe put its four
programs. For each seed both train on the same tokens, with the same settings and threads, in turn. Theirs have
`--memory` gigabytes for counting and shuffling, ours its default, and neither answers unknown words. Printed are
for each the seconds of counting (theirs: vocabulary, co-occurrences and shuffling; ours: all but training), of
training, and of the whole; the most memory; how many times as fast ours is; and the scores, over the pairs and
questions that both cover, which are the same. A first run, which compiles, does not count.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

from training import tokenized

import wvcli
from wvcli.evaluation import evaluate

SETS = (
    "similarity/wordsim353.tsv",
    "similarity/simlex999.tsv",
    "similarity/rg65.tsv",
    "similarity/mturk287.tsv",
    "analogies/questions-words.txt",
)

# Runs a program, and prints the most bytes of memory that it had and how long it took.
MEASURED = """
import resource, subprocess, sys, time
started = time.perf_counter()
subprocess.run(sys.argv[3:], stdin=open(sys.argv[1], "rb"), stdout=open(sys.argv[2], "wb"),
               stderr=subprocess.DEVNULL, check=True)
print(time.perf_counter() - started, 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

OURS = """
import json, resource, sys, time
started = time.perf_counter()
import wvcli
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
seen = {}
def watch(progress):
    if progress.stage != "training" or progress.done:
        seen.setdefault(progress.stage, time.perf_counter())
wvcli.train(text, model, tokenizer="whitespace", lowercase=False, overwrite=True, algorithm="glove",
            unknown_words="none", on_progress=watch, **settings)
training = seen["saving"] - seen["training"]
whole = time.perf_counter() - started
print(whole - training, training, whole, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

MEASURES = ("s, counting", "s, training", "s, whole run", "MB of memory")


def measured(command: list[str], source: Path, target: Path) -> tuple[float, float]:
    """Run a program from one file to another; return its seconds and the most bytes of memory."""
    line = [sys.executable, "-c", MEASURED, str(source), str(target), *command]
    seconds, memory = subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(memory)


def theirs(build: Path, text: Path, folder: Path, options: argparse.Namespace, seed: int) -> list[float]:
    """Train with the authors' programs into `theirs.txt`, and return what was measured."""
    memory, nowhere = str(options.memory), Path("/dev/null")
    vocabulary, pairs, shuffled = (folder / name for name in ("vocabulary", "pairs", "shuffled"))
    done = [
        measured([str(build / "vocab_count"), "-min-count", str(options.min_count)], text, vocabulary),
        measured(
            [
                *(str(build / "cooccur"), "-memory", memory, "-vocab-file", str(vocabulary)),
                *("-window-size", str(options.window), "-overflow-file", str(folder / "overflow")),
            ],
            text,
            pairs,
        ),
        measured(
            [
                *(str(build / "shuffle"), "-memory", memory, "-seed", str(seed)),
                *("-temp-file", str(folder / "shuffling")),
            ],
            pairs,
            shuffled,
        ),
        measured(
            [
                *(str(build / "glove"), "-input-file", str(shuffled), "-vocab-file", str(vocabulary)),
                *("-save-file", str(folder / "theirs"), "-threads", str(options.workers), "-seed", str(seed)),
                *("-x-max", str(options.x_max), "-iter", str(options.epochs), "-vector-size", str(options.dim)),
                *("-binary", "0"),  # no heading: it does not count the vector of <unk>
            ],
            nowhere,
            nowhere,
        ),
    ]
    for path in (pairs, shuffled):
        path.unlink()
    seconds = [each for each, _ in done]
    return [sum(seconds[:3]), seconds[3], sum(seconds), max(memory for _, memory in done) / 1e6]


def ours(text: Path, folder: Path, settings: dict[str, Any]) -> list[float]:
    """Train with wvcli into `ours.safetensors`, and return what was measured."""
    line = [sys.executable, "-c", OURS, str(text), str(folder / "ours.safetensors"), json.dumps(settings)]
    found = subprocess.run(line, check=True, capture_output=True, text=True).stdout.split()
    before, training, whole, memory = map(float, found)
    return [before, training, whole, memory / 1e6]


def scores(model: Path, data: Path) -> Iterator[tuple[str, float]]:
    """Yield the score of a model in each set."""
    for each in evaluate.evaluate([wvcli.load(model)], [data / name for name in SETS]):
        if each.section is None and each.score is not None:
            yield f"{Path(each.set).stem} {each.measure}", each.score


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("build", type=Path)
    parser.add_argument("--tokens", type=int, default=sys.maxsize)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--x-max", type=float, default=10)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", type=float, default=4.0)
    options = parser.parse_args()
    settings = {name: getattr(options, name) for name in ("dim", "window", "x_max", "min_count", "workers")}
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as name:
        folder, text = Path(name), Path(name) / "text"
        print(f"{tokenized(options.text, text, options.tokens):,} tokens", flush=True)
        ours(text, folder, settings | {"epochs": 1})
        for seed in range(1, options.seeds + 1):
            runs = {
                "theirs": theirs(options.build, text, folder, options, seed),
                "ours": ours(text, folder, settings | {"epochs": options.epochs, "seed": seed}),
            }
            models = {"theirs": folder / "theirs.txt", "ours": folder / "ours.safetensors"}
            for who, values in runs.items():
                listed = dict(zip(MEASURES, values, strict=True)) | dict(scores(models[who], options.data))
                for what, value in listed.items():
                    found[what][who].append(value)
                line = "  ".join(f"{what} {value:.3f}" for what, value in listed.items())
                print(f"seed {seed}, {who}: {line}", file=sys.stderr, flush=True)
    for what, by_program in found.items():
        one, other = by_program["theirs"], by_program["ours"]
        if what in MEASURES:
            ratio = median(a / b for a, b in zip(one, other, strict=True))
            print(f"{what:<34} theirs {median(one):9.1f}  ours {median(other):9.1f}  {ratio:.2f} times")
        else:
            difference = mean(other) - mean(one)
            print(f"{what:<34} theirs {mean(one):9.3f}  ours {mean(other):9.3f}  {difference:+.3f}")


if __name__ == "__main__":
    main()
