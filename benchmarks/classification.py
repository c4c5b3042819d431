"""Classifiers of wvcli beside fastText's: accuracy, macro F1, calibration, time, size, and wrong labels found.

    python benchmarks/classification.py DATA [--splits 5] [--sets TREC MR] [--few] [--vectors MODEL] [--kept DIR]
    python benchmarks/classification.py DATA --check
    python benchmarks/classification.py DATA --max-size 5
    python benchmarks/classification.py DATA --speed
    python benchmarks/classification.py DATA --large 1000000

DATA is a folder with `trec6_train.tsv`, `trec6_test.tsv`, `reuters_r8_train.tsv`, `reuters_r8_test.tsv`,
`mr_polarity.tsv`, `zh_hotel.tsv` and `zh_thucnews_titles.tsv`, whose lines are label, tab, text; the program
`fasttext` must be on the path. Sets without a test part are split 80 to 20, MR and the hotel reviews `--splits`
times. Both programs get the same rows; fastText gets words separated by spaces, as wvcli's tokenizer finds them.
Of fastText the best of six settings is shown, chosen on the test rows, which favours it; of wvcli the defaults.
Times are of whole commands, two threads each; fastText's is that of its best setting. `--few` learns from the
first 200 and 1,000 rows of each first split in `--splits` random orders instead, and `--vectors` gives both the
vectors of a model of 50 dimensions; fastText only those of words in the rows, as others do nothing but take it
time. Figures are accuracy, macro F1, calibration error, seconds and megabytes. `--kept` is a folder for what
fastText answered, and how long it took: what is there is not computed again.

`--check` flips one label in twenty of MR and of the hotel reviews, and prints how many of as many suspects are
flipped ones. `--max-size` prints accuracies before and after. `--speed` prints how many texts a second `predict`
labels, as a whole command that reads a million lines from a pipe, and with its start left out. `--large` trains
on so many film reviews, repeated with a fifth of their words changed for others, and prints what `--dry-run`
foretold.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from itertools import repeat
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
LINES = 1_000_000  # that `predict` is given to measure its speed
NOISE = 0.2  # share of the words that are changed in repeated rows


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
            shuffled = drawn(rows, len(rows), seed)
            cut = round(0.8 * len(rows))
            found.append((shuffled[:cut], shuffled[cut:]))
        yield name, found


def drawn(rows: Rows, count: int, seed: int) -> Rows:
    """Return so many of the rows, in random order."""
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    return shuffled[:count]


def judged(rows: Rows, labels: list[str], chances: np.ndarray) -> Judgement:
    """Return predictions beside the labels of rows."""
    actual = np.array([[label == each for each in labels] for label, _ in rows])
    return Judgement(tuple(labels), chances, actual)


def ours(
    train: Rows, test: Rows, folder: Path, vectors: Path | None = None, *options: str
) -> tuple[Judgement, float, int]:
    """Train and test wvcli; return predictions, seconds, and bytes."""
    model = folder / "ours.safetensors"
    more: list[str | Path] = [] if vectors is None else ["--vectors", vectors]
    started = perf_counter()
    run("train", written(train, folder), "-o", model, "-f", "-q", "--workers", "2", *more, *options)
    seconds = perf_counter() - started
    classifier = wvcli.load_classifier(model)
    chances = classifier.probabilities([text for _, text in test])
    return judged(test, list(classifier.labels), chances), seconds, model.stat().st_size


def written(rows: Rows, folder: Path) -> Path:
    """Return a file that holds the rows."""
    path = folder / "rows.tsv"
    path.write_text("".join(f"{label}\t{text}\n" for label, text in rows))
    return path


def run(*arguments: str | Path) -> str:
    """Run a command of `wvcli classify`; return what it prints."""
    command = [sys.executable, "-m", "wvcli", "classify", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def theirs(
    train: Rows, test: Rows, folder: Path, settings: str, vectors: Path | None, kept: Path | None
) -> tuple[Judgement, float]:
    """Train and test fastText; return predictions and seconds."""
    labels = sorted({label for label, _ in train + test})
    asked = repr((train, test, settings, vectors and vectors.name)).encode()
    file = (kept or folder) / f"{blake2b(asked, digest_size=16).hexdigest()}.npz"
    if not file.exists():
        np.savez(file, *answered(train, test, labels, folder, settings, vectors))
    chances, seconds = np.load(file).values()
    return judged(test, labels, chances), float(seconds)


def answered(
    train: Rows, test: Rows, labels: list[str], folder: Path, settings: str, vectors: Path | None
) -> tuple[np.ndarray, float]:
    """Return fastText's probabilities of the labels of each row of `test`, and seconds of training."""
    words: set[str] = set()
    for name, rows in (("train", train), ("test", test)):
        tokenized = [(label, TOKENIZE(text)) for label, text in rows]
        words.update(*(found for _, found in tokenized))
        lines = (f"__label__{label} {' '.join(found)}\n" for label, found in tokenized)
        (folder / f"{name}.txt").write_text("".join(lines))
    more: list[str | Path] = [] if vectors is None else ["-pretrainedVectors", vectors_of(words, vectors, folder)]
    command: list[str | Path] = ["fasttext", "supervised", "-input", folder / "train.txt"]
    command += ["-output", folder / "theirs"]
    started = perf_counter()
    subprocess.run(
        [*command, "-dim", "50", "-thread", "2", "-verbose", "0", *settings.split(), *more],
        check=True, capture_output=True,
    )  # fmt: skip
    seconds = perf_counter() - started
    command = ["fasttext", "predict-prob", folder / "theirs.bin", folder / "test.txt", str(len(labels))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    chances = np.zeros((len(test), len(labels)))
    for row, line in enumerate(done.stdout.splitlines()):
        fields = line.split()
        for label, chance in zip(fields[::2], fields[1::2], strict=True):
            chances[row, labels.index(label.removeprefix("__label__"))] = min(1.0, float(chance))
    return chances, seconds


def vectors_of(words: set[str], vectors: Path, folder: Path) -> Path:
    """Return a file of text with the vectors of some words."""
    model = wvcli.load(vectors)
    known = [word for word in sorted(words) if word in model]
    lines = (f"{word} {' '.join(map(str, model[word].tolist()))}\n" for word in known)
    path = folder / "vectors.vec"
    path.write_text(f"{len(known)} {model.dim}\n" + "".join(lines))
    return path


def compare(
    name: str, pairs: list[tuple[Rows, Rows]], folder: Path, vectors: Path | None, kept: Path | None
) -> None:
    """Print a line about one set."""
    tried = {settings: [theirs(*pair, folder, settings, vectors, kept) for pair in pairs] for settings in SETTINGS}
    found = [ours(*pair, folder, vectors) for pair in pairs]
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


def made_smaller(name: str, train: Rows, test: Rows, folder: Path, megabytes: str) -> None:
    """Print what a file of so many megabytes costs."""
    whole, _, size = ours(train, test, folder)
    small, _, small_size = ours(train, test, folder, None, "--max-size", megabytes)
    print(
        f"{name:12} {whole.accuracy:.4f} {size / 1e6:.1f} MB | {small.accuracy:.4f} {small_size / 1e6:.1f} MB",
        flush=True,
    )


def measure_speed(name: str, rows: Rows, folder: Path) -> None:
    """Print how many texts a second `predict` labels."""
    model, texts = folder / "speed.safetensors", folder / "texts.txt"
    run("train", written(rows, folder), "-o", model, "-f", "-q")
    lines = "".join(f"{text}\n" for _, text in rows)
    times = []
    for repeats in (1, 1 + LINES // len(rows)):
        with texts.open("w") as file:  # bit by bit: a program begins with the peak of memory of what starts it
            file.writelines(repeat(lines, repeats))
        started = perf_counter()
        most = predicted(model, texts, folder)
        times.append(perf_counter() - started)
    labelled = repeats * len(rows)
    print(
        f"{name:12} {labelled:,} texts: {labelled / times[1]:,.0f} texts/s, start left out "
        f"{(labelled - len(rows)) / (times[1] - times[0]):,.0f}; {most:.0f} MB at the peak",
        flush=True,
    )


def predicted(model: Path, texts: Path, folder: Path) -> float:
    """Label the lines of a file that come through a pipe; return megabytes at the peak."""
    command = f'cat "{texts}" | "{sys.executable}" -m wvcli classify predict - -q -m "{model}"'
    return peak(["sh", "-c", f'{command} > "{folder}/labels.tsv"'])


def peak(command: list[str]) -> float:
    """Run a command; return megabytes of memory at the peak of the largest of its processes."""
    _, status, used = os.wait4(subprocess.Popen(command).pid, 0)
    if status:
        raise SystemExit(f"failed: {command}")
    return used.ru_maxrss / 1000


def measure_large(rows: Rows, count: int, folder: Path) -> None:
    """Print what training on many rows takes, and what was foretold."""
    vocabulary = [word for _, text in rows for word in text.split()]
    choose = random.Random(1)
    path, model, texts = folder / "large.tsv", folder / "large.safetensors", folder / "texts.txt"
    with path.open("w") as labelled, texts.open("w") as bare:
        for number in range(count):
            label, text = rows[number % len(rows)]
            noisy = " ".join(
                choose.choice(vocabulary) if choose.random() < NOISE else word for word in text.split()
            )
            labelled.write(f"{label}\t{noisy}\n")
            bare.write(f"{noisy}\n")
    told = json.loads(run("train", path, "--dry-run", "--format", "json"))
    command = [sys.executable, "-m", "wvcli", "classify", "train", str(path), "-o", str(model), "-f", "-q"]
    started = perf_counter()
    most = peak(command)
    seconds = perf_counter() - started
    print(
        f"{count:,} rows: {seconds:.0f} s, foretold {told['seconds']:.0f}; {most:.0f} MB at the peak, foretold "
        f"{told['memory_bytes'] / 1e6:.0f}; a file of {model.stat().st_size / 1e6:.0f} MB, foretold "
        f"{told['file_bytes'] / 1e6:.0f}",
        flush=True,
    )
    started = perf_counter()
    most = predicted(model, texts, folder)
    print(f"their labels: {count / (perf_counter() - started):,.0f} texts/s, {most:.0f} MB at the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--sets", nargs="+")
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--max-size")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--large", type=int)
    options = parser.parse_args()
    if options.check:
        for file in ("mr_polarity", "zh_hotel"):
            flipped(file, read(options.data / f"{file}.tsv"))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.large:
            return measure_large(read(options.data / "mr_polarity.tsv"), options.large, folder)
        ours([("a", "x y"), ("b", "z")] * 20, [("a", "x")], folder)  # compiles
        for name, pairs in parts(options.data, options.splits):
            if options.sets and name not in options.sets:
                continue
            train, test = pairs[0]
            if options.speed:
                measure_speed(name, train + test, folder)
            elif options.max_size:
                made_smaller(name, train, test, folder, options.max_size)
            elif options.few:
                for rows in (200, 1000):
                    few = [(drawn(train, rows, seed), test) for seed in range(options.splits)]
                    compare(f"{name} {rows}", few, folder, options.vectors, options.kept)
            else:
                compare(name, pairs, folder, options.vectors, options.kept)


if __name__ == "__main__":
    main()
