"""The experiment behind the table of auto settings: which settings give the best vectors at which size of text.

    python benchmarks/auto_settings.py DATA [--sizes 50 500 5000] [--languages en zh] [--kinds novels news]
        [--texts 1] [--seeds 1] [--try window=10,epochs=60 ...] [--workers 1]

DATA is a folder with `corpora/*.txt.xz`, `classification/*.tsv`, `similarity/*.tsv` and `analogies/*.txt`. A text
of each size, in kilobytes, and of each kind (novels, news, help, reviews) is taken from the first half of what
there is of that kind; where no kind is large enough, from all kinds together (mixed). It is read once. By default
the settings tried are `auto` and one change at a time to it; `--try` names others, lists of changes to `auto`.

Printed are means over the texts and seeds:

* `all`: Spearman's correlation over the language's similarity sets, all pairs, the mean of the sets. Words outside
  the vocabulary have the vectors of their n-grams; a word without any counts as the mean of all words' unit
  vectors, so that its similarity to another word is that word's mean similarity.
* `covered`: the same over the pairs of words that occur five times or more, whatever the settings, in those sets
  that have twenty such pairs.
* `analogies`: share of questions, of words that occur five times or more, whose answer is among the first five.
* `borne out`: share of neighbours that a model of the other half of all kinds bears out, see
  `wvcli.evaluation.agreement`.
* `seconds` of training, with one worker by default, and of fitting n-grams.
"""

import argparse
import lzma
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from wvcli.evaluation import tasks
from wvcli.evaluation.agreement import borne_out
from wvcli.evaluation.tasks import ItemSet, Lexicon
from wvcli.text.settings import TextSettings
from wvcli.tokens.kept_text import KeptText
from wvcli.training import engines
from wvcli.training.loop import Run
from wvcli.training.preparation import prepare
from wvcli.training.reading import read_text
from wvcli.training.request import Request, TokenizerChoice
from wvcli.vectors.fitted_subwords import fit_subwords
from wvcli.vectors.geometry import row_norms, unit_rows
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

CORPORA = {"en": ("english_novels", "english_modern"), "zh": ("chinese_news", "chinese_help")}
# Lines of these files: of the modern English file news come first and help last.
KINDS: dict[str, dict[str, tuple[str, slice]]] = {
    "en": {
        "novels": ("corpora/english_novels.txt.xz", slice(None)),
        "news": ("corpora/english_modern.txt.xz", slice(106_000)),
        "help": ("corpora/english_modern.txt.xz", slice(232_000, None)),
        "reviews": ("classification/mr_polarity.tsv", slice(None)),
    },
    "zh": {
        "news": ("corpora/chinese_news.txt.xz", slice(None)),
        "help": ("corpora/chinese_help.txt.xz", slice(None)),
        "reviews": ("classification/zh_hotel.tsv", slice(None)),
    },
}
MIXED = "mixed"
SETS = {
    "en": ("wordsim353", "simlex999", "rg65", "mturk287", "yp130"),
    "zh": ("zh_wordsim240",),
}
ANALOGIES = {"en": "questions-words", "zh": "zh_ca_translated"}
FEWEST = 20  # pairs of a set that a correlation is told for
FREQUENT = 5  # occurrences from which on a word counts as covered: the default of most programs
REFERENCE = {"dim": 100, "window": 5, "epochs": 5, "min_count": 5, "seed": 9}  # of the other half of all kinds

# One change at a time to `auto`, and a few that belong together.
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    *({"window": window} for window in (3, 5, 8, 10, 15)),
    *({"epochs": epochs} for epochs in (15, 30, 60, 120)),
    *({"dim": dim} for dim in (50, 100, 200)),
    *({"min_count": count} for count in (1, 2, 3, 5)),
    *({"sample": share} for share in (1e-2, 1e-4)),
    *({"architecture": "cbow"}, {"negative": 15}, {"alpha": 0.05}),
    *({"algorithm": "fasttext"}, {"algorithm": "fasttext", "window": 10}),
)


@cache
def file_lines(path: Path) -> list[str]:
    """The lines of a file that are not empty; of a table of labels and texts the texts."""
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as text:
        lines = [line for line in text if line.strip()]
    return [line.split("\t", 1)[1] for line in lines] if path.suffix == ".tsv" else lines


@cache
def all_lines(data: Path, language: str) -> list[str]:
    """The lines of all corpora of a language."""
    files = (data / "corpora" / f"{name}.txt.xz" for name in CORPORA[language])
    return [line for file in files for line in file_lines(file)]


def up_to(lines: Sequence[str], kilobytes: int, target: Path) -> Path:
    """Write about so many kilobytes of lines."""
    size = 0
    with target.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(line)
            size += len(line.encode("utf-8"))
            if size >= kilobytes * 1000:
                break
    return target


