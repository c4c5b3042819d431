"""Settings found by trying: models are trained and scored within a budget, and the best one is kept."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, floor, inf, prod
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from wvcli.errors import InterruptedRunError, UsageError, WvcliError
from wvcli.evaluation.evaluate import load_sets
from wvcli.evaluation.resampling import p_value_of_best
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress
from wvcli.system.locks import temporary_folder
from wvcli.system.memory import available_memory
from wvcli.text.corpus import Names
from wvcli.text.settings import Source, Sources, TextSettings
from wvcli.text.sources import STDIN
from wvcli.training import engines, record
from wvcli.training.engines import Engine
from wvcli.training.forecast import Pace, file_bytes, peak_memory
from wvcli.training.job import check_output
from wvcli.training.preparation import Prepared, prepare
from wvcli.training.record import Record
from wvcli.training.request import Request, TokenizerChoice
from wvcli.training.search import Changes, coordinate_search
from wvcli.training.settings import TrainSettings, auto_for_words
from wvcli.training.train import output_path
from wvcli.training.trials import OnHalves, OnSets, Scoring, Training, Trial
from wvcli.vectors.word_vectors import Vectors

MINUTES = 10.0  # of the budget, by default
_GIGABYTE = 1_000_000_000
_FEW_ITEMS = 50  # covered, below which only large differences are more than chance
_USABLE = 0.9  # of the time that is left, for the first trial: forecasts of time are that close in most cases
_KEEPING = 1.1  # as much as forecast is set aside for training the best on the whole text
_FAST_TOKENS = 100_000  # of text, from which on many trials are worth compiling the fast engine
_PACE_TRIALS = 2  # in which the speed of a method is measured
_LEAST_SHARE = 0.1  # of the time of the first trial that must be left to measure the speed of another method

OnTrial = Callable[[Trial, bool], None]
Obstacle = Literal["time", "memory"]


def _ignore_trial(trial: Trial, is_best: bool) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What trials of settings have shown.

    Attributes:
        trials: in the order in which they were made; the first is by the default settings, or near them.
        best: the one with the highest score.
        vectors: its model, trained on the whole text.
        measure: what the scores are, such as `spearman`.
        p_value: how likely by chance alone the best is so much better than the first one, that it is the best of
            so many taken into account; None where the first one is the best.
        not_begun: how many trials were not begun, by what they would have taken too much of: `time` or `memory`.
        arguments: those of `train` with which it trains the best model; settings that are left out have their
            default, or are chosen by the size of the text.
        epochs_lowered: whether the first trial has fewer epochs than the default, which would have taken too long.
        interrupted: whether `should_stop` ended it.
    """

    trials: Sequence[Trial]
    best: Trial
    vectors: Vectors
    measure: str
    p_value: float | None
    not_begun: Mapping[Obstacle, int]
    arguments: Record
    epochs_lowered: bool
    interrupted: bool


