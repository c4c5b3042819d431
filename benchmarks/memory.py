"""Peak memory and time of saving, opening and asking a large model, each in a process of its own.

    python benchmarks/memory.py [--words 3000000] [--dim 300] [--pairs 5]

The commands `wvcli similar` and `wvcli vector` are held against reading the file once from the page cache.

Peaks are of resident memory; pages of a memory-mapped file count while they are in memory, though the
system may drop them at any time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from paired import compare, seconds_of

PEAK = """
import resource
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""

SAVE = """
import sys
import numpy as np
from wvcli.models import model_file
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.word_vectors import Vectors
from wvcli.vectors.vocabulary import Vocabulary
path, words, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
matrix = np.random.default_rng(1).standard_normal((words, dim), dtype=np.float32)
vocabulary = Vocabulary.from_words([f"word{number}" for number in range(words)])
vectors = Vectors(vocabulary, matrix, stored_norms=row_norms(matrix))
before = peak()
from pathlib import Path
manifest = {"settings": {"algorithm": "word2vec"}, "tokenizer": {}}
model_file.save(Path(path), model_file.vector_tensors(vectors), manifest)
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

READ = """
import sys
block = bytearray(1 << 20)
with open(sys.argv[1], "rb", buffering=0) as file:
    while file.readinto(block):
        pass
"""

COMMAND = """
import subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - start
print(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f} MB at most, {seconds:.2f} s")
"""


def printed(script: str, *arguments: str) -> str:
    """What a script prints in a fresh process."""
    command = [sys.executable, "-c", PEAK + script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run(label: str, script: str, *arguments: str) -> None:
    """Run a script in a fresh process and print what it measured."""
    print(f"{label}: {printed(script, *arguments)}", flush=True)


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the program as it is once installed, compiled
    wvcli, word = str(Path(sys.executable).with_name("wvcli")), f"word{options.words - 1}"
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.safetensors")
        run("saving", SAVE, path, str(options.words), str(options.dim))
        print(f"the file has {Path(path).stat().st_size / 2**20:,.0f} MB")
        run("opening, one vector", ASK, path, "__getitem__")
        run("opening, one word's neighbours", ASK, path, "most_similar")
        run("again, from the page cache", ASK, path, "most_similar")
        run("wvcli vector", COMMAND, wvcli, "vector", word, "-m", path)
        similar = [wvcli, "similar", word, "-m", path]
        ratio = compare(
            "wvcli similar, against reading the file once",
            lambda: seconds_of(similar),
            lambda: seconds_of([sys.executable, "-c", READ, path]),
            options.pairs,
        )
        print(f"wvcli similar takes {1 / ratio:.2f} times as long as reading the file once")


if __name__ == "__main__":
    main()
