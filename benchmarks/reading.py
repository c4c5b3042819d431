"""Reading speed, from raw text to words as numbers on disk: ours, and Gensim's on the same text.

    python benchmarks/reading.py TEXT [--chinese TEXT] [--pairs 3] [--times 4] [--processes N]

Ours splits, numbers and counts words and writes the ids to disk, with the tokenizer `whitespace` and with the
default one; with Numba's loops if Numba is installed, and without. Gensim's `Word2Vec.build_vocab` with
`LineSentence(TEXT)` splits the same text at spaces and counts. Each run is a process of its own, and times its
work without its imports; but loading Numba and its loops, compiled before, counts as work. The Chinese text is
segmented in one process, by ours and by `jieba`, if that is installed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from paired import compare

OURS = """
import sys, tempfile, time
from contextlib import closing
from pathlib import Path
from wvcli.text.corpus import Corpus
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import tokenizing
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
text, processes, tokenizer, scans = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] == "True"
start = time.perf_counter()
corpus = Corpus([text])
with tempfile.TemporaryDirectory() as folder:
    settings = TokenizerSettings(tokenizer)
    with closing(tokenizing.batches(corpus.blocks(), settings, processes, corpus.size(), scans=scans)) as batches:
        words = ProvisionalCorpus.of_batches(batches, Path(folder)).tokens_read
print(time.perf_counter() - start, words)
"""

GENSIM = """
import sys, time
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
model = Word2Vec()
start = time.perf_counter()
model.build_vocab(LineSentence(sys.argv[1]))
print(time.perf_counter() - start, model.corpus_total_words)
"""

SEGMENTING = """
import sys, time
from pathlib import Path
from wvcli.text.tokenizers import TokenizerSettings
texts = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
cut = TokenizerSettings("chinese").tokenize()
cut("\\u4e2d\\u6587")
start = time.perf_counter()
words = sum(len(cut(text)) for text in texts)
print(time.perf_counter() - start, words)
"""

JIEBA = """
import logging, sys, time
from pathlib import Path
import jieba
jieba.setLogLevel(logging.ERROR)
texts = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
jieba.lcut("\\u4e2d\\u6587")
start = time.perf_counter()
words = sum(len(jieba.lcut(text)) for text in texts)
print(time.perf_counter() - start, words)
"""


def measure(script: str, *arguments: object) -> tuple[float, int]:
    """Return the seconds that a script took for its work, and the words it found."""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    seconds, words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(words)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--times", type=int, default=4, help="how often the text is read, one after the other")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text"
        text.write_bytes(options.text.read_bytes() * options.times)

        def run(tokenizer: str, processes: int, scans: bool) -> float:
            seconds, words = measure(OURS, text, processes, tokenizer, scans)
            print(f"  {words / seconds:,.0f} words/s", flush=True)
            return seconds

        def gensim() -> float:
            seconds, words = measure(GENSIM, text)
            print(f"  {words / seconds:,.0f} words/s of Gensim", flush=True)
            return seconds

        for tokenizer in ("whitespace", "auto"):
            for scans in (True, False) if find_spec("numba") else (False,):
                compare(
                    f"{tokenizer}, {options.processes} at a time, {'with' if scans else 'without'} Numba",
                    partial(run, tokenizer, options.processes, scans),
                    gensim,
                    options.pairs,
                )
    if options.chinese is None:
        return
    if find_spec("jieba") is None:
        print("jieba is not installed: pip install jieba")
        return
    compare(
        "Chinese segmentation against jieba",
        lambda: measure(SEGMENTING, options.chinese)[0],
        lambda: measure(JIEBA, options.chinese)[0],
        options.pairs,
    )


if __name__ == "__main__":
    main()
