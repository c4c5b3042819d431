"""Training speed of the fast engine beside Gensim's and the fastText program's, on the same tokens.

    python benchmarks/training.py TEXT [--tokens 3000000] [--dims 100 300] [--methods skipgram cbow fasttext]
        [--epochs 5] [--workers 2] [--pairs 3] [--min-count 5]

TEXT is raw text, of which the first lines are used. Every run trains one model in a process of its own, and the
programs take turns. wvcli reads the raw text; the others, Gensim in its faster mode `corpus_file`, read the same
text split into words before, which is not counted. Printed are medians: words a second of training alone; how many
times as fast that is as Gensim and fastText; the same for the whole run from text to saved model; the gain of two
workers over one; and seconds and peak memory of whole runs. `--engine gensim` measures Gensim's loops as wvcli
runs them instead of the fast engine. The fastText program is left out where it is not installed.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

OURS = """
import json, sys, time
from wvcli.training.train import train
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
seen = {}
def watch(progress):
    if progress.stage != "training" or progress.done:
        seen.setdefault(progress.stage, time.perf_counter())
train(text, model, overwrite=True, on_progress=watch, **settings)
print(seen.get("fitting subwords", seen["saving"]) - seen["training"])
"""

THEIRS = """
import json, sys, time
from gensim.models import FastText, Word2Vec
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
kind = Word2Vec
if settings["algorithm"] == "fasttext":
    kind = FastText
trained = kind(
    vector_size=settings["dim"], window=settings["window"], min_count=settings["min_count"],
    workers=settings["workers"],
    sg=int(settings["architecture"] == "skipgram"), seed=settings.get("seed", 1),
    hs=int(settings.get("loss") == "hierarchical"), negative=0 if settings.get("loss") == "hierarchical" else 5,
)
trained.build_vocab(corpus_file=text)
began = time.perf_counter()
trained.train(
    corpus_file=text, total_examples=trained.corpus_count, total_words=trained.corpus_total_words,
    epochs=settings["epochs"],
)
print(time.perf_counter() - began)
trained.save(model)
"""

WINDOW = 5  # the default of the others
METHODS: dict[str, dict[str, Any]] = {
    "skipgram": {"algorithm": "word2vec", "architecture": "skipgram"},
    "cbow": {"algorithm": "word2vec", "architecture": "cbow"},
    "fasttext": {"algorithm": "fasttext", "architecture": "skipgram", "buckets": 2_000_000},
}


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of training alone, seconds and bytes of all of it."""

    training: float
    whole: float
    memory: int


def tokenized(source: Path, target: Path, limit: int, raw: Path | None = None) -> int:
    """Write the first lines of a text, of `limit` tokens or more, split into words; return their tokens.

    Args:
        source: the text.
        target: to which they are written.
        limit: how many tokens.
        raw: to which the same lines are written as they are.
    """
    from wvcli.text.tokenizers import TokenizerSettings

    tokenize = TokenizerSettings().tokenize()
    count = 0
    with (
        source.open(encoding="utf-8") as text,
        Path(raw or os.devnull).open("w", encoding="utf-8") as lines,
        target.open("w", encoding="utf-8") as out,
    ):
        for line in text:
            tokens = list(tokenize(line))
            lines.write(line)
            if tokens:
                out.write(" ".join(tokens) + "\n")
            count += len(tokens)
            if count >= limit:
                break
    return count


def finished(command: list[str]) -> tuple[str, float, int]:
    """Run a command; return what it printed, its seconds, and the most bytes of memory it took."""
    started = perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        out.seek(0)
        printed = out.read()
    if status:
        raise SystemExit(printed)
    return printed, seconds, usage.ru_maxrss * 1024


def run(script: str, text: Path, model: Path, settings: dict[str, Any]) -> Cost:
    """Train with a script that prints the seconds of training alone last."""
    printed, seconds, memory = finished(
        [sys.executable, "-c", script, str(text), str(model), json.dumps(settings)]
    )
    return Cost(float(printed.split()[-1]), seconds, memory)


