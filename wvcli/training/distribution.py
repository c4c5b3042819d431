"""How training is distributed over a cluster: what was asked for, what works, and what is chosen."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from wvcli.errors import UsageError
from wvcli.text.sources import is_remote, without_password
from wvcli.training.clusters import cluster_at
from wvcli.training.settings import TrainSettings

_LIMITS = {"replicas": (1, 1_024), "rounds": (1, 1_000_000)}

# What a thread trains a second, in tokens times dimensions, with windows of five words: it was 2.2e8 with a
# vocabulary of 400,000 words, more with a smaller one, and less with a larger one.
_SPEED = 2e8
_OF_LINEAR = 0.7  # of the speed of so many threads, guessed
_BYTES_A_SECOND = 1e9  # that a task exchanges with the work folder
_JOB_SECONDS = 5.0  # that the jobs of a round take beside their work
_TIMES_THE_EXCHANGE = 10  # as long as that, at least, is a round
_ROUND_SECONDS = 60.0  # of a round, at most, where the exchange allows it
_ALONE_SECONDS = 600.0  # of a round of a single replica, which only makes a checkpoint
_FEWEST_ROUNDS = 16  # of several replicas; with fewer the vectors are worse
_ROUNDS = 48  # of several replicas, where the exchange allows it


@dataclass(frozen=True)
class Distribution:
    """How training is distributed.

    Attributes:
        cluster: the address of the cluster.
        work: the folder that all its machines reach, and this one too: a path or an address.
        replicas: copies of the model that are trained at the same time.
        rounds: how often their changes are combined in an epoch; None is `auto`.

    Raises:
        UsageError: a number is out of its limits, or it is no address of a cluster.
    """

    cluster: str
    work: str
    replicas: int = 1
    rounds: int | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int) and low <= value <= high):
                raise UsageError(f"`{name}` must be between {low:,} and {high:,}, not {value}")
        cluster_at(self.cluster)

    @classmethod
    def of(
        cls, cluster: str | None, work: str | os.PathLike[str] | None, replicas: int, rounds: int | None
    ) -> "Distribution | None":
        """Return how training is distributed; None where no cluster is named.

        Raises:
            UsageError: one of the others is given without a cluster; or there is no work folder, or a password in
                its address.
        """
        if cluster is None:
            for name, value in {
                "work": work,
                "rounds": rounds,
                "replicas": replicas if replicas != 1 else None,
            }.items():
                if value is not None:
                    raise UsageError(f"`{name}` has no effect without `cluster`")
            return None
        cluster_at(cluster)
        if work is None:
            raise UsageError(
                "`cluster` needs `work`, a folder that all machines of the cluster reach, and this one too",
                "name a path on a shared file system, or an address such as s3://bucket/folder",
            )
        folder = shared_folder(work)
        if without_password(folder) != folder:
            raise UsageError(
                "the address of the work folder holds a password, and it is written into the checkpoint",
                "leave the key to the environment of all machines, such as AWS_SECRET_ACCESS_KEY",
            )
        return cls(cluster, folder, replicas, rounds)

    def require(self, settings: TrainSettings, engine: str | None) -> None:
        """Refuse what does not work on a cluster, or with several replicas.

        Raises:
            UsageError: something in the settings, or the engine, does not.
        """
        if settings.algorithm == "glove":
            raise UsageError("`algorithm=glove` does not work with `cluster`", "train it on one machine")
        if self.replicas == 1:
            return
        others = {
            "algorithm": ("fasttext", settings.algorithm),
            "architecture": ("cbow", settings.architecture),
            "loss": ("hierarchical", settings.loss),
            "engine": ("gensim", engine),
        }
        for name, (refused, value) in others.items():
            if value == refused:
                raise UsageError(
                    f"`{name}={value}` does not work with `replicas={self.replicas}`",
                    "only skip-gram with negative sampling was measured with several; leave out `replicas`",
                )

    def with_learning_rate(
        self, settings: TrainSettings, given: Mapping[str, Any], is_like: bool
    ) -> TrainSettings:
        """Return the settings with the learning rate for so many replicas, unless one was chosen.

        It grows with the sixth root of their number: at that rate 8 and 16 replicas came to the scores of one
        machine. At the usual one they learnt less, and where it grew with the cube root SimLex-999 fell.

        Args:
            settings: what was asked for.
            given: what was given of them, by name.
            is_like: whether the others are those of another model.
        """
        if self.replicas == 1 or is_like or given.get("alpha") is not None:
            return settings
        return replace(settings, alpha=round(min(0.5, settings.alpha * self.replicas ** (1 / 6)), 6))

    def rounds_for(self, settings: TrainSettings, tokens: int, words: int) -> int:
        """Return the rounds of an epoch.

        Those of several replicas are 48 or more, a minute each at most, unless the exchange of a model takes so
        long that a tenth of a round would not be enough for it.

        Args:
            settings: nothing of theirs that matters here is `auto`.
            tokens: of the text that are in the vocabulary.
            words: in the vocabulary.
        """
        if self.rounds is not None:
            return self.rounds
        dim, window = settings.dim or 1, settings.window or 1
        threads = max(1.0, _OF_LINEAR * (settings.workers or 1))
        seconds = tokens * dim * window / 5 / (_SPEED * threads * self.replicas)
        if self.replicas == 1:
            return max(1, ceil(seconds / _ALONE_SECONDS))
        exchanged = round_bytes(words, dim, self.replicas) / self.replicas
        shortest = _TIMES_THE_EXCHANGE * (_JOB_SECONDS + exchanged / _BYTES_A_SECOND)
        wanted = max(_ROUNDS, ceil(seconds / _ROUND_SECONDS))
        return max(_FEWEST_ROUNDS, min(wanted, int(seconds / shortest)))

    def to_json(self, rounds: int) -> dict[str, Any]:
        """Return what the manifest of a model says of it."""
        return {"replicas": self.replicas, "rounds": rounds, "combining": "agreement"}


def shared_folder(work: str | os.PathLike[str]) -> str:
    """Return the work folder by a name that is the same wherever a program runs."""
    folder = os.fspath(work)
    return folder if is_remote(folder) else os.path.abspath(folder)


def round_bytes(words: int, dim: int, replicas: int) -> int:
    """Return the bytes that all replicas exchange through the work folder in a round.

    Each reads the weights and writes its changes; then one task for each block of rows reads the changes of all
    replicas and the weights, and writes the new weights. A single replica reads the weights and writes them.

    Example:
        >>> round_bytes(words=400_000, dim=200, replicas=8) / 1e9
        16.64
    """
    model = 2 * words * dim * 4
    return 2 * model if replicas == 1 else replicas * 3 * model + 2 * model
