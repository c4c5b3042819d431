"""An index beside a model, by which neighbours are found without comparing a word with all others.

It is a hierarchical navigable small world graph (Malkov and Yashunin, 2018) over the vectors at unit length, made
and searched by faiss. What a search finds is scored again from the model's own vectors, so that an index may miss
a neighbour but never gives a wrong similarity. The file is one that `model_file.save` writes, with one array,
`index`, the bytes of faiss; it knows the vectors it was made from by their checksum.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, MissingExtraError, UsageError
from wvcli.models import model_file
from wvcli.reporting import OnProgress, Progress, ignore_progress
from wvcli.system import atomic_files
from wvcli.vectors.geometry import RowArray, unit_rows
from wvcli.vectors.neighbors import Neighbor, Query
from wvcli.vectors.word_vectors import Lookup, Vectors, query

SUFFIX = ".index"
LEAST_RECALL, GREATEST_RECALL = 0.5, 0.999

_ARRAY = "index"
_LINKS = 16  # of each word in the graph; twice as many on its ground floor
_BREADTH = 100  # words kept in view while one is added; more gave no better recall for the time
_BEAMS = (32, 64, 128, 256, 512, 1024)  # words kept in view by a search; the least that will do is taken
_SPARE = 10  # rows found beyond those asked for, so that of equal ones the first in the vocabulary are kept
_SHARE = 10  # of the words; more than one in this many an exact search finds as soon, and misses none
_ADDED = 8_192  # words added between two reports of progress
_SAMPLE, _TOPN, _SEED = 512, 10, 1  # words by which an index is judged, and neighbours of each


@dataclass(frozen=True, eq=False)
class Index:
    """An index of the vectors of a model.

    Attributes:
        vectors: the model.
        beam: words kept in view by a search; more find more and take longer.
        graph: the index as faiss has it.
        mapped: the bytes of the file, uint8, which the graph reads from as long as it lives.
    """

    vectors: Vectors
    beam: int
    graph: Any
    mapped: npt.NDArray[np.uint8] | None = None

    def nearest(
        self,
        queries: Sequence[Lookup | Query],
        topn: int = 10,
        *,
        min_similarity: float | None = None,
        rare: bool = True,
    ) -> list[list[Neighbor]]:
        """Find for each query the nearest rows that the index knows, `topn` at most; else as `Vectors.nearest`.

        Where `topn` is more than about a tenth of all words, the search is exact, which is quicker then. Without
        rare words, ever more neighbours are looked up until `topn` of them are not rare.

        Raises:
            UsageError: `topn` is below 1.
        """
        if topn < 1:
            raise UsageError(f"`topn` must be at least 1, not {topn}")
        if not queries:
            return []
        asked = [query([word]) if isinstance(word, Lookup) else word for word in queries]
        if not rare:
            return self._frequent(asked, topn, min_similarity)
        wanted = topn + max(len(one.excluded) for one in asked) + _SPARE
        if wanted * _SHARE > len(self.vectors):
            return self.vectors.nearest(asked, topn, min_similarity=min_similarity)
        candidates = self._candidates(asked, wanted)
        return self.vectors.rank(asked, candidates, topn, min_similarity=min_similarity)

    def _frequent(self, queries: Sequence[Query], topn: int, min_similarity: float | None) -> list[list[Neighbor]]:
        answers: list[list[Neighbor]] = [[] for _ in queries]
        wanted, open_places = topn, list(range(len(queries)))
        while open_places:
            wanted *= 2
            found = self.nearest([queries[place] for place in open_places], wanted, min_similarity=min_similarity)
            for place, near in zip(open_places, found, strict=True):
                answers[place] = [one for one in near if not self.vectors.is_rare(one.index)][:topn]
            open_places = [
                place
                for place, near in zip(open_places, found, strict=True)
                if len(answers[place]) < topn and len(near) == wanted
            ]
        return answers

    def count_rare_nearer(self, queries: Sequence[Query], least: Sequence[float]) -> list[int]:
        """Count as `Vectors.count_rare_nearer` does the rare words that the index knows."""
        counts = []
        for one, floor in zip(queries, least, strict=True):
            near, wanted = self.nearest([one], _TOPN, min_similarity=floor)[0], _TOPN
            while len(near) == wanted:
                wanted *= 2
                [near] = self.nearest([one], wanted, min_similarity=floor)
            counts.append(sum(each.similarity > floor and self.vectors.is_rare(each.index) for each in near))
        return counts

    def _candidates(self, queries: Sequence[Query], wanted: int) -> list[RowArray]:
        faiss = _faiss()
        units = unit_rows(np.array([one.mean for one in queries]))
        found = self.graph.search(
            units, wanted, params=faiss.SearchParametersHNSW(efSearch=max(self.beam, wanted + wanted // 2))
        )[1]
        return [row[row >= 0] for row in found]


def path_beside(vectors: Vectors) -> Path:
    """Return the path of a model's index: that of its file with `.index` after the name."""
    if vectors.path is None:
        raise UsageError("vectors that come from no file have no index beside them")
    return vectors.path.with_name(vectors.path.name + SUFFIX)


