"""Smaller files: the features that matter least left out, and weights in eight bits."""

from dataclasses import replace

import numpy as np

from wvcli.classification.classifier import Classifier, quantised
from wvcli.classification.folds import Places, Reals
from wvcli.classification.support_vectors import Weights
from wvcli.classification.trial import Trial
from wvcli.errors import UsageError
from wvcli.reporting import OnNote

_AROUND = 30_000  # bytes of a file for what is not listed below
_OF_NAME = 80  # bytes that a name takes in the manifest, beside its own


def made_smaller(
    classifier: Classifier, max_size: float, trial: Trial, offsets: Reals, counts: Places, on_note: OnNote
) -> Classifier:
    """Return the classifier with the features that matter most, so that its file has at most `max_size` MB.

    What that costs is measured on texts held out, and noted.

    Args:
        classifier: as it was learned.
        max_size: of the file.
        trial: by which it was judged.
        offsets: float64 [columns], of labels, that are in the weights.
        counts: int64 [features], how many texts have each, in the order of the trial's features.
        on_note: called with what it costs.

    Raises:
        UsageError: there is no room for a single feature.
    """
    columns = len(classifier.weights.biases)
    rest = _AROUND + sum(len(name[1].encode()) + _OF_NAME for name in classifier.names)
    if classifier.vectors is not None:
        vocabulary = classifier.vectors.vocabulary
        rest += classifier.vectors.matrix.nbytes // 2 + len(vocabulary.text) + 16 * len(vocabulary)
    most = int((max_size * 1e6 - rest) / (8 + 4 + columns))
    if most < 1:
        least = f"what cannot be left out takes {rest / 1e6:.2f} MB"
        raise UsageError(f"`max_size={max_size:g}` is too little", least)
    before, after = _accuracies(trial, classifier, offsets, counts, most)
    kept = _most_important(classifier.weights, classifier.counts, most)
    on_note(
        f"kept {len(kept):,} of {len(classifier.hashes):,} features, in 8 bits: "
        f"accuracy {before:.1%} before, {after:.1%} after"
    )
    facts = {"features_before": len(classifier.hashes), "accuracy_before": before, "accuracy_after": after}
    return replace(
        classifier,
        hashes=classifier.hashes[kept],
        counts=classifier.counts[kept],
        weights=replace(classifier.weights, features=quantised(classifier.weights.features[kept], "int8")),
        manifest={**classifier.manifest, "weights": "int8", "made_smaller": facts},
    )


def _accuracies(
    trial: Trial, classifier: Classifier, offsets: Reals, counts: Places, most: int
) -> tuple[float, float]:
    """Return the accuracy on texts held out, with all features and with `most` of them in 8 bits."""
    right, settings = [0, 0], classifier.settings
    for part in np.unique(trial.parts[trial.scored]):
        inside = np.flatnonzero(trial.parts == part)
        fitted = trial.problem.with_settings(settings).fitted(np.flatnonzero(trial.parts != part))
        weights = fitted.mixed(settings.share or 0)
        for place, found in enumerate((weights, _pruned(weights, counts, most))):
            judgement = trial.judgement(
                trial.problem.scores(found, inside) + offsets, inside, classifier.calibration
            )
            right[place] += int(judgement.is_right.sum())
    return right[0] / len(trial.scored), right[1] / len(trial.scored)


def _most_important(weights: Weights, counts: Places, most: int) -> Places:
    """Return the places, ascending, of the features that change most scores most."""
    importance = np.abs(weights.features).max(axis=1) * np.sqrt(counts)
    order = np.argsort(-importance, kind="stable")[:most]
    return np.sort(order[importance[order] > 0])


def _pruned(weights: Weights, counts: Places, most: int) -> Weights:
    """Return weights as they are after pruning: zero for features that are left out."""
    kept = _most_important(weights, counts, most)
    features = np.zeros_like(weights.features)
    features[kept] = quantised(weights.features[kept], "int8")
    return replace(weights, features=features)
