"""Trials of settings: a model trained by them, and what test items or the two halves of a text say of it."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import InputError
from wvcli.evaluation.agreement import borne_out
from wvcli.evaluation.evaluate import TOP
from wvcli.evaluation.resampling import Numbers, Outcomes, interval
from wvcli.evaluation.tasks import ItemSet, Lexicon
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress
from wvcli.system.atomic_files import atomic_write
from wvcli.text.settings import TextSettings
from wvcli.text.spelling import normalizer
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training.engines import Engine
from wvcli.training.forecast import file_bytes
from wvcli.training.job import TrainingProgress
from wvcli.training.loop import Run
from wvcli.training.loss import LossSample, Predictor
from wvcli.training.preparation import Prepared
from wvcli.training.saving import save_model
from wvcli.training.search import SEARCHED
from wvcli.training.settings import TrainSettings
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

BORNE_OUT = "borne out"  # what is measured without test items
_SAME_LOSS = 0.002  # share by which losses may differ through seeds alone: 2.612 to 2.615 of the same settings
_OTHER_SEED = 1_000_003  # by how much the seeds of the two halves differ, lest their vectors begin alike


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One try of settings.

    Attributes:
        number: of the trial, from 1.
        changes: the settings that differ from those of the first trial.
        settings: all settings; nothing in them is `auto`.
        seconds: that training and scoring took.
        file: bytes of the model file.
        score: the mean of `scores`; None where it was stopped.
        low: where the 95 % confidence interval of the score begins; None where it is not known.
        high: where it ends.
        scores: the score on each set, by its name.
        covered: test items, or words, that the score is over.
        loss: where there are no sets, the mean loss of either half's model on the text of the other half.
        resampled: float64 [samples], the scores on samples of the items; empty where it was stopped.
    """

    number: int
    changes: Mapping[str, Any]
    settings: TrainSettings
    seconds: float
    file: int
    score: float | None = None
    low: float | None = None
    high: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    covered: int = 0
    loss: float | None = None
    resampled: Numbers = field(default_factory=lambda: np.empty(0), repr=False, compare=False)

    def scored(self, outcomes: Sequence[Outcomes], **more: Any) -> "Trial":
        """Return the trial with its score; `more` are other attributes.

        Raises:
            InputError: a score is not defined.
        """
        scores = {}
        for each in outcomes:
            score = each.score()
            if score is None:
                raise InputError(f"the score on {each.set} is not defined", "give other test items")
            scores[each.set] = score
        resampled = np.mean([each.resampled() for each in outcomes], axis=0)
        low, high = interval(resampled) if np.isfinite(resampled).any() else (None, None)
        return replace(
            self,
            scores=scores,
            score=float(np.mean(list(scores.values()))),
            low=low,
            high=high,
            covered=sum(each.covered for each in outcomes),
            resampled=resampled,
            **more,
        )


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is the same in all trials.

    Attributes:
        prepared: the text, and the settings of the first trial.
        text: where it came from.
        engine: what trains.
        folder: for files that nobody needs in the end.
        on_progress: called with the progress of each trial.
        on_note: called with notes for the user.
    """

    prepared: Prepared
    text: TextSettings
    engine: Engine
    folder: Path
    on_progress: OnProgress
    on_note: OnNote

    @property
    def whole(self) -> EncodedCorpus:
        """The whole text."""
        return self.prepared.encoded

    def run(
        self, corpus: EncodedCorpus, settings: TrainSettings, should_stop: Callable[[], bool], subject: str
    ) -> Run:
        """Train on a corpus by some settings.

        Args:
            corpus: the text, or a half of it.
            settings: nothing in them is `auto`.
            should_stop: called between stretches; True ends the run.
            subject: what the progress is of.

        Raises:
            InterruptedRunError: it was stopped.
            WvcliError: training failed.
        """
        prepared = replace(self.prepared, encoded=corpus, settings=settings)
        progress = TrainingProgress(lambda done: self.on_progress(replace(done, subject=subject)), prepared)
        trainer = self.engine.start(corpus, settings, progress.add, self.on_note)
        run = Run(corpus, settings, trainer, self.engine.name, should_stop=should_stop)
        run.on_loss = progress.end_epoch
        progress.start(0, [])
        run.train()
        return run

    def save(self, run: Run, path: Path, overwrite: bool = True) -> None:
        """Write the model that a run on the whole text has trained."""
        save_model(path, run, replace(self.prepared, settings=run.settings), self.text, overwrite=overwrite)


class Scoring(ABC):
    """A way to judge settings.

    Attributes:
        measure: what is measured.
        trains_whole: whether a trial trains a model of the whole text, which can be kept.
        searched: the settings that can be told apart by it.
    """

    measure: str
    trains_whole: bool
    searched: Sequence[str]

    @abstractmethod
    def score(self, trial: Trial, should_stop: Callable[[], bool]) -> Trial:
        """Train by the settings of a trial; return it with its score.

        Raises:
            InterruptedRunError: it was stopped.
            WvcliError: training failed.
        """

    @abstractmethod
    def is_better(self, trial: Trial, best: Trial) -> bool:
        """Return whether a trial that has a score is better than the best so far."""

    @abstractmethod
    def keep(self, trial: Trial, output: Path, overwrite: bool) -> None:
        """Write the model of a trial, the last one where it trained the whole text, to its final place.

        Raises:
            WvcliError: it cannot be written.
        """


class OnSets(Scoring):
    """Judges settings by test items.

    Raises:
        InputError: a set has no two items whose words are in the vocabulary.
    """

    trains_whole = True
    searched = SEARCHED

    def __init__(self, training: Training, sets: Sequence[ItemSet]) -> None:
        self._training = training
        self._sets = sets
        before = [[each.name for each in sets[:place]] for place in range(len(sets))]
        self._names = [
            f"{one.name} {1 + others.count(one.name)}" if one.name in others else one.name
            for one, others in zip(sets, before, strict=True)
        ]
        folder = training.folder / "models"  # the folder above it is locked, in which no file can be put in place
        folder.mkdir()
        self._path = folder / f"trial{model_file.SUFFIX}"
        self.measure = " and ".join(dict.fromkeys(one.task.measures[0].name for one in sets))
        self._require_items()

    def _require_items(self) -> None:
        """Refuse sets that cannot tell settings apart, before anything is trained."""
        words = self._training.whole.words
        lexicon = Lexicon(
            Vectors(
                Vocabulary.from_words(words),
                np.ones((len(words), 1), dtype=np.float32),
                normalize=normalizer(self._training.text.tokenizer.to_json()),
            ),
            TOP,
        )
        for one in self._sets:
            rows = {word: lexicon.row(word) for item in one.items for word in item.words}
            covered = sum(all(rows[word] is not None for word in item.words) for item in one.items)
            if covered < 2:
                raise InputError(
                    f"of the {len(one.items):,} {one.task.items} of {one.name}, "
                    f"{'only one has' if covered else 'none has'} all its words in the text",
                    "give other `sets`, or none",
                )

    def score(self, trial: Trial, should_stop: Callable[[], bool]) -> Trial:
        """Train on the whole text, and score the model as `evaluate` does, without vectors of unknown words."""
        training = self._training
        run = training.run(training.whole, trial.settings, should_stop, f"trial {trial.number}")
        training.save(run, self._path)
        lexicon = Lexicon(model_file.open_model(self._path).vectors(), TOP, from_subwords=False)
        outcomes = []
        for name, one in zip(self._names, self._sets, strict=True):
            measure = one.task.measures[0]
            scores = one.task.score(lexicon, one.items, lambda done: None)
            outcomes.append(Outcomes(name, measure, scores.outcomes[measure.name], one.expected))
        return trial.scored(outcomes, file=self._path.stat().st_size)

    def is_better(self, trial: Trial, best: Trial) -> bool:
        """Compare their scores."""
        return (trial.score or 0) > (best.score or 0)

    def keep(self, trial: Trial, output: Path, overwrite: bool) -> None:
        """Copy the model that the last trial made."""
        with atomic_write(output, overwrite) as aside:
            shutil.copyfile(self._path, aside)


class OnHalves(Scoring):
    """Judges settings by two models, each of one half of the text: whether they bear each other's neighbours out.

    Raises:
        InputError: a half has no text with two words.
    """

    measure = BORNE_OUT
    trains_whole = False
    # Words spelled alike are neighbours in FastText, whatever the text, and so are borne out more often.
    searched = tuple(name for name in SEARCHED if name != "algorithm")

    def __init__(self, training: Training) -> None:
        self._training = training
        halves = training.whole.halves(training.folder)
        if any(half.tokens_kept == 0 or not half.has_contexts() for half in halves):
            raise InputError(
                f"the text has too few lines to be divided into halves ({training.whole.texts:,})",
                "put each sentence or paragraph on a line of its own, or give test items with `sets`",
            )
        self._halves = halves
        first, second = halves
        self._others = (
            second.over(first, training.folder / "second over first"),
            first.over(second, training.folder / "first over second"),
        )

    def score(self, trial: Trial, should_stop: Callable[[], bool]) -> Trial:
        """Train on either half."""
        models, losses = [], []
        for place, (half, other) in enumerate(zip(self._halves, self._others, strict=True)):
            seed = (trial.settings.seed + place * _OTHER_SEED) % 2**32
            settings = replace(trial.settings, seed=seed)
            run = self._training.run(half, settings, should_stop, f"trial {trial.number}{'ab'[place]}")
            models.append(Vectors(Vocabulary.from_words(half.words), run.trainer.vectors().copy(), half.counts))
            # The same words to predict in all trials, whatever their windows and noise words.
            asked = replace(self._training.prepared.settings, architecture=settings.architecture)
            sample = LossSample.of(other, asked)
            losses += [sample.loss(run.trainer)] if sample and isinstance(run.trainer, Predictor) else []
        first, second = models
        return trial.scored(
            [Outcomes.of_mean(BORNE_OUT, borne_out(first, second))],
            loss=float(np.mean(losses)) if losses else None,
            file=file_bytes(trial.settings, len(self._training.whole.words)),
        )

    def is_better(self, trial: Trial, best: Trial) -> bool:
        """Return whether it has more neighbours borne out, and no higher loss if the losses can be compared."""
        are_losses_known = trial.loss is not None and best.loss is not None
        if are_losses_known and trial.settings.architecture == best.settings.architecture:
            is_worse = (trial.loss or 0) > (best.loss or 0) * (1 + _SAME_LOSS)
        else:
            is_worse = False
        return not is_worse and (trial.score or 0) > (best.score or 0)

    def keep(self, trial: Trial, output: Path, overwrite: bool) -> None:
        """Train a model of the whole text."""
        training = self._training
        run = training.run(training.whole, trial.settings, lambda: False, "best")
        training.save(run, output, overwrite)
