"""Trials of settings: the best are taken, and there is a classifier whenever they end."""

from dataclasses import replace

import pytest

import wvcli
from wvcli.classification.settings import ClassifierSettings
from wvcli.classification.tuning import TriedSettings, _steps
from wvcli.errors import UsageError

TEXTS = [f"{word}{ending} {number}" for number, word in enumerate(["lov", "hat"] * 12) for ending in ("ed", "ing")]
LABELS = ["good" if text.startswith("lov") else "bad" for text in TEXTS]


def tuned(trials: int, **settings: object) -> tuple[wvcli.Classifier, list[TriedSettings]]:
    """Train with so many trials."""
    tried: list[TriedSettings] = []
    classifier = wvcli.train_classifier(
        TEXTS, labels=LABELS, tune=10, on_trial=tried.append, should_stop=lambda: len(tried) >= trials, **settings
    )
    return classifier, tried


def test_the_best_settings_are_taken() -> None:
    classifier, tried = tuned(6, smoothing=2.0)
    assert [each.number for each in tried] == [1, 2, 3, 4, 5, 6]
    assert tried[0].changes == {}
    assert all("smoothing" not in each.changes for each in tried)  # it was given
    best = [each for each in tried if each.is_best][-1]
    assert (best.accuracy, -best.log_loss) == max((each.accuracy, -each.log_loss) for each in tried)
    first = ClassifierSettings(c=0.3, min_count=1, smoothing=2.0, multilabel=False, emphasis=(1, 1, 1))
    expected = replace(first, share=classifier.settings.share, **best.changes)
    assert classifier.settings == expected
    assert classifier.manifest["tuning"]["best"] == best.number
    again = wvcli.train_classifier(TEXTS, labels=LABELS, **{**best.changes, "smoothing": 2.0, "c": expected.c})
    assert again.predict(TEXTS) == classifier.predict(TEXTS)


def test_there_is_a_classifier_when_it_is_stopped_at_once() -> None:
    classifier, tried = tuned(0)
    assert len(tried) == 1
    assert classifier.predict(["lovely"])[0][0] == "good"


def test_one_setting_is_changed_at_a_time_from_the_best_on() -> None:
    first = ClassifierSettings(c=0.3, min_count=1)
    search = _steps(first, ["c", "ngrams"])
    answers = {(0.3, 2): True, (0.5, 2): True, (1.0, 2): False, (0.5, 3): False, (0.5, 1): True}
    candidate, tried = next(search), []
    while True:
        tried.append((candidate.c, candidate.ngrams))
        try:
            candidate = search.send(answers.get(tried[-1], False))
        except StopIteration:
            break
    assert tried == [(0.3, 2), (0.5, 2), (1.0, 2), (0.5, 3), (0.5, 1), (1.0, 1), (0.3, 1)]


@pytest.mark.parametrize("minutes", [0, -1, float("inf"), float("nan")])
def test_the_time_must_be_some(minutes: float) -> None:
    with pytest.raises(UsageError, match="`tune` must be a number of minutes above 0"):
        wvcli.train_classifier(TEXTS, labels=LABELS, tune=minutes)
