"""Peak memory and time of conversion between a large model and files of other systems, in both directions.

    python benchmarks/conversion.py [FORMAT ...] [--words 3000000] [--dim 300] [--folder FOLDER]

Without a format, `word2vec` and `word2vec-text`. The folder needs room for the model, the file, and the
numbers once more. Peaks are of resident memory, as in `benchmarks/memory.py`.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from memory import COMMAND, run

MAKE = """
import sys
import numpy as np
from pathlib import Path
from wvcli import store
from wvcli.selection import Lazy
from wvcli.vectors import Vectors
from wvcli.vocabulary import Vocabulary
path, words, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
block = np.random.default_rng(1).standard_normal((10_000, dim), dtype=np.float32)
matrix = Lazy(block, np.arange(words) % len(block))
vectors = Vectors(Vocabulary.from_words([f"word{number}" for number in range(words)]), matrix)
store.save(Path(path), store.vector_tensors(vectors), {"settings": {}, "tokenizer": {}})
print(f"{Path(path).stat().st_size / 2**20:,.0f} MB")
"""


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=["word2vec", "word2vec-text"])
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    wvcli = str(Path(sys.executable).with_name("wvcli"))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["TMPDIR"] = folder
        model, back = f"{folder}/model.safetensors", f"{folder}/back.safetensors"
        run("a model", MAKE, model, str(options.words), str(options.dim))
        for name in options.formats:
            file = Path(folder) / name
            run(f"model -> {name}", COMMAND, wvcli, "export", str(file), "--to", name, "-m", model)
            run(f"{name} -> model", COMMAND, wvcli, "import", str(file), "-o", back, "-f")
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()


if __name__ == "__main__":
    main()
