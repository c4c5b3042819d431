"""The experiment behind the mark on rare words: how far are a word's neighbours the same when they are found again?

    python benchmarks/confidence.py DATA [--sizes 300 1000 5000] [--languages en zh] [--settings epochs=5 ...]

DATA is a folder with `corpora/*.txt.xz`. Of each size, in kilobytes, two texts without a line in common are drawn
from all corpora of a language, or two halves of a file named with `--text`. Three models are trained: two on the
first text with different seeds, and one on the second. For each word that both texts have often enough, the
agreement is the share of its ten nearest neighbours that two models have in common, out of the words that all
models know. The table gives its mean for bands of the word's count in the first text: `seeds` between the two models
of one text, `texts` between those of two, which is the one that tells what another reader of the same language
would find.
"""

import argparse
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from auto_settings import all_lines

import wvcli

BANDS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500, 1000)  # the lowest count of each
TOP = 10
BLOCK = 512  # words asked about at a time
FEWEST = 20  # words of a band that its mean is told for


def write(lines: Iterable[str], target: Path) -> Path:
    """A text of these lines."""
    target.write_text("".join(lines), encoding="utf-8")
    return target


def drawn(data: Path, language: str, kilobytes: int, folder: Path) -> tuple[Path, Path]:
    """Two texts of about so many kilobytes each, without a line in common, or halves of all there is."""
    lines = list(all_lines(data, language))
    random.Random(kilobytes).shuffle(lines)
    lengths = np.cumsum([len(line.encode("utf-8")) for line in lines])
    size = min(kilobytes * 1000, lengths[-1] // 2)
    first, second = np.searchsorted(lengths, [size, 2 * size]).tolist()
    return write(lines[:first], folder / "first.txt"), write(lines[first:second], folder / "second.txt")


def halved(text: Path, folder: Path) -> tuple[Path, Path]:
    """Two texts, each with every second line of one."""
    lines = text.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    return write(lines[::2], folder / "first.txt"), write(lines[1::2], folder / "second.txt")


def neighbors(model: wvcli.Vectors, words: Sequence[str]) -> npt.NDArray[np.int64]:
    """int64 [words, TOP], the places of the nearest neighbours of each word among these words."""
    rows = np.array([model.vocabulary.find(word) for word in words])
    units = model.matrix[rows] / np.maximum(model.norms[rows], 1e-30)[:, None]
    found = np.empty((len(words), TOP), dtype=np.int64)
    for start in range(0, len(words), BLOCK):
        scores = units[start : start + BLOCK] @ units.T
        own = np.arange(len(scores))
        scores[own, own + start] = -np.inf
        found[start : start + BLOCK] = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
    return found


def agreement(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """float64 [words], the share of neighbours that are the same."""
    return (a[:, :, None] == b[:, None, :]).any(axis=2).mean(axis=1)


def report(counts: npt.NDArray[np.int64], columns: dict[str, npt.NDArray[np.float64]]) -> None:
    """The mean agreement in each band of counts, and how many words are in it."""
    print("  count      " + "".join(f"{name:>8}" for name in columns) + "   words")
    for low, high in zip(BANDS, [*BANDS[1:], 1 << 62], strict=True):
        within = (counts >= low) & (counts < high)
        if within.sum() >= FEWEST:
            band = f"{low:,}+" if high > counts.max() else f"{low:,}-{high - 1:,}"
            means = "".join(f"{values[within].mean():8.2f}" for values in columns.values())
            print(f"  {band:11}{means}{within.sum():8,}")


def measure(
    texts: tuple[Path, Path], folder: Path, settings: dict[str, Any], keep: Path | None, name: str
) -> None:
    """Train on two texts and print the agreement."""
    first, again, second = (
        wvcli.train(text, folder / f"{number}.safetensors", overwrite=True, seed=seed, workers=1, **settings)
        for number, (text, seed) in enumerate([(texts[0], 1), (texts[0], 2), (texts[1], 1)])
    )
    chosen = first.manifest["settings"]
    size = texts[0].stat().st_size / 1000
    print(
        f"{name}, {size:,.0f} KB: {chosen['algorithm']}, {chosen['dim']} dimensions, {chosen['epochs']} epochs, "
        f"{len(first):,} words, {first.manifest['coverage']['tokens_read']:,} tokens",
        flush=True,
    )
    shared = [word for word in first if second.vocabulary.find(word) is not None]
    counts = np.array([first.count(first.index(word) or 0) for word in shared])
    near = [neighbors(model, shared) for model in (first, again, second)]
    columns = {"seeds": agreement(near[0], near[1]), "texts": agreement(near[0], near[2])}
    report(counts, columns)
    if keep is not None:
        keep.mkdir(exist_ok=True)
        label = "_".join([name, f"{size:.0f}", *(f"{key}-{value}" for key, value in settings.items())])
        for number in range(3):
            (folder / f"{number}.safetensors").rename(keep / f"{label}.{number}.safetensors")
        np.savez(keep / f"{label}.npz", counts=counts, epochs=chosen["epochs"], vocabulary=len(first), **columns)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[300, 1000, 5000])
    parser.add_argument("--languages", nargs="*", choices=["en", "zh"], default=["en", "zh"])
    parser.add_argument("--text", type=Path, action="append", default=[], help="halve this file as well")
    parser.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE", help="other than auto")
    parser.add_argument("--keep", type=Path, help="a folder for the figures of each word")
    options = parser.parse_args()
    pairs = (setting.split("=") for setting in options.settings)
    settings: dict[str, Any] = {name: int(value) if value.isdigit() else value for name, value in pairs}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for text in options.text:
            measure(halved(text, folder), folder, settings, options.keep, text.stem)
        for language in options.languages:
            for kilobytes in options.sizes:
                texts = drawn(options.data, language, kilobytes, folder)
                measure(texts, folder, settings, options.keep, language)


if __name__ == "__main__":
    main()
