"""Readers while what they read is replaced all the time: each answer is wholly of one model.

    python tests/campaigns/replaced.py [TRIES] [KIND ...] [--seed N]

Another process puts one of two models under the same name, then the other, and so on, by renaming; so with their
indexes, with two folders of kept text by a link, and with files of Gensim that have their matrix beside them, as
`export` replaces those. They are opened by the library and, in one of a hundred tries, by the program. As often a
model is overwritten in place, or cut short, while the program has it open: it must answer or end in one line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import sleep

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.campaigns.campaign import PATIENCE, Campaign, Fault, check_error, main, text
from wvcli import formats
from wvcli.errors import ExitCode, InputError
from wvcli.models import index, model_file
from wvcli.models.opening import load
from wvcli.tokens.kept_text import KeptText
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Lookup, Vectors

_SIZES = {"a": (300, 8), "b": (520, 12)}  # words and dimensions
_BESIDE = (1100, 10_000)  # as much as Gensim puts beside its file
_ASKED = ("1", "7", "200")  # numbers of words
_REPLACING = """
import os, sys, time
folder, names = sys.argv[1], sys.argv[2:]
os.chdir(folder)
while os.getppid() == int(os.environ["PARENT"]):
    for letter in "ab":
        for name in names:
            if os.path.isdir(f"{letter}.{name}"):
                os.symlink(f"{letter}.{name}", "aside")
            else:
                os.link(f"{letter}.{name}", "aside")
            os.replace("aside", name)
"""
_REPLACING_BOTH = """
import os, sys, time
from pathlib import Path
from wvcli.system.exchange import replace_files
os.chdir(sys.argv[1])
while os.getppid() == int(os.environ["PARENT"]):
    for letter in "ab":
        time.sleep(0.02)
        files = {}
        for name in ("m.kv", "m.kv.vectors.npy"):
            os.link(f"{letter}.{name}", f"aside.{name}")
            files[Path(f"aside.{name}")] = Path(name)
        replace_files(files, [], Path("m.kv"), True)
        for made in files:
            made.unlink()
