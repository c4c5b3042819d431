"""Reading speed, from raw text to words as numbers: in one process, in several, and Gensim's on the same text.

    python benchmarks/reading.py TEXT [--chinese TEXT] [--pairs 5] [--times 4] [--processes N]

Ours tokenizes, hashes and writes the ids to disk. Gensim's `Word2Vec.build_vocab(LineSentence(TEXT))` splits the
same text at blanks and counts. Each run is a process of its own, and times its work without its imports. The
Chinese text is segmented in one process, by ours and by `jieba`, if that is installed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from paired import compare

OURS = """
import sys, tempfile, time
from contextlib import closing
from pathlib import Path
from wvcli import tokenizing
from wvcli.corpus import Corpus
from wvcli.encoding import Encoding
from wvcli.tokenizers import TokenizerSettings
text, processes = sys.argv[1], int(sys.argv[2])
start = time.perf_counter()
corpus = Corpus([text])
with tempfile.TemporaryDirectory() as folder:
    with closing(tokenizing.batches(corpus.texts(), TokenizerSettings(), processes, corpus.size())) as batches:
        words = Encoding.of_batches(batches, Path(folder)).tokens_read
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
from wvcli.tokenizers import TokenizerSettings
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


def measured(script: str, *arguments: object) -> tuple[float, int]:
    """Seconds that a script took for its work, and the words it found."""
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    seconds, words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), int(words)


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--times", type=int, default=4, help="how often the text is read, one after the other")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text"
        text.write_bytes(options.text.read_bytes() * options.times)

        def run(processes: int) -> float:
            seconds, words = measured(OURS, text, processes)
            print(f"  {processes} processes: {words / seconds:,.0f} words/s", flush=True)
            return seconds

        def gensim() -> float:
            return measured(GENSIM, text)[0]

        several = options.processes
        compare("one process against Gensim", lambda: run(1), gensim, options.pairs)
        compare(f"{several} processes against Gensim", lambda: run(several), gensim, options.pairs)
        compare(f"{several} processes against one", lambda: run(several), lambda: run(1), options.pairs)
    if options.chinese is None:
        return
    if find_spec("jieba") is None:
        print("jieba is not installed: pip install jieba")
        return
    compare(
        "Chinese segmentation against jieba",
        *(lambda script=script: measured(script, options.chinese)[0] for script in (SEGMENTING, JIEBA)),
        options.pairs,
    )


if __name__ == "__main__":
    main()