def tune(
    sources: Sources,
    output: Source | None = None,
    *,
    sets: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    minutes: float = MINUTES,
    trials: int | None = None,
    memory: float | None = None,
    tokenizer: str | None = None,
    lowercase: bool | None = None,
    min_length: int | None = None,
    stopwords: Sequence[str] | Path | None = None,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    field: Names = None,
    column: Names = None,
    delimiter: str | None = None,
    skip_bad: bool = False,
    engine: str = engines.AUTO,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
    on_trial: OnTrial = _ignore_trial,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Tuning:
    """Find settings for a text by trying, and keep the best model.

    The text is read once. The first trial has the default settings; then one setting is changed at a time, from
    the best so far on: `window`, `epochs`, `dim`, `architecture` and `algorithm`. A setting that is given stays as
    it is.

    With test sets a trial is a model of the whole text, and its score that of `evaluate` without vectors of
    unknown words: the mean over the sets. Without, a trial is a model of each half of the text. Its score is the
    share of neighbours in either that the other bears out, and of one architecture only a trial whose loss on the
    other half is no higher is better. `algorithm` is not changed then, since FastText's neighbours are spelled
    alike in any text. At the end, the best settings train a model of the whole text.

    Args:
        sources: as for `train`.
        output: the model file to write, named as by `train`.
        sets: one file of test items or several, or names of bundled sets, as for `evaluate`.
        minutes: that all of it may take. A trial that would not fit, by its forecast, is not begun, and one that
            takes longer is stopped; but there is always a model in the end.
        trials: make so many at most; None for as many as there is time for.
        memory: gigabytes that a trial may take, by its forecast; None for what the computer has left.
        tokenizer: this and the others on how the text is read are those of `train`.
        lowercase: whether words are written in lower case.
        min_length: leave out words of fewer characters.
        stopwords: words to leave out, or the path of a file with one word per line.
        encoding: of the text.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        field: where in each JSON record the text is.
        column: which column of CSV, TSV or Parquet holds the text.
        delimiter: what stands between the cells of a table.
        skip_bad: skip lines and records that cannot be read, and count them.
        engine: what trains: `gensim`, `fast`, or `auto`, which takes the fast one from 100,000 tokens on if it is
            installed.
        overwrite: replace an existing model file.
        on_progress: called with the progress of each trial, possibly from another thread.
        on_note: called with notes for the user, a line each.
        on_trial: called with each trial when it is over, and whether it is the best so far.
        should_stop: called every few seconds of training; True ends the trials, and the best is kept.
        settings: hyper-parameters that are to stay as they are, as for `train`. With the same `seed`, one worker
            and enough time, the trials and the model are the same each time.

    Returns:
        The trials, and the model of the best.

    Raises:
        UsageError: a setting is out of its limits, the output exists, or the budget is too small for one trial.
        InputError: a source or set cannot be read, or no test item has its words in the text.
        InterruptedRunError: `should_stop` returned True before the first trial was over.
        WvcliError: training failed, or the file could not be written.

    Example:
        >>> import wvcli
        >>> with open("odd.txt", "w") as file:
        ...     characters = file.write("cat dog rabbit *bread\\nsoup bread *dog rice\\n")
        >>> found = wvcli.tune("sample_corpora/english.txt", "tuned", sets="odd.txt", trials=3, epochs=5)
        >>> [dict(trial.changes) for trial in found.trials]
        [{}, {'window': 10}, {'window': 2}]
        >>> found.best.score, found.vectors
        (1.0, <Vectors: 1,731 words, 100 dimensions>)
    """
    budget = _Budget(minutes, memory, trials)
    text = TextSettings.of(
        sources,
        encoding=encoding,
        encoding_errors=encoding_errors,
        field=field,
        column=column,
        delimiter=delimiter,
        skip_bad=skip_bad,
    )
    choice = TokenizerChoice(tokenizer, lowercase, min_length, stopwords).for_text(text)
    request = Request.of(text, choice, settings)
    if request.settings.algorithm == "glove":
        raise UsageError("settings of `algorithm=glove` cannot be found by trying", "give them to train")
    chosen_engine = engines.engine_called(engine)
    path = output_path(output, request)
    check_output(path, overwrite)
    files = [sets] if isinstance(sets, str | PathLike) else list(sets)
    if STDIN in text.sources and STDIN in files:
        raise UsageError("standard input cannot be both the text and a test set")
    loaded = load_sets(files) if files else []
    with temporary_folder() as folder:
        prepared = prepare(request, folder, on_progress=on_progress, on_note=on_note)
        training = Training(
            prepared=prepared,
            text=request.text,
            engine=chosen_engine or _default_engine(prepared, on_note),
            folder=folder,
            on_progress=on_progress,
            on_note=on_note,
        )
        scoring: Scoring = OnSets(training, loaded) if loaded else OnHalves(training)
        search = _Search(
            training=training,
            scoring=scoring,
            budget=budget,
            request=request,
            output=path,
            overwrite=overwrite,
            on_trial=on_trial,
            should_stop=should_stop,
        )
        search.run()
        return search.result(model_file.open_model(path).vectors())


def _default_engine(prepared: Prepared, on_note: OnNote) -> Engine:
    """Return the engine for many trials: the fast one from less text on than for a single run."""
    kept = prepared.encoded.tokens_kept
    if kept >= _FAST_TOKENS and not (fast := engines.registry.get("fast")).import_failure():
        return fast
    return engines.default_engine(kept, prepared.settings, on_note)


class _Budget:
    """What trials may take.

    Attributes:
        minutes: the time.
        memory: bytes; None for no limit.
        trials: how many there may be; None for no limit.

    Raises:
        UsageError: a limit is no number above 0.
    """

    def __init__(self, minutes: float, memory: float | None, trials: int | None) -> None:
        for name, value in (("minutes", minutes), ("memory", memory), ("trials", trials)):
            if value is not None and not 0 < value < inf:
                raise UsageError(f"`{name}` must be a number above 0, not {value}")
        self.minutes = minutes
        self.trials = trials
        self.memory = available_memory() if memory is None else int(memory * _GIGABYTE)
        self._end = perf_counter() + 60 * minutes

    def left(self) -> float:
        """Return the seconds that are left; below 0 when the time is up."""
        return self._end - perf_counter()


@dataclass(kw_only=True)
class _Search:
    """Trials under way.

    Attributes:
        training: what is the same in all trials.
        scoring: how they are judged.
        budget: what they may take.
        request: what was asked for.
        output: the model file.
        overwrite: replace an existing one.
        on_trial: called with each trial.
        should_stop: True ends the trials.
        trials: those that were begun, but for one that was interrupted.
        best: the one with the highest score so far.
        not_begun: how many were not begun, by the reason.
        interrupted: whether `should_stop` returned True.
        epochs: of the first trial where these were lowered.
    """

    training: Training
    scoring: Scoring
    budget: _Budget
    request: Request
    output: Path
    overwrite: bool
    on_trial: OnTrial
    should_stop: Callable[[], bool]
    trials: list[Trial] = field(default_factory=list)
    best: Trial | None = None
    not_begun: Counter[Obstacle] = field(default_factory=Counter)
    interrupted: bool = False
    epochs: int | None = None
    _paces: dict[TrainSettings, Pace] = field(default_factory=dict)

    def run(self) -> None:
        """Make trials until nothing is left to try, or no time, and write the best model.

        Raises:
            UsageError: nothing is left to try from the start, or the budget is too small for the first trial.
            InterruptedRunError: it was stopped before the first trial was over.
        """
        searched = [name for name in self.scoring.searched if getattr(self.request.settings, name) is None]
        if not searched:
            given = ", ".join(f"`{name}`" for name in self.scoring.searched)
            raise UsageError(f"there is nothing to try, since {given} are given", "leave out one of them")
        first = self._first_settings()
        search = coordinate_search(first, searched)
        changes = next(search)
        while not self.interrupted and len(self.trials) < (self.budget.trials or inf):
            is_better = self._try(self._complete(replace(first, **changes)), changes)
            try:
                changes = search.send(is_better)
            except StopIteration:
                break
        if self.best is None:
            raise InterruptedRunError("interrupted", "no model was written")
        if not self.scoring.trains_whole:
            seconds = self._seconds(self.best.settings)
            self.training.on_note(
                f"training trial {self.best.number}, the best, on the whole text takes about {ceil(seconds)} s"
            )
            self.scoring.keep(self.best, self.output, self.overwrite)

    def _first_settings(self) -> TrainSettings:
        """Return the default settings, with fewer epochs if there is no time for so many.

        Raises:
            UsageError: the budget is too small for a single epoch, or for as many as are asked for.
        """
        settings = self.training.prepared.settings
        memory = self._memory(settings)
        if self.budget.memory is not None and memory > self.budget.memory:
            raise UsageError(
                f"the first trial takes about {memory / _GIGABYTE:.1f} GB of memory, more than the "
                f"{self.budget.memory / _GIGABYTE:.1f} GB that it may take",
                "give a smaller `dim`, a larger `min_count` or more `memory`",
            )
        runs = 1 if self.scoring.trains_whole else 2  # without test sets the best is trained once more
        usable = _USABLE * self.budget.left()
        seconds = runs * self._seconds(settings)
        if seconds <= usable:
            return settings
        once, twice = (self._seconds(replace(settings, epochs=epochs)) for epochs in (1, 2))
        epochs = 1 + floor((usable / runs - once) / max(1e-9, twice - once))
        if self.request.settings.epochs is not None or epochs < 1:
            least = runs * once if self.request.settings.epochs is None else seconds
            raise UsageError(
                f"`minutes={self.budget.minutes:g}` is not enough: the first trial takes about {ceil(least)} s",
                f"give `minutes={ceil(4 * least / 60)}` to have time for some more",
            )
        self.epochs = epochs
        self.training.on_note(
            f"the default of {settings.epochs} epochs would take about {ceil(seconds / 60)} min; beginning with "
            f"{epochs}, to keep within `minutes={self.budget.minutes:g}`"
        )
        return replace(settings, epochs=epochs)

    def _complete(self, settings: TrainSettings) -> TrainSettings:
        """Return settings with what `auto` stands for chosen by the vocabulary, such as the buckets."""
        return auto_for_words(settings, self.training.whole.words)

    def _try(self, settings: TrainSettings, changes: Changes) -> bool:
        """Make a trial, unless the budget forbids it; return whether it is the best so far."""
        obstacle = self._obstacle(settings) if self.trials else None
        if obstacle is not None:
            self.not_begun[obstacle] += 1
            return False
        words = len(self.training.whole.words)
        trial = Trial(
            number=len(self.trials) + 1,
            changes=changes,
            settings=settings,
            seconds=0,
            file=file_bytes(settings, words),
        )
        started = perf_counter()
        try:
            trial = self.scoring.score(trial, self._stopping())
        except InterruptedRunError:
            if self.interrupted:
                return False
        except WvcliError as failure:
            if not self.trials:
                raise
            self.training.on_note(f"trial {trial.number} failed: {failure}")
        trial = replace(trial, seconds=perf_counter() - started)
        return self._record(trial)

    def _record(self, trial: Trial) -> bool:
        """Add a trial, and keep its model if it is the best; return whether it is."""
        self.trials.append(trial)
        is_scored = trial.score is not None
        is_best = is_scored and (self.best is None or self.scoring.is_better(trial, self.best))
        if trial.score is not None:
            epochs = trial.settings.epochs or 1
            speed = self.training.whole.tokens_kept * epochs / trial.seconds
            self._paces[replace(trial.settings, epochs=None)] = Pace(speed=speed, once=0, each=0)
        if is_best:
            if self.scoring.trains_whole:
                self.scoring.keep(trial, self.output, self.overwrite or self.best is not None)
            self.best = trial
        self.on_trial(trial, is_best)
        if len(self.trials) == 1 and self.scoring.trains_whole and trial.covered < _FEW_ITEMS:
            self.training.on_note(
                f"only {trial.covered} test items have all their words in the text, so that few differences will "
                "be more than chance"
            )
        return is_best

    def _stopping(self) -> Callable[[], bool]:
        """Return what tells a trial to stop: the user, or the clock, but for the first trial."""
        deadline = inf if self.best is None else perf_counter() + self.budget.left() - self._keeping_seconds(0)

        def should_stop() -> bool:
            self.interrupted = self.interrupted or self.should_stop()
            return self.interrupted or perf_counter() > deadline

        return should_stop

    def _obstacle(self, settings: TrainSettings) -> Obstacle | None:
        """Return what a trial would take too much of, by its forecast."""
        if self.budget.memory is not None and self._memory(settings) > self.budget.memory:
            return "memory"
        if self._has_time(self._most_seconds(settings)):
            return None
        is_measured = replace(settings, epochs=None) in self._paces
        if not is_measured and self.budget.left() < _LEAST_SHARE * self.trials[0].seconds:
            return "time"
        return None if self._has_time(self._seconds(settings)) else "time"

    def _has_time(self, seconds: float) -> bool:
        """Return whether there is time for a trial of so many seconds, and to train the best model after it."""
        return seconds + self._keeping_seconds(seconds) <= self.budget.left()

    def _keeping_seconds(self, seconds: float) -> float:
        """Return the seconds to set aside for a model of the whole text, by the best so far or by such a trial."""
        if self.scoring.trains_whole or self.best is None:
            return 0
        return _KEEPING * max(seconds, self._seconds(self.best.settings))

    def _most_seconds(self, settings: TrainSettings) -> float:
        """Return the seconds of a trial at most, by the best so far; infinity where that tells nothing.

        The time grows no faster than a vector or a window does.
        """
        best = self.best.settings if self.best else None
        if best is None or (settings.algorithm, settings.architecture) != (best.algorithm, best.architecture):
            return inf
        known = self._seconds(replace(best, epochs=settings.epochs))
        sizes = ((settings.dim or 1, best.dim or 1), (settings.window or 1, best.window or 1))
        return known * prod(max(1.0, size / before) for size, before in sizes)

    def _seconds(self, settings: TrainSettings) -> float:
        """Return the forecast of the seconds of a trial, by an earlier one or else by training for a moment."""
        whole, method = self.training.whole, replace(settings, epochs=None)
        if method not in self._paces:
            self._paces[method] = Pace.of(whole, settings, self.training.engine, _PACE_TRIALS)
        return self._paces[method].seconds(whole.tokens_kept, settings.epochs or 1)

    def _memory(self, settings: TrainSettings) -> int:
        """Return the forecast of the bytes of memory of a trial."""
        whole = self.training.whole
        return peak_memory(
            settings,
            self.training.engine,
            len(whole.words),
            tokens=whole.tokens_read,
            distinct_words=len(whole.words),
        )

    def result(self, vectors: Vectors) -> Tuning:
        """Return what the trials have shown."""
        assert self.best is not None
        scored = [trial for trial in self.trials if trial.score is not None]
        p_value = None
        if self.best is not scored[0]:
            scores = [trial.score for trial in scored if trial.score is not None]
            best = scored.index(self.best)
            p_value = p_value_of_best(scores, [trial.resampled for trial in scored], best)
        return Tuning(
            trials=self.trials,
            best=self.best,
            vectors=vectors,
            measure=self.scoring.measure,
            p_value=p_value,
            not_begun=self.not_begun,
            arguments=self._arguments(self.best.changes),
            epochs_lowered=self.epochs is not None,
            interrupted=self.interrupted,
        )

    def _arguments(self, changes: Mapping[str, Any]) -> Record:
        """Return the arguments of `train` for the first settings with some changes."""
        wanted = self.request.settings
        if self.epochs is not None:
            wanted = replace(wanted, epochs=self.epochs)
        text = self.request.text.to_json()
        wanted = replace(wanted, **changes)
        known = record.of_text_and_settings(text["sources"], text, text["tokenizer"], wanted.to_json(), init=None)
        defaults = TrainSettings().to_json()
        arguments = {
            name: value for name, value in known.items() if name not in defaults or value != defaults[name]
        }
        if self.request.text.tokenizer.stopwords:
            file = known["stopwords"]
            arguments["stopwords"] = Path(file) if file else list(self.request.text.tokenizer.stopwords)
        engine = self.training.engine
        usual = engines.default_engine(self.training.whole.tokens_kept, self.training.prepared.settings)
        return arguments | {"engine": engines.AUTO if engine.name == usual.name else engine.name}