def draw(data: Path, language: str, kilobytes: int, number: int, target: Path) -> None:
    """Write about so many kilobytes of lines drawn evenly from all corpora; each number is a text."""
    lines = list(all_lines(data, language))
    random.Random(kilobytes + number).shuffle(lines)
    up_to(lines, kilobytes, target)


@cache
def halves(data: Path, language: str, kind: str) -> tuple[list[str], list[str]]:
    """The lines of a kind of text, in two halves; of mixed text in the order of chance."""
    if kind == MIXED:
        parts = [halves(data, language, each) for each in KINDS[language]]
        mixed = tuple([line for part in parts for line in part[place]] for place in range(2))
        for lines in mixed:
            random.Random(1).shuffle(lines)
        return mixed[0], mixed[1]
    name, part = KINDS[language][kind]
    lines = file_lines(data / name)[part]
    return lines[: len(lines) // 2], lines[len(lines) // 2 :]


def kinds_of(data: Path, language: str, kilobytes: int) -> list[str]:
    """The kinds of text of which there is enough, or else all together."""
    first = {kind: halves(data, language, kind)[0] for kind in KINDS[language]}
    sizes = {kind: sum(len(line.encode("utf-8")) for line in lines) for kind, lines in first.items()}
    return [kind for kind, size in sizes.items() if size >= kilobytes * 1000] or [MIXED]


def write_text(data: Path, language: str, kind: str, kilobytes: int, number: int, target: Path) -> Path:
    """Write a text of a kind; each number is one, which begins somewhere else."""
    lines = halves(data, language, kind)[0]
    start = random.Random(number).randrange(len(lines))
    return up_to([*lines[start:], *lines[:start]], kilobytes, target)


@dataclass(frozen=True)
class Scores:
    """How good vectors are, and how long they took; see the beginning of this file."""

    all: float
    covered: float
    analogies: float
    borne_out: float
    seconds: float = 0.0


@dataclass(frozen=True)
class Tests:
    """The test items of a language.

    Attributes:
        pairs: sets of word pairs.
        analogies: a set of analogies.
    """

    pairs: Sequence[ItemSet]
    analogies: ItemSet

    @classmethod
    def of(cls, data: Path, language: str) -> "Tests":
        """Load those of a language."""
        pairs = [tasks.load(data / "similarity" / f"{name}.tsv") for name in SETS[language]]
        return cls(pairs, tasks.load(data / "analogies" / f"{ANALOGIES[language]}.txt"))

    def correlation(self, vectors: Vectors, known: Mapping[str, int] | None = None) -> float:
        """The mean over the sets of Spearman's correlation: of all pairs, or only those of known words."""
        found = []
        mean = unit_rows(np.asarray(vectors.matrix)).mean(axis=0)
        for one in self.pairs:
            items = one.items
            if known is not None:
                items = [item for item in items if all(word.lower() in known for word in item.words)]
            units = ([_unit(vectors, word, mean) for word in item.words] for item in items)
            cosines = [float(first @ second) for first, second in units]
            if len(items) < FEWEST:
                continue
            if len(set(cosines)) > 1:
                found.append(float(spearmanr(cosines, [item.expected for item in items]).statistic))
            else:
                found.append(0.0)
        return fmean(found) if found else float("nan")

    def scores(self, vectors: Vectors, counts: Mapping[str, int], reference: Vectors | None) -> Scores:
        """Score vectors.

        Args:
            vectors: of words, most frequent first.
            counts: those words of the text that are covered.
            reference: vectors of another text.
        """
        lexicon = Lexicon(vectors, max(1, min(len(counts), len(vectors))), from_subwords=False)
        answered = self.analogies.task.score(lexicon, self.analogies.items, lambda done: None).outcomes["add@5"]
        is_covered = np.isfinite(answered)
        return Scores(
            self.correlation(vectors),
            self.correlation(vectors, counts),
            float(answered[is_covered].mean()) if is_covered.any() else float("nan"),
            float(borne_out(vectors, reference).mean()) if reference else float("nan"),
        )


def _unit(vectors: Vectors, word: str, mean: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    found = vectors.find(word, from_subwords=True)
    if found is None or not found.vector.any():
        return mean.astype(np.float64)
    vector = found.vector.astype(np.float64)
    unit: npt.NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def read_once(text: Path, folder: Path) -> Path:
    """Read and number a text, and return the folder in which it is kept."""
    request = Request.of(TextSettings.of(text), TokenizerChoice(), {})
    assert request.source is not None
    with tempfile.TemporaryDirectory() as scratch:
        read_text(request.text, request.source, Path(scratch), lambda done: None, lambda note: None, folder)
    return folder


def frequent_words(kept: Path) -> dict[str, int]:
    """The words of a kept text that occur often enough to be covered, with their counts."""
    with tempfile.TemporaryDirectory() as scratch:
        corpus = KeptText.of(kept).provisional_corpus(Path(scratch))
    counts = zip(corpus.words, corpus.counts.tolist(), strict=True)
    return {word: count for word, count in counts if count >= FREQUENT}


def train(kept: Path, settings: Mapping[str, Any]) -> tuple[Vectors, float]:
    """Train on a kept text with the fast engine; return vectors, with n-grams, and the seconds it took."""
    with tempfile.TemporaryDirectory() as scratch:
        prepared = prepare(Request.of(TextSettings.of(kept), TokenizerChoice(), settings), Path(scratch))
        engine = engines.registry.get("fast")
        trainer = engine.start(prepared.encoded, prepared.settings, lambda tokens: None, lambda note: None)
        started = perf_counter()  # the loops are compiled now
        trainer.prepare(lambda progress: None)
        run = Run(prepared.encoded, prepared.settings, trainer, engine.name)
        run.train()
    encoded, matrix = prepared.encoded, trainer.vectors().copy()
    vocabulary = Vocabulary.from_words(encoded.words)
    vectors = Vectors(vocabulary, matrix, encoded.counts, stored_norms=row_norms(matrix), normalize=str.lower)
    if prepared.settings.algorithm == "fasttext":
        ngrams = np.array(trainer.tensors["subwords.vectors"])[:, : vectors.dim]
        subwords = Subwords(ngrams, prepared.settings.min_n, prepared.settings.max_n)
    else:
        subwords = fit_subwords(vectors, threads=prepared.settings.workers)
    answering = Vectors(
        vocabulary, matrix, encoded.counts, subwords, stored_norms=vectors.stored_norms, normalize=str.lower
    )
    return answering, perf_counter() - started


def parsed(changes: str) -> dict[str, Any]:
    """The settings in `name=value,name=value`; none for `auto`."""
    pairs = [part.split("=") for part in changes.split(",") if "=" in part]
    return {name: _number(value) for name, value in pairs}


def _number(value: str) -> Any:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def means(scores: Sequence[Scores]) -> Iterator[float]:
    """The mean of each score over those texts that have it."""
    for column in zip(*map(astuple, scores), strict=True):
        known = [value for value in column if value == value]
        yield fmean(known) if known else float("nan")


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 500, 5000, 50000])
    parser.add_argument("--languages", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--kinds", nargs="+", choices=sorted({MIXED, *KINDS["en"], *KINDS["zh"]}))
    parser.add_argument("--texts", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--try", nargs="+", dest="tried", metavar="NAME=VALUE,...", help="auto stands for none")
    options = parser.parse_args()
    tried = CHANGES if options.tried is None else [parsed(each) for each in options.tried]
    for language in options.languages:
        tests = Tests.of(options.data, language)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            other = up_to(halves(options.data, language, MIXED)[1], 20_000, folder / "other.txt")
            reference, _ = train(read_once(other, folder / "other"), REFERENCE)
            for kilobytes in options.sizes:
                kinds = options.kinds or kinds_of(options.data, language, kilobytes)
                texts = []
                for kind, number in product(kinds, range(options.texts)):
                    text = folder / f"{kilobytes}_{kind}_{number}"
                    write_text(options.data, language, kind, kilobytes, number, text)
                    kept = read_once(text, text.with_suffix(".kept"))
                    texts.append((kind, kept, frequent_words(kept)))
                print(f"{language}, {kilobytes:,} KB: {' '.join(kinds)}", flush=True)
                print("      all covered analogies borne out seconds  settings", flush=True)
                for changes in tried:
                    scored: dict[str, list[Scores]] = {kind: [] for kind in kinds}
                    for (kind, kept, counts), seed in product(texts, range(1, options.seeds + 1)):
                        vectors, seconds = train(kept, {"workers": options.workers, "seed": seed} | changes)
                        found = tests.scores(vectors, counts, reference)
                        scored[kind].append(replace(found, seconds=seconds))
                    everything = [each for scores in scored.values() for each in scores]
                    row = "{:9.3f} {:7.3f} {:9.3f} {:9.3f} {:7.1f}".format(*means(everything))
                    of_kinds = ((kind, list(means(scores))) for kind, scores in scored.items())
                    by_kind = " ".join(f"{kind} {score[0]:.3f} {score[1]:.3f}" for kind, score in of_kinds)
                    listed = " ".join(f"{name}={value}" for name, value in changes.items()) or "auto"
                    print(f"{row}  {listed}  ({by_kind})", flush=True)


if __name__ == "__main__":
    main()
