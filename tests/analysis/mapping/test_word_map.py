import re
import sys

import numpy as np
import pytest

from tests.against_gensim import vectors_of
from tests.clients import package
from wvcli.analysis.mapping import layout, points
from wvcli.analysis.mapping.pairs import words_of_both
from wvcli.analysis.mapping.points import words_of
from wvcli.analysis.mapping.word_map import WordMap, make_map
from wvcli.errors import MissingExtraError, MissingWordError, UsageError
from wvcli.vectors import word_vectors
from wvcli.vectors.word_vectors import Vectors


def test_neighbours_are_those_of_the_vectors_among_the_words_shown_and_in_the_model(
    gathered: Vectors, drawn: WordMap
) -> None:
    small = make_map(words_of(gathered, 50), method="pca")
    for one, shown in ((drawn, 300), (small, 50)):
        others = [] if one.points.others is None else one.points.others.labels
        labels = one.points.labels + others
        assert len(labels) == 300
        for row in (0, 7, 33):
            for near, among in ((one.near, shown), (one.nearest, None)):
                found = gathered.most_similar(gathered.vocabulary[row], 10, among=among)
                assert [labels[other] for other in near.rows[row, :10]] == [name for name, _ in found]
                assert near.cosines[row, :10] == pytest.approx([cosine for _, cosine in found], abs=1e-6)


def test_rare_words_and_those_far_down_are_not_looked_at(
    gathered: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "SEARCHED", 100)
    few = words_of(gathered, 20)
    assert few.others is not None
    assert few.others.labels == list(gathered)[20:100]
    monkeypatch.setattr(word_vectors, "ENOUGH_FREQUENT", 60)
    monkeypatch.setattr(word_vectors, "TRUSTED_COUNT", 2400)  # of the 61st word
    few = words_of(gathered, 20)
    assert few.others is not None
    assert few.others.labels == list(gathered)[20:61]


def test_clusters_have_the_names_of_central_words_and_lie_where_their_words_are(drawn: WordMap) -> None:
    assert len(drawn.clusters) == 10
    for number, cluster in enumerate(drawn.clusters):
        rows = np.flatnonzero(drawn.cluster_of == number)
        assert len({row % 10 for row in rows}) == 1
        assert cluster.size == len(rows)
        assert cluster.name == " · ".join(cluster.words)
        assert len(cluster.words) == 3
        assert {drawn.points.labels.index(word) for word in cluster.words} <= set(rows[:8].tolist())
        low, high = drawn.places[rows].min(axis=0), drawn.places[rows].max(axis=0)
        assert (low <= cluster.place).all()
        assert (cluster.place <= high).all()


def test_places_fill_one_unit_and_the_same_seed_gives_the_same_map(gathered: Vectors, drawn: WordMap) -> None:
    assert drawn.places.min() == 0
    assert drawn.places.max() == 1
    again = make_map(words_of(gathered), "again", method="pca", clusters=10)
    assert again.places.tobytes() == drawn.places.tobytes()
    assert [one.name for one in again.clusters] == [one.name for one in drawn.clusters]


def test_the_share_kept_is_that_of_neighbours_counted_one_by_one() -> None:
    random = np.random.default_rng(2)
    places, neighbors = random.normal(size=(60, 2)), np.empty((60, 10), dtype=np.int64)
    for row in range(60):
        neighbors[row] = random.permutation(np.delete(np.arange(60), row))[:10]
    hits = 0
    for row in range(60):
        distance = np.hypot(*(places - places[row]).T)
        distance[row] = np.inf
        hits += len(set(np.argsort(distance)[:10]) & set(neighbors[row]))
    assert layout.share_kept(places, neighbors) == hits / 600
    assert layout.share_kept(places, np.argsort(np.hypot(*(places[:, None] - places).T).T, axis=1)[:, 1:16]) == 1


def test_words_are_chosen_by_every_condition(gathered: Vectors) -> None:
    assert words_of(gathered, 20).labels == list(gathered)[:20]
    assert words_of(gathered, 5, grep="^w1").labels == ["w10", "w11", "w12", "w13", "w14"]
    notes: list[str] = []
    listed = words_of(gathered, words=["w20", "w12", "nowhere", "猫", "w99", "w98"], on_note=notes.append)
    assert listed.labels == ["猫", "w12", "w20", "w98", "w99"]
    assert notes == ["1 of the words are not in the vocabulary: 'nowhere'"]
    around = words_of(gathered, 8, around=["w20"])
    assert set(around.labels) == {"w20", *(word for word, _ in gathered.most_similar("w20", 8))}
    assert around.total == 300


def test_words_without_a_direction_are_left_out() -> None:
    matrix = np.random.default_rng(1).normal(size=(12, 4)).astype(np.float32)
    matrix[3], matrix[5, 1] = 0, np.nan
    notes: list[str] = []
    points = words_of(vectors_of(matrix), on_note=notes.append)
    assert len(points) == 10
    assert notes == ["left out 2 words whose vectors are zero or not finite"]
    assert make_map(points, method="pca").near.rows.shape == (10, 9)
    with pytest.raises(UsageError, match="a map of 0 words shows nothing: at least 5 are needed"):
        words_of(vectors_of(np.zeros((9, 3))))


