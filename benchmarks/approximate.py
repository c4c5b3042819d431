"""Which approximate index: building, size, recall and speed on the vectors of a model.

    python benchmarks/approximate.py MODEL [--sample 500]

Compares the graph that `wvcli index` makes (HNSW of faiss, 16 links), one with 32 links, inverted lists of faiss,
and the graph of voyager where that package is installed. Recall is of the ten nearest neighbours; each index gives
21 candidates, of which the ten best by exact cosine count. Times are of a batch, on all processors.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

import wvcli
from wvcli.vectors.geometry import unit_rows

Matrix = npt.NDArray[np.float32]
Places = npt.NDArray[np.integer[Any]]
Search = Callable[[Matrix, int], Any]

CANDIDATES, NEIGHBOURS = 21, 10


def graph_of_faiss(units: Matrix, links: int, breadth: int) -> tuple[Any, Iterator[tuple[str, Search]]]:
    """HNSW, searched with several beams."""
    index = faiss.IndexHNSWFlat(units.shape[1], links, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = breadth
    index.add(units)

    def searches() -> Iterator[tuple[str, Search]]:
        for beam in (32, 64, 128, 256):
            index.hnsw.efSearch = beam
            yield f"beam {beam}", lambda asked, most: index.search(asked, most)[1]

    return index, searches()


def lists_of_faiss(units: Matrix) -> tuple[Any, Iterator[tuple[str, Search]]]:
    """Inverted lists, some of which are searched through."""
    lists = int(2 ** np.round(np.log2(4 * np.sqrt(len(units)))))
    index: Any = faiss.index_factory(units.shape[1], f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
    index.train(units)
    index.add(units)

    def searches() -> Iterator[tuple[str, Search]]:
        for probes in (16, 64, 128):
            index.nprobe = probes
            yield f"{probes} of {lists} lists", lambda asked, most: index.search(asked, most)[1]

    return index, searches()


def graph_of_voyager(units: Matrix) -> tuple[Any, Iterator[tuple[str, Search]]]:
    """The graph of voyager, searched with several beams."""
    import voyager

    index = voyager.Index(voyager.Space.Cosine, units.shape[1], M=16, ef_construction=100)
    index.add_items(units)

    def searches() -> Iterator[tuple[str, Search]]:
        for beam in (32, 64, 128, 256):
            index.ef = beam
            yield f"beam {beam}", lambda asked, most: index.query(asked, most)[0].astype(np.int64)

    return index, searches()


def recall(units: Matrix, asked: Places, true: Places, found: Iterable[Any]) -> float:
    """The share of true neighbours among the ten best of the rows found."""
    hits = 0
    for row, best, rows in zip(asked, true, found, strict=True):
        candidates = rows[(rows >= 0) & (rows != row)]
        order = np.argsort(-(units[candidates] @ units[row]), kind="stable")[:NEIGHBOURS]
        hits += len(set(candidates[order].tolist()) & set(best.tolist()))
    return hits / true.size


def main() -> None:
    """Print a line for each index and way of searching it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--sample", type=int, default=500)
    options = parser.parse_args()
    units = unit_rows(np.asarray(wvcli.load(options.model).matrix))
    asked = np.sort(np.random.default_rng(1).choice(len(units), options.sample, replace=False))
    start = perf_counter()
    scores = units[asked] @ units.T
    scores[np.arange(len(asked)), asked] = -2
    true = np.argpartition(-scores, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    print(f"exact: {1000 * (perf_counter() - start) / len(asked):.3f} ms a word")
    kinds: dict[str, Callable[[], tuple[Any, Iterator[tuple[str, Search]]]]] = {
        "faiss HNSW, 16 links": lambda: graph_of_faiss(units, 16, 100),
        "faiss HNSW, 32 links": lambda: graph_of_faiss(units, 32, 200),
        "faiss inverted lists": lambda: lists_of_faiss(units),
        "voyager, 16 links": lambda: graph_of_voyager(units),
    }
    for kind, build in kinds.items():
        start = perf_counter()
        try:
            index, searches = build()
        except ImportError:
            print(f"{kind}: not installed")
            continue
        built = perf_counter() - start
        with tempfile.NamedTemporaryFile() as file:
            faiss.write_index(index, file.name) if kind.startswith("faiss") else index.save(file.name)
            size = Path(file.name).stat().st_size / 1e6
        print(f"{kind}: built in {built:.1f} s, {size:.0f} MB")
        for way, search in searches:
            start = perf_counter()
            found = search(units[asked], CANDIDATES)
            spent = 1000 * (perf_counter() - start) / len(asked)
            print(f"  {way}: recall {recall(units, asked, true, found):.4f}, {spent:.3f} ms a word")


if __name__ == "__main__":
    main()
