"""Write a map to a file: a page, a picture or a table, as its suffix says."""

from collections.abc import Sequence
from pathlib import Path

from wvcli.analysis.mapping import pictures, tables
from wvcli.analysis.mapping.page import page
from wvcli.analysis.mapping.word_map import WordMap
from wvcli.errors import UsageError
from wvcli.reporting import OnNote, ignore_note
from wvcli.system import atomic_files

SUFFIXES = (".html", ".svg", ".png", ".tsv", ".jsonl")
SHOWN = (".html", ".svg", ".png")  # by a browser


def check(path: Path, overwrite: bool, is_pair: bool = False) -> None:
    """Refuse early what `write` would refuse.

    Raises:
        MissingExtraError: a PNG is to be written, and Pillow is not installed.
        UsageError: the suffix is none of `SUFFIXES`, two maps are to be in one picture, or the file exists and
            `overwrite` is false.
        WvcliError: the folder it is to be in is missing or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a map is written to {', '.join(SUFFIXES)}, not to {path.name}")
    if is_pair and path.suffix.lower() != ".html":
        raise UsageError("two maps side by side are written to .html only", "leave out `other`")
    if path.suffix.lower() == ".png":
        pictures.check_png()
    atomic_files.check_writable(path, overwrite)


def write(
    maps: Sequence[WordMap],
    path: Path,
    *,
    moved: Sequence[tuple[int, float]] = (),
    color: str | None = None,
    size: tuple[int, int] | None = None,
    font: Path | None = None,
    overwrite: bool = False,
    on_note: OnNote = ignore_note,
) -> None:
    """Write a map, or two maps of the same words side by side.

    Args:
        maps: one, or two for a page.
        path: the file; its suffix says what is written.
        moved: on a page of two maps, words by number with the cosine of their two vectors.
        color: the column by which words are coloured at first.
        size: of a picture, width and height in pixels.
        font: the file of the font of a PNG.
        overwrite: replace an existing file.
        on_note: called with a line on words that the font cannot write.

    Raises:
        MissingExtraError: a PNG is to be written, and Pillow is not installed.
        UsageError: as for `check`; or the font cannot be used.
        WvcliError: the file cannot be written, or no font has the letters of the words.
    """
    check(path, overwrite, len(maps) > 1)
    kind = path.suffix.lower()
    if kind == ".png":
        made = pictures.png(maps[0], size or pictures.PNG_SIZE, font, color, on_note)
    elif kind == ".html":
        made = page(maps, moved, color).encode()
    elif kind == ".svg":
        made = pictures.svg(maps[0], size or pictures.SVG_SIZE, color).encode()
    else:
        made = (tables.tsv if kind == ".tsv" else tables.jsonl)(maps[0]).encode()
    with atomic_files.atomic_write(path, overwrite) as aside:
        aside.write_bytes(made)