"""


def make_tries(campaign: Campaign) -> None:
    """Open each kind of thing in turn while it is replaced."""
    all_kinds = ["model", "kept text", "gensim", *(["index"] if find_spec("faiss") else []), "program", "in place"]
    kinds = campaign.chosen(all_kinds)
    files = campaign.folder / "files"
    files.mkdir()
    for letter in "ab":
        _make(campaign, files, letter, kinds)
    by_library = [kind for kind in kinds if kind not in ("program", "in place")]
    by_program = [kind for kind in kinds if kind in ("program", "in place")]
    in_turn = by_library * (100 // len(by_library)) + by_program if by_library else by_program

    ask = {"model": _ask_model, "index": _ask_index, "kept text": _read_kept_text, "gensim": _read_gensim}

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        if kind == "in place":
            return _ask_overwritten(campaign, files, folder, random)
        if kind == "program":
            return _ask_program(campaign, files)
        try:
            return ask[kind](files, random)
        except InputError as refused:  # an index of another model, say
            if kind == "model":
                raise Fault(f"refused: {refused.message}") from refused
            return "refused"

    with _replacing(campaign, files, kinds):
        campaign.run(attempt, in_turn)


def _make(campaign: Campaign, files: Path, letter: str, kinds: list[str]) -> None:
    """Make a model whose every part says which of the two it is, its index and a kept text."""
    words, dim = _SIZES[letter]
    vocabulary = Vocabulary.from_words([f"{letter}{number}" for number in range(words)])
    matrix = np.random.default_rng(words).standard_normal((words, dim), np.float32)
    matrix[:, 0] = ord(letter)
    vectors = Vectors(vocabulary, matrix, np.full(words, ord(letter)))
    path = files / f"{letter}.safetensors"
    manifest = {"settings": {"dim": dim}, "tokenizer": {}, "engine": letter}
    model_file.save(path, model_file.vector_tensors(vectors), manifest)
    if "index" in kinds:
        index.build(load(path), files / f"{letter}.index")
        path.rename(files / f"{letter}.m.safetensors")
        (files / f"{letter}.index").rename(files / f"{letter}.m.safetensors.index")
    else:
        path.rename(files / f"{letter}.m.safetensors")
    if "gensim" in kinds:
        matrix = np.full(_BESIDE, ord(letter), np.float32)
        vocabulary = Vocabulary.from_words([f"{letter}{number}" for number in range(len(matrix))])
        formats.write(Vectors(vocabulary, matrix), files / f"{letter}.m.kv")
    if "kept text" in kinds:
        (files / "text.txt").write_text(f"{letter}one {letter}two\n" * words)
        keep = [
            "--keep-encoded",
            f"{letter}.kept",
            "-o",
            "x.safetensors",
            "-q",
            "-f",
            "--epochs",
            "1",
            "--dim",
            "2",
        ]
        campaign.check_done(["train", "text.txt", "--min-count", "1", "--workers", "1", *keep], files)


@contextmanager
def _replacing(campaign: Campaign, files: Path, kinds: list[str]) -> Iterator[None]:
    """Replace all the time what may be replaced."""
    names = ["m.safetensors"]
    names += ["m.safetensors.index"] if "index" in kinds else []
    names += ["kept"] if "kept text" in kinds else []
    programs = [(_REPLACING, names), *([(_REPLACING_BOTH, ["m.kv"])] if "gensim" in kinds else [])]
    environment = campaign.environment() | {"PARENT": str(os.getpid())}
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(files), *replaced], env=environment)
        for program, replaced in programs
    ]
    try:
        while not all((files / replaced[-1]).exists() for _, replaced in programs):
            sleep(0.001)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _whose(parts: dict[str, object]) -> str:
    """Return the letter of the model that all parts are of.

    Raises:
        Fault: they are of two.
    """
    if len(set(parts.values())) != 1:
        raise Fault(f"parts of two: {parts}")
    return str(next(iter(parts.values())))


def _ask_model(files: Path, random: Random) -> str:
    vectors = load(files / "m.safetensors")
    if random.random() < 0.1:
        sleep(random.uniform(0, 0.002))
    letter = str(vectors.manifest["engine"])
    number = random.choice(_ASKED)
    near = vectors.most_similar(f"{letter}{number}", 3)
    return _whose(
        {
            "manifest": letter,
            "shape": {size: one for one, size in _SIZES.items()}[vectors.matrix.shape],
            "vector": chr(int(vectors[f"{letter}{number}"][0])),
            "vectors": chr(int(np.unique(vectors.matrix[:, 0]).mean())),
            "counts": chr(int(np.unique(np.asarray(vectors.counts)).mean())),
            "neighbours": "".join(sorted({word[0] for word, _ in near})),
        }
    )


def _ask_index(files: Path, random: Random) -> str:
    vectors = load(files / "m.safetensors")
    opened = index.open_index(vectors)
    letter = str(vectors.manifest["engine"])
    row = int(random.choice(_ASKED))
    [found] = opened.nearest([Lookup(f"{letter}{row}", row, vectors.matrix[row])], 3)
    if len(found) != 3:
        raise Fault(f"found {len(found)} of 3")
    return _whose({"manifest": letter, "size": {300: "a", 520: "b"}[opened.graph.ntotal]})


def _read_kept_text(files: Path, random: Random) -> str:
    kept = KeptText.of(files / "kept")
    corpus = kept.provisional_corpus(files)
    words = "".join(sorted({word[0] for word in corpus.words}))
    sizes = {2 * words: letter for letter, (words, _) in _SIZES.items()}
    shards = sum((path.stat().st_size for path in corpus.shards), 0)
    return _whose(
        {"words": words, "tokens": sizes[kept.tokens], "shards": {3600: "a", 6240: "b"}.get(shards, words)}
    )


def _read_gensim(files: Path, random: Random) -> str:
    vectors = formats.read(files / "m.kv")
    if random.random() < 0.1:
        sleep(random.uniform(0, 0.002))
    first, last = random.randrange(len(vectors)), len(vectors) - 1
    return _whose(
        {"words": "".join(sorted({word[0] for word in vectors}))}
        | {f"vector {row}": chr(int(vectors.matrix[row, -1])) for row in (first, last)}
    )


def _ask_program(campaign: Campaign, files: Path) -> str:
    words = [f"{letter}{number}" for letter in "ab" for number in _ASKED]
    arguments = ["vector", *words, "-m", "m.safetensors", "--missing", "skip", "--format", "jsonl", "-q"]
    code, out, err = campaign.start(arguments, files).wait(PATIENCE)
    if code:
        raise Fault(f"ended with {code}: {text(err)}")
    rows = [json.loads(line) for line in out.splitlines()]
    if len(rows) != len(_ASKED):
        raise Fault(f"{len(rows)} answers")
    letters = {f"word {n}": row["word"][0] for n, row in enumerate(rows)}
    return _whose(letters | {f"vector {n}": chr(int(row["vector"][0])) for n, row in enumerate(rows)})


def _ask_overwritten(campaign: Campaign, files: Path, folder: Path, random: Random) -> str:
    """Overwrite or cut short a model in place while the program answers many questions from it."""
    model = folder / "m.safetensors"
    model.write_bytes((files / "a.m.safetensors").read_bytes())
    given = "".join(f"a{number % 300}\nb{number % 300}\n" for number in range(1500))
    command = ["similar", "-", "-n", "2", "--missing", "skip", "-m", "m.safetensors", "-q"]
    running = campaign.start(command, folder, given.encode())
    sleep(random.uniform(0, 0.4))
    if random.random() < 0.5:
        os.truncate(model, random.choice((0, 5000, model.stat().st_size - 1)))
    else:
        model.write_bytes((files / "b.m.safetensors").read_bytes())
    code, _, err = running.wait(PATIENCE)
    if code not in (ExitCode.DONE, ExitCode.INPUT):
        raise Fault(f"ended with {code}: {text(err)}")
    if code:
        check_error(err)
    return "refused" if code else "a"


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 20_000))
