"""How fast the formats read and write, compared with Gensim in the same run.

    python benchmarks/formats.py [--words 100000] [--dim 100] [--glove glove.6B.50d.txt]

With `--glove` that file is read, and its vectors are written as word2vec text; otherwise random vectors are used.
Both programs are timed one right after the other, three times; the medians are compared.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from gensim.models import KeyedVectors

from wvcli.formats import Writing, registry
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

PAIRS = 3


def seconds(action: Callable[[], object]) -> float:
    """Return how long the action takes."""
    start = perf_counter()
    action()
    return perf_counter() - start


def compare(what: str, ours: Callable[[], object], gensims: Callable[[], object]) -> None:
    """Print one row: both medians, and how many times faster ours is."""
    pairs = [(seconds(ours), seconds(gensims)) for _ in range(PAIRS)]
    our_time, gensim_time = (median(times) for times in zip(*pairs, strict=True))
    print(f"{what:24}{our_time:9.3f} s{gensim_time:9.3f} s{gensim_time / our_time:8.1f} x", flush=True)


def compare_format(name: str, vectors: Vectors, gensim: KeyedVectors, folder: Path) -> None:
    """Write and read one format with both programs; the file that is read was written by Gensim."""
    member = registry.get(name)
    assert member.read
    assert member.write
    ours, theirs = folder / f"ours-{name}", folder / f"gensim-{name}"
    binary, header = name == "word2vec", name != "glove"
    writing = {"binary": binary, "write_header": header}
    reading = {"binary": binary, "no_header": not header}
    write, read = member.write, member.read
    compare(
        f"write {name}",
        lambda: write(vectors, ours, Writing()),
        lambda: gensim.save_word2vec_format(theirs, **writing),
    )
    compare(
        f"read {name}",
        lambda: read(theirs, None),
        lambda: KeyedVectors.load_word2vec_format(theirs, **reading),
    )


def compare_glove(file: Path, folder: Path) -> None:
    """Read a published GloVe file and write it as word2vec text."""
    glove, text = registry.get("glove"), registry.get("word2vec-text")
    assert glove.read
    assert text.write
    read, write = glove.read, text.write
    vectors = read(file, None)
    gensim = KeyedVectors.load_word2vec_format(file, no_header=True)
    print(f"{f'{len(vectors)} x {vectors.dim}':24}{'wvcli':>11}{'gensim':>11}{'faster':>10}")
    compare(
        "read glove",
        lambda: read(file, None),
        lambda: KeyedVectors.load_word2vec_format(file, no_header=True),
    )
    compare(
        "write word2vec-text",
        lambda: write(vectors, folder / "ours", Writing()),
        lambda: gensim.save_word2vec_format(folder / "gensim"),
    )


def main() -> None:
    """Print a row for each format and direction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--glove", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        if options.glove:
            compare_glove(options.glove, Path(folder))
            return
        matrix = np.random.default_rng(1).normal(0, 0.3, (options.words, options.dim)).astype(np.float32)
        names = [f"word{index}" for index in range(options.words)]
        vectors = Vectors(Vocabulary.from_words(names), matrix)
        gensim = KeyedVectors(options.dim)
        gensim.add_vectors(names, matrix)
        print(f"{f'{options.words} x {options.dim}':24}{'wvcli':>11}{'gensim':>11}{'faster':>10}")
        for name in ("word2vec", "word2vec-text", "glove"):
            compare_format(name, vectors, gensim, Path(folder))


if __name__ == "__main__":
    main()
