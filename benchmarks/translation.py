"""Words translated by aligned models: how many are right, from how little, and how long it takes.

    python benchmarks/translation.py DATA [--folder FOLDER] [--only PART ...] [--seeds 5] [--vecmap V] [--muse M]

DATA is a folder with `bilingual/` (XLING's dictionaries `xling.*.en-fr.tsv`, CC-CEDICT's `cedict.*.txt`, and
`help.en-fr.tsv.xz`, 35,897 paragraphs of LibreOffice's help in both languages) and `corpora/chinese_help.txt.xz`.
Models are trained in FOLDER, or in a temporary one, by `wvcli train --engine fast` on each language by itself. The
dictionaries are pooled and split by their source words into five folds, by MD5; each fold is the test of maps
learned from the other four, and scores are means over all words. Parts:

    dictionary   the defaults, each step by itself, and Gensim's TranslationMatrix; 100 and 25 pairs
    little       words spelt alike; nothing at all, with several seeds
    parallel     the parallel paragraphs; and the even lines of one language with the odd lines of the other
    chinese      English and Chinese, both ways
    turned       a model turned by a random rotation and shuffled, from 200 pairs and from none
    time         processor time and memory of an alignment of 5,000 with 7,000 words, and of 50,000 with 50,000 of
                 300 dimensions; and the time of a cold answer
    peers        with --vecmap, --muse: the folders of the programs of Artetxe et al. (github.com/artetxem/vecmap)
                 and Conneau et al. (github.com/facebookresearch/MUSE; it needs PyTorch). The maps of the one are
                 scored on the same files, and the scores of both set beside those of `evaluate`
"""

import argparse
import json
import lzma
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np

import wvcli
from wvcli.evaluation.tasks.translations import read_pairs
from wvcli.models import model_file
from wvcli.vectors.bilingual import Alignment
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

FOLDS = 5
XLING = tuple(f"xling.{part}.en-fr.tsv" for part in ("train1k", "train5k", "test2k"))
CEDICT = {"en-zh": "cedict.en-zh.0-5000.txt", "zh-en": "cedict.zh-en.0-5000.txt"}
MEASURES = ("p@1", "p@5", "p@10", "mrr", "map", "nearest@1")

Pairs = list[tuple[str, str]]


def model(folder: Path, name: str, lines: Sequence[str]) -> Vectors:
    """Train a model of lines, or open the one that is there."""
    path = folder / f"{name}.safetensors"
    if not path.exists():
        text = folder / f"{name}.txt"
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "wvcli", "train", "--engine", "fast", text, "-o", path, "-q"]
        subprocess.run(list(map(str, command)), check=True)
    return wvcli.load(path)


def parallel_lines(data: Path) -> list[list[str]]:
    """The paragraphs of the help, English and French."""
    text = lzma.decompress((data / "bilingual" / "help.en-fr.tsv.xz").read_bytes()).decode()
    return [line.split("\t") for line in text.split("\n") if line]


def pooled(data: Path, names: Sequence[str]) -> Pairs:
    """The pairs of several dictionaries, each once."""
    return list(dict.fromkeys(pair for name in names for pair in read_pairs(str(data / "bilingual" / name))))


def fold(word: str) -> int:
    return int(md5(word.encode()).hexdigest(), 16) % FOLDS


def written(folder: Path, name: str, pairs: Pairs) -> Path:
    path = folder / name
    path.write_text("".join(f"{word}\t{other}\n" for word, other in pairs), encoding="utf-8")
    return path


def scores(alignment: Alignment, test: Path, from_subwords: bool = False) -> dict[str, tuple[float, int]]:
    """The sum of the outcomes of each measure, and the covered words."""
    rows = wvcli.evaluate(alignment, test, from_subwords=from_subwords)
    return {row.measure: ((row.score or 0) * row.covered, row.covered) for row in rows}


def show(what: str, every: Sequence[dict[str, tuple[float, int]]], note: str = "") -> None:
    """Print the mean of each measure over the words of all folds."""
    words = sum(each["p@1"][1] for each in every)
    means = "  ".join(f"{sum(each[name][0] for each in every) / max(1, words):.3f}" for name in MEASURES)
    print(f"{what:46} {words:6,}  {means}  {note}", flush=True)


