"""Training on a cluster, in rounds: to the training loop, a model whose stretches of text are rounds.

In a round each replica of the model trains on a part of the text from the same weights, in a task of its own, and
their changes are combined (`combining.py`). A single replica is the engine itself, which goes on where the last
task stopped: with one worker it gives what it gives on one machine, to the byte.

Weights lie in the work folder, in blocks of rows, and so do changes; this machine holds none. The names of the
last whole round's weights are all that a checkpoint needs.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import InputError, WvcliError
from wvcli.reporting import OnProgress, Progress, ignore_note
from wvcli.system.locks import temporary_folder
from wvcli.text.settings import TextSettings
from wvcli.tokens.encoded_corpus import EncodedCorpus, StoredShard, Stretch
from wvcli.tokens.shards import IdArray, read_ids
from wvcli.training import engines
from wvcli.training.clusters import Executors, Values
from wvcli.training.combining import combine
from wvcli.training.engines import Engine, FloatArray, OnTokens, Trained, Trainer
from wvcli.training.loop import Run, learning_rate
from wvcli.training.loss import LossSample, Predictor
from wvcli.training.preparation import Prepared
from wvcli.training.reading import ReadingRecord
from wvcli.training.saving import save_model
from wvcli.training.settings import TrainSettings
from wvcli.training.work_folder import WorkFolder

_STRETCHES_IN_A_ROUND = 16  # of a replica's text at least, so that all have about the same
_LONGEST_STRETCH = 2_000_000  # tokens of one of several replicas that are trained in one call
_SHARDS_AT_ONCE = 16  # that a task divides

Weights = Mapping[str, Sequence[str]]  # the files of the blocks of each array, in order


class StoredCorpus(EncodedCorpus):
    """A corpus in the work folder of a cluster, from which tasks read.

    Where the folder is at an address, shards are copied into a folder of this machine when they are needed.
    """

    work: WorkFolder
    copies: Path

    @classmethod
    def open(cls, work: WorkFolder, name: str, copies: Path) -> "StoredCorpus":
        """Open the corpus that `write_corpus` wrote.

        Args:
            work: the work folder.
            name: of the file there.
            copies: a folder of this machine for copies of shards.
        """
        values = json.loads(work.read(name))
        stored = tuple(StoredShard(**shard) for shard in values.pop("stored"))
        counts, frequencies = (np.array(values.pop(each), dtype=np.int64) for each in ("counts", "frequencies"))
        shards = [Path(shard.name) for shard in stored]
        corpus = cls(**values, shards=shards, stored=stored, counts=counts, frequencies=frequencies)
        object.__setattr__(corpus, "work", work)
        object.__setattr__(corpus, "copies", copies)
        return corpus

    def ids(self, shard: int, start: int = 0, stop: int | None = None) -> IdArray:
        where = (self.stored or ())[shard]
        path = self.work.path(where.name)
        if path is None:
            path = self.copies / f"{shard}.ids"
            if not path.exists():
                for other in self.copies.glob("*.ids"):
                    other.unlink()
                self.work.fetch(where.name, path)
        ids = read_ids(path, start, (where.ids if stop is None else stop) - start)
        if len(ids) != (where.ids if stop is None else stop) - start:
            raise WvcliError(f"{where.name} in the work folder {self.work} is cut off")
        return ids


def write_corpus(work: WorkFolder, corpus: EncodedCorpus) -> str:
    """Write what tasks need of a corpus beside its shards, and return the name of the file."""
    values = {
        "words": corpus.words,
        "counts": corpus.counts.tolist(),
        "frequencies": corpus.frequencies.tolist(),
        "texts": corpus.texts,
        "tokens_read": corpus.tokens_read,
        "tokens_kept": corpus.tokens_kept,
        "tokens_joined": corpus.tokens_joined,
        "stored": [asdict(shard) for shard in corpus.stored or ()],
    }
    return work.write("text/corpus", json.dumps(values).encode())


@contextmanager
def _opened(work: WorkFolder, values: Values) -> Iterator[tuple[StoredCorpus, TrainSettings, Trainer]]:
    """Open the corpus of a task, and start its engine."""
    with temporary_folder() as copies:
        corpus = StoredCorpus.open(work, values["corpus"], copies)
        settings = TrainSettings(**values["settings"])
        engine = engines.engine_called(values["engine"])
        if engine is None:
            raise WvcliError("no engine was named")
        yield corpus, settings, engine.start(corpus, settings, lambda tokens: None, ignore_note)


def _blocks(array: FloatArray, count: int) -> list[FloatArray]:
    """Return the rows of an array in so many blocks."""
    bounds = [len(array) * block // count for block in range(count + 1)]
    return [array[start:stop] for start, stop in pairwise(bounds)]


def _write(work: WorkFolder, name: str, rows: FloatArray) -> str:
    """Write float32 [rows, dim] and return the name of the file."""
    return work.write(name, np.ascontiguousarray(rows, dtype="<f4").data.cast("B") if rows.size else b"")


def _read(work: WorkFolder, name: str, dim: int) -> FloatArray:
    """Return float32 [rows, dim], what `_write` wrote."""
    return np.frombuffer(work.read(name), dtype="<f4").reshape(-1, dim)


def _load(work: WorkFolder, weights: Weights, trainer: Trainer) -> None:
    """Give a model the weights that are in the work folder.

    Raises:
        WvcliError: they are not those of such a model.
    """
    for name, array in trainer.tensors.items():
        row = 0
        for block in weights[name]:
            rows = _read(work, block, array.shape[1])
            array[row : row + len(rows)] = rows
            row += len(rows)
        if row != len(array):
            raise WvcliError(f"the weights in the work folder {work} are not complete")


def _store(work: WorkFolder, arrays: Mapping[str, FloatArray], blocks: int, name: str) -> dict[str, list[str]]:
    """Write arrays in blocks of rows, and return the names of the files."""
    return {each: [_write(work, name, rows) for rows in _blocks(array, blocks)] for each, array in arrays.items()}


def divide_shards(work: WorkFolder, values: Values) -> Values:
    """Divide some shards into stretches of whole texts: a task.

    Args:
        work: the work folder.
        values: `corpus`, the file that describes it; `shards`, their numbers; `least`, tokens of a stretch.

    Returns:
        The `stretches`: shard, first id, id after the last, and tokens of each.
    """
    with temporary_folder() as copies:
        corpus = StoredCorpus.open(work, values["corpus"], copies)
        stretches = corpus.stretches(values["least"], values["shards"])
    return {"stretches": [[each.shard, each.start, each.stop, each.tokens] for each in stretches]}


def begin(work: WorkFolder, values: Values) -> Values:
    """Write the weights that a model begins with, and the sample that its loss is measured on: a task.

    Args:
        work: the work folder.
        values: `corpus`, `settings`, `engine`; `blocks`, in how many blocks arrays are written.

    Returns:
        The `weights`, the `random_state`, the `sample`, and the `expected` tokens of an epoch with their
        deviation.
    """
    with _opened(work, values) as (corpus, settings, trainer):
        sample = LossSample.of(corpus, settings)
        lengths = np.array([len(context) for context in sample.contexts], dtype=np.int64)
        file = io.BytesIO()
        np.savez(
            file,
            contexts=np.concatenate([np.zeros(0, dtype=np.uint32), *sample.contexts]),
            lengths=lengths,
            targets=sample.targets,
            noise=sample.noise,
        )
        return {
            "weights": _store(work, trainer.tensors, values["blocks"], "weights/0"),
            "random_state": trainer.random_state(),
            "sample": work.write("text/sample", file.getbuffer()),
            "expected": list(trainer.expected_sample()),
        }


def train_replica(work: WorkFolder, values: Values) -> Values:
    """Train a replica in a round: a task.

    Args:
        work: the work folder.
        values: `corpus`, `settings`, `engine`, `weights`, `random_state`; `stretches` and, for each, the `alphas`
            between which the learning rate falls; `blocks`, in how many blocks arrays are written; `is_alone`,
            whether there are no other replicas.

    Returns:
        The `tokens`, and of these those `sampled`; and the `weights` with the `random_state` where the replica is
        alone, or else the `changes`.
    """
    with _opened(work, values) as (_, _, trainer):
        _load(work, values["weights"], trainer)
        trainer.set_random_state(values["random_state"])
        before = {} if values["is_alone"] else {name: array.copy() for name, array in trainer.tensors.items()}
        tokens = sampled = 0
        for stretch, (alpha, min_alpha) in zip(values["stretches"], values["alphas"], strict=True):
            done = trainer.train(Stretch(*stretch), alpha, min_alpha)
            tokens, sampled = tokens + done.tokens, sampled + done.sampled
        trained: dict[str, Any] = {"tokens": tokens, "sampled": sampled}
        if values["is_alone"]:
            stored = _store(work, trainer.tensors, values["blocks"], "weights/part")
            return trained | {"weights": stored, "random_state": trainer.random_state()}
        for name, array in trainer.tensors.items():
            np.subtract(array, before[name], out=before[name])
        return trained | {"changes": _store(work, before, values["blocks"], "changes/part")}


def combine_blocks(work: WorkFolder, values: Values) -> Values:
    """Combine the changes of all replicas in one block of rows of each array: a task.

    Args:
        work: the work folder.
        values: `dim`; for each array in `weights`, the file of the block, and in `changes`, its files.

    Returns:
        The `weights`: for each array the file of the block.
    """
    dim, combined = values["dim"], {}
    for name, block in values["weights"].items():
        changes = (_read(work, change, dim) for change in values["changes"][name])
        combined[name] = _write(work, "weights/part", combine(_read(work, block, dim), changes))
    return {"weights": combined}


def measure(work: WorkFolder, values: Values) -> Values:
    """Measure the loss of weights: a task.

    Args:
        work: the work folder.
        values: `corpus`, `settings`, `engine`, `weights`, `sample`.

    Returns:
        The `loss`; None where there is nothing to measure it on.
    """
    with np.load(io.BytesIO(work.read(values["sample"]))) as file:
        contexts = np.split(file["contexts"], np.cumsum(file["lengths"])[:-1])
        sample = LossSample(contexts, file["targets"], file["noise"])
    if not sample:
        return {"loss": None}
    with _opened(work, values) as (_, _, trainer):
        _load(work, values["weights"], trainer)
        return {"loss": sample.loss(trainer) if isinstance(trainer, Predictor) else None}


def save(work: WorkFolder, values: Values) -> Values:
    """Write the model file into the work folder: a task.

    Args:
        work: the work folder.
        values: `corpus`, `settings`, `engine`, `weights`; `text`, `reading`, `phrases`, `history`, `early_stop`
            and `about`, what the manifest says.

    Returns:
        The file of the `model`.
    """
    with _opened(work, values) as (corpus, settings, trainer), temporary_folder() as folder:
        _load(work, values["weights"], trainer)
        run = Run(corpus, settings, trainer, values["engine"], early_stop=values["early_stop"])
        run.history = values["history"]
        phrases = values["phrases"]
        prepared = Prepared(corpus, settings, ReadingRecord(**values["reading"]), phrases)
        path = folder / "apart" / "model.safetensors"  # the folder itself is locked
        path.parent.mkdir()
        save_model(path, run, prepared, TextSettings.from_json(values["text"]), values["about"], overwrite=False)
        return {"model": work.write_file("model/model", path)}


@dataclass
class DistributedTrainer:
    """A model in training on a cluster, whose stretches are rounds; `Trainer` says what its methods do.

    Attributes:
        executors: of the cluster.
        work: its work folder.
        prepared: the text and the settings.
        engine: what trains each replica.
        replicas: how many there are.
        rounds: in each epoch.
        on_tokens: called with the tokens trained on, after each round.
        state: of the last whole round: its number, its weights, and what the next one needs; empty before the
            first.
    """

    executors: Executors
    work: WorkFolder
    prepared: Prepared
    engine: Engine
    replicas: int
    rounds: int
    on_tokens: OnTokens
    state: dict[str, Any] = field(default_factory=dict)
    _unused: list[str] = field(default_factory=list)

    @property
    def tensors(self) -> Mapping[str, FloatArray]:
        return {}  # they are in the work folder

    @property
    def kept_tensors(self) -> Mapping[str, FloatArray]:
        return {}

    @property
    def settings(self) -> TrainSettings:
        return self.prepared.settings

    @cached_property
    def _common(self) -> dict[str, Any]:
        """What tasks that start the engine are given."""
        name = write_corpus(self.work, self.prepared.encoded)
        return {"corpus": name, "settings": self.settings.to_json(), "engine": self.engine.name}

    def prepare(self, on_progress: OnProgress) -> None:
        """Do nothing: what the first round needs is made before it, if the run is not continued."""

    @cached_property
    def _plan(self) -> list[list[list[Stretch]]]:
        """For each round of an epoch, what each replica trains on."""
        tokens, parts = self.prepared.encoded.tokens_kept, self.replicas * self.rounds
        least = self.engine.stretch
        if self.replicas > 1:
            least = max(1, min(_LONGEST_STRETCH, tokens // (parts * _STRETCHES_IN_A_ROUND)))
        shards = range(len(self.prepared.encoded.stored or ()))
        arguments = [
            {
                "corpus": self._common["corpus"],
                "least": least,
                "shards": list(shards[first : first + _SHARDS_AT_ONCE]),
            }
            for first in range(0, len(shards), _SHARDS_AT_ONCE)
        ]
        plan: list[list[list[Stretch]]] = [[[] for _ in range(self.replicas)] for _ in range(self.rounds)]
        done = 0
        for divided in self.executors.run(divide_shards, self.work, arguments):
            for each in divided["stretches"]:
                stretch = Stretch(*each)
                replica, number = divmod(done * parts // tokens, self.rounds)
                plan[number][replica].append(stretch)
                done += stretch.tokens
        if done != tokens:
            raise WvcliError(f"{tokens:,} tokens were numbered, but {done:,} are in the shards")
        return [each for each in plan if any(each)]

    def stretches(self, least: int | None = None) -> Sequence[Stretch]:
        return [
            Stretch(0, number, number + 1, sum(stretch.tokens for stretches in each for stretch in stretches))
            for number, each in enumerate(self._plan)
        ]

    def train(self, stretch: Stretch, alpha: float, min_alpha: float) -> Trained:
        if not self.state:
            self._begin()
        number = self.state["round"]
        arguments = [
            {
                **self._common,
                "weights": self.state["weights"],
                "random_state": self._random_state(number, replica),
                "stretches": [[each.shard, each.start, each.stop, each.tokens] for each in stretches],
                "alphas": self._alphas(number, stretches, alpha, min_alpha),
                "blocks": self.replicas,
                "is_alone": self.replicas == 1,
            }
            for replica, stretches in enumerate(self._plan[stretch.start])
        ]
        trained = self.executors.run(train_replica, self.work, arguments)
        self._check(arguments, trained)
        tokens, sampled = (sum(each[name] for each in trained) for name in ("tokens", "sampled"))
        before = [name for names in self.state["weights"].values() for name in names]
        if self.replicas == 1:
            [alone] = trained
            self.state |= {"weights": alone["weights"], "random_state": alone["random_state"]}
        else:
            changes = [each["changes"] for each in trained]
            self.state["weights"] = self._combined(changes)
            self.work.remove(name for each in changes for names in each.values() for name in names)
        self.state["round"] = number + 1
        # The checkpoint that names these is replaced before the next round begins.
        self.work.remove(self._unused)
        self._unused = before
        self.on_tokens(tokens)
        return Trained(tokens, sampled)

    def _check(self, arguments: Sequence[Values], trained: Sequence[Values]) -> None:
        """Refuse a round in which a replica did not train on all that it was given.

        Raises:
            WvcliError: it did not.
        """
        for replica, (given, done) in enumerate(zip(arguments, trained, strict=True)):
            tokens = sum(stretch[-1] for stretch in given["stretches"])
            if tokens != done["tokens"]:
                raise WvcliError(
                    f"replica {replica + 1} trained on {done['tokens']:,} of {tokens:,} tokens; "
                    "no model was written"
                )

    def _random_state(self, number: int, replica: int) -> Values:
        """Return the state of the random numbers with which a replica begins a round."""
        if self.replicas == 1:
            state: Values = self.state["random_state"]
            return state
        first: int = self.state["random_state"]["draws"]
        return {"draws": first + (number * self.replicas + replica) * self._draws_in_a_round}

    @cached_property
    def _draws_in_a_round(self) -> int:
        """More seeds than a replica uses in a round: one for each ten thousand ids, and some for each stretch."""
        most = max(
            sum((each.stop - each.start) // 5_000 + 4 for each in stretches)
            for number in self._plan
            for stretches in number
        )
        return int(most)

    def _alphas(
        self, number: int, stretches: Sequence[Stretch], alpha: float, min_alpha: float
    ) -> list[tuple[float, float]]:
        """Return between what the learning rate falls in each stretch.

        A single replica takes them in the order of the text, with the learning rates of one machine, to the last
        bit. Of several, each goes from that at the beginning of the round to that at its end.
        """
        ends = np.cumsum([0] + [stretch.tokens for stretch in stretches])
        if self.replicas > 1:
            shares = ends / max(1, ends[-1])
            rates = (alpha - (alpha - min_alpha) * shares).tolist()
        else:
            epoch, place = divmod(number, len(self._plan))
            before = sum(each.tokens for [stretches] in self._plan[:place] for each in stretches)
            starts = (before + ends) / self.prepared.encoded.tokens_kept
            rates = [learning_rate(self.settings, epoch + start) for start in starts]
        return list(pairwise(rates))

    def _begin(self) -> None:
        """Have the weights made that training begins with."""
        [begun] = self.executors.run(begin, self.work, [{**self._common, "blocks": self.replicas}])
        self.state |= {"round": 0, **begun}

    def _combined(self, changes: Sequence[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
        """Have the changes of all replicas combined, and return the new weights."""
        weights: Weights = self.state["weights"]
        arguments = [
            {
                "dim": self.settings.dim,
                "weights": {name: blocks[block] for name, blocks in weights.items()},
                "changes": {name: [each[name][block] for each in changes] for name in weights},
            }
            for block in range(self.replicas)
        ]
        combined = self.executors.run(combine_blocks, self.work, arguments)
        return {name: [each["weights"][name] for each in combined] for name in weights}

    def expected_sample(self) -> tuple[float, float]:
        if not self.state:
            self._begin()
        tokens, deviation = self.state["expected"]
        return tokens, deviation

    def loss(self) -> float | None:
        values = {**self._common, "weights": self.state["weights"], "sample": self.state["sample"]}
        [measured] = self.executors.run(measure, self.work, [values])
        loss: float | None = measured["loss"]
        return loss

    def freeze(self, words: IdArray | None) -> None:
        raise WvcliError("vectors cannot be frozen on a cluster")

    def random_state(self) -> dict[str, Any]:
        return self.state

    def set_random_state(self, state: Mapping[str, Any]) -> None:
        self.state = dict(state)
        if not self.state:
            return
        for names in self.state["weights"].values():
            for name in names:
                if self.work.size(name) is None:
                    raise InputError(
                        f"the weights of the run are no longer in the work folder {self.work}",
                        "start over with `overwrite=True`",
                    )

    def vectors(self) -> FloatArray:
        raise WvcliError("the vectors are in the work folder")

    def save(self, run: Run, text: TextSettings, about: Mapping[str, Any], on_progress: OnProgress) -> str:
        """Have the model file written into the work folder, and return its name there."""
        on_progress(Progress("saving"))
        values = {
            **self._common,
            "weights": self.state["weights"],
            "text": text.to_json(),
            "reading": asdict(self.prepared.reading),
            "phrases": self.prepared.phrases,
            "history": run.history,
            "early_stop": run.early_stop,
            "about": about,
        }
        [saved] = self.executors.run(save, self.work, [values])
        name: str = saved["model"]
        return name
