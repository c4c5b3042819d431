"""What training a classifier will take, told from a sample of the texts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from wvcli.classification.labelled_texts import TextsInProgram
from wvcli.classification.preparation import Preparation, load_loops, rows_of
from wvcli.classification.settings import ClassifierSettings
from wvcli.classification.trial import FOLDS, MUCH, Trial
from wvcli.errors import InputError
from wvcli.reporting import OnNote, ignore_note, ignore_progress
from wvcli.system.parallel import processors
from wvcli.text.tokenizers import TokenizerSettings

_SAMPLE = 20_000  # texts that are tokenized and learned from
_GROWTH = 0.7  # by which power of the number of texts features grow, by Heaps' law
_PROGRAM = 250_000_000  # bytes that the program takes without texts
_OF_TEXT = 400  # bytes kept of a text beside its features: labels, digest, place
_OF_FEATURE = 60  # bytes of a feature while features are counted: its hash, slots, counts


@dataclass(frozen=True)
class Forecast:
    """What a training takes.

    Attributes:
        texts: all of them.
        labels: how many texts have each label.
        features: about how many are learned.
        memory_bytes: at the peak, about.
        seconds: about.
        file_bytes: of the classifier, about.
        sampled: the texts from which this was told.
    """

    texts: int
    labels: Mapping[str, int]
    features: int
    memory_bytes: int
    seconds: float
    file_bytes: int
    sampled: int

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def forecast(
    sources: Any,
    settings: ClassifierSettings,
    tokenizer: TokenizerSettings,
    where: Mapping[str, Any],
    workers: int | None = None,
    on_note: OnNote = ignore_note,
) -> Forecast:
    """Read all texts, learn from some, and tell what learning from all takes.

    Args:
        sources: files, folders or globs.
        settings: of the classifier.
        tokenizer: how texts are split into words.
        where: where labels and texts are, for `LabelledTexts`.
        workers: threads; None for one a processor.
        on_note: called with what is worth knowing.

    Raises:
        InputError: a source is missing or damaged, or has no labels.
    """
    load_loops(on_note)
    started = perf_counter()
    counts: Counter[str] = Counter()
    texts: list[str] = []
    labels: list[tuple[str, ...]] = []
    total = 0
    for each in rows_of(sources, None, None, where, on_note):
        total += 1
        counts.update(each.labels)
        if len(texts) < _SAMPLE:
            texts.append(each.text)
            labels.append(each.labels)
    reading = perf_counter() - started
    if not total:
        raise InputError("there is no text")
    workers = workers or processors()
    sample = TextsInProgram(texts, labels)
    prepared = Preparation(sample, settings, tokenizer, workers, ignore_progress, ignore_note)
    prepared.read(None)
    prepared.find(None)
    begun = perf_counter()
    problem = prepared.found.problem
    replace(problem, workers=1).fitted(np.arange(len(prepared.words)))
    fitting = (perf_counter() - begun) * len(counts) / len(prepared.labels)
    counting = begun - started - reading
    share = total / len(texts)
    grown = len(prepared.found.features.hashes) * share**_GROWTH
    columns = 1 if len(counts) == 2 and not prepared.is_multilabel else len(counts)
    each_text = 4 * len(problem.rows.numbers) / len(texts)
    is_much = len(problem.rows.numbers) * share * columns >= MUCH
    rounds = 2 if is_much else len(Trial.of(prepared, None, None).candidates(settings)) * FOLDS + 1
    threads = min(workers, max(columns, rounds))
    memory = _PROGRAM + total * (2.5 * each_text + _OF_TEXT) + grown * (_OF_FEATURE + 8 * columns + 40 * threads)
    return Forecast(
        total,
        dict(sorted(counts.items())),
        round(grown),
        round(memory),
        round(reading + share * (counting + rounds * fitting / threads), 1),
        round(grown * (12 + 4 * columns)),
        len(texts),
    )
