"""Speed of `embed` and of `grep`, next to a Gensim loop and to the tokenizer.

    python benchmarks/texts.py MODEL TEXT [--texts 100000] [--words 10] [--pairs 3] [--word dog]
                               [--classified TRAIN TEST]

MODEL is a model of wvcli's, TEXT a file of text, from whose words texts of so many words are made. Each run is
timed in one process after its imports, and the two that are compared alternate. `embed` splits the texts, finds
their words and removes the common component; the Gensim loop does the same with `simple_preprocess`,
`KeyedVectors` and NumPy's mean, and removes nothing. `grep` reads TEXT for the words near WORD, and the
tokenizer reads it for nothing. With `--classified`, two files of `label TAB text`: the share of the
texts of the second whose ten nearest in the first have its label most often, with common components of the model's
words and of the first file.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

import wvcli
from wvcli.retrieval.encoding import TextEncoder, scaled, tokenizer_of
from wvcli.retrieval.grep import LineFinder, near_words
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
from wvcli.tokens.tokenizing import batches
from wvcli.vectors.word_vectors import Vectors


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def compared(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], pairs: int, unit: str, n: int
) -> None:
    """Print how fast two are in turn, and the ratio of each pair."""
    ours()
    times = [(timed(ours), timed(theirs)) for _ in range(pairs)]
    ratios = sorted(their / own for own, their in times)
    speeds = [n / median(column) for column in zip(*times, strict=True)]
    print(
        f"{name}: {speeds[0]:,.0f} {unit}/s, the other {speeds[1]:,.0f}; "
        f"{median(ratios):.2f} times as fast ({ratios[0]:.2f} to {ratios[-1]:.2f}, {pairs} pairs)"
    )


def gensim_loop(vectors: Vectors, texts: list[str]) -> Callable[[], object]:
    """The loop that one writes with Gensim."""
    from gensim.models import KeyedVectors
    from gensim.utils import simple_preprocess

    keyed = KeyedVectors(vectors.dim, count=0)
    keyed.add_vectors(list(vectors), np.array(vectors.matrix))

    def loop() -> object:
        return [
            np.mean([keyed[word] for word in words], axis=0) if words else np.zeros(vectors.dim)
            for words in ([word for word in simple_preprocess(text) if word in keyed] for text in texts)
        ]

    return loop


def measure_embedding(vectors: Vectors, text: Path, count: int, length: int, pairs: int) -> None:
    words = [word for line in Corpus([str(text)]).texts() for word in line.split()][: count * length]
    texts = [" ".join(words[start : start + length]) for start in range(0, len(words), length)]
    encoder = TextEncoder(vectors)
    compared(
        f"embed, {len(texts):,} texts of {length} words", lambda: encoder.encode(texts),
        gensim_loop(vectors, texts), pairs, "texts", len(texts),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "texts.txt"
        lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
        command = ["-m", str(vectors.path), "--file", str(lines), "-o", str(Path(folder) / "texts.npy"), "-q"]
        print(f"the command, start included: {len(texts) / timed(lambda: run('embed', *command)):,.0f} texts/s")


def run(*arguments: str) -> None:
    """Run the program."""
    import subprocess

    subprocess.run([sys.executable, "-m", "wvcli", *arguments], check=True)


def measure_grep(vectors: Vectors, text: Path, word: str, pairs: int) -> None:
    finder = LineFinder(vectors, near_words(vectors, [vectors.look_up(word)], 0.7, rare=False))
    found = Counter[str]()

    def grep() -> None:
        found["lines"] = sum(len(lines) for lines in finder.lines_of(Corpus([str(text)])))

    def tokenize() -> None:
        corpus = Corpus([str(text)])
        tokenized = batches(corpus.blocks(), tokenizer_of(vectors), processors(), corpus.size())
        with closing(tokenized) as every:
            for batch in every:
                found["tokens"] += len(batch.ids)

    compared(f"grep {word}, against the tokenizer", grep, tokenize, pairs, "bytes", text.stat().st_size)
    print(f"lines found: {found['lines']:,}")


def measure_neighbors(vectors: Vectors, train: Path, test: Path) -> None:
    files = [path.read_text(encoding="utf-8").splitlines() for path in (train, test)]
    (labels, texts), (asked, queries) = (
        tuple(zip(*(line.split("\t", 1) for line in lines), strict=True)) for lines in files
    )
    for method in ("mean", "sif", "usif"):
        shown = []
        removed = 1 if method == "mean" else None
        for components, fit in ((0, None), (removed, None), (removed, iter(texts))):
            encoder = TextEncoder(vectors, method=method, components=components, fit=fit)
            first, second = (scaled(encoder.encode(list(each))) for each in (texts, queries))
            nearest = np.argsort(-(second @ first.T), axis=1)[:, :10].tolist()
            voted = [Counter(labels[place] for place in row).most_common(1)[0][0] for row in nearest]
            shown.append(f"{np.mean([vote == true for vote, true in zip(voted, asked, strict=True)]):.3f}")
        print(f"{method}: none removed {shown[0]}, of the words {shown[1]}, of the first file {shown[2]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--word", default="dog")
    parser.add_argument("--classified", type=Path, nargs=2)
    given = parser.parse_args()
    vectors = wvcli.load(given.model)
    measure_embedding(vectors, given.text, given.texts, given.words, given.pairs)
    measure_grep(vectors, given.text, given.word, given.pairs)
    if given.classified:
        measure_neighbors(vectors, *given.classified)


if __name__ == "__main__":
    main()
