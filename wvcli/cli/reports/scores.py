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
    """Write a table for each kind of test, with intervals for one model and stars for several.

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
        columns += [Column("95% interval", figures=True, gives_way=12)] if models == 1 else []
        columns += [Column("all", figures=True, gives_way=11)]
        columns += [Column(name, figures=True, gives_way=number) for number, name in enumerate(measures[1:], 1)]
        with writer(columns, "table") as out:
            out.write(_lines(group, models, has_subwords))
    if any(_stars(row) for row in rows):
        stderr.note("difference from the first model: * p < 0.05, ** p < 0.01, *** p < 0.001")


def _lines(rows: "Sequence[Evaluation]", models: int, has_subwords: bool) -> Iterator[Row]:
    """Yield the lines of a table: sections are indented below their set, models below what they are scored on."""
    stars = max(len(_stars(row)) for row in rows)
    names = _short([row.model for row in rows[:models]])
    for (of_set, section), of_part in groupby(rows, lambda row: (row.set, row.section)):
        part = list(of_part)
        label = f"{_INDENT}{section}" if section else of_set
        figures = [_figures(part[model::models], stars, models == 1, has_subwords) for model in range(models)]
        if models == 1:
            yield label, *figures[0]
            continue
        yield label, *[None] * len(figures[0])
        depth = _INDENT * (2 if section else 1)
        yield from ((depth + name, *cells) for name, cells in zip(names, figures, strict=True))


def _short(models: Sequence[str]) -> Sequence[str]:
    """Return the names of the models' files, without folder and suffix if they still differ."""
    stems = [Path(model).stem for model in models]
    return stems if len(set(stems)) == len(models) else models


def _figures(rows: "Sequence[Evaluation]", stars: int, has_interval: bool, has_subwords: bool) -> list[int | str]:
    """Return the cells after the label, from one model's rows of each measure; scores leave room for stars."""
    first = rows[0]
    scores = [_score(row.score) + _stars(row).ljust(stars) for row in rows]
    cells: list[int | str] = [first.items, first.covered, *([first.from_subwords] if has_subwords else [])]
    cells.append(scores[0])
    if has_interval:
        cells.append(_NONE if first.low is None else f"{_score(first.low)} {_score(first.high)}")
    return [*cells, _score(first.score_all), *scores[1:]]


def _score(score: float | None) -> str:
    return _NONE if score is None else f"{score:.3f}"


def _stars(row: "Evaluation") -> str:
    if row.p_value is None:
        return ""
    return next((stars for least, stars in _STARS if row.p_value < least), "")
