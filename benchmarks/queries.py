"""How long a question takes, from the shell, start of the program included.

    python benchmarks/queries.py [--words 400000] [--dim 300] [--pairs 7]

Compares `wvcli similar` with the shortest Gensim script that does the same, and `wvcli --help` with a Python
that does nothing. The model is random; both read it memory-mapped and from the page cache.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from paired import compare, seconds_of

GENSIM_SCRIPT = """
import sys
from gensim.models import KeyedVectors
for word, similarity in KeyedVectors.load(sys.argv[1], mmap="r").most_similar(sys.argv[2]):
    print(sys.argv[2], word, similarity, sep="\\t")
"""


def make_models(folder: Path, words: int, dim: int) -> tuple[Path, Path]:
    """The same random vectors as a wvcli model and as a Gensim file."""
    from gensim.models import KeyedVectors

    from wvcli import store
    from wvcli.geometry import row_norms
    from wvcli.vectors import Vectors
    from wvcli.vocabulary import Vocabulary

    names = [f"word{number}" for number in range(words)]
    matrix = np.random.default_rng(1).standard_normal((words, dim), dtype=np.float32)
    ours, theirs = folder / "model.safetensors", folder / "model.kv"
    vectors = Vectors(Vocabulary.from_words(names), matrix, stored_norms=row_norms(matrix))
    store.save(ours, store.vector_tensors(vectors), {"settings": {"algorithm": "word2vec"}, "tokenizer": {}})
    gensim = KeyedVectors(dim)
    gensim.add_vectors(names, matrix)
    gensim.fill_norms()
    gensim.save(str(theirs))
    return ours, theirs


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    wvcli = str(Path(sys.executable).with_name("wvcli"))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = make_models(Path(folder), options.words, options.dim)
        compare(
            f"cold wvcli similar, {options.words:,} x {options.dim}, against Gensim",
            lambda: seconds_of([wvcli, "similar", "word7", "-m", str(ours)]),
            lambda: seconds_of([sys.executable, "-c", GENSIM_SCRIPT, str(theirs), "word7"]),
            options.pairs,
        )
        compare(
            f"cold wvcli vector, {options.words:,} x {options.dim}, against Gensim's start alone",
            lambda: seconds_of([wvcli, "vector", "word7", "-m", str(ours)]),
            lambda: seconds_of([sys.executable, "-c", "import gensim.models"]),
            options.pairs,
        )
    ratio = compare(
        "wvcli --help against python -c pass",
        lambda: seconds_of([wvcli, "--help"]),
        lambda: seconds_of([sys.executable, "-c", "pass"]),
        options.pairs * 3,
    )
    print(f"wvcli --help takes {1 / ratio:.1f} times as long as python -c pass")


if __name__ == "__main__":
    main()
