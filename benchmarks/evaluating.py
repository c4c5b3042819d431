"""How long the analogies of questions-words.txt take, against Gensim in the same run.

    python benchmarks/evaluating.py [--words 400000] [--dim 50] [--among 300000] [--share 20] [--pairs 3]

wvcli answers all 19,544 questions by 3CosAdd and by 3CosMul and tells which answers come first and which among the
first five; Gensim's `evaluate_word_analogies` tells which come first by 3CosAdd. Gensim is given every so many
questions and its time is multiplied. The words of the questions stand at random places among the first ones of the
model, whose vectors are random but for an offset between the words of a pair: most answers are found, which takes
longer than finding others.
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from gensim.models import KeyedVectors
from paired import compare

from wvcli.evaluation.evaluate import bundled, evaluate
from wvcli.vectors.geometry import row_norms
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def make_model(lines: list[str], words: int, dim: int, among: int) -> Vectors:
    """A model that finds some of the answers."""
    rng = np.random.default_rng(1)
    questions = [line.split() for line in lines if not line.startswith(":")]
    asked = sorted({word for question in questions for word in question})
    names = [f"word{number}" for number in range(words)]
    rows = dict(zip(asked, rng.choice(min(words, among), len(asked), replace=False).tolist(), strict=True))
    for word, row in rows.items():
        names[row] = word
    matrix = rng.standard_normal((words, dim), dtype=np.float32)
    offset = rng.standard_normal(dim, dtype=np.float32)
    for a, b, _, _ in questions:
        matrix[rows[b]] = matrix[rows[a]] + offset + rng.standard_normal(dim, dtype=np.float32) / 2
    return Vectors(Vocabulary.from_words(names), matrix, stored_norms=row_norms(matrix))


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--among", type=int, default=300_000)
    parser.add_argument("--share", type=int, default=20, help="Gensim answers every so many questions")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    file = bundled()[-1]
    lines = file.read_text(encoding="utf-8").splitlines()
    vectors = make_model(lines, options.words, options.dim, options.among)
    keyed = KeyedVectors(options.dim)
    keyed.add_vectors(list(vectors), vectors.matrix)
    keyed.fill_norms()
    with tempfile.TemporaryDirectory() as folder:
        part, none = Path(folder, "part.txt"), Path(folder, "none.txt")
        asked = [line for line in lines if not line.startswith(":")]
        part.write_text("\n".join([": part", *asked[:: options.share]]) + "\n", encoding="utf-8")
        none.write_text(": none\nnowhere nowhere nowhere nowhere\n", encoding="utf-8")

        def ours() -> float:
            start = perf_counter()
            rows = list(evaluate(vectors, [file], restrict_top=options.among, from_subwords=False))
            assert rows[0].score is not None
            return perf_counter() - start

        def gensims() -> float:
            times = []
            for questions in (none, part):  # the first is what Gensim needs before the first question
                start = perf_counter()
                keyed.evaluate_word_analogies(str(questions), restrict_vocab=options.among)
                times.append(perf_counter() - start)
            share: int = options.share
            return times[0] + (times[1] - times[0]) * share

        compare(
            f"{len(asked):,} analogies, {options.words:,} x {options.dim}, {options.among:,} rows, against Gensim",
            ours,
            gensims,
            options.pairs,
            warmups=0,
        )


if __name__ == "__main__":
    main()
