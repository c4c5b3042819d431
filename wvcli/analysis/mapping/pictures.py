"""A map as a picture for a paper or a slide: SVG, whose text stays text, and PNG.

Points are drawn in the colours of their clusters, then the names of the clusters and as many words as have room,
the most frequent first; no two labels overlap.
"""

import io
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.analysis.mapping import fonts
from wvcli.analysis.mapping.colors import GREY, LIGHT, Values, colors_apart, ramp, scale_of
from wvcli.analysis.mapping.languages import COLUMN
from wvcli.analysis.mapping.word_map import WordMap
from wvcli.errors import MissingExtraError, UsageError
from wvcli.reporting import OnNote, ignore_note

PAPER, INK, FAINT = "#ffffff", "#3a3f47", "#666b73"
SVG_SIZE, PNG_SIZE = (1600, 1200), (3200, 2400)

_FONTS = (
    "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
)
_LEAST = 9.0  # pixels of the letters of names; those of words are smaller
_CELL = 25  # squares of a name's height for each word, so that a picture of any size is as full
_LONGEST = 32  # characters of a label
_NAMED_SHARE = 0.45  # of the picture's width that the name of a cluster may take
_SQUARE = 0.886  # half of the side of a square that has the area of a circle of radius 1
_ROOM = 64  # pixels of a cell in which taken rectangles are looked for

Width = Callable[[str, float, bool], float]


@dataclass(frozen=True)
class Label:
    """A text on the picture.

    Attributes:
        text: what it says.
        left: its left edge, in pixels.
        middle: the middle of its height.
        size: of its letters.
        color: in which it is written.
        is_name: whether it names a cluster, in bold letters.
    """

    text: str
    left: float
    middle: float
    size: float
    color: str
    is_name: bool


@dataclass(frozen=True)
class Pen:
    """How points look.

    Attributes:
        color: in which they are drawn.
        radius: of circles, in pixels.
        is_square: whether they are squares, of the same area: words of the second of two languages.
    """

    color: str
    radius: float
    is_square: bool = False

    @property
    def half(self) -> float:
        """Half of the width, in pixels."""
        return self.radius * (_SQUARE if self.is_square else 1)


@dataclass(frozen=True)
class Drawing:
    """A picture before it is written: points by their looks, and labels.

    Attributes:
        width: in pixels.
        height: in pixels.
        dots: for each look the places of the points, x and y.
        labels: what is written, the last on top.
    """

    width: int
    height: int
    dots: dict[Pen, list[tuple[float, float]]]
    labels: list[Label]


def drawing(
    one: WordMap, size: tuple[int, int], color: str | None, width_of: Width, can_draw: Callable[[str], bool]
) -> Drawing:
    """Return where everything is on a picture.

    Args:
        one: the map.
        size: width and height in pixels.
        color: the column by which words are coloured, as for `colors_of`.
        width_of: how wide a text is, of letters of a size, bold or not.
        can_draw: whether a label can be drawn; others are left out.
    """
    width, height = size
    margin, foot = width / 40, width / 45
    low, high = one.places.min(axis=0), one.places.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    scale = min((width - 2 * margin) / span[0], (height - 2 * margin - foot) / span[1])
    middle = np.array([width / 2, (height - foot) / 2])
    spots = (one.places - (low + high) / 2) * scale * (1, -1) + middle
    colors = colors_of(one, color)
    radii = _radii(one, width)
    inks, languages = [INK] * len(one), one.points.languages
    squares = [False] * len(one) if languages is None else (languages.of == 1).tolist()
    if languages is not None and color == COLUMN:
        inks = [_darker(each) for each in colors]
    dots: dict[Pen, list[tuple[float, float]]] = {}
    for row in range(len(one) - 1, -1, -1):
        pen = Pen(colors[row], radii[row], squares[row])
        dots.setdefault(pen, []).append((float(spots[row, 0]), float(spots[row, 1])))
    labels = _Labels(width, height - foot, width_of)
    base = max(_LEAST, width / 100)
    if languages is not None:
        _place_legend(labels, dots, one, colors if color == COLUMN else [FAINT] * len(one), base)
    names = _cluster_colors(one) if color in (None, "cluster") else [INK] * len(one.clusters)
    for row in one.points.asked:
        if can_draw(label := one.points.labels[row]):
            labels.place_word(
                _shown(label), (spots[row, 0], spots[row, 1]), radii[row], base, inks[row], is_name=True
            )
    for number, cluster in enumerate(one.clusters):
        x, y = ((np.array(cluster.place) - (low + high) / 2) * scale * (1, -1) + middle).tolist()
        parts = [_shown(word) for word in cluster.words if can_draw(word)]
        is_large = number < len(one.clusters) / 6
        letters, most = base * (1.18 if is_large else 1.0), 3 if is_large else 2
        labels.place_name(parts, most, (x, y), letters, _darker(names[number]))
    for row, label in enumerate(one.points.labels):
        if labels.words > width * height / (_CELL * base**2):
            break
        if can_draw(label) and row not in one.points.asked:
            labels.place_word(_shown(label), (spots[row, 0], spots[row, 1]), radii[row], base * 0.72, inks[row])
    return Drawing(width, height, dots, labels.placed)