def heading(title: str) -> None:
    print(f"\n{title:46}  words  " + "  ".join(f"{name:5}" for name in MEASURES))


def by_folds(
    folder: Path,
    source: Vectors,
    target: Vectors,
    pairs: Pairs,
    most: int | None = None,
    unlike: bool = False,
    unseen: bool = False,
    identical: bool = False,
    **settings: Any,
) -> Iterator[dict[str, tuple[float, int]]]:
    """Score maps learned from four folds, or from the first `most` pairs of them, on the fifth.

    `unlike` leaves words spelt like their translation out of the test, `unseen` those in the vocabulary;
    `identical` learns from words spelt alike.
    """
    for number in range(FOLDS):
        rest = [pair for pair in pairs if fold(pair[0]) != number and pair[0] in source and pair[1] in target]
        learned = written(folder, "learned-fold.tsv", rest[:most])
        own = [pair for pair in pairs if fold(pair[0]) == number]
        alike = {word for word, other in own if word == other} if unlike else set()
        if unseen:
            own = [pair for pair in own if source.index(pair[0]) is None]
        test = written(folder, "test-fold.tsv", [pair for pair in own if pair[0] not in alike])
        alignment = wvcli.align(source, target, dictionary=learned, held_out=0, identical=identical, **settings)
        yield scores(alignment, test, from_subwords=unseen)


def gensim_folds(source: Vectors, target: Vectors, pairs: Pairs) -> Iterator[dict[str, tuple[float, int]]]:
    """The same for Gensim's TranslationMatrix, least squares and nearest neighbours: its P@1, 5 and 10."""
    from gensim.models import KeyedVectors
    from gensim.models.translation_matrix import TranslationMatrix

    keyed = []
    for vectors in (source, target):
        each = KeyedVectors(vectors.dim)
        each.add_vectors(list(vectors), np.array(vectors.matrix))
        keyed.append(each)
    for number in range(FOLDS):
        known = [pair for pair in pairs if pair[0] in source.vocabulary and pair[1] in target.vocabulary]
        matrix = TranslationMatrix(*keyed, [pair for pair in known if fold(pair[0]) != number])
        gold: dict[str, set[str]] = {}
        for word, other in known:
            if fold(word) == number:
                gold.setdefault(word, set()).add(other)
        found = matrix.translate(list(gold), topn=10)
        hits = {top: sum(bool(gold[word] & set(found[word][:top])) for word in gold) for top in (1, 5, 10)}
        nothing = {name: (float("nan"), len(gold)) for name in MEASURES}
        yield nothing | {f"p@{top}": (float(right), len(gold)) for top, right in hits.items()}


def of_dictionary(folder: Path, source: Vectors, target: Vectors, pairs: Pairs) -> None:
    heading("en-fr, dictionary of four folds")
    steps: dict[str, dict[str, Any]] = {
        "Procrustes": {"method": "procrustes", "refine": 0},
        "multi-step (as vecmap supervised)": {"refine": 0},
        "Procrustes, refined": {"method": "procrustes"},
        "multi-step, refined": {},
        "the same, words outside the vocabulary": {"unseen": True},
        "the same, tested on words spelt differently": {"unlike": True},
        "and words spelt alike (the defaults), so tested": {"identical": True, "unlike": True},
    }
    show("Gensim's TranslationMatrix", list(gensim_folds(source, target, pairs)))
    for name, settings in steps.items():
        show(name, list(by_folds(folder, source, target, pairs, **settings)))
    for most in (100, 25):
        show(f"{most} pairs alone", list(by_folds(folder, source, target, pairs, most)))


def of_little(folder: Path, source: Vectors, target: Vectors, pairs: Pairs, seeds: int) -> None:
    heading("en-fr, no dictionary")
    test = written(folder, "test.tsv", pairs)
    show("words spelt alike", [scores(wvcli.align(source, target), test)])
    alike = {word for word, other in pairs if word == other}
    unlike = written(folder, "unlike.tsv", [pair for pair in pairs if pair[0] not in alike])
    show("the same, tested on words spelt differently", [scores(wvcli.align(source, target), unlike)])
    for seed in range(1, seeds + 1):
        started = time.process_time()
        alignment = wvcli.align(source, target, unsupervised=True, seed=seed)
        took = time.process_time() - started
        note = f"{alignment.about['rounds']} rounds, {took:.1f} CPU s"
        show(f"nothing, seed {seed}", [scores(alignment, test)], note)


