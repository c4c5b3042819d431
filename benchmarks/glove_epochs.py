"""The experiment behind the automatic epochs of GloVe: how many move words apart, and when are they enough?

    python benchmarks/glove_epochs.py DATA REFERENCE [--sizes 50 500] [--epochs 5 10 15] [--texts 2]

DATA is a folder with `corpora/*.txt.xz`, REFERENCE a file of far better vectors, such as GloVe's own. Texts of
each size, in kilobytes, are drawn line by line from all English corpora. Printed are, over the words that are not
rare, or where these are too few, over those that occur ten times: the mean cosine of two words drawn by chance,
and the mean share of a word's ten neighbours that are among the nearest hundredth in REFERENCE.

What was found, with the vectors of six billion words as reference; means of two texts, but of one for
5,000 KB, and for 1,500 KB with 100 epochs. The mean cosine of two words:

    epochs                     5    10    15    25    40    60   100
    50 KB,    10,000 tokens  .70   .88   .77   .47   .26   .18   .14
    500 KB,   88,000 tokens  .42   .28   .16   .08   .04   .04   .03
    1,500 KB, 263,000        .10   .05   .02   .02   .01   .01   .01
    5,000 KB, 877,000        .25   .11   .06

The neighbours borne out; those of 50 KB are too few to tell (about a hundred words):

    500 KB                  .049  .061  .074  .075  .069  .066  .062
    1,500 KB                .057  .095  .103  .100  .093  .087  .078
    5,000 KB                .129  .173  .176

With 30 epochs, those of 5,000 KB are .170, and with 50 .156.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import mean

import numpy as np
from auto_settings import draw
from confidence import found_again, neighbors, units

import wvcli
from wvcli.vectors.word_vectors import ENOUGH_FREQUENT, TRUSTED_COUNT

DRAWN = 2_000  # pairs of words
LEAST_COUNT = 10  # of words where too few are frequent


def measure(model: wvcli.Vectors, reference: wvcli.Vectors) -> tuple[float, float]:
    """Return the mean cosine of two words, and the mean share of neighbours that the reference bears out."""
    words = [word for word in model if reference.vocabulary.find(word) is not None]
    counts = np.array([model.count(model.index(word) or 0) for word in words])
    is_frequent = counts >= TRUSTED_COUNT
    chosen = np.flatnonzero(is_frequent if is_frequent.sum() >= ENOUGH_FREQUENT else counts >= LEAST_COUNT)
    mine, theirs = units(model, words)[chosen], units(reference, words)[chosen]
    first, second = np.random.default_rng(1).integers(0, len(chosen), (2, DRAWN))
    borne_out = found_again(neighbors(mine), theirs, 0.01)
    return float((mine[first] * mine[second]).sum(axis=1).mean()), float(borne_out.mean())


def main() -> None:
    """Print the measures for each size and number of epochs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("reference", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 500, 1500, 5000])
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 10, 15, 25, 40, 60])
    parser.add_argument("--texts", type=int, default=2)
    options = parser.parse_args()
    reference = wvcli.load(options.reference)
    for kilobytes in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            texts = [Path(folder) / f"text{number}" for number in range(options.texts)]
            for number, text in enumerate(texts):
                draw(options.data, "en", kilobytes, number, text)
            for epochs in options.epochs:
                path = Path(folder) / "model.safetensors"
                found, tokens = [], 0
                for text in texts:
                    model = wvcli.train(text, path, overwrite=True, algorithm="glove", epochs=epochs)
                    tokens = model.manifest["coverage"]["tokens_read"]
                    found.append(measure(model, reference))
                cosine, share = map(mean, zip(*found, strict=True))
                print(
                    f"{kilobytes:6} KB, {tokens:9,} tokens, {epochs:3} epochs: "
                    f"mean cosine {cosine:.3f}, borne out {share:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
