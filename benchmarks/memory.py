"""Peak memory of saving, opening and asking a large model, each in a process of its own.

    python benchmarks/memory.py [--words 3000000] [--dim 300]

Peaks are of resident memory; pages of a memory-mapped file count while they are in memory, though the
system may drop them at any time.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

PEAK = """
import resource
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""

SAVE = """
import sys
import numpy as np
from wvcli import store
from wvcli.geometry import row_norms
from wvcli.vectors import Vectors
from wvcli.vocabulary import Vocabulary
path, words, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
matrix = np.random.default_rng(1).standard_normal((words, dim), dtype=np.float32)
vocabulary = Vocabulary.from_words([f"word{number}" for number in range(words)])
vectors = Vectors(vocabulary, matrix, stored_norms=row_norms(matrix))
before = peak()
from pathlib import Path
store.save(Path(path), store.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}})
print(f"{before:,.0f} MB with the vectors in memory, {peak():,.0f} MB at most while saving")
"""

ASK = """
import sys, time
start = time.perf_counter()
import wvcli
model = wvcli.load(sys.argv[1])
word = f"word{len(model) - 1}"
answer = getattr(model, sys.argv[2])(word)
print(f"{peak():,.0f} MB at most, {time.perf_counter() - start:.2f} s")
"""


def run(label: str, script: str, *arguments: str) -> None:
    """Run a script in a fresh process and print what it measured."""
    command = [sys.executable, "-c", PEAK + script, *arguments]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(f"{label}: {printed.strip()}")


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--dim", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.safetensors")
        run("saving", SAVE, path, str(options.words), str(options.dim))
        print(f"the file has {Path(path).stat().st_size / 2**20:,.0f} MB")
        run("opening, one vector", ASK, path, "__getitem__")
        run("opening, one word's neighbours", ASK, path, "most_similar")
        run("again, from the page cache", ASK, path, "most_similar")


if __name__ == "__main__":
    main()
