"""What tests share: the program run as its users run it, and models trained once a session."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wvcli
from tests.forking import Forking, can_fork

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from wvcli.vectors.word_vectors import Vectors

CLONE = Path(__file__).parents[1]

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a job in the background has it, and hands on
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """stdout as TSV."""
        return [line.split("\t") for line in self.out.splitlines()]


Run = Callable[..., Result]


def clean_environment() -> dict[str, str]:
    """The environment without what would change the program's output."""
    dropped = ("WVCLI_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests first that share a session of Spark.

    A worker then keeps them all, since others take from the end of its list, and at the end nobody waits for them.
    """
    items.sort(key=lambda item: item.path.name != "test_spark.py")


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking | None]:
    """A process to fork the program from, on Linux."""
    if sys.platform != "linux":
        yield None
        return
    with tempfile.TemporaryDirectory() as folder, Forking(Path(folder), clean_environment()) as process:
        yield process


@pytest.fixture
def run(tmp_path: Path, forking: Forking | None) -> Run:
    """Run wvcli in an empty folder of its own, with text or bytes on stdin."""

    def run(*arguments: object, stdin: str | bytes = "", env: dict[str, str] | None = None) -> Result:
        words = list(map(str, arguments))
        given = stdin.encode() if isinstance(stdin, str) else stdin
        environment = clean_environment() | (env or {})
        if forking and can_fork(environment, forking.environment):
            code, out, err = forking.run(words, tmp_path, environment, given)
        else:
            command = [sys.executable, "-m", "wvcli", *words]
            done = subprocess.run(
                command, cwd=tmp_path, input=given, capture_output=True, env=environment, timeout=240
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        result = Result(code, out.decode("utf-8", "surrogateescape"), err.decode())
        assert "Traceback" not in result.err, result.err
        return result

    return run


_MEASURED = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def peak_memory(program: str, *arguments: object) -> int:
    """Bytes in memory at the peak of a program of Python.

    A small program starts it and measures: a process begins with the peak of the one that started it, and that of
    the tests is large.
    """
    pytest.importorskip("resource", reason="this system does not tell a program's peak of memory")
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, program, *map(str, arguments)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


SENTENCES = [
    "The cat chased the mouse across the kitchen floor.",
    "A dog barked at the cat behind the garden fence.",
    "The mouse ate the cheese before the cat came home.",
    "My dog and my cat sleep in the same kitchen basket.",
    "Bread and cheese are eaten in the kitchen every morning.",
    "A horse and a dog ran along the garden fence.",
    "The baker sells bread and cake in the morning.",
    "猫是最爱的动物。",
]


SampleModel = Callable[[str], Path]


@pytest.fixture(scope="session")
def sample_model(tmp_path_factory: pytest.TempPathFactory) -> SampleModel:
    """The model file that `wvcli train CORPUS` makes of a sample corpus, trained once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample_models"
    folder.mkdir(exist_ok=True)

    def model(corpus: str) -> Path:
        import fcntl

        path = folder / Path(corpus).with_suffix(".safetensors").name
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                command = [sys.executable, "-m", "wvcli", "train", corpus, "-q", "-o", path]
                subprocess.run(command, cwd=CLONE, check=True, env=clean_environment(), stdin=subprocess.DEVNULL)
        return path

    return model


@pytest.fixture(scope="session")
def word2vec_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Word2Vec model file, trained on a few sentences said many times."""
    return _trained(tmp_path_factory.mktemp("models") / "word2vec.safetensors", "word2vec")


@pytest.fixture(scope="session")
def fasttext_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small FastText model file of the same sentences."""
    return _trained(tmp_path_factory.mktemp("models") / "fasttext.safetensors", "fasttext")


def _trained(path: Path, algorithm: str) -> Path:
    text = path.with_suffix(".txt")
    text.write_text("\n".join(SENTENCES * 40) + "\n", encoding="utf-8")
    wvcli.train(text, path, algorithm=algorithm, dim=24, epochs=5, min_count=1, workers=1)
    return path


@pytest.fixture(scope="session")
def sentences() -> list[list[str]]:
    """Sentences of 300 words drawn at random, the first ones often."""
    import numpy as np

    rng = np.random.default_rng(11)
    weights = 1 / np.arange(1, 301)
    words = np.array([f"w{n}" for n in range(300)])
    drawn = rng.choice(words, size=(600, 12), p=weights / weights.sum())
    return [row.tolist() for row in drawn]


@pytest.fixture(scope="session")
def word2vec(sentences: list[list[str]]) -> "tuple[Vectors, KeyedVectors]":
    """A Word2Vec model, and the same as Gensim has it."""
    from gensim.models import Word2Vec

    from tests.against_gensim import vectors_of

    model = Word2Vec(sentences, vector_size=40, min_count=1, epochs=5, sg=1, workers=1, seed=1)
    return vectors_of(model.wv.vectors, model.wv.index_to_key), model.wv


@pytest.fixture(scope="session")
def fasttext(sentences: list[list[str]]) -> "tuple[Vectors, KeyedVectors]":
    """A FastText model, and the same as Gensim has it."""
    from gensim.models import FastText

    from tests.against_gensim import vectors_of
    from wvcli.vectors.subwords import Subwords

    model = FastText(sentences, vector_size=40, min_count=1, epochs=5, sg=1, workers=1, seed=1, bucket=500)
    subwords = Subwords(model.wv.vectors_ngrams, model.wv.min_n, model.wv.max_n)
    return vectors_of(model.wv.vectors, model.wv.index_to_key, subwords=subwords), model.wv
