"""Names for the features that speak most for each label: of most others only the hashes are kept."""

from collections.abc import Iterator, Sequence

import numpy as np

from wvcli.classification.features import Features, Words
from wvcli.classification.logistic_regression import Weights
from wvcli.classification.named_ngrams import KINDS, ngrams_of, numbers_of
from wvcli.classification.settings import ClassifierSettings

_TOP = 40  # n-grams kept by name for each label
_MOST_NAMES = 2_000

Name = tuple[str, str, str, float, int]  # label, n-gram, kind, weight, and how many texts have it


def top_ngrams(
    labels: Sequence[str], weights: Weights, features: Features, words: Words, settings: ClassifierSettings
) -> tuple[Name, ...]:
    """Return the n-grams that speak most for each label, by name, those of the first label first.

    Args:
        labels: their names.
        weights: what was learned.
        features: of the texts that it was learned from.
        words: of these texts.
        settings: which n-grams there are.
    """
    most = max(1, min(_TOP, _MOST_NAMES // len(labels)))
    is_binary = len(weights.biases) < len(labels)
    wanted: list[tuple[str, int, float]] = []
    for number, label in enumerate(labels):
        column = weights.features[:, 0 if is_binary else number]
        column = -column if is_binary and not number else column
        best = np.argsort(-column, kind="stable")[:most]
        wanted += [(label, int(feature), float(column[feature])) for feature in best if column[feature] > 0]
    texts = _texts_with({feature for _, feature, _ in wanted}, features)
    found: dict[int, tuple[str, str]] = {}
    for feature, text in texts.items():
        if feature not in found:
            for number, name, kind in _features_of(words.tokens_of(text), features, settings):
                if number in texts:
                    found.setdefault(number, (name, kind))
    return tuple(
        (label, *found[feature], round(amount, 6), int(features.counts[feature]))
        for label, feature, amount in wanted
    )


def _texts_with(wanted: set[int], features: Features) -> dict[int, int]:
    """Return for each of some features a text that has it."""
    rows = features.rows
    is_wanted = np.zeros(len(features.hashes), dtype=bool)
    is_wanted[list(wanted)] = True
    places = np.flatnonzero(is_wanted[rows.numbers])
    found, first = np.unique(rows.numbers[places], return_index=True)
    texts = np.searchsorted(rows.starts, places[first], side="right") - 1
    return dict(zip(found.tolist(), texts.tolist(), strict=True))


def _features_of(
    words: Sequence[str], features: Features, settings: ClassifierSettings
) -> Iterator[tuple[int, str, str]]:
    """Yield number, name and kind of each known feature of a text."""
    for kind in KINDS:
        ngrams = list(ngrams_of(words, settings, kind))
        for number, (_, name, _) in zip(numbers_of(ngrams, features.hashes), ngrams, strict=True):
            if number >= 0:
                yield number, name, kind
