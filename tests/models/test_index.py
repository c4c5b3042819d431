"""An index finds what an exact search finds, or most of it, and is refused when it belongs to other vectors."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from tests.against_gensim import Matrix, clustered, vectors_of
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.models import model_file
from wvcli.models.index import Index, build, open_index, path_beside
from wvcli.reporting import Progress
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.word_vectors import Lookup, Vectors, query

pytestmark = pytest.mark.filterwarnings("ignore:builtin type .* has no __module__ attribute:DeprecationWarning")


@pytest.fixture
def indexed(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Makes and opens an index of some vectors."""

    def make(vectors: Vectors, recall: float = 0.999) -> Index:
        about = build(vectors, path_beside(vectors), recall=recall, overwrite=True)
        assert 0 <= about["recall"] <= 1
        return open_index(vectors)

    return make


def in_file(matrix: Matrix, folder: Path, **more: object) -> Vectors:
    """Vectors said to come from a file in a folder."""
    return vectors_of(matrix, path=folder / "vectors.bin", **more)


def lookups(vectors: Vectors) -> list[Lookup]:
    return [vectors.look_up(word) for word in vectors]


def test_a_thorough_index_of_a_small_model_answers_as_an_exact_search_does(
    tmp_path: Path, indexed, word2vec: tuple[Vectors, KeyedVectors]
) -> None:  # type: ignore[no-untyped-def]
    trained = in_file(word2vec[0].matrix, tmp_path)
    for vectors in (trained, in_file(clustered(400, 12, seed=3), tmp_path)):
        index = replace(indexed(vectors), beam=1024)
        assert index.nearest(lookups(vectors), 7) == vectors.nearest(lookups(vectors), 7)
        [first, second] = vectors.vocabulary[0:2]
        together = [query([vectors.look_up(first), vectors.look_up(second)], excluded=(5,))]
        assert index.nearest(together, 9) == vectors.nearest(together, 9)
        [near, *_] = vectors.nearest(lookups(vectors)[:1], 5)
        least = near[2].similarity
        assert index.nearest(lookups(vectors)[:1], 5, min_similarity=least) == [near[:3]]


def test_the_recall_told_is_that_of_other_words_too_and_no_similarity_is_wrong(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(30, 16))
    matrix = (centres[rng.integers(0, 30, 2_000)] + 0.7 * rng.normal(size=(2_000, 16))).astype(np.float32)
    vectors = in_file(matrix, tmp_path)
    path = path_beside(vectors)
    about = build(vectors, path, recall=0.9)
    assert about["recall"] >= 0.9
    assert about["sample"] == 512
    index = open_index(vectors)
    asked = lookups(vectors)[::10]
    exact, found = vectors.nearest(asked, 10), index.nearest(asked, 10)
    hits = 0
    for word, true, mine in zip(asked, exact, found, strict=True):
        assert len(mine) == 10
        assert word.index not in [near.index for near in mine]
        similarities = [near.similarity for near in mine]
        assert similarities == sorted(similarities, reverse=True)
        known = {near.index: near.similarity for near in true}
        hits += sum(near.index in known for near in mine)
        assert all(known.get(near.index, near.similarity) == near.similarity for near in mine)
        assert mine[0].similarity == pytest.approx(
            vectors.similarity(word.word, vectors.vocabulary[mine[0].index]), abs=1e-6
        )
    assert hits / (10 * len(asked)) == pytest.approx(about["recall"], abs=0.05)


