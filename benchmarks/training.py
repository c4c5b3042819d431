"""Training speed of the fast engine beside Gensim's and the fastText program's, on the same tokens.

    python benchmarks/training.py TEXT [--tokens 3000000] [--dims 100 300] [--methods skipgram cbow fasttext]
        [--epochs 5] [--workers 2] [--pairs 3]

TEXT is raw text, of which the first tokens are used. Every run trains one model in a process of its own, and the
programs take turns. Gensim runs in its faster mode, `corpus_file`. Printed are medians: words a second of training
alone; how many times as fast that is as Gensim and fastText; the same for the whole run from text to saved model;
and the gain of two workers over one. `--engine gensim` measures Gensim's loops as wvcli runs them instead of the
fast engine. The fastText program is left out where it is not installed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from itertools import islice
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
train(text, model, tokenizer="whitespace", lowercase=False, overwrite=True, on_progress=watch, **settings)
print(seen["saving"] - seen["training"])
"""

THEIRS = """
import json, sys, time
from gensim.models import FastText, Word2Vec
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
kind = Word2Vec
if settings["algorithm"] == "fasttext":
    kind = FastText
trained = kind(
    vector_size=settings["dim"], min_count=settings["min_count"], workers=settings["workers"],
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

METHODS: dict[str, dict[str, Any]] = {
    "skipgram": {"algorithm": "word2vec", "architecture": "skipgram"},
    "cbow": {"algorithm": "word2vec", "architecture": "cbow"},
    "fasttext": {"algorithm": "fasttext", "architecture": "skipgram", "buckets": 2_000_000},
}


@dataclass(frozen=True)
class Seconds:
    """How long a run took: training alone, and all of it."""

    training: float
    whole: float


def tokenized(source: Path, target: Path, limit: int) -> int:
    """Write up to `limit` tokens of a raw text to a file, separated by spaces, and return their number."""
    from wvcli.text.tokenizers import TokenizerSettings

    tokenize = TokenizerSettings().tokenize()
    count = 0
    with source.open(encoding="utf-8") as text, target.open("w", encoding="utf-8") as out:
        for line in text:
            tokens = list(islice(tokenize(line), limit - count))
            if tokens:
                out.write(" ".join(tokens) + "\n")
            count += len(tokens)
            if count >= limit:
                break
    return count


def run(script: str, text: Path, model: Path, settings: dict[str, Any]) -> Seconds:
    """Train with a script that prints the seconds of training alone."""
    command = [sys.executable, "-c", script, str(text), str(model), json.dumps(settings)]
    started = perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Seconds(float(out), perf_counter() - started)


def run_fasttext(text: Path, model: Path, settings: dict[str, Any], tokens: int) -> Seconds:
    """Train with the fastText program; its training time follows from the words a second that it prints last."""
    has_subwords = settings["algorithm"] == "fasttext"
    subwords = ["-minn", "3", "-maxn", "6"] if has_subwords else ["-minn", "0", "-maxn", "0", "-bucket", "1"]
    options = {"dim": "dim", "epoch": "epochs", "thread": "workers", "minCount": "min_count"}
    command = ["fasttext", settings["architecture"], "-input", str(text), "-output", str(model), *subwords]
    command += ["-t", "0.001", "-lr", "0.025"]
    command += [part for option, name in options.items() for part in (f"-{option}", str(settings[name]))]
    started = perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    whole = perf_counter() - started
    speeds = re.findall(r"words/sec/thread:\s*(\d+)", done.stdout + done.stderr)
    return Seconds(tokens * settings["epochs"] / (int(speeds[-1]) * settings["workers"]), whole)


def measured(
    text: Path, folder: Path, settings: dict[str, Any], tokens: int, pairs: int
) -> dict[str, list[Seconds]]:
    """Run the programs in turn, and return the runs of each, without a first run of ours, which compiles."""
    alone = settings | {"workers": 1}
    theirs = {name: value for name, value in settings.items() if name not in ("engine", "buckets")}
    runs: dict[str, list[Seconds]] = {"ours": [], "alone": [], "gensim": [], "fasttext": []}
    run(OURS, text, folder / "ours.safetensors", settings | {"epochs": 1})
    for _ in range(pairs):
        runs["ours"].append(run(OURS, text, folder / "ours.safetensors", settings))
        runs["gensim"].append(run(THEIRS, text, folder / "theirs", theirs))
        runs["alone"].append(run(OURS, text, folder / "ours.safetensors", alone))
        if shutil.which("fasttext"):
            runs["fasttext"].append(run_fasttext(text, folder / "fasttext", theirs, tokens))
    return runs


def times(runs: dict[str, list[Seconds]], other: str, what: str) -> str:
    """Return how many times as long another program took: the median, the minimum and the maximum."""
    ratios = [
        getattr(theirs, what) / getattr(ours, what)
        for ours, theirs in zip(runs["ours"], runs[other], strict=False)
    ]
    return f"{median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})" if ratios else "-"


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
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, text = Path(name), Path(name) / "text"
        tokens = tokenized(options.text, text, options.tokens)
        print(f"{tokens:,} tokens, {options.epochs} epochs, {options.workers} workers, {options.pairs} pairs")
        columns = "words/s", "Gensim", "whole", "fastText", "whole", "1 worker"
        print(f"{'method':<10}{'dim':>4}{columns[0]:>12}" + "".join(f"{column:>18}" for column in columns[1:]))
        for dim in options.dims:
            for method in options.methods:
                common = {"dim": dim, "epochs": options.epochs, "workers": options.workers, "min_count": 5}
                settings = METHODS[method] | common | {"engine": options.engine}
                runs = measured(text, folder, settings, tokens, options.pairs)
                speed = tokens * options.epochs / median(each.training for each in runs["ours"])
                cells = [
                    times(runs, "gensim", "training"),
                    times(runs, "gensim", "whole"),
                    times(runs, "fasttext", "training"),
                    times(runs, "fasttext", "whole"),
                    times(runs, "alone", "training"),
                ]
                row = "".join(f"{cell:>18}" for cell in cells)
                print(f"{method:<10}{dim:>4}{speed:>12,.0f}{row}", flush=True)


if __name__ == "__main__":
    main()
