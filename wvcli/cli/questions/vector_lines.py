"""Questions that are vectors: lines of a file or of stdin, as `wvcli vector` and `wvcli embed` print them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wvcli.cli.questions.answers import Question
from wvcli.cli.questions.input import line_batches, shown_name
from wvcli.errors import InputError

if TYPE_CHECKING:
    from wvcli.vectors.geometry import FloatArray

_LABELS = ("word", "text", "id")  # keys of JSON Lines that say what a vector is of


def vector_questions(path: Path, dim: int) -> Iterator[list[Question]]:
    """Yield questions for the words near vectors, in batches as they arrive.

    A line is a label, a tab, and numbers with tabs or spaces between them; a word and numbers between spaces;
    numbers alone; or a JSON object with `vector`, a list, and a label in `word`, `text` or `id`. A heading of
    tab-separated columns is skipped.

    Args:
        path: the file; `-` is stdin.
        dim: how many numbers a vector has.

    Raises:
        InputError: the file cannot be read, or a line holds something else, or a number that is not finite.
    """
    for lines in line_batches(path):
        questions = []
        for number, line in lines:
            where = f"line {number} of {shown_name(path)}"
            if number == 1 and line.split("\t")[1:] == [str(column) for column in range(1, dim + 1)]:
                continue
            label, numbers = _of_json(line, where) if line.startswith("{") else _of_table(line, dim)
            questions.append(Question((label,), [], [], _vector(numbers, dim, where)))
        yield questions


def _of_json(line: str, where: str) -> tuple[str, list[object]]:
    try:
        found = json.loads(line)
        numbers = found["vector"]
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise InputError(f'{where}: expected {{"word": ..., "vector": [...]}}') from error
    label = next((found[key] for key in _LABELS if key in found), "")
    return str(label), numbers if isinstance(numbers, list) else []


def _of_table(line: str, dim: int) -> tuple[str, list[object]]:
    """Return the label and the numbers of a line; without a tab, the label is a word."""
    cells = line.split()
    if len(cells) == dim:
        return "", list(cells)
    label, tab, rest = line.partition("\t")
    return (label, list(rest.split())) if tab else (cells[0], list(cells[1:]))


def _vector(numbers: list[object], dim: int, where: str) -> "FloatArray":
    import numpy as np

    if len(numbers) != dim:
        raise InputError(f"{where}: expected {dim} numbers, as the model's vectors have, found {len(numbers)}")
    try:
        vector = np.array(numbers, dtype=np.float32)
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: expected {dim} numbers") from error
    if vector.shape != (dim,) or not np.isfinite(vector).all():
        raise InputError(f"{where}: expected {dim} numbers, all of them finite")
    return vector
