"""Write scores as tables for a person: a line for each set and section, or one for each model below it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from wvcli.cli.streams import stderr
from wvcli.cli.streams.columns import Column, Row
from wvcli.cli.streams.stdout import writer

if TYPE_CHECKING:
    from wvcli.evaluation.evaluate import Evaluation

_STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))  # p-values of a difference from the first model
_NONE = "–"
_INDENT = "  "


def write_tables(rows: "Sequence[Evaluation]", models: int) -> None:
    """Write a table for each kind of test; with several models, their scores on the items that all cover, too.

    Stars stand at these scores, by which models are compared.

    Args:
        rows: for each measure a row for each model, as `evaluate` yields them.
        models: the number of models.
    """
    for kind, of_kind in groupby(rows, lambda row: row.kind):
        group = list(of_kind)
        measures = list(dict.fromkeys(row.measure for row in group))
        has_subwords = any(row.from_subwords for row in group)
        columns = [Column(kind), Column("items"), Column("covered")]
        columns += [Column("subword", gives_way=10)] if has_subwords else []
        columns += [Column(measures[0], figures=True)]
        columns += [Column("95% interval", figures=True, gives_way=12)]
        columns += [Column("common"), Column("on common", figures=True)] if models > 1 else []
        columns += [Column("all", figures=True, gives_way=11)]
        columns += [Column(name, figures=True, gives_way=number) for number, name in enumerate(measures[1:], 1)]
        with writer(columns, "table") as out:
            out.write(_lines(group, models, has_subwords))
    first_measures = {kind: next(of_kind).measure for kind, of_kind in groupby(rows, lambda row: row.kind)}
    if any(_stars(row) for row in rows if row.measure == first_measures[row.kind]):
        stderr.note("difference from the first model: * p < 0.05, ** p < 0.01, *** p < 0.001")


def _lines(rows: "Sequence[Evaluation]", models: int, has_subwords: bool) -> Iterator[Row]:
    """Yield the lines of a table: sections are indented below their set, models below what they are scored on."""
    stars = max(len(_stars(row)) for row in rows if row.measure == rows[0].measure)
    names = _short([row.model for row in rows[:models]])
    for (of_set, section), of_part in groupby(rows, lambda row: (row.set, row.section)):
        part = list(of_part)
        label = f"{_INDENT}{section}" if section else of_set
        figures = [_figures(part[model::models], stars, models > 1, has_subwords) for model in range(models)]
        if models == 1:
            yield label, *figures[0]
            continue
        yield label, *[None] * len(figures[0])
        depth = _INDENT * (2 if section else 1)
        yield from ((depth + name, *cells) for name, cells in zip(names, figures, strict=True))


def _short(models: Sequence[str]) -> Sequence[str]:
    """Return the names of the models' files, with suffix and the last folders only where nothing else differs."""
    paths = [Path(model) for model in models]
    if len(set(paths)) < len(paths):
        return [path.name for path in paths]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        shown = [str(Path(*path.parts[-depth:])) for path in paths]
        stems = [name.removesuffix(path.suffix) for name, path in zip(shown, paths, strict=True)]
        if distinct := next((names for names in (stems, shown) if len(set(names)) == len(names)), None):
            return distinct
    return models


def _figures(rows: "Sequence[Evaluation]", stars: int, are_several: bool, has_subwords: bool) -> list[int | str]:
    """Return the cells after the label, from one model's rows of each measure; stars have room of their own."""
    first = rows[0]
    cells: list[int | str] = [first.items, first.covered, *([first.from_subwords] if has_subwords else [])]
    cells.append(_score(first.score))
    cells.append(_NONE if first.low is None else f"{_score(first.low)} {_score(first.high)}")
    if are_several:
        cells += [first.in_common or 0, _score(first.score_common) + _stars(first).ljust(stars)]
    return [*cells, _score(first.score_all), *(_score(row.score) for row in rows[1:])]


def _score(score: float | None) -> str:
    return _NONE if score is None else f"{score:.3f}"


def _stars(row: "Evaluation") -> str:
    if row.p_value is None:
        return ""
    return next((stars for least, stars in _STARS if row.p_value < least), "")


def verdicts(rows: "Sequence[Evaluation]", models: int) -> Iterator[str]:
    """Yield for each model but the first a line on what it is better or worse, and where that may be chance.

    Args:
        rows: for each measure a row for each model, as `evaluate` yields them.
        models: the number of models.
    """
    names = _short([row.model for row in rows[:models]])
    wholes = [row for row in rows if not row.section]
    first_rows = [list(of_set) for _, of_set in groupby(wholes, lambda row: row.set)]
    for place in range(1, models):
        said: dict[str, list[str]] = {}
        for of_set in first_rows:
            what, details = _verdict(of_set[0], of_set[place])
            said.setdefault(what, []).append(f"{of_set[0].set} ({details})")
        parts = (f"{what} {', '.join(sets)}" for what, sets in said.items())
        where = f"on the items that {'both' if models == 2 else 'all'} cover"
        yield f"{names[place]} compared with {names[0]}, {where}: {'; '.join(parts)}"


def _verdict(first: "Evaluation", other: "Evaluation") -> tuple[str, str]:
    """Return how a model does on a set beside the first one, and the figures that show it."""
    if other.p_value is None:
        return "not tested on", f"{other.in_common or 0:,} items"
    scores = f"{other.measure} {_score(other.score_common)} against {_score(first.score_common)}"
    p_value = "p < 0.001" if other.p_value < 0.001 else f"p = {other.p_value:.3f}"
    is_higher = (other.score_common or 0) > (first.score_common or 0)
    what = (
        "no difference beyond chance on"
        if other.p_value >= _STARS[-1][0]
        else ("better on" if is_higher else "worse on")
    )
    return what, f"{scores}, {other.in_common:,} items, {p_value}"
