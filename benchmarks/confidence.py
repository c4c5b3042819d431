"""The experiment behind the mark on rare words: how many neighbours of a word are found again?

    python benchmarks/confidence.py DATA [--sizes 300 1000 5000] [--languages en zh] [--reference VECTORS]

DATA is a folder with `corpora/*.txt.xz`. Of each size, in kilobytes, two texts without a line in common are drawn
from all corpora of a language; `--text` adds the two halves of a file. Three models are trained with `auto`
settings: two on the first text with different seeds, and one on the second.

The first table is about words: of the ten nearest neighbours, the mean share that is the same in two models, by
the word's count in the first text. `seeds` compares two models of one text, `texts` models of two texts, which
tells what the language has to do with it; `frequent` is as `texts`, but looks for neighbours among words only that
are frequent enough to be trusted.

The second table is about single neighbours, by the smaller count of the two words. `top 10` is the share that is
among the ten nearest in the model of the other text, `top 1%` the share among the nearest hundredth of all words,
and `reference` the same in vectors that are far better, such as GloVe's.

The third table is about answers, for a model with enough frequent words: the mean share of a word's ten answers
that other vectors bear out (among the nearest hundredth of all words there), by the count of the word asked about,
with all words as answers and by default, without rare ones.

What was found, on one text of each size. Words, `texts` and `frequent` for Chinese of 4 MB (README has English):

    count          3-4  5-9  10-19  20-29  30-49  50-99  100-199  200-499  500-999  more
    texts          .07  .09    .10    .13    .15    .18      .20      .25      .24   .24
    frequent                                 .28    .29      .33      .38      .39   .38

Neighbours, `reference` by the smaller count, for English:

    smaller count                3-4  5-9  10-19  20-29  30-49  50-99  100-199
    Word2Vec, 1 MB, 40 epochs    .07  .12    .24    .31    .47    .58      .75
    Word2Vec, 5 MB, 30 epochs    .09  .13    .21    .34    .39    .58      .76
    Word2Vec, 20 MB, 5 epochs         .11    .18    .22    .30    .42      .57
    FastText, 1 MB, 40 epochs    .13  .20    .35    .44    .47    .63      .62

Answers, `reference` by the count of the word asked about, for English of 3 MB, 30 epochs, with `engine=fast`; of
all to words of 30 or more, .103 with all words as answers and .286 by default (by the other text .228 and .203):

    count          3-4  5-9  10-19  20-29  30-49  50-99  100-199  200-499  500-999  more
    all words      .08  .08    .08    .09    .10    .10      .11      .11      .13   .18
    default        .06  .10    .15    .19    .22    .30      .34      .33      .36   .51

The same for English of 10 MB; .197 and .385 (by the other text .353 and .355). For Chinese of 4 MB, by the other
text alone, .478 and .330: lines of one newspaper were dealt to both texts.

    all words      .13  .13    .13    .15    .16    .18      .21      .25      .30   .32
    default        .09  .14    .21    .26    .30    .36      .43      .51      .53   .59

The count tells nearly the same whatever the size of the text and the number of epochs. Below 20, a quarter of the
neighbours or fewer are borne out with Word2Vec; from 30 to 49 it is three to five in ten, from 100 on more
than half. GloVe's neighbours are not the truth either, so that these shares are rather low.
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
from wvcli.vectors.word_vectors import TRUSTED_COUNT

BANDS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500, 1000)  # the lowest count of each
TOP = 10
BLOCK = 256  # words asked about at a time
FEWEST = 30  # words or neighbours of a band that its mean is told for

Units = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Column = npt.NDArray[Any]


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


def units(model: wvcli.Vectors, words: Sequence[str]) -> Units:
    """float32 [words, dim], the vectors of words at unit length."""
    rows = np.array([model.vocabulary.find(word) for word in words])
    vectors: Units = model.matrix[rows] / np.maximum(model.norms[rows], 1e-30)[:, None]
    return vectors


def scores(vectors: Units, start: int) -> Units:
    """float32 [BLOCK, words], the cosines of words from `start` on to all, and of each to itself the least."""
    found: Units = vectors[start : start + BLOCK] @ vectors.T
    own = np.arange(len(found))
    found[own, own + start] = -np.inf
    return found


def neighbors(vectors: Units, left_out: Column | None = None) -> Places:
    """int64 [words, TOP], the nearest neighbours of each word, other than those `left_out`, bool [words]."""
    blocks = []
    for start in range(0, len(vectors), BLOCK):
        cosines = scores(vectors, start)
        if left_out is not None:
            cosines[:, left_out] = -np.inf
        blocks.append(np.argpartition(-cosines, TOP)[:, :TOP])
    return np.concatenate(blocks)


def found_again(near: Places, vectors: Units, share: float = 0) -> npt.NDArray[np.bool_]:
    """bool [words, TOP], whether each neighbour is among the nearest in other vectors too: among as many, or among
    a share of all words.
    """
    nearest = max(TOP, round(share * len(vectors)))
    blocks = []
    for start in range(0, len(vectors), BLOCK):
        cosines = scores(vectors, start)
        least = np.partition(cosines, -nearest)[:, -nearest]
        blocks.append(np.take_along_axis(cosines, near[start : start + BLOCK], 1) >= least[:, None])
    return np.concatenate(blocks)


def report(what: str, counts: Places, columns: dict[str, Column]) -> None:
    """The mean of each column in each band of counts, and how many are in it."""
    print(f"  {what:17}" + "".join(f"{name:>10}" for name in columns))
    for low, high in zip(BANDS, [*BANDS[1:], 1 << 62], strict=True):
        within = (counts >= low) & (counts < high)
        if within.sum() >= FEWEST:
            band = f"{low:,}+" if high > counts.max() else f"{low:,}-{high - 1:,}" if high - low > 1 else f"{low}"
            means = (values[within & np.isfinite(values)] for values in columns.values())
            print(f"  {band:17}" + "".join(f"{part.mean():10.2f}" if len(part) else f"{'':10}" for part in means))


def restricted(words: Sequence[str], first: wvcli.Vectors, second: wvcli.Vectors, frequent: Column) -> Column:
    """float [words], the agreement of two models where they know frequent words only; NaN for the others."""
    chosen = [word for word, is_frequent in zip(words, frequent, strict=True) if is_frequent]
    agreement = np.full(len(words), np.nan)
    if len(chosen) > 2 * TOP:
        agreement[frequent] = found_again(neighbors(units(first, chosen)), units(second, chosen)).mean(axis=1)
    return agreement


def report_answers(first: wvcli.Vectors, name: str, other: wvcli.Vectors) -> None:
    """The share of a word's ten answers that other vectors bear out, with rare words among them and by default."""
    words = [word for word in first if other.vocabulary.find(word) is not None]
    counts = np.array([first.count(first.index(word) or 0) for word in words])
    mine, theirs = units(first, words), units(other, words)
    shares: dict[str, Column] = {
        what: found_again(neighbors(mine, left_out), theirs, 0.01).mean(axis=1)
        for what, left_out in (("all words", None), ("default", counts < TRUSTED_COUNT))
    }
    report("count of question", counts, shares)
    means = (f"{what} {values[counts >= TRUSTED_COUNT].mean():.3f}" for what, values in shares.items())
    print(f"  borne out by {name}, answers to words of {TRUSTED_COUNT} or more: {', '.join(means)}")


