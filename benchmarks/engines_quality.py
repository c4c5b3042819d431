"""Quality of the vectors that the fast engine trains: they must not be worse than Gensim's.

    python benchmarks/engines_quality.py TEXT DATA [--methods skipgram cbow fasttext] [--engines corpus_file fast]
        [--tokens N] [--dim 100] [--epochs 5] [--seeds 3] [--workers 2] [--min-alpha 0.0001]

TEXT is raw text, of which the first N tokens are used, or all; DATA is a folder with `similarity/*.tsv` and
`analogies/questions-words.txt`. For each method and seed a model of each engine is trained on the same tokens, in
a process of its own: `fast`; `gensim`, which is Gensim's loops fed by wvcli; `corpus_file`, which is Gensim by
itself in its faster mode. Printed are the means over the seeds, the lowest and the highest score, and the
differences from the means of the first engine. Scores are over the pairs and questions that the models cover,
which are the same for all. Words a second are of training alone, and of the whole run from text to saved model; a
first run, which compiles, does not count.

With `corpus_file`, Gensim judges the progress of an epoch by what one worker has done of the whole text, so that
the learning rate ends not near 0 but at alpha / epochs * (1 - 1 / workers). `--min-alpha` lets it end there with
the other engines as well: at 0.0025 with two workers and five epochs.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean

from training import METHODS, OURS, THEIRS, WINDOW, run, tokenized

import wvcli
from wvcli.evaluation import evaluate

SETS = (
    "similarity/wordsim353.tsv",
    "similarity/simlex999.tsv",
    "similarity/mturk287.tsv",
    "similarity/rg65.tsv",
    "analogies/questions-words.txt",
)
ALL_METHODS = METHODS | {"hierarchical": METHODS["skipgram"] | {"loss": "hierarchical"}}
SPEEDS = "words/s, training", "words/s, whole run"


def scored(model: Path, data: Path) -> dict[str, float]:
    """Return the score of a model in each set."""
    found = evaluate.evaluate([wvcli.load(model)], [data / name for name in SETS])
    return {
        f"{Path(each.set).stem} {each.measure}": each.score
        for each in found
        if each.section is None and each.score is not None
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--methods", nargs="+", choices=ALL_METHODS, default=list(METHODS))
    parser.add_argument(
        "--engines", nargs="+", choices=("corpus_file", "gensim", "fast"), default=["corpus_file", "fast"]
    )
    parser.add_argument("--tokens", type=int, default=sys.maxsize)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--min-alpha", type=float, default=0.0001)
    options = parser.parse_args()
    common = {"dim": options.dim, "window": WINDOW, "epochs": options.epochs, "workers": options.workers}
    common["min_count"] = 5
    with tempfile.TemporaryDirectory() as name:
        folder, text = Path(name), Path(name) / "text"
        tokens = tokenized(options.text, text, options.tokens) * options.epochs
        for method in options.methods:
            ours = ALL_METHODS[method] | common
            if ours["algorithm"] == "word2vec":
                ours |= {
                    "unknown_words": "none"
                }  # Gensim's models do not answer them, and scores must be of the same pairs
            run(OURS, text, folder / "ours.safetensors", ours | {"epochs": 1, "engine": "fast"})
            scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
            for seed in range(1, options.seeds + 1):
                for engine in options.engines:
                    if engine == "corpus_file":
                        model = folder / "theirs"
                        seconds = run(THEIRS, text, model, ALL_METHODS[method] | common | {"seed": seed})
                    else:
                        model = folder / "ours.safetensors"
                        settings = ours | {"seed": seed, "engine": engine, "min_alpha": options.min_alpha}
                        seconds = run(OURS, text, model, settings)
                    speeds = tokens / seconds.training, tokens / seconds.whole
                    found = dict(zip(SPEEDS, speeds, strict=True)) | scored(model, options.data)
                    listed = "  ".join(f"{what} {score:.3f}" for what, score in found.items())
                    print(f"seed {seed}, {engine}: {listed}", file=sys.stderr, flush=True)
                    for what, score in found.items():
                        scores[what][engine].append(score)
            print(f"{method}, {options.dim} dimensions, {options.epochs} epochs, {options.seeds} seeds")
            for what, by_engine in scores.items():
                print(f"  {what:<26}" + "".join(cell(what, engine, by_engine) for engine in by_engine), flush=True)


def cell(name: str, engine: str, scores: dict[str, list[float]]) -> str:
    """Return an engine's mean with its lowest and highest value, and the difference from the first engine's."""
    mine, first = mean(scores[engine]), mean(next(iter(scores.values())))
    if name in SPEEDS:
        return f"  {engine} {mine:,.0f} ({mine / first:.1f} times)"
    return f"  {engine} {mine:.3f} ({min(scores[engine]):.3f} to {max(scores[engine]):.3f}, {mine - first:+.3f})"


if __name__ == "__main__":
    main()
