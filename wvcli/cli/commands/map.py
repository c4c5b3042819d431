"""`wvcli map`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wvcli.cli.options import shared
from wvcli.cli.questions.input import words_in
from wvcli.cli.questions.opening import chosen, named_once, open_vectors
from wvcli.cli.streams import stderr
from wvcli.errors import UsageError, WvcliError, install_line

if TYPE_CHECKING:
    from wvcli.analysis.mapping.points import Points
    from wvcli.analysis.mapping.word_map import WordMap


def map(
    file: shared.ModelArgument = None,
    model: shared.Model = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write: a page (.html), a picture (.svg, .png) or a table (.tsv, .jsonl).",
            show_default="MODEL.html",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "-n",
            metavar="N",
            help="Show the N most frequent words, or the N nearest of each word of --around.",
            show_default="10,000; 300",
        ),
    ] = None,
    around: Annotated[
        list[str] | None,
        typer.Option(
            "--around", metavar="WORD", help="Show this word and its nearest neighbours.", show_default=False
        ),
    ] = None,
    grep: Annotated[
        str | None,
        typer.Option(
            "--grep", metavar="REGEX", help="Show only words that match this pattern.", show_default=False
        ),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            "--words",
            metavar="FILE",
            help="Show only the words in this file, one per line; `-` is stdin.",
            show_default=False,
        ),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(
            "--clusters", metavar="N", help="Number of clusters.", show_default="the root of half the words"
        ),
    ] = None,
    color: Annotated[
        str | None,
        typer.Option(
            "--color",
            metavar="BY",
            help="Colour words by cluster, by count, or by a file with a word, a tab and its group on each line; "
            "with --vectors also by a column, with --alignment by language.",
            show_default="cluster; language with --alignment",
        ),
    ] = None,
    other: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="MODEL",
            help="Show beside it the same words as this model places them, and those that moved most; "
            "or with --alignment the words of both on one map.",
            show_default=False,
        ),
    ] = None,
    alignment: Annotated[
        Path | None,
        typer.Option(
            "-a",
            "--alignment",
            metavar="FILE",
            help="Show the words of MODEL and of --with on one map, as this alignment of the two places them.",
            show_default=False,
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors",
            metavar="FILE",
            help="Instead of a model: a table of vectors (.tsv, .csv, .jsonl) with labels in a column.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="Column of the labels in --vectors, by name or number.",
            show_default="the first",
        ),
    ] = None,
    layout: Annotated[
        Path | None,
        typer.Option(
            "--layout",
            metavar="FILE",
            help="Put words where this table has them; -o FILE.tsv writes one.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        shared.LayoutMethod | None,
        typer.Option("--method", help="How to place words.", show_default="tsne if its extra is installed"),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Seed of the layout and the clusters.")
    ] = 1,
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="WxH", help="Size of a picture in pixels.", show_default="1600x1200; PNG 3200x2400"
        ),
    ] = None,
    font: Annotated[
        Path | None,
        typer.Option(
            "--font", metavar="FILE", help="Font of a PNG.", show_default="one here that has the letters"
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="Title of the map.", show_default="name of the model"),
    ] = None,
    opens: Annotated[bool, typer.Option("--open", help="Open the map in the browser.")] = False,
    overwrite: shared.Force = False,
    quiet: shared.Quiet = False,
) -> None:
    """Draw a map of the words, near words together, on one page."""
    from wvcli.analysis.mapping import tables, writing
    from wvcli.analysis.mapping.languages import COLUMN as LANGUAGE
    from wvcli.analysis.mapping.word_map import make_map

    if vectors is not None:
        _refuse_a_model(file, model, around, words, grep, other)
    elif label is not None:
        raise UsageError("--label names a column of --vectors", "add --vectors FILE")
    is_pair = other is not None and alignment is None
    _check_combined(other, alignment, "--layout" if layout else "--title" if title and is_pair else None)
    source = vectors or chosen(named_once(file, model))
    path = output or Path(f"{source.stem}.html" if other is None else f"{source.stem}-{other.stem}.html")
    pixels = _picture(path, size, font)
    writing.check(path, overwrite, is_pair)
    if opens:
        _check_browser(path)

    moved: list[tuple[int, float]] = []
    if vectors is not None:
        shown = [tables.read_points(vectors, label, top)]
    else:
        shown, moved = _words_shown(source, other, alignment, top, around, grep, words)
    shown[0], color = _colored(shown[0], color or (LANGUAGE if alignment else "cluster"))
    places = None
    if layout is not None:
        shown[0], places = tables.placed(shown[0], tables.read_places(layout), stderr.note)
    titles = _titles(source, other, title, is_pair)
    with stderr.progress_shown() as show:
        maps = [
            make_map(
                shown[0],
                titles[0],
                method=method,
                clusters=clusters,
                seed=seed,
                places=places,
                on_progress=show,
            )
        ]
        for points in shown[1:]:
            maps.append(make_map(points, titles[1], method=method, seed=seed, like=maps[0], on_progress=show))
    writing.write(
        maps,
        path,
        moved=moved,
        color=color,
        size=pixels,
        font=font,
        overwrite=overwrite,
        on_note=stderr.note,
    )
    _report(maps, path, is_asked=method is not None)
    if opens:
        _open(path)


def _refuse_a_model(file: Path | None, model: Path | None, *about_words: object) -> None:
    """Refuse a model, or what is about its words, beside --vectors.

    Raises:
        UsageError: there is something of the kind.
    """
    is_model_named = model is not None and str(model) != os.environ.get("WVCLI_MODEL")
    if file or is_model_named or any(about_words):
        raise UsageError(
            "--vectors stands in place of a model", "leave out the model, --with, --around, --words, --grep"
        )


def _check_combined(other: Path | None, alignment: Path | None, excluded: str | None) -> None:
    """Refuse what does not go together.

    Args:
        other: the model of --with.
        alignment: of --alignment.
        excluded: an option that was given and does not go with --with.

    Raises:
        UsageError: something does not.
    """
    if other is not None and excluded is not None:
        raise UsageError(f"{excluded} and --with cannot be combined", "leave out one of them")
    if alignment is not None and other is None:
        raise UsageError("--alignment is for a map of two models", "name the other one with --with MODEL")


def _words_shown(
    model: Path,
    other: Path | None,
    alignment: Path | None,
    top: int | None,
    around: list[str] | None,
    grep: str | None,
    words: Path | None,
) -> "tuple[list[Points], list[tuple[int, float]]]":
    """Return the words of a model to be shown, and of another one, with those that moved between the two.

    Args:
        model: the model.
        other: the model to show beside it, or None.
        alignment: of the two models, if the words of both are to be on one map.
        top: how many words.
        around: words to show with their neighbours.
        grep: what words must match.
        words: the file of the only words to show; `-` is stdin.
    """
    from wvcli.analysis.mapping.languages import words_of_languages
    from wvcli.analysis.mapping.pairs import words_of_both
    from wvcli.analysis.mapping.points import words_of
    from wvcli.models.alignment_file import open_between

    first = open_vectors(model)
    conditions: dict[str, Any] = {
        "around": around or [],
        "grep": grep,
        "words": None if words is None else words_in(words, first.vocabulary),
        "on_note": stderr.note,
    }
    if other is None:
        return [words_of(first, top, **conditions)], []
    if alignment is not None:
        aligned = open_between(alignment, first, open_vectors(other))
        return [words_of_languages(aligned, _told_apart(model, other), top, **conditions)], []
    pair = words_of_both(first, open_vectors(other), top, **conditions)
    return [pair.old, pair.new], pair.moved


def _titles(source: Path, other: Path | None, title: str | None, is_pair: bool) -> list[str]:
    """Return the title of each map."""
    names = [source.stem] if other is None else list(_told_apart(source, other))
    return names if is_pair else [title or " and ".join(names)]


def _told_apart(model: Path, other: Path) -> tuple[str, str]:
    """Return the names of two models, with the folder where they would be the same."""
    if model.stem != other.stem:
        return model.stem, other.stem
    one, two = (f"{path.resolve().parent.name}/{path.stem}" for path in (model, other))
    return (one, two) if one != two else (f"{one} 1", f"{two} 2")


def _picture(path: Path, size: str | None, font: Path | None) -> tuple[int, int] | None:
    """Return the size of the picture that the options ask for, if any.

    Raises:
        UsageError: what is to be written has no size, or takes no font.
    """
    from wvcli.analysis.mapping.pictures import parse_size

    kind = path.suffix.lower()
    if font is not None and kind != ".png":
        raise UsageError("--font is for a PNG; other maps have the fonts of whoever looks at them")
    if size is not None and kind not in (".png", ".svg"):
        raise UsageError("--size is for a picture, .svg or .png")
    return None if size is None else parse_size(size)


def _colored(points: "Points", color: str) -> "tuple[Points, str]":
    """Return points with the column by which they are coloured, and its name.

    Raises:
        UsageError: there is no such column or file.
        InputError: the file cannot be read.
    """
    from wvcli.analysis.mapping import tables

    if color == "cluster" or color in points.columns:
        return points, color
    if color == "count":
        if points.counts is None:
            raise UsageError("--color count needs counts, and there are none here")
        return points, color
    file = Path(color)
    if not file.exists():
        columns = "".join(f", {name}" for name in points.columns)
        raise UsageError(f"--color takes cluster, count{columns} or a file, and there is no file {color}")
    groups = tables.read_groups(file)
    known = sum(label in groups for label in points.labels)
    stderr.note(f"{known:,} of {len(points):,} words have a group in {file}")
    return tables.grouped(points, file.stem, groups), file.stem


def _report(maps: "list[WordMap]", path: Path, is_asked: bool) -> None:
    first = maps[0]
    how = {"tsne": "t-SNE", "pca": "PCA", "file": "the layout given"}[first.method]
    kept = " and ".join(f"{one.kept:.0%}" for one in maps)
    stderr.note(f"wrote {first.shown} to {path}; {how} keeps {kept} of the {first.judged}")
    if first.method == "pca" and not is_asked:
        stderr.note(f"t-SNE keeps far more of them: {install_line('map')}")


def _check_browser(path: Path) -> None:
    """Refuse early to open what no browser can show.

    Raises:
        UsageError: the file is a table.
        WvcliError: there is no browser.
    """
    import webbrowser

    from wvcli.analysis.mapping.writing import SHOWN

    if path.suffix.lower() not in SHOWN:
        raise UsageError(f"a browser does not show {path.name}", "leave out --open")
    try:
        webbrowser.get()
    except webbrowser.Error as error:
        raise WvcliError(
            "there is no browser here to open the map in", "leave out --open, and open the file where there is one"
        ) from error


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        raise WvcliError(f"the browser did not open {path}", "the map is written; open it yourself")
