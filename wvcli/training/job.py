"""One run, from the text that was asked for to the model file."""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path
from threading import Lock
from typing import Any

from wvcli.errors import UsageError
from wvcli.models import model_file
from wvcli.reporting import OnNote, OnProgress, Progress, Throttle
from wvcli.system import atomic_files
from wvcli.system.compiling import CompilingProcess
from wvcli.system.parallel import processors
from wvcli.text.sources import without_password
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training import engines
from wvcli.training.checkpoints import Checkpoints, place_for_stopped_run, state_of_run, workspace
from wvcli.training.clusters import connected
from wvcli.training.distributed_reading import ConnectedCluster
from wvcli.training.distribution import Distribution, round_bytes
from wvcli.training.loop import Run
from wvcli.training.preparation import Prepared, prepare
from wvcli.training.record import Record
from wvcli.training.request import Request
from wvcli.training.rounds import DistributedTrainer
from wvcli.training.saving import save_model
from wvcli.training.settings import auto_settings
from wvcli.training.starting_points import InitialVectors, ModelToUpdate
from wvcli.training.unfinished import RunOptions, UnfinishedRun, asked_for, nothing_to_resume
from wvcli.training.work_folder import WorkFolder
from wvcli.vectors.word_vectors import Vectors

_BYTES_PER_ID = 4  # of a token on disk
_LARGE_BYTES = 1_000_000_000  # of encoded text


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a run needs, from text to file.

    Attributes:
        request: the text and the settings.
        start: what training starts from, or None for random vectors.
        path: the model file to write.
        engine: what trains; None is that of the run that is resumed, or else decided by the size of the text.
        overwrite: replace an existing model file.
        keep_in: a folder to keep the encoded text in.
        checkpoint_minutes: between two checkpoints; 0 for none before the run is stopped.
        resume: continue from a checkpoint.
        early_stop: stop when the loss hardly falls any more.
        on_progress: called with the progress of the run, possibly from another thread.
        on_note: called with notes for the user, a line each.
        should_stop: called every few seconds of training; True saves the run and stops it.
        large_bytes: of encoded text, from which on a note says how much disk it takes.
        distribution: the cluster that trains; None for this machine.
    """

    request: Request
    start: InitialVectors | ModelToUpdate | None
    path: Path
    engine: engines.Engine | None
    overwrite: bool
    keep_in: Path | None = None
    checkpoint_minutes: float = 0
    resume: bool = False
    early_stop: bool = False
    on_progress: OnProgress
    on_note: OnNote
    should_stop: Callable[[], bool] = lambda: False
    large_bytes: int = _LARGE_BYTES
    distribution: Distribution | None = None

    def run(self) -> Vectors:
        """Train and save."""
        self.request.text.tokenizer.tokenize()  # refuses what it cannot do before anything is read
        check_output(self.path, self.overwrite)
        with (
            ExitStack() as stack,
            workspace(self.path, self.checkpoint_minutes > 0, self.resume, self.overwrite) as folder,
        ):
            is_resumed = EncodedCorpus.is_in(folder)
            if self.resume and not is_resumed:
                if not self.overwrite:
                    raise nothing_to_resume(folder)
                self.on_note("there is no unfinished run to continue; starting from the beginning")
            if self.distribution:
                self._train_on_cluster(self.distribution, folder, is_resumed)
                return model_file.open_model(self.path).vectors()
            self._note_before_reading(folder)
            compiling = self._engine_ahead()
            if compiling:
                stack.callback(compiling.stop)
            prepared = prepare(
                self.request,
                folder,
                options=self._options() if self.checkpoint_minutes else None,
                prior=self.start.prior_vocabulary() if self.start else None,
                keep_in=self.keep_in,
                on_progress=self.on_progress,
                on_note=self.on_note,
            )
            progress = TrainingProgress(self.on_progress, prepared)
            engine = self._engine(prepared, folder)
            if compiling and engine.name == "fast":
                compiling.wait(self.on_progress, "the fast engine, once")
            trainer = engine.start(prepared.encoded, prepared.settings, progress.add, self.on_note)
            run = Run(prepared.encoded, prepared.settings, trainer, engine.name, early_stop=self.early_stop)
            self._note_subsampling(run)
            started_from = self.start.apply(run) if self.start else {}
            run.should_stop, run.on_loss = self.should_stop, progress.end_epoch
            if self.checkpoint_minutes:
                run.checkpoints = Checkpoints(folder, self.checkpoint_minutes)
            else:
                run.keep = lambda: self._keep(prepared, stack)
            trainer.prepare(self.on_progress)
            run.restore()
            if is_resumed:
                self.on_note(f"continuing at epoch {min(run.epoch + 1, run.epochs)} of {run.epochs}")
            progress.start(run.epoch * prepared.encoded.tokens_kept + run.tokens, run.history)
            run.train()
            save_model(
                self.path,
                run,
                prepared,
                self.request.text,
                started_from,
                overwrite=self.overwrite,
                on_progress=self.on_progress,
            )
        return model_file.open_model(self.path).vectors()

    def _train_on_cluster(self, distribution: Distribution, folder: Path, is_resumed: bool) -> None:
        """Read the text and train on a cluster, or continue a run there, and write the model file.

        Args:
            distribution: the cluster, and how training is distributed.
            folder: of the checkpoint.
            is_resumed: whether a run is continued.
        """
        options = UnfinishedRun.of(folder).options if is_resumed else None
        name = (options.run_folder if options else None) or f"wvcli-{os.urandom(4).hex()}"
        work = WorkFolder(distribution.work).inside(name)
        self.on_progress(Progress("connecting", subject=distribution.cluster))
        with connected(distribution.cluster) as executors:
            cluster = ConnectedCluster(executors, work)
            try:
                cluster.require_work_folder()
                prepared = prepare(
                    self.request,
                    folder,
                    options=self._options(name),
                    keep_in=self.keep_in,
                    on_progress=self.on_progress,
                    on_note=self.on_note,
                    cluster=cluster,
                )
                engine = self._engine_on_cluster(distribution, prepared, folder)
                distribution.require(prepared.settings, engine.name)
                self._train_in_rounds(distribution, cluster, prepared, engine, folder, is_resumed)
            except BaseException:
                if not EncodedCorpus.is_in(folder):
                    work.remove_all()
                raise
            work.remove_all()

    def _train_in_rounds(
        self,
        distribution: Distribution,
        cluster: ConnectedCluster,
        prepared: Prepared,
        engine: engines.Engine,
        folder: Path,
        is_resumed: bool,
    ) -> None:
        """Train what was prepared on a cluster, and write the model file."""
        encoded, settings = prepared.encoded, prepared.settings
        progress = TrainingProgress(self.on_progress, prepared)
        rounds = distribution.rounds_for(settings, encoded.tokens_kept, len(encoded.words))
        trainer = DistributedTrainer(
            cluster.executors, cluster.work, prepared, engine, distribution.replicas, rounds, progress.add
        )
        run = Run(encoded, settings, trainer, engine.name, early_stop=self.early_stop)
        run.should_stop, run.on_loss = self.should_stop, progress.end_epoch
        run.checkpoints = Checkpoints(folder, 0)  # after each round
        run.restore()
        self._note_distribution(distribution, prepared, rounds)
        self._note_subsampling(run)
        if is_resumed:
            self.on_note(f"continuing at epoch {min(run.epoch + 1, run.epochs)} of {run.epochs}")
        progress.start(run.epoch * encoded.tokens_kept + run.tokens, run.history)
        run.train()
        about = {} if distribution.replicas == 1 else {"cluster": distribution.to_json(rounds)}
        saved = trainer.save(run, self.request.text, about, self.on_progress)
        with atomic_files.atomic_write(self.path, self.overwrite) as aside:
            cluster.work.fetch(saved, aside)

    def _engine_on_cluster(self, distribution: Distribution, prepared: Prepared, folder: Path) -> engines.Engine:
        """Return the engine that trains each replica: of several the fast one."""
        if distribution.replicas > 1 and self.engine is None:
            return engines.engine_called("fast") or engines.registry.get("fast")
        return self._engine(prepared, folder)

    def _note_distribution(self, distribution: Distribution, prepared: Prepared, rounds: int) -> None:
        """Say how training is distributed, and what is exchanged, before it begins."""
        words, dim = len(prepared.encoded.words), prepared.settings.dim or 1
        exchanged = round_bytes(words, dim, distribution.replicas) * rounds * (prepared.settings.epochs or 1)
        alone = "one replica of the model, as on one machine"
        several = (
            f"{distribution.replicas} replicas of the model, combined by agreement, with a learning rate of "
            f"{prepared.settings.alpha:g}; the vectors are not those of one machine"
        )
        self.on_note(
            f"training on {distribution.cluster}: {alone if distribution.replicas == 1 else several}; "
            f"{rounds:,} round{'' if rounds == 1 else 's'} an epoch, about {exchanged / 1e9:.2g} GB through "
            f"{without_password(distribution.work)}"
        )

    def _keep(self, prepared: Prepared, stack: ExitStack) -> Checkpoints:
        """Move the text of a run without checkpoints to where it can be saved."""
        folder = stack.enter_context(place_for_stopped_run(self.path))
        prepared.move_to(folder, self.request, self._options())
        return Checkpoints(folder, inf)

    def asked_for(self) -> Record:
        """Return what it was asked for, by the names of the arguments of `train`."""
        return asked_for(self.request.text, self.request.settings, self._options())

    def _options(self, run_folder: str | None = None) -> RunOptions:
        """Return what was asked of the run beside its text and settings, and its folder in the work folder."""
        distribution = self.distribution
        return RunOptions(
            engine=self.engine.name if self.engine else engines.AUTO,
            init=self.start.asked_for() if isinstance(self.start, InitialVectors) else None,
            early_stop=self.early_stop,
            checkpoint=self.checkpoint_minutes,
            keep_encoded=None if self.keep_in is None else str(self.keep_in),
            overwrite=self.overwrite,
            working_folder=os.getcwd(),
            cluster=distribution.cluster if distribution else None,
            work=distribution.work if distribution else None,
            replicas=distribution.replicas if distribution else 1,
            rounds=distribution.rounds if distribution else None,
            run_folder=run_folder,
        )

    def _engine(self, prepared: Prepared, folder: Path) -> engines.Engine:
        """Return the engine that was chosen; else that of the run that is resumed, or the default."""
        if self.engine:
            return self.engine
        begun = engines.engine_called((state_of_run(folder) or {}).get("engine", engines.AUTO))
        return begun or engines.default_engine(prepared.encoded.tokens_kept, prepared.settings, self.on_note)

    def _engine_ahead(self) -> CompilingProcess | None:
        """Import the engine that will train, and begin to compile it, if it is known before the text is read.

        Numba is then loaded before the text is read: `tokens.scanning.is_loaded` sees that, and compiled loops
        scan the text from its first line on.

        Returns:
            The process that compiles it; None if nothing is to be compiled.
        """
        tokens = self.request.likely_tokens()
        settings = auto_settings(self.request.settings, tokens, processors())
        if not self.engine and not engines.is_long(tokens, settings):
            return None
        engine = self.engine or engines.default_engine(tokens, settings)
        return None if engine.import_failure() else engine.compile_ahead(settings)

    def _note_before_reading(self, folder: Path) -> None:
        """Say how much disk a large text takes."""
        size = _BYTES_PER_ID * self.request.likely_tokens()
        if size < self.large_bytes:
            return
        for path in dict.fromkeys(path for path in (folder, self.keep_in) if path):
            free = shutil.disk_usage(_nearest_folder(path)).free
            warning = "" if free > size else ", which may not be enough"
            self.on_note(
                f"the encoded text takes about {size / 1e9:.1f} GB in {path}, where {free / 1e9:.1f} GB are "
                f"free{warning}"
            )

    def _note_subsampling(self, run: Run) -> None:
        """Say so where subsampling leaves hardly two words of any text beside each other."""
        left, _ = run.trainer.expected_sample()
        kept, texts = run.corpus.tokens_kept, run.corpus.texts
        pairs = (run.settings.epochs or 1) * left**2 / (2 * texts)
        if left < kept and pairs < 1:
            self.on_note(
                f"subsampling leaves about {left:.2g} of {kept:,} tokens in each epoch, too few to learn from; "
                f"`sample={run.settings.sample}` is too small for this text, and `sample=0` turns it off"
            )


def _nearest_folder(path: Path) -> Path:
    """Return a path, or the nearest folder above it that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse a model file that could not be written in the end.

    Raises:
        UsageError: it exists, or its name does not end as a model file's does.
        WvcliError: its folder is missing or cannot be written.
    """
    if path.suffix != model_file.SUFFIX:
        raise UsageError(
            f"the output file must end in {model_file.SUFFIX} (got {path})",
            "for other formats, train first and then use wvcli export",
        )
    atomic_files.check_writable(path, overwrite)


class TrainingProgress:
    """Counts the tokens trained on, and reports them ten times a second at most."""

    def __init__(self, on_progress: OnProgress, prepared: Prepared) -> None:
        self._on_progress = on_progress
        self._each = prepared.encoded.tokens_kept
        self._epochs = prepared.settings.epochs or 1
        self._done = 0
        self._loss: float | None = None
        self._throttle = Throttle()
        self._lock = Lock()

    def start(self, tokens: int, history: list[dict[str, Any]]) -> None:
        """Report where a run begins, or continues after the epochs of its history."""
        with self._lock:
            self._done = tokens
            self._loss = history[-1]["loss"] if history else None
            self._report()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._throttle.is_due() or self._done == self._each * self._epochs:
                self._report()

    def end_epoch(self, loss: float | None) -> None:
        """Report the loss of an epoch."""
        with self._lock:
            self._loss = loss
            self._report()

    def _report(self) -> None:
        total = self._each * self._epochs
        epoch = min(self._epochs, self._done // max(1, self._each) + 1)
        self._on_progress(Progress("training", self._done, total, epoch, self._epochs, "tokens", self._loss))
