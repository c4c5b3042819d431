"""What smaller numbers change: neighbours and similarities of a model compared with its exports with `--dtype`.

    python benchmarks/quantised.py MODEL [--queries 1000] [--among 100000]

The queries are drawn at random among the first words of the model. Agreement is the share of a word's ten nearest
neighbours that the smaller file finds too; errors are those of the cosines of the model's own ten.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import wvcli
from wvcli import formats
from wvcli.formats import Writing
from wvcli.vectors.geometry import FloatArray


def nearest(matrix: FloatArray, queries: list[int]) -> tuple[np.ndarray, FloatArray]:
    """Return int64 [queries, 10], the nearest rows, and float32 [queries, rows], the cosines to all."""
    units = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    cosines = units[queries] @ units.T
    cosines[np.arange(len(queries)), queries] = -2
    return np.argpartition(-cosines, 10, axis=1)[:, :10], cosines


def main() -> None:
    """Print sizes, agreement and errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--among", type=int, default=100_000)
    options = parser.parse_args()
    vectors = wvcli.load(options.model)
    rows = min(options.among, len(vectors))
    queries = np.random.default_rng(1).choice(rows, min(options.queries, rows), replace=False).tolist()
    exact = np.array(vectors.matrix[:rows])
    found, cosines = nearest(exact, queries)
    for dtype in ("float16", "int8"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "small.safetensors")
            formats.write(vectors, path, writing=Writing(dtype))
            size = path.stat().st_size
            smaller = np.array(formats.read(path).matrix[:rows])
        others, changed = nearest(smaller, queries)
        same = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, others, strict=True)])
        errors = np.abs(np.take_along_axis(cosines - changed, found, axis=1))
        print(
            f"{dtype}: {size / 2**20:.1f} MB, {same:.1%} of the neighbours, "
            f"similarities off by {errors.mean():.5f} on average and {errors.max():.5f} at most, "
            f"numbers by {np.abs(exact - smaller).max():.5f} at most"
        )


if __name__ == "__main__":
    main()
