"""wvcli with no option beside five other programs with theirs: how good are the vectors of a text of which size?

    python benchmarks/defaults.py DATA [--glove BUILD] [--sizes 50 500 5000 50000] [--languages en zh] [--texts 1]
        [--programs wvcli word2vec skipgram gensim-fasttext fasttext glove] [--workers 2]

DATA is as for `auto_settings.py`, and so are the texts, which begin elsewhere, and what is printed. Each program
trains on the same tokens, those of wvcli, with its defaults and so many threads:

* `word2vec`, `skipgram`, `gensim-fasttext`: Gensim's Word2Vec, the same with `sg=1`, and FastText.
* `fasttext`: the fastText program, as `fasttext skipgram`.
* `glove`: the authors' program, with what their `demo.sh` gives it. BUILD is the folder in which `make` of
  github.com/stanfordnlp/GloVe put it.

Programs that are not there are left out. Words that a program has no vector for, and no n-grams to make one of,
count as the mean vector. `covered` are pairs of words that occur five times or more, which all programs have. The
seconds are of the whole run, from tokens, or with wvcli from raw text, to the model file.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import astuple, replace
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from auto_settings import (
    KINDS,
    MIXED,
    REFERENCE,
    Scores,
    Tests,
    frequent_words,
    halves,
    kinds_of,
    means,
    read_once,
    train,
    up_to,
    write_text,
)
from training import tokenized

import wvcli
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

FIRST_TEXT = 100  # number of the first text, so that they are not those by which settings were chosen


def run(command: list[str], source: Path | None = None, target: Path | None = None) -> None:
    """Run a program, from one file to another where it reads and writes streams."""
    with (source or Path("/dev/null")).open("rb") as read, (target or Path("/dev/null")).open("wb") as write:
        subprocess.run(command, stdin=read, stdout=write, stderr=subprocess.DEVNULL, check=True)


def with_wvcli(raw: Path, tokens: Path, folder: Path, workers: int) -> Vectors:
    """Train with no option."""
    return wvcli.train(raw, folder / "ours.safetensors", overwrite=True, workers=workers)


def with_gensim(name: str, **settings: Any) -> Callable[[Path, Path, Path, int], Vectors]:
    """Return what trains with one of Gensim's classes and saves the model."""

    def trained(raw: Path, tokens: Path, folder: Path, workers: int) -> Vectors:
        import gensim.models
        from gensim.models.word2vec import LineSentence

        model = getattr(gensim.models, name)(LineSentence(str(tokens)), workers=workers, **settings)
        model.save(str(folder / "gensim"))
        wv = model.wv
        counts = np.array([wv.get_vecattr(word, "count") for word in wv.index_to_key])
        subwords = Subwords(wv.vectors_ngrams, wv.min_n, wv.max_n) if name == "FastText" else None
        return Vectors(Vocabulary.from_words(wv.index_to_key), wv.vectors, counts, subwords)

    return trained


def with_fasttext(raw: Path, tokens: Path, folder: Path, workers: int) -> Vectors:
    """Train with the fastText program."""
    target = folder / "fasttext"
    run(["fasttext", "skipgram", "-input", str(tokens), "-output", str(target), "-thread", str(workers)])
    return wvcli.load(target.with_suffix(".bin"))


def with_glove(build: Path) -> Callable[[Path, Path, Path, int], Vectors]:
    """Return what trains with the authors' programs, as their `demo.sh` does."""

    def trained(raw: Path, tokens: Path, folder: Path, workers: int) -> Vectors:
        vocabulary, pairs, shuffled = (folder / name for name in ("vocabulary", "pairs", "shuffled"))
        run([str(build / "vocab_count"), "-min-count", "5"], tokens, vocabulary)
        counting = [str(build / "cooccur"), "-memory", "2.0", "-vocab-file", str(vocabulary)]
        run([*counting, "-window-size", "15", "-overflow-file", str(folder / "overflow")], tokens, pairs)
        shuffling = [str(build / "shuffle"), "-memory", "2.0", "-seed", "1"]
        run([*shuffling, "-temp-file", str(folder / "shuffling")], pairs, shuffled)
        training = [str(build / "glove"), "-input-file", str(shuffled), "-vocab-file", str(vocabulary)]
        training += ["-save-file", str(folder / "glove"), "-threads", str(workers), "-seed", "1"]
        training += ["-x-max", "10", "-iter", "15", "-vector-size", "50"]
        run([*training, "-binary", "0"])
        return wvcli.load(folder / "glove.txt")

    return trained


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--glove", type=Path, metavar="BUILD")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 500, 5000, 50000])
    parser.add_argument("--languages", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--texts", type=int, default=1)
    parser.add_argument("--programs", nargs="+")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    programs: dict[str, Callable[[Path, Path, Path, int], Vectors]] = {
        "wvcli": with_wvcli,
        "word2vec": with_gensim("Word2Vec"),
        "skipgram": with_gensim("Word2Vec", sg=1),
        "gensim-fasttext": with_gensim("FastText"),
    }
    if shutil.which("fasttext"):
        programs["fasttext"] = with_fasttext
    if options.glove:
        programs["glove"] = with_glove(options.glove)
    chosen = [name for name in programs if options.programs is None or name in options.programs]
    for language in options.languages:
        tests = Tests.of(options.data, language)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            other = up_to(halves(options.data, language, MIXED)[1], 20_000, folder / "other.txt")
            reference, _ = train(read_once(other, folder / "other"), REFERENCE)
            for kilobytes in options.sizes:
                kinds = kinds_of(options.data, language, kilobytes)
                scored: dict[str, list[Scores]] = {name: [] for name in chosen}
                for kind, number in product(kinds, range(FIRST_TEXT, FIRST_TEXT + options.texts)):
                    raw = folder / f"{kilobytes}_{kind}_{number}.txt"
                    write_text(options.data, language, kind, kilobytes, number, raw)
                    tokens = raw.with_suffix(".tokens")
                    tokenized(raw, tokens, 1 << 62)
                    counts = frequent_words(read_once(raw, raw.with_suffix(".kept")))
                    for name in chosen:
                        started = perf_counter()
                        vectors = programs[name](raw, tokens, folder, options.workers)
                        seconds = perf_counter() - started
                        found = tests.scores(replace(vectors, normalize=str.lower), counts, reference)
                        scored[name].append(replace(found, seconds=seconds))
                        listed = " ".join(f"{value:.3f}" for value in astuple(scored[name][-1]))
                        print(f"    {kind} {number} {name} {listed}", flush=True)
                print(f"{language}, {kilobytes:,} KB: {' '.join(kinds)}, {options.texts} of each kind", flush=True)
                print("      all covered analogies borne out seconds  program", flush=True)
                for name, scores in scored.items():
                    row = "{:9.3f} {:7.3f} {:9.3f} {:9.3f} {:7.1f}".format(*means(scores))
                    print(f"{row}  {name}", flush=True)


if __name__ == "__main__":
    main()
