"""A map as one page of HTML that needs nothing else: `page.html` with the data of the map in it.

The page loads nothing and runs no script but its own: its Content-Security-Policy forbids all else, and names the
script and the style by their SHA-256.
"""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.analysis.mapping.colors import DARK, LIGHT, Values, colors_apart, scale_of
from wvcli.analysis.mapping.languages import COLUMN
from wvcli.analysis.mapping.near_words import NearWords
from wvcli.analysis.mapping.points import Points
from wvcli.analysis.mapping.word_map import WordMap

_FINE = 65_535  # steps of a place from side to side


def page(maps: Sequence[WordMap], moved: Sequence[tuple[int, float]] = (), color: str | None = None) -> str:
    """Return the page of a map, or of two maps of the same words side by side.

    Args:
        maps: one, or two.
        moved: words by their number in the maps, with the cosine of their two vectors; shown as a list.
        color: the column by which words are coloured at first: `cluster`, `count`, or one of the points' own.
    """
    template = _template()
    parts = {
        "@STYLE@": _hash(template, "style"),
        "@SCRIPT@": _hash(template, 'script type="module"'),
        "@TITLE@": html.escape(" and ".join(one.title for one in maps)),
        "@DATA@": _packed(_data(maps, moved, color)),
    }
    return re.sub("|".join(parts), lambda found: parts[found[0]], template)


@cache
def _template() -> str:
    return files(__package__).joinpath("page.html").read_text("utf-8")


def _hash(template: str, element: str) -> str:
    """Return what allows the text of an element by its SHA-256, as a Content-Security-Policy has it."""
    text = template.split(f"<{element}>", 1)[1].split(f"</{element.split()[0]}>", 1)[0]
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _packed(data: Any) -> str:
    """Return data as compressed JSON in base64, in which no word can end the element that it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _data(maps: Sequence[WordMap], moved: Sequence[tuple[int, float]], color: str | None) -> dict[str, Any]:
    maps = [_without_the_far(one) for one in maps]
    first = maps[0]
    places = np.array([[one.place for one in each.clusters] for each in maps])
    colors = colors_apart(places[0])
    columns = [_column(name, first.points) for name in first.points.columns]
    return {
        "title": " and ".join(one.title for one in maps),
        "shown": first.shown,
        "kept": _kept(maps),
        "words": first.points.labels,
        "counts": None if first.points.counts is None else first.points.counts.tolist(),
        "palette": {"light": LIGHT, "dark": DARK},
        "color": color,
        "asked": list(first.points.asked),
        "languages": _languages(first.points),
        "cluster_of": first.cluster_of.tolist(),
        "clusters": [
            {
                "words": one.words,
                "size": one.size,
                "color": colors[number],
                "places": _placed(places[:, number], maps),
            }
            for number, one in enumerate(first.clusters)
        ],
        "columns": columns,
        "moved": [[row, round(cosine, 4)] for row, cosine in moved],
        "maps": [
            {
                "title": one.title,
                "places": np.rint(_square(one.places, maps) * _FINE).astype(int).ravel().tolist(),
                "others": [] if one.points.others is None else one.points.others.labels,
                "near": one.nearest.width,
                "nearest": one.nearest.rows.ravel().tolist(),
                "cosines": np.rint(one.nearest.cosines.ravel() * 1000).astype(int).tolist(),
            }
            for one in maps
        ],
    }


def _without_the_far(one: WordMap) -> WordMap:
    """Return a map whose other words are only those that are among the nearest of a word on it."""
    others, rows = one.points.others, one.nearest.rows
    if others is None:
        return one
    used = np.unique(rows[rows >= len(one)])
    renumbered = np.where(rows < len(one), rows, len(one) + np.searchsorted(used, rows))
    points = replace(one.points, others=others.where(used - len(one)))
    return replace(one, points=points, nearest=NearWords(renumbered, one.nearest.cosines))


def _square(places: npt.NDArray[np.float64], maps: Sequence[WordMap]) -> npt.NDArray[np.float64]:
    """Return places in the square from 0 to 1 that the places of all maps fill."""
    every = np.concatenate([one.places for one in maps])
    low = every.min(axis=0)
    scaled: npt.NDArray[np.float64] = (places - low) / max(float((every.max(axis=0) - low).max()), 1e-12)
    return scaled


def _placed(places: npt.NDArray[np.float64], maps: Sequence[WordMap]) -> list[list[float]]:
    return np.round(_square(places, maps), 4).tolist()  # type: ignore[no-any-return]


def _kept(maps: Sequence[WordMap]) -> str:
    """Say how far the picture is to be trusted."""
    shares = " and ".join(f"{one.kept:.0%}" for one in maps)
    how = {"tsne": "t-SNE", "pca": "PCA", "file": "given places"}[maps[0].method]
    return f"The picture ({how}) keeps {shares} of the {maps[0].judged}."


def _languages(points: Points) -> dict[str, Any] | None:
    """Return the names of the languages, the colour of each, and of which each word is."""
    if points.languages is None:
        return None
    others = points.others
    return {
        "column": COLUMN,
        "names": points.languages.names,
        "colors": _column(COLUMN, points)["colors"],
        "of": points.languages.of.tolist(),
        "others_of": [] if others is None or others.languages is None else others.languages.of.tolist(),
    }


def _column(name: str, points: Points) -> dict[str, Any]:
    scale = scale_of(points.columns[name], points.languages.names if points.languages and name == COLUMN else ())
    if isinstance(scale, Values):
        return {"name": name, "values": scale.names, "colors": scale.colors, "of": scale.of}
    return {"name": name, "numbers": scale}