def of_parallel_text(folder: Path, data: Path, source: Vectors, target: Vectors, pairs: Pairs) -> None:
    heading("en-fr, parallel paragraphs and none")
    test = written(folder, "test.tsv", pairs)
    file = data / "bilingual" / "help.en-fr.tsv.xz"
    show("--parallel, no dictionary", [scores(wvcli.align(source, target, parallel=file, held_out=0), test)])
    lines = parallel_lines(data)
    even = model(folder, "en-even", [line[0] for line in lines[1::2]])
    odd = model(folder, "fr-odd", [line[1] for line in lines[::2]])
    show("not parallel: even lines, odd lines; dictionary", list(by_folds(folder, even, odd, pairs)))
    show("the same, and words spelt alike", list(by_folds(folder, even, odd, pairs, identical=True)))
    show("the same, words spelt alike alone", [scores(wvcli.align(even, odd), test)])
    show("the same, nothing", [scores(wvcli.align(even, odd, unsupervised=True), test)])


def of_chinese(folder: Path, data: Path, english: Vectors) -> None:
    text = lzma.decompress((data / "corpora" / "chinese_help.txt.xz").read_bytes()).decode()
    chinese = model(folder, "zh", text.split("\n"))
    for name, sides in (("en-zh", (english, chinese)), ("zh-en", (chinese, english))):
        pairs = pooled(data, [CEDICT[name]])
        heading(f"{name}, CC-CEDICT")
        show("dictionary", list(by_folds(folder, *sides, pairs)))
        show("dictionary and words spelt alike", list(by_folds(folder, *sides, pairs, identical=True)))
        test = written(folder, "test.tsv", pairs)
        show("words spelt alike", [scores(wvcli.align(*sides), test)])
        try:
            show("nothing", [scores(wvcli.align(*sides, unsupervised=True), test)])
        except wvcli.WvcliError as error:
            print(f"nothing: {error.message}")


def turned(vectors: Vectors, seed: int, noise: float = 0.0, prefix: str = "x") -> Vectors:
    """The same vectors, turned at random and shuffled, under other names."""
    random = np.random.default_rng(seed)
    rotation = np.linalg.qr(random.normal(size=(vectors.dim, vectors.dim)))[0].astype(np.float32)
    order = random.permutation(len(vectors))
    matrix = np.asarray(vectors.matrix)[order] @ rotation
    if noise:
        matrix += noise * random.standard_normal(matrix.shape, dtype=np.float32)
    return Vectors(Vocabulary.from_words([f"{prefix}{vectors.vocabulary[row]}" for row in order.tolist()]), matrix)


def of_turned(folder: Path, source: Vectors) -> None:
    heading("a model turned and shuffled")
    other = turned(source, 3)
    pairs = [(word, f"x{word}") for word in source]
    test = written(folder, "test.tsv", pairs)
    some = written(folder, "some.tsv", pairs[::26][:200])
    show("200 pairs", [scores(wvcli.align(source, other, dictionary=some), test)])
    show("nothing", [scores(wvcli.align(source, other, unsupervised=True), test)])


def large(folder: Path) -> tuple[Path, Path]:
    """Two models of 50,000 words of 300 dimensions, one turned and disturbed."""
    random = np.random.default_rng(1)
    centers = random.standard_normal((500, 300), dtype=np.float32) * np.linspace(2, 0.3, 300, dtype=np.float32)
    rows = centers[random.integers(0, 500, 50_000)] + random.standard_normal((50_000, 300), dtype=np.float32)
    one = Vectors(Vocabulary.from_words([f"w{number}" for number in range(50_000)]), rows)
    paths = folder / "large.safetensors", folder / "large-turned.safetensors"
    rotation = np.linalg.qr(random.normal(size=(300, 300)))[0].astype(np.float32)
    two = rows @ rotation + 0.5 * random.standard_normal(rows.shape, dtype=np.float32)
    for path, vectors in zip(paths, (one, Vectors(one.vocabulary, two)), strict=True):
        model_file.save(
            path, model_file.vector_tensors(vectors), {"settings": {}, "tokenizer": {}}, overwrite=True
        )
    return paths


