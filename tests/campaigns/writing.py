"""The commands that write, and how to tell whether what lies under the name is wholly the old or the new one."""

import os
import shutil
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import monotonic, sleep

import numpy as np

from tests.campaigns.campaign import PATIENCE, Campaign, Fault
from tests.campaigns.system_calls import Call, calls_of

_TRAIN = ("train", "text.txt", "-q", "--force", "-o", "out.safetensors", "--workers", "1", "--min-count", "1")
_QUICK = ("--dim", "16", "--epochs", "2", "--engine", "gensim")
_EXPORT = ("export", "-m", "in.safetensors", "-q", "--force")


@dataclass(frozen=True)
class Writer:
    """A command that writes.

    Attributes:
        arguments: of wvcli; the source of the new one is `in.safetensors`, `in.vec` or `text.txt`.
        output: the name of what it writes.
        read: returns what a reader gets of it, to compare, and fails where nothing whole is there.
        old_arguments: those that made the old one, if others than for the new one with another source.
        resumes: whether the run after a killed one may be told to resume.
        is_slow: whether it loads what takes seconds to load.
        needs: a package without which it is left out.
    """

    arguments: tuple[str, ...]
    output: str
    read: Callable[[Path], Hashable]
    resumes: bool = False
    is_slow: bool = False
    needs: str | None = None


def digest(path: Path) -> Hashable:
    """Return the SHA-256 of a file, or of all files in a folder."""
    whole = sha256()
    for file in _files(path):
        data = file.read_bytes()
        whole.update(f"{file.relative_to(path)} {len(data)}\n".encode())
        whole.update(data)
    return whole.hexdigest()


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def words_and_vectors(path: Path) -> Hashable:
    """Return the SHA-256 of what wvcli reads of a file in another format."""
    from wvcli import formats

    found = formats.read(path)
    rows = np.ascontiguousarray(found.matrix[:])
    return sha256("\n".join(found).encode() + rows.tobytes()).hexdigest()


def fingerprint(path: Path) -> Hashable:
    """Return which vectors an index is of, if its checksums are right; how fast it is differs between runs."""
    from wvcli.models import model_file

    file = model_file.open_tensors(path)
    if model_file.damaged_tensors(file):
        raise ValueError("its checksum is wrong")
    return str(file.manifest["index"]["fingerprint"])


def _export(
    output: str, read: Callable[[Path], Hashable] = digest, needs: str | None = None, *more: str
) -> Writer:
    return Writer((*_EXPORT, *more, output), output, read, needs=needs)


WRITERS = {
    "train": Writer((*_TRAIN, *_QUICK), "out.safetensors", digest),
    "train fasttext": Writer(
        (*_TRAIN, *_QUICK, "--algorithm", "fasttext", "--buckets", "500"), "out.safetensors", digest
    ),
    "train, checkpoints": Writer((*_TRAIN, *_QUICK, "--checkpoint", "0.0005"), "out.safetensors", digest, True),
    "update": Writer(
        ("update", "in.safetensors", "more.txt", "-q", "--force", "-o", "out.safetensors"),
        "out.safetensors",
        digest,
    ),
    "import": Writer(("import", "in.vec", "-q", "--force", "-o", "out.safetensors"), "out.safetensors", digest),
    "index": Writer(
        ("index", "in.safetensors", "-q", "--force"), "in.safetensors.index", fingerprint, needs="faiss"
    ),
    "export word2vec": _export("out.bin"),
    "export text": _export("out.txt"),
    "export npz": _export("out.npz", words_and_vectors),
    "export sqlite": _export("out.sqlite", words_and_vectors),
    "export parquet": _export("out.parquet", words_and_vectors, "pyarrow"),
    "export safetensors": _export("vectors.safetensors", digest, None, "--to", "safetensors"),
    "export gensim": _export("out.kv", words_and_vectors),
    "export gensim, arrays beside": Writer(
        ("export", "-m", "large.safetensors", "-q", "--force", "out.kv"), "out.kv", words_and_vectors
    ),
    "export onnx": _export("out.onnx", digest, "onnx"),
    "export projector": _export("out", digest, None, "--to", "projector"),
    "export spacy": Writer((*_EXPORT, "out.spacy"), "out.spacy", words_and_vectors, is_slow=True, needs="spacy"),
}


