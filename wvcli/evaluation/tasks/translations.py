"""Words with their translations, as in the dictionaries of MUSE, XLING or CC-CEDICT, for two models in one space.

A line is word and translation, with a tab or else spaces between; a word may have several lines. Categories have
the same shape, so that the content does not tell this kind: it is the one in which alignments are scored.

A word is right if any of its translations is found, and covered if the source has a vector for it and the target
one of its translations, as in the programs of vecmap (Artetxe et al.) and MUSE (Conneau et al.), whose scores
these equal. With one translation a word, mean average precision is mean reciprocal rank (Glavaš et al., 2019).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from wvcli.errors import UsageError
from wvcli.evaluation.measures import Mean, Numbers, Proportion
from wvcli.evaluation.tasks import Item, Lexicon, OnItems, Scores, Task
from wvcli.evaluation.tasks._item_files import ItemFile, read, split_at_spaces
from wvcli.evaluation.tasks._lexicon import AlignedLexicon
from wvcli.vectors.geometry import FloatArray
from wvcli.vectors.local_scaling import row_blocks

_TOPS = (1, 5, 10)
_EXPECTED = "a word, a tab and its translation"


def read_pairs(name: str) -> list[tuple[str, str]]:
    """Read the words of a bilingual dictionary with their translations, each pair once, in the order of the file.

    Args:
        name: a path, an address, or `-` for standard input; UTF-8, plain or compressed. A line that begins with
            `#` is a comment.

    Raises:
        InputError: the file cannot be read, or a line is not a word and its translation; the line is named.
    """
    return list(dict.fromkeys(_pairs(read(name))))


def _pairs(file: ItemFile) -> Iterator[tuple[str, str]]:
    for line in file.content:
        by_tabs = "\t" in line.text
        cells = [cell.strip(" ") for cell in line.text.split("\t")] if by_tabs else split_at_spaces(line.text)
        if len(cells) != 2 or not all(cells):
            hint = " (a phrase needs a tab after it)" if not by_tabs and len(cells) > 2 else ""
            raise file.wrong(line, _EXPECTED + hint)
        yield cells[0], cells[1]


def _recognises(file: ItemFile) -> bool:
    return False


def _parse(file: ItemFile) -> list[Item]:
    translations: dict[str, dict[str, None]] = {}
    for word, translation in _pairs(file):
        translations.setdefault(word, {})[translation] = None
    return [Item((word, *answers)) for word, answers in translations.items()]


def _score(lexicon: Lexicon, items: Sequence[Item], on_items: OnItems) -> Scores:
    """Rank the translations of each word among all words of the target, by CSLS and by cosine.

    Raises:
        UsageError: a single model is to be scored.
    """
    if not isinstance(lexicon, AlignedLexicon):
        raise UsageError("translations are scored by two models in one space", "name an `alignment`")
    found = lexicon.find(item.words[0] for item in items)
    answers = [_rows(lexicon.target, item.words[1:]) for item in items]
    places = [found.positions[item.words[0]] for item in items]
    covered = [number for number, place in enumerate(places) if found.known[place] and len(answers[number])]
    outcomes = {measure.name: np.full(len(items), np.nan) for measure in TASK.measures}
    target = lexicon.alignment.target
    for block in row_blocks(len(covered), len(target.vectors)):
        asked = covered[block]
        units = found.units[[places[number] for number in asked]]
        cosines = target.cosines(lexicon.alignment.source.map(units.astype(np.float32)))[:, : lexicon.top]
        scores = cosines - target.hubness[: lexicon.top] / 2
        for number, by_csls, by_cosine in zip(asked, scores, cosines, strict=True):
            ranks = _ranks(by_csls, answers[number])
            for top in _TOPS:
                outcomes[f"p@{top}"][number] = ranks[0] <= top
            outcomes["mrr"][number] = 1 / ranks[0]
            outcomes["map"][number] = np.mean(np.arange(1, len(ranks) + 1) / ranks)
            outcomes["nearest@1"][number] = _ranks(by_cosine, answers[number])[0] == 1
        on_items(block.stop)
    return Scores(outcomes, np.isfinite(outcomes["p@1"]) & (found.rows[places] < 0))


def _rows(lexicon: Lexicon, words: Sequence[str]) -> list[int]:
    return sorted({row for word in words if (row := lexicon.row(word)) is not None})


def _ranks(scores: FloatArray, rows: Sequence[int]) -> Numbers:
    """Return float64 [rows], the ranks from 1 of some rows by their scores, the best first; equal ones by row."""
    ranks = [
        1 + np.count_nonzero(scores > scores[row]) + np.count_nonzero(scores[:row] == scores[row]) for row in rows
    ]
    return np.sort(np.array(ranks, dtype=np.float64))


TASK = Task(
    "translations",
    "words",
    (*(Proportion(f"p@{top}") for top in _TOPS), Mean("mrr"), Mean("map"), Proportion("nearest@1")),
    _recognises,
    _parse,
    _score,
)
