"""Unfinished runs: what the checkpoint of one knows of how it was asked for and how far it came."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from wvcli.errors import InputError, UsageError, WvcliError, unreadable
from wvcli.models import model_file
from wvcli.text.settings import TextSettings
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training import record
from wvcli.training.checkpoints import checkpoint_folder, last_saved, state_of_run
from wvcli.training.record import Record
from wvcli.training.settings import TrainSettings

# The options that decide what is trained; another cluster may continue a run.
_OF_OPTIONS = ("engine", "early_stop", "keep_encoded", "work", "replicas", "rounds")


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What was asked of a run beside its text and settings, as its checkpoint records it.

    Attributes:
        engine: the engine's name, or `auto`.
        init: the `source` of the vectors to start from, `freeze` and `freeze_until`; None where there are none.
        early_stop: stop when the loss hardly falls any more.
        checkpoint: minutes between two checkpoints; 0 for none.
        keep_encoded: the folder in which the text was kept.
        overwrite: replace an existing model file.
        working_folder: the one that relative paths begin at.
        cluster: the address of the cluster that it was begun on; None for this machine.
        work: the work folder of the cluster.
        replicas: copies of the model that are trained at the same time.
        rounds: how often they are combined in an epoch; None is `auto`.
        run_folder: that of the run in the work folder.
    """

    engine: str
    init: Mapping[str, Any] | None
    early_stop: bool
    checkpoint: float
    keep_encoded: str | None
    overwrite: bool
    working_folder: str
    cluster: str | None = None
    work: str | None = None
    replicas: int = 1
    rounds: int | None = None
    run_folder: str | None = None


@dataclass(frozen=True, kw_only=True)
class UnfinishedRun:
    """A run that was stopped or killed, and can be continued.

    Attributes:
        folder: its checkpoint.
        text: which text, and how it was read.
        wanted: the settings that were asked for; None is `auto`.
        settings: those that were chosen.
        options: what else was asked for.
        words: in the vocabulary.
        tokens: of the text that are in the vocabulary, all of which are trained on in each epoch.
        state: where it was saved last; empty where it was killed before.
        saved: when it was saved last, in seconds since 1970.
    """

    folder: Path
    text: TextSettings
    wanted: TrainSettings
    settings: TrainSettings
    options: RunOptions
    words: int
    tokens: int
    state: Mapping[str, Any]
    saved: float

    @classmethod
    def of(cls, folder: Path) -> "UnfinishedRun":
        """Read what the checkpoint in a folder knows; the text itself is not read.

        Raises:
            InputError: it is missing or damaged.
        """
        about = EncodedCorpus.manifest(folder)
        with model_file.reading_manifest(folder):
            return cls(
                folder=folder,
                text=TextSettings.from_json(about["text"]),
                wanted=TrainSettings(**about["wanted"]),
                settings=TrainSettings(**about["settings"]),
                options=RunOptions(**about["options"]),
                words=len(about["words"]),
                tokens=about["tokens_kept"],
                state=state_of_run(folder) or {},
                saved=last_saved(folder),
            )

    @property
    def output(self) -> Path:
        """The model file that it is to write."""
        return model_of(self.folder)

    @property
    def epochs(self) -> int:
        """How many epochs were asked for."""
        return self.settings.epochs or 1

    @property
    def epoch(self) -> int:
        """The epoch under way when it was saved last, from 1."""
        return min(self.epochs, int(self.state.get("epoch", 0)) + 1)

    @property
    def share(self) -> float:
        """How much of the training was done when it was saved last, from 0 to 1."""
        done = self.state.get("epoch", 0) * self.tokens + self.state.get("tokens", 0)
        return float(done / max(1, self.epochs * self.tokens))

    @property
    def losses(self) -> list[float]:
        """The loss after each epoch."""
        return [epoch["loss"] for epoch in self.state.get("history", ()) if epoch["loss"] is not None]

    @property
    def age(self) -> float:
        """Seconds since it was saved last."""
        return max(0.0, time() - self.saved)

    def record(self) -> Record:
        """Return how it was asked for, by the names of the arguments of `train`."""
        return asked_for(self.text, self.wanted, self.options)


