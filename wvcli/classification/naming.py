"""Names for the features that speak most for each label: of most others only the hashes are kept."""

from collections.abc import Sequence

import numpy as np

from wvcli.classification.features import Features, Words
from wvcli.classification.named_ngrams import KINDS, ngrams_of
from wvcli.classification.settings import ClassifierSettings
from wvcli.classification.support_vectors import Weights

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
        least = np.partition(column, -most)[-most] if len(column) > most else -np.inf
        best = np.flatnonzero((column >= least) & (column > 0))
        best = best[np.argsort(-column[best], kind="stable")][:most]
        wanted += [(label, int(feature), float(column[feature])) for feature in best]
    found: dict[int, tuple[str, str]] = {}
    for feature, text, part in _occurrences({feature for _, feature, _ in wanted}, features):
        hashed, kind = int(features.hashes[feature]), KINDS[part]
        ngrams = ngrams_of(words.tokens_of(text), settings, kind)
        found[feature] = next(name for each, name, _ in ngrams if each == hashed), kind
    return tuple(
        (label, *found[feature], round(amount, 6), int(features.counts[feature]))
        for label, feature, amount in wanted
    )


def _occurrences(wanted: set[int], features: Features) -> list[tuple[int, int, int]]:
    """Return of some features each with the shortest text that has it, and the part of its row."""
    rows = features.rows
    is_wanted = np.zeros(len(features.hashes), dtype=bool)
    is_wanted[list(wanted)] = True
    places = np.flatnonzero(is_wanted[rows.numbers])
    texts = np.searchsorted(rows.starts, places, side="right") - 1
    lengths = rows.ends[texts, -1] - rows.starts[texts]
    order = np.lexsort((places, lengths, rows.numbers[places]))
    found, first = np.unique(rows.numbers[places[order]], return_index=True)
    texts, places = texts[order[first]], places[order[first]]
    parts = (places[:, None] >= rows.ends[texts]).sum(axis=1)
    return list(zip(found.tolist(), texts.tolist(), parts.tolist(), strict=True))
