"""Training runs for the tests of engines."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.tokens.corpora import number_texts
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training import engines
from wvcli.training.loop import Run
from wvcli.training.settings import TrainSettings

TIME_LIMIT = 60  # seconds; each of these runs takes less than two
BASE = TrainSettings(
    algorithm="word2vec", architecture="skipgram", dim=16, window=4, epochs=3, min_count=1, workers=1, sample=0.01
)
SUBWORDS = replace(BASE, algorithm="fasttext", min_n=2, max_n=4, buckets=300)


def silent(tokens: int) -> None:
    pass


def make_texts(texts: int = 400, words: int = 120, length: int = 12, seed: int = 0) -> list[list[str]]:
    """Texts in which word n stands near the words n - 1 and n + 1, of Zipf's frequencies."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, words + 1)
    starts = rng.choice(words, size=texts, p=weights / weights.sum())
    steps = rng.integers(-1, 2, size=(texts, length)).cumsum(axis=1)
    return [[f"w{(start + step) % words}" for step in row] for start, row in zip(starts, steps, strict=True)]


def encode(texts: list[list[str]], folder: Path, **limits: int) -> EncodedCorpus:
    return number_texts(texts, folder, **limits).trimmed(1)


@dataclass
class Trained:
    """What came of a run: its arrays, the words' vectors among them, and the tokens of each epoch."""

    tensors: dict[str, npt.NDArray[np.float32]]
    tokens_trained: list[int]


def train(
    corpus: EncodedCorpus, settings: TrainSettings, engine: str, on_tokens: Callable[[int], None] = silent
) -> Trained:
    """Train, and fail rather than wait for ever."""
    outcome: dict[str, Any] = {}

    def work() -> None:
        try:
            done: list[int] = []
            trainer = engines.registry.get(engine).start(
                corpus, settings, lambda count: (done.append(count), on_tokens(sum(done)))[0], lambda note: None
            )
            run = Run(corpus, settings, trainer, engine)
            run.train()
            tensors = {**trainer.tensors, "vectors": trainer.vectors()}
            outcome["trained"] = Trained(tensors, [epoch["tokens_trained"] for epoch in run.history])
        except BaseException as error:
            outcome["error"] = error

    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(TIME_LIMIT)
    assert not thread.is_alive(), "the run hangs"
    if "error" in outcome:
        raise outcome["error"]
    trained: Trained = outcome["trained"]
    return trained
