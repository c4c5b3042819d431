"""Training speed through wvcli against plain Gensim with the same settings.

    python benchmarks/training.py TEXT [--tokens 1000000] [--dim 100] [--workers 2] [--pairs 3]

Each run trains one model in a process of its own. The words/s of training alone leave out reading and the
vocabulary; the whole run goes from text to saved model, both with the same tokens.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from statistics import median

OURS = """
import json, sys, time
import gensim.models
from wvcli.training import train
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
start = time.perf_counter()
seen = {}
def watch(progress):
    seen.setdefault(progress.stage, time.perf_counter())
train(text, model, tokenizer="whitespace", lowercase=False, overwrite=True, on_progress=watch, **settings)
print(json.dumps([seen["saving"] - seen["training"], time.perf_counter() - start]))
"""

THEIRS = """
import json, sys, time
from gensim.models import FastText, Word2Vec
from gensim.models.word2vec import LineSentence
text, model, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
start = time.perf_counter()
trained = (FastText if settings["algorithm"] == "fasttext" else Word2Vec)(
    vector_size=settings["dim"], min_count=settings["min_count"], workers=settings["workers"],
    sg=int(settings["architecture"] == "skipgram"),
)
trained.build_vocab(LineSentence(text))
began = time.perf_counter()
trained.train(LineSentence(text), total_examples=trained.corpus_count, epochs=settings["epochs"])
ended = time.perf_counter()
trained.save(model)
print(json.dumps([ended - began, time.perf_counter() - start]))
"""


def tokenized(source: Path, target: Path, limit: int) -> int:
    """Write up to `limit` tokens of a raw text, split by blanks, to a file; gives the number of tokens."""
    from wvcli.tokenizers import TokenizerSettings

    tokenize = TokenizerSettings().tokenize()
    count = 0
    with source.open(encoding="utf-8") as text, target.open("w", encoding="utf-8") as out:
        for line in text:
            tokens = list(islice(tokenize(line), limit - count))
            if tokens:
                out.write(" ".join(tokens) + "\n")
            count += len(tokens)
            if count >= limit:
                break
    return count


def run(script: str, text: Path, model: Path, settings: dict[str, object]) -> tuple[float, float]:
    """Seconds of training alone and of the whole run."""
    command = [sys.executable, "-c", script, str(text), str(model), json.dumps(settings)]
    training, whole = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return training, whole


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text, ours, theirs = (Path(folder) / name for name in ("text", "ours.safetensors", "theirs"))
        tokens = tokenized(options.text, text, options.tokens)
        for algorithm, architecture in (("word2vec", "skipgram"), ("word2vec", "cbow"), ("fasttext", "skipgram")):
            settings = {
                "algorithm": algorithm,
                "architecture": architecture,
                "dim": options.dim,
                "epochs": options.epochs,
                "workers": options.workers,
                "min_count": 5,
            } | ({"buckets": 2_000_000} if algorithm == "fasttext" else {})
            pairs = [
                (run(OURS, text, ours, settings), run(THEIRS, text, theirs, settings))
                for _ in range(options.pairs)
            ]
            speed = tokens * options.epochs / median(mine[0] for mine, _ in pairs)
            alone = median(other[0] / mine[0] for mine, other in pairs)
            whole = median(other[1] / mine[1] for mine, other in pairs)
            print(
                f"{algorithm} {architecture}: {speed:,.0f} words/s; {alone:.2f} times plain Gensim in training, "
                f"{whole:.2f} times from text to saved model ({options.pairs} pairs, {options.workers} workers)"
            )


if __name__ == "__main__":
    main()
