"""The fast engine against the same training written plainly, and against Gensim."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wvcli
from tests.conftest import CLONE, Run
from tests.training.engines.runs import BASE, SUBWORDS, encode, make_texts, start_fast, train
from wvcli.errors import InputError, MissingPackageError, UsageError
from wvcli.system.parallel import processors
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import TEXT_END
from wvcli.training import engines
from wvcli.training.engines import _random
from wvcli.training.engines._tuning import Tuning
from wvcli.training.engines.gensim import GensimTrainer
from wvcli.training.loop import Run as TrainingRun
from wvcli.training.settings import TrainSettings

Floats = npt.NDArray[np.float64]

_WHOLE = 2**64


class Random:
    """The engine's random numbers: Knuth's MMIX from a seed mixed as SplitMix does."""

    def __init__(self, seed: int) -> None:
        mixed = (seed + 1) * 0x9E3779B97F4A7C15 % _WHOLE
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % _WHOLE
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % _WHOLE
        self.state = mixed ^ (mixed >> 31)

    def next(self) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % _WHOLE
        return self.state


@dataclass
class Plain:
    """Training as the engine does it, one window after another, in plain NumPy and float64."""

    corpus: EncodedCorpus
    settings: TrainSettings
    model: Any
    tensors: dict[str, Floats]
    output: Floats
    copies: Floats
    seeds: int = 2  # the engine begins with the third
    noise: list[int] = field(default_factory=list)
    pool: list[int] = field(default_factory=list)  # words of which rows are copied
    queue: list[tuple[int, int]] = field(default_factory=list)  # the next words of the pool, each with its slot
    queue_random: Random = field(default_factory=lambda: Random(0))  # by which they are drawn

    @classmethod
    def of(cls, corpus: EncodedCorpus, settings: TrainSettings) -> "Plain":
        trainer = GensimTrainer(corpus, settings, lambda count: None, lambda note: None)
        tensors = {name: array.astype(np.float64) for name, array in trainer.tensors.items()}
        output = tensors["output.hierarchical" if settings.loss == "hierarchical" else "output.negative"]
        plain = cls(corpus, settings, trainer.model, tensors, output, output[:0])
        if settings.loss == "negative":
            shares = np.diff(trainer.model.cum_table.astype(np.float64), prepend=0.0)
            plain.noise = _random.alias_table(shares).tolist()
        return plain

    def seeded(self) -> Random:
        self.seeds += 1
        return Random(self.settings.seed << 31 | self.seeds)

    def train(self) -> dict[str, Floats]:
        epochs, tokens = self.settings.epochs or 1, self.corpus.tokens_kept
        ids = self.corpus.ids(0)
        fall = (self.settings.alpha - self.settings.min_alpha) / epochs
        for epoch in range(epochs):
            text = self.subsampled(ids, self.seeded())
            random = self.seeded()
            slots = self.pool_size()
            self.queue_random, self.queue = Random(random.state), []
            self.pool = [self.draw_word(self.queue_random) for _ in range(slots)]
            self.copies = self.output[self.pool]
            self.output = np.concatenate([self.output, self.copies])
            done = 0
            for place, word in enumerate(text):
                if word != TEXT_END:
                    done += 1
                    if self.settings.architecture == "cbow":
                        is_time = done % 4 == 0
                    else:
                        is_time = self.settings.algorithm == "word2vec"  # with subwords it is for each pair
                    if is_time:
                        self.replace_words()
                    context = self.context(text, place, random.next())
                    alpha = self.settings.alpha - fall * (epoch + place / len(text))
                    self.window(word, context, random, alpha)
            for slot in range(slots):
                self.write_back(slot)
            self.output = self.output[: len(self.output) - slots]
        assert tokens
        return {name: self.output if "output" in name else array for name, array in self.tensors.items()}

    def subsampled(self, ids: npt.NDArray[np.uint32], random: Random) -> list[int]:
        keep = self.model.wv.expandos["sample_int"].tolist()
        return [word for word in ids.tolist() if word == TEXT_END or random.next() >> 32 <= keep[word]]

    def context(self, text: list[int], place: int, number: int) -> list[int]:
        window = self.settings.window or 1
        reach = window if self.settings.fixed_window else ((number >> 32) * window >> 32) + 1
        found = []
        for step in (-1, 1):
            for other in range(place + step, place + step * (reach + 1), step):
                if not 0 <= other < len(text) or text[other] == TEXT_END:
                    break
                found.append(text[other])
        return found

    def draw_word(self, random: Random) -> int:
        """Return a noise word by the alias table."""
        number = random.next()
        column = (number >> 32) * (len(self.noise) // 2) >> 32
        return self.noise[2 * column + 1] if number % 2**32 > self.noise[2 * column] else column

    def pool_size(self) -> int:
        """Return the number of words in the pool: of copies, up to four of one word on average."""
        if not self.noise:
            return 0
        shares = np.diff(self.model.cum_table.astype(np.float64), prepend=0.0)
        row = -(-(self.settings.dim or 0) // 16) * 64
        if self.settings.algorithm == "fasttext":
            return 7 * 2**16 // row
        return min(2**18 // row, int(4 * shares.sum() / shares.max()))

    def noise_row(self, slot: int) -> int:
        """Return the row of the copy, or with subwords that of the word itself."""
        copy = len(self.output) - len(self.pool) + slot
        return copy if self.settings.algorithm == "word2vec" else self.pool[slot]

    def write_back(self, slot: int) -> None:
        """Add to a row what its copy, which stands behind all rows, has changed by."""
        copy = len(self.output) - len(self.pool) + slot
        self.output[self.pool[slot]] += self.output[copy] - self.copies[slot]

    def replace_words(self) -> None:
        uses = 3 if self.settings.algorithm == "fasttext" and self.settings.architecture == "skipgram" else 5
        for _ in range(0, self.settings.negative if self.noise else 0, uses):
            if not self.queue:
                random = self.queue_random
                self.queue = [(self.draw_word(random), self.slot(random)) for _ in range(64)]
            word, slot = self.queue.pop(0)
            self.write_back(slot)
            self.pool[slot] = word
            self.copies[slot] = self.output[len(self.output) - len(self.pool) + slot] = self.output[word]

    def slot(self, random: Random) -> int:
        return (random.next() >> 32) * len(self.pool) >> 32

    def targets(self, word: int, random: Random) -> list[tuple[int, float, float]]:
        """Return rows of the output layer, no two the same, with their labels and how often each counts."""
        if not self.noise:
            expandos = self.model.wv.expandos
            path = zip(expandos["point"][word].tolist(), expandos["code"][word].tolist(), strict=True)
            return [(node, 1.0 - code, 1.0) for node, code in path]
        drawn = [self.slot(random) for _ in range(self.settings.negative)]
        noise = Counter(self.noise_row(slot) for slot in drawn if self.pool[slot] != word)
        return [(word, 1.0, 1.0), *((row, 0.0, float(share)) for row, share in noise.items())]

    def window(self, word: int, context: list[int], random: Random, alpha: float) -> None:
        if self.settings.algorithm == "fasttext" and self.settings.architecture == "skipgram":
            for other in context:
                self.replace_words()
                self.predict([[word]], self.targets(other, random), alpha, 6)
        elif self.settings.architecture == "skipgram":
            for start in range(0, len(context), 4):
                inputs = [[other] for other in context[start : start + 4]]
                self.predict(inputs, self.targets(word, random), alpha, 6)
        elif context:
            self.predict([context], self.targets(word, random), alpha, 10**6)

    def predict(
        self, inputs: list[list[int]], targets: list[tuple[int, float, float]], alpha: float, most: int
    ) -> None:
        """Several inputs, each the mean of the vectors of some words, predict the same targets, `most` at once.

        Two inputs at a time are changed by what the targets were before, and change these.
        """
        output = self.output
        for start in range(0, len(targets), most):
            rows, labels, shares = map(np.array, zip(*targets[start : start + most], strict=True))
            logits = [output[rows] @ self.mean(group) for group in inputs]
            errors = [alpha * shares * (labels - 1 / (1 + np.exp(-each))) for each in logits]
            for two in (slice(first, first + 2) for first in range(0, len(inputs), 2)):
                before, vectors = output[rows], [self.mean(group) for group in inputs[two]]
                for group, error, vector in zip(inputs[two], errors[two], vectors, strict=True):
                    output[rows] += np.outer(error, vector)
                    for table, pieces in self.pieces(group):
                        np.add.at(table, pieces, error @ before)

    def pieces(self, words: list[int]) -> Iterator[tuple[Floats, list[int]]]:
        """Yield the tables, and in each the rows, that the vectors of words are made of."""
        if self.settings.algorithm == "word2vec":
            yield self.tensors["vectors"], words
            return
        yield self.tensors["input.words"], words
        buckets = self.model.wv.buckets_word
        yield self.tensors["subwords.vectors"], [row for word in words for row in buckets[word].tolist()]

    def mean(self, words: list[int]) -> Floats:
        parts = [(table[rows].sum(axis=0), len(rows)) for table, rows in self.pieces(words)]
        count = sum(number for _, number in parts)
        if self.settings.algorithm == "fasttext" and self.settings.architecture == "skipgram":
            count = max(1, count - 1)  # as Gensim divides there
        return np.array(sum(total for total, _ in parts) / count)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    return encode(make_texts(60), tmp_path_factory.mktemp("corpus"))


# Every setting that bears on training, each away from its usual value.
VARIANTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "dim": {"dim": 9},
    "a long dim": {"dim": 51},
    "window": {"window": 1},
    "fixed_window": {"fixed_window": True},
    "one noise word": {"negative": 1},
    "many noise words": {"negative": 13},
    "noise_exponent": {"noise_exponent": -0.5},
    "sample": {"sample": 0.0},
    "alpha": {"alpha": 0.05},
    "seed": {"seed": 2**32 - 1},
    "loss": {"loss": "hierarchical"},
    "loss and window": {"loss": "hierarchical", "window": 9},
}


@pytest.mark.slow
@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("base", [BASE, SUBWORDS], ids=["word2vec", "fasttext"])
def test_each_setting_trains_as_written_plainly(
    corpus: EncodedCorpus, base: TrainSettings, architecture: Any, change: dict[str, Any]
) -> None:
    check_trains_as_written_plainly(corpus, replace(base, architecture=architecture, epochs=2, **change))


# Replicas of seven words for any number of workers, however frequent these words are.
REPLICAS = Tuning(
    cbow_replicas=7,
    subword_skipgram_replicas=7,
    min_replica_workers=1,
    max_replica_share=1.0,
    min_replica_share=0.0,
)


@pytest.mark.parametrize("windows", [5, 10**6])
@pytest.mark.parametrize("settings", [replace(BASE, architecture="cbow"), SUBWORDS], ids=["cbow", "fasttext"])
def test_replicas_of_rows_learn_what_the_rows_would(
    corpus: EncodedCorpus, settings: TrainSettings, windows: int
) -> None:
    """One worker may synchronize its replicas at any time: no other changes the shared rows."""
    tuning = replace(REPLICAS, cbow_sync_windows=windows, subword_skipgram_sync_windows=windows)
    assert start_fast(corpus, settings, tuning).loop.scratch[0].rows.output_replicas == 7
    check_trains_as_written_plainly(corpus, replace(settings, epochs=2), tuning)


def check_trains_as_written_plainly(
    corpus: EncodedCorpus, settings: TrainSettings, tuning: Tuning | None = None
) -> None:
    ours, plain = train(corpus, settings, "fast", tuning=tuning).tensors, Plain.of(corpus, settings)
    start = {name: array.copy() for name, array in plain.tensors.items()}
    is_composed = settings.algorithm == "fasttext" and settings.architecture == "skipgram"
    for name, array in plain.train().items():
        moved = np.abs(array - start[name]).max()
        assert moved > 0
        # Within a window the engine takes no notice of an n-gram that a word has twice.
        share = 1e-2 if is_composed else 2e-3
        np.testing.assert_allclose(ours[name], array, rtol=0, atol=max(1e-5, share * moved), err_msg=name)


@pytest.mark.parametrize(("architecture", "workers"), [("skipgram", 1), ("cbow", 1), ("cbow", 3)])
def test_frozen_words_keep_their_vectors_and_the_others_learn(
    corpus: EncodedCorpus, architecture: Any, workers: int
) -> None:
    settings = replace(BASE, architecture=architecture, workers=workers)
    trainer = start_fast(corpus, settings, replace(REPLICAS, cbow_replicas=4))
    before = trainer.vectors().copy()
    frozen = np.array([0, 3, 5], dtype=np.uint32)
    TrainingRun(corpus, settings, trainer, "fast", frozen=frozen).train()
    moved = np.abs(trainer.vectors() - before).max(axis=1)
    assert (moved[frozen] == 0).all()
    assert (np.delete(moved, frozen) > 0).all()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60).filter(any))
def test_noise_words_are_drawn_by_their_weights(weights: list[int]) -> None:
    table = _random.alias_table(np.array(weights, dtype=np.float64)).astype(np.float64)
    first, other = (table[::2] + 1) / 2**32, table[1::2].astype(int)
    chances = first / len(weights)
    np.add.at(chances, other, (1 - first) / len(weights))
    np.testing.assert_allclose(chances, np.array(weights) / sum(weights), atol=1e-8)


def test_a_window_is_one_text_wherever_the_work_is_divided(tmp_path: Path) -> None:
    """Tasks end in the middle of texts, and the words on both sides see one another all the same."""
    corpus = encode([[f"w{n % 40}" for n in range(999)]], tmp_path)
    settings = replace(BASE, fixed_window=True, loss="hierarchical", sample=0.0, min_alpha=0.025, epochs=1)
    whole = train(corpus, settings, "fast").tensors["vectors"]
    in_sevens = train(corpus, settings, "fast", tuning=Tuning(task_ids=7)).tensors["vectors"]
    np.testing.assert_allclose(in_sevens, whole, atol=1e-6)


def test_neighbors_agree_with_gensims_as_well_as_those_of_two_seeds_do(tmp_path: Path) -> None:
    text = CLONE / "sample_corpora" / "english.txt"
    how: dict[str, Any] = {"dim": 50, "epochs": 8, "min_count": 3, "workers": 1}
    nearest = {}
    for engine, seed in (("gensim", 1), ("gensim", 2), ("fast", 1)):
        model = wvcli.train(text, tmp_path / f"{engine}{seed}.safetensors", engine=engine, seed=seed, **how)
        asked = model.vocabulary[20:220]
        nearest[engine, seed] = {word: {near for near, _ in model.most_similar(word)} for word in asked}

    def shared(one: Any, other: Any) -> float:
        return float(np.mean([len(nearest[one][word] & nearest[other][word]) for word in nearest[one]]))

    assert shared(("gensim", 1), ("fast", 1)) > 0.9 * shared(("gensim", 1), ("gensim", 2)) > 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (BASE, 3_000_000),
        (replace(BASE, architecture="cbow"), 11_250_000),
        (SUBWORDS, 1_125_000),
        (replace(SUBWORDS, architecture="cbow"), 1_800_000),
    ],
    ids=["skipgram", "cbow", "fasttext", "fasttext-cbow"],
)
def test_auto_takes_it_where_training_is_long(settings: TrainSettings, words: int) -> None:
    settings, notes = replace(settings, dim=100, window=5, epochs=1), list[str]()
    assert engines.default_engine(words + 1, settings, notes.append).name == "fast"
    assert notes == ["training with the fast engine; `engine=gensim` uses Gensim's own loops"]
    assert engines.default_engine(words - 1, settings, notes.append).name == "gensim"
    assert len(notes) == 1
    longer = replace(settings, dim=200, epochs=3)
    assert engines.is_long(words // 6 + 1, longer)
    assert not engines.is_long(words // 6 - 1, longer)
    wider = replace(settings, window=10)
    assert engines.is_long(words * 2 // 3, wider) is (settings.architecture == "skipgram")
    assert engines.engine_called("auto") is None


def test_without_numba_gensims_loops_train_and_one_note_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("one two three four\n" * 50)
    monkeypatch.setattr(engines, "_LONG_SECONDS", 0.0)
    monkeypatch.setitem(sys.modules, "numba", None)
    notes: list[str] = []
    model = wvcli.train(text, tmp_path / "m.safetensors", dim=4, epochs=1, on_note=notes.append)
    assert model.manifest["engine"] == "gensim"
    [note] = [note for note in notes if "Numba" in note]
    assert note.startswith("training with Gensim's own loops, because Numba cannot be imported (")
    assert note.endswith('pip install "numba>=0.61" makes it several times as fast')
    with pytest.raises(MissingPackageError, match="the engine fast needs Numba, which cannot be impor") as caught:
        wvcli.train(text, tmp_path / "n.safetensors", engine="fast")
    assert caught.value.exit_code == 5
    assert caught.value.hint == 'pip install "numba>=0.61"'


def test_its_packages_are_named() -> None:
    assert set(engines.registry.get("fast").versions()) == {"numba", "numpy"}


def test_an_unknown_engine_is_refused_with_all_that_may_be_named() -> None:
    with pytest.raises(UsageError, match="no engine is called 'turbo'") as caught:
        engines.engine_called("turbo")
    assert caught.value.hint == "known: auto, fast, gensim"
    with pytest.raises(UsageError) as caught:
        engines.engine_called("aut")
    assert caught.value.hint == "did you mean auto?"


def test_another_engine_does_not_go_on_with_a_run(tmp_path: Path) -> None:
    text = CLONE / "sample_corpora" / "english.txt"
    model = tmp_path / "model.safetensors"
    how: dict[str, Any] = {"dim": 10, "epochs": 3, "workers": 1}
    asked = Counter[str]()

    def stop_soon() -> bool:
        asked["times"] += 1
        return asked["times"] == 2

    with pytest.raises(wvcli.WvcliError, match="interrupted"):
        wvcli.train(text, model, engine="fast", checkpoint=1, should_stop=stop_soon, **how)
    with pytest.raises(InputError, match="of the engine fast"):
        wvcli.train(text, model, engine="gensim", resume=True, **how)
    resumed = wvcli.train(text, model, engine="fast", resume=True, **how)
    whole = wvcli.train(text, tmp_path / "whole.safetensors", engine="fast", **how)
    np.testing.assert_array_equal(resumed.matrix, whole.matrix)
    assert resumed.manifest["engine"] == "fast"


def test_loops_are_compiled_beside_the_reading_and_cached(tmp_path: Path) -> None:
    """The program is ended as soon as both is seen; to compile all of a method would take much longer."""
    program = (
        "import sys, wvcli\n"
        "stages = lambda progress: print(progress.stage, progress.subject)\n"
        "wvcli.train(*sys.argv[1:], engine='fast', dim=5, epochs=1, on_progress=stages, on_note=print)\n"
    )
    text, cache = tmp_path / "text.txt", tmp_path / "cache"
    text.write_text("one two three four\n" * 50)
    command = [sys.executable, "-u", "-c", program, str(text), str(tmp_path / "model.safetensors")]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    told = "compiling the fast engine, once\n" if processors() > 1 else "compiling the fast engine for this method"
    out = subprocess.PIPE
    with subprocess.Popen(command, cwd=CLONE, env=environment, stdout=out, stderr=out, text=True) as running:
        assert running.stdout
        assert any(told in line for line in running.stdout)
        until = time.monotonic() + 60
        while not list(cache.rglob("*.nbc")) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)  # which ends the other process, too
        running.communicate()
    assert list(cache.rglob("*.nbc"))


UNWRITABLE = """
from numba.core import caching
def refuse(self):
    raise PermissionError(13, "Permission denied")
