"""Find labels that are probably wrong, texts that are repeated, and repeats that contradict each other.

Each text is judged by a classifier that did not learn from it; where that one is surer of another label than of
the one that the text has, the label is suspect (after Northcutt, Jiang and Chuang, "Confident Learning", 2021).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from wvcli.classification.calibration import best_share, calibrated, probabilities
from wvcli.classification.folds import dealt, out_of_fold
from wvcli.classification.labelled_texts import LabelledText
from wvcli.classification.preparation import Preparation, rows_of
from wvcli.classification.settings import ClassifierSettings
from wvcli.errors import UsageError
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_note, ignore_progress
from wvcli.text.tokenizers import TokenizerSettings

Kind = Literal["mislabelled", "duplicate", "contradiction", "empty"]

_USUAL_C = 0.05  # less than for training: what is learned by heart is not suspected
_FOLDS = 10


@dataclass(frozen=True)
class Suspect:
    """A text that deserves a look.

    Attributes:
        file: where it is.
        line: its line there, from 1.
        text: the text.
        given: its labels, with spaces between.
        suggested: the label that a classifier gives it; None where it was not asked.
        p_given: the probability of its own label by that classifier.
        p_suggested: that of the suggested one.
        kind: `mislabelled`; `duplicate` of an earlier text; `contradiction`, which has another label there; or
            `empty`, without a word.
        like: for repeats the line of the first one.
    """

    file: str
    line: int
    text: str
    given: str
    suggested: str | None
    p_given: float | None
    p_suggested: float | None
    kind: Kind
    like: int | None = None


def check(
    sources: Any,
    *,
    labels: Iterable[Any] | None = None,
    tokenizer: str = "auto",
    lowercase: bool = True,
    c: float | None = None,
    workers: int | None = None,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    **where: Any,
) -> list[Suspect]:
    """Find suspect texts: contradictions, then wrong labels, the likeliest first, then repeats and empty texts.

    Args:
        sources, labels, tokenizer, lowercase, workers: as for `train_classifier`.
        c: how closely the texts are followed.
        on_progress: called with how far it is.
        on_note: called with what is worth knowing.
        where: where labels and texts are, as for `train_classifier`.

    Raises:
        UsageError: an argument is wrong, or a text has several labels.
        InputError: a source is missing or damaged, or all texts have the same label.
    """
    texts: list[LabelledText] = []
    rows = rows_of(sources, labels, None, where, on_note)
    settings = ClassifierSettings(multilabel=None)
    words_of = TokenizerSettings(name=tokenizer, lowercase=lowercase)
    prepared = Preparation(rows, settings, words_of, workers, on_progress, on_note, keep=texts.append)
    prepared.read(None, warns=False)
    if prepared.is_multilabel:
        raise UsageError("texts with several labels cannot be checked", "give each text one label")
    prepared.find(None)
    problem = prepared.found.problem
    on_progress(Progress("judging", 0, None))
    parts = dealt(problem.targets, min(_FOLDS, len(problem.targets)))
    found = out_of_fold(problem.with_settings(replace(problem.settings, c=c or _USUAL_C)), parts)
    scores = found.mixed(best_share(found.machines, found.bayes, problem.targets, False))
    chances = probabilities(scores, calibrated(scores, problem.targets, False), False)
    given = problem.targets.argmax(axis=1)
    best = chances.argmax(axis=1)
    places = np.arange(len(given))
    of_given, of_best = chances[places, given], chances[places, best]
    suspects = [
        _suspect(texts[prepared.used[row]], "mislabelled", prepared.labels[best[row]], of_given[row], of_best[row])
        for row in np.argsort(of_given - of_best, kind="stable")
        if best[row] != given[row]
    ]
    return [*_contradictions(texts), *suspects, *_repeats(texts), *_empty(texts, set(prepared.used.tolist()))]


def _suspect(each: LabelledText, kind: Kind, suggested: str, of_given: float, of_suggested: float) -> Suspect:
    return Suspect(
        each.file,
        each.number,
        each.text,
        " ".join(each.labels),
        suggested,
        float(of_given),
        float(of_suggested),
        kind,
    )


def _pairs(texts: Sequence[LabelledText]) -> list[tuple[LabelledText, LabelledText]]:
    """Return each repeat after the first text of its kind."""
    first: dict[str, LabelledText] = {}
    found = []
    for each in texts:
        before = first.setdefault(" ".join(each.text.split()), each)
        if before is not each and each.text.strip():
            found.append((before, each))
    return found


def _contradictions(texts: Sequence[LabelledText]) -> list[Suspect]:
    return [_of_pair(*pair, "contradiction") for pair in _pairs(texts) if pair[0].labels != pair[1].labels]


def _repeats(texts: Sequence[LabelledText]) -> list[Suspect]:
    return [_of_pair(*pair, "duplicate") for pair in _pairs(texts) if pair[0].labels == pair[1].labels]


def _of_pair(before: LabelledText, each: LabelledText, kind: Kind) -> Suspect:
    suggested = " ".join(before.labels) if kind == "contradiction" else None
    return Suspect(
        each.file, each.number, each.text, " ".join(each.labels), suggested, None, None, kind, before.number
    )


def _empty(texts: Sequence[LabelledText], used: set[int]) -> list[Suspect]:
    return [
        Suspect(each.file, each.number, each.text, " ".join(each.labels), None, None, None, "empty")
        for place, each in enumerate(texts)
        if place not in used
    ]
