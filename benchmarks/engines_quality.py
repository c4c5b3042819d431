"""Quality of the vectors that the two engines train: the fast one must not be worse than Gensim's own loops.

    python benchmarks/engines_quality.py TEXT DATA [--methods skipgram cbow fasttext] [--dim 100] [--epochs 5] \\
        [--seeds 3] [--workers 2]

TEXT is raw text; DATA is a folder with `similarity/*.tsv` and `analogies/questions-words.txt`. For each method and
seed a model of each engine is trained on the same text, read once. Printed are the mean scores of each engine over
the seeds, their difference, and the words a second in training; scores are over the pairs and questions that the
models cover, which are the same for both.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import wvcli
from wvcli import evaluation

SETS = (
    "similarity/wordsim353.tsv",
    "similarity/simlex999.tsv",
    "similarity/mturk287.tsv",
    "similarity/rg65.tsv",
    "analogies/questions-words.txt",
)
METHODS: dict[str, dict[str, Any]] = {
    "skipgram": {"architecture": "skipgram"},
    "cbow": {"architecture": "cbow"},
    "fasttext": {"algorithm": "fasttext", "architecture": "skipgram", "buckets": 2_000_000},
    "hierarchical": {"architecture": "skipgram", "loss": "hierarchical"},
}
ENGINES = ("gensim", "fast")


def trained(text: Path, model: Path, settings: dict[str, Any]) -> float:
    """Train a model; gives the words a second of training alone."""
    seen: dict[str, float] = {}

    def watch(progress: Any) -> None:
        seen.setdefault(progress.stage, perf_counter())

    vectors = wvcli.train(text, model, overwrite=True, on_progress=watch, **settings)
    tokens = vectors.manifest["coverage"]["tokens_kept"] * settings["epochs"]
    return float(tokens / (seen["saving"] - seen["training"]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["skipgram", "cbow", "fasttext"])
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    sets = [options.data / name for name in SETS]
    common = {"dim": options.dim, "epochs": options.epochs, "workers": options.workers, "min_count": 5}
    with tempfile.TemporaryDirectory() as folder:
        text, model = Path(folder) / "text", Path(folder) / "model.safetensors"
        wvcli.train(options.text, model, keep_encoded=text, dim=1, epochs=1, min_count=5, engine="fast")
        for method in options.methods:
            scores: dict[tuple[str, str], list[float]] = defaultdict(list)
            for seed in range(1, options.seeds + 1):
                for engine in ENGINES:
                    settings = METHODS[method] | common | {"engine": engine, "seed": seed}
                    scores["words/s", engine].append(trained(text, model, settings))
                    for found in evaluation.evaluate([wvcli.load(model)], sets):
                        if found.section is None and found.score is not None:
                            scores[Path(found.set).stem, engine].append(found.score)
            print(f"{method}, {options.dim} dimensions, {options.epochs} epochs, {options.seeds} seeds")
            for name in dict.fromkeys(name for name, _ in scores):
                theirs, ours = mean(scores[name, "gensim"]), mean(scores[name, "fast"])
                if name == "words/s":
                    print(f"  {name:<20} Gensim {theirs:>9,.0f}  fast {ours:>9,.0f}  {ours / theirs:.1f} times")
                else:
                    print(f"  {name:<20} Gensim {theirs:9.3f}  fast {ours:9.3f}  {ours - theirs:+.3f}", flush=True)


if __name__ == "__main__":
    main()