def test_rows_and_queries_without_a_direction_are_answered_as_exactly(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    matrix = clustered(260, 6, seed=1)
    matrix[3] = 0
    matrix[4] = np.nan
    matrix[5, 2] = np.inf
    vectors = in_file(matrix, tmp_path)
    index = indexed(vectors)
    wide = replace(index, beam=1024)
    asked = [*lookups(vectors), Lookup("zero", None, np.zeros(6, np.float32)), Lookup("", None, matrix[4])]
    assert wide.nearest(asked, 15) == vectors.nearest(asked, 15)


def test_many_neighbours_are_found_without_one_missing(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    matrix = clustered(2_000, 8, seed=6)
    matrix[500:1_500] = 0  # of which the graph finds few
    vectors = in_file(matrix, tmp_path)
    index = indexed(vectors, recall=0.5)
    asked = lookups(vectors)[:20]
    for topn in (300, 1_999, 10**9):
        assert index.nearest(asked, topn) == vectors.nearest(asked, topn)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_smallest_models_have_an_index(tmp_path: Path, indexed, rows: int) -> None:  # type: ignore[no-untyped-def]
    vectors = in_file(clustered(10, 4, seed=rows)[:rows], tmp_path)
    index = indexed(vectors)
    assert index.nearest(lookups(vectors), 10) == vectors.nearest(lookups(vectors), 10)
    assert index.nearest([]) == []
    with pytest.raises(UsageError):
        index.nearest(lookups(vectors), 0)


def test_words_outside_the_vocabulary_are_answered(tmp_path: Path, indexed, fasttext) -> None:  # type: ignore[no-untyped-def]
    ours, theirs = fasttext
    subwords = Subwords(theirs.vectors_ngrams, theirs.min_n, theirs.max_n)
    vectors = vectors_of(ours.matrix, list(ours), subwords=subwords, path=tmp_path / "vectors.bin")
    unseen = vectors.look_up("w12345")
    assert unseen.index is None
    assert indexed(vectors).nearest([unseen], 5) == vectors.nearest([unseen], 5)


def test_an_index_of_other_vectors_is_stale(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    matrix = clustered(50, 5, seed=2)
    indexed(in_file(matrix, tmp_path))
    open_index(in_file(matrix.copy(), tmp_path))
    for changed in (matrix * 2, matrix[:-1], matrix[::-1]):
        with pytest.raises(InputError, match="stale"):
            open_index(in_file(changed, tmp_path))


def test_vectors_without_a_file_have_no_index() -> None:
    with pytest.raises(UsageError):
        path_beside(vectors_of(clustered(5, 3, seed=0)))


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    vectors = in_file(clustered(50, 5, seed=2), tmp_path)
    path = path_beside(vectors)

    def stop(progress: Progress) -> None:
        if progress.stage == "measuring":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(vectors, path, on_progress=stop)
    with pytest.raises(UsageError):
        build(vectors, path, recall=1.5)
    with pytest.raises(WvcliError):
        build(vectors, tmp_path / "none" / "x.index")
    assert list(tmp_path.iterdir()) == []


FLIPPED = """
import sys
from dataclasses import replace
import numpy as np
from pathlib import Path
from wvcli.models.index import open_index, path_beside
from wvcli.errors import InputError
from wvcli.vectors.word_vectors import Lookup, Vectors
from wvcli.vectors.vocabulary import Vocabulary
path = Path(sys.argv[1])
matrix = np.load(sys.argv[2])
vectors = Vectors(Vocabulary.from_words([f"w{row}" for row in range(len(matrix))]), matrix, path=path)
index = path_beside(vectors)
sound = index.read_bytes()
rng = np.random.default_rng(8)
graph = len(sound) - matrix.nbytes
places = [*rng.integers(0, graph, 250), *range(len(sound) - 40, len(sound)), *range(graph - 60, graph + 60)]
refused = 0
for place in places:
    damaged = bytearray(sound)
    damaged[place] ^= 1 << int(rng.integers(8))
    index.write_bytes(damaged)
    try:
        found = open_index(vectors).nearest([Lookup("q", None, matrix[7])], 5)
        assert all(0 <= near.index < len(matrix) for near in found[0])
    except InputError:
        refused += 1
print(refused, len(places))
"""


def test_a_flipped_bit_is_refused_or_does_no_harm(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    """In a process of its own, because faiss is not Python and could bring it down."""
    matrix = clustered(200, 8, seed=4)
    indexed(in_file(matrix, tmp_path))
    np.save(tmp_path / "matrix.npy", matrix)
    done = subprocess.run(
        [sys.executable, "-c", FLIPPED, tmp_path / "vectors.bin", tmp_path / "matrix.npy"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    refused, tried = map(int, done.stdout.split())
    assert tried // 10 < refused < tried


def test_another_kind_of_index_is_refused(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    import faiss

    vectors = in_file(clustered(50, 5, seed=2), tmp_path)
    indexed(vectors)
    path = path_beside(vectors)
    manifest = model_file.open_tensors(path).manifest
    for other in (faiss.IndexFlatIP(5), faiss.IndexHNSWFlat(5, 8), faiss.IndexHNSWFlat(4, 8)):
        other.add(
            np.zeros((50 if other.d == 5 and other.__class__ is faiss.IndexFlatIP else 9, other.d), np.float32)
        )
        model_file.save(path, {"index": faiss.serialize_index(other)}, manifest, overwrite=True)
        with pytest.raises(InputError, match="damaged"):
            open_index(vectors)


def test_an_index_leaves_rare_words_out_and_counts_those_that_are_nearer(tmp_path: Path, indexed) -> None:  # type: ignore[no-untyped-def]
    counts = np.repeat([100, 2], [200, 2800])
    np.random.default_rng(2).shuffle(counts)  # so that of ten neighbours nine are rare
    vectors = in_file(np.random.default_rng(1).normal(size=(3000, 6)), tmp_path, counts=counts)
    index = replace(indexed(vectors), beam=1024)
    asked = [query([word]) for word in lookups(vectors)[:20]]
    found = index.nearest(asked, 4, rare=False)
    assert found == vectors.nearest(asked, 4, rare=False)
    least = [answer[-1].similarity for answer in found]
    nearer = index.count_rare_nearer(asked, least)
    assert nearer == vectors.count_rare_nearer(asked, least)
    assert min(nearer) > 4
    assert index.nearest(asked, 4, rare=False, min_similarity=2) == [[]] * 20
    assert index.nearest(asked, 3000, rare=False) == vectors.nearest(asked, 3000, rare=False)
