"""Time and peak memory of importing large downloads, beside Gensim in the same run.

    python benchmarks/imports.py [--rows 2200000,3000000] [--dim 300] [--folder FOLDER] [--only text|binary]

Two files are made up and removed again: text like GloVe's of Common Crawl, with words that hold blanks, no-break
spaces, and words that occur again; and word2vec's binary layout, packed with gzip, with numbers of 16 bits as in
the vectors of Google News. `wvcli import` makes a model of each, and Gensim's `load_word2vec_format` opens them.

Gensim refuses text with blanks in words. It is given the text before the lines with them are added. The folder
needs space for a file, its unpacked copy, and twice the numbers.
"""

import argparse
import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from memory import COMMAND, printed

GENSIM = """
import sys, time
start = time.perf_counter()
from gensim.models import KeyedVectors
is_text = sys.argv[2] == "text"
found = KeyedVectors.load_word2vec_format(sys.argv[1], binary=not is_text, no_header=is_text)
print(f"{peak():,.0f} MB, {time.perf_counter() - start:.0f} s, {len(found.vectors):,} words")
"""

DISTINCT = 20_000  # rows of numbers, which words share: they are too far apart for gzip to notice
ODD = 1_000  # one of so many lines is odd
AT_ONCE = 10_000  # lines written at a time


def _rows(dim: int) -> npt.NDArray[np.float32]:
    """Return float32 [DISTINCT, dim], numbers like those of trained vectors."""
    return np.random.default_rng(1).normal(0, 0.3, (DISTINCT, dim)).astype(np.float32)


def _word(number: int) -> bytes:
    """Return a word of a few to a dozen letters, no two of them the same; some have a no-break space."""
    word = f"w{number * 2654435761 % 2**32:x}"
    return (f"{word}\u00a0x" if number % ODD == 7 else word).encode()


def _words(count: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield words in blocks, each after the number of its first."""
    for start in range(0, count, AT_ONCE):
        yield start, [_word(number) for number in range(start, min(start + AT_ONCE, count))]


def make_text(path: Path, count: int, dim: int) -> None:
    """Write text without a first line, such as GloVe's, that Gensim can read."""
    lines = [" ".join(f"{number:.5g}" for number in row).encode() for row in _rows(dim)]
    with path.open("wb") as file:
        for start, words in _words(count):
            numbered = enumerate(words, start)
            file.write(b"".join([b"%b %b\n" % (word, lines[row % DISTINCT]) for row, word in numbered]))


def add_odd_lines(path: Path, count: int, dim: int) -> None:
    """Add words with blanks, and words that occurred before."""
    lines = [" ".join(f"{number:.5g}" for number in row).encode() for row in _rows(dim)[:100]]
    with path.open("ab") as file:
        for number in range(count // ODD + 1):
            file.write(b". . %d %b\n" % (number, lines[number % 100]))
            file.write(b"%b %b\n" % (_word(number), lines[number % 100]))


def make_binary(path: Path, count: int, dim: int) -> None:
    """Write word2vec's binary layout, packed."""
    short = (_rows(dim).view(np.uint32) & 0xFFFF0000).view("<f4")
    rows = [row.tobytes() for row in short]
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"%d %d\n" % (count, dim))
        for start, words in _words(count):
            numbered = enumerate(words, start)
            file.write(b"".join([b"%b %b" % (word, rows[row % DISTINCT]) for row, word in numbered]))


def _gensim(file: Path, kind: str) -> None:
    print(f"  Gensim: {printed(GENSIM, str(file), kind)}", flush=True)


def _wvcli(file: Path) -> None:
    wvcli, model = Path(sys.executable).with_name("wvcli"), file.with_name("model.safetensors")
    print(f"  wvcli:  {printed(COMMAND, str(wvcli), 'import', str(file), '-o', str(model), '-f')}", flush=True)
    model.unlink()


def _label(words: int, dim: int, kind: str, file: Path) -> None:
    print(f"{words:,} x {dim}, {kind}, {file.stat().st_size / 1e9:.2f} GB", flush=True)


def main() -> None:
    """Print time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="2200000,3000000", help="words of the text, and of the binary file")
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=["text", "binary"])
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    text, binary = (int(rows) for rows in (options.rows.split(",") * 2)[:2])
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["TMPDIR"] = folder
        if options.only != "binary":
            file = Path(folder) / "glove.txt"
            make_text(file, text, options.dim)
            _label(text, options.dim, "text", file)
            _gensim(file, "text")
            add_odd_lines(file, text, options.dim)
            _wvcli(file)
            file.unlink()
        if options.only != "text":
            file = Path(folder) / "news.bin.gz"
            make_binary(file, binary, options.dim)
            _label(binary, options.dim, "binary, gzip", file)
            _gensim(file, "binary")
            _wvcli(file)


if __name__ == "__main__":
    main()
