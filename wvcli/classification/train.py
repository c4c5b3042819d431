"""Train a classifier: read labelled texts, find their features, judge, and learn from all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from wvcli.classification.classifier import Classifier
from wvcli.classification.compression import made_smaller
from wvcli.classification.judging import judged, scores_of
from wvcli.classification.labelled_texts import reading_of
from wvcli.classification.naming import top_ngrams
from wvcli.classification.preparation import Preparation, rows_of
from wvcli.classification.settings import Balance, ClassifierSettings
from wvcli.classification.support_vectors import Weights
from wvcli.classification.trial import Outcome, Trial
from wvcli.classification.tuning import OnTrial, check_minutes, ignore_trial, tuned
from wvcli.errors import UsageError
from wvcli.models.model_file import named
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.system.atomic_files import check_writable
from wvcli.text.sources import STDIN, stem
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.version import __version__

SUFFIX = ".classifier.safetensors"  # of a file that is named after its source


def train_classifier(
    sources: Any,
    output: str | PathLike[str] | None = None,
    *,
    labels: Iterable[Any] | None = None,
    weights: Iterable[float] | None = None,
    label_column: str | None = None,
    column: str | Sequence[str] | None = None,
    weight_column: str | None = None,
    label_field: str | None = None,
    field: str | Sequence[str] | None = None,
    weight_field: str | None = None,
    label_separator: str | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    skip_bad: bool = False,
    tokenizer: str = "auto",
    lowercase: bool = True,
    test: Any = None,
    holdout: float | None = None,
    folds: int | None = None,
    vectors: Any = None,
    ngrams: int = 2,
    characters: tuple[int, int] | None = (2, 5),
    ideographs: int = 3,
    min_count: int | None = None,
    c: float | None = None,
    smoothing: float | None = None,
    emphasis: tuple[float, float, float] | None = None,
    balance: Balance = "none",
    multilabel: bool | None = None,
    max_size: float | None = None,
    tune: float | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    on_trial: OnTrial = ignore_trial,
    should_stop: Callable[[], bool] = lambda: False,
) -> Classifier:
    """Train a classifier on texts with labels.

    It is judged on texts that it did not learn from, and then learns from all of them. The same texts and settings
    give the same classifier, to the byte, with any number of workers.

    Args:
        sources: files, folders, globs or `-`, as a string or several; or texts, if `labels` are given.
        output: the file to write; None to write none.
        labels: of texts in memory: for each a label, or a list of labels.
        weights: of texts in memory: how much each counts.
        label_column: the column of CSV, TSV or Parquet that holds the label.
        column: that of the text; several are one text.
        weight_column: that of how much a text counts.
        label_field: the field of JSON, as `a.b`, that holds the label, or a list of labels.
        field: that of the text; several are one text.
        weight_field: that of how much a text counts.
        label_separator: what stands between several labels in one cell or string.
        delimiter: what stands between the cells of a table: a character, or `tab`.
        encoding: of the text, by a name that Python knows.
        encoding_errors: what to do with bytes that are not in the encoding: `strict`, `replace` or `ignore`.
        skip_bad: skip lines and records that cannot be used, and count them.
        tokenizer: how texts are split into words.
        lowercase: whether words are written in lower case.
        test: files of labelled texts, read like the others, on which to judge the classifier.
        holdout: share of the texts, between 0 and 1, to judge on; else 10 % where learning takes long, or 5 folds.
        folds: judge on all texts in so many parts, each by a classifier that learned from the others; 5 for less.
        vectors: a model of word vectors, or its file; texts then have vectors, too.
        ngrams: words in the longest n-gram of words.
        characters: shortest and longest n-gram of characters in a word; None for none.
        ideographs: longest n-gram of characters in Chinese and Japanese text, across words.
        min_count: texts in which an n-gram must occur.
        c: how closely the texts are followed.
        smoothing: added to the log-count ratio that scales a feature; None for 2 where texts of Chinese or
            Japanese are few, else 0.5.
        emphasis: by which the scales of words, n-grams of words and n-grams of characters are multiplied; None to
            choose it by the script of the texts.
        balance: `full` to weigh labels as if all were as frequent, `sqrt` to go halfway there.
        multilabel: whether a text may have any number of labels; None if one has several.
        max_size: megabytes of the file; features that matter least are left out, and weights are 8-bit.
        tune: minutes in which other settings are tried, and the best are taken; what is given other than its
            default stays. There is always a classifier in the end.
        workers: threads; None for one a processor.
        overwrite: replace an existing file.
        on_progress: called with how far it is.
        on_note: called with what is worth knowing.
        on_trial: called with each settings that were tried.
        should_stop: called between trials; True ends them, and the best settings are taken.

    Returns:
        The classifier; its `manifest["held_out"]` says how good it is.

    Raises:
        UsageError: an argument is wrong, or the file exists.
        InputError: a source is missing, damaged, or has no labels; or all texts have the same label.

    Example:
        >>> import wvcli
        >>> texts = ["good food", "good room", "bad food", "bad room"] * 3
        >>> classifier = wvcli.train_classifier(texts, labels=["good", "good", "bad", "bad"] * 3)
        >>> classifier.labels
        ('bad', 'good')
    """
    settings = ClassifierSettings(
        ngrams=ngrams, characters=characters, ideographs=ideographs, min_count=min_count, c=c, smoothing=smoothing,
        emphasis=emphasis, balance=balance, multilabel=multilabel,
    )  # fmt: skip
    _check(test, holdout, folds, max_size)
    check_minutes(tune)
    deadline = None if tune is None else perf_counter() + 60 * tune
    path = None if output is None else named(output)
    if path is not None:
        check_writable(path, overwrite)
    where = {
        "label_column": label_column, "column": column, "weight_column": weight_column,
        "label_field": label_field, "field": field, "weight_field": weight_field,
        "label_separator": label_separator, "delimiter": delimiter, "encoding": encoding,
        "encoding_errors": encoding_errors, "skip_bad": skip_bad,
    }  # fmt: skip
    rows = rows_of(sources, labels, weights, where, on_note)
    words_of = TokenizerSettings(name=tokenizer, lowercase=lowercase)
    prepared = Preparation(rows, settings, words_of, workers, on_progress, on_note)
    prepared.read(None if test is None else rows_of(test, None, None, where, on_note))
    prepared.find(vectors)
    trial = Trial.of(prepared, holdout, folds)
    trials = None
    if deadline is not None:
        trials = tuned(prepared, trial, settings, deadline, on_trial, should_stop)
        trial = trials.trial
    outcome = trials.outcome if trials else trial.outcome(prepared.found.settings)
    classifier = _learned(prepared, words_of, trial, outcome, max_size)
    if trials:
        classifier = replace(classifier, manifest={**classifier.manifest, "tuning": trials.to_json()})
    if path is not None:
        classifier.save(path, overwrite)
        classifier = replace(classifier, path=path)
    return classifier


def _learned(
    prepared: Preparation, tokenizer: TokenizerSettings, trial: Trial, outcome: Outcome, max_size: float | None
) -> Classifier:  # fmt: skip
    """Return what is learned from all texts, and how good it is on others."""
    features = prepared.found.features
    order = np.argsort(features.hashes)
    weights = replace(outcome.weights, features=outcome.weights.features[order])
    classifier = Classifier(
        prepared.labels, outcome.settings, tokenizer, features.hashes[order], features.counts[order], weights,
        outcome.calibration, prepared.is_multilabel, prepared.vectors,
        top_ngrams(prepared.labels, outcome.weights, features, prepared.words, outcome.settings),
    )  # fmt: skip
    if prepared.test is None:
        how, judgement = trial.how, outcome.judgement
    else:
        read, words = prepared.test
        how = f"{len(words):,} texts to test on"
        judgement = judged(classifier, classifier.probabilities_of_words(words), read.names)
    manifest = _manifest(prepared, weights, {"how": how, **scores_of(judgement)})
    classifier = replace(classifier, manifest=manifest)
    return (
        classifier
        if max_size is None
        else made_smaller(classifier, max_size, trial, outcome.offsets, features.counts, prepared.on_note)
    )


def _manifest(prepared: Preparation, weights: Weights, held_out: Mapping[str, Any]) -> dict[str, Any]:
    import numba

    return {
        "counts": prepared.texts_by_label(),
        "texts": len(prepared.words),
        "held_out": dict(held_out),
        "solver": {"passes": list(weights.passes)},
        "reading": dict(reading_of(prepared.rows)),
        "corpus": {"sha256": prepared.rows.fingerprint()},
        "weights": "float32",
        **({"vectors": prepared.vectors_record} if prepared.vectors_record else {}),
        "versions": {"wvcli": __version__, "numpy": np.__version__, "numba": numba.__version__},
    }


def default_output(sources: Sequence[str]) -> Path:
    """Return the file that a classifier of these sources is written to if none is named.

    Raises:
        UsageError: the texts come from standard input.
    """
    if sources[0] == STDIN:
        raise UsageError("text from standard input gives no name", "name the file with `output=FILE`")
    return Path(f"{stem(sources[0].rstrip('/'))}{SUFFIX}")


def _check(test: Any, holdout: float | None, folds: int | None, max_size: float | None) -> None:
    if (test is not None) + (holdout is not None) + (folds is not None) > 1:
        raise UsageError("give one of `test`, `holdout` and `folds`")
    if holdout is not None and not 0 < holdout < 1:
        raise UsageError(f"`holdout` must be between 0 and 1, not {holdout:g}")
    if folds is not None and folds < 2:
        raise UsageError(f"`folds` must be 2 at least, not {folds}")
    if max_size is not None and not max_size > 0:
        raise UsageError(f"`max_size` must be above 0, not {max_size:g}")