def trained(texts: tuple[Path, Path], folder: Path, name: str, settings: dict[str, Any]) -> list[wvcli.Vectors]:
    """Two models of the first text and one of the second; those that are there are taken."""
    models = []
    for number, (text, seed) in enumerate([(texts[0], 1), (texts[0], 2), (texts[1], 1)]):
        path = folder / f"{name}.{number}.safetensors"
        model = wvcli.load(path) if path.exists() else wvcli.train(text, path, seed=seed, workers=1, **settings)
        models.append(model)
    return models


def measure(models: Sequence[wvcli.Vectors], name: str, reference: wvcli.Vectors | None) -> None:
    """Print the agreement of three models."""
    first, again, second = models
    chosen, tokens = first.manifest["settings"], first.manifest["coverage"]["tokens_read"]
    print(
        f"{name}: {tokens:,} tokens, {len(first):,} words; {chosen['algorithm']}, {chosen['dim']} dimensions, "
        f"{chosen['epochs']} epochs"
    )
    words = [word for word in first if second.vocabulary.find(word) is not None]
    counts, others = (
        np.array([model.count(model.index(word) or 0) for word in words]) for model in (first, second)
    )
    near = neighbors(units(first, words))
    again_10, other_10 = (found_again(near, units(model, words)) for model in (again, second))
    frequent = (counts >= TRUSTED_COUNT) & (others >= TRUSTED_COUNT)
    by_word = {
        "seeds": again_10.mean(axis=1),
        "texts": other_10.mean(axis=1),
        "frequent": restricted(words, first, second, frequent),
    }
    report("count", counts, by_word)
    smaller = np.minimum(counts[:, None], counts[near])
    by_neighbor: dict[str, Column] = {"top 10": other_10, "top 1%": found_again(near, units(second, words), 0.01)}
    report("smaller count", smaller, by_neighbor)
    if reference is not None:
        words = [word for word in first if reference.vocabulary.find(word) is not None]
        counts = np.array([first.count(first.index(word) or 0) for word in words])
        near = neighbors(units(first, words))
        smaller = np.minimum(counts[:, None], counts[near])
        report("smaller count", smaller, {"reference": found_again(near, units(reference, words), 0.01)})
    if first.has_enough_frequent:
        report_answers(first, "the other text", second)
        if reference is not None:
            report_answers(first, "the reference", reference)
    print(flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[300, 1000, 5000])
    parser.add_argument("--languages", nargs="*", choices=["en", "zh"], default=["en", "zh"])
    parser.add_argument("--text", type=Path, action="append", default=[], help="halve this file as well")
    parser.add_argument("--reference", type=Path, help="vectors to hold the English ones against")
    parser.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE", help="other than auto")
    parser.add_argument(
        "--keep", type=Path, help="a folder for the models, where those of an earlier run are taken"
    )
    options = parser.parse_args()
    pairs = [setting.split("=") for setting in options.settings]
    settings: dict[str, Any] = {name: int(value) if value.isdigit() else value for name, value in pairs}
    reference = wvcli.load(options.reference) if options.reference else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kept = options.keep or folder
        kept.mkdir(exist_ok=True)
        for text in options.text:
            name = "_".join([text.stem, *options.settings])
            measure(trained(halved(text, folder), kept, name, settings), name, None)
        for language in options.languages:
            for kilobytes in options.sizes:
                name = "_".join([language, str(kilobytes), *options.settings])
                models = trained(drawn(options.data, language, kilobytes, folder), kept, name, settings)
                measure(models, name, reference if language == "en" else None)


if __name__ == "__main__":
    main()