def build(
    vectors: Vectors,
    path: Path,
    *,
    recall: float = 0.95,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> dict[str, Any]:
    """Make an index, measure it, and write it to a file.

    Args:
        vectors: what to index.
        path: the file to make.
        recall: the share of the true ten nearest neighbours that it should find; searches are made as thorough as
            this takes on a sample of words.
        overwrite: replace an existing file.
        on_progress: called with the words indexed so far, and when measuring begins.

    Returns:
        What is known of the index, as its file holds it: `recall` is the share that was found of the ten nearest
        neighbours of `sample` words, and `speedup` how many times as fast as by exact search they were found.

    Raises:
        MissingExtraError: faiss is not installed.
        UsageError: the file exists and `overwrite` is false, or `recall` is out of range.
        InputError: the vectors are a model's whose file is damaged.
        WvcliError: the file cannot be written.
    """
    faiss = _faiss()
    if not LEAST_RECALL <= recall <= GREATEST_RECALL:
        raise UsageError(f"the recall must be from {LEAST_RECALL} to {GREATEST_RECALL}, not {recall}")
    atomic_files.check_writable(path, overwrite)
    model_file.verify_vectors(vectors)
    start = perf_counter()
    graph = faiss.IndexHNSWFlat(vectors.dim, _LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = _BREADTH
    for first in range(0, len(vectors), _ADDED):
        on_progress(Progress("indexing", first, len(vectors)))
        with np.errstate(over="ignore", invalid="ignore"):
            graph.add(unit_rows(vectors.matrix[first : first + _ADDED]))
    seconds = perf_counter() - start
    on_progress(Progress("measuring"))
    about = {
        "method": "hnsw",
        "words": len(vectors),
        "dim": vectors.dim,
        "links": _LINKS,
        **_measured(vectors, graph, recall),
        "seconds": round(seconds, 1),
        "fingerprint": model_file.fingerprint(vectors),
    }
    manifest = {_ARRAY: about, "versions": {"faiss": faiss.__version__}}
    model_file.save(path, {_ARRAY: faiss.serialize_index(graph)}, manifest, overwrite)
    return about


def _measured(vectors: Vectors, graph: Any, recall: float) -> dict[str, Any]:
    """Choose how thorough a search must be, and measure what it finds and how fast, on a fixed sample of words."""
    usable = np.flatnonzero(np.isfinite(vectors.norms) & (vectors.norms > 0))
    drawn = np.random.default_rng(_SEED).choice(usable, min(_SAMPLE, len(usable)), replace=False)
    asked = [Lookup(vectors.vocabulary[row], row, vectors.matrix[row]) for row in np.sort(drawn).tolist()]
    exact, exact_seconds = _timed(lambda: vectors.nearest(asked, _TOPN))
    for beam in _BEAMS:
        index = Index(vectors, beam, graph)
        found, seconds = _timed(lambda index=index: index.nearest(asked, _TOPN))  # type: ignore[misc]
        reached = _recall(exact, found)
        if reached >= recall:
            break
    return {
        "beam": beam,
        "recall": round(reached, 4),
        "sample": len(asked),
        "speedup": round(exact_seconds / max(seconds, 1e-9), 2),
        "ms_per_word": round(1000 * seconds / max(1, len(asked)), 3),
    }


def _timed(ask: Callable[[], list[list[Neighbor]]]) -> tuple[list[list[Neighbor]], float]:
    start = perf_counter()
    return ask(), perf_counter() - start


def _recall(exact: list[list[Neighbor]], found: list[list[Neighbor]]) -> float:
    """Return the share of the true neighbours that were found; one as similar as the last of them counts as well.

    It is 1 where there are none to find.
    """
    if not any(exact):
        return 1.0
    hits = sum(
        sum(near.similarity >= true[-1].similarity for near in mine)
        for true, mine in zip(exact, found, strict=True)
        if true
    )
    return hits / sum(map(len, exact))


def open_index(vectors: Vectors) -> Index:
    """Open the index beside a model, memory-mapped.

    Raises:
        InputError: there is none, it is damaged, or the model has changed since.
        MissingExtraError: faiss is not installed.
    """
    path = path_beside(vectors)
    if not path.exists():
        raise InputError(f"{vectors.path} has no index", f"make one with wvcli index {vectors.path}")
    rebuild = f"rebuild it with wvcli index {vectors.path} --force"
    faiss = _faiss()
    file = model_file.open_tensors(path)
    about, blob = file.manifest.get(_ARRAY), file.tensors.get(_ARRAY)
    if not isinstance(about, dict) or blob is None or blob.ndim != 1 or blob.dtype != np.uint8:
        raise InputError(f"{path} is damaged or not an index", rebuild)
    if about.get("fingerprint") != model_file.fingerprint(vectors):
        raise InputError(f"{path} is stale: the model has changed since", rebuild)
    try:
        graph = faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(blob), blob.size))
        beam = int(about["beam"])
        sound = (graph.ntotal, graph.d) == vectors.matrix.shape and beam in _BEAMS
        sound = sound and isinstance(graph, faiss.IndexHNSW)
    except (RuntimeError, KeyError, TypeError, ValueError, MemoryError) as error:
        raise InputError(f"{path} is damaged: faiss cannot read it", rebuild) from error
    if not sound:
        raise InputError(f"{path} is damaged: it does not fit the model", rebuild)
    return Index(vectors, beam, graph, blob)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise MissingExtraError("an approximate index", "index") from error
    return faiss
