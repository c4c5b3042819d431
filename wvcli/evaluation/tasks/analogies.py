"""Analogies in sections: a is to b as c is to d, as in word2vec's questions-words.txt.

A line `: name` begins a section; every other line is four words. A file without sections is one.
"""

from collections.abc import Sequence

import numpy as np

from wvcli.evaluation.measures import Proportion
from wvcli.evaluation.tasks import Item, Lexicon, OnItems, Scores, Task
from wvcli.evaluation.tasks._analogy_ranks import METHODS, TOP, Question, answer_ranks
from wvcli.evaluation.tasks._item_files import ItemFile, Line, number, split_at_spaces
from wvcli.vectors.geometry import RowArray

_HEADING = ": "
_LOOKED_AT = 20  # lines by which a file without sections is judged
_WORDS = 4


def _words(line: Line) -> list[str]:
    """Split a line into the words of a question; with tabs between them a word may hold spaces."""
    by_tabs = [word.strip(" ") for word in line.text.split("\t")]
    return by_tabs if len(by_tabs) == _WORDS and all(by_tabs) else split_at_spaces(line.text)


def _recognises(file: ItemFile) -> bool:
    content = file.content
    if any(line.text.startswith(_HEADING) for line in content):
        return True
    return all(
        len(words := _words(line)) == _WORDS
        and not any(word.startswith("*") for word in words)
        and number(words[2]) is None
        and number(words[3]) is None
        for line in content[:_LOOKED_AT]
    )


def _parse(file: ItemFile) -> list[Item]:
    section, items = "", []
    for line in file.content:
        if line.text.startswith(_HEADING):
            section = line.text.removeprefix(_HEADING).strip(" \t")
            continue
        words = _words(line)
        if len(words) != _WORDS:
            raise file.wrong(line, "four words, nor a section `: name`")
        items.append(Item(tuple(words), section))
    return items


def _score(lexicon: Lexicon, items: Sequence[Item], on_items: OnItems) -> Scores:
    found = lexicon.find(word for item in items for word in item.words)
    terms = np.array([found.of(item.words) for item in items])
    covered = found.known[terms].all(axis=1) & (found.rows[terms[:, 3]] >= 0)
    asked = np.flatnonzero(covered)
    questions = [_question(lexicon, terms[place], found.rows[terms[place]]) for place in asked]
    answers = answer_ranks(lexicon.vectors, found.units, questions, lexicon.top, on_items)
    outcomes = {measure.name: np.full(len(items), np.nan) for measure in TASK.measures}
    for column, method in enumerate(METHODS):
        outcomes[f"{method}@1"][asked] = answers[:, column] < 1
        outcomes[f"{method}@{TOP}"][asked] = answers[:, column] < TOP
    return Scores(outcomes, covered & (found.rows[terms] < 0).any(axis=1))


def _question(lexicon: Lexicon, terms: RowArray, rows: RowArray) -> Question:
    """Make a question, of whose own words none is an answer."""
    excluded = {like for row in rows[:3].tolist() if row >= 0 for like in lexicon.rows_like(row)}
    a, b, c = terms[:3].tolist()
    answers = tuple(row for row in lexicon.rows_like(int(rows[3])) if row not in excluded)
    return Question((a, b, c), answers, tuple(excluded))


TASK = Task(
    "analogies",
    "analogies",
    tuple(Proportion(f"{method}@{top}") for method in METHODS for top in (1, TOP)),
    _recognises,
    _parse,
    _score,
    pooled=True,
)
