"""The training loop: epochs in stretches of text, coverage and loss after each epoch, checkpoints in between."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wvcli.errors import InputError, InterruptedRunError, WvcliError
from wvcli.models import model_file
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import IdArray
from wvcli.training.checkpoints import Checkpoints
from wvcli.training.engines import Trainer
from wvcli.training.settings import TrainSettings

# Standard deviations by which the number of tokens left by subsampling may miss its expectation; chance never goes
# so far (1e-23).
_MOST_DEVIATIONS = 10
# A loss from which on the weights have blown up: guessing costs about 4, or 20 with a large tree.
_DIVERGED = 100.0
_POSITION = ("epoch", "stretch", "tokens", "sampled", "history")  # the attributes of a run in a checkpoint
_PATIENCE = 3  # epochs in which the loss, which is noisy from one to the next, must have fallen
_MIN_FALL = 0.002  # share by which the loss must fall in that time; after a smaller fall, more epochs gain nothing


def learning_rate(settings: TrainSettings, epochs_done: float) -> float:
    """Return the learning rate after this many epochs; it falls linearly from `alpha` to `min_alpha`."""
    share = min(1.0, epochs_done / (settings.epochs or 1))
    return settings.alpha - (settings.alpha - settings.min_alpha) * share


@dataclass
class Run:
    """A model being trained on a corpus.

    Attributes:
        corpus: what is trained on.
        settings: nothing in them is `auto` any more.
        trainer: the engine's model.
        engine: the name of the engine.
        checkpoints: where the run is saved, or None.
        keep: called when a run without checkpoints is stopped; makes the place where it can be saved.
        should_stop: called before each stretch; True saves the run and stops it.
        on_loss: called with the loss after each epoch, or None where there is nothing to measure it on.
        early_stop: stop before the last epoch when the loss hardly falls any more.
        frozen: uint32 [words], words whose vectors are kept as they are, or None.
        freeze_until: epochs after which frozen words are trained, too; None keeps them to the end.
        epoch: epochs completed.
        stretch: stretches completed in the current epoch.
        tokens: tokens trained on in the current epoch.
        sampled: tokens of these left by subsampling.
        history: for each epoch completed, its number, tokens and loss.
    """

    corpus: EncodedCorpus
    settings: TrainSettings
    trainer: Trainer
    engine: str
    checkpoints: Checkpoints | None = None
    keep: Callable[[], Checkpoints] | None = None
    should_stop: Callable[[], bool] = lambda: False
    on_loss: Callable[[float | None], None] = lambda loss: None
    early_stop: bool = False
    frozen: IdArray | None = None
    freeze_until: int | None = None
    epoch: int = 0
    stretch: int = 0
    tokens: int = 0
    sampled: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs are asked for."""
        return self.settings.epochs or 1

    def train(self) -> None:
        """Train to the end.

        Raises:
            InterruptedRunError: `should_stop` returned True.
            WvcliError: the engine failed, or did not train on the whole text.
        """
        stretches = self.trainer.stretches()
        starts = np.cumsum([0] + [stretch.tokens for stretch in stretches]) / self.corpus.tokens_kept
        while self.epoch < self.epochs and not self._has_converged():
            if self.frozen is not None:
                is_thawed = self.freeze_until is not None and self.epoch >= self.freeze_until
                self.trainer.freeze(None if is_thawed else self.frozen)
            for number in range(self.stretch, len(stretches)):
                self._save_or_stop()
                first, last = (
                    learning_rate(self.settings, self.epoch + part)
                    for part in (starts[number], starts[number + 1])
                )
                done = self.trainer.train(stretches[number], first, last)
                self.tokens += done.tokens
                self.sampled += done.sampled
                self.stretch = number + 1
            self._end_epoch()

    def _save_or_stop(self) -> None:
        """Between two stretches, save the run when it is time, or save it and stop.

        Raises:
            InterruptedRunError: it was stopped.
        """
        if self.should_stop():
            if self.checkpoints is None and self.keep is not None:
                self.checkpoints = self.keep()
            if self.checkpoints is None:
                raise InterruptedRunError("interrupted", "nothing was saved")
            self._save(self.checkpoints)
            raise InterruptedRunError(
                f"interrupted in epoch {self.epoch + 1} of {self.epochs}; progress saved",
                "continue with `resume=True`",
                self.checkpoints.folder,
            )
        if self.checkpoints is not None and self.checkpoints.are_due():
            self._save(self.checkpoints)

    def _save(self, checkpoints: Checkpoints) -> None:
        position = {name: getattr(self, name) for name in _POSITION}
        checkpoints.save(
            self.trainer.tensors,
            position | {"engine": self.engine, "random_state": self.trainer.random_state()},
        )

    def restore(self) -> None:
        """Continue from where the run was last saved, if it was.

        Raises:
            InputError: what was saved is damaged or belongs to a run of other settings.
        """
        saved = self.checkpoints.latest() if self.checkpoints else None
        if saved is None:
            return
        with model_file.reading_manifest(saved.path):
            state = saved.manifest["state"]
            engine = state.get("engine", "gensim")
            if engine != self.engine:
                raise InputError(
                    f"{saved.path} belongs to a run of the engine {engine}", f"continue with `engine={engine}`"
                )
            for name, array in self.trainer.tensors.items():
                if name not in saved.tensors or saved.tensors[name].shape != array.shape:
                    raise InputError(f"{saved.path} belongs to another run", "start over with `overwrite=True`")
                array[:] = saved.tensors[name]
            self.trainer.set_random_state(state["random_state"])
            for name in _POSITION:
                setattr(self, name, state[name])

    def _end_epoch(self) -> None:
        """Check that the epoch trained on the whole text, and record its tokens and loss.

        Raises:
            WvcliError: it did not, or training diverged.
        """
        expected, deviation = self.trainer.expected_sample()
        kept = self.corpus.tokens_kept
        if self.tokens != kept or abs(self.sampled - expected) > _MOST_DEVIATIONS * deviation + 1:
            raise WvcliError(
                f"epoch {self.epoch + 1} did not train on the whole text: it took {self.tokens:,} of {kept:,} "
                f"tokens, and trained on {self.sampled:,} instead of {expected:,.0f}; no model was written"
            )
        loss = self.trainer.loss()
        loss = None if loss is None else round(loss, 6)
        if loss is not None and not loss < _DIVERGED:
            raise WvcliError(f"training diverged in epoch {self.epoch + 1}: the loss is {loss}", "lower `alpha`")
        self.epoch += 1
        self.history.append({"epoch": self.epoch, "tokens_trained": self.tokens, "loss": loss})
        self.stretch = self.tokens = self.sampled = 0
        self.on_loss(loss)

    def _has_converged(self) -> bool:
        """Return whether the loss has hardly fallen below its lowest for several epochs."""
        losses = [epoch["loss"] for epoch in self.history]
        if not self.early_stop or len(losses) <= _PATIENCE or None in losses:
            return False
        lowest = min(losses[:-_PATIENCE])
        return bool(min(losses[-_PATIENCE:]) > lowest * (1 - _MIN_FALL))