def measured(*command: object) -> tuple[float, float, float]:
    """Run a program on one processor: seconds, seconds of the processor, and the most megabytes of memory."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    )
    program += "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    program += "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, *map(str, command)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    took = time.perf_counter() - started
    processor, memory = map(float, done.stdout.split())
    return took, processor, memory


def measured_wvcli(*arguments: object) -> tuple[float, float, float]:
    return measured("-m", "wvcli", *arguments, "-q")


def of_time(folder: Path, source: Vectors, target: Vectors, pairs: Pairs) -> None:
    print("\nmeasured on one processor                        s    CPU s     MB")
    output = folder / "timed.alignment.safetensors"
    dictionary = written(folder, "learned.tsv", pairs)
    en_fr: list[object] = ["align", source.path, target.path, "-o", output, "-f", "--dictionary", dictionary]
    runs: dict[str, list[object]] = {
        "5,245 x 6,803 x 100, dictionary": en_fr,
        "the same, nothing": [*en_fr[:6], "--unsupervised"],
        "translate, cold": ["translate", "file", "-a", output],
        "similar, cold": ["similar", "file", "-m", source.path],
        "translate --all --mutual": ["translate", "--all", "--mutual", "-a", output],
    }
    for name, arguments in runs.items():
        print(f"{name:42}" + "".join(f"{number:9.2f}" for number in measured_wvcli(*arguments)), flush=True)
    one, two = large(folder)
    words = written(folder, "large.tsv", [(f"w{number}", f"w{number}") for number in range(0, 5_000)])
    output = folder / "large.alignment.safetensors"
    runs = {
        "50,000 x 50,000 x 300, dictionary": ["align", one, two, "-o", output, "-f", "--dictionary", words],
        "translate, cold": ["translate", "w7", "-a", output],
    }
    for name, arguments in runs.items():
        print(f"{name:42}" + "".join(f"{number:9.2f}" for number in measured_wvcli(*arguments)), flush=True)


def known_pairs(source: Vectors, target: Vectors, pairs: Pairs) -> Pairs:
    """The pairs whose words are in the models as they are written, as the other programs look them up."""
    return [pair for pair in pairs if pair[0] in source.vocabulary and pair[1] in target.vocabulary]


class Vecmap:
    """The programs of vecmap, run on text files.

    Args:
        programs: the folder that has them.
        folder: where to write.
        source: the one model.
        target: the other.
    """

    def __init__(self, programs: Path, folder: Path, source: Vectors, target: Vectors) -> None:
        self.programs = programs
        self.plain = self.written("plain", source, target, folder)
        self.mapped = tuple(folder / f"vecmap-{side}.txt" for side in ("source", "target"))

    @staticmethod
    def written(name: str, source: Vectors, target: Vectors, folder: Path) -> tuple[Path, Path]:
        """Write two models as the text files that the programs read."""
        paths = folder / f"{name}-source.txt", folder / f"{name}-target.txt"
        for path, vectors in zip(paths, (source, target), strict=True):
            wvcli.export(vectors, path, name="word2vec-text", overwrite=True)
        return paths

    def map(self, *options: object) -> float:
        """Map the models, and return the seconds of the processor that it took."""
        return measured(self.programs / "map_embeddings.py", *options, *self.plain, *self.mapped)[1]

    def accuracy(self, files: Sequence[Path], test: Path, retrieval: str) -> float:
        """The share of the covered words that are right, with two decimals of a percent."""
        command = [sys.executable, self.programs / "eval_translation.py", *files, "-d", test]
        done = subprocess.run(
            [*map(str, command), "--retrieval", retrieval], check=True, capture_output=True, text=True
        )
        [percent] = re.findall(r"Accuracy: *([0-9.]+)%", done.stdout)
        return float(percent) / 100

    def scores(self, test: Path, words: int) -> dict[str, tuple[float, int]]:
        """The scores of the mapped models, by CSLS and by cosine."""
        found = dict.fromkeys(MEASURES, math.nan)
        found |= {"p@1": self.accuracy(self.mapped, test, "csls")}
        found |= {"nearest@1": self.accuracy(self.mapped, test, "nn")}
        return {name: (share * words, words) for name, share in found.items()}


MUSE = """
import json, sys
import numpy, torch
sys.path.insert(0, sys.argv[1])
from src.evaluation.word_translation import get_word_translation_accuracy
sides = []
for file in sys.argv[2:4]:
    with open(file, encoding="utf-8") as lines:
        next(lines)
        words, rows = zip(*(line.rstrip().split(" ", 1) for line in lines))
    rows = numpy.array([row.split(" ") for row in rows], dtype=numpy.float32)
    sides += ["", {word: row for row, word in enumerate(words)}, torch.from_numpy(rows)]
