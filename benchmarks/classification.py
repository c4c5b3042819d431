"""Classifiers of wvcli beside fastText's: accuracy, macro F1, calibration, time, size, and wrong labels found.

    python benchmarks/classification.py DATA [--splits 5] [--few] [--vectors FILE] [--check]

DATA is a folder with `trec6_train.tsv`, `trec6_test.tsv`, `reuters_r8_train.tsv`, `reuters_r8_test.tsv`,
`mr_polarity.tsv`, `zh_hotel.tsv` and `zh_thucnews_titles.tsv`, whose lines are label, tab, text; the program
`fasttext` must be on the path. Sets without a test part are split 80 to 20, MR and the hotel reviews `--splits`
times. Both programs get the same rows; fastText gets words separated by spaces, as wvcli's tokenizer finds them.
Of fastText the best of six settings is shown, chosen on the test rows, which favours it; of wvcli the defaults.
Times are of whole commands, two threads each; fastText's is that of its best setting. `--few` learns from the
first 200 and 1,000 rows of each first split instead, and `--vectors` (text vectors with a heading) gives both
these vectors. Figures are accuracy, macro F1, calibration error, seconds and megabytes. `--check` flips one
label in twenty of MR and of the hotel reviews, and prints how many of as many suspects are flipped ones.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from time import perf_counter

import numpy as np

import wvcli
from wvcli.classification.check import check
from wvcli.classification.measures import Judgement
from wvcli.text.tokenizers import TokenizerSettings

Rows = list[tuple[str, str]]

SETTINGS = (
    "-epoch 15 -wordNgrams 2 -lr 0.5",
    "-epoch 25 -wordNgrams 2 -lr 0.1",
    "-epoch 15 -wordNgrams 1 -lr 0.5",
    "-epoch 25 -wordNgrams 2 -lr 1.0",
    "-epoch 15 -wordNgrams 2 -lr 0.5 -minn 2 -maxn 5",
    "-epoch 25 -wordNgrams 3 -lr 0.5",
)
TOKENIZE = TokenizerSettings().tokenize()


def read(path: Path) -> Rows:
    """Return label and text of each line."""
    return [(label, text) for label, _, text in (line.partition("\t") for line in path.read_text().splitlines())]


def parts(data: Path, splits: int) -> Iterator[tuple[str, list[tuple[Rows, Rows]]]]:
    """Yield the name of each set, and its pairs of rows to train and to test on."""
    yield "TREC", [(read(data / "trec6_train.tsv"), read(data / "trec6_test.tsv"))]
    yield "R8", [(read(data / "reuters_r8_train.tsv"), read(data / "reuters_r8_test.tsv"))]
    for name, file, count in (
        ("MR", "mr_polarity", splits),
        ("hotel", "zh_hotel", splits),
        ("titles", "zh_thucnews_titles", 1),
    ):
        rows = read(data / f"{file}.tsv")
        found = []
        for seed in range(count):
            shuffled = list(rows)
            random.Random(seed).shuffle(shuffled)
            cut = round(0.8 * len(rows))
            found.append((shuffled[:cut], shuffled[cut:]))
        yield name, found


def judged(rows: Rows, labels: list[str], chances: np.ndarray) -> Judgement:
    """Return predictions beside the labels of rows."""
    actual = np.array([[label == each for each in labels] for label, _ in rows])
    return Judgement(tuple(labels), chances, actual)


def ours(train: Rows, test: Rows, folder: Path, vectors: str | None) -> tuple[Judgement, float, int]:
    """Train and test wvcli; return predictions, seconds, and bytes."""
    source, model = folder / "train.tsv", folder / "ours.safetensors"
    source.write_text("".join(f"{label}\t{text}\n" for label, text in train))
    command = [
        sys.executable,
        "-m",
        "wvcli",
        "classify",
        "train",
        source,
        "-o",
        model,
        "-f",
        "-q",
        "--workers",
        "2",
    ]
    started = perf_counter()
    subprocess.run([*command, *(["--vectors", vectors] if vectors else [])], check=True)
    seconds = perf_counter() - started
    classifier = wvcli.load_classifier(model)
    chances = classifier.probabilities([text for _, text in test])
    return judged(test, list(classifier.labels), chances), seconds, model.stat().st_size


def theirs(train: Rows, test: Rows, folder: Path, settings: str, vectors: str | None) -> tuple[Judgement, float]:
    """Train and test fastText; return predictions and seconds."""
    for name, rows in (("train", train), ("test", test)):
        lines = (f"__label__{label} {' '.join(TOKENIZE(text))}\n" for label, text in rows)
        (folder / f"{name}.txt").write_text("".join(lines))
    more = ["-pretrainedVectors", vectors] if vectors else []
    command = ["fasttext", "supervised", "-input", folder / "train.txt", "-output", folder / "theirs"]
    started = perf_counter()
    subprocess.run(
        [*command, "-dim", "50", "-thread", "2", "-verbose", "0", *settings.split(), *more],
        check=True, capture_output=True,
    )  # fmt: skip
    seconds = perf_counter() - started
    labels = sorted({label for label, _ in train + test})
    command = ["fasttext", "predict-prob", folder / "theirs.bin", folder / "test.txt", str(len(labels))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    chances = np.zeros((len(test), len(labels)))
    for row, line in enumerate(done.stdout.splitlines()):
        words = line.split()
        for label, chance in zip(words[::2], words[1::2], strict=True):
            chances[row, labels.index(label.removeprefix("__label__"))] = min(1.0, float(chance))
    return judged(test, labels, chances), seconds


def compare(name: str, pairs: list[tuple[Rows, Rows]], folder: Path, vectors: str | None) -> None:
    """Print a line about one set."""
    found = [ours(*pair, folder, vectors) for pair in pairs]
    tried = {settings: [theirs(*pair, folder, settings, vectors) for pair in pairs] for settings in SETTINGS}
    best = max(tried, key=lambda settings: mean(each.accuracy for each, _ in tried[settings]))
    runs = [(judgement, seconds) for judgement, seconds, _ in found]
    size = mean(size for *_, size in found) / 1e6
    best_f1 = max(mean(each.macro_f1 for each, _ in runs) for runs in tried.values())
    print(
        f"{name:12} wvcli {figures(runs)} {size:.1f} MB | "
        f"fasttext {figures(tried[best])} (best F1 {best_f1:.4f}, {best})",
        flush=True,
    )


def figures(runs: list[tuple[Judgement, float]]) -> str:
    """Return the mean figures of some runs as text."""
    names = ("accuracy", "macro_f1", "calibration_error")
    values = [f"{mean(float(getattr(each, name)) for each, _ in runs):.4f}" for name in names]
    return f"{' '.join(values)} {mean(seconds for _, seconds in runs):5.1f} s"


def flipped(name: str, rows: Rows) -> None:
    """Print how many of the first suspects have a label that was flipped."""
    changed = set(random.Random(1).sample(range(len(rows)), len(rows) // 20))
    names = sorted({label for label, _ in rows})
    labels = [names[1 - names.index(label)] if row in changed else label for row, (label, _) in enumerate(rows)]
    suspects = [each for each in check([text for _, text in rows], labels=labels) if each.kind == "mislabelled"]
    right = sum(each.line - 1 in changed for each in suspects[: len(changed)])
    print(f"{name}: {right} of {len(changed)} suspects have a flipped label ({right / len(changed):.3f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--vectors")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        for file in ("mr_polarity", "zh_hotel"):
            flipped(file, read(options.data / f"{file}.tsv"))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours([("a", "x y"), ("b", "z")] * 20, [("a", "x")], folder, None)  # compiles
        for name, pairs in parts(options.data, options.splits):
            if not options.few:
                compare(name, pairs, folder, options.vectors)
                continue
            for rows in (200, 1000):
                train, test = pairs[0]
                chosen = list(train)
                random.Random(0).shuffle(chosen)
                compare(f"{name} {rows}", [(chosen[:rows], test)], folder, options.vectors)


if __name__ == "__main__":
    main()