for name, kind in vars(caching).items():
    if "CacheLocator" in name and name not in ("_CacheLocator", "UserProvidedCacheLocator"):
        kind.ensure_cache_path = refuse
import numpy as np
from wvcli.training.engines import _kernels, _random
ids, keep = np.array([0, 1, 0xFFFFFFFF], dtype=np.uint32), np.full(2, 0xFFFFFFFF, dtype=np.uint32)
print(_random.subsample(ids, keep, 1)[1:], _kernels.skipgram.stats.cache_path)
"""


def test_loops_compile_where_nothing_can_be_cached() -> None:
    """Neither the package's folder nor the user's can be written, as Numba finds by the method refused here.

    Numba would fail when it is asked to cache a function, not when it compiles one: so the kernels need not be
    compiled to see that all is well.
    """
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    command = [sys.executable, "-c", UNWRITABLE]
    done = subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["(2,", "2)", "None"]


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(map(" ".join, make_texts(300))), encoding="utf-8")
    return path


def test_a_user_chooses_it_and_sees_it(run: Run, corpus_file: Path) -> None:
    options = ("--engine", "fast", "--dim", 10, "--epochs", 2, "--workers", 1)
    result = run("train", corpus_file.name, *options)
    assert result.code == 0, result.err
    model = corpus_file.with_suffix(".safetensors").name
    facts = json.loads(run("info", model).out)
    assert facts["engine"] == "fast"
    assert facts["versions"]["numba"]
    assert "--engine fast" in run("info", model, "--command").out
    forecast = json.loads(run("train", corpus_file.name, *options, "--dry-run").out)
    assert forecast["engine"] == "fast"
    assert run("train", corpus_file.name, "--engine", "quick").code == 2
    updated = run("update", model, corpus_file.name, "-o", "updated.safetensors")
    assert updated.code == 0, updated.err
    assert json.loads(run("info", "updated.safetensors").out)["engine"] == "fast"
