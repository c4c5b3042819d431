"""Quality of the vectors that the two engines train: the fast one must not be worse than Gensim's own loops.

    python benchmarks/engines_quality.py TEXT DATA [--methods skipgram cbow fasttext] [--engines gensim fast]
        [--dim 100] [--epochs 5] [--seeds 3] [--workers 2]

TEXT is raw text, or a folder of `wvcli train --keep-encoded`; DATA is a folder with `similarity/*.tsv` and
`analogies/questions-words.txt`. For each method and seed a model of each engine is trained on the same text.
Printed are the means over the seeds, the least and the largest score, and how the means stand to those of the
first engine; scores are over the pairs and questions that the models cover, which are the same for all.
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
    parser.add_argument("--engines", nargs="+", default=["gensim", "fast"])
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    sets = [options.data / name for name in SETS]
    common = {"dim": options.dim, "epochs": options.epochs, "workers": options.workers, "min_count": 5}
    with tempfile.TemporaryDirectory() as folder:
        text, model = options.text, Path(folder) / "model.safetensors"
        if not text.is_dir():
            text = Path(folder) / "text"
            wvcli.train(options.text, model, keep_encoded=text, dim=1, epochs=1, min_count=5)
        for method in options.methods:
            scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
            for seed in range(1, options.seeds + 1):
                for engine in options.engines:
                    settings = METHODS[method] | common | {"engine": engine, "seed": seed}
                    scores["words/s"][engine].append(trained(text, model, settings))
                    for found in evaluation.evaluate([wvcli.load(model)], sets):
                        if found.section is None and found.score is not None:
                            name = f"{Path(found.set).stem} {found.measure}"
                            scores[name][engine].append(found.score)
            print(f"{method}, {options.dim} dimensions, {options.epochs} epochs, {options.seeds} seeds")
            for name, by_engine in scores.items():
                print(f"  {name:<26}" + "".join(told(name, engine, by_engine) for engine in by_engine), flush=True)


def told(name: str, engine: str, scores: dict[str, list[float]]) -> str:
    """An engine's mean, with its least and largest value, and how it stands to the first engine's."""
    mine, first = mean(scores[engine]), mean(next(iter(scores.values())))
    if name == "words/s":
        return f"  {engine} {mine:,.0f} ({mine / first:.1f} times)"
    return f"  {engine} {mine:.3f} ({min(scores[engine]):.3f} to {max(scores[engine]):.3f}, {mine - first:+.3f})"


if __name__ == "__main__":
    main()
