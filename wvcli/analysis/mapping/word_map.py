"""A map of words: where each is, what its true neighbours are, and which clusters there are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wvcli.analysis.mapping import layout
from wvcli.analysis.mapping.near_words import NearWords, find_near_words
from wvcli.analysis.mapping.points import Points
from wvcli.errors import MissingExtraError, UsageError
from wvcli.reporting import OnProgress, ignore_progress
from wvcli.vectors.clusters import IdArray, spherical_k_means
from wvcli.vectors.geometry import Float64Array, FloatArray

NAMES = 3  # words that name a cluster

_FREQUENT = 0.25  # share of a cluster's words, the most frequent, that may name it
_AT_LEAST = 8
_REACH = 0.03  # of the width of the map, around the place of a cluster


@dataclass(frozen=True)
class Cluster:
    """Words of like meaning.

    Attributes:
        words: up to three that name it, the most central among the frequent ones.
        size: how many words it has.
        place: where its words are densest, x and y.
    """

    words: tuple[str, ...]
    size: int
    place: tuple[float, float]

    @property
    def name(self) -> str:
        """Its words, with a dot between them."""
        return " · ".join(self.words)


@dataclass(frozen=True, eq=False)
class WordMap:
    """A map of words.

    Attributes:
        title: what is shown.
        points: the words with their vectors.
        places: float64 [words, 2], x and y; the wider goes from 0 to 1, unless the places were given.
        near: of each word the nearest others on the map, by the cosine of their vectors.
        nearest: of each word the ten nearest of the model, whether they are on the map or among the other words
            of `points`, whose numbers go on after those of the map.
        cluster_of: int64 [words], the number of each word's cluster.
        clusters: the largest first.
        method: `tsne`, `pca`, or `file` where the places were given.
        kept: the share of the ten nearest neighbours that are the nearest in the plane, too.
    """

    title: str
    points: Points
    places: Float64Array
    near: NearWords
    nearest: NearWords
    cluster_of: IdArray
    clusters: Sequence[Cluster]
    method: str
    kept: float

    def __len__(self) -> int:
        return len(self.points)

    @property
    def shown(self) -> str:
        """How many words of how many are shown."""
        if len(self) == self.points.total:
            return f"all {len(self):,} words"
        return f"{len(self):,} of {self.points.total:,} words"

    @property
    def judged(self) -> str:
        """The neighbours of which `kept` says the share."""
        near = min(layout.KEPT, self.near.width)
        if self.points.languages is None:
            return f"{near} nearest neighbours of each word"
        return f"{near} nearest neighbours of each word, half of them of the other language"


def make_map(
    points: Points,
    title: str = "",
    *,
    method: layout.Method | None = None,
    clusters: int | None = None,
    seed: int = 1,
    places: Float64Array | None = None,
    like: WordMap | None = None,
    on_progress: OnProgress = ignore_progress,
) -> WordMap:
    """Place words, find their neighbours, and divide them into clusters.

    Args:
        points: the words.
        title: what is shown, for the reader.
        method: `tsne` or `pca`; None is t-SNE where it is installed.
        clusters: how many; None for the root of half the number of words.
        seed: of all that is drawn; the same seed gives the same map.
        places: float64 [words, 2], where the words are, if that is known already.
        like: a map of the same words by other vectors, which this one should look like.
        on_progress: called while neighbours are found and words are placed.

    Raises:
        MissingExtraError: `method` is `tsne`, and openTSNE is not installed.
        UsageError: `clusters` is below 1 or above the number of words.

    Example:
        >>> import wvcli
        >>> from wvcli.analysis.mapping.points import words_of
        >>> found = make_map(words_of(wvcli.load("animals.safetensors"), 500), method="pca")
        >>> found.places.shape, found.near.rows.shape, len(found.clusters)
        ((500, 2), (500, 15), 16)
        >>> found.shown
        '500 of 1,731 words'
    """
    if clusters is not None and not 1 <= clusters <= len(points):
        raise UsageError(f"`clusters` must be from 1 to {len(points):,}, the number of words, not {clusters:,}")
    name = "file" if places is not None else method or ("tsne" if layout.has_tsne() else "pca")
    if name == "tsne" and not layout.has_tsne():
        raise MissingExtraError("t-SNE", "map")
    near = find_near_words(points, layout.NEIGHBORS, None, on_progress)
    found = places
    if found is None:
        if name == "tsne":
            found = layout.tsne(points.units, near.rows, seed, like.places if like else None, on_progress)
        else:
            found = layout.principal_plane(points.units)
        found = layout.laid_over(found, like.places) if like else _scaled(layout.lying(found))
    if like is None:
        of, centres = spherical_k_means(points.units, clusters or default_clusters(len(points)), seed)
        names = _names(points, of, centres)
    else:  # a word has the same colour on both
        of, names = like.cluster_of, [one.words for one in like.clusters]
    reach = _REACH * float(np.ptp(found, axis=0).max())
    groups = [
        Cluster(words, int(np.count_nonzero(of == number)), _densest(found[of == number], reach))
        for number, words in enumerate(names)
    ]
    kept = layout.share_kept(found, near.rows)
    nearest = NearWords(near.rows[:, : layout.KEPT], near.cosines[:, : layout.KEPT])
    if points.others is not None:
        nearest = find_near_words(points, layout.KEPT, points.others, on_progress)
    return WordMap(title, points, found, near, nearest, of, groups, name, kept)


def default_clusters(words: int) -> int:
    """Return how many clusters so many words are divided into if nobody says: about the root of half of them."""
    return max(2, round(math.sqrt(words / 2)))


def _scaled(places: Float64Array) -> Float64Array:
    low, high = places.min(axis=0), places.max(axis=0)
    scaled: Float64Array = (places - low) / max(float((high - low).max()), 1e-12)
    return scaled


def _names(points: Points, of: IdArray, centres: FloatArray) -> list[tuple[str, ...]]:
    """Return for each cluster its most central words among its most frequent ones."""
    names = []
    for number, centre in enumerate(centres):
        rows = np.flatnonzero(of == number)
        frequent = rows[: max(_AT_LEAST, round(len(rows) * _FREQUENT))]
        central = frequent[np.argsort(-(points.units[frequent] @ centre), kind="stable")]
        different = dict.fromkeys(points.labels[row] for row in central)  # labels of a table may be the same
        names.append(tuple(different)[:NAMES])
    return names


def _densest(places: Float64Array, reach: float) -> tuple[float, float]:
    """Return the place within whose reach most places are."""
    from scipy.spatial import cKDTree

    tree = cKDTree(places)
    near = np.array(tree.query_ball_point(places, reach, return_length=True))
    x, y = places[tree.query_ball_point(places[int(near.argmax())], reach)].mean(axis=0).tolist()
    return x, y
