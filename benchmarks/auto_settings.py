"""The experiment behind the table of auto settings: which settings give the best vectors at which size of text.

    python benchmarks/auto_settings.py DATA [--sizes 50 500 5000] [--languages en zh] [--texts 1] [--seeds 1]

DATA is a folder with `corpora/*.txt.xz` and `similarity/*.tsv` (word, word, score by people). Texts of each
size, in kilobytes, are drawn line by line from all corpora of a language. Each model is scored by the mean
Spearman correlation over the language's similarity sets; a pair with a word the model has no vector for counts as
similarity 0. Around a centre, one setting is changed at a time; Gensim's own defaults and `auto` run beside.
Scores are means over several texts of a size and several seeds.
"""

import argparse
import lzma
import random
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

from scipy.stats import spearmanr

import wvcli

CORPORA = {"en": ("english_novels", "english_modern"), "zh": ("chinese_news", "chinese_help")}
SETS = {
    "en": ("wordsim353", "simlex999", "rg65", "mturk287", "yp130"),
    "zh": ("zh_wordsim240",),
}
GENSIM: dict[str, Any] = {
    "architecture": "cbow", "dim": 100, "window": 5, "min_count": 5, "epochs": 5, "alpha": 0.025,
}  # fmt: skip
AROUND: dict[int, tuple[dict[str, Any], dict[str, list[Any]]]] = {
    50: (
        {"dim": 50, "epochs": 60, "min_count": 1, "window": 5},
        {"dim": [25, 100], "epochs": [30, 120, 240], "min_count": [2], "window": [10], "alpha": [0.05]},
    ),
    500: (
        {"dim": 100, "epochs": 30, "min_count": 2, "window": 5},
        {"dim": [50, 200], "epochs": [15, 60, 120], "min_count": [1, 3], "window": [10], "alpha": [0.05]},
    ),
    5000: (
        {"dim": 100, "epochs": 15, "min_count": 3, "window": 5},
        {"dim": [200, 300], "epochs": [8, 30], "min_count": [1, 2, 5], "window": [10], "alpha": [0.05]},
    ),
    50000: (
        {"dim": 200, "epochs": 8, "min_count": 5, "window": 5},
        {"dim": [100], "epochs": [15], "min_count": [2]},
    ),
}


@dataclass(frozen=True)
class Pairs:
    """Word pairs with scores by people."""

    name: str
    rows: list[tuple[str, str, float]]

    def spearman(self, model: wvcli.Vectors) -> float:
        """The correlation of the model's similarities with the scores; missing words give 0."""
        found = [model.similarity(a, b) if model.find(a) and model.find(b) else 0.0 for a, b, _ in self.rows]
        correlation = float(spearmanr(found, [score for _, _, score in self.rows]).statistic)
        return correlation if correlation == correlation else 0.0


def load_pairs(data: Path, name: str) -> Pairs:
    """A similarity set."""
    lines = (data / "similarity" / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.count("\t") == 2]
    return Pairs(name, [(a, b, float(score)) for a, b, score in rows if score.replace(".", "").isdigit()])


@cache
def all_lines(data: Path, language: str) -> list[str]:
    """The lines of all corpora of a language."""
    lines = []
    for name in CORPORA[language]:
        with lzma.open(data / "corpora" / f"{name}.txt.xz", "rt", encoding="utf-8") as text:
            lines += [line for line in text if line.strip()]
    return lines


def draw(data: Path, language: str, kilobytes: int, number: int, target: Path) -> None:
    """Write about so many kilobytes of lines drawn evenly from all corpora; each number is a text."""
    lines = list(all_lines(data, language))
    random.Random(kilobytes + number).shuffle(lines)
    size = 0
    with target.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(line)
            size += len(line.encode("utf-8"))
            if size >= kilobytes * 1000:
                break


def score(texts: list[Path], model: Path, sets: list[Pairs], seeds: int, settings: dict[str, Any]) -> None:
    """Train on each text with each seed and print the mean score, set by set."""
    scores, seconds = [], 0.0
    for text, seed in product(texts, range(1, seeds + 1)):
        started = perf_counter()
        vectors = wvcli.train(text, model, overwrite=True, seed=seed, **settings)
        seconds += perf_counter() - started
        scores.append([pairs.spearman(vectors) for pairs in sets])
    by_set = [mean(column) for column in zip(*scores, strict=True)]
    named = " ".join(f"{name}={value}" for name, value in settings.items()) or "auto"
    details = " ".join(f"{pairs.name} {value:.3f}" for pairs, value in zip(sets, by_set, strict=True))
    print(
        f"  {mean(by_set):.3f}  {named}  ({details}; {len(vectors):,} words, {seconds / len(scores):.0f} s)",
        flush=True,
    )


def plan(kilobytes: int, only_auto: bool) -> list[dict[str, Any]]:
    """The settings to try at a size."""
    runs: list[dict[str, Any]] = [GENSIM, {}, {"algorithm": "fasttext"}]
    if not only_auto:
        centre, changes = AROUND[min(AROUND, key=lambda size: abs(size - kilobytes))]
        runs += [centre] + [centre | {name: value} for name, values in changes.items() for value in values]
    return runs


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 500, 5000, 50000])
    parser.add_argument("--languages", nargs="+", choices=list(CORPORA), default=list(CORPORA))
    parser.add_argument("--texts", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--only-auto", action="store_true", help="compare Gensim's defaults, auto and FastText, nothing else"
    )
    options = parser.parse_args()
    for language in options.languages:
        sets = [load_pairs(options.data, name) for name in SETS[language]]
        for kilobytes in options.sizes:
            with tempfile.TemporaryDirectory() as folder:
                texts = [Path(folder) / f"text{number}" for number in range(options.texts)]
                for number, text in enumerate(texts):
                    draw(options.data, language, kilobytes, number, text)
                print(f"{language}, {texts[0].stat().st_size / 1000:,.0f} KB", flush=True)
                for settings in plan(kilobytes, options.only_auto):
                    score(texts, Path(folder) / "model.safetensors", sets, options.seeds, settings)


if __name__ == "__main__":
    main()
