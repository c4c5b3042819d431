"""Peak memory and time of conversion between a large model and files of other systems, in both directions.

    python benchmarks/conversion.py [--formats NAME,NAME] [--words 3000000] [--dim 300] [--folder FOLDER]

Without names, all formats are measured. The folder needs space for the model, the file, the numbers once more, and
a second model. Peaks are of resident memory, as in `benchmarks/memory.py`.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from memory import COMMAND, printed, run

from wvcli.formats import registry

MAKE = """
import sys
import numpy as np
from pathlib import Path
from wvcli.models import model_file
from wvcli.vectors.lazy import Lazy
from wvcli.vectors.word_vectors import Vectors
from wvcli.vectors.vocabulary import Vocabulary
path, words, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
block = np.random.default_rng(1).standard_normal((10_000, dim), dtype=np.float32)
matrix = Lazy(block, np.arange(words) % len(block))
vectors = Vectors(Vocabulary.from_words([f"word{number}" for number in range(words)]), matrix)
model_file.save(Path(path), model_file.vector_tensors(vectors), {"settings": {}, "tokenizer": {}})
print(f"{Path(path).stat().st_size / 2**20:,.0f} MB")
"""


def size_of(file: Path) -> int:
    """Return the bytes of a file, with the files beside it, or of a folder."""
    beside = file.parent.glob(f"{file.name}.*")
    return sum(
        part.stat().st_size for each in (file, *beside) for part in (each, *each.rglob("*")) if part.is_file()
    )


def convert(wvcli: str, name: str, model: str, back: str, file: Path) -> None:
    """Write a model in a format, read it again, and print the figures as a row of the table."""
    label = name.ljust(14)
    written = printed(COMMAND, wvcli, "export", str(file), "--to", name, "-m", model)
    row = f"{label} {size_of(file) / 2**20:8,.0f} MB   written: {written}"
    if registry.get(name).read:
        row += "   read: " + printed(COMMAND, wvcli, "import", str(file), "-o", back, "-f")
    print(row, flush=True)
    for made in (file, *file.parent.glob(f"{file.name}.*")):
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", default=",".join(member.name for member in registry if member.write))
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
        for name in options.formats.split(","):
            convert(wvcli, name, model, back, Path(folder) / name)
            Path(back).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