def run_fasttext(text: Path, model: Path, settings: dict[str, Any], tokens: int) -> Cost:
    """Train with the fastText program; its training time follows from the words a second that it prints last."""
    has_subwords = settings["algorithm"] == "fasttext"
    subwords = ["-minn", "3", "-maxn", "6"] if has_subwords else ["-minn", "0", "-maxn", "0", "-bucket", "1"]
    options = {"dim": "dim", "ws": "window", "epoch": "epochs", "thread": "workers", "minCount": "min_count"}
    command = ["fasttext", settings["architecture"], "-input", str(text), "-output", str(model), *subwords]
    command += ["-t", "0.001", "-lr", "0.025"]
    command += [part for option, name in options.items() for part in (f"-{option}", str(settings[name]))]
    printed, seconds, memory = finished(command)
    speeds = re.findall(r"words/sec/thread:\s*(\d+)", printed)
    return Cost(tokens * settings["epochs"] / (int(speeds[-1]) * settings["workers"]), seconds, memory)


def measured(folder: Path, settings: dict[str, Any], tokens: int, pairs: int) -> dict[str, list[Cost]]:
    """Run the programs in turn, and return the runs of each, without a first run of ours, which compiles."""
    alone = settings | {"workers": 1}
    theirs = {name: value for name, value in settings.items() if name not in ("engine", "buckets")}
    runs: dict[str, list[Cost]] = {"ours": [], "alone": [], "gensim": [], "fasttext": []}
    raw, text = folder / "raw.txt", folder / "text"
    run(OURS, raw, folder / "ours.safetensors", settings | {"epochs": 1})
    for _ in range(pairs):
        runs["ours"].append(run(OURS, raw, folder / "ours.safetensors", settings))
        runs["gensim"].append(run(THEIRS, text, folder / "theirs", theirs))
        runs["alone"].append(run(OURS, raw, folder / "ours.safetensors", alone))
        if shutil.which("fasttext"):
            runs["fasttext"].append(run_fasttext(text, folder / "fasttext", theirs, tokens))
    return runs


def times(runs: dict[str, list[Cost]], other: str, what: str) -> str:
    """Return how many times as long another program took: the median, the minimum and the maximum."""
    ratios = [
        getattr(theirs, what) / getattr(ours, what)
        for ours, theirs in zip(runs["ours"], runs[other], strict=False)
    ]
    return f"{median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})" if ratios else "-"


def taken(costs: list[Cost]) -> str:
    """Return the median seconds and memory of whole runs."""
    memory = median(each.memory for each in costs)
    return f"{median(each.whole for each in costs):.1f} s, {memory / 1e6:,.0f} MB"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--tokens", type=int, default=3_000_000)
    parser.add_argument("--dims", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--engine", default="fast")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--min-count", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokens = tokenized(options.text, folder / "text", options.tokens, folder / "raw.txt")
        print(f"{tokens:,} tokens, {options.epochs} epochs, {options.workers} workers, {options.pairs} pairs")
        columns = "words/s", "Gensim", "whole", "fastText", "whole", "1 worker", "ours", "Gensim"
        print(f"{'method':<10}{'dim':>4}{columns[0]:>12}" + "".join(f"{column:>18}" for column in columns[1:]))
        for dim in options.dims:
            for method in options.methods:
                common = {"dim": dim, "window": WINDOW, "epochs": options.epochs, "workers": options.workers}
                common["min_count"] = options.min_count
                settings = METHODS[method] | common | {"engine": options.engine}
                runs = measured(folder, settings, tokens, options.pairs)
                speed = tokens * options.epochs / median(each.training for each in runs["ours"])
                cells = [
                    times(runs, "gensim", "training"),
                    times(runs, "gensim", "whole"),
                    times(runs, "fasttext", "training"),
                    times(runs, "fasttext", "whole"),
                    times(runs, "alone", "training"),
                    taken(runs["ours"]),
                    taken(runs["gensim"]),
                ]
                row = "".join(f"{cell:>18}" for cell in cells)
                print(f"{method:<10}{dim:>4}{speed:>12,.0f}{row}", flush=True)


if __name__ == "__main__":
    main()