def _place_legend(
    labels: "_Labels", dots: dict[Pen, list[tuple[float, float]]], one: WordMap, colors: list[str], size: float
) -> None:
    """Say in the upper left corner how the words of each language are marked."""
    languages = one.points.languages
    assert languages is not None
    left, middle = size, 1.6 * size
    for number, name in enumerate(languages.names):
        color = colors[int(np.flatnonzero(languages.of == number)[0])]
        dots.setdefault(Pen(color, size / 3, number == 1), []).append((left + size / 3, middle))
        left = labels.place_at(_shown(name), left + size, middle, size, _darker(color)) + size


def colors_of(one: WordMap, color: str | None) -> list[str]:
    """Return the colour of each word, by its cluster, its count, or a column of the points."""
    if color in (None, "cluster"):
        clusters = _cluster_colors(one)
        return [clusters[number] for number in one.cluster_of.tolist()]
    if color == "count" and one.points.counts is not None:
        scale: Values | list[float | None] = np.log1p(one.points.counts).tolist()
    else:
        languages = one.points.languages
        names = languages.names if languages is not None and color == COLUMN else ()
        scale = scale_of(one.points.columns[str(color)], names)
    if isinstance(scale, Values):
        return [GREY if number < 0 else LIGHT[scale.colors[number]] for number in scale.of]
    known = [number for number in scale if number is not None]
    low, span = min(known), max(max(known) - min(known), 1e-12)
    return [GREY if number is None else ramp((number - low) / span) for number in scale]


def _cluster_colors(one: WordMap) -> list[str]:
    return [LIGHT[number] for number in colors_apart(np.array([each.place for each in one.clusters]))]


def _shown(text: str) -> str:
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _radii(one: WordMap, width: int) -> list[float]:
    """Return the radius of each point: larger for frequent words, in six steps."""
    counts = one.points.counts
    if counts is None:
        share = 1 - np.log1p(np.arange(len(one))) / np.log1p(len(one))
    else:
        share = np.log1p(np.maximum(counts, 0)) / max(1e-9, float(np.log1p(max(1, int(counts.max())))))
    crowd = 0.55 + 0.45 * min(1, 60 / len(one) ** 0.5)
    steps = np.round(share**2.2 * 5) / 5
    radii: list[float] = np.round((1.8 + 3.4 * steps) * crowd * width / 1600, 2).tolist()
    return radii


def _darker(color: str) -> str:
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part * 0.68):02x}" for part in parts)