@pytest.mark.parametrize(
    ("vectors", "options", "message"),
    [
        (np.eye(3), {}, "a map of 3 words shows nothing: at least 5 are needed"),
        (np.ones((9, 1)), {}, "the vectors have 1 dimension, and a map needs 2 or more"),
        (np.eye(9), {"top": 3_000_000}, "`top` must be from 1 to 200,000, not 3,000,000"),
        (np.eye(9), {"grep": "nothing"}, "a map of 0 words shows nothing: at least 5 are needed"),
    ],
)
def test_what_no_map_can_be_made_of_is_refused(
    vectors: np.ndarray, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        words_of(vectors_of(vectors), **options)  # type: ignore[arg-type]


def test_words_that_are_not_there_are_told() -> None:
    vectors = vectors_of(np.eye(9))
    with pytest.raises(MissingWordError, match="'nowhere' is not in the vocabulary"):
        words_of(vectors, around=["nowhere"])
    with pytest.raises(MissingWordError, match="none of the words is in the vocabulary"):
        words_of(vectors, words=["nowhere"])
    with pytest.raises(UsageError, match="`clusters` must be from 1 to 9, the number of words, not 10"):
        make_map(words_of(vectors), clusters=10)


def test_two_models_show_the_words_that_both_have_and_those_that_moved(gathered: Vectors) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0]
    matrix = np.asarray(gathered.matrix @ turn, dtype=np.float32)
    matrix[[40, 41]] = matrix[[41, 40]]
    order = np.random.default_rng(2).permutation(250)
    words = [gathered.vocabulary[row] for row in order]
    pair = words_of_both(gathered, vectors_of(matrix[order], words, counts=np.full(250, 99)))
    assert pair.old.labels == pair.new.labels == list(gathered)[:250]
    assert {pair.old.labels[row] for row, _ in pair.moved[:2]} == {"w40", "w41"}
    assert pair.moved[0][1] < 0.5 < 0.99 < pair.moved[2][1]
    old = make_map(pair.old, "old", method="pca")
    new = make_map(pair.new, "new", method="pca", like=old)
    still = np.delete(np.arange(250), [40, 41])
    assert np.abs(old.places - new.places)[still].max() < 0.05  # turned back to lie over the first
    assert new.cluster_of is old.cluster_of


def test_beside_a_model_with_broken_vectors_the_other_words_are_shown(gathered: Vectors) -> None:
    matrix = np.array(gathered.matrix)
    matrix[3], matrix[10], matrix[20, 1] = 0, np.nan, np.inf
    broken = vectors_of(matrix, list(gathered))
    for old, new in ((gathered, broken), (broken, gathered)):
        pair = words_of_both(old, new, 50)
        assert pair.old.labels == [word for row, word in enumerate(gathered) if row not in (3, 10, 20)][:47]
        assert pair.moved[0][1] > 0.99
        shown = make_map(pair.new, method="pca", like=make_map(pair.old, method="pca"))
        assert np.isfinite(shown.places).all()
        assert np.isfinite(shown.nearest.cosines).all()


def test_beside_a_model_of_one_dimension_or_without_directions_no_map_is_made(gathered: Vectors) -> None:
    narrow, zero = (vectors_of(matrix, list(gathered)) for matrix in (gathered.matrix[:, :1], gathered.matrix * 0))
    for models in ((gathered, narrow), (narrow, gathered)):
        with pytest.raises(UsageError, match="the vectors have 1 dimension, and a map needs 2 or more"):
            words_of_both(*models)
    with pytest.raises(UsageError, match="a map of 0 words shows nothing: at least 5 are needed"):
        words_of_both(gathered, zero)


def test_without_its_extra_tsne_is_refused(gathered: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(MissingExtraError, match="t-SNE needs an optional package"):
        make_map(words_of(gathered), method="tsne")


@pytest.mark.client
@pytest.mark.filterwarnings("default")
def test_tsne_keeps_neighbours_and_gives_the_same_places_for_the_same_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package("openTSNE")
    random = np.random.default_rng(1)
    centres = random.normal(size=(40, 20))
    points = words_of(vectors_of(centres[np.arange(400) % 40] + random.normal(scale=0.4, size=(400, 20))))
    first, second = make_map(points), make_map(points)
    assert first.method == "tsne"
    assert first.places.tobytes() == second.places.tobytes()
    assert first.kept > 2 * make_map(points, method="pca").kept
    assert make_map(points, seed=2).places.tobytes() != first.places.tobytes()
    like = make_map(points, like=first)
    assert np.median(np.linalg.norm(like.places - first.places, axis=1)) < 0.1
    few = make_map(words_of(vectors_of(np.random.default_rng(3).normal(size=(6, 5)))))
    assert np.isfinite(few.places).all()
    monkeypatch.setattr(layout, "_MANY", 100)  # as large maps are laid out
    assert make_map(points).kept == pytest.approx(first.kept, abs=0.05)