for method in ("nn", "csls_knn_10"):
    print(json.dumps([score / 100 for _, score in get_word_translation_accuracy(*sides, method, sys.argv[4])]))
"""


def of_peers(
    folder: Path, source: Vectors, target: Vectors, pairs: Pairs, vecmap: Path | None, muse: Path | None
) -> None:
    heading("en-fr, beside the programs of others")
    known = known_pairs(source, target, pairs)
    alignment = wvcli.align(source, target, identical=True)
    test = written(folder, "test.tsv", known)
    row = {name: total / words for name, (total, words) in scores(alignment, test).items()}
    mapped = Vecmap.written(
        "mapped", alignment.source.in_common_space(), alignment.target.in_common_space(), folder
    )
    print("the same mapped vectors (words spelt alike), scored by       p@1      p@5     p@10  nearest@1")
    shown = ("p@1", "p@5", "p@10", "nearest@1")
    print(f"{'wvcli evaluate':56}" + "".join(f"{row[name]:9.6f}" for name in shown))
    if muse:
        command = [sys.executable, "-c", MUSE, muse, *mapped, test]
        done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
        nearest, csls = map(json.loads, done.stdout.splitlines())
        print(f"{'MUSE':56}" + "".join(f"{score:9.6f}" for score in [*csls, nearest[0]]))
    if not vecmap:
        return
    program = Vecmap(vecmap, folder, source, target)
    by_csls, by_cosine = (program.accuracy(mapped, test, by) for by in ("csls", "nn"))
    print(f"{'vecmap':56}{by_csls:9.4f}{'':18}{by_cosine:9.4f}")
    heading("en-fr, dictionary of four folds")
    for name, rounds in {"multi-step": 0, "multi-step, refined": None}.items():
        show(f"wvcli, {name}", list(by_folds(folder, source, target, known, refine=rounds)))
    for option in ("--supervised", "--semi_supervised"):
        every, took = [], 0.0
        for number in range(FOLDS):
            learned = written(folder, "learned-fold.tsv", [pair for pair in known if fold(pair[0]) != number])
            rest = [pair for pair in known if fold(pair[0]) == number]
            took += program.map(option, learned)
            every.append(program.scores(written(folder, "test-fold.tsv", rest), len(dict(rest))))
        show(f"vecmap {option}", every, f"{took / FOLDS:.1f} CPU s each")
    heading("en-fr, no dictionary")
    for option in ("--identical", "--unsupervised"):
        took = program.map(option)
        show(f"vecmap {option}", [program.scores(test, len(dict(known)))], f"{took:.1f} CPU s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument(
        "--only", nargs="*", default=["dictionary", "little", "parallel", "chinese", "turned", "time"]
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--vecmap", type=Path)
    parser.add_argument("--muse", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        lines = parallel_lines(given.data)
        source, target = (
            model(folder, name, [line[side] for line in lines]) for side, name in enumerate(("en", "fr"))
        )
        pairs = pooled(given.data, XLING)
        print(f"{len(source):,} English words, {len(target):,} French ones, {len(pairs):,} pairs")
        if "dictionary" in given.only:
            of_dictionary(folder, source, target, pairs)
        if "little" in given.only:
            of_little(folder, source, target, pairs, given.seeds)
        if "parallel" in given.only:
            of_parallel_text(folder, given.data, source, target, pairs)
        if "chinese" in given.only:
            of_chinese(folder, given.data, source)
        if "turned" in given.only:
            of_turned(folder, source)
        if "time" in given.only:
            of_time(folder, source, target, pairs)
        if given.vecmap or given.muse:
            of_peers(folder, source, target, pairs, given.vecmap, given.muse)


if __name__ == "__main__":
    main()