class _Labels:
    """Labels that were placed, none over another."""

    def __init__(self, width: float, height: float, width_of: Width) -> None:
        self.placed: list[Label] = []
        self.words = 0
        self._width, self._height, self._width_of = width, height, width_of
        self._taken: dict[tuple[int, int], list[tuple[float, float, float, float]]] = {}

    def place_name(self, parts: list[str], most: int, spot: tuple[float, float], size: float, color: str) -> None:
        x, y = spot
        for many in range(min(len(parts), most), 0, -1):  # rather a shorter name than none
            text = " · ".join(parts[:many])
            wide = self._width_of(text, size, True)
            if wide > self._width * _NAMED_SHARE:
                continue
            left = min(self._width - wide - size, max(size, x - wide / 2))
            for middle in (y, y - 1.3 * size, y + 1.3 * size):
                if self._place(Label(text, left, middle, size, color, True), wide, size * 0.4):
                    return

    def place_at(self, text: str, left: float, middle: float, size: float, color: str) -> float:
        """Place a text where it must be, as a name, and return its right edge."""
        wide = self._width_of(text, size, True)
        self._place(Label(text, left, middle, size, color, True), wide, size)
        return left + wide

    def place_word(
        self, text: str, spot: tuple[float, float], radius: float, size: float, ink: str, is_name: bool = False
    ) -> None:
        (x, y), wide, off = spot, self._width_of(text, size, is_name), radius + size * 0.25
        above = off + size * 0.6
        for left, middle in (
            (x + off, y),
            (x - off - wide, y),
            (x - wide / 2, y - above),
            (x - wide / 2, y + above),
        ):
            if self._place(Label(text, left, middle, size, ink, is_name), wide, size * 0.2):
                self.words += 1
                return

    def _place(self, label: Label, wide: float, air: float) -> bool:
        half = label.size * 0.62
        box = (label.left - air, label.middle - half, label.left + wide + air, label.middle + half)
        if box[0] < 0 or box[1] < 0 or box[2] > self._width or box[3] > self._height:
            return False
        cells = [
            (column, row)
            for column in range(int(box[0] // _ROOM), int(box[2] // _ROOM) + 1)
            for row in range(int(box[1] // _ROOM), int(box[3] // _ROOM) + 1)
        ]
        for cell in cells:
            for other in self._taken.get(cell, ()):
                if box[0] < other[2] and box[2] > other[0] and box[1] < other[3] and box[3] > other[1]:
                    return False
        for cell in cells:
            self._taken.setdefault(cell, []).append(box)
        self.placed.append(label)
        return True


def caption(one: WordMap) -> str:
    """Return what is written below a picture."""
    how = {"tsne": "t-SNE", "pca": "PCA", "file": "given places"}[one.method]
    return f"{one.title} · {one.shown} · {how}, keeps {one.kept:.0%} of the nearest neighbours"


def svg(one: WordMap, size: tuple[int, int] = SVG_SIZE, color: str | None = None) -> str:
    """Return a map as SVG; its text stays text, whose font the viewer finds."""
    made = drawing(one, size, color, _guessed_width, lambda label: True)
    return "\n".join(_svg_lines(made, one)) + "\n"


def _guessed_width(text: str, size: float, is_bold: bool) -> float:
    """Return about how wide a text is in a common font without serifs; rather more than less."""
    wide = sum(
        0.0
        if unicodedata.combining(letter)
        else 1.02
        if unicodedata.east_asian_width(letter) in "WF"
        else 0.36
        if letter in "ijlIft.,:;'|!·() "
        else 0.9
        if letter in "mwMW@%—"
        else 0.7
        if letter.isupper()
        else 0.59
        for letter in text
    )
    return wide * size * (1.07 if is_bold else 1)


def _svg_lines(made: Drawing, one: WordMap) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {made.width} {made.height}" width="{made.width}"'
        f' height="{made.height}" role="img" aria-labelledby="title" font-family="{_FONTS}">'
    )
    yield f'<title id="title">{_xml(caption(one))}</title>'
    yield f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    yield '<g fill="none" stroke-linecap="round" stroke-opacity=".75">'
    for pen, spots in made.dots.items():
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in spots)
        cap = ' stroke-linecap="square"' if pen.is_square else ""
        yield f'<path stroke="{pen.color}" stroke-width="{2 * pen.half:.2f}"{cap} d="{path}"/>'
    yield "</g>"
    yield (
        f'<g stroke="{PAPER}" stroke-opacity=".86" stroke-linejoin="round" paint-order="stroke"'
        ' dominant-baseline="central">'
    )
    for label in made.labels:
        weight = ' font-weight="650"' if label.is_name else ""
        yield (
            f'<text x="{label.left:.1f}" y="{label.middle:.1f}" font-size="{label.size:.1f}" fill="{label.color}"'
            f' stroke-width="{label.size / 3.6:.1f}"{weight}>{_xml(label.text)}</text>'
        )
    yield "</g>"
    foot = max(_LEAST, made.width / 110)
    yield (
        f'<text x="{made.width / 40:.0f}" y="{made.height - foot:.0f}" font-size="{foot:.1f}" fill="{FAINT}">'
        f"{_xml(caption(one))}</text>"
    )
    yield "</svg>"


def _xml(text: str) -> str:
    """Return text as XML may hold it, which has no room for most control characters."""
    return escape("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text))


def check_png() -> None:
    """Refuse early what `png` would refuse.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        import PIL  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("a PNG", "map") from error


def png(
    one: WordMap,
    size: tuple[int, int] = PNG_SIZE,
    font: Path | None = None,
    color: str | None = None,
    on_note: OnNote = ignore_note,
) -> bytes:
    """Return a map as PNG.

    Args:
        one: the map.
        size: width and height in pixels.
        font: a file of a font; None to look for one that has the letters of the words.
        color: the column by which words are coloured, as for `colors_of`.
        on_note: called with a line on the words that cannot be written.

    Raises:
        MissingExtraError: Pillow is not installed.
        UsageError: `font` is no font.
        WvcliError: no font here can write most of the words.
    """
    check_png()
    from PIL import Image, ImageDraw

    with fonts.writing_with(one.points.labels, font, on_note) as pens:

        def width_of(text: str, size: float, is_bold: bool) -> float:
            wide: float = pens.of(text, size).getlength(text)
            return wide * (1.03 if is_bold else 1)

        made = drawing(one, size, color, width_of, pens.can_write)
        finer = 2  # dots are drawn twice as large and then made small, which smooths their edges
        image = Image.new("RGB", (made.width * finer, made.height * finer), PAPER)
        draw: Any = ImageDraw.Draw(image)
        for dot, spots in made.dots.items():
            draw_dot = draw.rectangle if dot.is_square else draw.ellipse
            for x, y in spots:
                box = [(at + sign * dot.half) * finer for sign in (-1, 1) for at in (x, y)]
                draw_dot(box, fill=_lighter(dot.color))
        image = image.resize((made.width, made.height), Image.Resampling.BOX)
        draw = ImageDraw.Draw(image)
        for label in made.labels:
            pen = pens.of(label.text, label.size)
            thick = max(1, round(label.size / 7))
            at = (label.left, label.middle)
            draw.text(at, label.text, font=pen, fill=PAPER, anchor="lm", stroke_width=thick, stroke_fill=PAPER)
            bold = label.size / 45 if label.is_name else 0
            draw.text(at, label.text, font=pen, fill=label.color, anchor="lm", stroke_width=bold)
        foot = max(_LEAST, made.width / 110)
        text = caption(one)
        if pens.can_write(text):
            draw.text(
                (made.width / 40, made.height - foot), text, font=pens.of(text, foot), fill=FAINT, anchor="ls"
            )
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _lighter(color: str) -> str:
    """Return a colour as it looks on paper where it lets a quarter of the light through."""
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(part * 0.75 + 255 * 0.25):02x}" for part in parts)


def parse_size(text: str) -> tuple[int, int]:
    """Return the width and height that a text like `1600x1200` means.

    Raises:
        UsageError: it means none, or a side is not from 200 to 12,000 pixels.
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(
        part.isascii() and part.isdecimal() and 200 <= int(part) <= 12_000 for part in parts
    ):
        raise UsageError(f"`size` must be like 1600x1200, each side from 200 to 12,000 pixels, not {text!r}")
    return int(parts[0]), int(parts[1])