def usable() -> list[str]:
    """Return the names of the `WRITERS` whose packages are installed."""
    return [kind for kind, writer in WRITERS.items() if writer.needs is None or find_spec(writer.needs)]


def in_turn(kinds: Sequence[str]) -> list[str]:
    """Return kinds in the order in which they are tried: slow ones are so in each eighth turn."""
    quick = [kind for kind in kinds if kind not in WRITERS or not WRITERS[kind].is_slow]
    return [*quick * 7, *kinds] if quick else list(kinds)


class Stock:
    """The inputs of all commands, the outputs that they find and those that they make.

    Args:
        campaign: whose program makes them.
        kinds: the names of the `WRITERS` that are needed.
    """

    def __init__(self, campaign: Campaign, kinds: Sequence[str]) -> None:
        self._campaign = campaign
        self._folder = campaign.folder / "stock"
        _make_inputs(campaign, self._folder, kinds)
        self._calls: dict[tuple[str, bool], list[Call]] = {}
        self.outcomes = {kind: self._try_out(kind) for kind in kinds}

    def _try_out(self, kind: str) -> "Outcome":
        """Run a command to its end for the old and for the new outcome."""
        writer = WRITERS[kind]
        folder = self._folder / kind
        for source in ("old", "new"):
            self.take_inputs(folder / source, source)
            start = monotonic()
            writing = _run_to_end(self._campaign, writer, folder / source)
            seconds = monotonic() - start
        outputs = {path.name for path in (folder / "new").iterdir()} - {
            p.name for p in (self._folder / "new").iterdir()
        }
        old, new = (writer.read(folder / source / writer.output) for source in ("old", "new"))
        if old == new:
            raise Fault(f"{kind} makes the same of other inputs")
        largest = max(file.stat().st_size for name in outputs for file in _files(folder / "new" / name))
        return Outcome(folder / "old", old, new, frozenset(outputs), largest, seconds, writing)

    def take_inputs(self, folder: Path, source: str = "new") -> None:
        """Put the inputs into a folder, which is made if there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in (self._folder / source).iterdir():
            os.link(path, folder / path.name)

    def prepare(self, kind: str, folder: Path, finds_old: bool) -> Hashable:
        """Put into a folder what a command needs and finds under its name; return what a reader gets of that."""
        self.take_inputs(folder)
        outcome = self.outcomes[kind]
        if not finds_old:
            return None
        for name in outcome.names:
            path = outcome.folder / name
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, folder / name)
        return outcome.old

    def calls(self, kind: str, finds_old: bool) -> list[Call]:
        """Return the system calls by which a command changes files."""
        if (kind, finds_old) not in self._calls:
            folder = self._campaign.folder / "calls"
            self.prepare(kind, folder, finds_old)
            self._calls[kind, finds_old] = calls_of(self._campaign, WRITERS[kind].arguments, folder)
            shutil.rmtree(folder)
        return self._calls[kind, finds_old]

    def found(self, kind: str, folder: Path, old: Hashable) -> str:
        """Return `old` or `new`: which of the two lies under the name.

        Raises:
            Fault: neither of them does.
        """
        writer = WRITERS[kind]
        path = folder / writer.output
        if not os.path.lexists(path):
            if old is None:
                return "old"
            raise Fault(f"nothing is left under the name; the folder has {sorted(os.listdir(folder))}")
        try:
            now = writer.read(path)
        except Exception as error:
            raise Fault(f"what is left is damaged: {type(error).__name__}: {error}"[:300]) from error
        if now == self.outcomes[kind].new:
            return "new"
        if old is not None and now == old:
            return "old"
        raise Fault("what is left is neither the old nor the new one")

    def check_next_run(self, kind: str, folder: Path) -> None:
        """Check that the next run makes the new one and leaves nothing else.

        Raises:
            Fault: it does not.
        """
        writer = WRITERS[kind]
        encoded = folder / f"{writer.output}.checkpoint" / "encoded.json"
        resume = ("--resume",) if writer.resumes and encoded.exists() else ()
        self._campaign.check_done((*writer.arguments, *resume), folder)
        if self.found(kind, folder, None) != "new":
            raise Fault("the next run made something else")
        self.check_no_strays(kind, folder, {writer.output})

    def check_no_strays(self, kind: str, folder: Path, there: set[str]) -> None:
        """Check that a folder holds the inputs and what may be there, and that no temporary file is left.

        Raises:
            Fault: it holds something else.
        """
        known = self.outcomes[kind].names | {path.name for path in (self._folder / "new").iterdir()} | there
        strays = set(os.listdir(folder)) - known
        strays |= {f"TMPDIR/{name}" for name in os.listdir(self._campaign.temporary_files)}
        if strays:
            shutil.rmtree(self._campaign.temporary_files)
            raise Fault(f"strays are left: {sorted(strays)}")


@dataclass(frozen=True)
class Outcome:
    """What a command makes.

    Attributes:
        folder: where it was run for the old outcome.
        old: what a reader gets of that.
        new: what a reader gets of the new one.
        names: of the files and folders that it makes.
        largest: bytes of the largest file among them.
        seconds: how long it takes.
        writing: seconds, from its first temporary file to its end.
    """

    folder: Path
    old: Hashable
    new: Hashable
    names: frozenset[str]
    largest: int
    seconds: float
    writing: float


def is_writing(folder: Path) -> bool:
    """Whether a command has begun a temporary file in a folder."""
    return any(name.startswith(".") for name in os.listdir(folder))


def _run_to_end(campaign: Campaign, writer: Writer, folder: Path) -> float:
    running = campaign.start(writer.arguments, folder)
    began = None
    while running.is_alive():
        if began is None and is_writing(folder):
            began = monotonic()
        sleep(0.0005)
    code, _, err = running.wait(PATIENCE)
    if code:
        raise Fault(f"`wvcli {' '.join(writer.arguments)}` ended with {code}: {err.decode()}")
    return monotonic() - began if began else 0.01


def _make_inputs(campaign: Campaign, stock: Path, kinds: Sequence[str]) -> None:
    """Write two sets of inputs of the same names: texts, and models of the same words but other numbers."""
    from wvcli import formats
    from wvcli.models.opening import load

    large = any("large.safetensors" in WRITERS[kind].arguments for kind in kinds)
    for source, seed in (("old", 1), ("new", 2)):
        folder = stock / source
        folder.mkdir(parents=True)
        random = Random(seed)
        for name in ("text.txt", "more.txt"):
            lines = [
                " ".join(f"word{int(random.paretovariate(0.6)) % 400}" for _ in range(12)) for _ in range(400)
            ]
            (folder / name).write_text("\n".join(lines) + "\n")
        if "update" in kinds:
            campaign.check_done([*_TRAIN, *_QUICK], folder)
            (folder / "out.safetensors").rename(folder / "in.safetensors")
        else:
            _save_model(folder / "in.safetensors", 400, 50, seed)
        formats.write(load(folder / "in.safetensors"), folder / "in.vec", "fasttext-vec")
        if large:  # as much as Gensim puts beside its file
            _save_model(folder / "large.safetensors", 10_600, 1000, seed)


def _save_model(path: Path, words: int, dim: int, seed: int) -> None:
    """Save a model of random numbers."""
    from wvcli.models import model_file
    from wvcli.vectors.vocabulary import Vocabulary
    from wvcli.vectors.word_vectors import Vectors

    vocabulary = Vocabulary.from_words([f"word{number}" for number in range(words)])
    matrix = np.random.default_rng(seed).standard_normal((words, dim), np.float32)
    counts = np.arange(words, 0, -1)
    tensors = model_file.vector_tensors(Vectors(vocabulary, matrix, counts))
    model_file.save(path, tensors, {"settings": {}, "tokenizer": {}})
