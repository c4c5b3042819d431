"""How long a question takes, from the shell, start of the program included.

    python benchmarks/queries.py [--words 400000] [--dim 300] [--pairs 7] [--batch 10000] [--sample 300]

Compares `wvcli similar` with the shortest Gensim script that does the same, its file read whole, as Gensim does
unless told otherwise, and memory-mapped; a batch of words through
`wvcli similar -`, start and output included, with Gensim's `most_similar` in a loop over a sample of the words,
start and loading left out; and `wvcli --help` with a Python that does nothing. The model is random and in the
page cache.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from paired import compare, seconds_of

GENSIM_SCRIPT = """
import sys
from gensim.models import KeyedVectors
for word, similarity in KeyedVectors.load(sys.argv[1], mmap=sys.argv[3] or None).most_similar(sys.argv[2]):
    print(sys.argv[2], word, similarity, sep="\\t")
"""

PEAK_OF = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""

GENSIM_LOOP = """
import sys, time
from gensim.models import KeyedVectors
model = KeyedVectors.load(sys.argv[1], mmap="r")
words = sys.stdin.read().split()
model.most_similar(words[0])
start = time.perf_counter()
for word in words:
    model.most_similar(word)
print((time.perf_counter() - start) / len(words))
"""


def make_models(folder: Path, words: int, dim: int) -> tuple[Path, Path]:
    """The same random vectors as a wvcli model and as a Gensim file."""
    from gensim.models import KeyedVectors

    from wvcli.models import model_file
    from wvcli.vectors.geometry import row_norms
    from wvcli.vectors.vocabulary import Vocabulary
    from wvcli.vectors.word_vectors import Vectors

    names = [f"word{number}" for number in range(words)]
    matrix = np.random.default_rng(1).standard_normal((words, dim), dtype=np.float32)
    ours, theirs = folder / "model.safetensors", folder / "model.kv"
    vectors = Vectors(Vocabulary.from_words(names), matrix, stored_norms=row_norms(matrix))
    model_file.save(
        ours, model_file.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}}
    )
    gensim = KeyedVectors(dim)
    gensim.add_vectors(names, matrix)
    gensim.fill_norms()
    gensim.save(str(theirs))
    return ours, theirs


def compare_batch(wvcli: str, ours: Path, theirs: Path, words: list[str], sample: int, pairs: int) -> None:
    """Print how long a batch takes, Gensim's judged by a sample, and the peak of memory for a tenth and all."""
    text = "".join(f"{word}\n" for word in words)
    sampled = "".join(f"{word}\n" for word in words[:sample])

    def ask(stdin: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PEAK_OF, wvcli, "similar", "-", "-m", str(ours)],
            input=stdin, stdout=subprocess.PIPE, check=True, text=True,
        ).stdout  # fmt: skip

    def whole_batch() -> float:
        start = perf_counter()
        ask(text)
        return perf_counter() - start

    def gensim() -> float:
        done = subprocess.run(
            [sys.executable, "-c", GENSIM_LOOP, str(theirs)],
            input=sampled, stdout=subprocess.PIPE, check=True, text=True,
        )  # fmt: skip
        return float(done.stdout) * len(words)

    compare(f"wvcli similar - with {len(words):,} words, against Gensim's loop", whole_batch, gensim, pairs, 0)
    few = len(words) // 10
    peaks = [float(ask("".join(f"{word}\n" for word in part))) for part in (words[:few], words)]
    print(f"peak of memory {peaks[0]:,.0f} MB with {few:,} words, {peaks[1]:,.0f} MB with {len(words):,}")


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--batch", type=int, default=10_000, help="words of the batch; 0 leaves it out")
    parser.add_argument("--sample", type=int, default=300, help="of them, asked of Gensim")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # both programs as they are once installed, compiled
    wvcli = str(Path(sys.executable).with_name("wvcli"))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = make_models(Path(folder), options.words, options.dim)
        for opened, mmap in (("its file read", ""), ("its file memory-mapped", "r")):
            script = [sys.executable, "-c", GENSIM_SCRIPT, str(theirs), "word7", mmap]
            compare(
                f"cold wvcli similar, {options.words:,} x {options.dim}, against Gensim with {opened}",
                lambda: seconds_of([wvcli, "similar", "word7", "-m", str(ours)]),
                partial(seconds_of, script),
                options.pairs,
            )
        compare(
            f"cold wvcli vector, {options.words:,} x {options.dim}, against Gensim's start alone",
            lambda: seconds_of([wvcli, "vector", "word7", "-m", str(ours)]),
            lambda: seconds_of([sys.executable, "-c", "import gensim.models"]),
            options.pairs,
        )
        if options.batch:
            drawn = np.random.default_rng(2).integers(0, options.words, options.batch)
            words = [f"word{number}" for number in drawn]
            compare_batch(wvcli, ours, theirs, words, options.sample, max(1, options.pairs // 2))
    ratio = compare(
        "wvcli --help against python -c pass",
        lambda: seconds_of([wvcli, "--help"]),
        lambda: seconds_of([sys.executable, "-c", "pass"]),
        options.pairs * 3,
    )
    print(f"wvcli --help takes {1 / ratio:.1f} times as long as python -c pass")


if __name__ == "__main__":
    main()