def asked_for(text: TextSettings, wanted: TrainSettings, options: RunOptions) -> Record:
    """Return how a run is asked for, by the names of the arguments of `train`.

    Args:
        text: which text, and how it is read.
        wanted: its settings; None is `auto`.
        options: what else is asked for.
    """
    known = text.to_json()
    asked = record.of_text_and_settings(
        known["sources"], known, known["tokenizer"], wanted.to_json(), options.init
    )
    return asked | {name: getattr(options, name) for name in _OF_OPTIONS}


def refuse_differences(run: UnfinishedRun, asked: Mapping[str, Any]) -> None:
    """Refuse to continue a run by a command that asks for something else.

    Args:
        run: the run.
        asked: arguments of `train`, by name; those that are not there may be anything, and so may the engine,
            which the run itself checks.

    Raises:
        UsageError: it was asked for in another way.
    """
    others = record.differences(run.record(), {name: asked[name] for name in asked if name != "engine"})
    if others:
        raise different(run.folder, others)


def different(folder: Path, others: list[str]) -> UsageError:
    """Return the error that an unfinished run was asked for in another way; `others` says in what."""
    return UsageError(
        f"this command differs from that of the unfinished run: {'; '.join(others)}",
        f"resume {folder} alone to continue it as it began, or start over with `overwrite=True`",
    )


def unfinished_runs(
    folder: Path, on_problem: Callable[[WvcliError], None] = lambda problem: None
) -> list[UnfinishedRun]:
    """Return the unfinished runs in a folder, the one saved last first.

    Args:
        folder: where to look.
        on_problem: called with what is wrong with a checkpoint that cannot be read.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        folders = [path for path in folder.iterdir() if model_file.is_checkpoint(path)]
    except OSError as error:
        raise unreadable(folder, error) from error
    runs = []
    for path in folders:
        with suppress(OSError):
            if not EncodedCorpus.is_in(path):
                continue
            try:
                runs.append(UnfinishedRun.of(path))
            except InputError as problem:
                on_problem(problem)
    return sorted(runs, key=lambda run: (-run.saved, run.folder))


def find_run(given: Path | None) -> UnfinishedRun:
    """Return the run that is meant.

    Args:
        given: its checkpoint, or the model file that it is to write; None for the only one in the current folder.

    Raises:
        InputError: there is none, or it is damaged.
        UsageError: there are several.
    """
    if given is not None:
        folder = checkpoint_folder(model_of(given))
        if not EncodedCorpus.is_in(folder):
            raise nothing_to_resume(folder)
        return UnfinishedRun.of(folder)
    runs = unfinished_runs(Path())
    if not runs:
        raise InputError("there is no unfinished run in this folder", "name the checkpoint of one in another")
    if len(runs) > 1:
        raise UsageError(f"there are {len(runs)} unfinished runs in this folder: {_named(runs)}", "name one")
    return runs[0]


def is_run(source: str) -> bool:
    """Whether a source is named as the checkpoint of a run, or as the model file of one, and so is no text."""
    return model_of(Path(source)).suffix == model_file.SUFFIX


def model_of(run: Path) -> Path:
    """Return the model file of a run: the path itself, or the file that a checkpoint of that name belongs to."""
    return run.with_name(run.name.removesuffix(model_file.CHECKPOINT))


def nothing_to_resume(folder: Path) -> InputError:
    """Return the error that there is no unfinished run in a folder; it names those beside it."""
    runs = unfinished_runs(folder.parent) if folder.parent.is_dir() else []
    beside = f"unfinished runs there: {_named(runs)}" if runs else "no other run there is unfinished"
    return InputError(f"there is no unfinished run in {folder}; {beside}", "leave out `resume` to start one")


def _named(runs: list[UnfinishedRun]) -> str:
    return ", ".join(f"{run.folder} ({run.share:.0%})" for run in runs)
